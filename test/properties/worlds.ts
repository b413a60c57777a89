/**
 * Runs programs. A world is a database of one schema that many programs use one after the other, so that statements are planned
 * once; its core steps only when the world says so, and takes its picks from the program.
 */
import type { Env, History, QueryResult, Scheduler, TaskInfo } from '../../src/index.ts'
import { DatabaseError, nodeEnv } from '../../src/index.ts'
import { Database } from '../../src/session/database.ts'
import type { Engine } from '../../src/session/engine.ts'
import { openEngine } from '../../src/session/open.ts'
import type { Program, Schema, Statement } from './programs.ts'
import { createTables, fillTables, schemaName } from './programs.ts'

/** A program that needs more of them goes round in circles. */
const mostCallbacks = 100_000

/** An env in which nothing goes on by itself. */
class ManualEnv implements Env {
  readonly clock = { nowMicros: () => 0, monotonicMillis: () => 0 }
  readonly random = { next: () => 0.5 }
  readonly files = nodeEnv.files
  readonly #soon: (() => void)[] = []
  readonly timers = {
    soon: (callback: () => void) => {
      this.#soon.push(callback)
    },
    set: () => ({ cancel: () => undefined }),
  }

  warn(): void {
    // Nobody reads it.
  }

  /** Runs what was put off until nothing is left. */
  drain(): void {
    let count = 0
    for (let callback = this.#soon.shift(); callback !== undefined; callback = this.#soon.shift()) {
      if (++count > mostCallbacks) throw new Error('the program does not come to an end')
      callback()
    }
  }
}

class ScriptedScheduler implements Scheduler {
  picks: readonly number[] = []
  #next = 0

  restart(picks: readonly number[]): void {
    this.picks = picks
    this.#next = 0
  }

  pick(ready: readonly TaskInfo[]): number {
    return (this.picks[this.#next++] ?? 0) % ready.length
  }
}

/** What became of a statement. */
export interface Outcome {
  readonly statement: Statement
  /** Rows as text, in no particular order, and the row count; null if it failed. */
  readonly result: string | null
  /** Its SQLSTATE; null if it succeeded. */
  readonly error: string | null
}

/** What became of a transaction. */
export interface Executed {
  /** The engine's number. */
  readonly id: number
  readonly level: string
  readonly outcomes: readonly Outcome[]
  readonly committed: boolean
}

export interface Execution {
  readonly history: History
  readonly transactions: readonly Executed[]
  /** The rows of the tables at the end. */
  readonly final: string
  /** Statements that never ended. */
  readonly hanging: readonly string[]
  /** Errors that no statement may have. */
  readonly broken: readonly Error[]
}

const mostPlaces = 100

type Settled = QueryResult | Error | null

export class World {
  readonly schema: Schema
  readonly engine: Engine
  readonly db: Database
  readonly #env: ManualEnv
  readonly #scheduler: ScriptedScheduler

  /** `stepBudget` 1: statements are suspended after each row. */
  constructor(schema: Schema, stepBudget: number) {
    this.#env = new ManualEnv()
    this.#scheduler = new ScriptedScheduler()
    this.schema = schema
    this.engine = openEngine(this.#env, undefined, { stepBudget, scheduler: this.#scheduler })
    this.db = new Database(this.engine)
    this.#query(this.db, createTables(schema), true)
  }

  /** True if its pages have so many empty places that scans grow long. */
  get worn(): boolean {
    return [...this.engine.store.tables()].some((table) => (table.pages[0]?.used ?? 0) > mostPlaces)
  }

  /** The rows of the beginning, and nothing else. */
  reset(): void {
    this.#scheduler.restart([])
    const session = this.db.connectSync()
    for (const sql of ['BEGIN', ...fillTables(this.schema), 'COMMIT']) void session.query(sql)
    this.#env.drain()
    session.close()
  }

  /** Runs the program on the rows of the beginning. */
  async run({ sessions, picks }: Program): Promise<Execution> {
    this.reset()
    const ids = new Map<number, number[]>()
    const stop = this.db.trace.listen((event) => {
      if (event.kind !== 'begin') return
      const list = ids.get(event.session)
      if (list === undefined) ids.set(event.session, [event.transaction])
      else list.push(event.transaction)
    })
    const recording = this.db.history.record()
    const open = sessions.map(() => this.db.connectSync())
    this.#scheduler.restart(picks)
    const calls = this.#withinStep(() =>
      sessions.map((transactions, i) =>
        transactions.map(({ level, readOnly, statements, end }) => {
          const session = open[i]!
          const begin = note(session.query(`BEGIN ISOLATION LEVEL ${level}${readOnly ? ' READ ONLY' : ''}`))
          const settled = statements.map(({ sql, values }) => note(session.query(sql, [...values])))
          return { begin, settled, end: note(session.query(end)) }
        }),
      ),
    )
    this.#env.drain()
    await turn()
    stop()
    const history = recording.stop()
    const hanging: string[] = []
    const broken: Error[] = []
    const transactions = sessions.flatMap((list, i) =>
      list.map((transaction, j): Executed => {
        const { begin, settled, end } = calls[i]![j]!
        const result = end.settled
        for (const [call, sql] of [
          [begin, 'BEGIN'],
          [end, transaction.end],
        ] as const) {
          if (call.settled === null) hanging.push(sql)
        }
        const outcomes = transaction.statements.map((statement, n): Outcome => {
          const { settled: outcome } = settled[n]!
          if (outcome === null) hanging.push(statement.sql)
          if (outcome instanceof Error && !isExpected(outcome)) broken.push(outcome)
          return { statement, ...describeOutcome(outcome) }
        })
        return {
          id: ids.get(open[i]!.id)?.[j] ?? 0,
          level: transaction.level,
          outcomes,
          committed: result !== null && !(result instanceof Error) && result.command === 'COMMIT',
        }
      }),
    )
    for (const session of open) session.close()
    this.#env.drain()
    return { history, transactions, final: await this.contents(this.db), hanging, broken }
  }

  /** Makes calls while a step is under way, so that they queue and none of them runs before it is picked. */
  #withinStep<T>(makeCalls: () => T): T {
    let made: { readonly calls: T } | null = null
    const stop = this.db.trace.listen((event) => {
      if (event.kind === 'statement') made ??= { calls: makeCalls() }
    })
    const session = this.db.connectSync()
    void session.query('SHOW server_version')
    stop()
    session.close()
    return made!.calls
  }

  /** Runs transactions one after the other: on a fork of the beginning, or on this database, set back. */
  async replay(
    transactions: readonly Executed[],
    where: 'here' | 'fork',
  ): Promise<{ readonly results: readonly (readonly (string | null)[])[]; readonly final: string }> {
    this.reset()
    const db = where === 'fork' ? this.db.fork() : this.db
    const session = db.connectSync()
    const calls: Call[][] = []
    for (const { outcomes } of transactions) {
      void note(session.query('BEGIN'))
      calls.push(
        outcomes
          .filter(({ error }) => error === null)
          .map(({ statement: { sql, values } }) => note(session.query(sql, [...values]))),
      )
      void note(session.query('COMMIT'))
      this.#env.drain()
    }
    await turn()
    session.close()
    const results = calls.map((list) => list.map(({ settled }) => describeOutcome(settled).result))
    const final = await this.contents(db)
    if (where === 'fork') await db.close()
    return { results, final }
  }

  /** The rows of all tables. */
  async contents(db: Database): Promise<string> {
    const tables = this.schema.child === 'none' ? ['t'] : ['t', 'c']
    const calls = tables.map((table) => note(db.query(`SELECT * FROM ${table}`)))
    this.#env.drain()
    await turn()
    return calls.map(({ settled }) => describeOutcome(settled).result ?? '?').join(' ')
  }

  /** What a query finds, as text; empty if it finds nothing. */
  async rows(sql: string): Promise<string> {
    const call = note(this.db.query(sql))
    this.#env.drain()
    await turn()
    if (call.settled === null || call.settled instanceof Error) throw call.settled ?? new Error(`no answer to ${sql}`)
    return call.settled.rows.map((row) => JSON.stringify(row)).join(' ')
  }

  #query(db: Database, sql: string, isScript: boolean): void {
    const call = note(isScript ? db.exec(sql) : db.query(sql))
    this.#env.drain()
    if (call.settled instanceof Error) throw call.settled
  }
}

interface Call {
  settled: Settled
}

function note(promise: Promise<unknown>): Call {
  const call: Call = { settled: null }
  promise.then(
    (result) => {
      call.settled = result as QueryResult
    },
    (error: unknown) => {
      call.settled = error instanceof Error ? error : new Error(String(error))
    },
  )
  return call
}

/** Lets promises report. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function describeOutcome(outcome: Settled): { readonly result: string | null; readonly error: string | null } {
  if (outcome === null) return { result: null, error: 'hanging' }
  if (outcome instanceof Error)
    return { result: null, error: outcome instanceof DatabaseError ? outcome.code : 'broken' }
  const rows = outcome.rows.map((row) => JSON.stringify(row)).sort()
  return { result: `${outcome.command} ${outcome.rowCount ?? ''} ${rows.join(' ')}`, error: null }
}

/** Serialization failures, deadlocks, constraints, failed blocks, no such savepoint, writes of a reader. */
const expectedCodes: ReadonlySet<string> = new Set(['40001', '40P01', '23505', '23503', '25P02', '3B001', '25006'])

const isExpected = (error: Error): boolean => error instanceof DatabaseError && expectedCodes.has(error.code)

const worlds = new Map<string, World>()

/** What went wrong in a world may go on in it: the next program gets a new one. */
export function forsake(world: World): void {
  for (const [name, each] of worlds) if (each === world) worlds.delete(name)
}

/** The world of a schema, kept for all programs of the process. */
export function worldOf(schema: Schema, stepBudget: number): World {
  const name = `${schemaName(schema)}, ${stepBudget}`
  let world = worlds.get(name)
  if (world === undefined || world.worn) {
    world = new World(schema, stepBudget)
    worlds.set(name, world)
  }
  return world
}
