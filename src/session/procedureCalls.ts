/**
 * Calling a procedure: on the spot if the database is free and no disk is waited for, else by a task that queues for it.
 */
import { Isolations } from '../txn/isolation.ts'
import type { LockWait } from '../txn/lockWait.ts'
import type { Transaction, TransactionModes } from '../txn/transaction.ts'
import { assert } from '../assert.ts'
import { notInProcedure, procedureNeedsSerial, readOnlyTransaction, statementCancelled } from '../errors.ts'
import type { Task } from './core.ts'
import { TaskStep } from './core.ts'
import { runOnce } from './immediate.ts'
import { emptyResult, outputChoice, resultOf } from './output.ts'
import type { QueryResult } from './result.ts'
import type { BoundStatement } from './statementRun.ts'
import type { Engine } from './engine.ts'
import type { Procedure } from './procedures.ts'
import { runProcedure } from './procedureRun.ts'
import type { RetryOptions } from './retry.ts'
import { withRetries, withRetriesSync } from './retry.ts'
import type { SessionState } from './sessionState.ts'
import { SessionTask } from './sessionTask.ts'

/** The modes of a procedure's transaction. */
export const procedureModes = (defaults: TransactionModes): TransactionModes => ({
  isolation: Isolations.serial,
  readOnly: false,
  deferrable: false,
  deadlockTimeout: defaults.deadlockTimeout,
})

/** What the procedure returned; undefined also if it must go the long way, which `done` tells. */
interface Immediate {
  readonly done: boolean
  readonly value: unknown
}

const notNow: Immediate = { done: false, value: undefined }

/** Runs it within this call if nothing has to be waited for. `mayWait`: for the disk. Throws what it throws. */
export function callImmediately(
  engine: Engine,
  state: SessionState,
  name: string,
  args: readonly unknown[],
  mayWait: boolean,
): Immediate {
  const { core, trace, log, transactions } = engine
  if (trace.on || transactions.history.on || core.stepping || core.hasExclusive || state.task !== null) return notNow
  if ((log !== null && !mayWait) || state.block.kind !== 'none') return notNow
  const procedure = engine.procedures.find(name)
  const { block } = state
  const transaction = block.begin('implicit', procedureModes(state.defaultModes()))
  try {
    const wait = transaction.lockDatabase()
    if (wait !== null) {
      wait.cancel()
      block.rollback()
      return notNow
    }
    const value = core.runStep(() => runProcedure(engine, state, transaction, procedure, args))
    block.commit(true)
    return { done: true, value }
  } catch (error) {
    if (block.kind !== 'none') {
      engine.statistics.failed(Isolations.serial, error)
      block.rollback()
    }
    throw error
  }
}

export interface ProcedureOptions extends RetryOptions {
  readonly name: string
  /** Cancels the call while it waits: error 57014. */
  readonly signal?: AbortSignal
}

/** `db.call`. */
export function callProcedure(
  engine: Engine,
  state: SessionState,
  name: string,
  args: readonly unknown[],
  { signal, ...retry }: Omit<ProcedureOptions, 'name'>,
): Promise<unknown> {
  return withRetries(engine.env, retry, async () => {
    if (signal?.aborted === true) throw statementCancelled()
    const { done, value } = callImmediately(engine, state, name, args, false)
    if (done) return value
    const task = new CallTask(engine, state, name, args)
    return new Promise((resolve, reject) => {
      task.onSettled(() => {
        if (task.error === null) resolve(task.value)
        else reject(task.error)
      })
      task.listenTo(signal)
      state.submit(task)
    })
  })
}

/** `db.callSync`. */
export function callProcedureSync(
  engine: Engine,
  state: SessionState,
  name: string,
  args: readonly unknown[],
): unknown {
  return withRetriesSync({}, () => {
    state.requireIdle()
    const { done, value } = callImmediately(engine, state, name, args, true)
    if (done) return value
    const task = new CallTask(engine, state, name, args)
    state.runNow(task)
    if (task.error !== null) throw task.error
    return task.value
  })
}

/** The long way. */
export class CallTask extends SessionTask {
  /** What the procedure returned, once the call is settled without an error. */
  value: unknown = undefined
  readonly #name: string
  readonly #args: readonly unknown[]

  constructor(engine: Engine, state: SessionState, name: string, args: readonly unknown[]) {
    super(engine, state, `CALL ${name}`)
    this.#name = name
    this.#args = args
  }

  get writes(): boolean {
    return true
  }

  protected advance(): TaskStep {
    const { engine, state } = this
    const { block } = state
    if (block.transaction === null) this.#begin()
    const { transaction } = block
    assert(transaction !== null, 'a call has a transaction')
    const outcome = awaitDatabase(engine, this, this, transaction)
    if (outcome !== TaskStep.DONE) return outcome
    const procedure: Procedure = engine.procedures.find(this.#name)
    this.value = runProcedure(engine, state, transaction, procedure, this.#args)
    const { trace } = engine
    if (trace.on) trace.emit({ kind: 'done', session: this.session, rowCount: null })
    return TaskStep.DONE
  }

  #begin(): void {
    const { engine, state } = this
    const { trace, transactions } = engine
    if (trace.on) trace.emit({ kind: 'statement', session: this.session, transaction: null, sql: this.sql })
    const transaction = state.block.begin('implicit', procedureModes(state.defaultModes()))
    if (transactions.history.on) transactions.history.statement(transaction, this.sql)
  }

  protected abandon(): void {
    this.wait?.cancel()
  }
}

export interface ProcedureCall {
  readonly name: string
  readonly position: number
  /** Of the arguments. Throws what their binding throws. */
  readonly bind: () => BoundStatement
}

/** CALL in a text: its arguments are computed first, as the row of a query without tables. */
export class CallRun {
  wait: LockWait | null = null
  readonly #engine: Engine
  readonly #task: Task
  readonly #state: SessionState
  readonly #transaction: Transaction
  readonly #call: ProcedureCall

  /** Throws 25001 in a transaction that is not alone. */
  constructor(engine: Engine, task: Task, state: SessionState, transaction: Transaction, call: ProcedureCall) {
    if (!transaction.isolation.alone) throw procedureNeedsSerial(transaction.isolation.title)
    if (state.block.readOnly) throw readOnlyTransaction('CALL')
    this.#engine = engine
    this.#task = task
    this.#state = state
    this.#transaction = transaction
    this.#call = call
  }

  step(): TaskStep {
    const outcome = awaitDatabase(this.#engine, this.#task, this, this.#transaction)
    if (outcome !== TaskStep.DONE) return outcome
    const { name, position, bind } = this.#call
    const procedure = this.#engine.procedures.find(name, position)
    const { compiled, parameters, usesSession } = bind()
    if (usesSession) throw notInProcedure('A function that acts upon the session')
    const execution = runOnce(this.#engine, this.#transaction, compiled, parameters, outputOf.formOf(compiled))
    assert(execution !== null, 'arguments without tables wait for nothing')
    const [args] = resultOf(compiled, execution).rows
    assert(Array.isArray(args), 'arguments are one row')
    runProcedure(this.#engine, this.#state, this.#transaction, procedure, args)
    return TaskStep.DONE
  }

  /** The block is rolled back by whoever gives up. */
  abandon(): void {
    this.wait?.cancel()
    this.wait = null
    this.#transaction.undoStatement()
  }

  result(): QueryResult<unknown> {
    return emptyResult('CALL')
  }
}

const outputOf = outputChoice({ rowMode: 'array' })

/** DONE once the transaction has the database for itself. */
function awaitDatabase(
  engine: Engine,
  task: Task,
  waiter: { wait: LockWait | null },
  transaction: Transaction,
): TaskStep {
  if (waiter.wait !== null && waiter.wait.error !== null) throw waiter.wait.error
  const wait = (waiter.wait = transaction.lockDatabase())
  if (wait === null) return TaskStep.DONE
  if (wait.granted || wait.error !== null) return TaskStep.YIELD
  engine.awaitLock(wait, task)
  return TaskStep.BLOCKED
}
