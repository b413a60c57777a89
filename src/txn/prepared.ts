/**
 * Prepared transactions (PREPARE TRANSACTION): the first phase of a two-phase commit.
 *
 *     active ──PREPARE──► preparing ──durable──► prepared ──COMMIT PREPARED──► committing ──durable──► published
 *                                                   └─────ROLLBACK PREPARED──► rollingBack ─durable──► rolledBack
 *
 * A prepared transaction belongs to no session. It can no longer fail: everything that could refuse its commit has been
 * asked, its redo and its locks are in the log, and nobody but a decision ends it: no deadlock (it waits for nothing), no
 * timeout, no serialization failure (others are the victims then), no crash.
 *
 * After a crash it is here again (`restore`): the same writes, uncommitted, with the same locks. Its session is not.
 */
import type { CatalogChange } from '../catalog/index.ts'
import { decodeChange } from '../catalog/change.ts'
import { assert } from '../assert.ts'
import {
  cannotPrepare,
  cannotPrepareMixedLocks,
  gidInUse,
  gidTooLong,
  noSuchPrepared,
  preparedBusy,
} from '../errors.ts'
import type { LoggedKey, PreparedSink } from '../storage/log/log.ts'
import type { KeyRange } from '../storage/row/keyRange.ts'
import type { Index } from '../storage/row/index.ts'
import { restoreDelete, restoreInsert, restoreLock, restoreUpdate } from '../storage/row/restoreRows.ts'
import type { RowTable } from '../storage/row/table.ts'
import { RowMode } from '../storage/undo.ts'
import type { Value } from '../types/value.ts'
import type { AdvisoryKey } from './locking/advisoryLock.ts'
import { AdvisoryLock } from './locking/advisoryLock.ts'
import type { ReadSet } from './ssi/readSet.ts'
import type { Engine, TableMode, Transaction } from './transaction.ts'

/** As in PostgreSQL: a gid is shorter than this. */
const gidBytesMax = 200

/** The prepared transactions of a database, by gid, from the moment their record is written until they are decided. */
export class PreparedTransactions {
  readonly #byGid = new Map<string, Transaction>()

  get size(): number {
    return this.#byGid.size
  }

  /** In the order of their preparing. */
  all(): IterableIterator<Transaction> {
    return this.#byGid.values()
  }

  /** Throws 22023, 42710, 0A000 unless the transaction can be prepared under this name. */
  check(transaction: Transaction, gid: string): void {
    if (new TextEncoder().encode(gid).length >= gidBytesMax) throw gidTooLong(gid)
    if (this.#byGid.has(gid)) throw gidInUse(gid)
    if (transaction.unpreparable !== null) throw cannotPrepare(transaction.unpreparable)
    for (const { lock } of transaction.tableGrants) {
      if (lock instanceof AdvisoryLock && lock.isHeldBySession(transaction.session)) throw cannotPrepareMixedLocks()
    }
  }

  add(transaction: Transaction): void {
    assert(transaction.preparation !== null, 'what is prepared has a name')
    this.#byGid.set(transaction.preparation.gid, transaction)
  }

  /** The one that is to be decided. Throws 42704; 55000 if somebody has begun to. */
  undecided(gid: string): Transaction {
    const transaction = this.#byGid.get(gid)
    if (transaction === undefined) throw noSuchPrepared(gid)
    if (transaction.state !== 'prepared') throw preparedBusy(gid)
    return transaction
  }

  /** It has ended. */
  forget({ preparation }: Transaction): void {
    if (preparation !== null) this.#byGid.delete(preparation.gid)
  }
}

interface RangeRead {
  readonly table: RowTable
  readonly index: Index
  readonly range: KeyRange
}

/**
 * Makes of a fresh transaction the prepared one that the log describes. Nobody else is about: recovery has replayed what is
 * committed, no session has begun, and prepared transactions got their locks beside each other before the crash.
 */
export class PreparedRestore implements PreparedSink {
  readonly #engine: Engine
  readonly #transaction: Transaction
  readonly #tablesRead: RowTable[] = []
  readonly #rangesRead: RangeRead[] = []
  readonly #rowsRead: { readonly table: RowTable; readonly rowId: number }[] = []

  constructor(engine: Engine, transaction: Transaction) {
    this.#engine = engine
    this.#transaction = transaction
    transaction.command = 1
    granted(transaction.lockDatabase())
  }

  catalog(payload: string): void {
    const transaction = this.#transaction
    const change: CatalogChange = decodeChange(payload)
    transaction.ownCatalog = transaction.catalog.apply(change)
    this.#engine.store.apply(change)
    transaction.noteChange(change)
  }

  catalogLock(): void {
    granted(this.#transaction.lockCatalog())
  }

  tableLock(tableId: number, mode: number): void {
    granted(this.#transaction.lockTable(this.#table(tableId), mode as TableMode))
  }

  advisoryLock(key: AdvisoryKey, exclusive: boolean): void {
    granted(this.#engine.locks.lockAdvisory(this.#transaction, this.#transaction, key, exclusive))
  }

  rowLock(tableId: number, rowId: number, mode: number): void {
    const table = this.#table(tableId)
    if (mode < RowMode.NO_KEY_UPDATE) this.#engine.locks.holdRow(this.#transaction, table, rowId, mode as RowMode)
    else restoreLock(table, this.#transaction, rowId, mode as RowMode).requested = true
  }

  insert(tableId: number, rowId: number, values: readonly Value[]): void {
    restoreInsert(this.#table(tableId), this.#transaction, rowId, values)
  }

  update(tableId: number, rowId: number, columns: readonly number[], values: readonly Value[]): void {
    restoreUpdate(this.#table(tableId), this.#transaction, rowId, columns, values)
  }

  delete(tableId: number, rowId: number): void {
    restoreDelete(this.#table(tableId), this.#transaction, rowId)
  }

  // By 2PL and SERIAL what was read is locked again. (A range EXCLUSIVE becomes SHARE: who is prepared will not write there.)

  readTable(tableId: number): void {
    const table = this.#table(tableId)
    this.#tablesRead.push(table)
    const { readSet } = this.#transaction
    if (readSet !== null) granted(readSet.readTable(table) ? null : readSet)
  }

  readRange(tableId: number, indexId: number, low: LoggedKey, high: LoggedKey, bounds: number): void {
    const table = this.#table(tableId)
    const index = table.index(indexId)
    assert(index !== null, 'an index of which a range was read exists')
    const range: KeyRange = { low, high, bounds }
    this.#rangesRead.push({ table, index, range })
    const { readSet } = this.#transaction
    if (readSet !== null) granted(readSet.readRange(table, index, range) ? null : readSet)
  }

  readRow(tableId: number, rowId: number): void {
    this.#rowsRead.push({ table: this.#table(tableId), rowId })
  }

  get reads(): ReadSet {
    return { tables: () => this.#tablesRead, ranges: () => this.#rangesRead, rows: () => this.#rowsRead }
  }

  #table(id: number): RowTable {
    const table = this.#engine.store.table(id)
    assert(table !== null, `table ${id} of a prepared transaction exists`)
    return table
  }
}

function granted(wait: object | null): void {
  assert(wait === null, 'the locks of prepared transactions do not exclude each other')
}
