/**
 * A session: one client of the database, with a transaction state of its own. Any number of sessions of one database run
 * at the same time, interleaved between the steps of their statements.
 */
import { requireFunction, requireSignal, requireText } from '../argumentChecks.ts'
import {
  callbackEndedTransaction,
  callbackIsAsync,
  databaseClosed,
  handleClosed,
  invalidOption,
  methodWithoutSerializable,
  sessionClosed,
  statementCancelled,
  transactionHadFailed,
} from '../errors.ts'
import { quoteIdentifier } from '../parser/index.ts'
import type { Isolation, IsolationLevel, SerializableMethod } from '../txn/isolation.ts'
import { isolationNamed, SerializableMethods } from '../txn/isolation.ts'
import { execStatements, query } from './calls.ts'
import type { CopyData } from './copyFrom.ts'
import { copyInto } from './copyFrom.ts'
import type { Engine } from './engine.ts'
import type { NotificationListener } from './notifications.ts'
import { outputChoice } from './output.ts'
import type { Notice, ObjectRow, QueryOptions, QueryResult } from './result.ts'
import type { RetryOptions } from './retry.ts'
import { withRetries, withRetriesSync } from './retry.ts'
import type { SessionState } from './sessionState.ts'
import { asError } from './sessionTask.ts'
import { sqlTag } from './sqlTemplate.ts'
import type { SqlTag } from './sqlTemplate.ts'
import { Statement } from './statement.ts'
import { StreamTask } from './streamTask.ts'
import type { TransactionModes } from '../txn/transaction.ts'
import type { TransactionStatus } from './transactionBlock.ts'

/** The isolation levels by SQL's names in lower case; 'snapshot' is another name of 'repeatable read'. */
export type IsolationName = IsolationLevel | 'snapshot'

export interface TransactionOptions extends RetryOptions {
  readonly isolation?: IsolationName
  /** How SERIALIZABLE is reached; alone it means SERIALIZABLE by this method. */
  readonly method?: SerializableMethod
  readonly readOnly?: boolean
  /** With `readOnly` at SERIALIZABLE by SSI: waits for a snapshot on which it can neither fail nor make others fail. */
  readonly deferrable?: boolean
  /** Cancels what runs and rolls back: error 57014, also if the callback goes on. */
  readonly signal?: AbortSignal
}

/** Who is in the way of a statement that waits. */
export interface WaitingFor {
  /** The lock in words: `row 17 of table "accounts"`. */
  readonly lock: string
  readonly mode: string
  /** The numbers of the sessions that hold it, or stand before this one in its queue; 0 for a prepared transaction, which is no session's. */
  readonly holders: readonly number[]
}

/** What `connect` gave, which ends the session; what a callback got, which ends with its transaction; or what one call uses. */
type HandleRole = 'session' | 'transaction' | 'call'

export class Session {
  readonly #engine: Engine
  readonly #state: SessionState
  readonly #role: HandleRole
  /** Of a handle that `transaction` gave: the number of its block, without which it is good for nothing. */
  readonly #block: number
  #ended = false
  #sql: SqlTag | null = null

  /** @internal Made by `connect` and `transaction`. */
  constructor(engine: Engine, state: SessionState, role: HandleRole) {
    this.#engine = engine
    this.#state = state
    this.#role = role
    this.#block = state.block.number
  }

  /** Runs the SQL between the backticks; values become parameters. Also the home of `sql.ident` and `sql.fragment`. */
  get sql(): SqlTag {
    return (this.#sql ??= sqlTag((text, values) => this.query(text, values)))
  }

  /** The number of this session, from 1 in the order of their connecting; errors, traces and `waitingFor` use it. */
  get id(): number {
    return this.#state.id
  }

  /** 'waiting': its statement waits for a lock. */
  get state(): 'idle' | 'active' | 'waiting' {
    return this.#state.state
  }

  get transactionStatus(): TransactionStatus {
    return this.#state.block.status
  }

  /** The lock that the statement waits for, and who holds it; null if it does not wait. */
  get waitingFor(): WaitingFor | null {
    const wait = this.#state.task?.wait ?? null
    if (wait === null) return null
    return { lock: wait.resource, mode: wait.mode, holders: wait.holders().map((holder) => holder.session) }
  }

  /** Is told of notices and warnings, such as a COMMIT without a transaction. */
  set onNotice(listener: ((notice: Notice) => void) | null) {
    this.#state.onNotice = listener
  }

  /** Is told of every notification on a channel to which the session listens (LISTEN); between its transactions. */
  set onNotification(listener: NotificationListener | null) {
    this.#state.inbox.onNotification = listener
  }

  /**
   * Listens to a channel, from the end of the transaction on if one is open, and calls `listener` with what comes.
   * Resolves to the function that ends it. @throws DatabaseError as `query`
   */
  async listen(channel: string, listener: NotificationListener): Promise<() => Promise<void>> {
    await this.query(`LISTEN ${quoteIdentifier(channel)}`)
    const end = this.#state.inbox.add(channel, listener)
    return async () => {
      if (!end() && !this.#ended && !this.#state.closed) await this.query(`UNLISTEN ${quoteIdentifier(channel)}`)
    }
  }

  /**
   * Runs one statement; calls of a session queue. `$1`, `$2` … in the text stand for `parameters`.
   * @throws DatabaseError what the statement throws; 57014 if `signal` is aborted; 08003 if the session is closed
   */
  query<Row = ObjectRow>(
    sql: string,
    parameters: readonly unknown[] = [],
    options: QueryOptions = {},
  ): Promise<QueryResult<Row>> {
    try {
      this.#requireOpen()
      return query<Row>(this.#engine, this.#state, sql, parameters, options)
    } catch (error) {
      return Promise.reject(asError(error))
    }
  }

  /**
   * Runs the statements of a text one after another. Those outside an explicit block are one transaction.
   * @throws DatabaseError what the first failing statement throws, with the results of those before it in `results`
   */
  async exec(sql: string, options: QueryOptions = {}): Promise<QueryResult[]> {
    this.#requireOpen()
    return execStatements(this.#engine, this.#state, sql, options)
  }

  /** A prepared statement that runs in this session, synchronously. @throws DatabaseError the parser's and binder's errors */
  prepare<Row = ObjectRow>(sql: string, options: Pick<QueryOptions, 'rowMode' | 'types'> = {}): Statement<Row> {
    this.#requireOpen()
    return new Statement<Row>(this.#engine, this.#state, sql, outputChoice(options), () => this.#requireOpen())
  }

  /** The rows of a query as they are computed, in bounded memory. Other calls of the session wait until it ends. @throws DatabaseError as `query` */
  async *stream<Row = ObjectRow>(
    sql: string,
    parameters: readonly unknown[] = [],
    options: QueryOptions = {},
  ): AsyncGenerator<Row, void, undefined> {
    this.#requireOpen()
    const source = { sql, statements: null, literals: null, single: true, parameters }
    const task = new StreamTask(this.#engine, this.#state, source, outputChoice(options))
    task.listenTo(options.signal)
    try {
      for (;;) {
        const rows = await task.next()
        if (rows === null) return
        yield* rows as Row[]
      }
    } finally {
      task.finish()
    }
  }

  /**
   * `COPY t FROM STDIN …` with the data of an (async) iterable of strings or bytes, cut anywhere. Resolves to the number
   * of rows. @throws DatabaseError with `where` naming line and column
   */
  async copyFrom(sql: string, data: CopyData, options: Pick<QueryOptions, 'signal'> = {}): Promise<number> {
    this.#requireOpen()
    return copyInto(this.#engine, this.#state, sql, data, options.signal)
  }

  /**
   * Calls `body` in a transaction, and commits; rolls back if it throws. The whole is tried again after 40001 and 40P01.
   * Inside of a transaction it is a savepoint, and not retried by itself.
   * @throws what `body` throws; 25P02 if a statement failed in it and `body` went on as if it had not
   */
  async transaction<T>(body: (tx: Session) => Promise<T> | T, options: TransactionOptions = {}): Promise<T> {
    this.#requireOpen()
    requireFunction('the body of a transaction', body)
    requireSignal(options.signal)
    if (this.#state.block.kind === 'explicit') return this.#nested(body, options.signal)
    if (this.#state.task !== null) {
      await this.#state.whenIdle()
      return this.transaction(body, options)
    }
    const age: Age = { firstAttempt: null }
    const { signal } = options
    return withRetries(this.#engine.env, options, async () => {
      const tx = this.#begin(options, age)
      try {
        const result = await tx.#until(signal, body)
        tx.requireHealthyEnd()
        if (this.#mayCommitNow()) this.#state.block.commit(true)
        else {
          // A statement that the callback did not await runs before COMMIT, and may still fail.
          const { command } = await this.query('COMMIT')
          if (command !== 'COMMIT') throw transactionHadFailed()
        }
        return result
      } catch (error) {
        await this.#rollBack()
        throw error
      } finally {
        tx.#ended = true
      }
    })
  }

  /** As `transaction`, within this call. @throws as `transaction`; 55P03 if a statement had to wait */
  transactionSync<T>(body: (tx: Session) => T, options: TransactionOptions = {}): T {
    this.#requireOpen()
    requireFunction('the body of a transaction', body)
    this.#state.requireIdle()
    if (this.#state.block.kind === 'explicit') return this.#nestedSync(body)
    const age: Age = { firstAttempt: null }
    return withRetriesSync(options, () => {
      const tx = this.#begin(options, age)
      try {
        const result = body(tx)
        if (result instanceof Promise) throw refusedPromise(result)
        this.#state.requireIdle()
        tx.requireHealthyEnd()
        // While another statement has the right that nobody commits, COMMIT queues like any.
        if (this.#engine.core.hasExclusive) this.prepare('COMMIT').run()
        else this.#state.block.commit(true)
        return result
      } catch (error) {
        this.#state.cancelAll(handleClosed('transaction'))
        if (this.#state.block.kind !== 'none') this.#state.block.rollback()
        throw error
      } finally {
        tx.#ended = true
      }
    })
  }

  /** True if the transaction that is open has something to commit. */
  get hasWritten(): boolean {
    return this.#state.block.transaction?.wrote ?? false
  }

  /** Resolves when no call runs or queues. */
  async whenIdle(): Promise<void> {
    await this.#state.whenIdle()
  }

  /** @internal Begins a transaction as `transaction` does; gives its handle. */
  beginBranch(options: TransactionOptions, age: Age): Session {
    this.#requireOpen()
    return this.#begin(options, age)
  }

  /** @internal Ends the statement that runs with this error. */
  interrupt(error: Error): void {
    this.#state.task?.fail(error)
  }

  /** Cancels the statement that runs (57014), if one does; calls that queue behind it go on. */
  cancel(): void {
    this.#state.cancel()
  }

  /** Ends the session: what runs fails with 08003, an open transaction is rolled back. */
  close(): void {
    if (this.#ended) return
    this.#ended = true
    if (this.#role === 'session') this.#engine.disconnect(this.#state)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #requireOpen(): void {
    if (this.#ended || this.#state.closed) throw handleClosed(this.#role === 'session' ? 'session' : 'transaction')
    if (this.#role === 'transaction') this.#requireBlock()
  }

  /** Throws 25P01 if the callback has ended its transaction, and perhaps begun another. */
  #requireBlock(): void {
    const { block } = this.#state
    if (block.kind !== 'explicit' || block.number !== this.#block) throw callbackEndedTransaction()
  }

  #begin(options: TransactionOptions, age: Age): Session {
    this.#state.requireIdle()
    const defaults = this.#state.defaultModes()
    const modes: TransactionModes = {
      isolation: this.#isolationOf(options) ?? defaults.isolation,
      readOnly: options.readOnly ?? defaults.readOnly,
      deferrable: options.deferrable ?? defaults.deferrable,
      deadlockTimeout: defaults.deadlockTimeout,
    }
    const transaction = this.#state.block.begin('explicit', modes, age.firstAttempt)
    age.firstAttempt = transaction.firstAttempt
    return new Session(this.#engine, this.#state, 'transaction')
  }

  /** Null if none is named. Throws 22023, 0A000. */
  #isolationOf({ isolation, method }: TransactionOptions): Isolation | null {
    if (isolation === undefined && method === undefined) return null
    // Callers in JavaScript have no compiler to tell them.
    if (method !== undefined && !SerializableMethods.includes(method)) throw invalidOption('method', method)
    if (isolation !== undefined) requireText('option "isolation"', isolation)
    const named = isolationNamed(isolation ?? 'serializable', method ?? this.#state.settings.engine.method)
    if (method !== undefined && named.method === null) throw methodWithoutSerializable(named.title)
    return named
  }

  /** @internal The callback has returned: is its block still there, and sound? Throws 08003, 25P01, 25P02, or what ended it. */
  requireHealthyEnd(): void {
    if (this.#engine.closed) throw databaseClosed()
    if (this.#state.closed) throw sessionClosed()
    this.#requireBlock()
    const { block } = this.#state
    if (block.failed) throw block.takeEnd() ?? transactionHadFailed()
  }

  /** True if a commit needs no place in a queue: nothing runs, nobody else must go first, and no disk is waited for. */
  #mayCommitNow(): boolean {
    const { core, log, trace } = this.#engine
    return this.#state.task === null && log === null && !trace.on && !core.stepping && !core.hasExclusive
  }

  /** What the callback gives, if the signal is not aborted before; then its statements are cancelled, and it finds its handle closed. */
  async #until<T>(signal: AbortSignal | undefined, body: (tx: Session) => Promise<T> | T): Promise<T> {
    if (signal === undefined) return body(this)
    if (signal.aborted) throw statementCancelled()
    let abort: (() => void) | null = null
    const aborted = new Promise<never>((_, reject) => {
      abort = () => {
        this.#ended = true
        this.#state.cancelAll(statementCancelled())
        reject(statementCancelled())
      }
      signal.addEventListener('abort', abort, { once: true })
    })
    try {
      return await Promise.race([aborted, body(this)])
    } finally {
      if (abort !== null) signal.removeEventListener('abort', abort)
    }
  }

  async #rollBack(): Promise<void> {
    if (this.#state.block.kind !== 'none') await this.query('ROLLBACK')
  }

  async #nested<T>(body: (tx: Session) => Promise<T> | T, signal: AbortSignal | undefined): Promise<T> {
    const name = this.#state.nextSavepoint()
    const tx = new Session(this.#engine, this.#state, 'transaction')
    await this.query(`SAVEPOINT ${name}`)
    try {
      const result = await tx.#until(signal, body)
      tx.requireHealthyEnd()
      await this.query(`RELEASE ${name}`)
      return result
    } catch (error) {
      if (this.#state.block.kind === 'explicit') {
        await this.query(`ROLLBACK TO ${name}`)
        await this.query(`RELEASE ${name}`)
      }
      throw error
    } finally {
      tx.#ended = true
    }
  }

  #nestedSync<T>(body: (tx: Session) => T): T {
    const name = this.#state.nextSavepoint()
    const { block } = this.#state
    block.savepoint(name)
    const tx = new Session(this.#engine, this.#state, 'transaction')
    try {
      const result = body(tx)
      if (result instanceof Promise) throw refusedPromise(result)
      this.#state.requireIdle()
      tx.requireHealthyEnd()
      block.release(name)
      return result
    } catch (error) {
      this.#state.cancelAll(handleClosed('transaction'))
      if (block.kind === 'explicit') {
        block.rollbackTo(name)
        block.release(name)
      }
      throw error
    } finally {
      tx.#ended = true
    }
  }
}

/** What the promise becomes matters to nobody any more: its statements find the transaction closed. */
function refusedPromise(promise: Promise<unknown>): Error {
  promise.catch(() => undefined)
  return callbackIsAsync()
}

/** Carries the age of a transaction from its first attempt to its retries. */
export interface Age {
  firstAttempt: number | null
}
