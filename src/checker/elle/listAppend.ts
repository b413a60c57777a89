/**
 * Histories of lists to which transactions append: a read of a list shows the order of all versions behind it, so the
 * history of any database can be judged from what its clients saw. After Kingsbury and Alvaro, *Elle: Inferring Isolation
 * Anomalies from Experimental Observations* (VLDB 2020), whose notation and names are kept.
 *
 *     {:type :ok, :f :txn, :process 0, :value [[:r :x [1]] [:append :x 2]]}
 *
 * Version n of a list is its first n elements. What was appended and never read has no known place, and is left out: so all that
 * is inferred is sound, and a history may hold more than is found.
 *
 * - An `:info` transaction (nobody knows what became of it) counts as committed if a read saw what it appended.
 * - `incompatible-order`: two reads of a list, neither a prefix of the other. `duplicate-elements`: a read shows an element
 *   twice. `garbage`: a read shows an element that nobody appended.
 * - `internal`: a read contradicts what its own transaction read or appended before.
 */
import { invalidHistory, invalidOption } from '../../errors.ts'
import { check } from '../check.ts'
import { History } from '../history.ts'
import type { HistoryEvent, HistoryObject, HistoryTransaction, Level, TransactionStatus } from '../model.ts'
import { Levels } from '../model.ts'
import type { Verdict } from '../verdict.ts'
import type { Edn } from './edn.ts'
import { EdnMap, Keyword, readEdn, writeEdn } from './edn.ts'

/** Elle's names. */
export type ListAppendAnomaly =
  | 'incompatible-order'
  | 'duplicate-elements'
  | 'garbage'
  | 'internal'
  | 'G0'
  | 'G1a'
  | 'G1b'
  | 'G1c'
  | 'lost-update'
  | 'G-single'
  | 'G2-item'

export interface ListAppendVerdict {
  /** True if the history holds no anomaly that the level proscribes. */
  readonly valid: boolean
  /** All that were found. */
  readonly anomalies: readonly ListAppendAnomaly[]
  /** Those that do not come from the graph, in words. */
  readonly inconsistencies: readonly string[]
  /** What the graph holds, with witnesses. */
  readonly verdict: Verdict
  /** The history that was inferred. */
  readonly history: History
}

type Operation =
  | { readonly kind: 'append'; readonly key: string; readonly element: string }
  /** `list` null: not known. */
  | { readonly kind: 'read'; readonly key: string; readonly list: readonly string[] | null }

interface Transaction {
  readonly id: number
  readonly process: string
  readonly operations: readonly Operation[]
  status: TransactionStatus
}

interface Inconsistency {
  readonly name: 'incompatible-order' | 'duplicate-elements' | 'garbage' | 'internal'
  readonly description: string
}

/** `source`: EDN, operations one after the other or in one vector. `level`: what the database promised. @throws DatabaseError 22023 */
export function checkListAppend(source: string, level: Level = 'serializable'): ListAppendVerdict {
  if (typeof source !== 'string') throw invalidHistory('EDN is a text')
  // A level that is none would proscribe nothing, and every history would be valid.
  if (!Levels.includes(level)) throw invalidOption('level', level)
  const inference = new Inference(readTransactions(source), level)
  const { history, inconsistencies } = inference
  const verdict = check(history)
  const anomalies = new Set<ListAppendAnomaly>(inconsistencies.map(({ name }) => name))
  for (const { name } of verdict.phenomena) {
    if (name === 'P4') anomalies.add('lost-update').add('G-single')
    else if (isElle(name)) anomalies.add(name)
  }
  return {
    valid: verdict.ok && inconsistencies.length === 0,
    anomalies: [...anomalies],
    inconsistencies: inconsistencies.map(({ description }) => description),
    verdict,
    history,
  }
}

const shared = ['internal', 'G0', 'G1a', 'G1b', 'G1c', 'G-single', 'G2-item'] as const
const isElle = (name: string): name is (typeof shared)[number] => shared.some((each) => each === name)

// Reading.

function readTransactions(source: string): Transaction[] {
  const forms = readEdn(source)
  const [first] = forms
  const operations = forms.length === 1 && Array.isArray(first) ? (first as readonly Edn[]) : forms
  const transactions: Transaction[] = []
  /** Operations whose end is not in the history, by process. */
  const pending = new Map<string, EdnMap>()
  const add = (operation: EdnMap, process: string, status: TransactionStatus): void => {
    transactions.push({ id: transactions.length + 1, process, operations: operationsOf(operation), status })
  }
  for (const [i, operation] of operations.entries()) {
    if (!(operation instanceof EdnMap)) throw invalidHistory(`operation ${i} is no map`)
    const f = operation.get('f')
    if (f !== undefined && !(f instanceof Keyword && f.name === 'txn')) continue
    const type = operation.get('type')
    const name = type instanceof Keyword ? type.name : ''
    const process = writeEdn(operation.get('process') ?? null)
    switch (name) {
      case 'invoke': {
        const unended = pending.get(process)
        if (unended !== undefined) add(unended, process, 'open')
        pending.set(process, operation)
        break
      }
      case 'ok':
      case 'fail':
      case 'info':
        pending.delete(process)
        add(operation, process, name === 'ok' ? 'committed' : name === 'fail' ? 'aborted' : 'open')
        break
      default:
        throw invalidHistory(`operation ${i} has the type ${writeEdn(type ?? null)}`)
    }
  }
  for (const [process, operation] of pending) add(operation, process, 'open')
  return transactions
}

function operationsOf(operation: EdnMap): Operation[] {
  const value = operation.get('value') ?? null
  if (value === null) return []
  if (!Array.isArray(value)) throw invalidHistory(`:value must be a vector of operations, not ${writeEdn(value)}`)
  return (value as readonly Edn[]).map((each) => {
    const [f, key, argument] = Array.isArray(each) ? (each as readonly Edn[]) : []
    if (!(f instanceof Keyword) || key === undefined) throw invalidHistory(`no operation of a list: ${writeEdn(each)}`)
    if (f.name === 'append') return { kind: 'append', key: writeEdn(key), element: writeEdn(argument ?? null) }
    if (f.name !== 'r') throw invalidHistory(`:${f.name} is neither :append nor :r`)
    if (argument === undefined || argument === null) return { kind: 'read', key: writeEdn(key), list: null }
    if (!Array.isArray(argument)) throw invalidHistory(`a read of a list gives a vector, not ${writeEdn(argument)}`)
    return { kind: 'read', key: writeEdn(key), list: (argument as readonly Edn[]).map(writeEdn) }
  })
}

// Inference.

/** What is known of one list. */
interface List {
  /** The longest that was read. */
  longest: readonly string[]
  /** By element: who appended it. */
  readonly appendedBy: Map<string, Transaction>
}

class Inference {
  readonly inconsistencies: Inconsistency[] = []
  readonly history: History
  readonly #lists = new Map<string, List>()

  constructor(transactions: readonly Transaction[], level: Level) {
    for (const transaction of transactions) this.#noteAppends(transaction)
    for (const transaction of transactions) if (transaction.status === 'committed') this.#noteReads(transaction)
    for (const list of this.#lists.values()) this.#noteObserved(list)
    const events: HistoryEvent[] = []
    const places = new Map([...this.#lists].map(([key, { longest }]) => [key, placesOf(longest)]))
    for (const transaction of transactions) this.#addEvents(transaction, places, events)
    this.history = new History({
      transactions: transactions.map(({ id, status }): HistoryTransaction => ({ id, level, status })),
      events,
      objects: this.#objects(),
    })
  }

  #list(key: string): List {
    let list = this.#lists.get(key)
    if (list === undefined) {
      list = { longest: [], appendedBy: new Map() }
      this.#lists.set(key, list)
    }
    return list
  }

  #noteAppends(transaction: Transaction): void {
    for (const operation of transaction.operations) {
      if (operation.kind !== 'append') continue
      const { key, element } = operation
      const { appendedBy } = this.#list(key)
      if (appendedBy.has(element)) throw invalidHistory(`${element} was appended to ${key} twice`)
      appendedBy.set(element, transaction)
    }
  }

  #noteReads(transaction: Transaction): void {
    /** By key: what the transaction must read now; null: at least these, at the end. */
    const expected = new Map<string, { readonly list: readonly string[]; readonly whole: boolean }>()
    for (const operation of transaction.operations) {
      const { key } = operation
      const known = expected.get(key) ?? { list: [], whole: false }
      if (operation.kind === 'append') {
        expected.set(key, { list: [...known.list, operation.element], whole: known.whole })
        continue
      }
      const { list } = operation
      if (list === null) {
        // A read of nothing: the list is empty, unless nobody knows.
        if (known.list.length > 0) this.#contradiction(transaction, key, known.list, [])
        continue
      }
      if (!endsWith(list, known.list) || (known.whole && list.length !== known.list.length)) {
        this.#contradiction(transaction, key, known.list, list)
      }
      expected.set(key, { list, whole: true })
      this.#noteRead(key, list)
    }
  }

  #contradiction({ id }: Transaction, key: string, expected: readonly string[], read: readonly string[]): void {
    const description = `T${id} read ${key} = [${read.join(' ')}], where its own operations led to [${expected.join(' ')}]`
    this.inconsistencies.push({ name: 'internal', description })
  }

  #noteRead(key: string, read: readonly string[]): void {
    const list = this.#list(key)
    if (new Set(read).size !== read.length) {
      const description = `a read of ${key} shows an element twice: [${read.join(' ')}]`
      this.inconsistencies.push({ name: 'duplicate-elements', description })
      return
    }
    const unknown = read.find((element) => !list.appendedBy.has(element))
    if (unknown !== undefined) {
      const description = `a read of ${key} shows ${unknown}, which nobody appended`
      this.inconsistencies.push({ name: 'garbage', description })
    }
    const [shorter, longer] = read.length < list.longest.length ? [read, list.longest] : [list.longest, read]
    if (!startsWith(longer, shorter)) {
      const description = `reads of ${key} disagree about its order: [${shorter.join(' ')}] and [${longer.join(' ')}]`
      this.inconsistencies.push({ name: 'incompatible-order', description })
    } else list.longest = longer
  }

  /** What was read was committed, if it may have been. */
  #noteObserved({ longest, appendedBy }: List): void {
    for (const element of longest) {
      const transaction = appendedBy.get(element)
      if (transaction?.status === 'open') transaction.status = 'committed'
    }
  }

  /** `places`: by list, where its elements stand, from 1. */
  #addEvents(transaction: Transaction, places: ReadonlyMap<string, Places>, events: HistoryEvent[]): void {
    const { id, status } = transaction
    for (const operation of transaction.operations) {
      const { key } = operation
      const { longest } = this.#list(key)
      if (operation.kind === 'append') {
        const version = places.get(key)!.get(operation.element)
        if (version === undefined) continue
        events.push({ kind: 'write', transaction: id, object: key, version, operation: 'update' })
      } else if (operation.list !== null || status === 'committed') {
        const list = operation.list ?? []
        if (startsWith(longest, list)) events.push({ kind: 'read', transaction: id, object: key, version: list.length })
      }
    }
    if (status !== 'open') events.push({ kind: status === 'committed' ? 'commit' : 'abort', transaction: id })
  }

  #objects(): Record<string, HistoryObject> {
    return Object.fromEntries(
      [...this.#lists].map(([key, { longest }]) => {
        const values = Object.fromEntries(
          Array.from({ length: longest.length + 1 }, (_, n) => [n, { list: shown(longest, n) }]),
        )
        return [key, { label: key, values }]
      }),
    )
  }
}

type Places = ReadonlyMap<string, number>

const placesOf = (list: readonly string[]): Places => new Map(list.map((element, i) => [element, i + 1]))

const mostShown = 24

/** The first `length` elements; of many the first and the last few, for there is such a text for each version of a list. */
function shown(list: readonly string[], length: number): string {
  if (length <= mostShown) return `[${list.slice(0, length).join(' ')}]`
  const half = mostShown / 2
  return `[${list.slice(0, half).join(' ')} … ${list.slice(length - half, length).join(' ')}]`
}

function startsWith(list: readonly string[], prefix: readonly string[]): boolean {
  return prefix.length <= list.length && prefix.every((element, i) => element === list[i])
}

function endsWith(list: readonly string[], suffix: readonly string[]): boolean {
  const shift = list.length - suffix.length
  return shift >= 0 && suffix.every((element, i) => element === list[shift + i])
}
