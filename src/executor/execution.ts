/** What a session sees of a statement that runs. */
import type { ReadView } from '../storage/readView.ts'
import type { LockWait } from '../txn/lockWait.ts'
import type { Transaction } from '../txn/transaction.ts'
import type { Value } from '../types/value.ts'
import type { MemoryAccount } from './memoryAccount.ts'
import type { Step } from './outcome.ts'

export interface ExecutionContext {
  /** Null only for a read in autocommit. */
  readonly transaction: Transaction | null
  readonly view: ReadView
  readonly parameters: readonly Value[]
  readonly memory: MemoryAccount
  /** A step ends (YIELD) when about so many rows wait to be taken, looked at every 256 rows; absent: never. */
  readonly mostRows?: number
}

export interface Execution {
  /** Visits at most about `budget` rows. */
  step(budget: number): Step
  /** Result rows so far. Those of a statement that writes may be taken only when it is DONE. */
  readonly rows: unknown[]
  /** Rows inserted, updated or deleted. */
  readonly rowCount: number
  /** After BLOCKED: true if a read waits (2PL), so that the run goes on where it is; false if what it did was undone. */
  readonly waitsInPlace: boolean
  /** The lock, after BLOCKED. */
  readonly blockedOn: LockWait | null
  /** Removes and returns the rows that wait. */
  take(): unknown[]
  /** Gives the execution back for the next one of the statement to use; it must not be touched any more. */
  release(): void
}
