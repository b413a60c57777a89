/** Opens a database: in memory, or a directory whose log is replayed first (D10). */
import { atLeastZero, positive, requireText } from '../argumentChecks.ts'
import { CatalogRoot } from '../catalog/index.ts'
import { decodeChange } from '../catalog/change.ts'
import type { Env } from '../env/env.ts'
import type { CommitLog, InDoubt, LogListener } from '../storage/log/log.ts'
import { openLog } from '../storage/log/log.ts'
import { Store } from '../storage/store.ts'
import { Trace } from '../trace.ts'
import type { Durability } from '../txn/commitQueue.ts'
import { TransactionManager } from '../txn/manager.ts'
import type { SerializableMethod } from '../txn/isolation.ts'
import type { Scheduler } from './core.ts'
import { Database } from './database.ts'
import { Engine } from './engine.ts'
import type { IsolationName } from './session.ts'
import { settingDefaults } from './settings.ts'
import { systemViews } from './views/index.ts'

export interface OpenOptions {
  /** The isolation level of transactions that name none; 'read committed' by default. A session may set another. */
  readonly isolation?: IsolationName
  /** How SERIALIZABLE is reached where nobody says it; 'ssi' by default. A session may set another. */
  readonly method?: SerializableMethod
  /**
   * When a commit is reported: 'full' (default) once it is on the disk, 'relaxed' once it is in the operating system's
   * hands, 'none' likewise and without any later fdatasync but the one of `close`.
   */
  readonly durability?: Durability
  /** Milliseconds of history that AS OF SYSTEM TIME can reach; 0 (default) keeps none, Infinity all since the opening. */
  readonly retention?: number
  /** Estimated bytes that one statement may hold at a time (53200 beyond); 1 GiB by default. */
  readonly memoryLimit?: number
  /** Told of the log's replay at opening. */
  readonly onProgress?: (bytesDone: number, bytesTotal: number) => void
  /** Clock, timers, randomness and files; Node's by default. */
  readonly env?: Env
  /** Picks the statement that steps next; the longest waiting by default. */
  readonly scheduler?: Scheduler
  /** Rows that a statement may visit in one step; 10,000 by default. Tests set it to 1 to see every interleaving. */
  readonly stepBudget?: number
}

const defaultMemoryLimit = 1 << 30
const defaultStepBudget = 10_000
const planCacheBytes = 32 << 20

/** `env` is Node's unless the options bring another. @throws DatabaseError 55006 if the directory is open elsewhere, XX001 if its log is damaged */
export function openDatabase(env: Env, path: string | undefined, options: OpenOptions): Database {
  return new Database(openEngine(env, path, options))
}

/** As `openDatabase`, without the handle. */
export function openEngine(env: Env, path: string | undefined, options: OpenOptions): Engine {
  if (path !== undefined) requireText('path', path)
  if (options.isolation !== undefined) requireText('option "isolation"', options.isolation)
  if (options.method !== undefined) requireText('option "method"', options.method)
  const trace = new Trace()
  const store = new Store()
  const settings = {
    scheduler: options.scheduler ?? null,
    stepBudget: positive('stepBudget', options.stepBudget, defaultStepBudget),
    memoryLimit: positive('memoryLimit', options.memoryLimit, defaultMemoryLimit),
    planCacheBytes,
    settings: settingDefaults({
      default_transaction_isolation: options.isolation,
      serializable_method: options.method,
    }),
  }
  const retention = { clock: env.clock, micros: 1000 * atLeastZero('retention', options.retention, 0) }
  if (path === undefined || path === ':memory:') {
    const start = { catalog: CatalogRoot.empty, timestamp: 0 }
    return new Engine(
      {
        env,
        trace,
        store,
        log: null,
        views: systemViews,
        transactions: (listener) => new TransactionManager(store, listener, trace, start, retention),
      },
      settings,
    )
  }
  let catalog = CatalogRoot.empty
  const replay = store.replay(
    (payload) => {
      const change = decodeChange(payload)
      catalog = catalog.apply(change)
      return change
    },
    options.onProgress ?? (() => undefined),
  )
  // The log is replayed before there are transactions that could listen to it.
  let target: LogListener | null = null
  const log = openLog(
    env,
    path,
    { durable: (lsn) => target?.durable(lsn), failed: (error) => target?.failed(error) },
    replay,
  )
  const start = { catalog, timestamp: replay.timestamp }
  return new Engine(
    {
      env,
      trace,
      store,
      log,
      views: systemViews,
      transactions: (listener) => {
        const manager = new TransactionManager(store, listener, trace, start, retention)
        manager.attachLog(log, options.durability ?? 'full')
        target = manager.logListener
        restorePrepared(manager, log, replay.undecided)
        return manager
      },
    },
    settings,
  )
}

/** Prepared transactions are here again before anybody could touch what they have locked. */
function restorePrepared(manager: TransactionManager, log: CommitLog, undecided: readonly InDoubt[]): void {
  try {
    for (const transaction of undecided) manager.restore(transaction)
  } catch (error) {
    log.close()
    throw error
  }
}
