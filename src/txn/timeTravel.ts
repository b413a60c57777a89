/**
 * Time travel: the state as it was at an earlier moment (`AS OF SYSTEM TIME`), within the `retention` of the database.
 *
 * Commits are told apart by their timestamps, people by the clock; so each publication notes both, and a moment finds the
 * last commit that was published at or before it. What such a state needs is kept as for any old view: a view is retained
 * at the *horizon*, the state as of `retention` ago, and interval pruning spares what was replaced after it. The horizon
 * moves on in steps of a 64th of the retention, so a publication does not pay for each commit that grows too old.
 *
 *     clock       10:00:00   10:00:04   10:00:09        now = 10:00:12, retention 10 s
 *     commit         17         18         19            the horizon is commit 17: as of 10:00:02 it was the last one
 *
 * To read a past state: `const { timestamp, catalog } = transactions.timeTravel.at(moment)`; find the table in *that*
 * catalog (what was created later is 42P01; what was dropped since is still in the store), fill a ReadView of its own with
 * the timestamp (writer null, no guard: the past has no conflicts), and read as ever; `transactions.retain(view)` before the
 * step ends, in which `at` was asked, if the statement does not. Indexes hold the keys of all versions that are kept, also
 * those that were made since.
 *
 * History begins when the database is opened or forked: the log keeps what rows became, not when.
 */
import type { CatalogRoot } from '../catalog/index.ts'
import type { Clock } from '../env/env.ts'
import { historyNotRetained, momentInTheFuture, momentNotRetained } from '../errors.ts'
import { ReadView } from '../storage/readView.ts'
import type { Snapshots } from './snapshots.ts'

export interface PastState {
  /** Of a view that reads it. */
  readonly timestamp: number
  readonly catalog: CatalogRoot
}

/** How long history is kept, by whose clock. */
export interface Retention {
  readonly clock: Clock
  /** 0: no history. Infinity: all since the database was opened, which memory must bear. */
  readonly micros: number
}

export const noRetention: Retention = { clock: { nowMicros: () => 0, monotonicMillis: () => 0 }, micros: 0 }

/** Parts of the retention in which the horizon moves. */
const STEPS = 64

export class TimeTravel {
  readonly #snapshots: Snapshots
  readonly #retention: Retention
  readonly #horizon = new ReadView()
  /** The publications since the horizon, oldest first: when, and which commit. The first one is the horizon. */
  #micros: number[] = []
  #timestamps: number[] = []
  #first = 0
  /** The roots of those commits, each from the commit on that made it. */
  #catalogs: PastState[]

  constructor(snapshots: Snapshots, catalog: CatalogRoot, retention: Retention) {
    this.#snapshots = snapshots
    this.#retention = retention
    const timestamp = snapshots.published
    this.#catalogs = [{ timestamp, catalog }]
    if (!this.on) return
    this.#micros.push(retention.clock.nowMicros())
    this.#timestamps.push(timestamp)
    this.#horizon.timestamp = timestamp
    snapshots.retain(this.#horizon)
  }

  get on(): boolean {
    return this.#retention.micros > 0
  }

  /** The view at the horizon, for those who ask what keeps versions alive. */
  get horizonView(): ReadView {
    return this.#horizon
  }

  /** Versions that were replaced after this commit are kept; +Infinity without history. */
  get since(): number {
    return this.on ? this.#horizon.timestamp : Infinity
  }

  /** The newest commit has been published. */
  published(catalog: CatalogRoot): void {
    const { published } = this.#snapshots
    if (this.#catalogs.at(-1)!.catalog !== catalog) this.#catalogs.push({ timestamp: published, catalog })
    // A clock that goes back must not bring disorder into the list.
    const now = Math.max(this.#retention.clock.nowMicros(), this.#micros.at(-1)!)
    this.#micros.push(now)
    this.#timestamps.push(published)
    const { micros } = this.#retention
    if (this.#micros[this.#first + 1]! <= now - micros - micros / STEPS) this.#advance(now - micros)
  }

  /** The state at that time, microseconds since 1970-01-01 UTC. Throws 22023 if it is not retained, or is to come. */
  at(moment: number): PastState {
    if (!this.on) throw historyNotRetained()
    if (moment > Math.max(this.#retention.clock.nowMicros(), this.#micros.at(-1)!)) throw momentInTheFuture()
    const at = this.#lastUpTo(moment)
    if (at < this.#first) throw momentNotRetained(this.#micros[this.#first]!)
    return this.#state(this.#timestamps[at]!)
  }

  /** The state behind the commit with this timestamp, as `isolde_versions` shows it. Throws 22023. */
  atCommit(timestamp: number): PastState {
    if (!this.on) throw historyNotRetained()
    if (timestamp > this.#snapshots.published) throw momentInTheFuture()
    if (timestamp < this.#horizon.timestamp) throw momentNotRetained(this.#micros[this.#first]!)
    return this.#state(timestamp)
  }

  #state(timestamp: number): PastState {
    const { catalog } = this.#catalogs.findLast((root) => root.timestamp <= timestamp)!
    return { timestamp, catalog }
  }

  /** The place of the last publication at or before the moment; one before the first if there is none. */
  #lastUpTo(moment: number): number {
    let low = this.#first
    let high = this.#micros.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#micros[middle]! <= moment) low = middle + 1
      else high = middle
    }
    return low - 1
  }

  #advance(oldest: number): void {
    this.#first = Math.max(this.#lastUpTo(oldest), this.#first)
    const timestamp = this.#timestamps[this.#first]!
    const keep = this.#catalogs.findLastIndex((root) => root.timestamp <= timestamp)
    this.#catalogs = this.#catalogs.slice(keep)
    if (this.#first > this.#micros.length >>> 1) {
      this.#micros = this.#micros.slice(this.#first)
      this.#timestamps = this.#timestamps.slice(this.#first)
      this.#first = 0
    }
    this.#snapshots.raise(this.#horizon, timestamp)
  }
}
