/**
 * What a coordinator must not forget: which of its transactions were decided to commit, and which participants have not
 * confirmed it yet. It is a log of the same frames as a database's (src/storage/log), in a directory of its own; each of
 * its units is one change, as JSON:
 *
 *     {"kind":"commit","transaction":"3:17","participants":["9f…","04…"]}     durable before any participant commits
 *     {"kind":"forget","transaction":"3:17"}                                  all have; it need not be durable
 *
 * *Presumed abort* (Mohan, Lindsay, Obermarck: Transaction Management in the R* Distributed Database Management System,
 * TODS 1986, section 3): there is no record of a rollback. What is prepared and is not in here was not committed and never
 * will be, so it is rolled back. A transaction's name is the opener's epoch and a number that this opener has not used,
 * so that no two ever have the same, though nothing is written when they begin.
 */
import { assert } from '../assert.ts'
import type { Env } from '../env/env.ts'
import type { DatabaseError } from '../errors.ts'
import { coordinatorOutcomeUnknown } from '../errors.ts'
import type { CommitLog, Lsn, Replay } from '../storage/log/log.ts'
import { openLog, randomId } from '../storage/log/log.ts'

export const COORDINATOR_LOG = 'coordinator.log'

type Change =
  | { readonly kind: 'commit'; readonly transaction: string; readonly participants: readonly string[] }
  | { readonly kind: 'forget'; readonly transaction: string }

interface Waiter {
  readonly lsn: Lsn
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

export class CoordinatorLog {
  /** 32 hexadecimal digits: the coordinator, wherever its directory is moved. */
  readonly id: string
  readonly epoch: number
  /** Committed transactions, each with the participants that have not confirmed it. */
  readonly #unconfirmed = new Map<string, Set<string>>()
  #log: CommitLog | null = null
  #timestamp = 0
  #waiters: Waiter[] = []
  #failure: DatabaseError | null = null

  /** Without a path it is in memory. Throws as a database's opening does. */
  constructor(env: Env, path: string | undefined) {
    if (path !== undefined) {
      const listener = {
        durable: (lsn: Lsn) => this.#durable(lsn),
        failed: (error: DatabaseError) => this.#failed(error),
      }
      this.#log = openLog(env, path, listener, this.#replay(), COORDINATOR_LOG)
    }
    this.id = this.#log?.id ?? randomId(env.random)
    this.epoch = this.#log?.epoch ?? 1
  }

  /** True if what it decides survives the process. */
  get isDurable(): boolean {
    return this.#log !== null
  }

  /** Committed transactions that some participant has not confirmed, with the ids of those participants. */
  get unconfirmed(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#unconfirmed
  }

  /** Decides to commit. From the moment the promise is resolved nothing takes that back. Rejects with 08007: the decision may be durable or not. */
  async commit(transaction: string, participants: readonly string[]): Promise<void> {
    const change: Change = { kind: 'commit', transaction, participants }
    if (this.#log !== null) await this.#makeDurable(this.#log, change)
    this.#apply(change)
  }

  async #makeDurable(log: CommitLog, change: Change): Promise<void> {
    try {
      const lsn = this.#append(log, change)
      const durable = new Promise<void>((resolve, reject) => this.#waiters.push({ lsn, resolve, reject }))
      log.requestSync()
      await durable
    } catch (error) {
      throw coordinatorOutcomeUnknown(error)
    }
  }

  /** Throws what ended the log: what is decided is not known then, but to the next opener. */
  requireSound(): void {
    if (this.#failure !== null) throw this.#failure
  }

  /** The participant has committed the transaction, durably. */
  confirm(transaction: string, participant: string): void {
    const missing = this.#unconfirmed.get(transaction)
    if (missing === undefined || !missing.delete(participant) || missing.size > 0) return
    this.#apply({ kind: 'forget', transaction })
    if (this.#log === null || this.#failure !== null) return
    try {
      this.#append(this.#log, { kind: 'forget', transaction })
    } catch (error) {
      // The log is dead, and says so to the next who decides. What was to be forgotten is confirmed once more by a recovery.
      if (this.#failure === null) throw error
    }
  }

  close(): void {
    this.#log?.close()
  }

  #append(log: CommitLog, change: Change): Lsn {
    return log.append(++this.#timestamp, (sink) => sink.catalog(JSON.stringify(change)))
  }

  #apply(change: Change): void {
    if (change.kind === 'forget') this.#unconfirmed.delete(change.transaction)
    else if (change.participants.length > 0) this.#unconfirmed.set(change.transaction, new Set(change.participants))
  }

  #durable(lsn: Lsn): void {
    const waiters = this.#waiters
    this.#waiters = waiters.filter((waiter) => waiter.lsn > lsn)
    for (const waiter of waiters) if (waiter.lsn <= lsn) waiter.resolve()
  }

  #failed(error: DatabaseError): void {
    this.#failure = error
    for (const { reject } of this.#waiters.splice(0)) reject(error)
  }

  #replay(): Replay {
    const nothingElse = (): void => assert(false, 'the log of a coordinator holds decisions only')
    return {
      catalog: (payload) => this.#apply(JSON.parse(payload) as Change),
      commit: (timestamp) => (this.#timestamp = timestamp),
      progress: () => undefined,
      insert: nothingElse,
      update: nothingElse,
      delete: nothingElse,
      inDoubt: nothingElse,
    }
  }
}
