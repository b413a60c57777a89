/**
 * DDL as it runs: under the catalog's lock, which one transaction at a time holds, and under table locks as PostgreSQL
 * takes them. A plan is made *after* the catalog lock is there, so it sees the newest catalog; a wait for a table gives up
 * nothing, and the whole begins again when it is granted (D2). What is changed stays private until commit (D14).
 */
import { assert } from '../assert.ts'
import type { CatalogChange, CatalogRoot } from '../catalog/index.ts'
import type { RowTable } from '../storage/row/table.ts'
import type { LockWait } from '../txn/lockWait.ts'
import type { TableMode, Transaction } from '../txn/transaction.ts'

export interface DdlPlan {
  /** In the order in which they are applied. */
  readonly changes: readonly CatalogChange[]
  /** Taken before the first change. */
  readonly locks: readonly { readonly tableId: number; readonly mode: TableMode }[]
  /** `relation "t" already exists, skipping`, … */
  readonly notices: readonly string[]
}

/** A table that exists, by id; null if there is none. */
interface Tables {
  table(id: number): RowTable | null
}

export interface DdlOutcome {
  /** Not null: nothing was changed; run it again when this is granted. */
  readonly wait: LockWait | null
  readonly notices: readonly string[]
}

/** Throws what `plan` throws, and 23505 for a unique index over rows that are not. */
export function executeDdl(transaction: Transaction, tables: Tables, plan: (root: CatalogRoot) => DdlPlan): DdlOutcome {
  let wait = transaction.lockCatalog()
  if (wait !== null) return { wait, notices: [] }
  const { changes, locks, notices } = plan(transaction.catalog)
  for (const { tableId, mode } of locks) {
    const table = tables.table(tableId)
    assert(table !== null, `table ${tableId} of the catalog is in the store`)
    wait = transaction.lockTable(table, mode)
    if (wait !== null) return { wait, notices: [] }
  }
  for (const change of changes) transaction.changeCatalog(change)
  return { wait: null, notices }
}
