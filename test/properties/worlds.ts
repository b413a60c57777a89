/**
 * Runs programs. A world is a database of one schema that many programs use one after the other, so that statements are planned
 * once; its core steps only when the world says so, and takes its picks from the program.
 */
import type { History, Session } from '../../src/index.ts'
import { Database } from '../../src/session/database.ts'
import type { Engine } from '../../src/session/engine.ts'
import { openEngine } from '../../src/session/open.ts'
import { lockLimits } from '../../src/txn/locking/lockingGuard.ts'
import type { SireadLimits } from '../../src/txn/ssi/sireads.ts'
import { ManualEnv, ScriptedScheduler } from './manualEnv.ts'
import type { Call, Executed } from './performance.ts'
import { describeOutcome, note, Performance, turn } from './performance.ts'
import type { Program, Schema } from './programs.ts'
import { createTables, fillTables, schemaName } from './programs.ts'

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

/** Where memory is little: what is beyond is promoted, summarised or escalated. */
const fewSireads: SireadLimits = { rangesOfTable: 2, ofTransaction: 2, all: 12, ended: 0 }
const fewLocks = { perTable: 1, inAll: 8 }

export class World {
  readonly schema: Schema
  readonly engine: Engine
  readonly db: Database
  readonly #env: ManualEnv
  readonly #scheduler: ScriptedScheduler

  readonly #littleMemory: boolean

  /** `stepBudget` 1: statements are suspended after each row. `littleMemory`: reads are remembered, or locked, a few at a time. */
  constructor(schema: Schema, stepBudget: number, littleMemory: boolean) {
    this.#env = new ManualEnv()
    this.#scheduler = new ScriptedScheduler()
    this.schema = schema
    this.engine = openEngine(this.#env, undefined, { stepBudget, scheduler: this.#scheduler })
    this.db = new Database(this.engine)
    this.#littleMemory = littleMemory
    if (littleMemory) Object.assign(this.engine.transactions.conflicts.sireads.limits, fewSireads)
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
  async run(program: Program): Promise<Execution> {
    const limits = { ...lockLimits }
    if (this.#littleMemory) Object.assign(lockLimits, fewLocks)
    try {
      return await this.#run(program)
    } finally {
      Object.assign(lockLimits, limits)
    }
  }

  async #run(program: Program): Promise<Execution> {
    this.reset()
    const recording = this.db.history.record()
    const onlooker = program.onlooker ? this.#onlooker() : null
    const performance = new Performance(this.db, program)
    const stop = this.db.trace.listen((event) => {
      performance.attend(event)
      this.#env.tick()
    })
    this.#scheduler.restart(program.picks)
    this.#withinStep(() => performance.begin())
    do this.#env.drain()
    while (performance.decideAll())
    const looked = onlooker?.()
    this.#env.drain()
    await turn()
    stop()
    const history = recording.stop()
    const hanging = performance.hanging()
    const broken = performance.broken()
    const changed = looked?.() ?? null
    if (changed !== null) broken.push(new Error(changed))
    const transactions = performance.executed()
    performance.end()
    this.#env.drain()
    return { history, transactions, final: await this.contents(this.db), hanging, broken }
  }

  /** Reads everything, and once more when it is called, and then says what is not as it was. */
  #onlooker(): () => () => string | null {
    const session: Session = this.db.connectSync()
    const read = (): Call[] => this.#tables.map((table) => note(session.query(`SELECT * FROM ${table}`)))
    const text = (calls: readonly Call[]): string =>
      calls
        .map(({ settled }) => describeOutcome(settled))
        .map(({ result, error }) => result ?? error)
        .join(' ')
    void note(session.query('BEGIN ISOLATION LEVEL REPEATABLE READ'))
    const first = read()
    this.#env.drain()
    return () => {
      const second = read()
      void note(session.query('COMMIT'))
      this.#env.drain()
      session.close()
      return () =>
        text(first) === text(second) ? null : `the onlooker saw ${text(first)} at first, and then ${text(second)}`
    }
  }

  get #tables(): readonly string[] {
    return this.schema.child === 'none' ? ['t'] : ['t', 'c']
  }

  /** Makes calls while a step is under way, so that they queue and none of them runs before it is picked. */
  #withinStep(makeCalls: () => void): void {
    let made = false
    const stop = this.db.trace.listen((event) => {
      if (event.kind !== 'statement' || made) return
      made = true
      makeCalls()
    })
    const session = this.db.connectSync()
    void session.query('SHOW server_version')
    stop()
    session.close()
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
    const calls = this.#tables.map((table) => note(db.query(`SELECT * FROM ${table}`)))
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

const worlds = new Map<string, World>()

/** What went wrong in a world may go on in it: the next program gets a new one. */
export function forsake(world: World): void {
  for (const [name, each] of worlds) if (each === world) worlds.delete(name)
}

/** The world of a schema, kept for all programs of the process. */
export function worldOf(schema: Schema, stepBudget: number, littleMemory: boolean): World {
  const name = `${schemaName(schema)}, ${stepBudget}, ${littleMemory}`
  let world = worlds.get(name)
  if (world === undefined || world.worn) {
    world = new World(schema, stepBudget, littleMemory)
    worlds.set(name, world)
  }
  return world
}
