/**
 * Locks on key ranges: what stops phantoms under two-phase locking (Eswaran, Gray, Lorie, Traiger: The Notions of
 * Consistency and Predicate Locks in a Database System, CACM 1976; here the predicates are intervals of an index's keys).
 *
 *     index on k     3      5          9            rows
 *     T1 reads             [4 ─────────── 10]       the gaps are locked too, and may be all there is
 *     T2 writes                 7                   waits: 7 lies in it
 *     T3 writes                            12       does not
 *
 * A reader locks the interval that its scan covers before it looks at the first entry. A writer holds no range: it asks
 * whether the keys that it writes lie in somebody's, and what it writes is found by later readers at the row's entry. A
 * writer that waits does so for its one key, and holds that by name from the grant until its statement has run again.
 *
 * All ranges of one table are one lock, whose requests exclude each other only where their intervals overlap: so the
 * queue, the deadlock check and the way to wake are those of any other lock.
 */
import type { KeyRange } from '../../storage/row/keyRange.ts'
import type { Index } from '../../storage/row/index.ts'
import type { Interval } from '../../storage/row/intervals.ts'
import { Intervals, rangeCovers, rangesOverlap } from '../../storage/row/intervals.ts'
import type { Key } from '../../storage/row/keyTree.ts'
import type { GuardedTable } from '../../storage/guardedTable.ts'
import { RANGE_MODES, RangeMode } from '../lockModes.ts'
import type { Grant, LockOwner } from '../lockWait.ts'
import { Lock, LockWait } from '../lockWait.ts'

export class RangeGrant implements Grant {
  readonly owner: LockOwner
  readonly lock: KeyRangeLock
  readonly mode: RangeMode
  requested: boolean
  readonly index: Index
  readonly range: KeyRange
  interval: Interval<RangeGrant> | null = null

  constructor(
    owner: LockOwner,
    lock: KeyRangeLock,
    mode: RangeMode,
    requested: boolean,
    index: Index,
    range: KeyRange,
  ) {
    this.owner = owner
    this.lock = lock
    this.mode = mode
    this.requested = requested
    this.index = index
    this.range = range
  }
}

export class KeyRangeLock extends Lock {
  readonly #byIndex = new Map<Index, Intervals<RangeGrant>>()
  #count = 0

  constructor(table: GuardedTable) {
    super('key range', RANGE_MODES, table)
  }

  override get resource(): string {
    return `key ranges of table "${this.table!.name}"`
  }

  override get idle(): boolean {
    return this.#count === 0 && this.waits.length === 0
  }

  override add(grant: Grant): void {
    if (!(grant instanceof RangeGrant)) return
    let intervals = this.#byIndex.get(grant.index)
    if (intervals === undefined) {
      intervals = new Intervals<RangeGrant>(grant.index.keys.order)
      this.#byIndex.set(grant.index, intervals)
    }
    grant.interval = intervals.add(grant.range, grant)
    this.#count++
    this.table!.rangeLocks++
  }

  override remove(grant: Grant): void {
    if (!(grant instanceof RangeGrant) || grant.interval === null) return
    const intervals = this.#byIndex.get(grant.index)!
    intervals.remove(grant.interval)
    grant.interval = null
    if (intervals.size === 0) this.#byIndex.delete(grant.index)
    this.#count--
    this.table!.rangeLocks--
  }

  /** Indexes of which ranges are locked. */
  get indexes(): Iterable<Index> {
    return this.#byIndex.keys()
  }

  /** Every hold. */
  get all(): readonly RangeGrant[] {
    const all: RangeGrant[] = []
    const everything: KeyRange = { low: null, high: null, bounds: 0 }
    for (const intervals of this.#byIndex.values()) {
      intervals.overlapping(everything, ({ owner }) => all.push(owner))
    }
    return all
  }

  /** True if a key that the owner writes lies in a range that another holds against writers. */
  isKeyTaken(owner: LockOwner, index: Index, key: Key): boolean {
    let taken = false
    this.#byIndex.get(index)?.stab(key, ({ owner: grant }) => {
      if (grant.owner !== owner && grant.mode !== RangeMode.WRITE) taken = true
    })
    return taken
  }

  /** True if the owner holds a range around this one, in this mode or the stronger one. */
  covers(owner: LockOwner, index: Index, range: KeyRange, mode: RangeMode): boolean {
    let covered = false
    this.#byIndex.get(index)?.overlapping(range, ({ owner: grant }) => {
      if (grant.owner !== owner || grant.mode === RangeMode.WRITE || grant.mode < mode) return
      if (rangeCovers(index.keys.order, grant.range, range)) covered = true
    })
    return covered
  }

  /** The others whose holds exclude this request. */
  rangeHoldersAgainst(owner: LockOwner, mode: RangeMode, index: Index, range: KeyRange): Set<LockOwner> {
    const holders = new Set<LockOwner>()
    this.#byIndex.get(index)?.overlapping(range, ({ owner: grant }) => {
      if (grant.owner !== owner && conflict(grant.mode, mode)) holders.add(grant.owner)
    })
    return holders
  }

  holdsAgainst(owner: LockOwner, wait: RangeWait): boolean {
    let holds = false
    this.#byIndex.get(wait.index)?.overlapping(wait.range, ({ owner: grant }) => {
      if (grant.owner === owner && conflict(grant.mode, wait.modeNumber)) holds = true
    })
    return holds
  }
}

/** A place in the queue for a range, or for a key that is to be written. */
export class RangeWait extends LockWait {
  readonly ranges: KeyRangeLock
  readonly index: Index
  readonly range: KeyRange

  constructor(
    owner: LockOwner,
    lock: KeyRangeLock,
    mode: RangeMode,
    index: Index,
    range: KeyRange,
    leave: (wait: LockWait) => void,
  ) {
    super(owner, lock, mode, leave)
    this.ranges = lock
    this.index = index
    this.range = range
  }

  override get resource(): string {
    return `a key range of index "${this.index.name}"`
  }

  override place(): number {
    const at = this.lock.waits.findIndex(
      (wait) => wait instanceof RangeWait && this.ranges.holdsAgainst(this.owner, wait),
    )
    return at < 0 ? this.lock.waits.length : at
  }

  override isBehind(ahead: LockWait): boolean {
    return (
      super.isBehind(ahead) &&
      ahead instanceof RangeWait &&
      ahead.index === this.index &&
      rangesOverlap(this.index.keys.order, ahead.range, this.range)
    )
  }

  override standsBehindAll(ahead: LockWait): boolean {
    return (
      super.standsBehindAll(ahead) &&
      ahead instanceof RangeWait &&
      rangeCovers(this.index.keys.order, ahead.range, this.range)
    )
  }

  override get isHeldUp(): boolean {
    return this.#against().size > 0
  }

  override blockers(): readonly LockOwner[] {
    return [...this.#against()]
  }

  override grant(): Grant {
    return new RangeGrant(this.owner, this.ranges, this.modeNumber as RangeMode, false, this.index, this.range)
  }

  #against(): Set<LockOwner> {
    return this.ranges.rangeHoldersAgainst(this.owner, this.modeNumber as RangeMode, this.index, this.range)
  }
}

const conflict = (held: number, wanted: number): boolean => (RANGE_MODES.conflicts[wanted]! & (1 << held)) !== 0
