/**
 * Intervals of an index's keys, each with an owner: what transactions have read of an index (SIREADs), or locked in it.
 * A writer asks which of them contain a key.
 *
 * The idea. A bound is a *cut* between keys: `k >= 5` begins just before 5, `k > 5` just behind it, and a bound over the
 * first columns of a composite key lies before or behind all keys that begin with it. Cuts are totally ordered (keys with
 * prefixes among them are not: (1) equals (1, 5) and (1, 7)), and an interval lies between two of them.
 *
 *     key      4       5       6            [5, 5]  is  (cut before 5, cut behind 5)
 *     cuts   |   |   |   |   |   |          (5, ∞)  is  (cut behind 5, end)
 *
 * The intervals form a treap (Aragon and Seidel: Randomized Search Trees, FOCS 1989) in the order of their low cuts; each
 * node knows the interval of its subtree that reaches highest, so that a search passes by subtrees that end too early
 * (an augmented tree: Cormen, Leiserson, Rivest, Stein, Introduction to Algorithms, section 14.3). Priorities come from a counter
 * through a hash, so that the same calls build the same tree. Adding, removing and finding the first take O(log n).
 */
import { assert } from '../../assert.ts'
import type { KeyRange } from './keyRange.ts'
import type { Key, KeyOrder } from './keyTree.ts'
import { Bound } from './treeCursor.ts'

/** Where a cut lies with respect to its key; a key itself is 0. */
const Side = { START: -2, BEFORE: -1, KEY: 0, BEHIND: 1, END: 2 } as const
type Side = (typeof Side)[keyof typeof Side]

/** An interval in the set; it belongs to the caller, who hands it back to remove it. */
export class Interval<Owner> {
  readonly range: KeyRange
  readonly owner: Owner
  readonly low: Key
  readonly high: Key
  readonly lowSide: Side
  readonly highSide: Side
  readonly priority: number
  /** False before it is added, and once it is removed. */
  present = true
  /** The rest belongs to the tree. */
  left: Interval<Owner> | null = null
  right: Interval<Owner> | null = null
  parent: Interval<Owner> | null = null
  /** The interval of this subtree that ends last. */
  last: Interval<Owner>

  constructor(range: KeyRange, owner: Owner, priority: number) {
    const { bounds } = range
    this.range = range
    this.owner = owner
    this.low = range.low
    this.high = range.high
    this.lowSide = lowSideOf(bounds)
    this.highSide = highSideOf(bounds)
    this.priority = priority
    this.last = this
  }
}

export class Intervals<Owner> {
  /** The number of intervals. */
  size = 0
  readonly #order: KeyOrder
  #root: Interval<Owner> | null = null
  #added = 0

  /** `order`: that of the index's keys, in which a shorter key equals all that begin with it. */
  constructor(order: KeyOrder) {
    this.#order = order
  }

  /** The same range may be added any number of times, each time as an interval of its own. The range is kept. */
  add(range: KeyRange, owner: Owner): Interval<Owner> {
    const added = new Interval(range, owner, scatter(++this.#added))
    this.size++
    let parent = this.#root
    if (parent === null) {
      this.#root = added
      return added
    }
    for (;;) {
      if (this.#endsAfter(added, parent.last)) parent.last = added
      const before: boolean = cutOrder(this.#order, added.low, added.lowSide, parent.low, parent.lowSide) < 0
      const child: Interval<Owner> | null = before ? parent.left : parent.right
      if (child !== null) {
        parent = child
        continue
      }
      if (before) parent.left = added
      else parent.right = added
      added.parent = parent
      break
    }
    while (added.parent !== null && added.parent.priority < added.priority) this.#lift(added)
    return added
  }

  remove(interval: Interval<Owner>): void {
    assert(interval.present, 'an interval is removed once')
    while (interval.left !== null || interval.right !== null) {
      const { left, right } = interval
      this.#lift(right === null || (left !== null && left.priority > right.priority) ? left! : right)
    }
    const { parent } = interval
    if (parent === null) this.#root = null
    else if (parent.left === interval) parent.left = null
    else parent.right = null
    interval.parent = null
    interval.present = false
    this.size--
    for (let at = parent; at !== null; at = at.parent) if (at.last === interval) this.#findLast(at)
  }

  /** Visits the intervals that contain a whole key, in the order of their low bounds; the visitor must not change the set. */
  stab(key: Key, visit: (interval: Interval<Owner>) => void): void {
    this.#visit(this.#root, key, Side.KEY, key, Side.KEY, visit)
  }

  /** Visits the intervals that have a key in common with the range, whether or not any row has it; likewise. */
  overlapping(range: KeyRange, visit: (interval: Interval<Owner>) => void): void {
    const { low, high, bounds } = range
    const lowSide = lowSideOf(bounds)
    const highSide = highSideOf(bounds)
    if (cutOrder(this.#order, low, lowSide, high, highSide) >= 0) return
    this.#visit(this.#root, low, lowSide, high, highSide, visit)
  }

  /** All of them begin before (high, highSide) and end behind (low, lowSide). */
  #visit(
    from: Interval<Owner> | null,
    low: Key,
    lowSide: Side,
    high: Key,
    highSide: Side,
    visit: (interval: Interval<Owner>) => void,
  ): void {
    const order = this.#order
    for (let at = from; at !== null; at = at.right) {
      const { last } = at
      if (cutOrder(order, last.high, last.highSide, low, lowSide) <= 0) return
      if (at.left !== null) this.#visit(at.left, low, lowSide, high, highSide, visit)
      if (cutOrder(order, at.low, at.lowSide, high, highSide) >= 0) return
      const { lowSide: begin, highSide: end } = at
      const empty = begin > Side.START && end < Side.END && cutOrder(order, at.low, begin, at.high, end) >= 0
      if (!empty && cutOrder(order, at.high, at.highSide, low, lowSide) > 0) visit(at)
    }
  }

  /** Rotates a node above its parent. */
  #lift(node: Interval<Owner>): void {
    const parent = node.parent!
    const grandparent = parent.parent
    if (parent.left === node) {
      parent.left = node.right
      if (node.right !== null) node.right.parent = parent
      node.right = parent
    } else {
      parent.right = node.left
      if (node.left !== null) node.left.parent = parent
      node.left = parent
    }
    parent.parent = node
    node.parent = grandparent
    if (grandparent === null) this.#root = node
    else if (grandparent.left === parent) grandparent.left = node
    else grandparent.right = node
    node.last = parent.last
    this.#findLast(parent)
  }

  #findLast(node: Interval<Owner>): void {
    let last = node
    if (node.left !== null && this.#endsAfter(node.left.last, last)) last = node.left.last
    if (node.right !== null && this.#endsAfter(node.right.last, last)) last = node.right.last
    node.last = last
  }

  #endsAfter(a: Interval<Owner>, b: Interval<Owner>): boolean {
    return cutOrder(this.#order, a.high, a.highSide, b.high, b.highSide) > 0
  }
}

/** True if some key, whether or not any row has it, lies in both ranges. */
export function rangesOverlap(order: KeyOrder, a: KeyRange, b: KeyRange): boolean {
  const aLow = lowSideOf(a.bounds)
  const aHigh = highSideOf(a.bounds)
  const bLow = lowSideOf(b.bounds)
  const bHigh = highSideOf(b.bounds)
  return (
    cutOrder(order, a.low, aLow, b.high, bHigh) < 0 &&
    cutOrder(order, b.low, bLow, a.high, aHigh) < 0 &&
    cutOrder(order, a.low, aLow, a.high, aHigh) < 0 &&
    cutOrder(order, b.low, bLow, b.high, bHigh) < 0
  )
}

/** True if every key of `inner` lies in `outer`. */
export function rangeCovers(order: KeyOrder, outer: KeyRange, inner: KeyRange): boolean {
  return (
    cutOrder(order, outer.low, lowSideOf(outer.bounds), inner.low, lowSideOf(inner.bounds)) <= 0 &&
    cutOrder(order, inner.high, highSideOf(inner.bounds), outer.high, highSideOf(outer.bounds)) <= 0
  )
}

function lowSideOf(bounds: number): Side {
  return (bounds & Bound.LOW) === 0 ? Side.START : (bounds & Bound.LOW_INCLUSIVE) !== 0 ? Side.BEFORE : Side.BEHIND
}

function highSideOf(bounds: number): Side {
  return (bounds & Bound.HIGH) === 0 ? Side.END : (bounds & Bound.HIGH_INCLUSIVE) !== 0 ? Side.BEHIND : Side.BEFORE
}

/** The total order of cuts and whole keys. */
function cutOrder(order: KeyOrder, a: Key, aSide: Side, b: Key, bSide: Side): number {
  if (aSide === Side.START || bSide === Side.END) return aSide === bSide ? 0 : -1
  if (aSide === Side.END || bSide === Side.START) return aSide === bSide ? 0 : 1
  if (typeof a === 'number' && typeof b === 'number') {
    if (a < b) return -1
    if (a > b) return 1
    if (a === b) return aSide - bSide
  }
  const keys = order(a, b)
  if (keys !== 0) return keys
  const columns = columnsOf(a) - columnsOf(b)
  // A cut at a prefix lies before or behind all keys that begin with it.
  return columns === 0 ? aSide - bSide : columns < 0 ? aSide : -bSide
}

function columnsOf(key: Key): number {
  return Array.isArray(key) ? key.length : 1
}

/** Scatters successive counters over 32 bits (the finaliser of MurmurHash3). */
function scatter(counter: number): number {
  let hash = counter
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
