import type { KeyRange } from '../../storage/row/keyRange.ts'
import type { Index } from '../../storage/row/index.ts'
import type { GuardedTable } from '../../storage/guardedTable.ts'

/** What a serializable transaction has read. */
export interface ReadSet {
  tables(): Iterable<GuardedTable>
  ranges(): Iterable<{ readonly table: GuardedTable; readonly index: Index; readonly range: KeyRange }>
  rows(): Iterable<{ readonly table: GuardedTable; readonly rowId: number }>
}
