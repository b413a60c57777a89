/** What a transaction tells the log when it commits or is prepared. */
import { encodeChange } from '../catalog/index.ts'
import type { PreparedSink, RedoSink } from '../storage/log/log.ts'
import type { UndoEntry } from '../storage/undo.ts'
import { RowMode } from '../storage/undo.ts'
import { AdvisoryLock, EXCLUSIVE } from './locking/advisoryLock.ts'
import { RowLock } from './lockWait.ts'
import { readsOf } from './ssi/sireads.ts'
import type { Transaction } from './transaction.ts'

/** Catalog changes first, then the final state of each row, oldest write first. */
export function describeRedo(transaction: Transaction, sink: RedoSink): void {
  describeCatalog(transaction, sink)
  describeRows(transaction, sink)
}

/** As the redo, and between the two what the transaction holds: recovery finds each table before its lock, each lock before its write. */
export function describePrepared(transaction: Transaction, sink: PreparedSink): void {
  describeCatalog(transaction, sink)
  describeLocks(transaction, sink)
  describeRows(transaction, sink)
}

function describeCatalog(transaction: Transaction, sink: RedoSink): void {
  for (const change of transaction.changes) sink.catalog(encodeChange(change))
}

function describeRows(transaction: Transaction, sink: RedoSink): void {
  const newest = newestEntries(transaction)
  for (let i = newest.length - 1; i >= 0; i--) newest[i]!.table.describe(newest[i]!, sink)
}

/** The entry at the head of each row's chain, the newest first; none of a table that the transaction drops. */
function newestEntries(transaction: Transaction): UndoEntry[] {
  const dropped = new Set<number>()
  for (const change of transaction.changes) if (change.kind === 'dropTable') dropped.add(change.tableId)
  const newest: UndoEntry[] = []
  for (let entry = transaction.lastEntry; entry !== null; entry = entry.previous) {
    if (entry.page.undo![entry.slot] === entry && !dropped.has(entry.table.id)) newest.push(entry)
  }
  return newest
}

function describeLocks(transaction: Transaction, sink: PreparedSink): void {
  for (const { lock, mode } of transaction.tableGrants) {
    if (lock.kind === 'catalog') sink.catalogLock()
    else if (lock.kind === 'table') sink.tableLock(lock.table!.id, mode)
    else if (lock instanceof AdvisoryLock) sink.advisoryLock(lock.key, mode === EXCLUSIVE)
  }
  for (const { lock, mode } of transaction.rowGrants) {
    if (lock instanceof RowLock) sink.rowLock(lock.table!.id, lock.rowId, mode)
  }
  for (const entry of newestEntries(transaction)) {
    const { mode, implied } = modeOf(entry)
    if (mode > implied) sink.rowLock(entry.table.id, entry.rowId, mode)
  }
  describeReads(transaction, sink)
}

/** What a SERIALIZABLE transaction has read. By 2PL the rows are among its locks. */
function describeReads(transaction: Transaction, sink: PreparedSink): void {
  const { readSet, conflicts, isolation } = transaction
  const reads = readSet ?? (conflicts === null ? null : readsOf(conflicts))
  if (reads === null) return
  for (const { id } of reads.tables()) sink.readTable(id)
  for (const { table, index, range } of reads.ranges()) {
    sink.readRange(table.id, index.descriptor.id, range.low, range.high, range.bounds)
  }
  if (isolation.tracksReads) for (const { table, rowId } of reads.rows()) sink.readRow(table.id, rowId)
}

/** The strongest mode in which the row of a chain's head is locked, and the one that writing it implies; -1: it is not written. */
function modeOf(head: UndoEntry): { readonly mode: number; readonly implied: number } {
  let mode: number = head.mode
  let implied = -1
  for (let entry: UndoEntry | null = head; entry !== null && entry.writer === head.writer; entry = entry.older) {
    mode = Math.max(mode, entry.mode)
    if (!entry.wrote) continue
    const stays = entry.existed && head.page.exists(head.slot)
    implied = Math.max(implied, stays ? RowMode.NO_KEY_UPDATE : RowMode.UPDATE)
  }
  return { mode, implied }
}
