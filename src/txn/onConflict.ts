/**
 * INSERT … ON CONFLICT: whether a new row may be inserted, and what happens to the row that has its key already.
 *
 * The unique keys are probed before anything is written. What is found decides:
 *
 *     an open transaction holds the key   wait for its end; the statement runs again and probes again
 *     the key is free                     insert
 *     a row has it                        DO NOTHING: pass over.  DO UPDATE: lock that row, then update it
 *
 * The row that has the key is the newest one, which the statement's snapshot need not show. READ COMMITTED runs the statement
 * again with a fresh snapshot, so that it updates a row that it sees (PostgreSQL updates one that its snapshot does not
 * show). From REPEATABLE READ on a newer row is 40001, for DO NOTHING too, and so is a key that the snapshot shows but
 * somebody has deleted since: to insert it would make a row that the transaction sees twice (PostgreSQL does that).
 *
 * For the serializable methods the probe is a read: of the row that was found, or else of the key as a range.
 */
import { assert } from '../assert.ts'
import { affectedTwice, concurrentUpdate } from '../errors.ts'
import type { Index } from '../storage/row/index.ts'
import type { Key } from '../storage/row/keyTree.ts'
import { represented } from '../storage/row/keyTree.ts'
import type { RowScan } from '../storage/row/rowScan.ts'
import type { RowTable } from '../storage/row/table.ts'
import { Probe, probeUnique } from '../storage/row/uniqueProbe.ts'
import type { RowMode } from '../storage/undo.ts'
import type { Value } from '../types/value.ts'
import { noteAbsent } from './foreignKeys.ts'
import { AWAIT_KEY, LockPolicy } from './lockModes.ts'
import { lockRow, waitForRow } from './rowLocks.ts'
import type { TransactionRecord } from './transactionRecord.ts'
import { Outcome } from './transactionRecord.ts'
import { abandonRun } from './undoing.ts'

/** What to do with a new row; a RowId (from 0) is the row to be updated instead, which is locked now. */
export const Arbitration = { INSERT: -1, PASS: -2, BLOCKED: -3, CHANGED: -4 } as const

/**
 * Asks the unique indexes for the keys of `values`, a canonical value a column. `mode`: how to lock the row that has one of
 * them, for DO UPDATE; null for DO NOTHING. That row is then fetched by `scan`. Throws 21000, 40001, 40P01.
 */
export function arbitrate(
  record: TransactionRecord,
  table: RowTable,
  indexes: readonly Index[],
  values: readonly Value[],
  mode: RowMode | null,
  scan: RowScan,
): number {
  for (const index of indexes) {
    const key = keyOf(index, values)
    if (index.keys.hasNull(key)) continue
    const { probe, rowId } = probeUnique(index, table.pages, key, record, -1, record.isolation.alone)
    if (probe === Probe.HELD) {
      const waits = waitForRow(record, table, rowId, AWAIT_KEY) === Outcome.BLOCKED
      return waits ? Arbitration.BLOCKED : Arbitration.CHANGED
    }
    if (probe === Probe.EQUAL) {
      return mode === null ? passOver(record, table, index, rowId, scan) : take(record, table, index, rowId, mode, scan)
    }
    if (!noteAbsent(record, table, index, key)) return awaitGuard(record)
  }
  return Arbitration.INSERT
}

function keyOf(index: Index, values: readonly Value[]): Key {
  const key = index.columns.map((column) => represented(values[column]!))
  return key.length === 1 ? key[0]! : key
}

function passOver(record: TransactionRecord, table: RowTable, index: Index, rowId: number, scan: RowScan): number {
  if (record.isolation.onNewerVersion === 'fail' && !isNewestSeen(record, table, rowId)) {
    throw concurrentUpdate('update', table.name)
  }
  return noteRow(record, table, index, rowId, scan) ? Arbitration.PASS : awaitGuard(record)
}

function take(
  record: TransactionRecord,
  table: RowTable,
  index: Index,
  rowId: number,
  mode: RowMode,
  scan: RowScan,
): number {
  const head = table.head(rowId)
  if (head !== null && head.writer === record && head.command === record.command && head.wrote) throw affectedTwice()
  const locked = lockRow(record, table, rowId, mode, false, LockPolicy.WAIT)
  if (locked !== Outcome.DONE) return locked === Outcome.BLOCKED ? Arbitration.BLOCKED : Arbitration.CHANGED
  if (!noteRow(record, table, index, rowId, scan)) return awaitGuard(record)
  const found = scan.fetch(rowId, record.view)
  assert(found, 'the newest version of a locked row is seen')
  return rowId
}

/** True if the newest version that is not just an open transaction's is the view's, or the transaction's own. */
function isNewestSeen(record: TransactionRecord, table: RowTable, rowId: number): boolean {
  for (let entry = table.head(rowId); entry !== null; entry = entry.older) {
    if (entry.writer === record || record.view.sees(entry)) return true
    if (entry.wrote && entry.writer.published) return false
  }
  return true
}

/** The row was read by its key, which an open transaction may have left as it was. False: it must wait. */
function noteRow(record: TransactionRecord, table: RowTable, index: Index, rowId: number, scan: RowScan): boolean {
  const { view } = record
  const { guard } = view
  if (guard === null) return true
  if (record.isolation.tracksReads && table.head(rowId)?.writer === record) {
    // Its own row has the key: so another one has given it up, which the snapshot may still show.
    for (const other of index.keys.equals(table.keyOf(index, rowId))) {
      if (other !== rowId) guard.readEntry(table, other, view, scan)
    }
  }
  return guard.readEntry(table, rowId, view, scan) && guard.readUnique(table, index, rowId, view, scan)
}

/** A wait while rows are being written: the statement begins again behind it. */
function awaitGuard(record: TransactionRecord): number {
  abandonRun(record)
  return Arbitration.BLOCKED
}
