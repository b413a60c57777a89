/**
 * Writing rows: the version, its keys, and whether its unique keys are free (D4). Each write asks, where its table has
 * predicate readers or locks, who is concerned.
 */
import type { ColumnSet } from '../storage/row/columnSet.ts'
import type { Index } from '../storage/row/index.ts'
import type { Key } from '../storage/row/keyTree.ts'
import type { RowTable } from '../storage/row/table.ts'
import { Probe, probeUnique } from '../storage/row/uniqueProbe.ts'
import type { UndoEntry } from '../storage/undo.ts'
import { RowMode } from '../storage/undo.ts'
import type { Value } from '../types/value.ts'
import { AWAIT_KEY } from './lockModes.ts'
import { waitForKey, waitForRow } from './rowLocks.ts'
import type { TransactionRecord } from './transactionRecord.ts'
import { Outcome } from './transactionRecord.ts'
import { duplicateKey } from './uniqueKeys.ts'

export function insertRow(record: TransactionRecord, table: RowTable, values: readonly Value[]): Outcome {
  const rowId = table.insert(record, values, RowMode.UPDATE)
  record.insertedRowId = rowId
  if (record.engine.trace.on) emitWrite(record, table, rowId, 'insert')
  if (record.engine.history.on) record.engine.history.wrote(record, table, rowId, 'insert')
  const { indexes } = table
  for (let i = 0; i < indexes.length; i++) {
    const index = indexes[i]!
    if (table.enter(index, rowId)) continue
    const outcome = enterProbing(record, table, index, rowId)
    if (outcome !== Outcome.DONE) return outcome
  }
  if (table.rangeLocks !== 0) {
    const locked = record.engine.locks.indexAgainst(record, table, rowId)
    if (locked !== null) return waitForKey(record, table, rowId, locked)
  }
  if (table.sireads !== 0) record.engine.conflicts.wrote(record, table, rowId)
  return Outcome.DONE
}

export function updateRow(
  record: TransactionRecord,
  table: RowTable,
  rowId: number,
  set: ColumnSet,
  values: readonly Value[],
): Outcome {
  if (record.engine.trace.on) emitWrite(record, table, rowId, 'update')
  const { indexes } = set
  if (indexes.length === 0) {
    table.update(record, rowId, set, values, RowMode.NO_KEY_UPDATE)
    if (record.engine.history.on) record.engine.history.wrote(record, table, rowId, 'update')
    if (table.sireads !== 0) record.engine.conflicts.wrote(record, table, rowId)
    return Outcome.DONE
  }
  const before: Key[] = []
  for (let i = 0; i < indexes.length; i++) before.push(table.keyOf(indexes[i]!, rowId))
  const head = table.head(rowId)
  const rewritten = head?.command === record.command && head.wrote
  if (hasWritten(record, head)) givesUpKeys(record, table, rowId)
  const entry = table.update(record, rowId, set, values, set.mode)
  if (record.engine.history.on) record.engine.history.wrote(record, table, rowId, 'update')
  for (let i = 0; i < indexes.length; i++) {
    const index = indexes[i]!
    const old = before[i]!
    if (index.keys.order(old, table.keyOf(index, rowId)) === 0) continue
    entry.noteKeysLeft()
    if (!table.enter(index, rowId)) {
      const outcome = enterProbing(record, table, index, rowId)
      if (outcome !== Outcome.DONE) return outcome
    }
    if (rewritten) table.forgetBetween(index, rowId, old)
    // The old key was asked for when the row was locked.
    if (table.rangeLocks !== 0 && record.engine.locks.isKeyTaken(record, table, rowId, index)) {
      return waitForKey(record, table, rowId, index)
    }
  }
  if (table.sireads !== 0) record.engine.conflicts.wrote(record, table, rowId)
  return Outcome.DONE
}

export function deleteRow(record: TransactionRecord, table: RowTable, rowId: number): void {
  if (record.engine.trace.on) emitWrite(record, table, rowId, 'delete')
  if (hasWritten(record, table.head(rowId))) givesUpKeys(record, table, rowId)
  table.delete(record, rowId, RowMode.UPDATE)
  if (record.engine.history.on) record.engine.history.wrote(record, table, rowId, 'delete')
  if (table.sireads !== 0) record.engine.conflicts.wrote(record, table, rowId)
}

/** Probes again the unique keys that met an equal on the way. */
export function finishWrites(record: TransactionRecord): Outcome {
  const { equals } = record
  if (equals === null) return Outcome.DONE
  record.equals = null
  for (const { table, index, rowId } of equals) {
    if (!table.existsInPlace(rowId)) continue
    const key = table.keyOf(index, rowId)
    const result = probeUnique(index, table.pages, key, record, rowId, record.isolation.alone)
    if (result.probe === Probe.EQUAL) {
      if (record.isolation.tracksReads) tell(record, table, index, key, rowId)
      throw duplicateKey(table, index, key)
    }
    if (result.probe === Probe.HELD) return waitForRow(record, table, result.rowId, AWAIT_KEY)
  }
  return Outcome.DONE
}

/** Enters a key that another entry of a unique index has already. */
function enterProbing(record: TransactionRecord, table: RowTable, index: Index, rowId: number): Outcome {
  const key = table.keyOf(index, rowId)
  const result = probeUnique(index, table.pages, key, record, rowId, record.isolation.alone)
  if (result.probe === Probe.HELD) return waitForRow(record, table, result.rowId, AWAIT_KEY)
  if (result.probe === Probe.EQUAL) (record.equals ??= []).push({ table, index, rowId })
  if (record.isolation.tracksReads) tell(record, table, index, table.keyOf(index, rowId), rowId)
  table.enterEqual(index, rowId)
  return Outcome.DONE
}

/** For the serializable methods: before the row loses keys that the transaction has given it (ssi/keysGivenUp.ts). */
export function givesUpKeys(record: TransactionRecord, table: RowTable, rowId: number): void {
  if (record.isolation.tracksReads) record.engine.conflicts.givesUpKeys(record, table, rowId)
  else if (record.readSet !== null) record.readSet.givesUpKeys(table, rowId)
}

/** True if the transaction has written the row before, besides locking it now. */
function hasWritten(record: TransactionRecord, head: UndoEntry | null): boolean {
  if (head === null) return false
  return head.wrote || (head.older !== null && head.older.writer === record)
}

/** The probe of a unique key has told a transaction by SSI what became of the rows that have it, or had it. */
function tell(record: TransactionRecord, table: RowTable, index: Index, key: Key, own: number): void {
  for (const rowId of index.keys.equals(key)) {
    if (rowId !== own) record.engine.conflicts.toldOfRow(record, record.view, table, rowId)
  }
}

function emitWrite(
  { engine, id }: TransactionRecord,
  table: RowTable,
  rowId: number,
  operation: 'insert' | 'update' | 'delete',
): void {
  engine.trace.emit({ kind: 'write', transaction: id, table: table.name, rowId, operation })
}
