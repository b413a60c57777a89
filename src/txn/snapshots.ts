/**
 * Time as transactions see it: the last published commit timestamp, and the views that still need older versions.
 *
 * Retained views stand in a list, ascending by timestamp. Views are filled with the newest published timestamp, so one
 * joins at the end, or a few places before it. What was published at or before the oldest one's timestamp is seen by
 * everyone, and what lies behind it by nobody.
 */
import { assert } from '../assert.ts'
import type { ReadView } from '../storage/readView.ts'

export class Snapshots {
  /** The timestamp of the newest published commit. */
  published: number
  /** Called when the oldest retained timestamp has risen. */
  readonly #advanced: () => void
  #oldest: ReadView | null = null
  #newest: ReadView | null = null
  /** The timestamps of the retained views, ascending; made when they are asked for. */
  #times: readonly number[] | null = null

  constructor(published: number, advanced: () => void) {
    this.published = published
    this.#advanced = advanced
  }

  /** Commits up to this timestamp are seen by every retained view: +Infinity if there is none. */
  get horizon(): number {
    return this.#oldest === null ? Infinity : this.#oldest.timestamp
  }

  /** The oldest retained view; null if there is none. */
  get oldest(): ReadView | null {
    return this.#oldest
  }

  /** True if a retained view has a timestamp of [from, to). */
  anyIn(from: number, to: number): boolean {
    const newest = this.#newest
    if (newest === null || newest.timestamp < from) return false
    if (newest.timestamp < to) return true
    const times = (this.#times ??= this.#listTimes())
    let low = 0
    let high = times.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (times[middle]! < from) low = middle + 1
      else high = middle
    }
    return low < times.length && times[low]! < to
  }

  #listTimes(): readonly number[] {
    const times: number[] = []
    for (let view = this.#oldest; view !== null; view = view.newer) times.push(view.timestamp)
    return times
  }

  retain(view: ReadView): void {
    assert(!view.retained, 'a view is retained once')
    this.#times = null
    view.retained = true
    let older = this.#newest
    while (older !== null && older.timestamp > view.timestamp) older = older.older
    const newer = older === null ? this.#oldest : older.newer
    view.older = older
    view.newer = newer
    if (older === null) this.#oldest = view
    else older.newer = view
    if (newer === null) this.#newest = view
    else newer.older = view
  }

  /** Moves a retained view to a later timestamp. */
  raise(view: ReadView, timestamp: number): void {
    const before = this.horizon
    this.#unlink(view)
    view.timestamp = timestamp
    this.retain(view)
    if (this.horizon > before) this.#advanced()
  }

  release(view: ReadView): void {
    if (!view.retained) return
    const before = this.horizon
    this.#unlink(view)
    if (this.horizon > before) this.#advanced()
  }

  #unlink(view: ReadView): void {
    this.#times = null
    const { older, newer } = view
    view.retained = false
    view.older = null
    view.newer = null
    if (newer === null) this.#newest = older
    else newer.older = older
    if (older === null) this.#oldest = newer
    else older.newer = newer
  }
}
