/**
 * The published versions that are kept for views older than their commit, and how they go.
 *
 * Entries stand in a list in commit order. Three things shorten it, and each does work in proportion to what was written:
 *
 * - at publication the chains of the transaction's own rows are compacted (storage/row/chain.ts), so a row that is written
 *   again and again has at most one entry a view, and one that comes and goes has none;
 * - a *hand* goes round the list, two entries for each that joins. It compacts their chains, since views have ended in the
 *   meantime, and lets go of entries that are out of their chains. So the list is never longer than a few times what is
 *   really needed;
 * - when the oldest view ends, what everybody sees is cut off, the newest commit first: cutting a chain at its newest dead
 *   entry takes the older ones with it.
 *
 *        #first        #kept           #next
 *          ↓             ↓               ↓
 *     [ …  ● ● ● ● ● ● ● x x x x x x x x ● ● ● ● ● ● ● ]     ● kept, x left behind by the hand, which is at #next
 *      cut   kept in this round             to be visited      what joins, joins at the end
 *
 * A serializable snapshot transaction needs to know who wrote a version that it passes over, so what was committed after
 * the oldest one's snapshot is not taken in by a newer entry (D3). Past a bound that transaction has to give up: 40001.
 */
import type { DatabaseError } from '../errors.ts'
import { tooManyVersions } from '../errors.ts'
import { spread } from '../storage/row/insertRuns.ts'
import type { VersionNeeds } from '../storage/undo.ts'
import type { UndoEntry, Writer } from '../storage/undo.ts'
import type { Snapshots } from './snapshots.ts'

/** Visits of the hand for each entry that joins, and for each publication. */
const VISITS = 2

/** Entries that may be kept for one serializable snapshot: some hundred bytes each. */
const MOST_FOR_A_SNAPSHOT = 1_000_000

/** What remains of a transaction whose versions are kept: a thousandth part of them would keep it alive whole. */
class CommittedWriter implements Writer {
  readonly id: number
  readonly commitTimestamp: number
  readonly published = true
  readonly command = 0
  readonly spareEntry = null
  lastEntry: UndoEntry | null = null

  constructor({ id, commitTimestamp }: Writer) {
    this.id = id
    this.commitTimestamp = commitTimestamp
  }
}

/** From which commit on all versions are kept: +Infinity if there is none. */
export interface HistoryNeeds {
  readonly since: number
}

/** A recording knows versions by their writers. */
export interface Recorder {
  readonly on: boolean
}

/** Who must be told apart, besides the views. */
export interface WriterNeeds {
  /** Of commits after this timestamp somebody may still ask which transaction it was; +Infinity if nobody asks. */
  readonly oldestSnapshot: number
  /** Whoever holds the oldest such snapshot fails with this error. */
  giveUpOldest(error: DatabaseError): void
}

export class KeptVersions implements VersionNeeds {
  /** Past so many newer entries the oldest serializable snapshot is given up. */
  most = MOST_FOR_A_SNAPSHOT
  readonly #snapshots: Snapshots
  readonly #writers: WriterNeeds
  readonly #history: HistoryNeeds
  readonly #recorder: Recorder
  #entries: UndoEntry[] = []
  #first = 0
  #kept = 0
  #next = 0

  constructor(snapshots: Snapshots, writers: WriterNeeds, history: HistoryNeeds, recorder: Recorder) {
    this.#snapshots = snapshots
    this.#history = history
    this.#recorder = recorder
    this.#writers = writers
  }

  /** Entries in the list. */
  get count(): number {
    return this.#kept - this.#first + (this.#entries.length - this.#next)
  }

  between(written: number, replaced: number): boolean {
    if (written > this.#writers.oldestSnapshot || replaced > this.#history.since) return true
    return this.#snapshots.anyIn(written, replaced)
  }

  /** The transaction has been published, and some view does not see it. Its list of entries is dissolved. */
  add(transaction: Writer): void {
    const start = this.#entries.length
    for (let entry = transaction.lastEntry; entry !== null; entry = entry.previous) {
      if (!entry.wrote) entry.table.unlock(entry)
    }
    const writer = this.#isForgotten(transaction) ? new CommittedWriter(transaction) : transaction
    let entry = transaction.lastEntry
    transaction.lastEntry = null
    while (entry !== null) {
      if (entry.rows > 1) spread(entry)
      const { previous } = entry
      entry.previous = null
      if (!entry.unlinked) entry.table.compact(entry, this)
      if (!entry.unlinked) {
        entry.writer = writer
        this.#entries.push(entry)
      }
      entry = previous
    }
    this.#visit(VISITS * (1 + this.#entries.length - start))
    if (this.count > this.most && this.#newest(this.most) > this.#writers.oldestSnapshot) {
      this.#writers.giveUpOldest(tooManyVersions())
    }
  }

  /** The commit timestamp of the `n`th newest entry. */
  #newest(n: number): number {
    const unvisited = this.#entries.length - this.#next
    const at = n <= unvisited ? this.#entries.length - n : this.#kept - (n - unvisited)
    return this.#entries[at]!.writer.commitTimestamp
  }

  #isForgotten({ commitTimestamp }: Writer): boolean {
    return !this.#recorder.on && commitTimestamp <= this.#writers.oldestSnapshot
  }

  /** Moves the hand. */
  #visit(count: number): void {
    for (let i = 0; i < count; i++) {
      if (this.#next === this.#entries.length) this.#beginRound()
      if (this.#entries.length === 0) return
      const entry = this.#entries[this.#next++]!
      if (!entry.unlinked) entry.table.compact(entry, this)
      if (entry.unlinked) continue
      if (
        entry.writer.lastEntry === null &&
        !(entry.writer instanceof CommittedWriter) &&
        this.#isForgotten(entry.writer)
      ) {
        entry.writer = new CommittedWriter(entry.writer)
      }
      this.#entries[this.#kept++] = entry
    }
  }

  #beginRound(): void {
    this.#entries.length = this.#kept
    if (this.#first > 0) this.#entries = this.#entries.slice(this.#first)
    this.#first = 0
    this.#kept = 0
    this.#next = 0
  }

  /** Cuts off what lies behind the commits up to `horizon`, which every view sees. */
  cut(horizon: number): void {
    const entries = this.#entries
    if (entries.length === 0) return
    const dead: UndoEntry[] = []
    while (this.#first < this.#kept && entries[this.#first]!.writer.commitTimestamp <= horizon) {
      dead.push(entries[this.#first++]!)
    }
    if (this.#first === this.#kept) {
      while (this.#next < entries.length && entries[this.#next]!.writer.commitTimestamp <= horizon) {
        dead.push(entries[this.#next++]!)
      }
      if (this.#next === entries.length) this.#beginRound()
    }
    for (let i = dead.length - 1; i >= 0; i--) dead[i]!.table.prune(dead[i]!)
  }
}
