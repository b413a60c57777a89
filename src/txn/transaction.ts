/** (Signatures first; the body follows.) A transaction: what a session does to the data between begin and commit. */
import type { CatalogChange, CatalogRoot } from '../catalog/index.ts'
import type { ReadView } from '../storage/readView.ts'
import type { ColumnSet } from '../storage/row/columnSet.ts'
import type { RowTable } from '../storage/row/table.ts'
import type { RowMode, UndoEntry } from '../storage/undo.ts'
import type { Writer } from '../storage/writer.ts'
import type { Value } from '../types/value.ts'
import type { LockOwner, LockWait } from './lockWait.ts'

export const IsolationLevels = ['read uncommitted', 'read committed', 'repeatable read'] as const
export type IsolationLevel = (typeof IsolationLevels)[number]

/** PostgreSQL's eight table modes, the weakest first. */
export const TableMode = {
  ACCESS_SHARE: 0,
  ROW_SHARE: 1,
  ROW_EXCLUSIVE: 2,
  SHARE_UPDATE_EXCLUSIVE: 3,
  SHARE: 4,
  SHARE_ROW_EXCLUSIVE: 5,
  EXCLUSIVE: 6,
  ACCESS_EXCLUSIVE: 7,
} as const
export type TableMode = (typeof TableMode)[keyof typeof TableMode]

/**
 * What became of a lock or a write.
 * - DONE: it is there.
 * - BLOCKED: another transaction is in the way; `blockedOn` says which lock. What this run of the statement wrote has
 *   been undone (its locks stay); when the wait is granted, `restartStatement` and run it again from its beginning.
 * - CHANGED: READ COMMITTED met a committed version newer than its snapshot. Undone likewise; restart at once.
 */
export const Outcome = { DONE: 0, BLOCKED: 1, CHANGED: 2 } as const
export type Outcome = (typeof Outcome)[keyof typeof Outcome]

export interface TransactionOptions {
  readonly level: IsolationLevel
  readonly readOnly: boolean
  /** The number of the session, for people. */
  readonly session: number
  /** A retry passes the `firstAttempt` of the transaction that failed. */
  readonly firstAttempt?: number
}

/** A point to roll back to. */
export interface Mark {
  readonly entry: UndoEntry | null
}

export declare class Transaction implements Writer, LockOwner {
  readonly id: number
  readonly session: number
  readonly level: IsolationLevel
  readonly readOnly: boolean
  readonly firstAttempt: number
  readonly state: 'active' | 'committing' | 'published' | 'rolledBack' | 'unknown'
  readonly commitTimestamp: number
  readonly published: boolean
  readonly command: number
  lastEntry: UndoEntry | null
  /** The lock that the last BLOCKED, or `lockTable`, waits for. */
  readonly waitingFor: LockWait | null

  /**
   * Begins a statement and returns what it sees: a fresh view at READ COMMITTED and READ UNCOMMITTED, the transaction's
   * at REPEATABLE READ (taken now, if this is its first statement). The object belongs to the transaction; it is retained until
   * `endStatement` or `undoStatement`.
   */
  beginStatement(): ReadView
  /** The next run of the same statement, after BLOCKED was granted or after CHANGED. */
  restartStatement(): ReadView
  /** The statement is complete: gives up the locks of its earlier runs that protect nothing (D2). */
  endStatement(): void
  /** The statement failed or was cancelled: undoes what it wrote and gives up its locks. */
  undoStatement(): void

  /** Null if the lock is held now; else the wait. Locks stay to the end of the transaction (or ROLLBACK TO). */
  lockTable(table: RowTable, mode: TableMode): LockWait | null
  /** The lock under which the one writer of the catalog works. Throws 40001 if the catalog is newer than a REPEATABLE READ snapshot. */
  lockCatalog(): LockWait | null
  /**
   * Locks a row that the statement's view sees. Throws 40001 at REPEATABLE READ if a newer version was committed.
   * `requested`: the statement itself asked for the lock (FOR UPDATE), else it is about to write the row.
   */
  lockRow(table: RowTable, rowId: number, mode: RowMode, requested: boolean): Outcome
  /** `values`: a canonical value a column; copied. The RowId is then in `insertedRowId`. Throws 23505 at once, or in `finishWrites`. */
  insert(table: RowTable, values: readonly Value[]): Outcome
  readonly insertedRowId: number
  /** Sets the columns of a row that is locked by this transaction; `values` in the order of the set; copied. */
  update(table: RowTable, rowId: number, set: ColumnSet, values: readonly Value[]): Outcome
  /** Deletes a row that is locked by this transaction. */
  delete(table: RowTable, rowId: number): void
  /** All rows of the statement stand: probes again the unique keys that met an equal on the way. Throws 23505. Call it once behind apply. */
  finishWrites(): Outcome

  /** A savepoint. It begins a new command, so call it between statements. */
  mark(): Mark
  /** Undoes all that was done since, catalog changes too, and gives up the locks taken since. The mark stays good. */
  rollbackTo(mark: Mark): void

  /** The catalog as this transaction sees it. */
  readonly catalog: CatalogRoot
  /** DDL: changes the private root and the store; both are undone by rollback. The locks are the caller's business: `lockCatalog`, and the table. */
  changeCatalog(change: CatalogChange): void
  /** True if there is something to commit. */
  readonly wrote: boolean
}
