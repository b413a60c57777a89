/**
 * A lock: who holds a resource, and the queue of those who wait for it.
 *
 * A table's holders stand in `grants`. A row's write lock is the head of its chain, which costs nothing; such a lock comes
 * into being only when somebody waits for it, and asks storage who the writer is (`writer`). When that one is done, the
 * first in the queue is granted the row by name, so that nobody overtakes it before it runs again.
 */
import type { DatabaseError } from '../errors.ts'
import type { RowTable } from '../storage/row/table.ts'
import type { LockModes } from './lockModes.ts'

/** A transaction as the lock manager sees it. */
export interface LockOwner {
  readonly id: number
  readonly session: number
  /** Rises with each first attempt; a retry keeps it, so that the youngest by it is never the same for ever. */
  readonly firstAttempt: number
  /** The wait that has not ended; a transaction waits for one lock at a time. */
  waitingFor: LockWait | null
  /** Its holds on tables, in the order in which it took them. */
  tableGrants: Grant[]
  /** Rows that were granted to it out of a queue, until its statement ends. */
  readonly rowGrants: Grant[]
}

export interface Grant {
  readonly owner: LockOwner
  readonly lock: Lock
  readonly mode: number
}

export class Lock {
  /** For people: `row 17 of table "accounts"`. */
  readonly resource: string
  readonly modes: LockModes
  readonly grants: Grant[] = []
  /** First come, first served; a requester that already holds the lock in some mode comes before those whom that blocks. */
  waits: LockWait[] = []
  /** The open transaction that has written the row; null for a table. */
  readonly writer: () => LockOwner | null
  /** The table that is locked as a whole; null for a row and the catalog. */
  readonly table: RowTable | null

  constructor(resource: string, modes: LockModes, writer: () => LockOwner | null, table: RowTable | null) {
    this.resource = resource
    this.modes = modes
    this.writer = writer
    this.table = table
  }

  get idle(): boolean {
    return this.grants.length === 0 && this.waits.length === 0
  }

  /** Those whose hold excludes this request; its own never does. */
  holdersAgainst(owner: LockOwner, mode: number): LockOwner[] {
    const holders: LockOwner[] = []
    const writer = this.writer()
    if (writer !== null && writer !== owner) holders.push(writer)
    for (const grant of this.grants) {
      if (grant.owner !== owner && this.excludes(grant.mode, mode) && !holders.includes(grant.owner)) {
        holders.push(grant.owner)
      }
    }
    return holders
  }

  excludes(held: number, wanted: number): boolean {
    return (this.modes.conflicts[wanted]! & (1 << held)) !== 0
  }
}

/** A statement's place in the queue of a lock. */
export class LockWait {
  readonly owner: LockOwner
  readonly lock: Lock
  readonly modeNumber: number
  /** True once the lock is held: the statement may run again. */
  granted = false
  /** 40P01 if this wait was chosen as a deadlock's victim, or what ended the log: the statement fails with it. */
  error: DatabaseError | null = null
  readonly #leave: (wait: LockWait) => void

  constructor(owner: LockOwner, lock: Lock, mode: number, leave: (wait: LockWait) => void) {
    this.owner = owner
    this.lock = lock
    this.modeNumber = mode
    this.#leave = leave
  }

  /** For people: `row 17 of table "accounts"`, `table "accounts"`. */
  get resource(): string {
    return this.lock.resource
  }

  /** For people: `AccessExclusiveLock`, `FOR UPDATE`. */
  get mode(): string {
    return this.lock.modes.names[this.modeNumber]!
  }

  /** Who is in the way now: holders, and those ahead in the queue. */
  holders(): readonly LockOwner[] {
    if (this.granted || this.error !== null) return []
    const { lock, owner, modeNumber } = this
    const holders = lock.holdersAgainst(owner, modeNumber)
    for (const ahead of lock.waits) {
      if (ahead === this) break
      if (lock.excludes(ahead.modeNumber, modeNumber) && !holders.includes(ahead.owner)) holders.push(ahead.owner)
    }
    return holders
  }

  /** Gives the place in the queue up (cancel, timeout, end of session); idempotent. */
  cancel(): void {
    this.#leave(this)
  }
}
