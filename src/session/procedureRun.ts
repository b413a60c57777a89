/** Runs stored procedures (procedures.ts tells the idea): the transaction that the function gets, and what it may do with it. */
import { assert } from '../assert.ts'
import {
  emptyQuery,
  handleClosed,
  lockNotAvailable,
  notInProcedure,
  procedureIsAsync,
  severalStatements,
  transactionControlInProcedure,
} from '../errors.ts'
import type { CompiledStatement, Execution } from '../executor/index.ts'
import type { CachedStatement } from '../planner/index.ts'
import { isDataStatement } from '../planner/index.ts'
import type { Transaction } from '../txn/transaction.ts'
import { isControlStatement } from './control.ts'
import type { Engine } from './engine.ts'
import { runOnce } from './immediate.ts'
import { commandOf, defaultOutput, resultOf } from './output.ts'
import type { Procedure, ProcedureTransaction } from './procedures.ts'
import type { ObjectRow, QueryResult } from './result.ts'
import type { SessionState } from './sessionState.ts'

/** The statement of a text, prepared once. Throws the parser's errors; 0A000 and 2D000 for what has no place in a procedure. */
function statementOf(engine: Engine, sql: string): CachedStatement {
  const { procedures } = engine
  let cached = procedures.statement(sql)
  if (cached !== undefined) return cached
  cached = prepared(engine, sql)
  procedures.keepStatement(sql, cached)
  return cached
}

function prepared(engine: Engine, sql: string): CachedStatement {
  const { statements } = engine.plans.prepare(sql)
  const [cached] = statements
  if (cached === undefined) throw emptyQuery()
  if (statements.length > 1) throw severalStatements()
  const { statement } = cached
  if (isControlStatement(statement)) throw transactionControlInProcedure(commandOf(statement))
  if (!isDataStatement(statement)) throw notInProcedure(commandOf(statement))
  return cached
}

class ProcedureRun implements ProcedureTransaction {
  readonly #engine: Engine
  readonly #state: SessionState
  readonly #transaction: Transaction
  /** Of the last statement. */
  #compiled: CompiledStatement | null = null
  #ended = false

  constructor(engine: Engine, state: SessionState, transaction: Transaction) {
    this.#engine = engine
    this.#state = state
    this.#transaction = transaction
  }

  get<Row = ObjectRow>(sql: string, ...parameters: unknown[]): QueryResult<Row>['rows'][number] | undefined {
    return this.all<Row>(sql, ...parameters)[0]
  }

  all<Row = ObjectRow>(sql: string, ...parameters: unknown[]): Row[] {
    const execution = this.#execute(sql, parameters)
    const rows = execution.take() as Row[]
    execution.release()
    return rows
  }

  run(sql: string, ...parameters: unknown[]): number {
    const execution = this.#execute(sql, parameters)
    const { rowCount } = execution
    execution.release()
    return rowCount
  }

  query<Row = ObjectRow>(sql: string, parameters: readonly unknown[] = []): QueryResult<Row> {
    const execution = this.#execute(sql, parameters)
    assert(this.#compiled !== null, 'what has run was compiled')
    return resultOf(this.#compiled, execution) as QueryResult<Row>
  }

  #execute(sql: string, parameters: readonly unknown[]): Execution {
    if (this.#ended) throw handleClosed('transaction')
    const engine = this.#engine
    const transaction = this.#transaction
    const cached = statementOf(engine, sql)
    const { history } = engine.transactions
    if (history.on) history.statement(transaction, sql)
    const planned = cached.plan(transaction.catalog, parameters, this.#state)
    if (planned.usesSession) throw notInProcedure('A function that acts upon the session')
    const compiled = (this.#compiled = planned.compiled)
    let execution: Execution | null
    try {
      const values = planned.bind(parameters, null, this.#state)
      execution = runOnce(engine, transaction, compiled, values, defaultOutput.formOf(compiled))
    } catch (error) {
      transaction.undoStatement()
      throw error
    }
    if (execution === null) throw lockNotAvailable('a stored procedure does not wait once it has begun')
    return execution
  }

  notify(channel: string, payload = ''): void {
    if (this.#ended) throw handleClosed('transaction')
    this.#state.effects.notify(channel, payload)
  }

  call(name: string, ...args: unknown[]): unknown {
    if (this.#ended) throw handleClosed('transaction')
    return invoke(this.#engine.procedures.find(name), this, args)
  }

  /** The procedure has returned. */
  end(): void {
    this.#ended = true
  }
}

/** Runs the procedure in a transaction that has the database for itself. Throws what it throws; the caller rolls back. */
export function runProcedure(
  engine: Engine,
  state: SessionState,
  transaction: Transaction,
  procedure: Procedure,
  args: readonly unknown[],
): unknown {
  assert(transaction.isolation.alone, 'a procedure runs serially')
  const tx = new ProcedureRun(engine, state, transaction)
  try {
    return invoke(procedure, tx, args)
  } finally {
    tx.end()
  }
}

function invoke(procedure: Procedure, tx: ProcedureTransaction, args: readonly unknown[]): unknown {
  const result = procedure(tx, ...(args as never[]))
  if (result instanceof Promise) {
    // What it becomes matters to nobody any more: its statements find the transaction closed.
    result.catch(() => undefined)
    throw procedureIsAsync()
  }
  return result
}
