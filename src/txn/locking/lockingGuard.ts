/**
 * Strict two-phase locking: a transaction that locks what it reads, before it reads it, and gives up nothing before its
 * end (Eswaran, Gray, Lorie, Traiger, CACM 1976; the degrees of locks: Gray, Lorie, Putzolu, Traiger: Granularity of Locks and
 * Degrees of Consistency, 1976).
 *
 *     what is read                    what is locked
 *     a table from end to end         the table, SHARE
 *     a range of an index             the range; and whoever has written a row in it, uncommitted, is waited for
 *     one row by a unique key         the row, FOR SHARE; if there is none, the key as a range
 *
 * The row behind *every* entry of a range is waited for before it is judged: an uncommitted move away from the range, or
 * delete, must block. Rows in a range need no locks of their own, because a writer asks for the old key too. Reads are of
 * the newest versions in place: what is locked has no other.
 *
 * A statement that is about to write what it reads in a table (UPDATE, DELETE, FOR UPDATE) locks ranges exclusively at
 * once: if two such statements shared a range, each would then wait for the other to give it up.
 *
 * Escalation. Beyond `lockLimits.perTable` locks of one transaction in one table, or `lockLimits.inAll` of all transactions,
 * it tries for the whole table; beyond four times as many it waits for it. The finer locks go then, so that memory is
 * bounded by tables × transactions.
 *
 * Every method may have to wait: then it returns false, and its access is made again when the wait is over, in place or by a
 * new run of the statement. The locks stay, so a new run soon comes as far again.
 */
import type { KeyRange } from '../../storage/row/keyRange.ts'
import type { Index } from '../../storage/row/index.ts'
import type { GuardedTable } from '../../storage/guardedTable.ts'
import { RowMode } from '../../storage/undo.ts'
import { AWAIT_WRITER, RangeMode, TableMode } from '../lockModes.ts'
import type { LockWait } from '../lockWait.ts'
import { RowLock } from '../lockWait.ts'
import { keysGivenUp } from '../ssi/keysGivenUp.ts'
import type { TransactionRecord } from '../transactionRecord.ts'
import { RangeGrant } from './keyRangeLock.ts'
import type { ReadLocks } from './readLocks.ts'

const ALL_KEYS: KeyRange = { low: null, high: null, bounds: 0 }

/** Bounds of the lock table; tests make them small. */
export const lockLimits = { perTable: 1000, inAll: 100_000 }

/** What is locked of one table. */
interface TableLocks {
  /** The table as a whole is locked: nothing finer is needed. */
  whole: boolean
  /** Rows and ranges. */
  fine: number
  /** At so many the next escalation is tried. */
  limit: number
}

export class LockingGuard implements ReadLocks {
  readonly onlyNotes = false
  readonly mayWait = true
  readonly #record: TransactionRecord
  readonly #tables = new Map<GuardedTable, TableLocks>()
  /** The tables that the current statement writes or locks rows of. */
  readonly #targets = new Set<GuardedTable>()

  constructor(record: TransactionRecord) {
    this.#record = record
  }

  noteTarget(table: GuardedTable): void {
    this.#targets.add(table)
  }

  endStatement(): void {
    if (this.#targets.size > 0) this.#targets.clear()
  }

  /** Its version of the row has kept the keys from others; from now on a lock does. */
  givesUpKeys(table: GuardedTable, rowId: number): void {
    const manager = this.#record.engine.locks
    const locks = this.#locksOf(table)
    if (locks.whole) return
    for (const { index, range } of keysGivenUp(this.#record, table, rowId)) {
      // It cannot wait for the table here: beyond the bound all keys of the index stand for those that it had.
      const crowded = locks.fine >= 4 * lockLimits.perTable || manager.fineLocks >= 4 * lockLimits.inAll
      if (manager.keepRange(this.#record, table, index, crowded ? ALL_KEYS : range)) this.#count(locks)
    }
  }

  // The accesses.

  readTable(table: GuardedTable): boolean {
    const locks = this.#locksOf(table)
    return locks.whole || this.#lockWhole(table, locks)
  }

  readPage(): void {
    // The table is locked.
  }

  readRange(table: GuardedTable, index: Index, range: KeyRange): boolean {
    const record = this.#record
    const locks = this.#locksOf(table)
    if (locks.whole) return true
    if (!this.#makeRoom(table, locks)) return false
    if (locks.whole) return true
    const mode = this.#targets.has(table) ? RangeMode.EXCLUSIVE : RangeMode.SHARE
    const before = record.rowGrants.length
    const had = this.#acquire(() => record.engine.locks.lockRange(record, table, index, range, mode))
    if (!had || record.rowGrants.length > before) this.#count(locks)
    return had
  }

  readEntry(table: GuardedTable, rowId: number): boolean {
    const record = this.#record
    const head = table.head(rowId)
    if (head === null || head.writer === record || head.writer.published) return true
    return this.#acquire(() => {
      const now = table.head(rowId)
      if (now === null || now.writer === record || now.writer.published) return null
      return record.engine.locks.waitForRow(record, table, rowId, AWAIT_WRITER)
    })
  }

  readUnique(table: GuardedTable, _index: Index, rowId: number): boolean {
    const record = this.#record
    const locks = this.#locksOf(table)
    if (locks.whole) return true
    if (!this.#makeRoom(table, locks)) return false
    if (locks.whole) return true
    const manager = record.engine.locks
    const before = record.rowGrants.length
    const had = this.#acquire(() => {
      if (manager.isRowTaken(record, table, rowId, RowMode.SHARE))
        return manager.waitForRow(record, table, rowId, RowMode.SHARE)
      manager.holdRow(record, table, rowId, RowMode.SHARE)
      return null
    })
    if (!had || record.rowGrants.length > before) this.#count(locks)
    return had
  }

  /** True once the lock is held. A wait may be over on the spot, if a queue was reordered; then it is asked for again. */
  #acquire(request: () => LockWait | null): boolean {
    // A pipeline that has met a lock may ask on before it stops.
    if (this.#record.waitingFor !== null) return false
    for (;;) {
      const wait = request()
      if (wait === null) return true
      if (!wait.granted) return false
    }
  }

  // Escalation.

  #locksOf(table: GuardedTable): TableLocks {
    let locks = this.#tables.get(table)
    if (locks === undefined) {
      locks = { whole: false, fine: 0, limit: lockLimits.perTable }
      this.#tables.set(table, locks)
    }
    return locks
  }

  #count(locks: TableLocks): void {
    locks.fine++
    this.#record.engine.locks.fineLocks++
  }

  /** False if it has to wait for the whole table. */
  #makeRoom(table: GuardedTable, locks: TableLocks): boolean {
    const record = this.#record
    const manager = record.engine.locks
    const crowded = manager.fineLocks >= lockLimits.inAll
    if (locks.fine < locks.limit && !crowded) return true
    if (locks.fine < 4 * lockLimits.perTable && manager.fineLocks < 4 * lockLimits.inAll) {
      locks.limit = locks.fine + lockLimits.perTable / 4
      if (!manager.mayLockTable(record, table, TableMode.SHARE)) return true
    }
    return this.#lockWhole(table, locks)
  }

  #lockWhole(table: GuardedTable, locks: TableLocks): boolean {
    const record = this.#record
    const manager = record.engine.locks
    if (!this.#acquire(() => manager.lockTable(record, table, TableMode.SHARE))) return false
    locks.whole = true
    manager.fineLocks -= locks.fine
    locks.fine = 0
    manager.releaseReads(record, table)
    return true
  }

  end(): void {
    for (const { fine } of this.#tables.values()) this.#record.engine.locks.fineLocks -= fine
    this.#tables.clear()
  }

  // What it has read, for those who write it after its end (D7).

  *tables(): Generator<GuardedTable> {
    for (const [table, { whole }] of this.#tables) if (whole) yield table
  }

  *ranges(): Generator<{ readonly table: GuardedTable; readonly index: Index; readonly range: KeyRange }> {
    for (const grant of this.#record.rowGrants) {
      if (!(grant instanceof RangeGrant) || grant.mode === RangeMode.WRITE) continue
      yield { table: grant.lock.table!, index: grant.index, range: grant.range }
    }
  }

  *rows(): Generator<{ readonly table: GuardedTable; readonly rowId: number }> {
    for (const { lock } of this.#record.rowGrants) {
      if (lock instanceof RowLock) yield { table: lock.table!, rowId: lock.rowId }
    }
  }
}
