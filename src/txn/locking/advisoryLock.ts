/**
 * Advisory locks: numbers that applications lock, without a meaning to the database. A transaction holds them to its end
 * (or ROLLBACK TO), a session until it unlocks them or ends, as often as it has locked them. They wait in the same queues,
 * and take part in the search for deadlocks: a session's hold is in the way as long as the session lives, and the session
 * waits where its transaction does.
 */
import { ADVISORY_MODES } from '../lockModes.ts'
import type { Grant, LockOwner, RowLock } from '../lockWait.ts'
import { Lock, LockWait, NO_GRANTS } from '../lockWait.ts'

/** The stronger of `ADVISORY_MODES`. */
export const EXCLUSIVE = 1

/** One key of eight bytes or two of four: two spaces that do not meet. */
export type AdvisoryKey = bigint | readonly [number, number]

/** A session as the holder of locks that outlive its transactions. */
export class SessionOwner implements LockOwner {
  readonly id = 0
  readonly session: number
  readonly firstAttempt = 0
  readonly deadlockTimeout = Infinity
  readonly nowait = null
  readonly advisory = new Map<Lock, AdvisoryGrant[]>()
  tableGrants = NO_GRANTS
  rowGrants = NO_GRANTS
  databaseGrant: Grant | null = null
  awaited: Set<RowLock> | null = null
  readonly #waiting: Iterable<LockOwner>

  constructor(session: number, waiting: Iterable<LockOwner>) {
    this.session = session
    this.#waiting = waiting
  }

  get waitingFor(): LockWait | null {
    for (const owner of this.#waiting) if (owner.session === this.session) return owner.waitingFor
    return null
  }

  set waitingFor(_wait: LockWait | null) {
    throw new TypeError('a session waits by its transaction')
  }
}

export interface AdvisoryGrant extends Grant {
  /** How often it was locked. */
  count: number
}

export class AdvisoryLock extends Lock {
  readonly key: AdvisoryKey

  constructor(key: AdvisoryKey) {
    super('advisory', ADVISORY_MODES, null)
    this.key = key
  }

  override get resource(): string {
    return typeof this.key === 'bigint' ? `advisory lock ${this.key}` : `advisory lock (${this.key.join(', ')})`
  }

  /** True if the session holds it beyond its transactions. */
  isHeldBySession(session: number): boolean {
    return this.grants.some(({ owner }) => owner instanceof SessionOwner && owner.session === session)
  }

  /** What the session holds and what its transaction does are not in each other's way. */
  override isHeldAgainst(owner: LockOwner, mode: number): boolean {
    return this.holdersAgainst(owner, mode).length > 0
  }

  override holdersAgainst(owner: LockOwner, mode: number): LockOwner[] {
    return super.holdersAgainst(owner, mode).filter(({ session }) => session !== owner.session)
  }

  override modesOf({ session }: LockOwner): number {
    let modes = 0
    for (const grant of this.grants) if (grant.owner.session === session) modes |= 1 << grant.mode
    return modes
  }
}

/** A transaction that waits for a lock which it, or its session, will hold. */
export class AdvisoryWait extends LockWait {
  readonly holder: LockOwner

  constructor(owner: LockOwner, holder: LockOwner, lock: AdvisoryLock, mode: number, leave: (wait: LockWait) => void) {
    super(owner, lock, mode, leave)
    this.holder = holder
  }

  /** Not `requested`: the call that waited makes it count when it is made again. */
  override grant(): AdvisoryGrant {
    return { owner: this.holder, lock: this.lock, mode: this.modeNumber, requested: false, count: 0 }
  }
}

/** Locks by key; one space for numbers, one for pairs. */
export class AdvisoryLocks {
  readonly #numbers = new Map<bigint, AdvisoryLock>()
  readonly #pairs = new Map<bigint, AdvisoryLock>()

  get(key: AdvisoryKey): AdvisoryLock | undefined {
    return this.#space(key).get(numberOf(key))
  }

  make(key: AdvisoryKey): AdvisoryLock {
    let lock = this.get(key)
    if (lock === undefined) this.#space(key).set(numberOf(key), (lock = new AdvisoryLock(key)))
    return lock
  }

  dropIfIdle(lock: AdvisoryLock): void {
    if (lock.idle) this.#space(lock.key).delete(numberOf(lock.key))
  }

  all(): AdvisoryLock[] {
    return [...this.#numbers.values(), ...this.#pairs.values()]
  }

  #space(key: AdvisoryKey): Map<bigint, AdvisoryLock> {
    return typeof key === 'bigint' ? this.#numbers : this.#pairs
  }
}

function numberOf(key: AdvisoryKey): bigint {
  return typeof key === 'bigint' ? key : (BigInt(key[0]) << 32n) | BigInt.asUintN(32, BigInt(key[1]))
}
