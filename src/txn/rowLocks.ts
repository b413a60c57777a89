/**
 * Locking a row (D2, D6): who is in the way, and whether the row is still the one that the statement saw.
 *
 * The exclusive modes, NO KEY UPDATE and UPDATE, make the transaction the head of the row's chain. The shared ones, KEY SHARE
 * and SHARE, which several may hold, stand in the lock table by name. First-updater-wins follows the conflicts of modes: a
 * newer version that changed no key does not hinder KEY SHARE.
 */
import { concurrentUpdate, couldNotLockRow } from '../errors.ts'
import type { ReadView } from '../storage/readView.ts'
import type { RowTable } from '../storage/row/table.ts'
import type { UndoEntry } from '../storage/undo.ts'
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
    if (!head.writer.published && rowModesExclude(head.mode, mode)) return refuse(record, table, rowId, mode, policy)
    if (locks.rowLockCount > 0 && locks.isRowTaken(record, table, rowId, mode))
      return refuse(record, table, rowId, mode, policy)
    // A row that is locked already was found to be the newest then, and nobody has changed it since.
    if (!record.view.sees(head) && isNewer(head, mode, record.view)) return changed(record, table, rowId)
  } else if (locks.rowLockCount > 0 && locks.isRowTaken(record, table, rowId, mode)) {
    return refuse(record, table, rowId, mode, policy)
  }
  if (mode < RowMode.NO_KEY_UPDATE) share(record, table, rowId, mode, requested, head)
  else takeHead(record, table, rowId, mode, requested, head)
  return Outcome.DONE
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
function share(
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

/** Gives the run up and queues for the row. Throws 40P01. */
export function waitForRow(record: TransactionRecord, table: RowTable, rowId: number, mode: number): Outcome {
  abandonRun(record)
  record.hasIdleLocks = true
  record.engine.locks.waitForRow(record, table, rowId, mode)
  return Outcome.BLOCKED
}
