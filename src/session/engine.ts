/**
 * One open database: its tables, transactions, plans and sessions, and the core that steps their statements. The public
 * handles (Database, Session, Statement) are thin; what they share is here.
 */
import type { Env, Timer } from '../env/env.ts'
import { databaseClosed, synchronousReentry } from '../errors.ts'
import type { DatabaseError } from '../errors.ts'
import type { SystemView, TableLookup } from '../planner/index.ts'
import { PlanCache } from '../planner/index.ts'
import type { CommitLog } from '../storage/log/log.ts'
import type { Store } from '../storage/store.ts'
import { Trace } from '../trace.ts'
import type { LockWait } from '../txn/lockWait.ts'
import type { TransactionListener, TransactionManager } from '../txn/manager.ts'
import type { Transaction } from '../txn/transaction.ts'
import type { Scheduler, Task } from './core.ts'
import { Core } from './core.ts'
import { holderName } from './holderName.ts'
import { Notifications } from './notifications.ts'
import { Procedures } from './procedures.ts'
import { SessionState } from './sessionState.ts'
import { Statistics } from './statistics.ts'
import type { SettingDefaults } from './settings.ts'

export interface EngineOptions {
  readonly scheduler: Scheduler | null
  readonly stepBudget: number
  /** Estimated bytes that one statement may hold. */
  readonly memoryLimit: number
  readonly planCacheBytes: number
  /** What the settings of each session are until it sets them. */
  readonly settings: SettingDefaults
}

/** What an engine is made of. */
export interface EngineParts {
  readonly env: Env
  readonly trace: Trace
  readonly store: Store
  /** Null in memory. */
  readonly log: CommitLog | null
  readonly transactions: (listener: TransactionListener) => TransactionManager
  /** What it tells about itself, as tables that FROM may name; by name. */
  readonly views: (engine: Engine) => ReadonlyMap<string, SystemView>
}

/** A statement that waits this long for a session that does nothing is reported. */
const warnAfterMillis = 1000

export class Engine implements TransactionListener {
  readonly env: Env
  readonly trace: Trace
  readonly store: Store
  readonly transactions: TransactionManager
  readonly core: Core
  readonly plans: PlanCache
  /** What statements may name. */
  readonly relations: TableLookup
  readonly memoryLimit: number
  /** Null in memory. */
  readonly log: CommitLog | null
  closed = false
  readonly sessions = new Set<SessionState>()
  readonly notifications = new Notifications()
  readonly procedures = new Procedures()
  readonly statistics = new Statistics()
  readonly #settings: SettingDefaults
  readonly #makeViews: EngineParts['views']
  readonly #options: EngineOptions
  readonly #waits = new Map<LockWait, Task>()
  readonly #committing = new Map<Transaction, Task>()
  /** Sessions of single calls (`db.query`), kept for the next one. */
  readonly #spare: SessionState[] = []
  #nextSession = 1
  #watch: Timer | null = null

  constructor(parts: EngineParts, options: EngineOptions) {
    this.env = parts.env
    this.trace = parts.trace
    this.store = parts.store
    this.log = parts.log
    this.transactions = parts.transactions(this)
    this.#makeViews = parts.views
    this.#options = options
    this.memoryLimit = options.memoryLimit
    this.#settings = options.settings
    this.core = new Core(parts.env, parts.trace, options.scheduler, options.stepBudget, () => this.#flush())
    const views = parts.views(this)
    this.relations = {
      table: (id) => parts.store.table(id),
      view: (name) => views.get(name) ?? null,
      past: this.transactions.timeTravel,
    }
    this.plans = new PlanCache(this.relations, { maxBytes: options.planCacheBytes })
  }

  // --------------------------------------------------------------------------------------------------- sessions

  connect(): SessionState {
    if (this.closed) throw databaseClosed()
    const { core, transactions, env } = this
    const session = new SessionState(this.#nextSession++, core, transactions, env, {
      settings: this.#settings,
      notifications: this.notifications,
      statistics: this.statistics,
    })
    this.sessions.add(session)
    return session
  }

  /** A session for one call; `giveBack` it when the call is over. */
  borrow(): SessionState {
    if (this.closed) throw databaseClosed()
    return this.#spare.pop() ?? this.connect()
  }

  giveBack(session: SessionState): void {
    if (session.closed || this.closed) return
    // What a callback left running ends with its session.
    if (session.task !== null || session.block.kind !== 'none') {
      this.disconnect(session)
      return
    }
    session.settings.reset(null)
    session.onNotice = null
    session.letGo()
    this.#spare.push(session)
  }

  /** Those that somebody has: what is kept for the next single call is nobody's. */
  activeSessions(): readonly SessionState[] {
    return [...this.sessions].filter((session) => !this.#spare.includes(session))
  }

  disconnect(session: SessionState): void {
    session.close()
    this.sessions.delete(session)
  }

  /** A database of its own, in memory, with the published state of this one. @throws DatabaseError 55006 in the middle of a step */
  fork(): Engine {
    if (this.closed) throw databaseClosed()
    if (this.core.stepping) throw synchronousReentry()
    const { env, transactions } = this
    const trace = new Trace()
    const store = transactions.forkStore()
    const parts: EngineParts = {
      env,
      trace,
      store,
      log: null,
      transactions: (listener) => transactions.fork(store, listener, trace),
      views: this.#makeViews,
    }
    const fork = new Engine(parts, this.#options)
    this.procedures.copyTo(fork.procedures)
    return fork
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    this.core.betweenSteps(() => {
      for (const session of this.sessions) session.close()
      this.sessions.clear()
      this.#watch?.cancel()
      this.log?.close()
    })
  }

  // ------------------------------------------------------------------------------------------------ waiting

  awaitLock(wait: LockWait, task: Task): void {
    this.statistics.waits++
    this.#waits.set(wait, task)
    this.#watchWaits()
  }

  awaitPublication(transaction: Transaction, task: Task): void {
    this.#committing.set(transaction, task)
  }

  /** The task does not wait any more, whatever for. */
  forget(task: Task): void {
    for (const [wait, waiting] of this.#waits) if (waiting === task) this.#waits.delete(wait)
    for (const [transaction, waiting] of this.#committing) if (waiting === task) this.#committing.delete(transaction)
  }

  ready(wait: LockWait): void {
    const task = this.#waits.get(wait)
    if (task === undefined) return
    this.#waits.delete(wait)
    this.core.wake(task)
  }

  published(transaction: Transaction): void {
    this.notifications.published(transaction)
    this.#wakeCommitting(transaction)
  }

  unknown(transaction: Transaction, error: DatabaseError): void {
    this.notifications.unknown(transaction)
    const task = this.#committing.get(transaction)
    if (task !== undefined) task.commitError = error
    this.#wakeCommitting(transaction)
  }

  #wakeCommitting(transaction: Transaction): void {
    const task = this.#committing.get(transaction)
    if (task === undefined) return
    this.#committing.delete(transaction)
    this.core.wake(task)
  }

  #flush(): boolean {
    const { size } = this.#committing
    if (size === 0) return false
    this.transactions.flush()
    return true
  }

  /**
   * While statements wait, a timer keeps the process alive: their holder may be a session that nothing drives any more
   * (`db.query` inside the callback of `db.transaction` waits for its own caller), and then Node would exit silently.
   */
  #watchWaits(): void {
    if (this.#watch !== null || this.closed) return
    // Who begins to wait later is not late when this fires, but the next time.
    const watched = new Set(this.#waits.keys())
    this.#watch = this.env.timers.set(
      warnAfterMillis,
      () => {
        this.#watch = null
        for (const [wait, task] of this.#waits) if (watched.has(wait)) this.#warn(wait, task)
        if (this.#waits.size > 0) this.#watchWaits()
      },
      true,
    )
  }

  #warn(wait: LockWait, task: Task): void {
    const idle = wait.holders().filter((holder) => holder.session === 0 || this.#session(holder.session)?.task === null)
    if (idle.length === 0 || task.warned) return
    task.warned = true
    const names = idle.map(holderName).join(' and ')
    const undecided = idle.every((holder) => holder.session === 0)
    const waits = `session ${task.session} has waited for a second for ${wait.resource}, which ${names} holds`
    this.env.warn(
      undecided
        ? `${waits} until COMMIT PREPARED or ROLLBACK PREPARED: ${shorten(task.sql)}`
        : `${waits} in an open transaction without running anything: ${shorten(task.sql)} ` +
            `(is db.query called inside db.transaction, where tx.query was meant?)`,
    )
  }

  /** The sessions for which a session waits: none if it does not wait. */
  holdersBefore(session: number): readonly number[] {
    const wait = this.#session(session)?.task?.wait ?? null
    return wait === null ? [] : wait.holders().map((holder) => holder.session)
  }

  #session(id: number): SessionState | undefined {
    for (const session of this.sessions) if (session.id === id) return session
    return undefined
  }
}

const shorten = (sql: string): string => (sql.length > 80 ? `${sql.slice(0, 79)}…` : sql)
