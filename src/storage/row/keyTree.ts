/**
 * The B+tree of an index together with the form of its keys.
 *
 * A key over one column of integers, dates, timestamps or fixed numerics is a number, and null is NaN (these types have
 * no other); the first bigint, which no double holds, turns such a tree into one of values, once. Every other key over one
 * column is the value itself, and a composite key is an array of them. Values are as pages represent them: a boolean is
 * 0 or 1. Nulls sort last.
 *
 * A shorter composite key compares as a prefix: it equals every key that begins with it.
 */
import type { SqlType } from '../../types/sqlType.ts'
import { comparator } from '../../types/comparison.ts'
import type { Value } from '../../types/value.ts'
import { arrayOfNulls } from './arrayOfNulls.ts'
import type { EntryArray, Tree } from './btree.ts'
import { shiftEach, treeClass } from './btree.ts'
import type { Owner } from '../owner.ts'
import type { ColumnArray } from './layout.ts'
import { Representation, representationOf } from './layout.ts'

export type Key = Value | readonly Value[]
export type KeyOrder = (a: Key, b: Key) => number

export const NumberTree = treeClass<number, null>(
  NaN,
  (length) => new Float64Array(length),
  shiftNumbers,
  (_order, a, b) => compareNumbers(a, b),
  (_order, entries, count, key, low, high) => countBelow(entries, count, key, low, high),
)

/** Elements from which on a move of memory is faster than a loop, its call included. Measured: 20 ns for up to 60, the loop as many for 20. */
const LONG_MOVE = 24

function shiftNumbers(entries: EntryArray<number>, from: number, to: number, up: boolean): void {
  if (to - from < LONG_MOVE) shiftEach(entries, from, to, up)
  else entries.copyWithin(up ? from + 2 : from - 2, from, to)
}

/** In nodes of fewer keys a guess gains nothing. */
const FEW_KEYS = 8

/**
 * The number of keys below `key`, in an array of keys and RowIds by turns. Keys of a node are often spread evenly (serial
 * numbers), so the search begins where the key would then be, and widens in doubling steps around it before it halves: one
 * or two cache lines, where halving alone visits five. (Perl, Itai, Avni: Interpolation search, CACM 1978; the steps bound
 * its worst case.) The guess is made between the separators `low` and `high` around the node, which the way down has just
 * read; where one is not there (NaN), the node's first or last key stands for it.
 */
function countBelow(entries: EntryArray<number>, count: number, key: number, low: number, high: number): number {
  // NaN stands last: no number is above it, and all are below.
  if (Number.isNaN(key)) return countNumbers(entries, count)
  let from = 0
  let to = count
  if (count > FEW_KEYS) {
    const first = Number.isNaN(low) ? entries[0]! : low
    const last = Number.isNaN(high) ? entries[2 * count - 2]! : high
    const share = (key - first) / (last - first)
    const guess = share > 0 ? (share < 1 ? Math.floor(share * count) : count - 1) : 0
    let step = 1
    if (entries[2 * guess]! < key) {
      let probe = (from = guess + 1)
      for (; probe < to && entries[2 * probe]! < key; step <<= 1) {
        from = probe + 1
        probe += step
      }
      if (probe < to) to = probe
    } else {
      to = guess
      let probe = guess - 1
      for (; probe >= 0 && !(entries[2 * probe]! < key); step <<= 1) {
        to = probe
        probe -= step
      }
      from = probe + 1
      if (from < 0) from = 0
    }
  }
  while (from < to) {
    const middle = (from + to) >>> 1
    if (entries[2 * middle]! < key) from = middle + 1
    else to = middle
  }
  return from
}

const ValueTree = treeClass<Key, KeyOrder>(
  null,
  (length) => arrayOfNulls<Key>(length),
  shiftEach,
  (order, a, b) => order(a, b),
  (order, entries, count, key) => {
    let low = 0
    let high = count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (order(entries[2 * middle]!, key) < 0) low = middle + 1
      else high = middle
    }
    return low
  },
)

function countNumbers(entries: EntryArray<number>, count: number): number {
  let low = count
  while (low > 0 && Number.isNaN(entries[2 * low - 2]!)) low--
  return low
}

/** NaN, which stands for null, is last. */
export function compareNumbers(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : a === b ? 0 : compareNaN(a, b)
}

function compareNaN(a: number, b: number): number {
  return Number.isNaN(a) ? (Number.isNaN(b) ? 0 : 1) : -1
}

export class KeyTree {
  /** Ordinals of the table's columns. */
  readonly columns: readonly number[]
  /** Exactly one of the two is there. */
  numbers: Tree<number> | null
  values: Tree<Key> | null
  /** The order of two keys, nulls last; a shorter composite key is a prefix. */
  readonly order: KeyOrder

  private constructor(
    columns: readonly number[],
    order: KeyOrder,
    numbers: Tree<number> | null,
    values: Tree<Key> | null,
  ) {
    this.columns = columns
    this.order = order
    this.numbers = numbers
    this.values = values
  }

  static empty(columns: readonly number[], types: readonly SqlType[]): KeyTree {
    const compare = types.map(nullsLast)
    const order = columns.length === 1 ? (compare[0] as KeyOrder) : composite(compare)
    const type = types[0]!
    const numeric = columns.length === 1 && type.kind !== 'float8' && representationOf(type) !== Representation.VALUES
    return new KeyTree(columns, order, numeric ? new NumberTree(null) : null, numeric ? null : new ValueTree(order))
  }

  /** A copy on write. */
  fork(mine: Owner, theirs: Owner): KeyTree {
    return new KeyTree(
      this.columns,
      this.order,
      this.numbers?.fork(mine, theirs) ?? null,
      this.values?.fork(mine, theirs) ?? null,
    )
  }

  get size(): number {
    return this.numbers !== null ? this.numbers.size : this.values!.size
  }

  get version(): number {
    return this.numbers !== null ? this.numbers.version : this.values!.version
  }

  /** The key of a row that is given by its columns' arrays. */
  keyAt(columns: readonly ColumnArray[], nulls: readonly (Uint8Array | null)[], slot: number): Key {
    if (this.columns.length === 1) return valueAt(columns, nulls, this.columns[0]!, slot)
    return this.columns.map((column) => valueAt(columns, nulls, column, slot))
  }

  /** True if any of its values is null, so that no key equals it. */
  hasNull(key: Key): boolean {
    return key === null || (Array.isArray(key) && key.includes(null))
  }

  add(key: Key, rowId: number): void {
    if (this.numbers !== null) {
      if (typeof key === 'number') {
        this.numbers.add(key, rowId)
        return
      }
      if (key === null) {
        this.numbers.add(NaN, rowId)
        return
      }
      this.#toValues(this.numbers)
    }
    this.values!.add(key, rowId)
  }

  /** Adds the entry unless another has this very key; false if one has. */
  addUnlessEqual(key: Key, rowId: number): boolean {
    if (this.numbers !== null) {
      if (typeof key === 'number') return this.numbers.addUnlessEqual(key, rowId)
      this.#toValues(this.numbers)
    }
    return this.values!.addUnlessEqual(key, rowId)
  }

  /** Removes the entry if it is there. */
  remove(key: Key, rowId: number): void {
    if (this.numbers === null) this.values!.remove(key, rowId)
    else if (typeof key === 'number') this.numbers.remove(key, rowId)
    else if (key === null) this.numbers.remove(NaN, rowId)
  }

  /** RowIds of the entries with this very key, ascending. */
  *equals(key: Key): Generator<number> {
    if (this.numbers !== null) {
      if (typeof key === 'number') yield* entries(this.numbers, key, (a, b) => a === b)
    } else yield* entries(this.values!, key, (a, b) => this.order(a, b) === 0)
  }

  /** All entries in order. */
  *entries(): Generator<readonly [Key, number]> {
    for (const leaf of this.numbers?.leaves() ?? []) {
      for (let i = 0; i < leaf.count; i++) {
        const key = leaf.keyAt(i)
        yield [Number.isNaN(key) ? null : key, leaf.rowIdAt(i)]
      }
    }
    for (const leaf of this.values?.leaves() ?? []) {
      for (let i = 0; i < leaf.count; i++) yield [leaf.keyAt(i), leaf.rowIdAt(i)]
    }
  }

  #toValues(numbers: Tree<number>): void {
    const values = new ValueTree(this.order)
    for (const leaf of numbers.leaves()) {
      for (let i = 0; i < leaf.count; i++) {
        const key = leaf.keyAt(i)
        values.add(Number.isNaN(key) ? null : key, leaf.rowIdAt(i))
      }
    }
    this.numbers = null
    this.values = values
  }
}

function* entries<K>(tree: Tree<K>, key: K, equal: (a: K, b: K) => boolean): Generator<number> {
  let leaf = tree.seekAfter(key, -1)
  let { position } = tree
  while (position < leaf.count && equal(leaf.keyAt(position), key)) {
    const rowId = leaf.rowIdAt(position)
    yield rowId
    if (++position < leaf.count) continue
    leaf = tree.seekAfter(key, rowId)
    position = tree.position
  }
}

export function valueAt(
  columns: readonly ColumnArray[],
  nulls: readonly (Uint8Array | null)[],
  column: number,
  slot: number,
): Value {
  const map = nulls[column]!
  return map !== null && map[slot] === 1 ? null : columns[column]![slot]!
}

function nullsLast(type: SqlType): (a: Value, b: Value) => number {
  const compare = comparator(type)
  return (a, b) => (a === null ? (b === null ? 0 : 1) : b === null ? -1 : compare(a, b))
}

function composite(compare: readonly ((a: Value, b: Value) => number)[]): KeyOrder {
  return (a, b) => {
    const left = a as readonly Value[]
    const right = b as readonly Value[]
    const length = Math.min(left.length, right.length)
    for (let i = 0; i < length; i++) {
      const order = compare[i]!(left[i]!, right[i]!)
      if (order !== 0) return order
    }
    return 0
  }
}

/** The form in which pages and keys hold a canonical value. */
export function represented(value: Value): Value {
  return value === true ? 1 : value === false ? 0 : value
}
