/**
 * A prepared statement: parsed and planned once, run with other values each time, synchronously, in the manner of
 * better-sqlite3 and node:sqlite.
 */
import { assert } from '../assert.ts'
import { statementNotPreparable } from '../errors.ts'
import type { CachedStatement, PlannedStatement } from '../planner/index.ts'
import { isDataStatement } from '../planner/index.ts'
import type { Engine } from './engine.ts'
import { runImmediately } from './immediate.ts'
import type { OutputChoice } from './output.ts'
import { fieldsOf, resultOf } from './output.ts'
import type { Field, ObjectRow, QueryResult } from './result.ts'
import type { SessionState } from './sessionState.ts'
import { StatementsTask } from './statementsTask.ts'
import { StreamTask } from './streamTask.ts'

/** What a statement that returns no rows did. */
export interface RunResult {
  readonly rowCount: number | null
  readonly command: string
}

export class Statement<Row = ObjectRow> {
  readonly sql: string
  readonly #engine: Engine
  readonly #state: SessionState
  readonly #cached: CachedStatement
  readonly #output: OutputChoice
  readonly #requireOpen: () => void

  /** @internal Made by `prepare`. */
  constructor(engine: Engine, state: SessionState, sql: string, output: OutputChoice, requireOpen: () => void) {
    const { statements } = engine.plans.prepare(sql)
    const [cached] = statements
    if (cached === undefined || statements.length !== 1 || !isDataStatement(cached.statement)) {
      throw statementNotPreparable(statements.length)
    }
    this.sql = sql
    this.#engine = engine
    this.#state = state
    this.#cached = cached
    this.#output = output
    this.#requireOpen = requireOpen
    cached.plan(this.#catalog(), null)
  }

  /** The columns of its rows. */
  get fields(): readonly Field[] {
    return fieldsOf(this.#plan(null).compiled)
  }

  /** All rows. @throws DatabaseError what the statement throws; 55P03 if it had to wait */
  all(...parameters: unknown[]): Row[] {
    return this.#execute(parameters).rows as Row[]
  }

  /** The first row; undefined if there is none. @throws DatabaseError as `all` */
  get(...parameters: unknown[]): Row | undefined {
    return this.#execute(parameters).rows[0] as Row | undefined
  }

  /** Runs it for its effect. @throws DatabaseError as `all` */
  run(...parameters: unknown[]): RunResult {
    const { rowCount, command } = this.#execute(parameters)
    return { rowCount, command }
  }

  /** The rows one by one, read as they are asked for; the session is busy until the iterator ends. @throws DatabaseError as `all` */
  *iterate(...parameters: unknown[]): IterableIterator<Row> {
    this.#requireOpen()
    this.#state.requireIdle()
    const task = new StreamTask(this.#engine, this.#state, this.#source(parameters), this.#output)
    try {
      for (;;) {
        const rows = task.nextSync()
        if (rows === null) return
        yield* rows as Row[]
      }
    } finally {
      task.finish()
    }
  }

  #execute(parameters: readonly unknown[]): QueryResult<unknown> {
    this.#requireOpen()
    this.#state.requireIdle()
    const { block } = this.#state
    if (!block.failed) {
      try {
        const planned = this.#plan(parameters)
        const { compiled } = planned
        const values = planned.bind(parameters, null)
        const form = this.#output.formOf(compiled)
        const execution = runImmediately(this.#engine, this.#state, compiled, values, form, true)
        if (execution !== null) return resultOf(compiled, execution)
      } catch (error) {
        block.fail()
        throw error
      }
    }
    return this.#executeAsTask(parameters)
  }

  #executeAsTask(parameters: readonly unknown[]): QueryResult<unknown> {
    const task = new StatementsTask(this.#engine, this.#state, this.#source(parameters), this.#output)
    this.#state.runNow(task)
    if (task.error !== null) throw task.error
    const [result] = task.results
    assert(result !== undefined, 'a statement that succeeded has a result')
    return result
  }

  #source(parameters: readonly unknown[]) {
    return { sql: this.sql, statements: [this.#cached], single: true, parameters }
  }

  #plan(parameters: readonly unknown[] | null): PlannedStatement {
    return this.#cached.plan(this.#catalog(), parameters)
  }

  #catalog() {
    return this.#state.block.transaction?.catalog ?? this.#engine.transactions.catalog
  }
}
