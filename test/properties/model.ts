/**
 * The model: a Map for each committed state, and the writes of each open transaction beside it. It says what every read
 * may see at each level, and knows nothing of versions, locks or timestamps.
 *
 * Statements may overlap, so a read has a window of committed states: those from its issue to its end. At READ COMMITTED
 * it must have seen one of them, whole. At REPEATABLE READ one state must explain all reads of the transaction: each read
 * leaves fewer candidates, never none.
 *
 * A committed state has one row a key. A snapshot may show two: who inserts a key which a commit behind its snapshot has given
 * up sees its own row, and beside it the one that is gone.
 */
import { expect } from 'vitest'
import type { IsolationName } from '../../src/index.ts'
import type { Action, Event, Observer, SeenRow } from './schedule.ts'
import { initialKeys } from './schedule.ts'

type Rows = ReadonlyMap<number, number>
interface Write {
  /** Null: it deleted the row. */
  readonly value: number | null
  /** True if it began with an insert: a row that the snapshot shows with the key is another one. */
  readonly beside: boolean
}
/** What a transaction wrote, by key. */
type Writes = ReadonlyMap<number, Write>

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
      case 'delete':
        this.#check(open, (rows) => same(event.saw, only(rows, action.key)), event)
        if (action.kind === 'delete' && event.saw.length > 0) write(open, action.key, null)
        break
      case 'scan':
        this.#check(open, (rows) => same(event.saw, rows), event)
        break
      case 'write':
        this.#check(open, (rows) => event.saw.length === only(rows, action.key).length, event)
        if (event.put !== null) write(open, action.key, event.put)
        break
      case 'insert':
        write(open, action.key, event.put, true)
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
  #check(open: OpenTransaction, explains: (rows: readonly SeenRow[]) => boolean, event: Event): void {
    this.checkedReads++
    const states = this.#statesFor(open)
    const found = states.filter((state) => explains(visible(state, open.writes)))
    if (found.length === 0) {
      expect.fail(
        `T${event.transaction} ${JSON.stringify(event.action)} saw ${show(event.saw)}, ` +
          `possible were ${states.map((state) => show(visible(state, open.writes))).join(' or ')}`,
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

function write(open: OpenTransaction, key: number, value: number | null, inserts = false): void {
  const beside = open.writes.get(key)?.beside ?? inserts
  open.writes = new Map(open.writes).set(key, { value, beside })
}

/** The state behind the commit of `writes`. */
function overlaid(rows: Rows, writes: Writes): Rows {
  const result = new Map(rows)
  for (const [key, { value }] of writes) {
    if (value === null) result.delete(key)
    else result.set(key, value)
  }
  return result
}

/** What the writer sees of the state. */
function visible(rows: Rows, writes: Writes): SeenRow[] {
  const seen: SeenRow[] = [...rows].filter(([key]) => writes.get(key)?.beside ?? true)
  for (const [key, { value }] of writes) if (value !== null) seen.push([key, value])
  return seen
}

const show = (rows: readonly SeenRow[]): string => `{${rows.map(([key, value]) => `${key}: ${value}`).join(', ')}}`

/** The same rows, in any order. */
const same = (a: readonly SeenRow[], b: readonly SeenRow[]): boolean =>
  a.length === b.length && show(a.toSorted(byKeyAndValue)) === show(b.toSorted(byKeyAndValue))

const byKeyAndValue = (a: SeenRow, b: SeenRow): number => a[0] - b[0] || a[1] - b[1]

const only = (rows: readonly SeenRow[], wanted: number): readonly SeenRow[] => rows.filter(([key]) => key === wanted)
