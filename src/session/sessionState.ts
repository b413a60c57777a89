/**
 * What one session is, behind the public handles: its number, settings, transaction block, and the queue of its calls.
 * One statement at a time runs in a session; further asynchronous calls queue, a synchronous one is refused (55006).
 */
import { sessionBusy, sessionClosed, statementCancelled, synchronousReentry } from '../errors.ts'
import type { Env } from '../env/env.ts'
import type { DatabaseError } from '../errors.ts'
import type { Moments } from '../planner/index.ts'
import type { TransactionManager } from '../txn/manager.ts'
import type { Transaction, TransactionModes } from '../txn/transaction.ts'
import { TransactionBlock } from './transactionBlock.ts'
import type { Core, Task } from './core.ts'
import type { Notice } from './result.ts'
import type { SettingDefaults } from './settings.ts'
import { Settings } from './settings.ts'
import type { Notifications } from './notifications.ts'
import { Inbox } from './notifications.ts'
import { SessionEffects } from './sessionEffects.ts'
import type { Statistics } from './statistics.ts'
import { BlockTimers } from './timeouts.ts'

const idleInTransaction = '25P03'

/** What the sessions of one database have in common. */
export interface SharedBySessions {
  readonly settings: SettingDefaults
  readonly notifications: Notifications
  readonly statistics: Statistics
}

export class SessionState implements Moments {
  /** From 1, in the order in which sessions began. */
  readonly id: number
  readonly settings: Settings
  readonly block: TransactionBlock
  readonly inbox: Inbox
  readonly effects: SessionEffects
  readonly #notifications: Notifications
  /** The call that runs now. */
  task: Task | null = null
  closed = false
  /** The text that ran last; null before the first. */
  lastStatement: string | null = null
  onNotice: ((notice: Notice) => void) | null = null
  readonly #core: Core
  readonly #env: Env
  readonly #timers: BlockTimers
  readonly #queue: Task[] = []
  readonly #idleWaiters: (() => void)[] = []
  #savepoints = 0
  #timed: Transaction | null = null
  #transactionMicros = 0

  constructor(id: number, core: Core, transactions: TransactionManager, env: Env, shared: SharedBySessions) {
    this.id = id
    this.settings = new Settings(shared.settings)
    this.#notifications = shared.notifications
    this.#core = core
    this.#env = env
    this.#timers = new BlockTimers(env, (error) => this.#expire(error))
    this.inbox = new Inbox(id, env.timers, () => this.block.kind !== 'none')
    this.block = new TransactionBlock(transactions, this.settings, id, this.#timers, {
      committed: (transaction, actions, state) =>
        shared.notifications.committed(this.inbox, transaction, actions, state),
      left: () => this.inbox.deliver(),
      failed: (isolation, error) => shared.statistics.failed(isolation, error),
    })
    this.effects = new SessionEffects(id, {
      block: this.block,
      notifications: shared.notifications,
      locks: transactions.locks,
      notice: (notice) => this.notice(notice),
    })
  }

  /** What `now()` says: one time for a whole transaction, taken when it is first asked for. */
  get transactionMicros(): number {
    const { transaction } = this.block
    if (transaction === null || transaction !== this.#timed) {
      this.#timed = transaction
      this.#transactionMicros = this.#env.clock.nowMicros()
    }
    return this.#transactionMicros
  }

  get statementMicros(): number {
    return this.#env.clock.nowMicros()
  }

  /** The modes of a transaction that names none; the same object as long as the settings are. */
  defaultModes(): TransactionModes {
    return this.settings.engine.modes
  }

  /** Runs the task when the calls before it are done. */
  submit(task: Task): void {
    if (this.closed) throw sessionClosed()
    if (this.task !== null) this.#queue.push(task)
    else {
      this.#work(task)
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
    this.#work(task)
    this.#core.drive(task)
  }

  #work(task: Task): void {
    this.task = task
    if (this.#timers.armed) this.#timers.work()
  }

  /** The task is settled; the next call of the queue begins. */
  finished(task: Task): void {
    if (this.task !== task) return
    this.lastStatement = task.sql
    this.task = this.#queue.shift() ?? null
    if (this.task !== null) {
      this.#core.wake(this.task)
      return
    }
    this.rests()
    if (this.#idleWaiters.length > 0) for (const resolve of this.#idleWaiters.splice(0)) resolve()
  }

  /** The session does nothing now; within a block, that may have a limit. */
  rests(): void {
    if (this.block.kind === 'explicit') this.block.watch()
  }

  /** A timeout of the transaction, not of a statement. */
  #expire(error: DatabaseError): void {
    this.#core.betweenSteps(() => {
      const { task, block } = this
      // What began within a step, as BEGIN does, is idle only behind it.
      if (error.code === idleInTransaction && task !== null) return
      task?.fail(error)
      block.terminate(error, task !== null)
    })
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

  /** Ends what runs, and nothing that queues. */
  cancel(): void {
    this.task?.fail(statementCancelled())
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

  /** Listens to nothing and holds nothing any more. */
  letGo(): void {
    this.#notifications.unlisten(this.inbox, null)
    this.inbox.close()
    this.effects.close()
  }

  /** Ends what runs, refuses what waits, rolls back. */
  close(): void {
    if (this.closed) return
    this.closed = true
    this.#core.betweenSteps(() => {
      if (this.task !== null) this.cancelAll(sessionClosed())
      if (this.block.kind !== 'none') this.block.rollback()
      this.letGo()
    })
  }
}
