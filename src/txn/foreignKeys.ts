/**
 * Foreign keys between transactions: which row a key refers to, and whether a row refers to a key (docs/foreign-keys.md).
 *
 * Both questions are about the newest versions in place, whatever the statement sees. An open transaction whose end
 * decides is waited for; a row that is referred to is held FOR KEY SHARE, so that it keeps its key until the reference is
 * committed.
 *
 * A serializable transaction must not depend on what was committed after its snapshot: there its snapshot has to give the
 * same answer as the newest versions do (else 40001), and the look-up leaves SIREADs like any read.
 */
import { concurrentUpdate } from '../errors.ts'
import type { RowPredicate } from '../storage/guardedTable.ts'
import type { Index } from '../storage/row/index.ts'
import type { Key } from '../storage/row/keyTree.ts'
import type { RowTable } from '../storage/row/table.ts'
import { CLOSED } from '../storage/row/treeCursor.ts'
import { Probe, probeUnique } from '../storage/row/uniqueProbe.ts'
import { valuesInPlace, valuesOf, type VersionValues } from '../storage/row/versionValues.ts'
import type { UndoEntry } from '../storage/undo.ts'
import { RowMode } from '../storage/undo.ts'
import type { Value } from '../types/value.ts'
import { AWAIT_WRITER, rowModesExclude } from './lockModes.ts'
import { share, waitForRow } from './rowLocks.ts'
import type { TransactionRecord } from './transactionRecord.ts'
import { Outcome } from './transactionRecord.ts'
import { abandonRun } from './undoing.ts'

/** Beside `Outcome`: the answer is no. */
export const NONE = -1
export type Answer = Outcome | typeof NONE

// ------------------------------------------------------------------------------------- the row that is referred to

/** DONE: a row has the key in this unique index, and is held FOR KEY SHARE. NONE: no row has. Throws 40001, 40P01. */
export function lockReferenced(record: TransactionRecord, table: RowTable, index: Index, key: Key): Answer {
  const { probe, rowId } = probeUnique(index, table.pages, key, record, -1, record.isolation.alone)
  if (probe === Probe.FREE) return keyAbsent(record, table, index, key)
  const head = table.head(rowId)
  const { locks } = record.engine
  const isWritten =
    head !== null &&
    head.writer !== record &&
    !head.writer.published &&
    !record.isolation.alone &&
    rowModesExclude(head.mode, RowMode.KEY_SHARE)
  if (
    probe === Probe.HELD ||
    isWritten ||
    (locks.rowLockCount > 0 && locks.isRowTaken(record, table, rowId, RowMode.KEY_SHARE))
  ) {
    return waitForRow(record, table, rowId, RowMode.KEY_SHARE)
  }
  share(record, table, rowId, RowMode.KEY_SHARE, true, head)
  const { view, isolation } = record
  const { guard } = view
  if (isolation.tracksReads && !seesKey(record, table, index, key)) throw concurrentUpdate('update', table.name)
  if (guard !== null && watches(record)) {
    const scan = table.scan([])
    if (guard.records === true) scan.predicate = anyRow
    // Under 2PL the lock on the row is the read.
    if (isolation.locksReads) guard.foundUnique?.(table, index, rowId, view, scan)
    else {
      if (mayHaveLacked(record, head))
        for (const each of index.keys.equals(key)) guard.readEntry(table, each, view, scan)
      guard.readUnique(table, index, rowId, view, scan)
    }
  }
  return Outcome.DONE
}

/**
 * True if between the snapshot and now the row may have been without the key. So there may have been no such row, though
 * there is one at both ends: perhaps another, which has lost the key since.
 */
function mayHaveLacked(record: TransactionRecord, head: UndoEntry | null): boolean {
  for (let entry = head; entry !== null && !record.view.sees(entry); entry = entry.older) {
    if (entry.writer !== record && rowModesExclude(entry.mode, RowMode.KEY_SHARE)) return true
  }
  return false
}

function keyAbsent(record: TransactionRecord, table: RowTable, index: Index, key: Key): Answer {
  return noteAbsent(record, table, index, key) ? NONE : awaitGuard(record)
}

/**
 * Now no row has this key. Whoever gives it to one is met by the SIREAD of the range, and who gave it to one that has lost
 * it again since the snapshot was taken is met here: the transaction has to stand before it, or behind it with all it read.
 * False: it must wait (`awaitGuard`). Throws 40001 if the snapshot has the key.
 */
export function noteAbsent(record: TransactionRecord, table: RowTable, index: Index, key: Key): boolean {
  const { view, isolation } = record
  if (!noteRange(record, table, index, key)) return false
  if (isolation.onNewerVersion === 'fail' && seesKey(record, table, index, key)) {
    throw concurrentUpdate('delete', table.name)
  }
  if (view.guard !== null && isolation.tracksReads) {
    const scan = table.scan([])
    for (const rowId of index.keys.equals(key)) view.guard.readEntry(table, rowId, view, scan)
  }
  return true
}

/** Whether the transaction's snapshot, or what it has written itself, has the key. */
export function seesKey(record: TransactionRecord, table: RowTable, index: Index, key: Key): boolean {
  for (const rowId of index.keys.equals(key)) {
    const { exists, values } = valuesSeen(record, table, rowId, index.columns)
    if (exists && index.keys.order(values.length === 1 ? values[0]! : values, key) === 0) return true
  }
  return false
}

/** What the transaction's snapshot shows, or what it has written itself, also in this statement. */
function valuesSeen(
  record: TransactionRecord,
  table: RowTable,
  rowId: number,
  columns: readonly number[],
): VersionValues {
  return valuesOf(table, rowId, columns, (entry) => entry.writer === record || record.view.sees(entry))
}

// ------------------------------------------------------------------------------------------- the rows that refer

/** All rows with this key (or prefix of a key) are about to be judged. False: it must wait (`awaitGuard`). */
export function noteRange(record: TransactionRecord, table: RowTable, index: Index, key: Key): boolean {
  const { view } = record
  const { guard } = view
  if (guard === null || !watches(record)) return true
  return guard.readRange(table, index, { low: key, high: key, bounds: CLOSED }, view, table.scan([]))
}

/** All rows of the table are about to be judged by `refers`. False: it must wait. */
export function noteTable(
  record: TransactionRecord,
  table: RowTable,
  refers: (values: readonly Value[]) => boolean,
): boolean {
  const { view } = record
  const { guard } = view
  if (guard === null || !watches(record)) return true
  const scan = table.scan([])
  if (guard.records === true) scan.predicate = { selective: true, matches: refers }
  return guard.readTable(table, view, scan)
}

/** That the row is there is all that a reference needs. */
const anyRow: RowPredicate = { selective: false, existence: true, matches: () => true }

const watches = ({ isolation }: TransactionRecord): boolean =>
  isolation.tracksReads || isolation.locksReads || isolation.alone

/**
 * Whether a row refers: `refers` judges the values of `columns` in a version. DONE: its newest version does. What the
 * transaction wrote since command `since` does not count: the version that it found then is judged. Throws 40001, 40P01.
 */
export function judgeReferencing(
  record: TransactionRecord,
  table: RowTable,
  rowId: number,
  columns: readonly number[],
  refers: (values: readonly Value[]) => boolean,
  since = Infinity,
): Answer {
  const holds = ({ exists, values }: VersionValues): boolean => exists && refers(values)
  const head = table.head(rowId)
  if (head === null) {
    if (!holds(valuesInPlace(table, rowId, columns))) return NONE
    return noteEntry(record, table, rowId)
  }
  const { writer } = head
  if (writer === record) {
    return holds(valuesOf(table, rowId, columns, (at) => at.writer !== record || at.command < since))
      ? Outcome.DONE
      : NONE
  }
  const found = writer.published || holds(valuesOf(table, rowId, columns, (at) => at.writer !== writer))
  const seen = record.isolation.tracksReads && holds(valuesSeen(record, table, rowId, columns))
  // Last, so that `refers` has judged this version last.
  const now = holds(valuesInPlace(table, rowId, columns))
  if (!writer.published && now !== found) return waitForRow(record, table, rowId, AWAIT_WRITER)
  if (record.isolation.tracksReads) {
    if (now !== seen) throw concurrentUpdate(now ? 'update' : 'delete', table.name)
    // Between the snapshot and now it may have referred, though at neither end: it stands before whoever did that.
    if (!now && !record.view.sees(head)) record.view.guard?.readEntry(table, rowId, record.view, table.scan([]))
  }
  return now ? noteEntry(record, table, rowId) : NONE
}

function noteEntry(record: TransactionRecord, table: RowTable, rowId: number): Answer {
  const { guard } = record.view
  if (guard === null || !watches(record) || guard.readEntry(table, rowId, record.view, table.scan([])))
    return Outcome.DONE
  return awaitGuard(record)
}

/** A guard has said that the transaction must wait. */
export function awaitGuard(record: TransactionRecord): Outcome {
  abandonRun(record)
  record.hasIdleLocks = true
  return Outcome.BLOCKED
}
