/** (Signatures first.) A statement's place in the queue of a lock. */
import type { DatabaseError } from '../errors.ts'

/** A transaction as the lock manager sees it. */
export interface LockOwner {
  readonly id: number
  readonly session: number
  /** Rises with each first attempt; a retry keeps it, so that the youngest by it is never the same for ever. */
  readonly firstAttempt: number
  readonly waitingFor: LockWait | null
}

export interface LockWait {
  readonly owner: LockOwner
  /** For people: `row 17 of table "accounts"`, `table "accounts"`. */
  readonly resource: string
  /** For people: `AccessExclusiveLock`, … */
  readonly mode: string
  /** Who is in the way now: holders and those ahead in the queue. */
  holders(): readonly LockOwner[]
  /** True once the lock is held: the statement may run again. */
  readonly granted: boolean
  /** 40P01 if this wait was chosen as a deadlock's victim: the statement fails with it. */
  readonly error: DatabaseError | null
  /** Gives the place in the queue up (cancel, timeout, end of session); idempotent. */
  cancel(): void
}
