/**
 * What statements do to their session rather than to versions: notifications and advisory locks. Versions of a run that is
 * abandoned (D2) go with its undo entries; this here is taken back by hand.
 *
 *     beginRun ── notify, lock, unlock … ── endStatement        the run that counts
 *         ↑              │ the run is abandoned
 *         └── undoRun ───┘   counts go back, but what is held stays until the statement ends: the next run finds it free
 *
 * Therefore unlocking within a statement only counts down; what nobody counts any more is given up when the statement ends.
 */
import { MustWait } from '../planner/index.ts'
import type { AdvisoryRequest, SessionPort } from '../planner/index.ts'
import type { LockManager } from '../txn/lockManager.ts'
import type { AdvisoryGrant, AdvisoryKey, SessionOwner } from '../txn/locking/advisoryLock.ts'
import { AdvisoryLock } from '../txn/locking/advisoryLock.ts'
import type { LockOwner } from '../txn/lockWait.ts'
import type { Transaction } from '../txn/transaction.ts'
import type { Notifications, Outbox } from './notifications.ts'
import type { Notice } from './result.ts'

interface Change {
  readonly grant: AdvisoryGrant
  readonly before: number
}

/** What the effects need of their session. */
interface Surroundings {
  readonly block: { readonly transaction: Transaction | null; readonly outbox: Outbox }
  readonly notifications: Notifications
  readonly locks: LockManager
  readonly notice: (notice: Notice) => void
}

export class SessionEffects implements SessionPort {
  readonly id: number
  readonly #session: Surroundings
  #owner: SessionOwner | null = null
  /** What this run did to the counts of locks. */
  #changes: Change[] = []
  /** Set while there may be locks that nobody counts. */
  #unclaimed = false
  /** What the outbox held before this run. */
  #said = 0

  constructor(id: number, session: Surroundings) {
    this.id = id
    this.#session = session
  }

  // Runs of a statement.

  beginRun(): void {
    this.#changes = []
    this.#said = this.#session.block.outbox.length
  }

  undoRun(): void {
    this.#session.block.outbox.truncate(this.#said)
    for (const { grant, before } of this.#changes.reverse()) claim(grant, before)
    if (this.#changes.length > 0) this.#unclaimed = true
    this.#changes = []
  }

  /** The statement is over, well or not. */
  endStatement(transaction: Transaction): void {
    this.#changes = []
    if (!this.#unclaimed) return
    this.#unclaimed = false
    const { locks } = this.#session
    if (this.#owner !== null) locks.unlockAllAdvisory(this.#owner, true)
    if (transaction.state === 'active') locks.unlockAllAdvisory(transaction, true)
  }

  /** The session ends, or is handed to another caller. */
  close(): void {
    if (this.#owner !== null) this.#session.locks.unlockAllAdvisory(this.#owner)
  }

  // Functions.

  /** Heard when the transaction commits. Throws 22023, 54000. */
  notify(channel: string, payload: string): void {
    const { notifications, block } = this.#session
    notifications.requireRoom(channel)
    block.outbox.add({ kind: 'notify', channel, payload })
  }

  lockAdvisory({ key, shared, scope }: AdvisoryRequest, mayWait: boolean): boolean {
    const { locks, block } = this.#session
    const { transaction } = block
    if (transaction === null) throw new TypeError('an advisory lock is taken within a transaction')
    const holder = scope === 'transaction' ? transaction : (this.#owner ??= locks.sessionOwner(this.id))
    const before = grantOf(holder, key, !shared)?.count ?? 0
    if (mayWait) {
      const wait = locks.lockAdvisory(holder, transaction, key, !shared)
      if (wait !== null) {
        this.#unclaimed = true
        throw new MustWait(wait)
      }
    } else if (!locks.tryLockAdvisory(holder, key, !shared)) return false
    const grant = grantOf(holder, key, !shared)
    if (grant !== null) this.#changes.push({ grant, before })
    return true
  }

  unlockAdvisory(key: AdvisoryKey, shared: boolean): boolean {
    const grant = this.#owner === null ? null : grantOf(this.#owner, key, !shared)
    if (grant === null || grant.count === 0) {
      const lock = shared ? 'ShareLock' : 'ExclusiveLock'
      this.#session.notice({ severity: 'WARNING', code: '01000', message: `you don't own a lock of type ${lock}` })
      return false
    }
    this.#count(grant, grant.count - 1)
    return true
  }

  unlockAllAdvisory(): void {
    for (const grant of grantsOf(this.#owner)) if (grant.count > 0) this.#count(grant, 0)
  }

  #count(grant: AdvisoryGrant, count: number): void {
    this.#changes.push({ grant, before: grant.count })
    this.#unclaimed = true
    claim(grant, count)
  }
}

function claim(grant: AdvisoryGrant, count: number): void {
  grant.count = count
  grant.requested = count > 0
}

const grantsOf = (holder: LockOwner | null): AdvisoryGrant[] =>
  (holder?.tableGrants ?? []).filter((grant): grant is AdvisoryGrant => grant.lock instanceof AdvisoryLock)

function grantOf(holder: LockOwner, key: AdvisoryKey, exclusive: boolean): AdvisoryGrant | null {
  const mode = exclusive ? 1 : 0
  return grantsOf(holder).find(({ lock, mode: held }) => held === mode && isKey(lock, key)) ?? null
}

function isKey(lock: unknown, key: AdvisoryKey): boolean {
  return lock instanceof AdvisoryLock && String(lock.key) === String(key) && typeof lock.key === typeof key
}
