/**
 * A predicate read: one scan, in one run of a statement, of a table or of an interval of an index. What it matches is decided
 * when the recording ends, over all versions that rows of the table ever had: so later writes that change what it matches
 * are told from those that do not.
 */
import type { PredicateObject } from '../../checker/model.ts'
import type { GuardedTable, RowPredicate } from '../../storage/guardedTable.ts'
import type { KeyRange } from '../../storage/row/keyRange.ts'
import type { Index } from '../../storage/row/index.ts'
import type { Key } from '../../storage/row/keyTree.ts'
import { Bound } from '../../storage/row/treeCursor.ts'
import { formatValue } from '../../types/textOutput.ts'
import type { Value } from '../../types/value.ts'
import type { Moment, RecordedRow, RecordedVersion } from './recordedVersions.ts'

/** The keys that a scan by an index is about. */
export interface ScannedKeys {
  readonly index: Index
  readonly range: KeyRange
}

export class PredicateRead {
  readonly table: GuardedTable
  readonly keys: ScannedKeys | null
  readonly filter: RowPredicate | null
  #moment: Moment
  /** Versions that were met one by one, where the moment alone does not say which (reads in place). */
  readonly #met = new Map<RecordedRow, RecordedVersion>()

  constructor(table: GuardedTable, keys: ScannedKeys | null, filter: RowPredicate | null, moment: Moment) {
    this.table = table
    this.keys = keys
    this.filter = filter
    this.#moment = moment
  }

  /** It is done: a scan that waits for writers has read what was there then. */
  settle(moment: Moment): void {
    this.#moment = moment
  }

  met(row: RecordedRow, version: RecordedVersion): void {
    this.#met.set(row, version)
  }

  matches(values: readonly Value[] | null): boolean {
    if (values === null) return false
    if (this.keys !== null && !inRange(this.keys, keyOf(this.keys.index, values))) return false
    return this.filter === null || this.filter.matches(values)
  }

  /** The rows that the predicate could be about, of those that were written. */
  over(rows: readonly RecordedRow[]): PredicateObject[] {
    const over: PredicateObject[] = []
    for (const row of rows) {
      const version = this.#met.get(row) ?? row.seenBy(this.#moment)
      // What an abandoned run wrote is not in the history, and a version that nobody is seen to write would count as older.
      const possible = row.versions.filter((each) => each === version || each.undoneAt === Infinity)
      const matching = possible.filter(({ values }) => this.matches(values)).map(({ number }) => number)
      if (matching.length === 0) continue
      over.push({ object: row.name, version: version.number, matching })
    }
    return over
  }

  /** The one key that it is about; null if there are more. */
  get onlyKey(): Key | null {
    if (this.keys === null) return null
    const { index, range } = this.keys
    const { low, high, bounds } = range
    const closed = (bounds & Bound.LOW_INCLUSIVE) !== 0 && (bounds & Bound.HIGH_INCLUSIVE) !== 0
    if (!closed || low === null || index.keys.order(low, high) !== 0) return null
    return Array.isArray(low) && low.length < index.columns.length ? null : low
  }

  /** `rows of account with id = 1`. */
  describe(): string {
    const { table, keys, filter } = this
    const bounds = keys === null ? '' : describeRange(table, keys)
    const filtered = filter?.selective === true ? `${bounds === '' ? '' : ','} that pass its condition` : ''
    return `rows of ${table.name}${bounds}${filtered}`
  }
}

/** The key that a row with these values has in the index, as the index represents it. */
export function keyOf({ columns }: Index, values: readonly Value[]): Key {
  const represented = columns.map((column) => {
    const value = values[column] ?? null
    return value === true ? 1 : value === false ? 0 : value
  })
  return represented.length === 1 ? represented[0]! : represented
}

function inRange({ index, range }: ScannedKeys, key: Key): boolean {
  const { order } = index.keys
  const { low, high, bounds } = range
  if ((bounds & Bound.LOW) !== 0) {
    const above = order(key, low)
    if (above < 0 || (above === 0 && (bounds & Bound.LOW_INCLUSIVE) === 0)) return false
  }
  if ((bounds & Bound.HIGH) !== 0) {
    const above = order(key, high)
    if (above > 0 || (above === 0 && (bounds & Bound.HIGH_INCLUSIVE) === 0)) return false
  }
  return true
}

function describeRange(table: GuardedTable, { index, range }: ScannedKeys): string {
  const { low, high, bounds } = range
  const names = index.columns.map((column) => table.descriptor.columns[column]!.name)
  const show = (key: Key): string => {
    const values = Array.isArray(key) ? (key as readonly Value[]) : [key as Value]
    const texts = values.map((value, i) => {
      const { type } = table.descriptor.columns[index.columns[i]!]!
      return value === null ? 'null' : formatValue(type, type.kind === 'boolean' ? value === 1 : value)
    })
    return texts.length === 1 ? texts[0]! : `(${texts.join(', ')})`
  }
  const name = names.length === 1 ? names[0]! : `(${names.join(', ')})`
  const hasLow = (bounds & Bound.LOW) !== 0
  const hasHigh = (bounds & Bound.HIGH) !== 0
  const closed = (bounds & Bound.LOW_INCLUSIVE) !== 0 && (bounds & Bound.HIGH_INCLUSIVE) !== 0
  if (hasLow && hasHigh && closed && index.keys.order(low, high) === 0) return ` with ${name} = ${show(low)}`
  const parts: string[] = []
  if (hasLow) parts.push(`${name} ${(bounds & Bound.LOW_INCLUSIVE) !== 0 ? '>=' : '>'} ${show(low)}`)
  // The null that stands for "no upper bound" excludes nulls, and says nothing else.
  const excludesNulls = high === null && (bounds & Bound.HIGH_INCLUSIVE) === 0
  if (hasHigh && !excludesNulls)
    parts.push(`${name} ${(bounds & Bound.HIGH_INCLUSIVE) !== 0 ? '<=' : '<'} ${show(high)}`)
  return parts.length === 0 ? '' : ` with ${parts.join(' and ')}`
}
