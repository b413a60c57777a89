/**
 * Locking a row (D2, D6): who is in the way, and whether the row is still the one that the statement saw.
 *
 * The exclusive modes, NO KEY UPDATE and UPDATE, make the transaction the head of the row's chain. The shared ones, KEY SHARE
 * and SHARE, which several may hold, stand in the lock table by name. First-updater-wins follows the conflicts of modes: a
 * newer version that changed no key does not hinder KEY SHARE.
 *
 * A row whose key lies in a range that another transaction has locked under 2PL is locked by that one too. Who has the row
 * already need not ask again: later readers of a range meet its head and wait.
 */
import { concurrentUpdate, couldNotLockRow } from '../errors.ts'
import type { ReadView } from '../storage/readView.ts'
import type { Index } from '../storage/row/index.ts'
import type { RowTable } from '../storage/row/table.ts'
import type { UndoEntry, Writer } from '../storage/undo.ts'
import { RowMode } from '../storage/undo.ts'
import { LockPolicy, rowModesExclude } from './lockModes.ts'
import type { TransactionRecord } from './transactionRecord.ts'
import { Outcome } from './transactionRecord.ts'
import { abandonRun } from './undoing.ts'

export function lockRow(
  record: TransactionRecord,
  table: RowTable,
  rowId: number,
  mode: RowMode,
  requested: boolean,
  policy: LockPolicy,
): Outcome {
  const head = table.head(rowId)
  const { locks } = record.engine
  if (head !== null && head.writer !== record) {
    if (!head.writer.published && rowModesExclude(head.mode, mode) && !isOvertaken(record, head.writer)) {
      return refuse(record, table, rowId, mode, policy)
    }
    if (locks.rowLockCount > 0 && !record.isolation.alone && locks.isRowTaken(record, table, rowId, mode))
      return refuse(record, table, rowId, mode, policy)
    // A row that is locked already was found to be the newest then, and nobody has changed it since.
    if (!record.view.sees(head) && isNewer(head, mode, record.view)) return changed(record, table, rowId)
  } else if (locks.rowLockCount > 0 && locks.isRowTaken(record, table, rowId, mode)) {
    return refuse(record, table, rowId, mode, policy)
  }
  if (table.rangeLocks !== 0 && mode >= RowMode.NO_KEY_UPDATE && (head === null || head.writer !== record)) {
    const index = locks.indexAgainst(record, table, rowId)
    if (index !== null) return refuseKey(record, table, rowId, index, policy)
  }
  if (mode < RowMode.NO_KEY_UPDATE) share(record, table, rowId, mode, requested, head)
  else takeHead(record, table, rowId, mode, requested, head)
  return Outcome.DONE
}

/** A serial transaction goes on from what the one before it is committing: none comes between, and the log keeps their order. */
function isOvertaken({ isolation }: TransactionRecord, writer: Writer): boolean {
  return isolation.alone && writer.commitTimestamp !== Infinity
}

function takeHead(
  record: TransactionRecord,
  table: RowTable,
  rowId: number,
  mode: RowMode,
  requested: boolean,
  head: UndoEntry | null,
): void {
  let entry = head
  if (entry === null || entry.writer !== record || entry.command !== record.command) {
    entry = table.lock(record, rowId, mode)
    const { locks } = record.engine
    if (locks.rowLockCount > 0) locks.noteWriter(record, table, rowId)
  } else entry.strengthen(mode)
  if (requested) entry.requested = true
}

/** Both exclusive modes contain both shared ones. */
export function share(
  record: TransactionRecord,
  table: RowTable,
  rowId: number,
  mode: RowMode,
  requested: boolean,
  head: UndoEntry | null,
): void {
  if (head === null || head.writer !== record) record.engine.locks.holdRow(record, table, rowId, mode)
  else if (requested && head.command === record.command) head.requested = true
}

/** True if one of the versions that the view does not see hinders this mode. */
function isNewer(head: UndoEntry, mode: RowMode, view: ReadView): boolean {
  for (let entry: UndoEntry | null = head; entry !== null && !view.sees(entry); entry = entry.older) {
    if (rowModesExclude(entry.mode, mode)) return true
  }
  return false
}

function changed(record: TransactionRecord, table: RowTable, rowId: number): Outcome {
  if (record.isolation.onNewerVersion === 'fail')
    throw concurrentUpdate(table.existsInPlace(rowId) ? 'update' : 'delete', table.name)
  abandonRun(record)
  return Outcome.CHANGED
}

function refuse(record: TransactionRecord, table: RowTable, rowId: number, mode: RowMode, policy: LockPolicy): Outcome {
  if (policy === LockPolicy.NOWAIT) throw couldNotLockRow(table.name)
  return policy === LockPolicy.SKIP ? Outcome.SKIPPED : waitForRow(record, table, rowId, mode)
}

function refuseKey(
  record: TransactionRecord,
  table: RowTable,
  rowId: number,
  index: Index,
  policy: LockPolicy,
): Outcome {
  if (policy === LockPolicy.NOWAIT) throw couldNotLockRow(table.name)
  if (policy === LockPolicy.SKIP) return Outcome.SKIPPED
  return waitForKey(record, table, rowId, index)
}

/** Gives the run up and queues for the row's newest key, which lies in a range that another has locked. Throws 40P01. */
export function waitForKey(record: TransactionRecord, table: RowTable, rowId: number, index: Index): Outcome {
  const key = table.keyOf(index, rowId)
  abandonRun(record)
  record.hasIdleLocks = true
  record.engine.locks.waitForKey(record, table, index, key)
  return Outcome.BLOCKED
}

/** Gives the run up and queues for the row. Throws 40P01. */
export function waitForRow(record: TransactionRecord, table: RowTable, rowId: number, mode: number): Outcome {
  abandonRun(record)
  record.hasIdleLocks = true
  record.engine.locks.waitForRow(record, table, rowId, mode)
  return Outcome.BLOCKED
}
