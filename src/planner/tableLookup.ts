/** How the planner comes from a descriptor of the catalog to the table that holds its rows, and what else FROM may name. */
import type { RowTable } from '../storage/row/table.ts'
import type { PastState } from '../txn/timeTravel.ts'
import type { SystemView } from './systemViews.ts'

/** Where past states are found; throws 22023 for what is not retained, or is to come. */
export interface Past {
  /** Microseconds since 1970-01-01 UTC. */
  at(moment: number): PastState
  atCommit(timestamp: number): PastState
}

export interface TableLookup {
  /** The table of a descriptor's id; never null for a catalog that names it. */
  table(id: number): RowTable | null
  /** The system view of a name, null if there is none; absent where there are none at all. */
  view?(name: string): SystemView | null
  /** What was; absent where nobody knows. */
  readonly past?: Past
}
