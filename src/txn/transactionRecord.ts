/**
 * What a transaction is: the fields that its statements, locks and writes share, and what the transactions of one
 * database share. `Transaction` (transaction.ts) is the class to use; the files between work on this one:
 *
 *     transactionRecord.ts  ←  tableLocks.ts, undoing.ts  ←  rowLocks.ts  ←  rowWrites.ts  ←  transaction.ts
 */
import type { CatalogChange, CatalogRoot } from '../catalog/index.ts'
import type { DatabaseError } from '../errors.ts'
import type { GuardedTable } from '../storage/guardedTable.ts'
import { ReadView } from '../storage/readView.ts'
import type { Index } from '../storage/row/index.ts'
import type { RowTable } from '../storage/row/table.ts'
import type { Store } from '../storage/store.ts'
import type { UndoEntry, Writer } from '../storage/undo.ts'
import type { Trace } from '../trace.ts'
import type { HistoryRecorder } from './history/historyRecorder.ts'
import type { Isolation } from './isolation.ts'
import type { ReadLocks } from './locking/readLocks.ts'
import type { LockManager } from './lockManager.ts'
import type { Grant, LockOwner, LockWait, RowLock } from './lockWait.ts'
import { NO_GRANTS } from './lockWait.ts'
import type { Preparation } from './preparation.ts'
import type { Snapshots } from './snapshots.ts'
import type { ConflictGraph } from './ssi/graph.ts'
import type { ConflictNode, ConflictOwner } from './ssi/node.ts'
import type { StatementNote } from './ssi/statementNotes.ts'

/**
 * What became of a lock or a write.
 * - DONE: it is there.
 * - BLOCKED: another transaction is in the way; `waitingFor` says at which lock. What this run of the statement wrote has
 *   been undone (its locks stay); when the wait is granted, `restartStatement` and run it again from its beginning.
 * - CHANGED: READ COMMITTED met a committed version newer than its snapshot. Undone likewise; restart at once.
 * - SKIPPED: SKIP LOCKED met a row that it would have to wait for. Nothing has happened.
 */
export const Outcome = { DONE: 0, BLOCKED: 1, CHANGED: 2, SKIPPED: 3 } as const
export type Outcome = (typeof Outcome)[keyof typeof Outcome]

/** `preparing`, `committing` and `rollingBack` wait for the disk; the three that deal with `prepared`: prepared.ts. */
export type TransactionState =
  'active' | 'preparing' | 'prepared' | 'committing' | 'rollingBack' | 'published' | 'rolledBack' | 'unknown'

/** What a transaction is begun with. */
export interface TransactionModes {
  readonly isolation: Isolation
  readonly readOnly: boolean
  /** READ ONLY at SERIALIZABLE by SSI: waits for a snapshot that no other transaction can make unsafe. */
  readonly deferrable: boolean
  /** Milliseconds: of a deadlock's transactions the one with the shortest is the victim. */
  readonly deadlockTimeout: number
}

const defaultDeadlockTimeout = 1000

/** The modes of a level where nothing else is said. */
export function modesOf(isolation: Isolation, readOnly = false): TransactionModes {
  return { isolation, readOnly, deferrable: false, deadlockTimeout: defaultDeadlockTimeout }
}

/** Of a transaction that changes no table. */
const NO_CHANGES: CatalogChange[] = []

/** What the transactions of one database share. */
export interface Engine {
  readonly store: Store
  readonly locks: LockManager
  readonly snapshots: Snapshots
  readonly trace: Trace
  readonly history: HistoryRecorder
  readonly conflicts: ConflictGraph
  /** The published root of the catalog. */
  readonly catalog: CatalogRoot
}

/** A unique key that met an equal one while the statement was still writing. */
export interface EqualKey {
  readonly table: RowTable
  readonly index: Index
  readonly rowId: number
}

export abstract class TransactionRecord implements Writer, LockOwner, ConflictOwner {
  readonly id: number
  /** 0 once it is prepared: it is no session's any more. */
  session: number
  readonly isolation: Isolation
  readonly readOnly: boolean
  readonly firstAttempt: number
  readonly deferrable: boolean
  /** The session may change it (SET LOCAL deadlock_timeout). */
  deadlockTimeout: number
  /** The manager moves it on. */
  state: TransactionState = 'active'
  /** Set when it is prepared. */
  preparation: Preparation | null = null
  /** Where it counts as committed for the rw-graph from then on: behind all that had their timestamp, before the next. */
  preparedAt: number | null = null
  /** What it has done that cannot be prepared, for the error; null if nothing. */
  unpreparable: string | null = null
  commitTimestamp = Infinity
  published = false
  command = 0
  lastEntry: UndoEntry | null = null
  spareEntry: UndoEntry | null = null
  nowait: ReadonlySet<GuardedTable> | null = null
  /** The lock that the last BLOCKED, `lockTable` or `lockCatalog` waits for. */
  waitingFor: LockWait | null = null
  tableGrants = NO_GRANTS
  rowGrants = NO_GRANTS
  databaseGrant: Grant | null = null
  /** What it has read, where that is locked or may be of interest after its end: by 2PL and SERIAL; null at the other levels. */
  readSet: ReadLocks | null = null
  awaited: Set<RowLock> | null = null
  /** The RowId of the last insert. */
  insertedRowId = -1
  /** The catalog changes so far, in order: `noteChange` adds one. */
  changes = NO_CHANGES
  readonly engine: Engine
  readonly view = new ReadView()
  /** At REPEATABLE READ, once the snapshot is taken: the catalog that it sees. */
  snapshotCatalog: CatalogRoot | null = null
  /** After DDL: the root that only this transaction sees. */
  ownCatalog: CatalogRoot | null = null
  /** `lastEntry` when the statement began, or when the last one ended. */
  statementStart: UndoEntry | null = null
  /** `rowGrants` when the statement began. */
  statementRowGrants = 0
  /** True if the statement has locks of a run that was abandoned, or rows granted out of a queue. */
  hasIdleLocks = false
  /** True once it has set a savepoint: part of what it does may be undone, and it goes on. */
  hasMarks = false
  equals: EqualKey[] | null = null
  /** Views of earlier states that the statement reads. */
  past: ReadView[] | null = null
  conflicts: ConflictNode | null = null
  doomed: DatabaseError | null = null
  statement: string | null = null
  statementCommand = 0
  note: StatementNote | null = null

  constructor(id: number, session: number, modes: TransactionModes, firstAttempt: number, engine: Engine) {
    this.id = id
    this.session = session
    this.isolation = modes.isolation
    this.readOnly = modes.readOnly
    this.firstAttempt = firstAttempt
    this.deferrable = modes.deferrable
    this.deadlockTimeout = modes.deadlockTimeout
    this.engine = engine
    this.view.writer = this
  }

  noteChange(change: CatalogChange): void {
    if (this.changes === NO_CHANGES) this.changes = [change]
    else this.changes.push(change)
  }

  /** True if there is something to commit. */
  abstract get wrote(): boolean
}
