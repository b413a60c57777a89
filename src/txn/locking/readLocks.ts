/** What the methods that read in place under locks, 2PL and SERIAL, do at each read, and what they know of it at the end. */
import type { KeyRange, ReadGuard } from '../../storage/readGuard.ts'
import type { Index } from '../../storage/row/index.ts'
import type { RowTable } from '../../storage/row/table.ts'
import type { ReadSet } from '../ssi/readSet.ts'

export interface ReadLocks extends ReadGuard, ReadSet {
  // Locks do not ask which scan it is: recovery takes them without one.
  readTable(table: RowTable): boolean
  readRange(table: RowTable, index: Index, range: KeyRange): boolean
  /** The statement that begins writes the table, or locks rows of it. */
  noteTarget(table: RowTable): void
  /** The statement has ended, well or not. */
  endStatement(): void
  /** The transaction has ended. */
  end(): void
}
