/** What the methods that read in place under locks, 2PL and SERIAL, do at each read, and what they know of it at the end. */
import type { ReadGuard } from '../../storage/readView.ts'
import type { KeyRange } from '../../storage/row/keyRange.ts'
import type { Index } from '../../storage/row/index.ts'
import type { GuardedTable } from '../../storage/guardedTable.ts'
import type { ReadSet } from '../ssi/readSet.ts'

export interface ReadLocks extends ReadGuard, ReadSet {
  // Locks do not ask which scan it is: recovery takes them without one.
  readTable(table: GuardedTable): boolean
  readRange(table: GuardedTable, index: Index, range: KeyRange): boolean
  /** The statement that begins writes the table, or locks rows of it. */
  noteTarget(table: GuardedTable): void
  /** Before the row loses unique keys that the transaction has given it (ssi/keysGivenUp.ts). */
  givesUpKeys(table: GuardedTable, rowId: number): void
  /** The statement has ended, well or not. */
  endStatement(): void
  /** The transaction has ended. */
  end(): void
}
