/**
 * The model: a Map per committed state, and the writes of each open transaction beside it. It says what every read must
 * see at each level, and knows nothing of versions, locks or timestamps.
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
  /** At REPEATABLE READ: the committed state when its first statement was issued. */
  snapshot: Rows | null
  /** What the statement that is under way must see if it reads. */
  expected: Rows
}

export class Model implements Observer {
  committed: Rows = new Map(initialKeys.map((key) => [key, -key]))
  readonly #isolation: IsolationName
  readonly #open = new Map<number, OpenTransaction>()
  /** Reads that were checked. */
  checkedReads = 0

  constructor(isolation: IsolationName) {
    this.#isolation = isolation
  }

  issued(transaction: number, action: Action): void {
    let open = this.#open.get(transaction)
    if (open === undefined) {
      open = { writes: new Map(), atSavepoint: null, snapshot: null, expected: this.committed }
      this.#open.set(transaction, open)
    }
    if (action.kind !== 'savepoint' && action.kind !== 'rollbackTo') open.snapshot ??= this.committed
    open.expected = overlaid(this.#base(open), open.writes)
  }

  done(event: Event): void {
    const { transaction, action } = event
    const open = this.#open.get(transaction)!
    if (event.error !== null) {
      open.writes = open.atSavepoint ?? new Map()
      if (action.kind === 'commit') this.#open.delete(transaction)
      return
    }
    switch (action.kind) {
      case 'read':
        this.checkedReads++
        expect(event.saw).toEqual(only(open.expected, action.key))
        break
      case 'scan':
        this.checkedReads++
        expect(event.saw).toEqual(open.expected)
        break
      case 'write':
      case 'insert':
        if (event.put !== null) open.writes = new Map(open.writes).set(action.key, event.put)
        break
      case 'delete':
        if (event.saw.has(action.key)) open.writes = new Map(open.writes).set(action.key, null)
        break
      case 'savepoint':
        open.atSavepoint = open.writes
        break
      case 'rollbackTo':
        open.writes = open.atSavepoint ?? new Map()
        break
      case 'commit':
        this.committed = overlaid(this.committed, open.writes)
        this.#open.delete(transaction)
        break
      case 'rollback':
        this.#open.delete(transaction)
        break
    }
  }

  #base(open: OpenTransaction): Rows {
    switch (this.#isolation) {
      case 'read uncommitted': {
        let base = this.committed
        for (const other of this.#open.values()) if (other !== open) base = overlaid(base, other.writes)
        return base
      }
      case 'read committed':
        return this.committed
      default:
        return open.snapshot ?? this.committed
    }
  }
}

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
