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
import { concurrentCatalogChange, concurrentUpdate } from '../errors.ts'
import { ReadView } from '../storage/readView.ts'
import type { ColumnSet } from '../storage/row/columnSet.ts'
import type { Index } from '../storage/row/index.ts'
import type { Key } from '../storage/row/keyTree.ts'
import type { RowTable } from '../storage/row/table.ts'
import { Probe, probeUnique } from '../storage/row/uniqueProbe.ts'
import type { Store } from '../storage/store.ts'
import type { UndoEntry, Writer } from '../storage/undo.ts'
import { RowMode } from '../storage/undo.ts'
import type { Trace } from '../trace.ts'
import type { Value } from '../types/value.ts'
import type { Isolation } from './isolation.ts'
import type { Grant, LockOwner, LockWait } from './lockWait.ts'
import type { LockManager } from './lockManager.ts'
import { AWAIT_WRITER, TableMode } from './lockModes.ts'
import type { Snapshots } from './snapshots.ts'
import { checkNewUniqueIndex, duplicateKey } from './uniqueKeys.ts'

export { TableMode } from './lockModes.ts'

/**
 * What became of a lock or a write.
 * - DONE: it is there.
 * - BLOCKED: another transaction is in the way; `waitingFor` says at which lock. What this run of the statement wrote has
 *   been undone (its locks stay); when the wait is granted, `restartStatement` and run it again from its beginning.
 * - CHANGED: READ COMMITTED met a committed version newer than its snapshot. Undone likewise; restart at once.
 */
export const Outcome = { DONE: 0, BLOCKED: 1, CHANGED: 2 } as const
export type Outcome = (typeof Outcome)[keyof typeof Outcome]

export type TransactionState = 'active' | 'committing' | 'published' | 'rolledBack' | 'unknown'

export interface TransactionOptions {
  readonly isolation: Isolation
  readonly readOnly: boolean
  /** The number of the session, for people. */
  readonly session: number
  /** A retry passes the `firstAttempt` of the transaction that failed. */
  readonly firstAttempt?: number
}

/** A point to roll back to. */
export interface Mark {
  readonly entry: UndoEntry | null
  readonly changes: number
  readonly tableGrants: number
  readonly catalog: CatalogRoot | null
}

/** What the transactions of one database share. */
export interface Engine {
  readonly store: Store
  readonly locks: LockManager
  readonly snapshots: Snapshots
  readonly trace: Trace
  /** The published root of the catalog. */
  readonly catalog: CatalogRoot
}

/** A unique key that met an equal one while the statement was still writing. */
interface EqualKey {
  readonly table: RowTable
  readonly index: Index
  readonly rowId: number
}

export class Transaction implements Writer, LockOwner {
  readonly id: number
  readonly session: number
  readonly isolation: Isolation
  readonly readOnly: boolean
  readonly firstAttempt: number
  /** The manager moves it on. */
  state: TransactionState = 'active'
  commitTimestamp = Infinity
  published = false
  command = 0
  lastEntry: UndoEntry | null = null
  /** The lock that the last BLOCKED, `lockTable` or `lockCatalog` waits for. */
  waitingFor: LockWait | null = null
  tableGrants: Grant[] = []
  readonly rowGrants: Grant[] = []
  /** The RowId of the last insert. */
  insertedRowId = -1
  /** The catalog changes so far, in order. */
  readonly changes: CatalogChange[] = []
  /** Links of the manager's list of active transactions. */
  earlier: Transaction | null = null
  later: Transaction | null = null

  readonly #engine: Engine
  readonly #view = new ReadView()
  /** At REPEATABLE READ, once the snapshot is taken: the catalog that it sees. */
  #snapshotCatalog: CatalogRoot | null = null
  /** After DDL: the root that only this transaction sees. */
  #privateCatalog: CatalogRoot | null = null
  /** `lastEntry` when the statement began, or when the last one ended. */
  #statementStart: UndoEntry | null = null
  /** True if the statement has locks of a run that was abandoned, or rows granted out of a queue. */
  #hasIdleLocks = false
  #equals: EqualKey[] | null = null

  constructor(id: number, options: TransactionOptions, engine: Engine) {
    this.id = id
    this.session = options.session
    this.isolation = options.isolation
    this.readOnly = options.readOnly
    this.firstAttempt = options.firstAttempt ?? id
    this.#engine = engine
    this.#view.writer = this
  }

  // Statements.

  /**
   * Begins a statement and returns what it sees: a fresh view at READ COMMITTED and READ UNCOMMITTED, the transaction's at
   * REPEATABLE READ (taken now, if this is its first statement). The object belongs to the transaction and is retained
   * until the statement ends, or waits.
   */
  beginStatement(): ReadView {
    assert(this.state === 'active', 'only an active transaction runs statements')
    this.command++
    this.#statementStart = this.lastEntry
    return this.#takeView()
  }

  /** The next run of the same statement, after BLOCKED was granted or after CHANGED. */
  restartStatement(): ReadView {
    assert(this.state === 'active' && this.waitingFor === null, 'a statement restarts when its wait is over')
    return this.#takeView()
  }

  /** The statement is complete: gives up the locks of its earlier runs that protect nothing (D2). */
  endStatement(): void {
    if (this.isolation.reads === 'statement snapshot') this.#engine.snapshots.release(this.#view)
    if (this.#hasIdleLocks) this.#giveUpIdleLocks()
    this.#statementStart = this.lastEntry
  }

  /**
   * The statement failed or was cancelled: undoes what it wrote, and gives up its row locks and its wait. Between two
   * statements it undoes nothing.
   */
  undoStatement(): void {
    this.waitingFor?.cancel()
    this.#equals = null
    this.#undoTo(this.#statementStart)
    if (this.isolation.reads === 'statement snapshot') this.#engine.snapshots.release(this.#view)
    this.#hasIdleLocks = false
    this.#engine.locks.releaseRowGrants(this)
  }

  #takeView(): ReadView {
    const view = this.#view
    const { snapshots } = this.#engine
    view.command = this.command
    switch (this.isolation.reads) {
      case 'in place':
        view.timestamp = Infinity
        break
      case 'statement snapshot':
        view.timestamp = snapshots.published
        snapshots.retain(view)
        break
      case 'transaction snapshot':
        if (this.#snapshotCatalog === null) {
          this.#snapshotCatalog = this.#engine.catalog
          view.timestamp = snapshots.published
          snapshots.retain(view)
        }
        break
    }
    return view
  }

  /** For the manager: nothing is read by this transaction any more. */
  releaseView(): void {
    this.#engine.snapshots.release(this.#view)
  }

  // Locks.

  /**
   * Null if the lock is held now; else the wait, after which it is. Locks stay to the end of the transaction (or ROLLBACK
   * TO). Throws 40P01; 40001 if a REPEATABLE READ transaction is to write a table that was dropped, or whose unique keys
   * became others, after its snapshot (D14).
   */
  lockTable(table: RowTable, mode: TableMode): LockWait | null {
    const wait = this.#engine.locks.lockTable(this, table, mode)
    const seen = this.#snapshotCatalog
    if (wait === null && mode > TableMode.ACCESS_SHARE && seen !== null && seen !== this.#engine.catalog) {
      if (!sameConstraints(seen, this.#engine.catalog, table.id)) throw concurrentCatalogChange()
    }
    return wait
  }

  /**
   * The lock under which the one writer of the catalog works. Throws 40001 if a REPEATABLE READ snapshot is older than the
   * catalog, 40P01.
   */
  lockCatalog(): LockWait | null {
    const wait = this.#engine.locks.lockCatalog(this)
    if (wait === null && this.#snapshotCatalog !== null && this.#snapshotCatalog !== this.#engine.catalog) {
      throw concurrentCatalogChange()
    }
    return wait
  }

  /**
   * Locks a row that the statement's view sees. `requested`: the statement itself asked for the lock (FOR UPDATE), else it
   * is about to write the row. Throws 40001 at REPEATABLE READ if a newer version was committed, 40P01.
   */
  lockRow(table: RowTable, rowId: number, mode: RowMode, requested: boolean): Outcome {
    const head = table.head(rowId)
    const { locks } = this.#engine
    if (head !== null && head.writer !== this && !head.writer.published) return this.#wait(table, rowId, mode)
    if (locks.rowLockCount > 0 && locks.isPromised(this, table, rowId)) return this.#wait(table, rowId, mode)
    // A row that is locked already was found to be the newest then, and nobody has changed it since.
    if (head !== null && head.writer !== this && !this.#view.sees(head)) {
      if (this.isolation.onNewerVersion === 'fail')
        throw concurrentUpdate(table.existsInPlace(rowId) ? 'update' : 'delete', table.name)
      this.#abandon()
      return Outcome.CHANGED
    }
    let entry
    if (head === null || head.writer !== this || head.command !== this.command) entry = table.lock(this, rowId, mode)
    else {
      entry = head
      entry.strengthen(mode)
    }
    if (requested) entry.requested = true
    return Outcome.DONE
  }

  #wait(table: RowTable, rowId: number, mode: number): Outcome {
    this.#abandon()
    this.#hasIdleLocks = true
    this.#engine.locks.waitForRow(this, table, rowId, mode)
    return Outcome.BLOCKED
  }

  // Writes.

  /** `values`: a canonical value a column; copied. The RowId is then in `insertedRowId`. Throws 40P01. */
  insert(table: RowTable, values: readonly Value[]): Outcome {
    const rowId = table.insert(this, values, RowMode.UPDATE)
    this.insertedRowId = rowId
    if (this.#engine.trace.on) this.#emitWrite(table, rowId, 'insert')
    const { indexes } = table
    for (let i = 0; i < indexes.length; i++) {
      const index = indexes[i]!
      if (table.enter(index, rowId)) continue
      const outcome = this.#enterProbing(table, index, rowId)
      if (outcome !== Outcome.DONE) return outcome
    }
    return Outcome.DONE
  }

  /** Sets the columns of a row that this transaction has locked; `values` in the order of the set; copied. Throws 40P01. */
  update(table: RowTable, rowId: number, set: ColumnSet, values: readonly Value[]): Outcome {
    if (this.#engine.trace.on) this.#emitWrite(table, rowId, 'update')
    const { indexes } = set
    if (indexes.length === 0) {
      table.update(this, rowId, set, values, RowMode.NO_KEY_UPDATE)
      return Outcome.DONE
    }
    const before: Key[] = []
    for (let i = 0; i < indexes.length; i++) before.push(table.keyOf(indexes[i]!, rowId))
    const rewritten = table.head(rowId)?.command === this.command && table.head(rowId)?.wrote === true
    const entry = table.update(this, rowId, set, values, RowMode.NO_KEY_UPDATE)
    for (let i = 0; i < indexes.length; i++) {
      const index = indexes[i]!
      const old = before[i]!
      if (index.keys.order(old, table.keyOf(index, rowId)) === 0) continue
      entry.noteKeysLeft()
      if (!table.enter(index, rowId)) {
        const outcome = this.#enterProbing(table, index, rowId)
        if (outcome !== Outcome.DONE) return outcome
      }
      if (rewritten) table.forgetBetween(index, rowId, old)
    }
    return Outcome.DONE
  }

  /** Deletes a row that this transaction has locked. */
  delete(table: RowTable, rowId: number): void {
    if (this.#engine.trace.on) this.#emitWrite(table, rowId, 'delete')
    table.delete(this, rowId, RowMode.UPDATE)
  }

  /**
   * All rows of the statement stand: probes again the unique keys that met an equal on the way, so that
   * `UPDATE t SET id = id + 1` succeeds (D4). Call it once behind the last write. Throws 23505, 40P01.
   */
  finishWrites(): Outcome {
    const equals = this.#equals
    if (equals === null) return Outcome.DONE
    this.#equals = null
    for (const { table, index, rowId } of equals) {
      if (!table.existsInPlace(rowId)) continue
      const key = table.keyOf(index, rowId)
      const result = probeUnique(index, table.pages, key, this, rowId)
      if (result.probe === Probe.EQUAL) throw duplicateKey(table, index, key)
      if (result.probe === Probe.HELD) return this.#wait(table, result.rowId, AWAIT_WRITER)
    }
    return Outcome.DONE
  }

  /** Enters a key that another entry of a unique index has already. */
  #enterProbing(table: RowTable, index: Index, rowId: number): Outcome {
    const result = probeUnique(index, table.pages, table.keyOf(index, rowId), this, rowId)
    if (result.probe === Probe.HELD) return this.#wait(table, result.rowId, AWAIT_WRITER)
    if (result.probe === Probe.EQUAL) (this.#equals ??= []).push({ table, index, rowId })
    table.enterEqual(index, rowId)
    return Outcome.DONE
  }

  #emitWrite(table: RowTable, rowId: number, operation: 'insert' | 'update' | 'delete'): void {
    this.#engine.trace.emit({ kind: 'write', transaction: this.id, table: table.name, rowId, operation })
  }

  // Undoing.

  /** A savepoint, between two statements. */
  mark(): Mark {
    this.command++
    return {
      entry: this.lastEntry,
      changes: this.changes.length,
      tableGrants: this.tableGrants.length,
      catalog: this.#privateCatalog,
    }
  }

  /** Undoes all that was done since, catalog changes too, and gives up the locks taken since. The mark stays good. */
  rollbackTo(mark: Mark): void {
    const { store, locks } = this.#engine
    this.#undoTo(mark.entry)
    this.#statementStart = this.lastEntry
    while (this.changes.length > mark.changes) store.revert(this.changes.pop()!)
    this.#privateCatalog = mark.catalog
    locks.releaseTables(this, mark.tableGrants)
    locks.rowsReleased()
  }

  /** For the manager: the entries are in no chain any more. */
  forgetEntries(): void {
    this.lastEntry = null
    this.#statementStart = null
  }

  /** For the manager: undoes everything; locks are released by it. */
  undoAll(): void {
    this.#undoTo(null)
    this.forgetEntries()
    while (this.changes.length > 0) this.#engine.store.revert(this.changes.pop()!)
  }

  #undoTo(start: UndoEntry | null): void {
    while (this.lastEntry !== start) {
      const entry: UndoEntry = this.lastEntry!
      entry.table.undo(entry)
      this.lastEntry = entry.previous
    }
  }

  /** Undoes what this run of the statement wrote, and keeps its locks for the next run, which gets a view of its own. */
  #abandon(): void {
    this.#equals = null
    if (this.isolation.reads === 'statement snapshot') this.#engine.snapshots.release(this.#view)
    let wrote = false
    for (let entry = this.lastEntry; entry !== this.#statementStart; entry = entry!.previous) {
      this.#hasIdleLocks = true
      entry!.requested = false
      if (entry!.wrote) wrote = true
    }
    if (!wrote) return
    const locked: UndoEntry[] = []
    for (let entry = this.lastEntry; entry !== this.#statementStart; entry = entry!.previous) {
      if (entry!.existed) locked.push(entry!)
    }
    this.#undoTo(this.#statementStart)
    for (const entry of locked.reverse()) entry.table.lock(this, entry.rowId, entry.mode)
    this.#engine.locks.rowsReleased()
  }

  #giveUpIdleLocks(): void {
    this.#hasIdleLocks = false
    let newer: UndoEntry | null = null
    for (let entry = this.lastEntry; entry !== this.#statementStart; entry = entry!.previous) {
      if (entry!.wrote || entry!.requested) {
        newer = entry
        continue
      }
      entry!.table.unlock(entry!)
      if (newer === null) this.lastEntry = entry!.previous
      else newer.previous = entry!.previous
    }
    this.#engine.locks.releaseRowGrants(this)
  }

  // The catalog.

  /** The catalog as this transaction sees it. */
  get catalog(): CatalogRoot {
    return this.#privateCatalog ?? this.#snapshotCatalog ?? this.#engine.catalog
  }

  /** The root to publish at commit; null if there was no DDL. */
  get privateCatalog(): CatalogRoot | null {
    return this.#privateCatalog
  }

  /**
   * DDL: changes the private root and the store; rollback undoes both. The locks are the caller's business: `lockCatalog`,
   * and the table. Throws 23505 if a new unique index finds duplicates.
   */
  changeCatalog(change: CatalogChange): void {
    const { store } = this.#engine
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
    this.changes.push(change)
    this.#privateCatalog = changed
  }

  /** True if there is something to commit. */
  get wrote(): boolean {
    if (this.changes.length > 0) return true
    for (let entry = this.lastEntry; entry !== null; entry = entry.previous) if (entry.wrote) return true
    return false
  }
}

/** Whether what a write to the table must keep is the same in both roots; false if it is in one of them only. */
function sameConstraints(before: CatalogRoot, after: CatalogRoot, id: number): boolean {
  const keys = (root: CatalogRoot): string | undefined =>
    root
      .tableById(id)
      ?.indexes.filter(({ unique }) => unique)
      .map((index) => index.id)
      .join()
  return keys(before) === keys(after)
}
