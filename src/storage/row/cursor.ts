/**
 * A cursor over an index, and the rule by which an entry yields a row (D4).
 *
 * An index holds an entry for each key of each version of a row that may still be read. An entry yields its row if, and
 * only if, the version that the reader *sees* has that very key: so a row that moved from 5 to 6 and whose both entries are
 * still there comes once, under the key that the reader sees, and in order. A quiet row has one version, and so one entry.
 *
 * Keys are canonical values (a boolean may be 0 or 1, as in pages). The cursor keeps (key, RowId) of where it stands and
 * seeks again if the index has changed, so it survives any step.
 */
import type { Value } from '../../types/value.ts'
import type { ReadGuard, ReadView } from '../readView.ts'
import type { Index } from './index.ts'
import type { KeyRange } from './keyRange.ts'
import type { Key, KeyOrder, KeyTree } from './keyTree.ts'
import { compareNumbers, represented } from './keyTree.ts'
import type { RowScan } from './rowScan.ts'
import { Bound, CLOSED, treeCursorClass } from './treeCursor.ts'

const NumberCursor = treeCursorClass<number, null>(0, (_order, a, b) => compareNumbers(a, b))
const ValueCursor = treeCursorClass<Key, KeyOrder>(null, (order, a, b) => order(a, b))

/** Reusable; make one when a statement is compiled or started. */
export class IndexCursor {
  /** The RowId of the row on which `lookup` or `nextVisible` stands. */
  rowId = -1
  readonly #index: Index
  readonly #keys: KeyTree
  readonly #numbers = new NumberCursor(null)
  readonly #values: InstanceType<typeof ValueCursor>
  /** Which of the two holds the position. */
  #numeric = false
  #empty = true
  #low: Key = null
  #high: Key = null
  #bounds = 0
  #descending = false
  /** Under a guard: the entry that was reached and must be waited for, -1 if there is none. */
  #pending = -1
  /** Under a guard: true once it knows of the interval. */
  #announced = false

  constructor(index: Index) {
    this.#index = index
    this.#keys = index.keys
    this.#values = new ValueCursor(index.keys.order)
  }

  /**
   * The hot path, in a unique index over one column: fetches the visible row with this key into the scan's morsel; false if
   * there is none, or `key` is null. `lookupNext` may find one more. `replaced`: as for `ReadGuard.readUnique`.
   */
  lookup(key: Value, scan: RowScan, view: ReadView, replaced = false): boolean {
    this.#empty = key === null
    if (this.#empty) return false
    const first = this.#find(represented(key))
    const { guard } = view
    if (first >= 0 && (guard === null || guard.onlyNotes) && scan.fetch(first, view)) {
      if (!scan.versioned || (guard === null && this.#matches(scan))) {
        this.rowId = first
        return guard === null || guard.readUnique(scan.table, this.#index, first, view, scan, replaced)
      }
    }
    if (guard !== null) return this.#lookupGuarded(first, scan, view, guard, replaced)
    return first >= 0 && this.nextVisible(scan, view)
  }

  /**
   * Behind `lookup`, when its row is done with. A snapshot may show two rows with one unique key: the reader's own, and the one
   * of a commit behind the snapshot that gave the key up. Both have versions, so a quiet row is alone. A guard that may wait
   * locks what it reads in place, and then the key has no other row.
   */
  lookupNext(scan: RowScan, view: ReadView): boolean {
    const { guard } = view
    if (!scan.versioned || guard?.mayWait === true || !this.nextVisible(scan, view)) return false
    return guard === null || guard.readUnique(scan.table, this.#index, this.rowId, view, scan)
  }

  /** The first entry with this key in an index over one column; -1 if there is none. */
  #find(key: Key): number {
    const { numbers } = this.#keys
    if (numbers === null || typeof key !== 'number') {
      this.#range(key, key, CLOSED, false)
      return this.#next()
    }
    this.#numeric = true
    this.#span(key, key, CLOSED, false)
    return this.#numbers.find(numbers, key)
  }

  /** All entries whose first columns equal `values`; a null among them matches nothing. The array is not kept. */
  seekEquals(values: readonly Value[]): void {
    this.seekRange(values, undefined, false, undefined, false, false)
  }

  /**
   * Entries whose first columns equal `equals`, and whose next column lies in the range. `undefined` leaves a side open;
   * a null bound matches nothing; with a bound, nulls of that column do not match. With both sides open, nulls come
   * last ascending, first descending.
   */
  seekRange(
    equals: readonly Value[],
    lower: Value | undefined,
    lowerInclusive: boolean,
    upper: Value | undefined,
    upperInclusive: boolean,
    descending: boolean,
  ): void {
    this.#empty = equals.includes(null) || lower === null || upper === null
    if (this.#empty) return
    const low = lower === undefined ? equals : [...equals, lower]
    // Nulls sort last, so the null that stands for "no upper bound" behind a lower one excludes exactly them.
    const high = upper !== undefined ? [...equals, upper] : lower !== undefined ? [...equals, null] : equals
    let bounds = 0
    if (low.length > 0) bounds |= Bound.LOW | (lower === undefined || lowerInclusive ? Bound.LOW_INCLUSIVE : 0)
    if (high.length > 0) {
      const inclusive = upper !== undefined ? upperInclusive : lower === undefined
      bounds |= Bound.HIGH | (inclusive ? Bound.HIGH_INCLUSIVE : 0)
    }
    if (this.#keys.columns.length === 1)
      this.#range(represented(low[0] ?? null), represented(high[0] ?? null), bounds, descending)
    else this.#range(low.map(represented), high.map(represented), bounds, descending)
  }

  /**
   * Goes on to the next entry whose *visible* version has the entry's key and fetches that row into the scan's morsel
   * (all its columns, slot `start`); false at the end. Each visible row comes once, in the order of the index.
   */
  nextVisible(scan: RowScan, view: ReadView): boolean {
    if (view.guard !== null) return this.#nextGuarded(scan, view, view.guard)
    for (let rowId = this.#next(); rowId >= 0; rowId = this.#next()) {
      if (scan.fetch(rowId, view) && (!scan.versioned || this.#matches(scan))) {
        this.rowId = rowId
        return true
      }
    }
    return false
  }

  /** The RowId of the next entry, whichever version of its row has the key; -1 at the end. For who judges versions by themselves. */
  nextEntry(): number {
    return this.#next()
  }

  /** The guard hears of the interval before its first entry, and of each row before it is judged. */
  #nextGuarded(scan: RowScan, view: ReadView, guard: ReadGuard): boolean {
    if (this.#empty) return false
    if (!this.#announced) {
      if (!guard.readRange(scan.table, this.#index, this.#interval, view, scan)) return false
      this.#announced = true
    }
    const waited = this.#pending >= 0
    return this.#judge(waited ? this.#pending : this.#next(), waited, scan, view, guard)
  }

  /** Behind a wait (`waited`) the row of the first entry may have one version only, and another key: the entry is gone. */
  #judge(first: number, waited: boolean, scan: RowScan, view: ReadView, guard: ReadGuard): boolean {
    for (let rowId = first; rowId >= 0; rowId = this.#next(), waited = false) {
      if (!guard.readEntry(scan.table, rowId, view, scan)) {
        this.#pending = rowId
        return false
      }
      this.#pending = -1
      if (scan.fetch(rowId, view) && ((!scan.versioned && !waited) || this.#matches(scan))) {
        this.rowId = rowId
        return true
      }
    }
    return false
  }

  /** A row that has the key stands for it; only a key that is not found is read as an interval. */
  #lookupGuarded(first: number, scan: RowScan, view: ReadView, guard: ReadGuard, replaced: boolean): boolean {
    this.#announced = true
    if (this.#judge(first, false, scan, view, guard))
      return guard.readUnique(scan.table, this.#index, this.rowId, view, scan, replaced)
    if (this.#pending < 0) guard.readRange(scan.table, this.#index, this.#interval, view, scan)
    return false
  }

  get #interval(): KeyRange {
    return { low: this.#low, high: this.#high, bounds: this.#bounds }
  }

  #next(): number {
    if (this.#empty) return -1
    if (!this.#numeric) return this.#values.next()
    if (this.#keys.numbers !== null) return this.#numbers.next()
    return this.#nextAfterChangeOfKind()
  }

  /** True if the version that was fetched has the key of the entry. */
  #matches(scan: RowScan): boolean {
    const { columns, nulls, start } = scan.morsel
    const key = this.#keys.keyAt(columns, nulls, start)
    return this.#numeric
      ? compareNumbers(numberOf(key), this.#numbers.key) === 0
      : this.#keys.order(key, this.#values.key) === 0
  }

  #range(low: Key, high: Key, bounds: number, descending: boolean): void {
    const { numbers, values } = this.#keys
    this.#span(low, high, bounds, descending)
    this.#announced = false
    this.#numeric = numbers !== null
    if (numbers !== null) this.#numbers.range(numbers, numberOf(low), numberOf(high), bounds, descending)
    else this.#values.range(values!, low, high, bounds, descending)
  }

  #span(low: Key, high: Key, bounds: number, descending: boolean): void {
    this.#low = low
    this.#high = high
    this.#bounds = bounds
    this.#descending = descending
    this.#pending = -1
  }

  /** The tree of numbers has become one of values: goes on there. */
  #nextAfterChangeOfKind(): number {
    const { key, rowId } = this.#numbers
    this.#range(this.#low, this.#high, this.#bounds, this.#descending)
    if (rowId >= 0) this.#values.resume(Number.isNaN(key) ? null : key, rowId)
    return this.#values.next()
  }
}

/** A bound of a tree of numbers. All its keys are safe integers, so a bigint may be rounded: it is equal to none of them. */
function numberOf(key: Key): number {
  return key === null ? NaN : Number(key)
}
