/**
 * Reads a history from outside: nothing about it is believed before it is checked, so that what the checker says about it
 * is never nonsense. Every complaint names the place.
 */
import { invalidHistory } from '../errors.ts'
import type {
  HistoryData,
  HistoryEvent,
  HistoryObject,
  HistoryRow,
  HistoryTransaction,
  HistoryValue,
  KeyOrder,
  PredicateObject,
  TransactionStatus,
} from './model.ts'
import { Levels } from './model.ts'

const statuses = ['committed', 'aborted', 'open'] as const
const operations = ['insert', 'update', 'delete'] as const

/** `source`: text, or what JSON.parse made of it. @throws DatabaseError 22023 */
export function readHistory(source: unknown): HistoryData {
  const root = record(typeof source === 'string' ? parsed(source) : source, 'the history')
  if (root['format'] !== 'isolde-history/1') throw invalidHistory('"format" must be "isolde-history/1"')
  const transactions = list(root['transactions'], 'transactions').map(transaction)
  const statuses = new Map<number, TransactionStatus>()
  for (const { id, status } of transactions) {
    if (statuses.has(id)) throw invalidHistory(`two transactions have the id ${id}`)
    statuses.set(id, status)
  }
  const events = list(root['events'], 'events').map((each, i) => event(each, `events[${i}]`))
  for (const [i, { transaction }] of events.entries()) {
    if (!statuses.has(transaction))
      throw invalidHistory(`events[${i}] is of transaction ${transaction}, which is not listed`)
  }
  checkWrites(events)
  checkEnds(events, statuses)
  const keys = root['keys'] === undefined ? [] : list(root['keys'], 'keys').map(keyOrder)
  for (const [i, { transactions }] of keys.entries()) {
    const unknown = transactions.find((id) => !statuses.has(id))
    if (unknown !== undefined) throw invalidHistory(`keys[${i}] names transaction ${unknown}, which is not listed`)
  }
  return {
    format: 'isolde-history/1',
    transactions,
    events,
    objects: root['objects'] === undefined ? {} : objects(root['objects']),
    keys,
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw invalidHistory(error instanceof Error ? error.message : 'not JSON')
  }
}

/** A version has one writer. */
function checkWrites(events: readonly HistoryEvent[]): void {
  const written = new Map<string, Set<number>>()
  for (const [i, event] of events.entries()) {
    if (event.kind !== 'write') continue
    const versions = written.get(event.object)
    if (versions === undefined) written.set(event.object, new Set([event.version]))
    else if (versions.has(event.version)) {
      throw invalidHistory(`events[${i}] writes version ${event.version} of ${event.object}, which was written before`)
    } else versions.add(event.version)
  }
}

/** A transaction ends once, in the way that its status says, and does nothing behind it. */
function checkEnds(events: readonly HistoryEvent[], statuses: ReadonlyMap<number, TransactionStatus>): void {
  const ended = new Set<number>()
  for (const [i, { kind, transaction }] of events.entries()) {
    if (ended.has(transaction)) throw invalidHistory(`events[${i}] is behind the end of transaction ${transaction}`)
    if (kind !== 'commit' && kind !== 'abort') continue
    const status = statuses.get(transaction)
    if (status !== (kind === 'commit' ? 'committed' : 'aborted')) {
      throw invalidHistory(`events[${i}] is a ${kind} of transaction ${transaction}, whose status is "${status}"`)
    }
    ended.add(transaction)
  }
}

function transaction(source: unknown, i: number): HistoryTransaction {
  const at = `transactions[${i}]`
  const each = record(source, at)
  return {
    id: integer(each['id'], `${at}.id`),
    ...(each['session'] === undefined ? {} : { session: integer(each['session'], `${at}.session`) }),
    level: oneOf(each['level'], Levels, `${at}.level`),
    ...(each['method'] === undefined ? {} : { method: text(each['method'], `${at}.method`) }),
    status: oneOf(each['status'], statuses, `${at}.status`),
  }
}

const kinds = ['begin', 'statement', 'read', 'predicate read', 'write', 'commit', 'abort'] as const

function event(source: unknown, at: string): HistoryEvent {
  const each = record(source, at)
  const kind = oneOf(each['kind'], kinds, `${at}.kind`)
  const transaction = integer(each['transaction'], `${at}.transaction`)
  const statement = each['statement'] === undefined ? {} : { statement: integer(each['statement'], `${at}.statement`) }
  switch (kind) {
    case 'begin':
    case 'commit':
    case 'abort':
      return { kind, transaction }
    case 'statement':
      return {
        kind,
        transaction,
        statement: integer(each['statement'], `${at}.statement`),
        sql: text(each['sql'], `${at}.sql`),
      }
    case 'read':
      return { kind, transaction, ...statement, ...version(each, at) }
    case 'predicate read': {
      const over = list(each['over'], `${at}.over`).map((object, i) => predicateObject(object, `${at}.over[${i}]`))
      return { kind, transaction, ...statement, predicate: text(each['predicate'], `${at}.predicate`), over }
    }
    case 'write': {
      const operation = oneOf(each['operation'], operations, `${at}.operation`)
      const undone = each['undone'] === true ? { undone: true } : {}
      return { kind, transaction, ...statement, ...version(each, at), operation, ...undone }
    }
  }
}

function version(each: Fields, at: string): { object: string; version: number } {
  return { object: text(each['object'], `${at}.object`), version: integer(each['version'], `${at}.version`) }
}

function predicateObject(source: unknown, at: string): PredicateObject {
  const each = record(source, at)
  const matching = list(each['matching'], `${at}.matching`).map((v, i) => integer(v, `${at}.matching[${i}]`))
  for (let i = 1; i < matching.length; i++) {
    if (matching[i]! <= matching[i - 1]!) throw invalidHistory(`${at}.matching must ascend`)
  }
  return { ...version(each, at), matching }
}

function objects(source: unknown): Record<string, HistoryObject> {
  const result: [string, HistoryObject][] = []
  for (const [name, each] of Object.entries(record(source, 'objects'))) {
    const at = `objects[${JSON.stringify(name)}]`
    const { label, table, values } = record(each, at)
    result.push([
      name,
      {
        ...(label === undefined ? {} : { label: text(label, `${at}.label`) }),
        ...(table === undefined ? {} : { table: text(table, `${at}.table`) }),
        ...(values === undefined ? {} : { values: rows(values, `${at}.values`) }),
      },
    ])
  }
  return Object.fromEntries(result)
}

function rows(source: unknown, at: string): Record<number, HistoryRow> {
  return Object.fromEntries(
    Object.entries(record(source, at)).map(([version, row]) => {
      if (!/^-?\d{1,15}$/.test(version)) throw invalidHistory(`${at} must be by version, not by ${version}`)
      const fields = Object.entries(record(row, at)).map(([name, value]) => [name, scalar(value, at)] as const)
      return [Number(version), Object.fromEntries(fields)]
    }),
  )
}

function keyOrder(source: unknown, i: number): KeyOrder {
  const at = `keys[${i}]`
  const each = record(source, at)
  const transactions = list(each['transactions'], `${at}.transactions`)
  return {
    key: text(each['key'], `${at}.key`),
    transactions: transactions.map((id, j) => integer(id, `${at}.transactions[${j}]`)),
  }
}

type Fields = Readonly<Record<string, unknown>>

function record(value: unknown, at: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalidHistory(`${at} must be an object`)
  return value as Fields
}

function list(value: unknown, at: string): readonly unknown[] {
  if (!Array.isArray(value)) throw invalidHistory(`${at} must be an array`)
  return value
}

function integer(value: unknown, at: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw invalidHistory(`${at} must be an integer`)
  return value
}

function text(value: unknown, at: string): string {
  if (typeof value !== 'string') throw invalidHistory(`${at} must be a string`)
  return value
}

function scalar(value: unknown, at: string): HistoryValue {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value
  throw invalidHistory(`${at} must hold strings, numbers, booleans and nulls`)
}

function oneOf<T extends string>(value: unknown, allowed: readonly T[], at: string): T {
  const found = allowed.find((each) => each === value)
  if (found === undefined) throw invalidHistory(`${at} must be one of ${allowed.map((each) => `"${each}"`).join(', ')}`)
  return found
}
