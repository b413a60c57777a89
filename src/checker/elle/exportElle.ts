/**
 * The history of a table whose rows hold lists, as Elle reads it. A row is a list: one column names it, another holds its
 * elements, separated by commas, as Jepsen's append tests do it in SQL:
 *
 *     UPDATE lists SET elements = elements || ',3' WHERE id = 1        [:append 1 3]
 *     SELECT elements FROM lists WHERE id = 1                          [:r 1 [1 2 3]]
 *
 * What a statement reads of a row that it then writes is part of the append, and no read of its own.
 */
import { invalidHistory } from '../../errors.ts'
import type { HistoryData, HistoryEvent, HistoryObject, HistoryRow, HistoryValue } from '../model.ts'
import type { Edn } from './edn.ts'
import { EdnMap, Keyword, writeEdn } from './edn.ts'

export interface ListTable {
  readonly table: string
  /** The column that names the list. */
  readonly key: string
  /** The column that holds its elements. */
  readonly elements: string
}

/** A map a line. @throws DatabaseError 22023 if a write was no append */
export function exportElle(history: HistoryData, lists: ListTable): string {
  const lines: string[] = []
  const calls = new Map<number, Edn[]>()
  const replies = new Map<number, Edn[]>()
  const statuses = new Map(history.transactions.map(({ id, status }) => [id, status]))
  const processes = new Map(history.transactions.map(({ id, session }) => [id, session ?? id]))
  const writes = writtenByStatement(history)
  const prefixes = new Prefixes(lists)
  for (const event of history.events) {
    const operation = operationOf(event, history, lists, writes, prefixes)
    if (operation === null) continue
    push(calls, event.transaction, operation.call)
    push(replies, event.transaction, operation.reply)
  }
  const invoked = new Set<number>()
  const line = (type: string, id: number, value: readonly Edn[]): void => {
    const entries: [Edn, Edn][] = [
      [new Keyword('index'), lines.length],
      [new Keyword('type'), new Keyword(type)],
      [new Keyword('f'), new Keyword('txn')],
      [new Keyword('process'), processes.get(id)!],
      [new Keyword('value'), value],
    ]
    lines.push(writeEdn(new EdnMap(entries)))
  }
  for (const { kind, transaction: id } of history.events) {
    const call = calls.get(id)
    if (call === undefined) continue
    if (!invoked.has(id)) {
      invoked.add(id)
      line('invoke', id, call)
    }
    if (kind === 'commit') line('ok', id, replies.get(id)!)
    if (kind === 'abort') line('fail', id, call)
  }
  for (const id of invoked) if (statuses.get(id) === 'open') line('info', id, calls.get(id)!)
  return lines.map((each) => `${each}\n`).join('')
}

function push(map: Map<number, Edn[]>, key: number, value: Edn): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}

/** `statement object` of every write. */
function writtenByStatement({ events }: HistoryData): ReadonlySet<string> {
  const written = new Set<string>()
  for (const event of events) if (event.kind === 'write') written.add(`${event.statement ?? ''} ${event.object}`)
  return written
}

interface Exported {
  readonly call: Edn
  readonly reply: Edn
}

function operationOf(
  event: HistoryEvent,
  history: HistoryData,
  lists: ListTable,
  writes: ReadonlySet<string>,
  prefixes: Prefixes,
): Exported | null {
  if (event.kind !== 'read' && event.kind !== 'write') return null
  const object = history.objects?.[event.object]
  if (object?.table !== lists.table) return null
  const row = object.values?.[event.version]
  if (event.kind === 'read') {
    if (row === undefined || writes.has(`${event.statement ?? ''} ${event.object}`)) return null
    const key = ednOf(column(row, lists.key))
    const r = new Keyword('r')
    return { call: [r, key, null], reply: [r, key, elementsOf(row, lists)] }
  }
  if (event.undone === true) return null
  const list = row === undefined ? [] : elementsOf(row, lists)
  const added = list.at(-1)
  if (row === undefined || added === undefined || !prefixes.hasOlder(object, event.version, list.slice(0, -1))) {
    throw invalidHistory(`version ${event.version} of ${event.object} is not made by appending one element`)
  }
  const append = [new Keyword('append'), ednOf(column(row, lists.key)), added]
  return { call: append, reply: append }
}

/** Which lists a row has held, and since which version: formatted once, for a list with many elements has as many versions. */
class Prefixes {
  readonly #lists: ListTable
  /** By object and list: the oldest version that holds it. */
  readonly #oldest = new Map<HistoryObject, ReadonlyMap<string, number>>()

  constructor(lists: ListTable) {
    this.#lists = lists
  }

  /** True if some older version holds just these elements; the empty list is always there. */
  hasOlder(object: HistoryObject, version: number, list: readonly Edn[]): boolean {
    return list.length === 0 || (this.#of(object).get(writeEdn(list)) ?? Infinity) < version
  }

  #of(object: HistoryObject): ReadonlyMap<string, number> {
    const known = this.#oldest.get(object)
    if (known !== undefined) return known
    const oldest = new Map<string, number>()
    for (const [number, row] of Object.entries(object.values ?? {})) {
      const text = writeEdn(elementsOf(row, this.#lists))
      oldest.set(text, Math.min(Number(number), oldest.get(text) ?? Infinity))
    }
    this.#oldest.set(object, oldest)
    return oldest
  }
}

function column(row: HistoryRow, name: string): HistoryValue {
  const value = row[name]
  if (value === undefined) throw invalidHistory(`there is no column ${name}`)
  return value
}

function elementsOf(row: HistoryRow, { elements }: ListTable): Edn[] {
  const value = column(row, elements)
  if (value === null || value === '') return []
  return String(value)
    .split(',')
    .map((element) => ednOf(element.trim()))
}

/** Whole numbers are numbers. */
function ednOf(value: HistoryValue): Edn {
  return typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value
}
