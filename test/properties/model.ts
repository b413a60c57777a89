/**
 * The model: a Map for each committed state, and the writes of each open transaction beside it. It says what every read
 * may see at each level, and knows nothing of versions, locks or timestamps.
 *
 * Statements may overlap, so a read has a window of committed states: those from its issue to its end. At READ COMMITTED
 * it must have seen one of them, whole. At REPEATABLE READ one state must explain all reads of the transaction: each read
 * leaves fewer candidates, never none.
 */
import { expect } from 'vitest'
import type { IsolationName } from '../../src/index.ts'
import type { Action, Event, Observer } from './schedule.ts'
import { initialKeys } from './schedule.ts'

type Rows = ReadonlyMap<number, number>
/** What a transaction wrote, by key; null: it deleted the row. */
type Writes = ReadonlyMap<number, number | null>

interface OpenTransaction {
  writes: Writes
  atSavepoint: Writes | null
  /** At REPEATABLE READ: the states that explain every read so far; null before the first statement. */
  candidates: Rows[] | null
  /** The number of the committed state when the statement that is under way was issued. */
  issuedAt: number
  published: boolean
}

export class Model implements Observer {
  /** Reads that were checked. */
  checkedReads = 0
  readonly #isolation: IsolationName
  readonly #open = new Map<number, OpenTransaction>()
  readonly #states: Rows[] = [new Map(initialKeys.map((key) => [key, -key]))]

  constructor(isolation: IsolationName) {
    this.#isolation = isolation
  }

  get committed(): Rows {
    return this.#states.at(-1)!
  }

  issued(transaction: number, _action: Action): void {
    const open = this.#open.get(transaction)
    const issuedAt = this.#states.length - 1
    if (open !== undefined) open.issuedAt = issuedAt
    else {
      this.#open.set(transaction, {
        writes: new Map(),
        atSavepoint: null,
        candidates: null,
        issuedAt,
        published: false,
      })
    }
  }

  published(transaction: number): void {
    const open = this.#open.get(transaction)!
    open.published = true
    this.#states.push(overlaid(this.committed, open.writes))
  }

  done(event: Event): void {
    const { transaction, action } = event
    const open = this.#open.get(transaction)!
    if (action.kind === 'commit' || action.kind === 'rollback') {
      expect(open.published || open.writes.size === 0).toBe(
        (action.kind === 'commit' && event.error === null) || open.writes.size === 0,
      )
      this.#open.delete(transaction)
      return
    }
    // The first statement takes the snapshot, whatever becomes of it.
    if (action.kind !== 'savepoint' && action.kind !== 'rollbackTo') {
      open.candidates ??= this.#states.slice(open.issuedAt)
    }
    if (event.error !== null) {
      open.writes = open.atSavepoint ?? new Map()
      return
    }
    switch (action.kind) {
      case 'read':
        this.#check(open, (rows) => same(event.saw, only(rows, action.key)), event)
        break
      case 'scan':
        this.#check(open, (rows) => same(event.saw, rows), event)
        break
      case 'write':
        this.#check(open, (rows) => event.saw.has(action.key) === rows.has(action.key), event)
        if (event.put !== null) open.writes = new Map(open.writes).set(action.key, event.put)
        break
      case 'insert':
        if (event.put !== null) open.writes = new Map(open.writes).set(action.key, event.put)
        break
      case 'delete':
        this.#check(open, (rows) => same(event.saw, only(rows, action.key)), event)
        if (event.saw.has(action.key)) open.writes = new Map(open.writes).set(action.key, null)
        break
      case 'savepoint':
        open.atSavepoint = open.writes
        break
      case 'rollbackTo':
        open.writes = open.atSavepoint ?? new Map()
        break
    }
  }

  /** Some state that the statement may have read explains what it saw. */
  #check(open: OpenTransaction, explains: (rows: Rows) => boolean, event: Event): void {
    this.checkedReads++
    const states = this.#statesFor(open)
    const found = states.filter((state) => explains(overlaid(state, open.writes)))
    if (found.length === 0) {
      expect.fail(
        `T${event.transaction} ${JSON.stringify(event.action)} saw ${show(event.saw)}, ` +
          `possible were ${states.map((state) => show(overlaid(state, open.writes))).join(' or ')}`,
      )
    }
    if (this.#isolation === 'repeatable read' || this.#isolation === 'snapshot') open.candidates = found
  }

  #statesFor(open: OpenTransaction): Rows[] {
    if (this.#isolation === 'read committed') return this.#states.slice(open.issuedAt)
    if (this.#isolation !== 'read uncommitted') return open.candidates ?? []
    // Dirty reads: what everybody has written so far, on top.
    let now: Rows = this.committed
    for (const other of this.#open.values()) if (other !== open && !other.published) now = overlaid(now, other.writes)
    return [now]
  }
}

const show = (rows: Rows): string => `{${[...rows].map(([k, v]) => `${k}: ${v}`).join(', ')}}`

const same = (a: Rows, b: Rows): boolean => a.size === b.size && [...a].every(([key, value]) => b.get(key) === value)

function overlaid(rows: Rows, writes: Writes): Rows {
  const result = new Map(rows)
  for (const [key, value] of writes) {
    if (value === null) result.delete(key)
    else result.set(key, value)
  }
  return result
}

function only(rows: Rows, key: number): Rows {
  const value = rows.get(key)
  return value === undefined ? new Map() : new Map([[key, value]])
}
