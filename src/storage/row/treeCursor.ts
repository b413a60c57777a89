/**
 * A position in a B+tree between two bounds, ascending or descending. It remembers the entry that it gave last: if the tree
 * has changed since, it seeks that entry's neighbour again, so that it survives whatever happens between two calls.
 */
import type { Leaf, Tree } from './btree.ts'

export interface TreeCursor<Key> {
  /** The entry that `next` stands on. */
  readonly key: Key
  readonly rowId: number
  /** Sets the range; `bounds` says which sides are bounded, and which of those include the bound. */
  range(tree: Tree<Key>, low: Key, high: Key, bounds: number, descending: boolean): void
  /** As `range` of one key, both sides included, followed by `next`; faster. */
  find(tree: Tree<Key>, key: Key): number
  /** Behind `range`: takes the position of another cursor that stood on this entry. */
  resume(key: Key, rowId: number): void
  /** Goes on to the next entry and returns its RowId; -1 at the end. */
  next(): number
}

/** Bits of `bounds`. */
export const Bound = { LOW: 1, LOW_INCLUSIVE: 2, HIGH: 4, HIGH_INCLUSIVE: 8 } as const

export const CLOSED = Bound.LOW | Bound.LOW_INCLUSIVE | Bound.HIGH | Bound.HIGH_INCLUSIVE

/** One class a kind of key, as `treeClass`. */
export function treeCursorClass<Key, Order>(
  none: Key,
  compare: (order: Order, a: Key, b: Key) => number,
): new (order: Order) => TreeCursor<Key> {
  return class implements TreeCursor<Key> {
    key = none
    rowId = -1
    #tree: Tree<Key> | null = null
    #leaf: Leaf<Key> | null = null
    /** Of the next entry ascending; one behind the next entry descending. */
    #position = 0
    #version = 0
    #low = none
    #high = none
    #bounds = 0
    #descending = false
    readonly #order: Order

    constructor(order: Order) {
      this.#order = order
    }

    range(tree: Tree<Key>, low: Key, high: Key, bounds: number, descending: boolean): void {
      this.#tree = tree
      this.#low = low
      this.#high = high
      this.#bounds = bounds
      this.#descending = descending
      this.#version = tree.version
      this.rowId = -1
      if (descending) {
        if ((bounds & Bound.HIGH) === 0) {
          this.#leaf = tree.last
          this.#position = tree.last.count
        } else {
          this.#leaf = tree.seekUpTo(high, (bounds & Bound.HIGH_INCLUSIVE) !== 0 ? Infinity : -1)
          this.#position = tree.position
        }
      } else if ((bounds & Bound.LOW) === 0) {
        this.#leaf = tree.first
        this.#position = 0
      } else {
        this.#leaf = tree.seekAfter(low, (bounds & Bound.LOW_INCLUSIVE) !== 0 ? -1 : Infinity)
        this.#position = tree.position
      }
    }

    find(tree: Tree<Key>, key: Key): number {
      this.#tree = tree
      this.#low = key
      this.#high = key
      this.#bounds = CLOSED
      this.#descending = false
      this.#version = tree.version
      let leaf = tree.seekFirst(key)
      let { position } = tree
      if (position === leaf.count) {
        leaf = tree.seekAfter(key, -1)
        position = tree.position
        if (position === leaf.count) return this.#end()
      }
      const found = leaf.keyAt(position)
      if (compare(this.#order, found, key) !== 0) return this.#end()
      this.#leaf = leaf
      this.#position = position + 1
      this.key = found
      return (this.rowId = leaf.rowIdAt(position))
    }

    resume(key: Key, rowId: number): void {
      this.key = key
      this.rowId = rowId
      this.#return(this.#tree!)
    }

    next(): number {
      const tree = this.#tree
      if (tree === null) return -1
      if (tree.version !== this.#version) this.#return(tree)
      return this.#descending ? this.#down(tree) : this.#up(tree)
    }

    #up(tree: Tree<Key>): number {
      let leaf = this.#leaf!
      let position = this.#position
      if (position === leaf.count) {
        // Where no entry was given yet, the seek has looked into the next leaf already.
        if (this.rowId < 0) return this.#end()
        leaf = this.#leaf = tree.seekAfter(this.key, this.rowId)
        position = tree.position
        if (position === leaf.count) return this.#end()
      }
      const key = leaf.keyAt(position)
      if ((this.#bounds & Bound.HIGH) !== 0) {
        const order = compare(this.#order, key, this.#high)
        if (order > 0 || (order === 0 && (this.#bounds & Bound.HIGH_INCLUSIVE) === 0)) return this.#end()
      }
      this.#position = position + 1
      this.key = key
      return (this.rowId = leaf.rowIdAt(position))
    }

    #down(tree: Tree<Key>): number {
      let leaf = this.#leaf!
      let position = this.#position
      if (position === 0) {
        if (this.rowId < 0) return this.#end()
        leaf = this.#leaf = tree.seekUpTo(this.key, this.rowId - 1)
        position = tree.position
        if (position === 0) return this.#end()
      }
      position--
      const key = leaf.keyAt(position)
      if ((this.#bounds & Bound.LOW) !== 0) {
        const order = compare(this.#order, key, this.#low)
        if (order < 0 || (order === 0 && (this.#bounds & Bound.LOW_INCLUSIVE) === 0)) return this.#end()
      }
      this.#position = position
      this.key = key
      return (this.rowId = leaf.rowIdAt(position))
    }

    /** The tree has changed: looks for where the last entry was, or for the beginning if there was none. */
    #return(tree: Tree<Key>): void {
      if (this.rowId < 0) {
        this.range(tree, this.#low, this.#high, this.#bounds, this.#descending)
        return
      }
      this.#version = tree.version
      this.#leaf = this.#descending ? tree.seekUpTo(this.key, this.rowId - 1) : tree.seekAfter(this.key, this.rowId)
      this.#position = tree.position
    }

    #end(): number {
      this.#tree = null
      return -1
    }
  }
}
