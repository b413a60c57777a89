/**
 * What a reader at a level above SNAPSHOT does at each access besides reading (D6, D7, D8): SSI leaves SIREADs and notes
 * the writers that it passes over, 2PL takes locks and may have to wait, a recorded history notes what was read. The view
 * carries the guard, and the only two ways to a row, `RowScan` and `IndexCursor`, call it; at the other levels it is null,
 * which costs a comparison a look-up and one a page.
 *
 * A method that returns false says that the reader must wait (`Transaction.waitingFor` says for what): the scan then
 * yields no row, keeps its place, and makes the same access again when the wait is over.
 */
import type { Value } from '../types/value.ts'
import type { ReadView } from './readView.ts'
import type { Index } from './row/index.ts'
import type { KeyRange } from './row/keyRange.ts'
import type { RowPage, RowScan } from './row/rowScan.ts'
import type { RowTable } from './row/table.ts'

export type { KeyRange } from './row/keyRange.ts'

/** What a scan looks for, where a history is recorded: of all rows that it meets, those with such values are read. */
export interface RowPredicate {
  /** True if it may turn rows away. */
  readonly selective: boolean
  /** True if it asks only whether there is such a row, and does not look at it. */
  readonly existence?: boolean
  /** Canonical values of all columns of the table. */
  matches(values: readonly Value[]): boolean
}

/** `scan` is the reader, whose `predicate` says what it looks for. */
export interface ReadGuard {
  /** True if it wants to know what scans look for. */
  readonly records?: boolean
  /** A scan of the whole table begins, or goes on. */
  readTable(table: RowTable, scan: RowScan): boolean
  /** The rows of a page, from slot `from` on, are about to be read. */
  readPage(table: RowTable, page: RowPage, from: number, view: ReadView, scan: RowScan): void
  /** All rows with a key in the interval are about to be read. A unique key that was looked up and not found is a range too. */
  readRange(table: RowTable, index: Index, range: KeyRange, view: ReadView, scan: RowScan): boolean
  /** The row behind an entry of the index is about to be judged: whether its visible version has the entry's key. */
  readEntry(table: RowTable, rowId: number, view: ReadView, scan: RowScan): boolean
  /** A look-up by a whole unique key found this row, which stands for the key: no range is read. */
  readUnique(table: RowTable, index: Index, rowId: number, view: ReadView, scan: RowScan): boolean
}
