/**
 * A prepared statement: parsed and planned once, run with other values each time, synchronously, in the manner of
 * better-sqlite3 and node:sqlite.
 */
import { assert } from '../assert.ts'
import { statementNotPreparable } from '../errors.ts'
import type { CatalogRoot } from '../catalog/index.ts'
import type { CompiledStatement, Execution } from '../executor/index.ts'
import type { NormalisedText } from '../parser/ast.ts'
import type { CachedStatement } from '../planner/index.ts'
import { isDataStatement } from '../planner/index.ts'
import type { BlockStatement } from './control.ts'
import { beginNext, endsFailedBlock, executeControl, isBlockStatement, isEnding } from './control.ts'
import type { Value } from '../types/value.ts'
import type { Engine } from './engine.ts'
import { runImmediately } from './immediate.ts'
import type { OutputChoice } from './output.ts'
import { effectOf, emptyResult, fieldsOf, resultOf } from './output.ts'
import type { Field, ObjectRow, QueryResult, RunResult } from './result.ts'
import type { SessionState } from './sessionState.ts'
import type { StatementSource } from './statementsTask.ts'
import { StatementsTask } from './statementsTask.ts'
import { StreamTask } from './streamTask.ts'
import { runTwoPhase, twoPhaseCommand } from './twoPhase.ts'

/** Makes of an execution that is over what a call wants of it. */
type Ending<Ended> = (compiled: CompiledStatement, execution: Execution) => Ended

export class Statement<Row = ObjectRow> {
  readonly sql: string
  readonly #engine: Engine
  /** Null: each run borrows a session. */
  readonly #session: SessionState | null
  readonly #cached: CachedStatement
  /** Set if it begins, ends or marks a transaction. */
  readonly #control: BlockStatement | null
  /** The literals of the text, which the cached plan takes as parameters. */
  readonly #literals: NormalisedText | null
  readonly #output: OutputChoice
  readonly #requireOpen: () => void
  /** The parameters of the last run that ended within its call. */
  #spare: Value[] | null = null

  /** @internal Made by `prepare`. */
  constructor(
    engine: Engine,
    session: SessionState | null,
    sql: string,
    output: OutputChoice,
    requireOpen: () => void,
  ) {
    const { text, literals } = engine.plans.find(sql)
    const [cached] = text.statements
    if (cached === undefined || text.statements.length !== 1) throw statementNotPreparable(text.statements.length)
    const { statement } = cached
    // A block needs a session that lasts.
    this.#control = session !== null && isBlockStatement(statement) ? statement : null
    if (this.#control === null && !isDataStatement(statement)) throw statementNotPreparable(1)
    this.sql = sql
    this.#engine = engine
    this.#session = session
    this.#cached = cached
    this.#literals = literals
    this.#output = output
    this.#requireOpen = requireOpen
    if (this.#control === null) cached.plan(this.#catalog(session), null)
  }

  /** The columns of its rows. */
  get fields(): readonly Field[] {
    if (this.#control !== null) return []
    return fieldsOf(this.#cached.plan(this.#catalog(this.#session), null).compiled)
  }

  /** All rows. @throws DatabaseError what the statement throws; 55P03 if it had to wait */
  all(...parameters: unknown[]): Row[] {
    return this.#run(parameters, resultOf).rows as Row[]
  }

  /** The first row; undefined if there is none. @throws DatabaseError as `all` */
  get(...parameters: unknown[]): Row | undefined {
    return this.#run(parameters, resultOf).rows[0] as Row | undefined
  }

  /** Runs it for its effect. @throws DatabaseError as `all` */
  run(...parameters: unknown[]): RunResult {
    const done = this.#run(parameters, effectOf)
    return 'rows' in done ? { rowCount: done.rowCount, command: done.command } : done
  }

  /** The rows one by one, read as they are asked for; the session is busy until the iterator ends. @throws DatabaseError as `all` */
  *iterate(...parameters: unknown[]): IterableIterator<Row> {
    this.#requireOpen()
    const state = this.#session ?? this.#engine.borrow()
    const task = new StreamTask(this.#engine, state, this.#source(parameters), this.#output)
    try {
      state.requireIdle()
      for (;;) {
        const rows = task.nextSync()
        if (rows === null) return
        yield* rows as Row[]
      }
    } finally {
      task.finish()
      if (this.#session === null) this.#engine.giveBack(state)
    }
  }

  #run<Ended>(parameters: readonly unknown[], ended: Ending<Ended>): Ended | QueryResult<unknown> {
    this.#requireOpen()
    if (this.#session !== null) return this.#runIn(this.#session, parameters, ended)
    const state = this.#engine.borrow()
    try {
      return this.#runIn(state, parameters, ended)
    } finally {
      this.#engine.giveBack(state)
    }
  }

  #runIn<Ended>(
    state: SessionState,
    parameters: readonly unknown[],
    ended: Ending<Ended>,
  ): Ended | QueryResult<unknown> {
    state.requireIdle()
    if (this.#control !== null) return this.#runControl(state, this.#control)
    const { block } = state
    if (!block.failed && !this.#output.callsBack) {
      try {
        const planned = this.#cached.plan(this.#catalog(state), parameters, state)
        const { compiled } = planned
        if (planned.usesSession) return this.#runAsTask(state, parameters)
        if (block.transaction?.isolation.tracksReads === true) block.transaction.noteStatement(this.sql)
        const spare = this.#spare
        // A parameter's own code, which is called on the way, may run this statement again.
        this.#spare = null
        const values = planned.bind(parameters, this.#literals, state, spare)
        const execution = runImmediately(
          this.#engine,
          state,
          this.sql,
          compiled,
          values,
          this.#output.formOf(compiled),
          true,
        )
        if (execution !== null) {
          this.#spare = values
          return ended(compiled, execution)
        }
      } catch (error) {
        block.fail(error)
        throw error
      }
    }
    return this.#runAsTask(state, parameters)
  }

  #runControl(state: SessionState, statement: BlockStatement): QueryResult<unknown> {
    const { trace, core } = this.#engine
    if (trace.on || core.hasExclusive) return this.#runAsTask(state, [])
    if (state.block.failed && !endsFailedBlock(statement)) throw state.block.refusal()
    state.lastStatement = this.sql
    const outcome = executeControl(state, statement, false, this.#output)
    if (!isEnding(outcome)) return outcome
    if (outcome.kind === 'commit') {
      state.block.commit(true)
      beginNext(state, outcome.next)
      return emptyResult('COMMIT')
    }
    runTwoPhase(this.#engine, state, outcome, true)
    return emptyResult(twoPhaseCommand(outcome))
  }

  #runAsTask(state: SessionState, parameters: readonly unknown[]): QueryResult<unknown> {
    const task = new StatementsTask(this.#engine, state, this.#source(parameters), this.#output)
    state.runNow(task)
    if (task.error !== null) throw task.error
    const [result] = task.results
    assert(result !== undefined, 'a statement that succeeded has a result')
    return result
  }

  #source(parameters: readonly unknown[]): StatementSource {
    return { sql: this.sql, statements: [this.#cached], literals: this.#literals, single: true, parameters }
  }

  #catalog(state: SessionState | null): CatalogRoot {
    return state?.block.transaction?.catalog ?? this.#engine.transactions.catalog
  }
}
