/**
 * A transaction: what a session does to the data between begin and commit.
 *
 * It runs one statement at a time. A statement that meets a lock, or at READ COMMITTED a row newer than its snapshot, is
 * abandoned and runs again from its beginning (D2): `abandon` undoes what the run wrote but keeps its locks, so that the
 * next run finds the rows free; `endStatement` gives up those that protect nothing.
 *
 *     beginStatement → lockRow, insert, update, delete …  → finishWrites → endStatement
 *           ↑                    ↓ BLOCKED (wait), CHANGED                      or undoStatement, if it failed
 *           └── restartStatement ┘
 */
import { assert } from '../assert.ts'
import type { CatalogChange, CatalogRoot } from '../catalog/index.ts'
import { ReadView } from '../storage/readView.ts'
import type { ColumnSet } from '../storage/row/columnSet.ts'
import type { Index } from '../storage/row/index.ts'
import { joinInserts, spread } from '../storage/row/insertRuns.ts'
import type { RowScan } from '../storage/row/rowScan.ts'
import type { RowTable } from '../storage/row/table.ts'
import type { RowMode, UndoEntry } from '../storage/undo.ts'
import type { Value } from '../types/value.ts'
import type { LockWait } from './lockWait.ts'
import type { DatabaseMode } from './lockModes.ts'
import { LockPolicy, TableMode } from './lockModes.ts'
import { arbitrate } from './onConflict.ts'
import { lockRow } from './rowLocks.ts'
import { databaseModeOf, enterDatabase, lockCatalog, lockTable } from './tableLocks.ts'
import { deleteRow, finishWrites, givesUpKeys, insertRow, updateRow } from './rowWrites.ts'
import { LockingGuard } from './locking/lockingGuard.ts'
import { SerialGuard } from './locking/serialGuard.ts'
import type { Engine, Outcome, TransactionModes } from './transactionRecord.ts'
import { TransactionRecord } from './transactionRecord.ts'
import { SafetyWait } from './ssi/safetyWait.ts'
import { noteStatement } from './ssi/statementNotes.ts'
import { abandonRun, giveUpIdleLocks, undoKeepingLocks, undoTo } from './undoing.ts'
import { checkNewUniqueIndex } from './uniqueKeys.ts'

export { LockPolicy, TableMode } from './lockModes.ts'
export { Outcome } from './transactionRecord.ts'
export type { Engine, TransactionModes, TransactionState } from './transactionRecord.ts'

/** A point to roll back to. */
export interface Mark {
  readonly entry: UndoEntry | null
  readonly changes: number
  readonly tableGrants: number
  readonly rowGrants: number
  readonly catalog: CatalogRoot | null
}

export class Transaction extends TransactionRecord {
  /** Links of the manager's list of active transactions. */
  earlier: Transaction | null = null
  later: Transaction | null = null

  constructor(id: number, session: number, modes: TransactionModes, firstAttempt: number, engine: Engine) {
    super(id, session, modes, firstAttempt, engine)
    const { isolation } = modes
    if (isolation.locksReads) this.readSet = new LockingGuard(this)
    else if (isolation.alone) this.readSet = new SerialGuard()
    this.view.guard = this.readSet
  }

  // Statements.

  /**
   * Begins a statement and returns what it sees: a fresh view at READ COMMITTED and READ UNCOMMITTED, the transaction's at
   * REPEATABLE READ (taken now, if this is its first statement). The object belongs to the transaction and is retained
   * until the statement ends, or waits. `momentary`: it does either before anybody else steps, so that a view for this
   * statement alone need not be retained.
   */
  beginStatement(momentary = false): ReadView {
    assert(this.state === 'active', 'only an active transaction runs statements')
    if (this.doomed !== null) throw this.doomed
    this.command++
    this.statementStart = this.lastEntry
    this.statementRowGrants = this.rowGrants.length
    if (this.engine.history.on) this.engine.history.beginStatement(this)
    return this.#takeView(momentary)
  }

  /** The next run of the same statement, after BLOCKED was granted or after CHANGED. */
  restartStatement(): ReadView {
    assert(this.state === 'active' && this.waitingFor === null, 'a statement restarts when its wait is over')
    if (this.doomed !== null) throw this.doomed
    return this.#takeView(false)
  }

  /** This run of the statement is given up, because a read waits: what it wrote is undone, its locks stay. */
  abandon(): void {
    abandonRun(this)
    this.hasIdleLocks = true
  }

  /** The statement is complete: gives up the locks of its earlier runs that protect nothing (D2). */
  endStatement(): void {
    if (this.isolation.reads === 'statement snapshot') this.engine.snapshots.release(this.view)
    if (this.hasIdleLocks) giveUpIdleLocks(this)
    if (this.past !== null) this.#releasePast()
    if (this.readSet !== null) this.readSet.endStatement()
    this.nowait = null
    if (this.lastEntry !== this.statementStart) this.#endWrites()
    if (this.engine.history.on) this.engine.history.endStatement(this)
  }

  #endWrites(): void {
    const { lastEntry, statementStart } = this
    // A recording, and the error of a serialization failure, tell apart which statement inserted which row.
    if (statementStart !== null && lastEntry!.previous === statementStart) {
      if (!this.isolation.tracksReads && !this.engine.history.on) joinInserts(statementStart, lastEntry!)
    }
    this.statementStart = this.lastEntry
  }

  /**
   * The statement failed or was cancelled: undoes what it wrote, and gives up its row locks and its wait. Between two
   * statements it undoes nothing.
   */
  undoStatement(): void {
    this.waitingFor?.cancel()
    this.equals = null
    if (this.isolation.reads === 'statement snapshot') this.engine.snapshots.release(this.view)
    this.hasIdleLocks = false
    this.#releasePast()
    this.#giveUpKeys(this.statementStart)
    this.readSet?.endStatement()
    this.nowait = null
    this.#giveUp(this.statementStart, this.statementRowGrants)
  }

  /** A view of the state behind an earlier commit (`TimeTravel`), kept until the statement ends. */
  readPast(timestamp: number): ReadView {
    const view = new ReadView()
    view.timestamp = timestamp
    this.engine.snapshots.retain(view)
    ;(this.past ??= []).push(view)
    return view
  }

  #releasePast(): void {
    for (const view of this.past ?? []) this.engine.snapshots.release(view)
    this.past = null
  }

  #takeView(momentary: boolean): ReadView {
    const view = this.view
    const { snapshots } = this.engine
    view.command = this.command
    switch (this.isolation.reads) {
      case 'in place':
        view.timestamp = Infinity
        break
      case 'statement snapshot':
        view.timestamp = snapshots.published
        if (!momentary) snapshots.retain(view)
        break
      case 'transaction snapshot':
        if (this.snapshotCatalog === null) {
          this.snapshotCatalog = this.engine.catalog
          view.timestamp = snapshots.published
          snapshots.retain(view)
          if (this.isolation.tracksReads) this.engine.conflicts.begin(this, view)
        }
        break
    }
    if (this.engine.history.on) this.engine.history.wrap(this, view)
    return view
  }

  /** The last commit that its snapshot sees; null if it has none for the whole transaction. */
  get snapshotTimestamp(): number | null {
    return this.snapshotCatalog === null ? null : this.view.timestamp
  }

  /** For the manager: nothing is read by this transaction any more. */
  releaseView(): void {
    this.engine.snapshots.release(this.view)
  }

  /**
   * For the error of a serialization failure: the text of the statement that begins next. Worth calling where reads are
   * tracked only.
   */
  noteStatement(sql: string): void {
    noteStatement(this, sql)
  }

  // Locks.

  /**
   * Null if the lock is held now; else the wait, after which it is. Locks stay to the end of the transaction (or ROLLBACK
   * TO). A transaction that has to hold the database waits for that first: ask again then. Throws 40P01; 55P03 with
   * NOWAIT; 40001 if a REPEATABLE READ transaction is to write a table that was dropped, or whose unique keys became
   * others, after its snapshot (D14).
   */
  lockTable(table: RowTable, mode: TableMode, policy: LockPolicy = LockPolicy.WAIT): LockWait | null {
    if (this.deferrable && this.readOnly && this.isolation.tracksReads) {
      const wait = this.#awaitSafety()
      if (wait !== null) return wait
    }
    return lockTable(this, table, mode, policy)
  }

  /**
   * For a SERIAL transaction, before its first statement: null once it is alone. Its first table lock would do the same.
   * Throws 40P01.
   */
  lockDatabase(): LockWait | null {
    if (!this.isolation.alone || this.databaseGrant !== null) return null
    return enterDatabase(this, TableMode.ACCESS_SHARE)
  }

  /** What it holds of the database, by what it has done; null: nothing, so that it is in no serial transaction's way. */
  get databaseMode(): DatabaseMode | null {
    return databaseModeOf(this)
  }

  /**
   * The lock under which the one writer of the catalog works. Throws 40001 if a REPEATABLE READ snapshot is older than the
   * catalog, 40P01.
   */
  lockCatalog(): LockWait | null {
    return lockCatalog(this)
  }

  /** READ ONLY DEFERRABLE: null once the snapshot is safe. One that has become unsafe is exchanged for a newer one. */
  #awaitSafety(): LockWait | null {
    const { conflicts, snapshots, locks } = this.engine
    if (this.snapshotCatalog === null) this.#takeView(false)
    if (this.conflicts?.unsafe === true) {
      conflicts.restart(this)
      snapshots.release(this.view)
      this.view.guard = null
      this.snapshotCatalog = null
      this.#takeView(false)
    }
    const node = this.conflicts
    if (node === null) return null
    const threats = (): Transaction[] => conflicts.threatsTo(node).filter((owner) => owner instanceof Transaction)
    return new SafetyWait(this, node, threats, (wait) => locks.announce(wait))
  }

  /**
   * Locks a row that the statement's view sees. `requested`: the statement itself asked for the lock (FOR UPDATE), else it
   * is about to write the row. `policy`: BLOCKED, 55P03 or SKIPPED if it cannot be had now. Throws 40001 at REPEATABLE
   * READ if a newer version was committed that hinders the mode, 40P01.
   */
  lockRow(
    table: RowTable,
    rowId: number,
    mode: RowMode,
    requested: boolean,
    policy: LockPolicy = LockPolicy.WAIT,
  ): Outcome {
    return lockRow(this, table, rowId, mode, requested, policy)
  }

  // Writes.

  /** `values`: a canonical value a column; copied. The RowId is then in `insertedRowId`. Throws 40P01. */
  insert(table: RowTable, values: readonly Value[]): Outcome {
    return insertRow(this, table, values)
  }

  /**
   * For INSERT … ON CONFLICT: whether the row with these values may be inserted, or which one is to be updated instead
   * (`Arbitration`, or a RowId). Throws 21000, 40001, 40P01.
   */
  arbitrate(
    table: RowTable,
    indexes: readonly Index[],
    values: readonly Value[],
    mode: RowMode | null,
    scan: RowScan,
  ): number {
    return arbitrate(this, table, indexes, values, mode, scan)
  }

  /** Sets the columns of a row that this transaction has locked; `values` in the order of the set; copied. Throws 40P01. */
  update(table: RowTable, rowId: number, set: ColumnSet, values: readonly Value[]): Outcome {
    return updateRow(this, table, rowId, set, values)
  }

  /** Deletes a row that this transaction has locked. */
  delete(table: RowTable, rowId: number): void {
    deleteRow(this, table, rowId)
  }

  /**
   * All rows of the statement stand: probes again the unique keys that met an equal on the way, so that
   * `UPDATE t SET id = id + 1` succeeds (D4). Call it once behind the last write. Throws 23505, 40P01.
   */
  finishWrites(): Outcome {
    return finishWrites(this)
  }

  // Undoing.

  /** A savepoint, between two statements. */
  mark(): Mark {
    this.command++
    this.hasMarks = true
    this.lastEntry?.noteMarked()
    return {
      entry: this.lastEntry,
      changes: this.changes.length,
      tableGrants: this.tableGrants.length,
      rowGrants: this.rowGrants.length,
      catalog: this.ownCatalog,
    }
  }

  /** Undoes all that was done since, catalog changes too, and gives up the locks taken since. The mark stays good. */
  rollbackTo(mark: Mark): void {
    const { store, locks } = this.engine
    this.hasIdleLocks = false
    this.#giveUpKeys(mark.entry)
    this.#giveUp(mark.entry, mark.rowGrants)
    this.statementStart = this.lastEntry
    while (this.changes.length > mark.changes) {
      const change = this.changes.pop()!
      if (change.kind === 'createIndex') this.engine.conflicts.forgetIndex(store.table(change.tableId), change.index.id)
      store.revert(change)
    }
    this.ownCatalog = mark.catalog
    if (!this.isolation.locksReads) locks.releaseTables(this, mark.tableGrants)
  }

  /**
   * That unique keys were free is something that it has read, and what is read stays so when a statement has failed, and at
   * ROLLBACK TO: the error tells how far the statement came.
   */
  #giveUpKeys(start: UndoEntry | null): void {
    const reads = this.readSet !== null || (this.conflicts !== null && this.isolation.tracksReads)
    if (!reads || this.state !== 'active') return
    const { store } = this.engine
    for (let entry = this.lastEntry; entry !== start; entry = entry!.previous) {
      if (entry!.rows > 1) spread(entry!)
      const table = entry!.wrote ? store.table(entry!.table.id) : null
      if (table !== null) givesUpKeys(this, table, entry!.rowId)
    }
  }

  /** Undoes the writes since `entry`; the locks since then go with them, unless this transaction gives up none. */
  #giveUp(entry: UndoEntry | null, rowGrants: number): void {
    const { locks } = this.engine
    if (this.isolation.locksReads) {
      undoKeepingLocks(this, entry)
      locks.rowsReleased(this)
    } else {
      undoTo(this, entry)
      locks.releaseRows(this, rowGrants)
    }
  }

  /** For the manager: the entries are in no chain any more. */
  forgetEntries(): void {
    this.lastEntry = null
    this.statementStart = null
  }

  /** For the manager: undoes everything; locks are released by it. */
  undoAll(): void {
    undoTo(this, null)
    this.forgetEntries()
    while (this.changes.length > 0) this.engine.store.revert(this.changes.pop()!)
  }

  // The catalog.

  /** The catalog as this transaction sees it. */
  get catalog(): CatalogRoot {
    return this.ownCatalog ?? this.snapshotCatalog ?? this.engine.catalog
  }

  /** The root to publish at commit; null if there was no DDL. */
  get privateCatalog(): CatalogRoot | null {
    return this.ownCatalog
  }

  /**
   * DDL: changes the private root and the store; rollback undoes both. The locks are the caller's business: `lockCatalog`,
   * and the table. Throws 23505 if a new unique index finds duplicates.
   */
  changeCatalog(change: CatalogChange): void {
    const { store } = this.engine
    const changed = this.catalog.apply(change)
    store.apply(change)
    if (change.kind === 'createIndex') {
      try {
        checkNewUniqueIndex(store, change)
      } catch (error) {
        store.revert(change)
        throw error
      }
    }
    this.noteChange(change)
    this.ownCatalog = changed
  }

  override get wrote(): boolean {
    if (this.changes.length > 0) return true
    for (let entry = this.lastEntry; entry !== null; entry = entry.previous) if (entry.wrote) return true
    return false
  }
}
