import type { KeyRange } from '../../storage/readGuard.ts'
import type { Index } from '../../storage/row/index.ts'
import type { RowTable } from '../../storage/row/table.ts'

/** What a serializable transaction has read. */
export interface ReadSet {
  tables(): Iterable<RowTable>
  ranges(): Iterable<{ readonly table: RowTable; readonly index: Index; readonly range: KeyRange }>
  rows(): Iterable<{ readonly table: RowTable; readonly rowId: number }>
}
