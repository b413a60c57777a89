/** A table and a scan of it, as those see them who guard reads (`ReadGuard`, in readView.ts): lock managers, SIREADs, histories. */
import type { TableDescriptor } from '../catalog/index.ts'
import type { Value } from '../types/value.ts'
import type { Index } from './row/index.ts'
import type { Key } from './row/keyTree.ts'
import type { PageLayout } from './row/layout.ts'
import type { TableReaders } from './row/readers.ts'
import type { RowPage, VersionedTable } from './undo.ts'

export interface GuardedTable extends VersionedTable {
  readonly descriptor: TableDescriptor
  readonly columnCount: number
  /** The layout with which a page begins. */
  readonly layout: PageLayout
  /** By number; null where a page has been dropped. Another list once a fork shares this one, so it is not kept across a write. */
  readonly pages: readonly (RowPage | null)[]
  readonly indexes: readonly Index[]
  index(id: number): Index | null
  /** The newest value, as the page represents it. */
  read(rowId: number, column: number): Value
  /** The key of the newest version. */
  keyOf(index: Index, rowId: number): Key
  /** Locks on key ranges of its indexes that transactions hold: while it is 0, a writer need not ask for them. */
  rangeLocks: number
  /** How many SIREADs there are on its rows, its indexes' ranges and itself: 0 spares a writer every other question. */
  sireads: number
  /** Those on rows and on the table as a whole. */
  readers: TableReaders<GuardedTable> | null
}

/** What a scan looks for, where a history is recorded: of all rows that it meets, those with such values are read. */
export interface RowPredicate {
  /** True if it may turn rows away. */
  readonly selective: boolean
  /** True if it asks only whether there is such a row, and does not look at it. */
  readonly existence?: boolean
  /** Canonical values of all columns of the table. */
  matches(values: readonly Value[]): boolean
}

/** A reader of a table. */
export interface GuardedScan {
  readonly table: GuardedTable
  /** What it looks for; null: every row. Set only where a guard asks for it. */
  readonly predicate: RowPredicate | null
}
