/**
 * The transaction state of one session: PostgreSQL's transaction blocks over the transactions of the engine.
 *
 *     idle ──BEGIN──► explicit ──error──► failed ──ROLLBACK, COMMIT──► idle
 *       └─a statement alone, or exec of several─► implicit ──end──► idle
 *
 * A statement that fails ends an implicit block. In an explicit one everything since the last savepoint (or BEGIN) is
 * undone at once and its locks are given up, as in PostgreSQL: the block only remembers that it failed.
 */
import { assert } from '../assert.ts'
import type { DatabaseError } from '../errors.ts'
import { inFailedTransaction, noActiveTransaction, noSuchSavepoint, outsideBlock } from '../errors.ts'
import type { TransactionManager } from '../txn/manager.ts'
import type { Isolation } from '../txn/isolation.ts'
import type { Mark, Transaction, TransactionModes } from '../txn/transaction.ts'
import type { OutboxAction } from './notifications.ts'
import { Outbox } from './notifications.ts'
import type { SettingValues, Settings } from './settings.ts'
import type { BlockTimers } from './timeouts.ts'

interface SavepointRecord {
  readonly name: string
  readonly mark: Mark
  readonly settings: SettingValues
  readonly outbox: number
  readonly becameReadOnly: boolean
}

/** What the session does around its block. */
export interface BlockListener {
  /** The transaction has committed, and these are its LISTENs and NOTIFYs; never called without any. */
  committed(transaction: Transaction, actions: readonly OutboxAction[], state: 'published' | 'committing'): void
  /** The block is over, in whatever way. */
  left(): void
  /** A statement or the commit of a transaction at this level failed. */
  failed(isolation: Isolation, error: unknown): void
}

export type TransactionStatus = 'idle' | 'transaction' | 'failed'

export class TransactionBlock {
  /** Null when idle, and in a failed block without savepoints. */
  transaction: Transaction | null = null
  kind: 'none' | 'implicit' | 'explicit' = 'none'
  failed = false
  /** What its transaction was begun with; null before the first. */
  modes: TransactionModes | null = null
  /** Of this block among those of the session. */
  number = 0
  /** True before the first statement: SET TRANSACTION may still change the level. */
  fresh = false
  /** Since its first statement or a savepoint: SSI, which may have counted on writes, is not told. */
  #becameReadOnly = false
  /** Why the block was ended from outside, until a statement has been told. */
  #ended: DatabaseError | null = null
  readonly #timers: BlockTimers
  readonly #transactions: TransactionManager
  readonly #settings: Settings
  readonly #session: number
  /** What is said and heard when the transaction commits. */
  readonly outbox = new Outbox()
  readonly #listener: BlockListener
  #savepoints: SavepointRecord[] = []
  #settingsBefore: SettingValues

  constructor(
    transactions: TransactionManager,
    settings: Settings,
    session: number,
    timers: BlockTimers,
    listener: BlockListener,
  ) {
    this.#timers = timers
    this.#listener = listener
    this.#transactions = transactions
    this.#settings = settings
    this.#session = session
    this.#settingsBefore = settings.values
  }

  get status(): TransactionStatus {
    if (this.kind !== 'explicit') return 'idle'
    return this.failed ? 'failed' : 'transaction'
  }

  begin(kind: 'implicit' | 'explicit', modes: TransactionModes, firstAttempt: number | null = null): Transaction {
    assert(this.kind === 'none', 'a block begins in no other')
    this.transaction = this.#transactions.begin(this.#session, modes, firstAttempt)
    this.modes = modes
    this.kind = kind
    this.number++
    this.failed = false
    this.fresh = true
    this.#settingsBefore = this.#settings.values
    this.watch()
    return this.transaction
  }

  /** True if its statements may not write. */
  get readOnly(): boolean {
    return this.#becameReadOnly || this.transaction?.readOnly === true
  }

  /** True within a savepoint. */
  get nested(): boolean {
    return this.#savepoints.length > 0
  }

  /** SET TRANSACTION READ ONLY, where it is too late to begin again. ROLLBACK TO takes it back. */
  becomeReadOnly(): void {
    this.#becameReadOnly = true
  }

  /** True while a timeout runs. */
  get isTimed(): boolean {
    return this.#timers.armed
  }

  /** The block is open, and its timeouts may be new. */
  watch(): void {
    const { timeouts } = this.#settings.engine
    if (timeouts === null) {
      if (this.#timers.armed) this.#timers.close()
      return
    }
    this.#timers.open(timeouts)
    if (this.kind === 'explicit') this.#timers.rest(timeouts)
  }

  /** Before the first statement: the same block with other modes. */
  restart(modes: TransactionModes): Transaction {
    assert(this.transaction !== null && this.fresh, 'only a fresh transaction changes its modes')
    const { firstAttempt } = this.transaction
    this.modes = modes
    this.#transactions.rollback(this.transaction)
    this.transaction = this.#transactions.begin(this.#session, modes, firstAttempt)
    this.#becameReadOnly = false
    return this.transaction
  }

  /**
   * Commits, and leaves the block in any case. `synchronously`: waits for the disk within this call. Throws what the
   * commit throws; the transaction is over then.
   */
  commit(synchronously: boolean): 'published' | 'committing' {
    const transaction = this.transaction
    assert(transaction !== null, 'nothing to commit')
    const actions = this.outbox.length === 0 ? null : this.outbox.take()
    this.#leave()
    this.#settings.dropLocal()
    let state: 'published' | 'committing'
    try {
      state = this.#transactions.commit(transaction, synchronously)
    } catch (error) {
      this.#listener.failed(transaction.isolation, error)
      throw error
    }
    if (actions !== null) this.#listener.committed(transaction, actions, state)
    return state
  }

  /** As `commit`: the block is left, and the transaction is prepared, or waits for the disk to be. */
  prepare(gid: string, nowMicros: number, synchronously: boolean): Transaction {
    const transaction = this.transaction
    assert(transaction !== null, 'nothing to prepare')
    if (this.outbox.length > 0) transaction.unpreparable = 'executed LISTEN, UNLISTEN, or NOTIFY'
    this.#leave()
    this.#settings.dropLocal()
    this.#transactions.prepare(transaction, gid, nowMicros, synchronously)
    return transaction
  }

  rollback(): void {
    const transaction = this.transaction
    this.#settings.values = this.#settingsBefore
    this.#leave()
    if (transaction !== null) this.#transactions.rollback(transaction)
  }

  /** A statement failed: an implicit block is over, an explicit one has failed. */
  fail(error: unknown): void {
    if (this.transaction !== null && !this.failed) this.#listener.failed(this.transaction.isolation, error)
    if (this.kind !== 'explicit') {
      if (this.kind === 'implicit') this.rollback()
      return
    }
    const last = this.#savepoints.at(-1)
    const transaction = this.transaction
    this.failed = true
    this.outbox.truncate(last?.outbox ?? 0)
    if (transaction === null) return
    if (last !== undefined) transaction.rollbackTo(last.mark)
    else {
      this.transaction = null
      this.#transactions.rollback(transaction)
    }
  }

  /** Ends an explicit block from outside: all of it is undone, and the next statement is told why (`told`: one has been). */
  terminate(error: DatabaseError, told: boolean): void {
    if (this.kind !== 'explicit') return
    const { transaction } = this
    this.transaction = null
    this.failed = true
    this.#savepoints = []
    this.outbox.truncate(0)
    this.#timers.close()
    if (!told) this.#ended = error
    if (transaction !== null) this.#transactions.rollback(transaction)
  }

  /** What a statement gets that a failed block does not take: once why it was ended, else 25P02. */
  refusal(): DatabaseError {
    return this.takeEnd() ?? inFailedTransaction()
  }

  /** Why the block was ended from outside; null if it was not, or somebody was told already. */
  takeEnd(): DatabaseError | null {
    const error = this.#ended
    this.#ended = null
    return error
  }

  savepoint(name: string): void {
    const transaction = this.#inBlock('SAVEPOINT')
    this.#savepoints.push({
      name,
      mark: transaction.mark(),
      settings: this.#settings.values,
      outbox: this.outbox.length,
      becameReadOnly: this.#becameReadOnly,
    })
  }

  release(name: string): void {
    this.#inBlock('RELEASE SAVEPOINT')
    this.#savepoints.length = this.#find(name)
  }

  /** Also the way out of a failed block. The savepoint itself stays. */
  rollbackTo(name: string): void {
    if (this.kind !== 'explicit') throw outsideBlock('ROLLBACK TO SAVEPOINT')
    const at = this.#find(name)
    const record = this.#savepoints[at]
    assert(record !== undefined && this.transaction !== null, 'a savepoint has a transaction')
    this.transaction.rollbackTo(record.mark)
    this.#settings.values = record.settings
    this.outbox.truncate(record.outbox)
    this.#becameReadOnly = record.becameReadOnly
    this.#savepoints.length = at + 1
    this.failed = false
  }

  #inBlock(command: string): Transaction {
    if (this.kind !== 'explicit') throw outsideBlock(command)
    if (this.transaction === null) throw noActiveTransaction()
    return this.transaction
  }

  #find(name: string): number {
    const at = this.#savepoints.findLastIndex((savepoint) => savepoint.name === name)
    if (at < 0) throw noSuchSavepoint(name)
    return at
  }

  #leave(): void {
    this.transaction = null
    this.kind = 'none'
    this.failed = false
    this.#becameReadOnly = false
    this.#ended = null
    if (this.#savepoints.length > 0) this.#savepoints = []
    if (this.outbox.length > 0) this.outbox.truncate(0)
    if (this.#timers.armed) this.#timers.close()
    this.#listener.left()
  }
}
