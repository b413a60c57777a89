/**
 * Stored procedures: functions that run as one SERIALIZABLE USING SERIAL transaction, from begin to end without anybody
 * between, in one step of the core. The fast path of H-Store and VoltDB (Stonebraker et al., *The End of an Architectural
 * Era*, VLDB 2007; Kallman et al., *H-Store*, VLDB 2008): where nobody interleaves there is nothing to wait for, so a
 * procedure needs no lock but the database's, no queue, no snapshot and no promise until its end.
 *
 * What follows from that: it waits before it starts, for those who write or have locked what they read, and never again.
 * So what could wait within it is refused: DDL, LOCK TABLE, COPY, advisory locks, transaction control; and the function is
 * synchronous. A statement of it that fails has no effect, and the function may catch its error; what the function
 * throws rolls all of it back.
 */
import { assert } from '../assert.ts'
import {
  handleClosed,
  lockNotAvailable,
  notInProcedure,
  procedureIsAsync,
  severalStatements,
  emptyQuery,
  transactionControlInProcedure,
  undefinedProcedure,
} from '../errors.ts'
import type { CachedStatement } from '../planner/index.ts'
import { isDataStatement } from '../planner/index.ts'
import type { CompiledStatement, Execution } from '../executor/index.ts'
import type { Transaction } from '../txn/transaction.ts'
import { isControlStatement } from './control.ts'
import type { Engine } from './engine.ts'
import { runOnce } from './immediate.ts'
import { commandOf, defaultOutput, resultOf } from './output.ts'
import type { ObjectRow, QueryResult } from './result.ts'
import type { SessionState } from './sessionState.ts'

/** A stored procedure. It is called with a transaction of its own, and must not return a promise. */
export type Procedure = (tx: ProcedureTransaction, ...args: never[]) => unknown

/** The procedures of one database, and the statements that they have used. */
export class Procedures {
  readonly #byName = new Map<string, Procedure>()
  readonly #statements = new Map<string, CachedStatement>()

  /** For a fork: the procedures that this one has now. */
  copyTo(other: Procedures): void {
    for (const [name, procedure] of this.#byName) other.set(name, procedure)
  }

  /** Null takes the procedure away. */
  set(name: string, procedure: Procedure | null): void {
    if (procedure === null) this.#byName.delete(name)
    else this.#byName.set(name, procedure)
  }

  /** Throws 42883. `position`: of the name in a CALL. */
  find(name: string, position: number | null = null): Procedure {
    const procedure = this.#byName.get(name)
    if (procedure === undefined) throw undefinedProcedure(name, position)
    return procedure
  }

  /** The statement of a text, prepared once. Throws the parser's errors; 0A000 and 2D000 for what has no place in a procedure. */
  statement(engine: Engine, sql: string): CachedStatement {
    let cached = this.#statements.get(sql)
    if (cached !== undefined) return cached
    cached = prepared(engine, sql)
    if (this.#statements.size >= mostStatements) this.#statements.clear()
    this.#statements.set(sql, cached)
    return cached
  }
}

/** A procedure that puts its values into the text makes a new one each time. */
const mostStatements = 1000

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

/** What a procedure does to the database: like a prepared statement's methods, with the text in front. */
export class ProcedureTransaction {
  readonly #engine: Engine
  readonly #state: SessionState
  readonly #transaction: Transaction
  /** Of the last statement. */
  #compiled: CompiledStatement | null = null
  #ended = false

  /** @internal */
  constructor(engine: Engine, state: SessionState, transaction: Transaction) {
    this.#engine = engine
    this.#state = state
    this.#transaction = transaction
  }

  /** The first row; undefined if there is none. @throws DatabaseError what the statement throws */
  get<Row = ObjectRow>(sql: string, ...parameters: unknown[]): QueryResult<Row>['rows'][number] | undefined {
    return this.all<Row>(sql, ...parameters)[0]
  }

  /** All rows. @throws DatabaseError as `get` */
  all<Row = ObjectRow>(sql: string, ...parameters: unknown[]): Row[] {
    const execution = this.#execute(sql, parameters)
    const rows = execution.take() as Row[]
    execution.release()
    return rows
  }

  /** Runs it for its effect, and gives the number of rows that it inserted, updated or deleted. @throws DatabaseError as `get` */
  run(sql: string, ...parameters: unknown[]): number {
    const execution = this.#execute(sql, parameters)
    const { rowCount } = execution
    execution.release()
    return rowCount
  }

  /** @throws DatabaseError as `get` */
  query<Row = ObjectRow>(sql: string, parameters: readonly unknown[] = []): QueryResult<Row> {
    const execution = this.#execute(sql, parameters)
    assert(this.#compiled !== null, 'what has run was compiled')
    return resultOf(this.#compiled, execution) as QueryResult<Row>
  }

  #execute(sql: string, parameters: readonly unknown[]): Execution {
    if (this.#ended) throw handleClosed('transaction')
    const engine = this.#engine
    const transaction = this.#transaction
    const cached = engine.procedures.statement(engine, sql)
    const { history } = engine.transactions
    if (history.on) history.statement(transaction, sql)
    const planned = cached.plan(transaction.catalog, parameters)
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

  /** Notifies when the procedure has committed. @throws DatabaseError 22023 */
  notify(channel: string, payload = ''): void {
    if (this.#ended) throw handleClosed('transaction')
    this.#state.effects.notify(channel, payload)
  }

  /** Another procedure, within this one. @throws DatabaseError 42883, and what it throws */
  call(name: string, ...args: unknown[]): unknown {
    if (this.#ended) throw handleClosed('transaction')
    return invoke(this.#engine.procedures.find(name), this, args)
  }

  /** @internal The procedure has returned. */
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
  const tx = new ProcedureTransaction(engine, state, transaction)
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
