/**
 * Random schedules of concurrent transactions over one small table, and what really happened when they ran.
 *
 * Each write of the schedule puts a value that no other write puts (an increment of what it read is a number of its own
 * too), so a value read names the version that was read: the history can be judged without asking the engine.
 */
import fc from 'fast-check'
import type { Database, IsolationName, Session } from '../../src/index.ts'
import { DatabaseError } from '../../src/index.ts'

export type Action =
  | { readonly kind: 'read'; readonly key: number }
  | { readonly kind: 'scan' }
  /** Sets the key to the value of the number that this action has in the schedule. */
  | { readonly kind: 'write'; readonly key: number }
  | { readonly kind: 'insert'; readonly key: number }
  | { readonly kind: 'delete'; readonly key: number }
  | { readonly kind: 'commit' }
  | { readonly kind: 'rollback' }
  | { readonly kind: 'savepoint' }
  | { readonly kind: 'rollbackTo' }

export interface Step {
  readonly session: number
  readonly action: Action
}

/** What a step did. A write has the value it put; a read the rows it saw, by key. */
export interface Event {
  readonly transaction: number
  readonly session: number
  readonly action: Action
  readonly saw: ReadonlyMap<number, number>
  readonly put: number | null
  /** Positions in the order of the run: when it was issued, and when it was done. */
  readonly issued: number
  readonly done: number
  readonly error: string | null
}

export interface History {
  readonly events: readonly Event[]
  /** Position in the order of the run at which a transaction committed; absent: it did not. */
  readonly committed: ReadonlyMap<number, number>
  readonly final: ReadonlyMap<number, number>
}

/** The keys that are there at the beginning; their values are the negated keys. */
export const initialKeys = [1, 2, 3] as const
export const allKeys = [1, 2, 3, 4] as const

const key = fc.constantFrom(...initialKeys)
const anyKey = fc.constantFrom(...allKeys)

export const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 5, arbitrary: key.map((key): Action => ({ kind: 'read', key })) },
  { weight: 2, arbitrary: fc.constant<Action>({ kind: 'scan' }) },
  { weight: 5, arbitrary: key.map((key): Action => ({ kind: 'write', key })) },
  { weight: 1, arbitrary: anyKey.map((key): Action => ({ kind: 'insert', key })) },
  { weight: 1, arbitrary: anyKey.map((key): Action => ({ kind: 'delete', key })) },
  { weight: 3, arbitrary: fc.constant<Action>({ kind: 'commit' }) },
  { weight: 1, arbitrary: fc.constant<Action>({ kind: 'rollback' }) },
  { weight: 1, arbitrary: fc.constant<Action>({ kind: 'savepoint' }) },
  { weight: 1, arbitrary: fc.constant<Action>({ kind: 'rollbackTo' }) },
)

export function schedules(sessions: number, length: number, from: fc.Arbitrary<Action> = action): fc.Arbitrary<Step[]> {
  return fc.array(fc.record({ session: fc.nat({ max: sessions - 1 }), action: from }), {
    minLength: 2,
    maxLength: length,
  })
}

/** A schedule as a person reads it. */
export function describeSchedule(steps: readonly Step[]): string {
  return steps
    .map(
      ({ session, action }) => `${'ABCDEF'[session] ?? '?'}: ${action.kind}${'key' in action ? ` ${action.key}` : ''}`,
    )
    .join('\n')
}

interface Actor {
  readonly session: Session
  readonly number: number
  /** The transaction that is open; null between two. */
  transaction: number | null
  savepoint: boolean
  failed: boolean
}

/** Sets the table up; `indexed`: with a primary key and an index on the value. */
export async function createTable(db: Database, indexed: boolean): Promise<void> {
  await db.query(`CREATE TABLE t (k int ${indexed ? 'PRIMARY KEY' : 'NOT NULL'}, v int NOT NULL)`)
  if (indexed) await db.query('CREATE INDEX t_v ON t (v)')
}

/** Told of the run as it happens. */
export interface Observer {
  /** Just before a statement is issued. */
  issued(transaction: number, action: Action): void
  /** When it is done. */
  done(event: Event): void
}

const nobody: Observer = { issued: () => undefined, done: () => undefined }

/**
 * Runs a schedule. A step whose session waits is dropped; what is open at the end is committed. Every action is issued
 * when its turn comes, and the run goes on as soon as it is done or waits.
 */
export async function runSchedule(
  db: Database,
  steps: readonly Step[],
  sessions: number,
  isolation: IsolationName,
  observe: Observer = nobody,
): Promise<History> {
  return new ScheduleRun(db, sessions, isolation, observe).run(steps)
}

class ScheduleRun {
  readonly #db: Database
  readonly #actors: Actor[]
  readonly #isolation: IsolationName
  readonly #observe: Observer
  readonly #events: Event[] = []
  readonly #committed = new Map<number, number>()
  readonly #busy = new Set<Actor>()
  #transactions = 0
  #clock = 0

  constructor(db: Database, sessions: number, isolation: IsolationName, observe: Observer) {
    this.#db = db
    this.#isolation = isolation
    this.#observe = observe
    this.#actors = Array.from({ length: sessions }, (_, number) => ({
      session: db.connectSync(),
      number,
      transaction: null,
      savepoint: false,
      failed: false,
    }))
  }

  async run(steps: readonly Step[]): Promise<History> {
    await this.#db.query('DELETE FROM t')
    for (const key of initialKeys) await this.#db.query('INSERT INTO t VALUES ($1, $2)', [key, -key])
    for (const [number, { session, action }] of steps.entries()) {
      const actor = this.#actors[session]!
      if (this.#busy.has(actor)) continue
      await this.#issue(actor, action, number + 1)
    }
    // Commits free those that wait: round after round, until all have ended.
    while (this.#actors.some((actor) => actor.transaction !== null)) {
      for (const actor of this.#actors) {
        if (actor.transaction !== null && !this.#busy.has(actor)) await this.#issue(actor, { kind: 'commit' }, 0)
      }
    }
    const { rows } = await this.#db.query<{ k: number; v: number }>('SELECT k, v FROM t')
    for (const { session } of this.#actors) session.close()
    return { events: this.#events, committed: this.#committed, final: new Map(rows.map(({ k, v }) => [k, v])) }
  }

  async #issue(actor: Actor, action: Action, number: number): Promise<void> {
    if (actor.transaction === null) {
      if (action.kind === 'commit' || action.kind === 'rollback' || action.kind === 'rollbackTo') return
      await actor.session.query(`BEGIN ISOLATION LEVEL ${this.#isolation.toUpperCase()}`)
      actor.transaction = ++this.#transactions
      actor.savepoint = false
      actor.failed = false
    }
    if (action.kind === 'rollbackTo' && !actor.savepoint) return
    if (actor.failed && action.kind !== 'commit' && action.kind !== 'rollback' && action.kind !== 'rollbackTo') return
    this.#busy.add(actor)
    this.#observe.issued(actor.transaction, action)
    const issued = this.#clock++
    void this.#perform(actor, action, number, issued).finally(() => this.#busy.delete(actor))
    do await new Promise((resolve) => setImmediate(resolve))
    while ([...this.#busy].some(({ session }) => session.state !== 'waiting'))
  }

  async #perform(actor: Actor, action: Action, number: number, issued: number): Promise<void> {
    const transaction = actor.transaction!
    let rows: readonly { k: number; v: number }[] = []
    let error: string | null = null
    try {
      const [sql, values] = statementOf(action, number)
      rows = (await actor.session.query<{ k: number; v: number }>(sql, values)).rows
    } catch (caught) {
      if (!(caught instanceof DatabaseError)) throw caught
      error = caught.code
    }
    const done = this.#clock++
    if (error !== null) actor.failed = true
    if (action.kind === 'rollbackTo') actor.failed = false
    if (action.kind === 'savepoint' && error === null) actor.savepoint = true
    if (action.kind === 'commit' || action.kind === 'rollback') {
      if (action.kind === 'commit' && error === null && !actor.failed) this.#committed.set(transaction, done)
      actor.transaction = null
    }
    const put = action.kind === 'write' || action.kind === 'insert' ? number : null
    const event: Event = {
      transaction,
      session: actor.number,
      action,
      saw: new Map(rows.map(({ k, v }) => [k, v])),
      put: error === null && (action.kind === 'insert' || rows.length > 0) ? put : null,
      issued,
      done,
      error,
    }
    this.#events.push(event)
    this.#observe.done(event)
  }
}

function statementOf(action: Action, number: number): [sql: string, values: number[]] {
  switch (action.kind) {
    case 'read':
      return ['SELECT k, v FROM t WHERE k = $1', [action.key]]
    case 'scan':
      return ['SELECT k, v FROM t', []]
    case 'write':
      return ['UPDATE t SET v = $2 WHERE k = $1 RETURNING k, v', [action.key, number]]
    case 'insert':
      return ['INSERT INTO t VALUES ($1, $2) RETURNING k, v', [action.key, number]]
    case 'delete':
      return ['DELETE FROM t WHERE k = $1 RETURNING k, v', [action.key]]
    case 'savepoint':
      return ['SAVEPOINT s', []]
    case 'rollbackTo':
      return ['ROLLBACK TO s', []]
    case 'commit':
      return ['COMMIT', []]
    case 'rollback':
      return ['ROLLBACK', []]
  }
}
