/** The modes with which a session begins a transaction. */
import type { Isolation } from '../txn/isolation.ts'

export interface BlockOptions {
  readonly isolation: Isolation
  readonly readOnly: boolean
  readonly deferrable: boolean
  /** Milliseconds. */
  readonly deadlockTimeout: number
  /** The age of the first attempt, so that a retry does not grow younger. */
  readonly firstAttempt?: number
}
