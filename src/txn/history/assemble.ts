/** Makes a history of a recording: plain data, in which rows are objects, and predicates are the versions that satisfy them. */
import type {
  HistoryData,
  HistoryEvent,
  HistoryObject,
  HistoryRow,
  HistoryTransaction,
  HistoryValue,
  KeyOrder,
} from '../../checker/model.ts'
import type { Index } from '../../storage/row/index.ts'
import type { Key } from '../../storage/row/keyTree.ts'
import type { GuardedTable } from '../../storage/guardedTable.ts'
import type { Writer } from '../../storage/undo.ts'
import type { SqlType } from '../../types/sqlType.ts'
import { formatValue } from '../../types/textOutput.ts'
import type { Value } from '../../types/value.ts'
import { primaryKey } from '../../catalog/index.ts'
import type { PredicateRead } from './predicateRead.ts'
import { keyOf } from './predicateRead.ts'
import type { RecordedRow, RecordedVersion } from './recordedVersions.ts'
import type { DraftEvent, OpenRecording, Participant } from './recording.ts'

export function assemble(recording: OpenRecording): Omit<HistoryData, 'format'> {
  const rows = [...recording.tables.values()].flatMap((table) => [...table.values()])
  const written = new WrittenRows(rows)
  const dirty = new Set<RecordedVersion>()
  for (const event of recording.events) if (event.kind === 'read' && !event.dropped) dirty.add(event.version)
  const events: HistoryEvent[] = []
  for (const draft of recording.events) {
    const counts = !draft.dropped || (draft.kind === 'write' && dirty.has(draft.version))
    if (counts) events.push(eventOf(draft, written))
  }
  const named = new Set<string>()
  for (const event of events) if ('object' in event) named.add(event.object)
  return {
    transactions: recording.participants.map(transactionOf),
    events,
    objects: Object.fromEntries(rows.filter(({ name }) => named.has(name)).map((row) => [row.name, objectOf(row)])),
    keys: keyOrders(rows, recording),
  }
}

function transactionOf(participant: Participant): HistoryTransaction {
  const { transaction, level, status } = participant
  const { method } = transaction.isolation
  return { id: transaction.id, session: transaction.session, level, ...(method === null ? {} : { method }), status }
}

function eventOf(draft: DraftEvent, written: WrittenRows): HistoryEvent {
  const transaction = draft.participant.transaction.id
  const access = { transaction, ...(draft.statement === 0 ? {} : { statement: draft.statement }) }
  switch (draft.kind) {
    case 'begin':
    case 'commit':
    case 'abort':
      return { kind: draft.kind, transaction }
    case 'statement':
      return { kind: 'statement', transaction, statement: draft.statement, sql: draft.sql }
    case 'read':
      return { kind: 'read', ...access, object: draft.row.name, version: draft.version.number }
    case 'predicate':
      return {
        kind: 'predicate read',
        ...access,
        predicate: draft.read.describe(),
        over: draft.read.over(written.of(draft.read)),
      }
    case 'write': {
      const { row, version, operation } = draft
      // A transaction that rolls back as a whole is aborted, and all of its writes with it: nothing more is to be said.
      const undone = version.undoneAt !== Infinity && draft.participant.status !== 'aborted'
      return {
        kind: 'write',
        ...access,
        object: row.name,
        version: version.number,
        operation,
        ...(undone ? { undone } : {}),
      }
    }
  }
}

/** The rows of each table that were written, and where a predicate names one key: those that ever had it. */
class WrittenRows {
  readonly #byTable = new Map<GuardedTable, RecordedRow[]>()
  readonly #byKey = new Map<Index, Map<string, RecordedRow[]>>()

  constructor(rows: readonly RecordedRow[]) {
    for (const row of rows) {
      if (!row.written) continue
      const list = this.#byTable.get(row.table)
      if (list === undefined) this.#byTable.set(row.table, [row])
      else list.push(row)
    }
  }

  of(read: PredicateRead): readonly RecordedRow[] {
    const rows = this.#byTable.get(read.table) ?? []
    const key = read.onlyKey
    if (key === null || read.keys === null) return rows
    return this.#having(read.keys.index, rows).get(textOf(key)) ?? []
  }

  #having(index: Index, rows: readonly RecordedRow[]): Map<string, RecordedRow[]> {
    let byKey = this.#byKey.get(index)
    if (byKey !== undefined) return byKey
    byKey = new Map()
    this.#byKey.set(index, byKey)
    for (const row of rows) {
      const keys = new Set<string>()
      for (const { values } of row.versions) if (values !== null) keys.add(textOf(keyOf(index, values)))
      for (const key of keys) {
        const list = byKey.get(key)
        if (list === undefined) byKey.set(key, [row])
        else list.push(row)
      }
    }
    return byKey
  }
}

/** Equal keys have equal texts. */
function textOf(key: Key): string {
  if (!Array.isArray(key)) return `${typeof key}:${String(key)}`
  return JSON.stringify(key.map((value: Value) => `${typeof value}:${String(value)}`))
}

// For people.

function objectOf(row: RecordedRow): HistoryObject {
  const values: Record<number, HistoryRow> = {}
  for (const version of row.versions) {
    if (version.values !== null) values[version.number] = rowOf(row.table, version.values)
  }
  return { label: labelOf(row), table: row.table.name, values }
}

function labelOf({ table, rowId, versions }: RecordedRow): string {
  const values = versions.find((version) => version.values !== null)?.values ?? null
  const key = primaryKey(table.descriptor)
  if (values === null || key === null || !('columns' in key)) return `${table.name} row ${rowId}`
  const parts = key.columns.map((column) => {
    const { name, type } = table.descriptor.columns[column]!
    return `${name} = ${String(plain(type, values[column] ?? null))}`
  })
  return `${table.name}(${parts.join(', ')})`
}

function rowOf(table: GuardedTable, values: readonly Value[]): HistoryRow {
  return Object.fromEntries(
    table.descriptor.columns.map(({ name, type }, column) => [name, plain(type, values[column] ?? null)]),
  )
}

/** Numbers, booleans and nulls as they are, the others as PostgreSQL writes them. */
function plain(type: SqlType, value: Value): HistoryValue {
  if (value === null || typeof value === 'boolean') return value
  const isNumber = type.kind === 'int2' || type.kind === 'int4' || type.kind === 'int8' || type.kind === 'float8'
  if (isNumber && typeof value === 'number' && Number.isFinite(value)) return value
  return formatValue(type, value)
}

// Unique keys.

interface Change {
  readonly at: number
  readonly transaction: number
  /** False if the transaction took the key and took that back: the key was free before and behind it. */
  readonly stays: boolean
}

/** For each unique key that a committed transaction gave free or took: who did, in order. */
function keyOrders(rows: readonly RecordedRow[], recording: OpenRecording): KeyOrder[] {
  const counted = new CountedVersions(recording)
  const changes = new Map<string, Change[]>()
  for (const row of rows) {
    if (!row.written) continue
    for (const index of row.table.indexes) {
      if (index.unique && index.enforced) noteChanges(row, index, counted, changes)
    }
  }
  return [...changes].flatMap(([key, list]) =>
    ordersOf(list.sort((a, b) => a.at - b.at))
      .map((order) => order.filter((id, i) => id !== order[i - 1]))
      .filter((order) => order.length > 1)
      .map((transactions) => ({ key, transactions })),
  )
}

/**
 * The changes that stay, in order. Who took the key in vain stands between two of them, and has no order with others who did
 * so between the same two.
 */
function ordersOf(changes: readonly Change[]): number[][] {
  const orders = [changes.filter(({ stays }) => stays).map(({ transaction }) => transaction)]
  let before: number[] = []
  let between: number[][] = []
  for (const { transaction, stays } of changes) {
    if (stays) {
      for (const order of between) order.push(transaction)
      before = [transaction]
      between = []
    } else {
      const order = [...before, transaction]
      between.push(order)
      orders.push(order)
    }
  }
  return orders
}

/**
 * The versions whose keys say something about the order of committed transactions: those that stand, and what a serializable
 * one undid by ROLLBACK TO. That it could take the key then means that it comes behind who gave the key free; a weaker one is
 * not promised that what it found so is of one moment. A statement that failed has not said which keys it found free.
 */
class CountedVersions {
  readonly #committed: ReadonlySet<Writer>
  readonly #serializable: ReadonlySet<Writer>

  constructor({ participants }: OpenRecording) {
    const committed = participants.filter(({ status }) => status === 'committed')
    const serializable = committed.filter(({ level }) => level === 'serializable')
    this.#committed = new Set(committed.map(({ transaction }) => transaction))
    this.#serializable = new Set(serializable.map(({ transaction }) => transaction))
  }

  stands({ writer, undoneAt }: RecordedVersion): boolean {
    return writer === null || (this.#committed.has(writer) && undoneAt === Infinity)
  }

  wasTaken({ writer, undoneAt, unfinished }: RecordedVersion): boolean {
    return undoneAt !== Infinity && !unfinished && this.#serializable.has(writer!)
  }
}

function noteChanges(row: RecordedRow, index: Index, counted: CountedVersions, changes: Map<string, Change[]>): void {
  const note = (values: readonly Value[] | null, { at, writer }: RecordedVersion, stays: boolean): void => {
    if (values === null) return
    const key = keyOf(index, values)
    if (index.keys.hasNull(key)) return
    const name = `${index.name} ${textOf(key)}`
    const change = { at, transaction: writer!.id, stays }
    const list = changes.get(name)
    if (list === undefined) changes.set(name, [change])
    else list.push(change)
  }
  let standing = row.versions[0]!
  for (const version of row.versions.slice(1)) {
    const [old, now] = [standing.values, version.values]
    const same = old !== null && now !== null && index.keys.order(keyOf(index, old), keyOf(index, now)) === 0
    if (counted.stands(version)) {
      standing = version
      if (same) continue
      note(old, version, true)
      note(now, version, true)
    } else if (!same && counted.wasTaken(version)) note(now, version, false)
  }
}
