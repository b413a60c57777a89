/**
 * A call of a session as the core sees it: a task that steps until it is settled. This file holds what all calls share:
 * settling once, cancelling, waiting for a lock or for the disk, and what an error does to the transaction block.
 */
import { requireSignal } from '../argumentChecks.ts'
import { assert } from '../assert.ts'
import type { DatabaseError } from '../errors.ts'
import { statementCancelled } from '../errors.ts'
import type { LockWait } from '../txn/lockWait.ts'
import { awaitsDisk } from '../txn/commitQueue.ts'
import type { Transaction, TransactionModes } from '../txn/transaction.ts'
import type { Task } from './core.ts'
import type { Ending } from './control.ts'
import { beginNext } from './control.ts'
import { TaskStep } from './core.ts'
import type { Engine } from './engine.ts'
import { holderName } from './holderName.ts'
import type { SessionState } from './sessionState.ts'
import { StatementTimers } from './timeouts.ts'
import { runTwoPhase, twoPhaseCommand } from './twoPhase.ts'

export abstract class SessionTask implements Task {
  readonly sql: string
  /** The lock it waits for, while it is blocked. */
  wait: LockWait | null = null
  /** Set by the engine if the log failed while this call's commit was on its way (08007). */
  commitError: DatabaseError | null = null
  /** True once the person was told that it waits for an idle session. */
  warned = false
  /** What the call became, once it is settled: null, or its error. */
  error: Error | null = null
  settled = false
  protected readonly engine: Engine
  protected readonly state: SessionState
  #committing: Transaction | null = null
  /** COMMIT AND CHAIN: the modes of what follows once it is published. */
  #next: TransactionModes | null = null
  /** True when nothing is left to do but to wait for the last commit. */
  #complete = false
  /** Why the call ends once its commit, which nobody can take back, is published. */
  #interruption: Error | null = null
  #onSettled: (() => void) | null = null
  #signal: AbortSignal | null = null
  #timers: StatementTimers | null = null

  constructor(engine: Engine, state: SessionState, sql: string) {
    this.engine = engine
    this.state = state
    this.sql = sql
  }

  get session(): number {
    return this.state.id
  }

  abstract get writes(): boolean

  /** Goes on until the budget is spent; DONE: there is nothing left but to commit an implicit block. Throws the call's errors. */
  protected abstract advance(budget: number): TaskStep

  /** Gives up what runs: no lock is waited for any more. */
  protected abstract abandon(): void

  step(budget: number): TaskStep {
    if (this.settled) return TaskStep.DONE
    const outcome = this.#step(budget)
    if (outcome === TaskStep.DONE) return outcome
    const { timeouts } = this.state.settings.engine
    if (timeouts !== null && outcome !== TaskStep.DURABLE) {
      this.#timers ??= new StatementTimers(this.engine.env, (error) => this.fail(error))
      this.#timers.goesOn(timeouts, outcome === TaskStep.BLOCKED)
    }
    return outcome
  }

  /** A statement of the call is complete. */
  protected statementEnded(): void {
    this.#timers?.stop()
  }

  #step(budget: number): TaskStep {
    try {
      this.#timers?.resume()
      if (!this.#complete) {
        const outcome = this.advance(budget)
        if (outcome !== TaskStep.DONE) return outcome
        this.#complete = true
        if (this.state.block.kind === 'implicit') this.commit()
      }
      if (this.awaitsDisk) return TaskStep.DURABLE
    } catch (error) {
      this.#rollBack(error)
      this.#settle(asError(error))
      return TaskStep.DONE
    }
    this.#settle(null)
    return TaskStep.DONE
  }

  /** Does what a control statement left to do, and returns its command tag. */
  protected end(ending: Ending): string {
    if (ending.kind === 'commit') {
      this.commit()
      this.#next = ending.next
      return 'COMMIT'
    }
    this.statementEnded()
    const transaction = runTwoPhase(this.engine, this.state, ending, false)
    if (awaitsDisk(transaction)) this.#awaitDisk(transaction)
    return twoPhaseCommand(ending)
  }

  /** COMMIT AND CHAIN is done, on the disk too: what follows begins. */
  protected beginNext(): void {
    const next = this.#next
    this.#next = null
    beginNext(this.state, next)
  }

  /** Commits the session's block. If the disk must be waited for, `awaitsDisk` is true until it is published. */
  protected commit(): void {
    const { transaction } = this.state.block
    assert(transaction !== null, 'a block that commits has a transaction')
    this.statementEnded()
    if (this.state.block.commit(false) === 'committing') this.#awaitDisk(transaction)
  }

  #awaitDisk(transaction: Transaction): void {
    this.#committing = transaction
    this.engine.awaitPublication(transaction, this)
  }

  /** True while a commit of this call is not published. */
  protected get awaitsDisk(): boolean {
    if (this.commitError !== null) throw this.commitError
    if (this.#committing !== null && awaitsDisk(this.#committing)) return true
    this.#committing = null
    return false
  }

  /** Throws if the call was ended while a commit in its middle was on its way to the disk. */
  protected requireUninterrupted(): void {
    if (this.#interruption !== null) throw this.#interruption
  }

  fail(error: Error): void {
    this.engine.core.betweenSteps(() => {
      if (this.settled) return
      // A commit that waits for the disk counts as committed: only what the text says behind it can be cancelled.
      if (this.#committing !== null) {
        this.#interruption ??= error
        return
      }
      this.#leaveQueues()
      if (this.#begun) this.#rollBack(error)
      this.#settle(error)
    })
  }

  /** Its caller wants no more of it: what it read is given up, without harm to an explicit block. */
  protected endEarly(): void {
    this.engine.core.betweenSteps(() => {
      if (this.settled || this.#committing !== null) return
      this.#leaveQueues()
      if (this.#begun) {
        this.abandon()
        this.wait = null
        this.engine.forget(this)
        if (this.state.block.kind === 'implicit') this.state.block.rollback()
      }
      this.#settle(null)
    })
  }

  /** True once it is the session's turn: a call that still queues has done nothing that could be undone. */
  get #begun(): boolean {
    return this.state.task === this
  }

  #leaveQueues(): void {
    this.state.unqueue(this)
    this.engine.core.drop(this)
  }

  waitDescription(): string {
    const { wait } = this
    if (wait === null) return 'the statement waits for its caller'
    const holders = wait.holders().map(holderName)
    return `${wait.mode} on ${wait.resource}${holders.length === 0 ? '' : `, held by ${holders.join(' and ')}`}`
  }

  /** Calls back when the call is settled. */
  onSettled(callback: () => void): void {
    if (this.settled) callback()
    else this.#onSettled = callback
  }

  /** Cancels the call (57014) when the signal is aborted. */
  listenTo(signal: AbortSignal | undefined): void {
    requireSignal(signal)
    if (signal === undefined) return
    if (signal.aborted) {
      this.#cancel()
      return
    }
    this.#signal = signal
    signal.addEventListener('abort', this.#cancel, { once: true })
  }

  readonly #cancel = (): void => this.fail(statementCancelled())

  #rollBack(error: unknown): void {
    this.abandon()
    this.wait = null
    this.engine.forget(this)
    if (this.#committing === null) this.state.block.fail(error)
  }

  #settle(error: Error | null): void {
    this.settled = true
    this.error = error
    this.#timers?.stop()
    this.#signal?.removeEventListener('abort', this.#cancel)
    const { trace } = this.engine
    if (trace.on && error !== null) {
      const code = 'code' in error && typeof error.code === 'string' ? error.code : 'XX000'
      trace.emit({ kind: 'error', session: this.session, code, message: error.message })
    }
    this.state.finished(this)
    this.#onSettled?.()
  }
}

/** What was thrown, as an error. */
export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
