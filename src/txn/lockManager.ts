/**
 * The one place where transactions wait for each other (D6): the database, the catalog, tables, rows, key ranges and
 * advisory locks have the same queues, the same deadlock check, the same way to wake (lockQueues.ts). Here is what can be
 * locked, and who holds what.
 *
 * A lock that nobody holds by name or waits for is forgotten, but for the tables' own.
 */
import { assert } from '../assert.ts'
import type { GuardedTable } from '../storage/guardedTable.ts'
import type { Writer } from '../storage/undo.ts'
import { RowMode } from '../storage/undo.ts'
import type { KeyRange } from '../storage/row/keyRange.ts'
import type { Index } from '../storage/row/index.ts'
import type { Key } from '../storage/row/keyTree.ts'
import { CLOSED } from '../storage/row/treeCursor.ts'
import type { Trace } from '../trace.ts'
import type { AdvisoryGrant, AdvisoryKey } from './locking/advisoryLock.ts'
import { AdvisoryLock, AdvisoryLocks, AdvisoryWait, EXCLUSIVE, SessionOwner } from './locking/advisoryLock.ts'
import { KeyRangeLock, RangeGrant, RangeWait } from './locking/keyRangeLock.ts'
import type { LockRow, TableById } from './locking/lockRows.ts'
import { describeLock, describeWriters } from './locking/lockRows.ts'
import type { Grant, LockOwner, LockWait } from './lockWait.ts'
import { Lock, LockWait as Wait, RowLock } from './lockWait.ts'
import type { DatabaseMode } from './lockModes.ts'
import { DATABASE_MODES, RangeMode, TABLE_MODES, TableMode } from './lockModes.ts'
import { blockedAhead, isExclusive, LockQueues, noteAwaited } from './lockQueues.ts'

export type { LockOwner, LockWait } from './lockWait.ts'

export class LockManager extends LockQueues {
  /** Transactions that run serially, or wait to: while there are none, nobody locks the database. */
  serials = 0
  /** Locks of rows that somebody waits for, or holds by name: none when nobody waits. */
  rowLockCount = 0
  readonly #tables = new Map<number, Lock>()
  readonly #rows = new Map<GuardedTable, Map<number, RowLock>>()
  /** Rows and ranges that are locked because they were read. */
  fineLocks = 0
  readonly #ranges = new Map<GuardedTable, KeyRangeLock>()
  readonly #advisory = new AdvisoryLocks()
  readonly #database = new Lock('database', DATABASE_MODES, null)
  readonly #catalog = new Lock('catalog', TABLE_MODES, null)
  readonly #ownerOf: (writer: Writer) => LockOwner

  constructor(ownerOf: (writer: Writer) => LockOwner, ready: (wait: LockWait) => void, trace: Trace) {
    super(ready, trace)
    this.#ownerOf = ownerOf
  }

  // Tables.

  /** True if nobody holds or awaits a mode that excludes a plain read. */
  mayRead(table: GuardedTable): boolean {
    if (this.exclusive === 0) return true
    const lock = this.#tables.get(table.id)
    if (lock === undefined) return true
    return (
      lock.grants.every(({ mode }) => mode !== TableMode.ACCESS_EXCLUSIVE) &&
      lock.waits.every(({ modeNumber }) => modeNumber !== TableMode.ACCESS_EXCLUSIVE)
    )
  }

  /** Null if the owner holds the table in this mode now. Throws 40P01 if the wait would close a circle, and the owner is its victim. */
  lockTable(owner: LockOwner, table: GuardedTable, mode: TableMode): LockWait | null {
    const lock = this.#tableLock(table)
    for (const grant of owner.tableGrants) {
      if (grant.lock !== lock || grant.mode !== mode) continue
      grant.requested = true
      return null
    }
    return this.acquire(owner, lock, mode)
  }

  /** True if the owner could have the table in this mode without waiting, now. */
  mayLockTable(owner: LockOwner, table: GuardedTable, mode: TableMode): boolean {
    return this.isFree(owner, this.#tableLock(table), mode)
  }

  #tableLock(table: GuardedTable): Lock {
    let lock = this.#tables.get(table.id)
    // The id of a table whose creation was rolled back is given again.
    if (lock === undefined || lock.table !== table) {
      assert(lock === undefined || lock.idle, 'a table that is gone is locked by nobody')
      lock = new Lock('table', TABLE_MODES, table)
      this.#tables.set(table.id, lock)
    }
    return lock
  }

  lockCatalog(owner: LockOwner): LockWait | null {
    for (const grant of owner.tableGrants) if (grant.lock === this.#catalog) return null
    return this.acquire(owner, this.#catalog, TableMode.EXCLUSIVE)
  }

  /** Gives up the table locks behind the first `kept`. */
  releaseTables(owner: LockOwner, kept: number): void {
    const { tableGrants } = owner
    while (tableGrants.length > kept) {
      const grant = tableGrants.pop()!
      if (isExclusive(grant.lock, grant.mode)) this.exclusive--
      this.release(grant)
    }
  }

  /** The table is dropped: forgets its lock. False, with nothing done, if a reader of an old snapshot still holds it. */
  forgetTable(id: number): boolean {
    if (this.#tables.get(id)?.idle === false) return false
    this.#tables.delete(id)
    return true
  }

  // Rows.

  /** True if somebody else's hold by name, or a waiter who came first, keeps the owner from this mode. */
  isRowTaken(owner: LockOwner, table: GuardedTable, rowId: number, mode: RowMode): boolean {
    const lock = this.#rows.get(table)?.get(rowId)
    return lock !== undefined && !this.isFree(owner, lock, mode)
  }

  /** Holds the row by name in a mode that is free (`isRowTaken`); one that it holds already covers the weaker ones. */
  holdRow(owner: LockOwner, table: GuardedTable, rowId: number, mode: RowMode): void {
    const lock = this.#rowLock(table, rowId)
    for (const grant of lock.grants) {
      if (grant.owner === owner && grant.mode >= mode) {
        grant.requested = true
        return
      }
    }
    this.hold({ owner, lock, mode, requested: true })
  }

  /** The owner has become the writer of a row: those who wait for it are its to wake. */
  noteWriter(owner: LockOwner, table: GuardedTable, rowId: number): void {
    const lock = this.#rows.get(table)?.get(rowId)
    if (lock !== undefined && lock.waits.length > 0) noteAwaited(owner, lock)
  }

  /** Queues for a row that cannot be had now. Throws 40P01 as `lockTable` does. */
  waitForRow(owner: LockOwner, table: GuardedTable, rowId: number, mode: number): LockWait {
    const wait = new Wait(owner, this.#rowLock(table, rowId), mode, this.leave)
    return this.enqueue(wait, wait.place())
  }

  #rowLock(table: GuardedTable, rowId: number): RowLock {
    let rows = this.#rows.get(table)
    if (rows === undefined) this.#rows.set(table, (rows = new Map<number, RowLock>()))
    let lock = rows.get(rowId)
    if (lock === undefined) {
      lock = new RowLock(table, rowId, this.#ownerOf)
      rows.set(rowId, lock)
      this.rowLockCount++
    }
    return lock
  }

  /** Rows may have lost this writer (end of a transaction, undo): wakes who waited for it. */
  rowsReleased(owner: LockOwner): void {
    const { awaited } = owner
    if (awaited === null) return
    for (const lock of awaited) {
      if (lock.writer === owner) continue
      awaited.delete(lock)
      this.wake(lock)
      this.dropIfIdle(lock)
    }
  }

  /** Gives up the holds by name on rows behind the first `kept`; `idle`: only those that no run of the statement has asked for. */
  releaseRows(owner: LockOwner, kept: number, idle = false): void {
    const { rowGrants } = owner
    if (rowGrants.length > kept) {
      const given = rowGrants.splice(kept)
      for (const grant of given) {
        if (idle && grant.requested) rowGrants.push(grant)
        else this.release(grant)
      }
    }
    this.rowsReleased(owner)
  }

  /** The owner holds the whole table SHARE: gives up what finer locks it has because it read. */
  releaseReads(owner: LockOwner, table: GuardedTable): void {
    const given = owner.rowGrants.filter(({ lock, mode }) => lock.table === table && isRead(lock, mode))
    if (given.length === 0) return
    owner.rowGrants = owner.rowGrants.filter(({ lock, mode }) => lock.table !== table || !isRead(lock, mode))
    for (const grant of given) this.release(grant)
  }

  // Key ranges.

  /** Null if the owner holds the range now. Throws 40P01 as `lockTable` does. */
  lockRange(owner: LockOwner, table: GuardedTable, index: Index, range: KeyRange, mode: RangeMode): LockWait | null {
    const lock = this.#rangesOf(table)
    if (lock.covers(owner, index, range, mode)) return null
    const wait = new RangeWait(owner, lock, mode, index, range, this.leave)
    const place = wait.place()
    if (wait.isHeldUp || blockedAhead(wait, place)) return this.enqueue(wait, place)
    this.hold(new RangeGrant(owner, lock, mode, true, index, range))
    return null
  }

  /**
   * Shares a range that its owner has kept to itself so far, by rows that it wrote. Another may hold the range exclusively by
   * now, and wait for those rows: it writes none of these keys while they are shared. False if it is locked already.
   */
  keepRange(owner: LockOwner, table: GuardedTable, index: Index, range: KeyRange): boolean {
    const lock = this.#rangesOf(table)
    if (lock.covers(owner, index, range, RangeMode.SHARE)) return false
    this.hold(new RangeGrant(owner, lock, RangeMode.SHARE, true, index, range))
    return true
  }

  #rangesOf(table: GuardedTable): KeyRangeLock {
    let lock = this.#ranges.get(table)
    if (lock === undefined) this.#ranges.set(table, (lock = new KeyRangeLock(table)))
    return lock
  }

  /** The first index with a locked range of another that contains the row's newest key; null if there is none. */
  indexAgainst(owner: LockOwner, table: GuardedTable, rowId: number): Index | null {
    const lock = this.#ranges.get(table)
    if (lock === undefined) return null
    for (const index of lock.indexes) if (lock.isKeyTaken(owner, index, table.keyOf(index, rowId))) return index
    return null
  }

  /** True if the row's newest key in this index lies in a range that another holds. */
  isKeyTaken(owner: LockOwner, table: GuardedTable, rowId: number, index: Index): boolean {
    return this.#ranges.get(table)?.isKeyTaken(owner, index, table.keyOf(index, rowId)) ?? false
  }

  /** Queues for a key that is to be written and lies in another's range. Throws 40P01. */
  waitForKey(owner: LockOwner, table: GuardedTable, index: Index, key: Key): LockWait {
    const range: KeyRange = { low: key, high: key, bounds: CLOSED }
    const wait = new RangeWait(owner, this.#ranges.get(table)!, RangeMode.WRITE, index, range, this.leave)
    return this.enqueue(wait, wait.place())
  }

  // The database.

  /** A serial transaction begins; from the first one on, those who write or lock what they read hold the database too. */
  serialBegins(open: Iterable<{ readonly owner: LockOwner; readonly mode: DatabaseMode | null }>): void {
    if (this.serials++ > 0) return
    for (const { owner, mode } of open) {
      if (mode !== null && owner.databaseGrant === null) {
        this.hold({ owner, lock: this.#database, mode, requested: true })
      }
    }
  }

  /** Null if the owner has the database in this mode now: its first mode lasts. Throws 40P01 as `lockTable` does. */
  lockDatabase(owner: LockOwner, mode: DatabaseMode): LockWait | null {
    if (owner.databaseGrant !== null && owner.databaseGrant.mode >= mode) return null
    return this.acquire(owner, this.#database, mode)
  }

  releaseDatabase(owner: LockOwner): void {
    const grant = owner.databaseGrant
    if (grant === null) return
    owner.databaseGrant = null
    this.release(grant)
  }

  // Advisory locks.

  /** The holder of a session's advisory locks: make one a session, and `unlockAllAdvisory` when it ends. */
  sessionOwner(session: number): SessionOwner {
    return new SessionOwner(session, this.waiters)
  }

  /**
   * Null if `holder`, which is the transaction itself or its session's owner, holds the key now; each such call of a session
   * counts. Else the wait; make the call again when it is granted. A transaction's locks go as its table locks do.
   */
  lockAdvisory(holder: LockOwner, transaction: LockOwner, key: AdvisoryKey, exclusive: boolean): LockWait | null {
    const lock = this.#advisory.make(key)
    const mode = exclusive ? EXCLUSIVE : 0
    const own = lock.grants.find((grant) => grant.owner === holder && grant.mode === mode) as AdvisoryGrant | undefined
    if (own !== undefined) {
      own.requested = true
      own.count++
      return null
    }
    const wait = new AdvisoryWait(transaction, holder, lock, mode, this.leave)
    const place = wait.place()
    if (wait.isHeldUp || blockedAhead(wait, place)) return this.enqueue(wait, place)
    const grant: AdvisoryGrant = { owner: holder, lock, mode, requested: true, count: 1 }
    this.hold(grant)
    return null
  }

  /** Takes the key if that needs no wait; false if it does. */
  tryLockAdvisory(holder: LockOwner, key: AdvisoryKey, exclusive: boolean): boolean {
    const lock = this.#advisory.make(key)
    const mode = exclusive ? EXCLUSIVE : 0
    const wait = new AdvisoryWait(holder, holder, lock, mode, this.leave)
    const owned = lock.grants.some((grant) => grant.owner === holder && grant.mode === mode)
    if (!owned && (wait.isHeldUp || blockedAhead(wait, wait.place()))) return false
    return this.lockAdvisory(holder, holder, key, exclusive) === null
  }

  /** One lock of the session less; false if it has none. */
  unlockAdvisory(holder: SessionOwner, key: AdvisoryKey, exclusive: boolean): boolean {
    const grants = this.#advisory.get(key)?.grants as AdvisoryGrant[] | undefined
    const own = grants?.find((grant) => grant.owner === holder && grant.mode === (exclusive ? EXCLUSIVE : 0))
    if (own === undefined) return false
    own.count--
    if (own.count <= 0) this.#unhold(holder, own)
    return true
  }

  /** All that it holds; `unclaimed`: only what no call counts, as what was granted out of a queue to a call that was not made again. */
  unlockAllAdvisory(holder: LockOwner, unclaimed = false): void {
    for (const grant of [...holder.tableGrants]) {
      if (grant.lock.kind === 'advisory' && !(unclaimed && grant.requested)) this.#unhold(holder, grant)
    }
  }

  #unhold(holder: LockOwner, grant: Grant): void {
    holder.tableGrants = holder.tableGrants.filter((each) => each !== grant)
    this.release(grant)
  }

  /** For tests and people: true if nobody holds or awaits anything. */
  get quiet(): boolean {
    return this.waiters.size === 0 && this.#all().every((lock) => lock.idle)
  }

  #all(): Lock[] {
    const rows = [...this.#rows.values()].flatMap((locks) => [...locks.values()])
    const others = [...this.#tables.values(), ...this.#ranges.values(), ...this.#advisory.all()]
    return [this.#database, this.#catalog, ...others, ...rows]
  }

  /** For people: every hold and every wait. `writers`: those who hold rows by having written them. */
  describe(writers: Iterable<LockOwner & Writer>, tableOf: TableById): LockRow[] {
    return [...this.#all().flatMap(describeLock), ...describeWriters(writers, tableOf)]
  }

  protected override dropIfIdle(lock: Lock): void {
    if (!lock.idle) return
    if (lock instanceof RowLock) {
      const rows = this.#rows.get(lock.table!)
      if (rows?.get(lock.rowId) !== lock) return
      rows.delete(lock.rowId)
      this.rowLockCount--
      if (rows.size === 0) this.#rows.delete(lock.table!)
    } else if (lock instanceof KeyRangeLock) this.#ranges.delete(lock.table!)
    else if (lock instanceof AdvisoryLock) this.#advisory.dropIfIdle(lock)
  }
}

const isRead = ({ kind }: Lock, mode: number): boolean =>
  kind === 'row' ? mode === RowMode.SHARE : mode !== RangeMode.WRITE
