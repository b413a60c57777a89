/**
 * Random schedules of concurrent transactions over one small table, and what really happened when they ran.
 *
 * Each write of the schedule puts a value that no other write puts (an increment of what it read is a number of its own
 * too), so a value read names the version that was read: the history can be judged without asking the engine.
 */
import fc from 'fast-check'
import type { Database, IsolationName, Session, TraceEvent } from '../../src/index.ts'
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
  /** Turns of the event loop before the next step, in a run where statements overlap. */
  readonly pause: number
}

/** A row that was read: its key and its value. */
export type SeenRow = readonly [key: number, value: number]

/** What a step did. A write has the value it put; a read the rows it saw: a snapshot may show two with one key. */
export interface Event {
  readonly transaction: number
  readonly session: number
  readonly action: Action
  readonly saw: readonly SeenRow[]
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

/** `weights`: how often each kind comes; `taken`: the keys that are inserted and deleted. */
function actionsOf(
  weights: Readonly<Record<Action['kind'], number>>,
  keys: readonly number[],
  taken: readonly number[],
): fc.Arbitrary<Action> {
  const about = (kind: 'read' | 'write' | 'insert' | 'delete', of: readonly number[]) => ({
    weight: weights[kind],
    arbitrary: fc.constantFrom(...of).map((key): Action => ({ kind, key })),
  })
  const plain = (kind: 'scan' | 'commit' | 'rollback' | 'savepoint' | 'rollbackTo') => ({
    weight: weights[kind],
    arbitrary: fc.constant<Action>({ kind }),
  })
  return fc.oneof(
    about('read', keys),
    plain('scan'),
    about('write', keys),
    about('insert', taken),
    about('delete', taken),
    plain('commit'),
    plain('rollback'),
    plain('savepoint'),
    plain('rollbackTo'),
  )
}

const rare = { rollback: 1, savepoint: 1, rollbackTo: 1 }

export const action = actionsOf(
  { read: 5, scan: 2, write: 5, insert: 1, delete: 1, commit: 3, ...rare },
  initialKeys,
  allKeys,
)

/** Two keys that are given up and taken over, again and again. */
export const takeover = actionsOf(
  { read: 3, scan: 2, write: 2, insert: 4, delete: 4, commit: 4, ...rare },
  [1, 2],
  [1, 2],
)

export function schedules(sessions: number, length: number, from: fc.Arbitrary<Action> = action): fc.Arbitrary<Step[]> {
  return fc.array(fc.record({ session: fc.nat({ max: sessions - 1 }), action: from, pause: fc.nat({ max: 2 }) }), {
    minLength: 2,
    maxLength: length,
  })
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A schedule as a person reads it. */
export function describeSchedule(steps: readonly Step[]): string {
  return steps
    .map(
      ({ session, action }) => `${'ABCDEF'[session] ?? '?'}: ${action.kind}${'key' in action ? ` ${action.key}` : ''}`,
    )
    .join('\n')
}

/** The error of a COMMIT that found its block failed: PostgreSQL says ROLLBACK, and no error. */
const rolledBack = 'rolled back'

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

export interface RunOptions {
  readonly isolation: IsolationName
  readonly sessions: number
  /** False: an INSERT takes a key that no row has, because nothing else keeps keys apart. */
  readonly indexed: boolean
  /** True: the next step is issued while statements before it still run. */
  readonly overlapping?: boolean
}

/** Told of the run as it happens. */
export interface Observer {
  /** Just before a statement is issued. */
  issued(transaction: number, action: Action): void
  /** When its commit is published. */
  published(transaction: number): void
  /** When it is done. */
  done(event: Event): void
}

const nobody: Observer = { issued: () => undefined, published: () => undefined, done: () => undefined }

/**
 * Runs a schedule. A step whose session is busy is dropped; what is open at the end is committed. Unless statements may
 * overlap, the next step is issued when the one before is done or waits for a lock.
 */
export async function runSchedule(
  db: Database,
  steps: readonly Step[],
  options: RunOptions,
  observe: Observer = nobody,
): Promise<History> {
  return new ScheduleRun(db, options, observe).run(steps)
}

class ScheduleRun {
  readonly #db: Database
  readonly #actors: Actor[]
  readonly #options: RunOptions
  readonly #observe: Observer
  readonly #events: Event[] = []
  readonly #committed = new Map<number, number>()
  readonly #busy = new Set<Actor>()
  /** Our number of a transaction by the engine's. */
  readonly #numbers = new Map<number, number>()
  #transactions = 0
  #clock = 0
  #broken: Error | null = null

  constructor(db: Database, options: RunOptions, observe: Observer) {
    this.#db = db
    this.#options = options
    this.#observe = observe
    this.#actors = Array.from({ length: options.sessions }, (_, number) => ({
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
    const stop = this.#db.trace.listen((event) => this.#follow(event))
    for (const [number, { session, action, pause }] of steps.entries()) {
      const actor = this.#actors[session]!
      if (this.#busy.has(actor)) continue
      this.#issue(actor, action, number + 1)
      if (this.#options.overlapping === true) for (let i = 0; i < pause; i++) await turn()
      else await this.#quiet()
    }
    // Commits free those that wait: round after round, until all have ended.
    await this.#quiet()
    while (this.#actors.some((actor) => actor.transaction !== null)) {
      for (const actor of this.#actors) {
        if (actor.transaction === null || this.#busy.has(actor)) continue
        this.#issue(actor, { kind: 'commit' }, 0)
        await this.#quiet()
      }
    }
    stop()
    const { rows } = await this.#db.query<{ k: number; v: number }>('SELECT k, v FROM t')
    for (const { session } of this.#actors) session.close()
    if (this.#broken !== null) throw this.#broken
    return { events: this.#events, committed: this.#committed, final: new Map(rows.map(({ k, v }) => [k, v])) }
  }

  #follow(event: TraceEvent): void {
    if (event.kind === 'begin') {
      const actor = this.#actors.find(({ session }) => session.id === event.session)
      if (actor !== undefined) this.#numbers.set(event.transaction, this.#transactions)
    } else if (event.kind === 'publish') {
      const number = this.#numbers.get(event.transaction)
      if (number !== undefined) this.#observe.published(number)
    }
  }

  async #quiet(): Promise<void> {
    do await turn()
    while ([...this.#busy].some(({ session }) => session.state !== 'waiting'))
  }

  #issue(actor: Actor, action: Action, number: number): void {
    const begins = actor.transaction === null
    if (begins) {
      if (action.kind === 'commit' || action.kind === 'rollback' || action.kind === 'rollbackTo') return
      actor.transaction = ++this.#transactions
      actor.savepoint = false
      actor.failed = false
      void actor.session.query(`BEGIN ISOLATION LEVEL ${this.#options.isolation.toUpperCase()}`)
    }
    if (action.kind === 'rollbackTo' && !actor.savepoint) return
    if (actor.failed && action.kind !== 'commit' && action.kind !== 'rollback' && action.kind !== 'rollbackTo') return
    const inner: Action =
      action.kind === 'insert' && !this.#options.indexed ? { kind: 'insert', key: 100 + number } : action
    this.#busy.add(actor)
    this.#observe.issued(actor.transaction!, inner)
    void this.#perform(actor, inner, number, this.#clock++)
      .catch((error: unknown) => (this.#broken ??= error as Error))
      .finally(() => this.#busy.delete(actor))
  }

  async #perform(actor: Actor, action: Action, number: number, issued: number): Promise<void> {
    const transaction = actor.transaction!
    let rows: readonly { k: number; v: number }[] = []
    let error: string | null = null
    try {
      const [sql, values] = statementOf(action, number)
      const result = await actor.session.query<{ k: number; v: number }>(sql, values)
      rows = result.rows
      if (action.kind === 'commit' && result.command === 'ROLLBACK') error = rolledBack
    } catch (caught) {
      if (!(caught instanceof DatabaseError)) throw caught
      error = caught.code
    }
    const done = this.#clock++
    if (error !== null) actor.failed = true
    if (action.kind === 'rollbackTo') actor.failed = false
    if (action.kind === 'savepoint' && error === null) actor.savepoint = true
    if (action.kind === 'commit' || action.kind === 'rollback') {
      if (action.kind === 'commit' && error === null) this.#committed.set(transaction, done)
      actor.transaction = null
    }
    const put = action.kind === 'write' || action.kind === 'insert' ? number : null
    const event: Event = {
      transaction,
      session: actor.number,
      action,
      saw: rows.map(({ k, v }): SeenRow => [k, v]),
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
