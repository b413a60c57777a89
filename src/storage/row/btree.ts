/**
 * A B+tree over (key, RowId): entries in leaves, separators in inner nodes.
 *
 *     inner             [ · | (20,7) | · | (41,3) | · ]        a separator is no larger than what lies right of it,
 *                      ↙            ↓              ↘           and larger than all that lies left of it
 *     leaf    (3,1) (9,4)   (20,7) (20,9) (33,2)   (41,3) …
 *
 * - A node has one array, key and RowId by turns, so that whoever has found a key has the RowId in the same cache line:
 *   doubles where keys are numbers. The order of keys is a parameter of the *class*: `treeClass` makes one class for numbers
 *   and one for values, from one source, and the JavaScript engine compiles each for its own kind of array.
 * - A search is told between which separators the node hangs, so it can guess a position before it has read any of the node.
 * - Keys may repeat, pairs do not; adding a pair that is there does nothing.
 * - Splitting at the right edge leaves the left node full: keys that rise fill their leaves.
 * - A leaf is taken out when it becomes empty, not when it becomes half empty (Johnson, Shasha, B-trees with inserts and
 *   deletes: why free-at-empty is better than merge-at-half, JCSS 1993).
 * - `version` changes with every change, so that a cursor knows when its position is stale.
 * - Nodes may be shared with forks of the tree, so they are copied on write, from the root down (fork.ts): a node that is
 *   this tree's own has only own nodes above it, and a change asks the leaf alone. It is why leaves have no links to their
 *   neighbours, which could not be kept up in nodes that others read: from the end of a leaf one descends again, once in
 *   a hundred entries.
 */
import { assert } from '../../assert.ts'
import type { Owner } from '../owner.ts'
import { UNFORKED } from '../owner.ts'

/** Entries of a leaf, and children of an inner node. Measured (bench/storage.ts): 32 and 64 make look-ups slower, 256 gains little more. */
export const NODE_CAPACITY = 128

/** Moves elements one by one: where the array is of values, or the move is short. */
export function shiftEach<Key>(entries: EntryArray<Key>, from: number, to: number, up: boolean): void {
  if (up) for (let i = to - 1; i >= from; i--) entries[i + 2] = entries[i]!
  else for (let i = from; i < to; i++) entries[i - 2] = entries[i]!
}

/** Key i stands at 2i, its RowId behind it. */
export interface EntryArray<Key> {
  [index: number]: Key | number
  slice(): EntryArray<Key>
  copyWithin(target: number, start: number, end: number): unknown
}

export interface Leaf<Key> {
  readonly count: number
  keyAt(position: number): Key
  rowIdAt(position: number): number
}

export interface Tree<Key> {
  readonly size: number
  readonly version: number
  readonly first: Leaf<Key>
  readonly last: Leaf<Key>
  /** All leaves in order; none is empty but that of an empty tree. */
  leaves(): Iterable<Leaf<Key>>
  /**
   * The leaf of the first entry after (key, rowId), which is at `position`; if there is none, the last leaf, and `position`
   * is its count. A RowId of -1 finds the first entry of the key, +Infinity the one behind its last.
   */
  seekAfter(key: Key, rowId: number): Leaf<Key>
  /** The leaf of the last entry up to and including (key, rowId), which is at `position - 1`; if there is none, `position` is 0. */
  seekUpTo(key: Key, rowId: number): Leaf<Key>
  /** Faster than `seekAfter(key, -1)`, but if `position` is the leaf's count, the entry may be the first of the next leaf. */
  seekFirst(key: Key): Leaf<Key>
  readonly position: number
  /** False if the pair was there. */
  add(key: Key, rowId: number): boolean
  /** Adds the pair unless an entry has this very key; false if one has. */
  addUnlessEqual(key: Key, rowId: number): boolean
  /** False if the pair was not there. */
  remove(key: Key, rowId: number): boolean
  /** A tree with the same entries; both copy what they change from now on. */
  fork(mine: Owner, theirs: Owner): Tree<Key>
}

/**
 * The class of trees of one kind of key. `compare` orders two keys, and `lowerBound` counts the keys below one; trees of one
 * class may differ in `order`, which is handed on to both (a composite key's comparator). `lowerBound` may guess from the
 * separators `low` and `high` left and right of the node; `none` stands for one that is not there. `shift` moves the elements
 * [from, to) of the array by two places, up or down.
 */
export function treeClass<Key, Order>(
  none: Key,
  makeEntries: (length: number) => EntryArray<Key>,
  shift: (entries: EntryArray<Key>, from: number, to: number, up: boolean) => void,
  compare: (order: Order, a: Key, b: Key) => number,
  lowerBound: (order: Order, entries: EntryArray<Key>, count: number, key: Key, low: Key, high: Key) => number,
): new (order: Order) => Tree<Key> {
  class LeafNode implements Leaf<Key> {
    readonly owner: Owner
    readonly entries: EntryArray<Key>
    count: number

    constructor(owner: Owner, from: LeafNode | null = null) {
      this.owner = owner
      this.entries = from === null ? makeEntries(2 * NODE_CAPACITY) : from.entries.slice()
      this.count = from === null ? 0 : from.count
    }

    keyAt(position: number): Key {
      return this.entries[2 * position] as Key
    }

    rowIdAt(position: number): number {
      return this.entries[2 * position + 1] as number
    }
  }

  class InnerNode {
    readonly owner: Owner
    /** Separators: number i stands between child i and child i + 1. */
    readonly entries: EntryArray<Key>
    readonly children: (InnerNode | LeafNode)[]
    /** Separators: one fewer than children. */
    count: number

    constructor(owner: Owner, from: InnerNode | null = null) {
      this.owner = owner
      this.entries = from === null ? makeEntries(2 * NODE_CAPACITY) : from.entries.slice()
      this.children = from === null ? [] : from.children.slice()
      this.count = from === null ? 0 : from.count
    }
  }

  return class BTree implements Tree<Key> {
    size = 0
    version = 0
    position = 0
    last: LeafNode
    #root: InnerNode | LeafNode
    #owner = UNFORKED
    readonly #order: Order
    /** The inner nodes of the last descent, root first, and the child that was taken in each. */
    readonly #path: InnerNode[] = []
    readonly #taken: number[] = []
    #depth = 0

    constructor(order: Order, from: BTree | null = null) {
      this.#order = order
      if (from === null) this.#root = this.last = new LeafNode(UNFORKED)
      else {
        this.#root = from.#root
        this.last = from.last
        this.size = from.size
      }
    }

    fork(mine: Owner, theirs: Owner): BTree {
      const fork = new BTree(this.#order, this)
      this.#owner = mine
      fork.#owner = theirs
      return fork
    }

    get first(): LeafNode {
      return leftmost(this.#root)
    }

    leaves(): Iterable<LeafNode> {
      return leavesOf(this.#root)
    }

    seekAfter(key: Key, rowId: number): LeafNode {
      let node = this.#root
      let right: InnerNode | LeafNode | null = null
      while (node instanceof InnerNode) {
        const child = this.#after(node, key, rowId)
        if (child < node.count) right = node.children[child + 1]!
        node = node.children[child]!
      }
      this.position = this.#after(node, key, rowId)
      if (this.position < node.count || right === null) return node
      this.position = 0
      return leftmost(right)
    }

    seekUpTo(key: Key, rowId: number): LeafNode {
      let node = this.#root
      let left: InnerNode | LeafNode | null = null
      while (node instanceof InnerNode) {
        const child = this.#after(node, key, rowId)
        if (child > 0) left = node.children[child - 1]!
        node = node.children[child]!
      }
      this.position = this.#after(node, key, rowId)
      if (this.position > 0 || left === null) return node
      node = rightmost(left)
      this.position = node.count
      return node
    }

    seekFirst(key: Key): LeafNode {
      let node = this.#root
      let low = none
      let high = none
      while (node instanceof InnerNode) {
        const { entries, count, children } = node
        const child = lowerBound(this.#order, entries, count, key, low, high)
        if (child > 0) low = entries[2 * child - 2] as Key
        if (child < count) high = entries[2 * child] as Key
        node = children[child]!
      }
      this.position = lowerBound(this.#order, node.entries, node.count, key, low, high)
      return node
    }

    /** Down to the leaf where the pair stands or belongs, noting the path, for a change. */
    #descend(key: Key, rowId: number): LeafNode {
      let node = this.#root
      let depth = 0
      let low = none
      let high = none
      while (node instanceof InnerNode) {
        const child: number = this.#after(node, key, rowId, low, high)
        this.#path[depth] = node
        this.#taken[depth++] = child
        const { entries, count } = node
        if (child > 0) low = entries[2 * child - 2] as Key
        if (child < count) high = entries[2 * child] as Key
        node = node.children[child]!
      }
      this.#depth = depth
      this.position = this.#after(node, key, rowId, low, high)
      return node
    }

    add(key: Key, rowId: number): boolean {
      if (this.#appends(key, rowId)) return true
      const leaf = this.#descend(key, rowId)
      const { position } = this
      if (position > 0 && leaf.rowIdAt(position - 1) === rowId && this.#equal(leaf.keyAt(position - 1), key))
        return false
      this.#insert(leaf, position, key, rowId)
      return true
    }

    addUnlessEqual(key: Key, rowId: number): boolean {
      const { last } = this
      const { count } = last
      if (count > 0 && count < NODE_CAPACITY && last.owner === this.#owner) {
        if (compare(this.#order, last.keyAt(count - 1), key) < 0) {
          this.#place(last, count, key, rowId)
          return true
        }
      }
      const leaf = this.#descend(key, -1)
      const { position } = this
      if (position < leaf.count) {
        if (this.#equal(leaf.keyAt(position), key)) return false
        this.#insert(leaf, position, key, rowId)
        return true
      }
      const next = this.#nextLeaf()
      if (next !== null && this.#equal(next.keyAt(0), key)) return false
      // The separator to the right may still be this key with the RowId of an entry that went: only a descent with ours knows.
      return this.add(key, rowId)
    }

    remove(key: Key, rowId: number): boolean {
      let leaf = this.#descend(key, rowId)
      const at = this.position - 1
      if (at < 0 || leaf.rowIdAt(at) !== rowId || !this.#equal(leaf.keyAt(at), key)) return false
      leaf = this.#own(leaf)
      this.version++
      this.size--
      close(leaf, at)
      leaf.count--
      if (leaf.count === 0) this.#unlink(leaf)
      return true
    }

    /** The leaf behind that of the last descent. */
    #nextLeaf(): LeafNode | null {
      for (let depth = this.#depth - 1; depth >= 0; depth--) {
        const node = this.#path[depth]!
        const child = this.#taken[depth]!
        if (child < node.count) return leftmost(node.children[child + 1]!)
      }
      return null
    }

    /** The leaf of the last descent as this tree's own, and the nodes above it. */
    #own(leaf: LeafNode): LeafNode {
      const owner = this.#owner
      if (leaf.owner === owner) return leaf
      for (let depth = 0; depth < this.#depth; depth++) {
        const node = this.#path[depth]!
        if (node.owner !== owner) this.#replace(depth, (this.#path[depth] = new InnerNode(owner, node)))
      }
      const copy = new LeafNode(owner, leaf)
      this.#replace(this.#depth, copy)
      if (this.last === leaf) this.last = copy
      return copy
    }

    /** Hangs a copy in at this depth of the last descent. */
    #replace(depth: number, copy: InnerNode | LeafNode): void {
      if (depth === 0) this.#root = copy
      else this.#path[depth - 1]!.children[this.#taken[depth - 1]!] = copy
    }

    /** The number of entries (or separators) up to and including (key, rowId), between the separators around the node. */
    #after(node: InnerNode | LeafNode, key: Key, rowId: number, left = none, right = none): number {
      const { entries } = node
      let low = lowerBound(this.#order, entries, node.count, key, left, right)
      let high = node.count
      if (low === high || compare(this.#order, entries[2 * low] as Key, key) !== 0) return low
      while (low < high) {
        const middle = (low + high) >>> 1
        const order = compare(this.#order, entries[2 * middle] as Key, key)
        if (order < 0 || (order === 0 && (entries[2 * middle + 1] as number) <= rowId)) low = middle + 1
        else high = middle
      }
      return low
    }

    #equal(a: Key, b: Key): boolean {
      return compare(this.#order, a, b) === 0
    }

    /** The fast path of rising keys: behind all others, into a last leaf that has room. */
    #appends(key: Key, rowId: number): boolean {
      const { last } = this
      const { count } = last
      if (count === 0 || count === NODE_CAPACITY || last.owner !== this.#owner) return false
      const order = compare(this.#order, last.keyAt(count - 1), key)
      if (order > 0 || (order === 0 && last.rowIdAt(count - 1) >= rowId)) return false
      this.#place(last, count, key, rowId)
      return true
    }

    #place(leaf: LeafNode, position: number, key: Key, rowId: number): void {
      if (position < leaf.count) open(leaf, position)
      leaf.entries[2 * position] = key
      leaf.entries[2 * position + 1] = rowId
      leaf.count++
      this.size++
      this.version++
    }

    /** Inserts into the leaf of the last descent. */
    #insert(found: LeafNode, position: number, key: Key, rowId: number): void {
      const leaf = this.#own(found)
      if (leaf.count < NODE_CAPACITY) {
        this.#place(leaf, position, key, rowId)
        return
      }
      const right = new LeafNode(this.#owner)
      const atEdge = leaf === this.last && position === NODE_CAPACITY
      const kept = atEdge ? NODE_CAPACITY : NODE_CAPACITY >>> 1
      moveEntries(leaf.entries, kept, NODE_CAPACITY, right.entries)
      right.count = NODE_CAPACITY - kept
      leaf.count = kept
      if (leaf === this.last) this.last = right
      if (atEdge || position > kept) this.#place(right, position - kept, key, rowId)
      else this.#place(leaf, position, key, rowId)
      this.#ascend(this.#depth - 1, right.keyAt(0), right.rowIdAt(0), right, atEdge)
    }

    /** Hangs a new right sibling into the inner node at this depth of the last descent. */
    #ascend(depth: number, key: Key, rowId: number, right: InnerNode | LeafNode, atEdge: boolean): void {
      if (depth < 0) {
        const root = new InnerNode(this.#owner)
        root.children.push(this.#root, right)
        root.entries[0] = key
        root.entries[1] = rowId
        root.count = 1
        this.#root = root
        return
      }
      let node = this.#path[depth]!
      let at = this.#taken[depth]!
      if (node.count === NODE_CAPACITY - 1) {
        const kept = atEdge ? node.count - 1 : node.count >>> 1
        const sibling = splitInner(node, kept)
        this.#ascend(depth - 1, node.entries[2 * kept] as Key, node.entries[2 * kept + 1] as number, sibling, atEdge)
        if (at > kept) {
          node = sibling
          at -= kept + 1
        }
      }
      open(node, at)
      node.entries[2 * at] = key
      node.entries[2 * at + 1] = rowId
      node.count++
      node.children.splice(at + 1, 0, right)
    }

    /** Takes the empty leaf of the last descent out of the tree. */
    #unlink(leaf: LeafNode): void {
      if (this.#depth === 0) return
      let depth = this.#depth - 1
      while (depth > 0 && this.#path[depth]!.children.length === 1) depth--
      const node = this.#path[depth]!
      const at = this.#taken[depth]!
      assert(node.children.length > 1, 'an inner node above a leaf that goes has another child')
      node.children.splice(at, 1)
      close(node, Math.max(at - 1, 0))
      node.count--
      while (this.#root instanceof InnerNode && this.#root.children.length === 1) this.#root = this.#root.children[0]!
      if (leaf === this.last) this.last = rightmost(this.#root)
    }
  }

  function leftmost(node: InnerNode | LeafNode): LeafNode {
    let at = node
    while (at instanceof InnerNode) at = at.children[0]!
    return at
  }

  function rightmost(node: InnerNode | LeafNode): LeafNode {
    let at = node
    while (at instanceof InnerNode) at = at.children[at.count]!
    return at
  }

  function* leavesOf(node: InnerNode | LeafNode): Generator<LeafNode> {
    if (node instanceof InnerNode) for (const child of node.children) yield* leavesOf(child)
    else yield node
  }

  /** Makes room at a position; the last entry has a free place behind it. */
  function open({ entries, count }: InnerNode | LeafNode, position: number): void {
    shift(entries, 2 * position, 2 * count, true)
  }

  function close({ entries, count }: InnerNode | LeafNode, position: number): void {
    shift(entries, 2 * position + 2, 2 * count, false)
  }

  /** Copies the entries [from, to) to the beginning of another array. */
  function moveEntries(source: EntryArray<Key>, from: number, to: number, target: EntryArray<Key>): void {
    for (let i = 2 * from; i < 2 * to; i++) target[i - 2 * from] = source[i]!
  }

  /** Moves what lies right of separator `kept` into a new node; that separator goes up. */
  function splitInner(node: InnerNode, kept: number): InnerNode {
    const sibling = new InnerNode(node.owner)
    moveEntries(node.entries, kept + 1, node.count, sibling.entries)
    sibling.count = node.count - kept - 1
    for (const child of node.children.splice(kept + 1)) sibling.children.push(child)
    node.count = kept
    return sibling
  }
}
