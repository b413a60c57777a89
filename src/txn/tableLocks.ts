/**
 * Locking tables, the catalog, and behind them the database: what a statement does before it reads or writes a row (D6).
 *
 * The database is locked only while somebody runs, or waits to run, serially: alone means that nobody else writes or locks
 * what it reads. Who had begun before holds what it has done by then (`databaseModeOf`), and who begins later asks here.
 */
import type { CatalogRoot } from '../catalog/index.ts'
import { foreignKeys } from '../catalog/index.ts'
import { concurrentCatalogChange, couldNotLockTable } from '../errors.ts'
import type { RowTable } from '../storage/row/table.ts'
import { DatabaseMode, LockPolicy, TableMode } from './lockModes.ts'
import type { LockWait } from './lockWait.ts'
import type { TransactionRecord } from './transactionRecord.ts'

export function lockTable(
  record: TransactionRecord,
  table: RowTable,
  mode: TableMode,
  policy: LockPolicy,
): LockWait | null {
  if (record.readSet === null && holds(record, table, mode)) return null
  const { locks } = record.engine
  if (locks.serials > 0 && record.databaseGrant === null) {
    const wait = enterDatabase(record, mode)
    if (wait !== null) return unlessNowait(wait, table, policy)
  }
  if (record.readSet !== null && isTarget(mode)) record.readSet.noteTarget(table)
  if (policy !== LockPolicy.WAIT && !locks.mayLockTable(record, table, mode)) throw couldNotLockTable(table.name)
  const wait = locks.lockTable(record, table, mode)
  const seen = record.snapshotCatalog
  if (wait === null && mode > TableMode.ACCESS_SHARE && seen !== null && seen !== record.engine.catalog) {
    if (!sameConstraints(seen, record.engine.catalog, table.id)) throw concurrentCatalogChange()
  }
  return wait
}

/** Statements lock in these modes what they write, or of which they lock rows. */
const isTarget = (mode: TableMode): boolean =>
  mode === TableMode.ROW_SHARE || mode === TableMode.ROW_EXCLUSIVE || mode === TableMode.SHARE_ROW_EXCLUSIVE

/** An earlier statement asked for the same: all that is asked and checked on the way to a lock has been, then. */
function holds({ tableGrants }: TransactionRecord, table: RowTable, mode: TableMode): boolean {
  for (let i = 0; i < tableGrants.length; i++) {
    const grant = tableGrants[i]!
    if (grant.lock.table === table && grant.mode === mode && grant.requested) return true
  }
  return false
}

/** With NOWAIT a wait is given up at once. Throws 55P03. */
function unlessNowait(wait: LockWait, table: RowTable, policy: LockPolicy): LockWait {
  if (policy === LockPolicy.WAIT) return wait
  wait.cancel()
  throw couldNotLockTable(table.name)
}

/** Alone, or beside none that is: who only reads a snapshot is in nobody's way. */
export function enterDatabase(record: TransactionRecord, mode: TableMode): LockWait | null {
  const { locks } = record.engine
  const { alone, locksReads } = record.isolation
  for (;;) {
    let wait: LockWait | null = null
    if (alone) wait = locks.lockDatabase(record, DatabaseMode.EXCLUSIVE)
    else if (mode > TableMode.ACCESS_SHARE) wait = locks.lockDatabase(record, DatabaseMode.INTENTION_EXCLUSIVE)
    else if (locksReads) wait = locks.lockDatabase(record, DatabaseMode.INTENTION_SHARE)
    if (wait === null || !wait.granted) return wait
  }
}

export function databaseModeOf({
  tableGrants,
  rowGrants,
  lastEntry,
  isolation,
}: TransactionRecord): DatabaseMode | null {
  const writes = tableGrants.some(({ lock, mode }) => lock.kind !== 'advisory' && mode > TableMode.ACCESS_SHARE)
  if (writes || lastEntry !== null || rowGrants.length > 0) return DatabaseMode.INTENTION_EXCLUSIVE
  return isolation.locksReads && tableGrants.length > 0 ? DatabaseMode.INTENTION_SHARE : null
}

export function lockCatalog(record: TransactionRecord): LockWait | null {
  const { locks, catalog } = record.engine
  const wait = locks.lockCatalog(record)
  const seen = record.snapshotCatalog
  if (wait === null && seen !== null && seen !== catalog) throw concurrentCatalogChange()
  return wait
}

/** Whether what a write to the table must keep is the same in both roots; false if it is in one of them only. */
function sameConstraints(before: CatalogRoot, after: CatalogRoot, id: number): boolean {
  const keys = (root: CatalogRoot): string | undefined => {
    const table = root.tableById(id)
    if (table === null) return undefined
    const unique = table.indexes.filter((index) => index.unique).map((index) => index.id)
    const references = foreignKeys(table).map((constraint) => constraint.name)
    return `${unique.join()};${references.join()};${table.referencedBy?.join() ?? ''}`
  }
  return keys(before) === keys(after)
}
