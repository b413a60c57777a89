/** What the methods that read in place under locks, 2PL and SERIAL, do at each read, and what they know of it at the end. */
import type { ReadGuard } from '../../storage/readGuard.ts'
import type { RowTable } from '../../storage/row/table.ts'
import type { ReadSet } from '../ssi/graph.ts'

export interface ReadLocks extends ReadGuard, ReadSet {
  /** The statement that begins writes the table, or locks rows of it. */
  noteTarget(table: RowTable): void
  /** The statement has ended, well or not. */
  endStatement(): void
  /** The transaction has ended. */
  end(): void
}
