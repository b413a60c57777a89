/**
 * The columns that an UPDATE sets, interned by table (`RowTable.columnSet`), so that undo entries name them by one
 * pointer and the indexes they concern are looked up once, not at each row.
 */
import { RowMode } from '../undo.ts'
import type { Index } from './index.ts'

export class ColumnSet {
  /** Ordinals, ascending. */
  readonly columns: readonly number[]
  /** The table's indexes over at least one of the columns; the table keeps the list when indexes come and go. */
  indexes: readonly Index[]
  /** UPDATE if a unique index is among them, whose key others may refer to; else NO KEY UPDATE. Kept by the table likewise. */
  mode: RowMode = RowMode.NO_KEY_UPDATE

  constructor(columns: readonly number[], indexes: readonly Index[]) {
    this.columns = columns
    this.indexes = indexes
  }
}
