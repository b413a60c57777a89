/** How the planner comes from a descriptor of the catalog to the table that holds its rows. The store implements it. */
import type { RowTable } from '../storage/row/table.ts'

export interface TableLookup {
  /** The table of a descriptor's id; never null for a catalog that names it. */
  table(id: number): RowTable | null
}
