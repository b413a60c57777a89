/**
 * The coordinator commits one transaction over several open databases: two-phase commit with presumed abort (Gray, *Notes
 * on Data Base Operating Systems*, 1978; Mohan, Lindsay, Obermarck, TODS 1986).
 *
 *      coordinator                      each database that was written
 *      the callback runs       ──────►  BEGIN … ordinary statements
 *      prepare                 ──────►  PREPARE TRANSACTION    redo and locks durable: it can commit, whatever happens
 *      all have: *decision* durable     (one has not: ROLLBACK PREPARED, and no record)
 *      tell                    ──────►  COMMIT PREPARED        durable, visible, locks go
 *      all have: forget
 *
 * The decision is the one moment at which the transaction commits. Before it, a crash anywhere means rollback; behind it,
 * commit. `recover` brings the databases that were in doubt to the side on which they belong.
 *
 * A database that was only read has nothing to lose or keep: it commits before the others are prepared, when the callback has
 * read all that it will. If then one database is left, its own COMMIT is the decision, and costs what it always costs.
 *
 * What it does not give: a snapshot over several databases. Another transaction may see it in one and not yet in the other.
 */
import { requireArray, requireFunction, requireSignal } from '../argumentChecks.ts'
import type { Env } from '../env/env.ts'
import {
  coordinatedByMemory,
  coordinatorClosed,
  DatabaseError,
  databaseTwice,
  decidedButNotTold,
  participantFailed,
  statementCancelled,
} from '../errors.ts'
import { Branch } from './coordinatorBranch.ts'
import { DeadlockWatch } from './coordinatorDeadlock.ts'
import { CoordinatorLog } from './coordinatorLog.ts'
import type { Database } from './database.ts'
import { withRetries } from './retry.ts'
import type { Age, Session, TransactionOptions } from './session.ts'
import { asError } from './sessionTask.ts'

export interface CoordinatorOptions {
  /** Clock, timers, randomness and files; Node's by default. */
  readonly env?: Env
}

/** One session for each database. */
export type Branches<Databases extends readonly Database[]> = { readonly [Each in keyof Databases]: Session }

/** What `recover` did, by the gids of the transactions. */
export interface Recovery {
  readonly committed: readonly string[]
  readonly rolledBack: readonly string[]
}

export interface UnconfirmedTransaction {
  readonly gid: string
  /** The ids (`Database.id`) of the databases that have not confirmed that they committed it. */
  readonly databases: readonly string[]
}

export class Coordinator {
  readonly #env: Env
  readonly #log: CoordinatorLog
  readonly #deadlocks: DeadlockWatch
  /** Transactions that this coordinator is at work on: `recover` leaves them alone. */
  readonly #running = new Set<string>()
  #number = 0
  #closed = false

  /** @internal Made by `openCoordinator`. */
  constructor(env: Env, path: string | undefined) {
    this.#env = env
    this.#log = new CoordinatorLog(env, path)
    this.#deadlocks = new DeadlockWatch(env)
  }

  /** Names the coordinator; its transactions' gids are `isolde:<id>:<epoch>:<number>`. */
  get id(): string {
    return this.#log.id
  }

  /** Committed transactions of which some database does not know yet: `recover` tells it. */
  get unconfirmed(): readonly UnconfirmedTransaction[] {
    return [...this.#log.unconfirmed].map(([name, databases]) => ({ gid: this.#gid(name), databases: [...databases] }))
  }

  /**
   * Calls `body` with a session of each database, in a transaction of each, and commits them all or none. Tried again as a
   * whole after 40001 and 40P01, as `Database.transaction`.
   * @throws what `body` throws, or the reason why a database could not be prepared: everything is rolled back then.
   * 08007 if the outcome is not known, or not yet known to all databases: `recover` settles it. 55000 if a coordinator in
   * memory is given a durable database
   */
  async transaction<const Databases extends readonly Database[], T>(
    databases: Databases,
    body: (sessions: Branches<Databases>) => Promise<T> | T,
    options: TransactionOptions = {},
  ): Promise<T> {
    this.#requireOpen()
    requireArray('the databases', databases)
    requireFunction('the body of a transaction', body)
    requireSignal(options.signal)
    if (new Set(databases).size < databases.length) throw databaseTwice()
    if (!this.#log.isDurable && databases.some(({ id }) => id !== null)) throw coordinatedByMemory()
    const ages = databases.map((): Age => ({ firstAttempt: null }))
    return withRetries(this.#env, options, () => this.#attempt(databases, body, options, ages))
  }

  async #attempt<const Databases extends readonly Database[], T>(
    databases: Databases,
    body: (sessions: Branches<Databases>) => Promise<T> | T,
    options: TransactionOptions,
    ages: readonly Age[],
  ): Promise<T> {
    const branches: Branch[] = []
    try {
      for (const [i, database] of databases.entries()) branches.push(new Branch(database, options, ages[i]!))
      const sessions: unknown = branches.map(({ handle }) => handle)
      const run = async (): Promise<T> => body(sessions as Branches<Databases>)
      const result = await this.#deadlocks.during(branches, () => untilAborted(options.signal, run))
      for (const branch of branches) await branch.requireHealthy()
      // The callback may have closed it.
      this.#requireOpen()
      await this.#commit(branches)
      return result
    } finally {
      for (const branch of branches) branch.close()
    }
  }

  async #commit(branches: readonly Branch[]): Promise<void> {
    const writers = branches.filter(({ hasWritten }) => hasWritten)
    for (const branch of branches) if (!writers.includes(branch)) await branch.commit()
    const [only, ...others] = writers
    if (only === undefined) return
    if (others.length === 0) await only.commit()
    else await this.#commitInTwoPhases(writers)
  }

  async #commitInTwoPhases(branches: readonly Branch[]): Promise<void> {
    this.#log.requireSound()
    const name = `${this.#log.epoch}:${++this.#number}`
    const gid = this.#gid(name)
    this.#running.add(name)
    try {
      await this.#prepare(branches, gid)
      await this.#log.commit(
        name,
        branches.map(({ database }) => database.id).filter((id) => id !== null),
      )
      await this.#tell(branches, name, gid)
    } finally {
      this.#running.delete(name)
    }
  }

  /** All are prepared, or all are rolled back, and it throws why. */
  async #prepare(branches: readonly Branch[], gid: string): Promise<void> {
    const votes = await Promise.allSettled(branches.map((branch) => branch.prepare(gid)))
    const refusal = votes.find((vote) => vote.status === 'rejected')
    if (refusal === undefined) return
    // One that cannot be told, because its disk failed or it was closed, stays in doubt: nothing says commit, so a recovery will.
    await Promise.allSettled(
      branches
        .filter((_, i) => votes[i]!.status === 'fulfilled')
        .map(({ database }) => database.query(`ROLLBACK PREPARED '${gid}'`)),
    )
    const cause = asError(refusal.reason)
    // That database does not know what became of the transaction. We do.
    throw cause instanceof DatabaseError && cause.code === '08007' ? participantFailed(cause) : cause
  }

  async #tell(branches: readonly Branch[], name: string, gid: string): Promise<void> {
    const answers = await Promise.allSettled(
      branches.map(async ({ database }) => {
        await database.query(`COMMIT PREPARED '${gid}'`)
        if (database.id !== null) this.#log.confirm(name, database.id)
      }),
    )
    const failure = answers.find((answer) => answer.status === 'rejected')
    if (failure !== undefined) throw decidedButNotTold(gid, asError(failure.reason))
  }

  /**
   * Ends the transactions of this coordinator that were left prepared in these databases, by a crash of the process or the
   * failure of a disk: those that were decided commit, the others are rolled back. Call it after opening, with all
   * databases that may have taken part; those of which some are missing are remembered until they come.
   * @throws DatabaseError what a database throws that cannot do it; then call it again. 58030 if the coordinator's own log has failed: open it again
   */
  async recover(databases: readonly Database[]): Promise<Recovery> {
    this.#requireOpen()
    this.#log.requireSound()
    const committed: string[] = []
    const rolledBack: string[] = []
    for (const database of databases) {
      for (const { gid } of database.prepared()) {
        const name = this.#nameOf(gid)
        if (name === null || this.#running.has(name)) continue
        const commits = this.#log.unconfirmed.has(name)
        if (!(await decide(database, gid, commits))) continue
        ;(commits ? committed : rolledBack).push(gid)
      }
      this.#confirmAll(database)
    }
    return { committed: [...new Set(committed)], rolledBack: [...new Set(rolledBack)] }
  }

  /** Nothing of this coordinator is in doubt in the database: it has committed all that it was to. */
  #confirmAll({ id }: Database): void {
    if (id === null) return
    for (const name of [...this.#log.unconfirmed.keys()]) if (!this.#running.has(name)) this.#log.confirm(name, id)
  }

  /** Closes the log; the databases stay open. A transaction that is under way may be left in doubt. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#log.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #requireOpen(): void {
    if (this.#closed) throw coordinatorClosed()
  }

  #gid(name: string): string {
    return `isolde:${this.#log.id}:${name}`
  }

  /** Null if the transaction is not of this coordinator. */
  #nameOf(gid: string): string | null {
    const prefix = this.#gid('')
    return gid.startsWith(prefix) ? gid.slice(prefix.length) : null
  }
}

/** False if somebody else has decided it in the meantime. */
async function decide(database: Database, gid: string, commits: boolean): Promise<boolean> {
  try {
    await database.query(`${commits ? 'COMMIT' : 'ROLLBACK'} PREPARED '${gid}'`)
    return true
  } catch (error) {
    if (error instanceof DatabaseError && error.code === '42704') return false
    throw error
  }
}

/** What `work` gives, if the signal is not aborted before. The sessions are closed then, so that what it goes on with fails. */
async function untilAborted<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  if (signal === undefined) return work()
  if (signal.aborted) throw statementCancelled()
  let abort = (): void => undefined
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(statementCancelled())
    signal.addEventListener('abort', abort, { once: true })
  })
  try {
    return await Promise.race([aborted, work()])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
