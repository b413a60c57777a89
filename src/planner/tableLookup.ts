/** How the planner comes from a descriptor of the catalog to the table that holds its rows. The store implements it. */
import type { RowTable } from '../storage/row/table.ts'

export interface TableLookup {
  /** The table of a descriptor's id; the catalog that names it guarantees that it is there. */
  table(id: number): RowTable
}
