/**
 * A B+tree over (key, RowId): entries in leaves that are linked both ways, separators in inner nodes.
 *
 *     inner             [ · | (20,7) | · | (41,3) | · ]        a separator is no larger than what lies right of it,
 *                      ↙            ↓              ↘           and larger than all that lies left of it
 *     leaf    (3,1) (9,4) ⇄ (20,7) (20,9) (33,2) ⇄ (41,3) …
 *
 * - Keys and RowIds lie in parallel arrays, so that a search runs over one array of doubles where keys are numbers. The
 *   order of keys is a parameter of the *class*: `treeClass` makes one class for numbers and one for values, from one
 *   source, and the JavaScript engine compiles each for its own kind of array.
 * - Keys may repeat, pairs do not; adding a pair that is there does nothing.
 * - Splitting at the right edge leaves the left node full: keys that rise fill their leaves.
 * - A leaf is taken out when it becomes empty, not when it becomes half empty (Johnson, Shasha, B-trees with inserts and
 *   deletes: why free-at-empty is better than merge-at-half, JCSS 1993).
 * - `version` changes with every change, so that a cursor knows when its position is stale.
 */
import { assert } from '../../assert.ts'

/** Entries of a leaf, and children of an inner node. Measured (bench/storage.ts): 32 and 64 make look-ups slower, 256 gains little more. */
export const NODE_CAPACITY = 128

export interface KeyArray<Key> {
  [index: number]: Key
}

export interface Leaf<Key> {
  readonly keys: KeyArray<Key>
  readonly rowIds: Float64Array
  count: number
  previous: Leaf<Key> | null
  next: Leaf<Key> | null
}

interface Inner<Key> {
  /** Separator i stands between child i and child i + 1. */
  readonly keys: KeyArray<Key>
  readonly rowIds: Float64Array
  readonly children: (Inner<Key> | Leaf<Key>)[]
  /** Separators: one fewer than children. */
  count: number
}

export interface Tree<Key> {
  readonly size: number
  readonly version: number
  readonly first: Leaf<Key>
  readonly last: Leaf<Key>
  /**
   * The leaf that holds the first entry after (key, rowId), which is then at `position`; if `position` is the leaf's count,
   * the entry is the first of the next leaf. A RowId of -1 finds the first entry of the key, +Infinity the one behind its last.
   */
  seek(key: Key, rowId: number): Leaf<Key>
  /** `seek(key, -1)`, which need not look at RowIds. */
  seekFirst(key: Key): Leaf<Key>
  readonly position: number
  /** False if the pair was there. */
  add(key: Key, rowId: number): boolean
  /** Adds the pair unless an entry has this very key; false if one has. */
  addUnlessEqual(key: Key, rowId: number): boolean
  /** False if the pair was not there. */
  remove(key: Key, rowId: number): boolean
}

/**
 * The class of trees of one kind of key. `compare` orders two keys, and `lowerBound` counts the keys below one; trees of one
 * class may differ in `order`, which is handed on to both (a composite key's comparator).
 */
export function treeClass<Key, Order>(
  makeKeys: (length: number) => KeyArray<Key>,
  compare: (order: Order, a: Key, b: Key) => number,
  lowerBound: (order: Order, keys: KeyArray<Key>, count: number, key: Key) => number,
): new (order: Order) => Tree<Key> {
  class LeafNode implements Leaf<Key> {
    readonly keys = makeKeys(NODE_CAPACITY)
    readonly rowIds = new Float64Array(NODE_CAPACITY)
    count = 0
    previous: LeafNode | null = null
    next: LeafNode | null = null
  }

  class InnerNode implements Inner<Key> {
    readonly keys = makeKeys(NODE_CAPACITY)
    readonly rowIds = new Float64Array(NODE_CAPACITY)
    readonly children: (InnerNode | LeafNode)[] = []
    count = 0
  }

  return class implements Tree<Key> {
    size = 0
    version = 0
    position = 0
    first = new LeafNode()
    last = this.first
    #root: InnerNode | LeafNode = this.first
    readonly #order: Order
    /** The inner nodes of the last descent, root first, and the child that was taken in each. */
    readonly #path: InnerNode[] = []
    readonly #taken: number[] = []
    #depth = 0

    constructor(order: Order) {
      this.#order = order
    }

    seek(key: Key, rowId: number): LeafNode {
      let node = this.#root
      while (node instanceof InnerNode) node = node.children[this.#after(node, key, rowId)]!
      this.position = this.#after(node, key, rowId)
      return node
    }

    seekFirst(key: Key): LeafNode {
      let node = this.#root
      while (node instanceof InnerNode) {
        node = node.children[lowerBound(this.#order, node.keys, node.count, key)]!
      }
      this.position = lowerBound(this.#order, node.keys, node.count, key)
      return node
    }

    /** `seek` that notes its path, for a change. */
    #descend(key: Key, rowId: number): LeafNode {
      let node = this.#root
      let depth = 0
      while (node instanceof InnerNode) {
        const child = this.#after(node, key, rowId)
        this.#path[depth] = node
        this.#taken[depth++] = child
        node = node.children[child]!
      }
      this.#depth = depth
      this.position = this.#after(node, key, rowId)
      return node
    }

    add(key: Key, rowId: number): boolean {
      if (this.#appends(key, rowId)) return true
      const leaf = this.#descend(key, rowId)
      const { position } = this
      if (position > 0 && leaf.rowIds[position - 1] === rowId && this.#equal(leaf.keys[position - 1]!, key))
        return false
      this.#insert(leaf, position, key, rowId)
      return true
    }

    addUnlessEqual(key: Key, rowId: number): boolean {
      const { last } = this
      if (last.count > 0 && last.count < NODE_CAPACITY && compare(this.#order, last.keys[last.count - 1]!, key) < 0) {
        this.#place(last, last.count, key, rowId)
        return true
      }
      const leaf = this.#descend(key, -1)
      const { position } = this
      if (position < leaf.count) {
        if (this.#equal(leaf.keys[position]!, key)) return false
        this.#insert(leaf, position, key, rowId)
        return true
      }
      if (leaf.next !== null && this.#equal(leaf.next.keys[0]!, key)) return false
      // The separator to the right may still be this key with the RowId of an entry that went: only a descent with ours knows.
      return this.add(key, rowId)
    }

    remove(key: Key, rowId: number): boolean {
      const leaf = this.#descend(key, rowId)
      const at = this.position - 1
      if (at < 0 || leaf.rowIds[at] !== rowId || !this.#equal(leaf.keys[at]!, key)) return false
      this.version++
      this.size--
      close(leaf, at)
      leaf.count--
      if (leaf.count === 0) this.#unlink(leaf)
      return true
    }

    /** The number of entries (or separators) up to and including (key, rowId). */
    #after(node: InnerNode | LeafNode, key: Key, rowId: number): number {
      const { keys, rowIds } = node
      let low = lowerBound(this.#order, keys, node.count, key)
      let high = node.count
      if (low === high || compare(this.#order, keys[low]!, key) !== 0) return low
      while (low < high) {
        const middle = (low + high) >>> 1
        const order = compare(this.#order, keys[middle]!, key)
        if (order < 0 || (order === 0 && rowIds[middle]! <= rowId)) low = middle + 1
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
      if (count === 0 || count === NODE_CAPACITY) return false
      const order = compare(this.#order, last.keys[count - 1]!, key)
      if (order > 0 || (order === 0 && last.rowIds[count - 1]! >= rowId)) return false
      this.#place(last, count, key, rowId)
      return true
    }

    #place(leaf: LeafNode, position: number, key: Key, rowId: number): void {
      if (position < leaf.count) open(leaf, position)
      leaf.keys[position] = key
      leaf.rowIds[position] = rowId
      leaf.count++
      this.size++
      this.version++
    }

    /** Inserts into the leaf of the last descent. */
    #insert(leaf: LeafNode, position: number, key: Key, rowId: number): void {
      if (leaf.count < NODE_CAPACITY) {
        this.#place(leaf, position, key, rowId)
        return
      }
      const right = new LeafNode()
      const atEdge = leaf === this.last && position === NODE_CAPACITY
      const kept = atEdge ? NODE_CAPACITY : NODE_CAPACITY >>> 1
      for (let i = kept; i < NODE_CAPACITY; i++) {
        right.keys[i - kept] = leaf.keys[i]!
        right.rowIds[i - kept] = leaf.rowIds[i]!
      }
      right.count = NODE_CAPACITY - kept
      leaf.count = kept
      right.previous = leaf
      right.next = leaf.next
      if (leaf.next !== null) leaf.next.previous = right
      else this.last = right
      leaf.next = right
      if (atEdge || position > kept) this.#place(right, position - kept, key, rowId)
      else this.#place(leaf, position, key, rowId)
      this.#ascend(this.#depth - 1, right.keys[0]!, right.rowIds[0]!, right, atEdge)
    }

    /** Hangs a new right sibling into the inner node at this depth of the last descent. */
    #ascend(depth: number, key: Key, rowId: number, right: InnerNode | LeafNode, atEdge: boolean): void {
      if (depth < 0) {
        const root = new InnerNode()
        root.children.push(this.#root, right)
        root.keys[0] = key
        root.rowIds[0] = rowId
        root.count = 1
        this.#root = root
        return
      }
      let node = this.#path[depth]!
      let at = this.#taken[depth]!
      if (node.count === NODE_CAPACITY - 1) {
        const kept = atEdge ? node.count - 1 : node.count >>> 1
        const sibling = splitInner(node, kept)
        this.#ascend(depth - 1, node.keys[kept]!, node.rowIds[kept]!, sibling, atEdge)
        if (at > kept) {
          node = sibling
          at -= kept + 1
        }
      }
      open(node, at)
      node.keys[at] = key
      node.rowIds[at] = rowId
      node.count++
      node.children.splice(at + 1, 0, right)
    }

    /** Takes the empty leaf of the last descent out of the tree. */
    #unlink(leaf: LeafNode): void {
      if (this.#depth === 0) return
      if (leaf.previous !== null) leaf.previous.next = leaf.next
      else this.first = leaf.next!
      if (leaf.next !== null) leaf.next.previous = leaf.previous
      else this.last = leaf.previous!
      let depth = this.#depth - 1
      while (depth > 0 && this.#path[depth]!.children.length === 1) depth--
      const node = this.#path[depth]!
      const at = this.#taken[depth]!
      assert(node.children.length > 1, 'an inner node above a leaf that goes has another child')
      node.children.splice(at, 1)
      close(node, Math.max(at - 1, 0))
      node.count--
      while (this.#root instanceof InnerNode && this.#root.children.length === 1) this.#root = this.#root.children[0]!
    }
  }

  /** Makes room at a position; the last entry has a free place behind it. */
  function open({ keys, rowIds, count }: InnerNode | LeafNode, position: number): void {
    for (let i = count; i > position; i--) {
      keys[i] = keys[i - 1]!
      rowIds[i] = rowIds[i - 1]!
    }
  }

  function close({ keys, rowIds, count }: InnerNode | LeafNode, position: number): void {
    for (let i = position + 1; i < count; i++) {
      keys[i - 1] = keys[i]!
      rowIds[i - 1] = rowIds[i]!
    }
  }

  /** Moves what lies right of separator `kept` into a new node; that separator goes up. */
  function splitInner(node: InnerNode, kept: number): InnerNode {
    const sibling = new InnerNode()
    for (let i = kept + 1; i < node.count; i++) {
      sibling.keys[i - kept - 1] = node.keys[i]!
      sibling.rowIds[i - kept - 1] = node.rowIds[i]!
    }
    sibling.count = node.count - kept - 1
    for (const child of node.children.splice(kept + 1)) sibling.children.push(child)
    node.count = kept
    return sibling
  }
}
