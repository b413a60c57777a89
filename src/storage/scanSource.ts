/**
 * The one seam between the executor and whatever yields rows (D5): a row table, rows that were computed (a system view),
 * and a test double. Rows come in morsels, at most a page each, as typed arrays, so that generated code is one loop over
 * one layout.
 *
 * A quiet page is lent as it stands. A page with versions that the reader must not see is lent as a scratch copy of just
 * the needed columns, in which those versions have been undone: the loop over rows never knows.
 *
 * A morsel, and a row that was fetched, is valid until the next call on its scan, the next write to the table, or the end
 * of the step, whichever comes first. Across a step an operator keeps values, or RowIds and looks again.
 */
import type { SqlType } from '../types/sqlType.ts'
import type { ReadView } from './readView.ts'
import type { ColumnArray, Layout } from './row/layout.ts'

export type { ColumnArray, Layout }

export interface ColumnDescription {
  readonly type: SqlType
  readonly nullable: boolean
}

/** One object a scan, filled again by each call. */
export interface Morsel {
  layout: Layout
  /** By ordinal of the source's columns; at least the needed ones are set. */
  columns: readonly ColumnArray[]
  /** 1 = null, by slot; null = no value of the page is null. A 'v' column has none: null stands in the array itself. */
  nulls: readonly (Uint8Array | null)[]
  /** 1 = the row exists, by slot; null = all rows of [start, end) exist. */
  live: Uint8Array | null
  /** Slots [start, end). */
  start: number
  end: number
  /** The RowId of slot 0. After a `fetch` the row is `start`, and its RowId is the one that was asked for. */
  baseRowId: number
}

export interface ScanSource {
  readonly columnCount: number
  column(ordinal: number): ColumnDescription
  estimatedRows(): number
  /** A scan that will read these columns. It holds the scratch space, and may be used any number of times. */
  scan(needed: readonly number[]): SourceScan
}

export interface SourceScan {
  readonly morsel: Morsel
  /** Fills the morsel with the first rows at or after RowId `from`; false if there are none. The next `from` is `baseRowId + end`. */
  next(from: number, view: ReadView): boolean
  /** Fills the morsel with that one row, all its columns, `end = start + 1`; false if it is not visible. */
  fetch(rowId: number, view: ReadView): boolean
}
