/**
 * The public handle of an open database. Each of its calls is a session of its own; `connect` and `transaction` give a
 * session that lasts.
 */
import { databaseClosed, transactionLeftOpen } from '../errors.ts'
import type { Trace } from '../trace.ts'
import type { Recording, RecordingOptions } from '../txn/history/historyRecorder.ts'
import { execStatements, queryStatement, refuseLoneControl, tryQuery } from './calls.ts'
import type { CopyData } from './copyFrom.ts'
import { copyInto } from './copyFrom.ts'
import type { TableDescription } from './describe.ts'
import { describeTables } from './describe.ts'
import type { Engine } from './engine.ts'
import { outputChoice } from './output.ts'
import type { ProcedureOptions } from './procedureCalls.ts'
import { callProcedure, callProcedureSync } from './procedureCalls.ts'
import type { Procedure } from './procedures.ts'
import type { PreparedTransaction } from './preparedTransactions.ts'
import { preparedTransactions } from './preparedTransactions.ts'
import type { ObjectRow, QueryOptions, QueryResult } from './result.ts'
import type { TransactionOptions } from './session.ts'
import { Session } from './session.ts'
import type { SessionState } from './sessionState.ts'
import { asError } from './sessionTask.ts'
import type { SqlTag } from './sqlTemplate.ts'
import { sqlTag } from './sqlTemplate.ts'
import { Statement } from './statement.ts'

export interface HistoryRecordings {
  /** Statements take a longer way while a recording runs, each with a transaction. @throws DatabaseError 55006 if one runs already */
  record(options?: RecordingOptions): Recording
}

export class Database {
  /** Runs the SQL between the backticks; values become parameters, fragments nest, `sql.ident(name)` is a quoted name. */
  readonly sql: SqlTag
  readonly #engine: Engine

  /** @internal Made by `open`. */
  constructor(engine: Engine) {
    this.#engine = engine
    this.sql = sqlTag((text, values) => this.query(text, values))
  }

  /** The stream of what the engine does: statements, waits, restarts, commits. */
  get trace(): Trace {
    return this.#engine.trace
  }

  /** Records what transactions read and write, version by version: `history.record()`, later `stop()`, then `check`. */
  get history(): HistoryRecordings {
    const { history } = this.#engine.transactions
    return { record: (options) => history.start(options) }
  }

  /**
   * Runs one statement in a session and (unless it is a plain read) a transaction of its own.
   * @throws DatabaseError what the statement throws; 0A000 for BEGIN and its kin; 57014 if `signal` is aborted
   */
  query<Row = ObjectRow>(
    sql: string,
    parameters: readonly unknown[] = [],
    options: QueryOptions = {},
  ): Promise<QueryResult<Row>> {
    const engine = this.#engine
    let state: SessionState | null = null
    try {
      state = engine.borrow()
      const immediate = tryQuery<Row>(engine, state, sql, parameters, options)
      if (immediate !== null) {
        engine.giveBack(state)
        return Promise.resolve(immediate)
      }
      refuseLoneControl(engine, sql)
    } catch (error) {
      if (state !== null) engine.giveBack(state)
      return Promise.reject(asError(error))
    }
    return this.#giveBack(state, queryStatement<Row>(engine, state, sql, parameters, options))
  }

  /**
   * Runs the statements of a text in one session and one transaction.
   * @throws DatabaseError what the first failing statement throws, with the results of those before it in `results`
   */
  async exec(sql: string, options: QueryOptions = {}): Promise<QueryResult[]> {
    const engine = this.#engine
    if (engine.closed) throw databaseClosed()
    refuseLoneControl(engine, sql)
    const state = engine.borrow()
    const call = execStatements(engine, state, sql, options).then((results) => {
      if (state.block.kind !== 'none') throw transactionLeftOpen()
      return results
    })
    return this.#giveBack(state, call)
  }

  /** A prepared statement that runs synchronously, each run a transaction of its own. @throws DatabaseError the parser's and binder's errors */
  prepare<Row = ObjectRow>(sql: string, options: Pick<QueryOptions, 'rowMode' | 'types'> = {}): Statement<Row> {
    const engine = this.#engine
    if (engine.closed) throw databaseClosed()
    return new Statement<Row>(engine, null, sql, outputChoice(options), () => {
      if (engine.closed) throw databaseClosed()
    })
  }

  /** A session of your own. @throws DatabaseError 08003 if the database is closed */
  async connect(): Promise<Session> {
    return this.connectSync()
  }

  connectSync(): Session {
    return new Session(this.#engine, this.#engine.connect(), 'session')
  }

  /** `session.transaction` in a session that lasts as long as the call. */
  async transaction<T>(body: (tx: Session) => Promise<T> | T, options: TransactionOptions = {}): Promise<T> {
    const state = this.#engine.borrow()
    try {
      return await new Session(this.#engine, state, 'call').transaction(body, options)
    } finally {
      this.#engine.giveBack(state)
    }
  }

  /** `session.transactionSync` in a session that lasts as long as the call. */
  transactionSync<T>(body: (tx: Session) => T, options: TransactionOptions = {}): T {
    const state = this.#engine.borrow()
    try {
      return new Session(this.#engine, state, 'call').transactionSync(body, options)
    } finally {
      this.#engine.giveBack(state)
    }
  }

  /** `session.copyFrom` in a session of its own. */
  async copyFrom(sql: string, data: CopyData, options: Pick<QueryOptions, 'signal'> = {}): Promise<number> {
    const state = this.#engine.borrow()
    return this.#giveBack(state, copyInto(this.#engine, state, sql, data, options.signal))
  }

  /**
   * Registers a stored procedure: a synchronous function that `call`, `callSync` and SQL's CALL run as a SERIALIZABLE
   * transaction with nobody beside it. A function of the same name goes; null takes it away. It lives as long as this
   * handle, not in the database's files.
   */
  procedure(name: string, procedure: Procedure | null): void {
    if (this.#engine.closed) throw databaseClosed()
    this.#engine.procedures.set(name, procedure)
  }

  /**
   * Runs a procedure; resolves to what it returned once it is committed. It waits only before it starts. Tried again as
   * `transaction` is. @throws DatabaseError 42883 if there is none of this name, and what it throws
   */
  async call(procedure: string | ProcedureOptions, ...args: unknown[]): Promise<unknown> {
    const { name, ...options } = typeof procedure === 'string' ? { name: procedure } : procedure
    const state = this.#engine.borrow()
    return this.#giveBack(state, callProcedure(this.#engine, state, name, args, options))
  }

  /** As `call`, within this call. @throws DatabaseError as `call`; 55P03 if it had to wait */
  callSync(name: string, ...args: unknown[]): unknown {
    const state = this.#engine.borrow()
    try {
      return callProcedureSync(this.#engine, state, name, args)
    } finally {
      this.#engine.giveBack(state)
    }
  }

  /** The tables with their columns, constraints and indexes, as committed; one of them if `table` is given. */
  describe(table?: string): readonly TableDescription[] {
    if (this.#engine.closed) throw databaseClosed()
    return describeTables(this.#engine.transactions.catalog, table ?? null)
  }

  /** 32 hexadecimal digits that name the database, wherever its directory is moved, but not apart from a copy of it; null in memory. */
  get id(): string | null {
    return this.#engine.log?.id ?? null
  }

  /** The transactions that wait for COMMIT PREPARED or ROLLBACK PREPARED, also those that were prepared before a crash. */
  prepared(): readonly PreparedTransaction[] {
    if (this.#engine.closed) throw databaseClosed()
    return preparedTransactions(this.#engine)
  }

  /** @internal The sessions for which a session waits. */
  holdersBefore(session: number): readonly number[] {
    return this.#engine.holdersBefore(session)
  }

  /**
   * A database of its own, in memory, that begins with what is committed here: copied on write, so it takes microseconds
   * whatever the size, and what either side does later the other never sees. What is open, waits or was prepared here is
   * not there. Close it or drop it. @throws DatabaseError 08003 if this one is closed, 55006 in the middle of a step
   */
  fork(): Database {
    return new Database(this.#engine.fork())
  }

  /** Closes all sessions (what runs fails with 08003) and the log. Idempotent. */
  async close(): Promise<void> {
    this.#engine.close()
  }

  closeSync(): void {
    this.#engine.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#engine.close()
  }

  [Symbol.dispose](): void {
    this.#engine.close()
  }

  async #giveBack<T>(state: SessionState, call: Promise<T>): Promise<T> {
    try {
      return await call
    } finally {
      this.#engine.giveBack(state)
    }
  }
}
