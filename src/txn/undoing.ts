/**
 * Taking back: what a transaction wrote since a point, what the run of a statement wrote that has to wait, and at the end of
 * a statement the locks that protect nothing (D2).
 *
 * A transaction that locks what it reads gives up no lock before its end: the rows whose versions are undone stay locked by
 * entries without columns.
 */
import type { UndoEntry } from '../storage/undo.ts'
import type { TransactionRecord } from './transactionRecord.ts'

/** Undoes the writes since `start`, the newest first. */
export function undoTo(record: TransactionRecord, start: UndoEntry | null): void {
  if (record.engine.history.on) record.engine.history.undoing(record, start)
  const command = start === null ? -1 : start.command
  while (record.lastEntry !== start) {
    const entry: UndoEntry = record.lastEntry!
    if (!entry.unlinked) entry.table.undo(entry, command)
    record.lastEntry = entry.previous
  }
}

/** As `undoTo`; the rows stay locked. */
export function undoKeepingLocks(record: TransactionRecord, start: UndoEntry | null): void {
  const locked: UndoEntry[] = []
  for (let entry = record.lastEntry; entry !== start; entry = entry!.previous) if (entry!.existed) locked.push(entry!)
  undoTo(record, start)
  for (const { table, rowId, mode } of locked.reverse()) {
    // It was inserted since, or another write of this transaction has deleted it before.
    if (!table.existsInPlace(rowId)) continue
    const head = table.head(rowId)
    if (head === null || head.writer !== record || head.command !== record.command) table.lock(record, rowId, mode)
    else head.strengthen(mode)
  }
}

/** Undoes what this run of the statement wrote, and keeps its locks for the next run, which gets a view of its own. */
export function abandonRun(record: TransactionRecord): void {
  const { statementStart, rowGrants } = record
  record.equals = null
  if (record.isolation.reads === 'statement snapshot') record.engine.snapshots.release(record.view)
  let wrote = false
  for (let entry = record.lastEntry; entry !== statementStart; entry = entry!.previous) {
    record.hasIdleLocks = true
    entry!.requested = false
    if (entry!.wrote) wrote = true
  }
  for (let i = record.statementRowGrants; i < rowGrants.length; i++) rowGrants[i]!.requested = false
  if (rowGrants.length > record.statementRowGrants) record.hasIdleLocks = true
  if (!wrote) return
  undoKeepingLocks(record, statementStart)
  record.engine.locks.rowsReleased(record)
}

/** At the end of a statement: the locks of its earlier runs go that protect no write and that the last run did not ask for. */
export function giveUpIdleLocks(record: TransactionRecord): void {
  record.hasIdleLocks = false
  if (record.isolation.locksReads) return
  let newer: UndoEntry | null = null
  for (let entry = record.lastEntry; entry !== record.statementStart; entry = entry!.previous) {
    if (entry!.wrote || entry!.requested) {
      newer = entry
      continue
    }
    entry!.table.unlock(entry!)
    if (newer === null) record.lastEntry = entry!.previous
    else newer.previous = entry!.previous
  }
  record.engine.locks.releaseRows(record, record.statementRowGrants, true)
}
