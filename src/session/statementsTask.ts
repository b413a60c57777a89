/**
 * The statements of one text, one after another: `query`, `exec`, a stream, a prepared statement that could not run in
 * one step.
 *
 * Several statements that stand in no explicit block are one implicit transaction, as in PostgreSQL: a failure of one
 * undoes them all. Each is planned when its turn comes, under the catalog that the ones before it left.
 */
import { emptyQuery, outsideBlock, readOnlyTransaction, severalStatements } from '../errors.ts'
import { explain, isDataStatement, locksRows } from '../planner/index.ts'
import type { CachedStatement } from '../planner/index.ts'
import type { Listen, NormalisedText, Notify, Statement, Unlisten } from '../parser/ast.ts'
import type { LockWait } from '../txn/lockWait.ts'
import type { Transaction } from '../txn/transaction.ts'
import { endsFailedBlock, executeControl, isControlStatement, isEnding } from './control.ts'
import type { CopySource } from './copyRun.ts'
import { CopyRun, fileSource } from './copyRun.ts'
import { TaskStep } from './core.ts'
import { DdlRun } from './ddlRun.ts'
import type { Engine } from './engine.ts'
import { LockTableRun } from './lockTableRun.ts'
import type { OutputChoice } from './output.ts'
import { commandOf, emptyResult, textRows } from './output.ts'
import type { QueryResult } from './result.ts'
import type { SessionState } from './sessionState.ts'
import { SessionTask } from './sessionTask.ts'
import { CallRun, procedureModes } from './procedureCalls.ts'
import type { BoundStatement } from './statementRun.ts'
import { StatementRun } from './statementRun.ts'

export interface StatementSource {
  readonly sql: string
  /** Null: the text is parsed when the call's turn comes, so that its errors fail the block in their order. */
  readonly statements: readonly CachedStatement[] | null
  /** The literals of the text, where `statements` are given. */
  readonly literals: NormalisedText | null
  /** True if the text must be one statement. */
  readonly single: boolean
  /** JavaScript values of $1 … $n. */
  readonly parameters: readonly unknown[]
}

/** A statement that takes steps: a planned one, COPY, DDL. */
export interface Run {
  /** The lock it waits for. */
  readonly wait: LockWait | null
  /** Throws the statement's errors. */
  step(budget: number): TaskStep
  abandon(): void
  /** Once it is DONE. */
  result(): QueryResult<unknown>
}

export class StatementsTask extends SessionTask {
  /** Of the statements that are complete. */
  readonly results: QueryResult<unknown>[] = []
  readonly #source: StatementSource
  #statements: readonly CachedStatement[] | null
  /** The literals that were lifted out of this text. */
  #literals: NormalisedText | null
  readonly #output: OutputChoice
  readonly #copyData: CopySource | null
  #run: Run | null = null
  #next = 0

  /** `copyData`: what COPY … FROM STDIN reads; null if there is none. */
  constructor(
    engine: Engine,
    state: SessionState,
    source: StatementSource,
    output: OutputChoice,
    copyData: CopySource | null = null,
  ) {
    super(engine, state, source.sql)
    this.#source = source
    this.#statements = source.statements
    this.#literals = source.literals
    this.#output = output
    this.#copyData = copyData
  }

  get writes(): boolean {
    try {
      const statements = this.#statements ?? this.engine.plans.find(this.sql).text.statements
      return statements.some(({ statement }) => !reads(statement))
    } catch {
      // Its turn will come, and tell what is wrong with the text.
      return false
    }
  }

  protected advance(budget: number): TaskStep {
    for (;;) {
      if (this.awaitsDisk) return TaskStep.DURABLE
      if (this.#run === null) {
        if (!this.#begin()) return TaskStep.DONE
        continue
      }
      const outcome = this.stepRun(this.#run, budget)
      this.wait = this.#run.wait
      if (outcome !== TaskStep.DONE) return outcome
      this.#complete(this.#run.result())
      this.#run = null
    }
  }

  /** Steps the statement that runs; a stream takes its rows out in between. */
  protected stepRun(run: Run, budget: number): TaskStep {
    return run.step(budget)
  }

  protected abandon(): void {
    this.#run?.abandon()
    this.#run = null
  }

  #complete(result: QueryResult<unknown>): void {
    this.results.push(result)
    this.statementEnded()
    const { trace } = this.engine
    if (trace.on) trace.emit({ kind: 'done', session: this.session, rowCount: result.rowCount })
  }

  #parse(): readonly CachedStatement[] {
    const { text, literals } = this.engine.plans.find(this.sql)
    if (this.#source.single) {
      if (text.statements.length > 1) throw severalStatements()
      if (text.statements.length === 0) throw emptyQuery()
    }
    this.#literals = literals
    return text.statements
  }

  /** Begins the next statement; false if there is none. */
  #begin(): boolean {
    this.beginNext()
    this.#statements ??= this.#parse()
    const cached = this.#statements[this.#next]
    if (cached === undefined) return false
    this.requireUninterrupted()
    this.#next++
    const { statement } = cached
    const { state, engine } = this
    if (engine.trace.on) {
      const transaction = state.block.transaction?.id ?? null
      engine.trace.emit({
        kind: 'statement',
        session: this.session,
        transaction,
        sql: this.sql.slice(cached.start, cached.end),
      })
    }
    if (state.block.failed && !endsFailedBlock(statement)) throw state.block.refusal()
    if (isControlStatement(statement)) {
      const outcome = executeControl(state, statement, this.#statements.length > 1, this.#output)
      this.#complete(isEnding(outcome) ? emptyResult(this.end(outcome)) : outcome)
      return true
    }
    const transaction = transactionFor(statement, state)
    state.block.fresh = false
    const { history } = engine.transactions
    if (history.on) history.statement(transaction, this.sql.slice(cached.start, cached.end))
    if (transaction.isolation.tracksReads) transaction.noteStatement(this.sql.slice(cached.start, cached.end))
    if (statement.kind === 'explain') {
      this.#complete(
        textRows('QUERY PLAN', explain(statement, transaction.catalog, engine.relations), 'EXPLAIN', this.#output),
      )
    } else if (isOutboxStatement(statement)) this.#complete(this.#say(statement))
    else this.#run = this.#runOf(cached, transaction)
    return true
  }

  /** LISTEN, UNLISTEN, NOTIFY: for the commit. */
  #say(statement: Listen | Unlisten | Notify): QueryResult<unknown> {
    if (statement.kind === 'notify') this.state.effects.notify(statement.channel, statement.payload)
    else this.state.block.outbox.add(statement)
    return emptyResult(commandOf(statement))
  }

  #runOf(cached: CachedStatement, transaction: Transaction): Run {
    const { statement } = cached
    const { engine } = this
    if (isDataStatement(statement)) {
      return new StatementRun(engine, this, transaction, () => this.#bind(cached, transaction), {
        output: (compiled) => this.#output.formOf(compiled),
        memoryLimit: engine.memoryLimit,
        effects: this.state.effects,
      })
    }
    if (statement.kind === 'call') {
      const { name, position } = statement
      const bind = (): BoundStatement => this.#bind(cached, transaction)
      return new CallRun(engine, this, this.state, transaction, { name, position, bind })
    }
    if (statement.kind === 'lock_table') {
      // The lock would be gone at once.
      if (this.state.block.kind === 'implicit' && this.#statements?.length === 1) throw outsideBlock('LOCK TABLE')
      return new LockTableRun(engine, this, transaction, statement)
    }
    if (this.state.block.readOnly) {
      throw readOnlyTransaction(statement.kind === 'copy' ? 'COPY FROM' : commandOf(statement))
    }
    if (statement.kind === 'copy') {
      return new CopyRun(
        engine,
        this,
        transaction,
        statement,
        () => this.#copyData ?? fileSource(engine.env.files, statement),
        this.state.effects,
      )
    }
    return new DdlRun(engine, this, this.state, transaction, statement)
  }

  #bind(cached: CachedStatement, transaction: Transaction): BoundStatement {
    const { parameters } = this.#source
    const planned = cached.plan(transaction.catalog, parameters, this.state)
    if (this.state.block.readOnly && planned.compiled.writes) throw readOnlyTransaction(planned.compiled.command)
    const { compiled, usesSession } = planned
    return { compiled, parameters: planned.bind(parameters, this.#literals, this.state), usesSession }
  }
}

const reads = (statement: Statement): boolean =>
  (statement.kind === 'select' || statement.kind === 'values') && !locksRows(statement)

function isOutboxStatement(statement: Statement): statement is Listen | Unlisten | Notify {
  return statement.kind === 'listen' || statement.kind === 'unlisten' || statement.kind === 'notify'
}

/** The block's, or one that begins now. A CALL that stands in none, or behind settings only, begins one that is alone. */
function transactionFor({ kind }: Statement, state: SessionState): Transaction {
  const { block } = state
  const defaults = state.defaultModes()
  const modes = kind === 'call' ? procedureModes(defaults) : defaults
  if (block.transaction === null) return block.begin('implicit', modes)
  if (kind === 'call' && block.kind === 'implicit' && block.fresh && block.modes === defaults)
    return block.restart(modes)
  return block.transaction
}
