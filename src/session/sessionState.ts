/**
 * What one session is, behind the public handles: its number, settings, transaction block, and the queue of its calls.
 * One statement at a time runs in a session; further asynchronous calls queue, a synchronous one is refused (55006).
 */
import { sessionBusy, sessionClosed, synchronousReentry } from '../errors.ts'
import type { Clock } from '../env/env.ts'
import type { Moments } from '../planner/index.ts'
import { Isolations } from '../txn/isolation.ts'
import type { TransactionManager } from '../txn/manager.ts'
import type { Transaction } from '../txn/transaction.ts'
import type { BlockOptions } from './transactionBlock.ts'
import { TransactionBlock } from './transactionBlock.ts'
import type { Core, Task } from './core.ts'
import type { Notice } from './result.ts'
import type { SettingValues } from './settings.ts'
import { Settings } from './settings.ts'

export class SessionState implements Moments {
  /** From 1, in the order in which sessions began. */
  readonly id: number
  readonly settings = new Settings()
  readonly block: TransactionBlock
  /** The call that runs now. */
  task: Task | null = null
  closed = false
  onNotice: ((notice: Notice) => void) | null = null
  readonly #core: Core
  readonly #clock: Clock
  readonly #queue: Task[] = []
  readonly #idleWaiters: (() => void)[] = []
  #savepoints = 0
  #timed: Transaction | null = null
  #transactionMicros = 0
  #modesOf: SettingValues | null = null
  #modes: BlockOptions = { isolation: Isolations.readCommitted, readOnly: false }

  constructor(id: number, core: Core, transactions: TransactionManager, clock: Clock) {
    this.id = id
    this.#core = core
    this.#clock = clock
    this.block = new TransactionBlock(transactions, this.settings, id)
  }

  /** What `now()` says: one time for a whole transaction, taken when it is first asked for. */
  get transactionMicros(): number {
    const { transaction } = this.block
    if (transaction === null || transaction !== this.#timed) {
      this.#timed = transaction
      this.#transactionMicros = this.#clock.nowMicros()
    }
    return this.#transactionMicros
  }

  get statementMicros(): number {
    return this.#clock.nowMicros()
  }

  /** The modes of a transaction that names none; the same object as long as the settings are. */
  defaultModes(): BlockOptions {
    const { values } = this.settings
    if (values !== this.#modesOf) {
      this.#modesOf = values
      this.#modes = { isolation: this.settings.defaultIsolation, readOnly: this.settings.defaultReadOnly }
    }
    return this.#modes
  }

  /** Runs the task when the calls before it are done. */
  submit(task: Task): void {
    if (this.closed) throw sessionClosed()
    if (this.task !== null) this.#queue.push(task)
    else {
      this.task = task
      this.#core.submit(task)
    }
  }

  /** Throws 55006 or 08003 unless a synchronous call may run now. */
  requireIdle(): void {
    if (this.closed) throw sessionClosed()
    if (this.#core.stepping) throw synchronousReentry()
    if (this.task !== null) throw sessionBusy()
  }

  /** Runs the task to its end within this call. */
  runNow(task: Task): void {
    this.requireIdle()
    this.task = task
    this.#core.drive(task)
  }

  /** The task is settled; the next call of the queue begins. */
  finished(task: Task): void {
    if (this.task !== task) return
    this.task = this.#queue.shift() ?? null
    if (this.task !== null) this.#core.wake(this.task)
    else if (this.#idleWaiters.length > 0) for (const resolve of this.#idleWaiters.splice(0)) resolve()
  }

  /** Takes a call that has not begun out of the queue. */
  unqueue(task: Task): void {
    const at = this.#queue.indexOf(task)
    if (at >= 0) this.#queue.splice(at, 1)
  }

  /** Ends what runs and what queues with this error. */
  cancelAll(error: Error): void {
    for (const task of this.#queue.splice(0)) task.fail(error)
    this.task?.fail(error)
  }

  /** A savepoint's name that no other of this session has. */
  nextSavepoint(): string {
    return `isolde_${++this.#savepoints}`
  }

  /** Resolves when no call runs or queues. */
  async whenIdle(): Promise<void> {
    while (this.task !== null) await new Promise<void>((resolve) => this.#idleWaiters.push(resolve))
  }

  get state(): 'idle' | 'active' | 'waiting' {
    if (this.task === null) return 'idle'
    return this.task.wait === null ? 'active' : 'waiting'
  }

  notice(notice: Notice): void {
    this.onNotice?.(notice)
  }

  /** Ends what runs, refuses what waits, rolls back. */
  close(): void {
    if (this.closed) return
    this.closed = true
    this.#core.betweenSteps(() => {
      if (this.task !== null) this.cancelAll(sessionClosed())
      if (this.block.kind !== 'none') this.block.rollback()
    })
  }
}
