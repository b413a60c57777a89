/**
 * Timeouts. They are the session's business alone: nothing below it knows the clock, and a statement that is late ends
 * as one that is cancelled does, between two steps.
 *
 * | setting                               | runs while                                  | and then                                   |
 * | ------------------------------------- | ------------------------------------------- | ------------------------------------------ |
 * | `lock_timeout`                        | the statement waits for one lock            | 55P03 ends the statement                   |
 * | `statement_timeout`                   | the statement runs or waits                 | 57014 ends the statement                   |
 * | `idle_in_transaction_session_timeout` | the session does nothing in a block         | 25P03, the whole transaction is rolled back |
 * | `transaction_timeout`                 | the transaction is open                     | 25P04, the whole transaction is rolled back |
 *
 * PostgreSQL ends the connection for the last two. Here the session lives on in a failed block, so that no later
 * statement of its client runs outside the transaction that it believes to be in: the next one gets the error.
 *
 * A commit that is on its way to the disk is out of reach of all four.
 */
import type { Env, Timer } from '../env/env.ts'
import type { DatabaseError } from '../errors.ts'
import { idleInTransactionTimeout, lockTimeout, statementTimeout, transactionTimeout } from '../errors.ts'
import type { Timeouts } from './settings.ts'

/** Of one call. Made when a timeout is set and the call did not end within its first step. */
export class StatementTimers {
  readonly #env: Env
  readonly #expire: (error: DatabaseError) => void
  #lock: Timer | null = null
  #statement: Timer | null = null
  /** For the steps of a synchronous call, between which no timer is served. */
  #deadline = Infinity

  constructor(env: Env, expire: (error: DatabaseError) => void) {
    this.#env = env
    this.#expire = expire
  }

  /** A step has ended and the statement has not. `waits`: it waits for a lock. */
  goesOn({ statement, lock }: Timeouts, waits: boolean): void {
    if (waits && lock > 0) this.#lock = this.#env.timers.set(lock, () => this.#expire(lockTimeout()), false)
    if (statement > 0 && this.#statement === null) {
      this.#deadline = this.#env.clock.monotonicMillis() + statement
      this.#statement = this.#env.timers.set(statement, () => this.#expire(statementTimeout()), false)
    }
  }

  /** A step begins. Throws 57014. */
  resume(): void {
    this.#lock?.cancel()
    this.#lock = null
    if (this.#env.clock.monotonicMillis() >= this.#deadline) throw statementTimeout()
  }

  /** The statement is over; the text may have another. */
  stop(): void {
    this.#lock?.cancel()
    this.#statement?.cancel()
    this.#lock = this.#statement = null
    this.#deadline = Infinity
  }
}

/** Of one session's transaction block. */
export class BlockTimers {
  readonly #env: Env
  readonly #expire: (error: DatabaseError) => void
  #idle: Timer | null = null
  #transaction: Timer | null = null

  constructor(env: Env, expire: (error: DatabaseError) => void) {
    this.#env = env
    this.#expire = expire
  }

  get armed(): boolean {
    return this.#idle !== null || this.#transaction !== null
  }

  /** A transaction is open and `transaction_timeout` may be new. */
  open({ transaction }: Timeouts): void {
    if (transaction === 0) this.#transaction?.cancel()
    else this.#transaction ??= this.#env.timers.set(transaction, () => this.#expire(transactionTimeout()), false)
    if (transaction === 0) this.#transaction = null
  }

  /** The session does nothing, in an explicit block. */
  rest({ idleInTransaction }: Timeouts): void {
    this.#idle?.cancel()
    this.#idle = null
    if (idleInTransaction === 0) return
    this.#idle = this.#env.timers.set(idleInTransaction, () => this.#expire(idleInTransactionTimeout()), false)
  }

  work(): void {
    this.#idle?.cancel()
    this.#idle = null
  }

  close(): void {
    this.work()
    this.#transaction?.cancel()
    this.#transaction = null
  }
}
