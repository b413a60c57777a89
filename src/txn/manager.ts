/**
 * Begin, snapshots, and the way of a commit (D10):
 *
 *     active → committing → durable → published
 *
 * `committing`: the commit timestamp exists and the redo is in the log; locks are held, nobody sees the writes, and there
 * is no way back. `published`, strictly in the order of the log (commitQueue.ts): snapshots see the writes, locks go, waiters
 * wake. In memory, and where the durability does not wait for the disk, the states collapse into one call. The way by
 * PREPARE TRANSACTION has two more states: prepared.ts.
 *
 * Versions go at publication if no retained view is older than the commit, which is the usual case and costs one walk over
 * the transaction's own entries. Else those that some view needs are kept: keptVersions.ts.
 */
import { assert } from '../assert.ts'
import type { CatalogChange, CatalogRoot } from '../catalog/index.ts'
import type { DatabaseError } from '../errors.ts'
import type { CommitLog, InDoubt, LogListener } from '../storage/log/log.ts'
import type { ReadView } from '../storage/readView.ts'
import type { RowTable } from '../storage/row/table.ts'
import type { Store } from '../storage/store.ts'
import type { Writer } from '../storage/undo.ts'
import type { Trace } from '../trace.ts'
import type { CommitListener, Durability } from './commitQueue.ts'
import { CommitQueue } from './commitQueue.ts'
import type { ReadLocks } from './locking/readLocks.ts'
import type { DatabaseMode } from './lockModes.ts'
import type { LockOwner, LockWait } from './lockWait.ts'
import { isolationTitled } from './isolation.ts'
import { HistoryRecorder } from './history/historyRecorder.ts'
import { KeptVersions } from './keptVersions.ts'
import { LockManager } from './lockManager.ts'
import type { Preparation } from './preparation.ts'
import { PreparedRestore, PreparedTransactions } from './prepared.ts'
import { Snapshots } from './snapshots.ts'
import { ConflictGraph } from './ssi/graph.ts'
import type { ConflictOwner } from './ssi/node.ts'
import type { Retention } from './timeTravel.ts'
import { noRetention, TimeTravel } from './timeTravel.ts'
import { EndStatistics } from './statistics.ts'
import type { Engine, TransactionModes } from './transaction.ts'
import { Transaction } from './transaction.ts'
import { modesOf } from './transactionRecord.ts'

/** What the core tells the session layer. Called in the middle of other work: note it, and act in a step of its own. */
export interface TransactionListener extends CommitListener {
  /** The wait was granted, or became a deadlock's victim (`wait.error`): its statement is ready again. */
  ready(wait: LockWait): void
}

/** A dropped table or index, to be forgotten when no view is older than its commit. */
interface Dropped {
  readonly timestamp: number
  readonly change: CatalogChange
}

export class TransactionManager implements Engine {
  readonly store: Store
  readonly locks: LockManager
  readonly snapshots: Snapshots
  /** Published versions that some view may still need. */
  readonly kept: KeptVersions
  /** Past states, for AS OF SYSTEM TIME. */
  readonly timeTravel: TimeTravel
  readonly trace: Trace
  readonly history = new HistoryRecorder()
  /** How transactions ended. */
  readonly ends = new EndStatistics()
  readonly conflicts: ConflictGraph = new ConflictGraph(this)
  readonly prepared = new PreparedTransactions()
  #catalog: CatalogRoot
  readonly #queue: CommitQueue
  readonly #retention: Retention
  #nextId: number
  #lastTimestamp: number
  #earliest: Transaction | null = null
  #latest: Transaction | null = null
  #dropped: Dropped[] = []

  /** `start`: what recovery found, or the empty root and 0. */
  constructor(
    store: Store,
    listener: TransactionListener,
    trace: Trace,
    start: { readonly catalog: CatalogRoot; readonly timestamp: number; readonly nextId?: number },
    retention: Retention = noRetention,
  ) {
    this.store = store
    this.trace = trace
    this.#catalog = start.catalog
    this.#lastTimestamp = start.timestamp
    this.#nextId = start.nextId ?? 1
    this.snapshots = new Snapshots(start.timestamp, () => this.#drain())
    this.#retention = retention
    this.timeTravel = new TimeTravel(this.snapshots, start.catalog, retention)
    this.kept = new KeptVersions(this.snapshots, this.conflicts, this.timeTravel, this.history)
    this.locks = new LockManager(ownerOf, (wait) => listener.ready(wait), trace)
    // What a lost transaction has locked stays locked for ever.
    const failed = (error: DatabaseError): void => this.locks.fail(error)
    this.#queue = new CommitQueue(listener, (transaction) => this.#settle(transaction), failed)
  }

  /** What the log is to tell: hand it to the log when it is opened. */
  get logListener(): LogListener {
    return this.#queue.logListener
  }

  /** Before the first transaction of a durable database. Without a log commits are published at once. */
  attachLog(log: CommitLog, durability: Durability): void {
    assert(this.#lastTimestamp === this.snapshots.published, 'a log is attached before the first commit')
    this.#queue.attachLog(log, durability)
  }

  get publishedTimestamp(): number {
    return this.snapshots.published
  }

  /** The published catalog root. */
  get catalog(): CatalogRoot {
    return this.#catalog
  }

  /**
   * `session`: its number, for people. `firstAttempt`: what the transaction had that failed and is tried again. Throws the
   * log's error if it has failed: the handle is dead then.
   */
  begin(session: number, modes: TransactionModes, firstAttempt: number | null = null): Transaction {
    this.#requireLog()
    const transaction = this.#enlist(session, modes, firstAttempt)
    if (this.trace.on) {
      const { id, isolation } = transaction
      this.trace.emit({ kind: 'begin', transaction: id, session, level: isolation.title.toLowerCase() })
    }
    return transaction
  }

  #requireLog(): void {
    if (this.#queue.failure !== null) throw this.#queue.failure
  }

  #enlist(session: number, modes: TransactionModes, firstAttempt: number | null): Transaction {
    const id = this.#nextId++
    const transaction = new Transaction(id, session, modes, firstAttempt ?? id, this)
    transaction.earlier = this.#latest
    if (this.#latest === null) this.#earliest = transaction
    else this.#latest.later = transaction
    this.#latest = transaction
    if (modes.isolation.alone) this.locks.serialBegins(transaction.earlier === null ? [] : this.#databaseUsers())
    return transaction
  }

  *#databaseUsers(): Generator<{ readonly owner: LockOwner; readonly mode: DatabaseMode | null }> {
    for (let each = this.#earliest; each !== null; each = each.later) yield { owner: each, mode: each.databaseMode }
  }

  #endReads({ isolation }: Transaction, reads: ReadLocks): void {
    reads.end()
    if (isolation.alone) this.locks.serials--
  }

  /** True if nobody has begun and not ended: then a read in autocommit has no one to lock against, at any level. */
  get idle(): boolean {
    return this.#earliest === null
  }

  // Reads without a transaction.

  /** Fills `view` for a read in autocommit. At READ UNCOMMITTED set `timestamp` to Infinity behind it. */
  readView(view: ReadView): void {
    this.#requireLog()
    view.writer = null
    view.command = 0
    view.timestamp = this.snapshots.published
  }

  /** Before a step ends in which the statement that reads by `view` does not: keeps the versions that it sees. */
  retain(view: ReadView): void {
    this.snapshots.retain(view)
  }

  /** Idempotent. */
  release(view: ReadView): void {
    this.snapshots.release(view)
  }

  /** True if a read in autocommit that ends within this step may read the table without taking ACCESS SHARE. */
  mayRead(table: RowTable): boolean {
    return this.locks.mayRead(table)
  }

  // The way of a commit.

  /**
   * Ends the transaction. 'committing': it waits for the disk, and `listener.published` or `listener.unknown` follows.
   * `synchronously`: waits for the disk now. Throws 08007 if the log fails on the way: whether the transaction will
   * survive is unknown. If the log has failed before, throws its error, and the transaction is rolled back.
   */
  commit(transaction: Transaction, synchronously = false): 'published' | 'committing' {
    assert(transaction.state === 'active', 'only an active transaction commits')
    transaction.waitingFor?.cancel()
    if (transaction.doomed !== null || transaction.conflicts !== null) this.#checkConflicts(transaction)
    if (!transaction.wrote) {
      this.conflicts.published(transaction, transaction.readSet)
      transaction.undoAll()
      this.#end(transaction, 'published')
      return 'published'
    }
    const { log, failure } = this.#queue
    if (failure !== null) {
      this.rollback(transaction)
      throw failure
    }
    transaction.commitTimestamp = ++this.#lastTimestamp
    if (transaction.conflicts !== null) this.conflicts.committing(transaction)
    if (this.trace.on) {
      this.trace.emit({ kind: 'commit', transaction: transaction.id, timestamp: transaction.commitTimestamp })
    }
    if (log === null) {
      this.#publish(transaction)
      return 'published'
    }
    transaction.state = 'committing'
    this.#queue.commit(log, transaction, synchronously)
    // The next serial transaction goes on from here.
    if (transaction.isolation.alone && !transaction.published) this.locks.releaseDatabase(transaction)
    return transaction.published ? 'published' : 'committing'
  }

  /** A victim of the rw-graph does not commit: 40001. */
  #checkConflicts(transaction: Transaction): void {
    try {
      this.conflicts.beforeCommit(transaction)
    } catch (error) {
      this.rollback(transaction)
      throw error
    }
  }

  // What the rw-graph asks.

  conflictOwner(writer: Writer): Transaction {
    return ownerOf(writer)
  }

  doomed(transaction: ConflictOwner, error: DatabaseError): void {
    this.locks.endWait(ownerOf(transaction), error)
  }

  /** For the synchronous API: makes all that is committing durable now, and publishes it. Throws 58030. */
  flush(): void {
    this.#queue.flush()
  }

  /** What the transaction waited for is on the disk. */
  #settle(transaction: Transaction): void {
    if (transaction.state === 'preparing') transaction.state = 'prepared'
    else if (transaction.state === 'rollingBack') this.#undo(transaction)
    else this.#publish(transaction)
  }

  #publish(transaction: Transaction): void {
    this.snapshots.published = transaction.commitTimestamp
    transaction.published = true
    if (transaction.conflicts !== null || transaction.readSet !== null) {
      this.conflicts.published(transaction, transaction.readSet)
    }
    if (transaction.privateCatalog !== null) this.#publishCatalog(transaction, transaction.privateCatalog)
    if (this.trace.on) {
      this.trace.emit({ kind: 'publish', transaction: transaction.id, timestamp: transaction.commitTimestamp })
    }
    transaction.releaseView()
    if (this.timeTravel.on) this.timeTravel.published(this.#catalog)
    if (this.snapshots.horizon >= transaction.commitTimestamp) prune(transaction)
    else {
      this.kept.add(transaction)
      transaction.forgetEntries()
    }
    this.#end(transaction, 'published')
  }

  #publishCatalog(transaction: Transaction, root: CatalogRoot): void {
    this.#catalog = root
    for (const change of transaction.changes) {
      if (change.kind === 'dropTable' || change.kind === 'dropIndex') {
        this.#dropped.push({ timestamp: transaction.commitTimestamp, change })
      }
    }
  }

  /** Throws nothing: a rollback always succeeds. Not for a transaction that is committing. */
  rollback(transaction: Transaction): void {
    assert(transaction.state === 'active', 'only an active transaction rolls back')
    transaction.waitingFor?.cancel()
    this.#undo(transaction)
  }

  #undo(transaction: Transaction): void {
    transaction.undoAll()
    this.conflicts.rolledBack(transaction)
    this.#end(transaction, 'rolledBack')
  }

  // Two-phase commit (prepared.ts).

  /**
   * Makes the transaction one that only `commitPrepared` and `rollbackPrepared` end, whatever happens. 'preparing': it
   * waits for the disk, at every durability, and the listener hears of the rest as of a commit's. If it throws, the
   * transaction is rolled back (22023, 42710, 0A000, 40001), or its fate is unknown (08007).
   */
  prepare(transaction: Transaction, gid: string, nowMicros: number, synchronously = false): 'prepared' | 'preparing' {
    assert(transaction.state === 'active', 'only an active transaction is prepared')
    transaction.waitingFor?.cancel()
    try {
      this.#requireLog()
      this.prepared.check(transaction, gid)
      this.conflicts.beforeCommit(transaction)
    } catch (error) {
      this.rollback(transaction)
      throw error
    }
    this.#name(transaction, { gid, session: transaction.session, preparedMicros: nowMicros })
    this.conflicts.prepared(transaction)
    transaction.releaseView()
    if (this.trace.on) this.trace.emit({ kind: 'prepare', transaction: transaction.id, gid })
    const { log } = this.#queue
    if (log === null) transaction.state = 'prepared'
    else {
      transaction.state = 'preparing'
      this.#queue.prepare(log, transaction, synchronously)
    }
    return transaction.state
  }

  #name(transaction: Transaction, preparation: Preparation): void {
    transaction.preparation = preparation
    transaction.session = 0
    transaction.preparedAt = this.#lastTimestamp + 0.5
    this.prepared.add(transaction)
  }

  /** Throws 42704, 55000; 08007 as `commit`, and then it may be committed or prepared. Returns a transaction that is published, or waits for the disk. */
  commitPrepared(gid: string, synchronously = false): Transaction {
    const transaction = this.#decide(gid)
    transaction.commitTimestamp = ++this.#lastTimestamp
    if (transaction.wrote) this.conflicts.committing(transaction)
    if (this.trace.on) {
      this.trace.emit({ kind: 'commit', transaction: transaction.id, timestamp: transaction.commitTimestamp })
    }
    transaction.state = 'committing'
    const { log } = this.#queue
    if (log === null) this.#publish(transaction)
    else this.#queue.commitPrepared(log, transaction, synchronously)
    return transaction
  }

  /** As `commitPrepared`. Its locks go when the decision is durable. */
  rollbackPrepared(gid: string, synchronously = false): Transaction {
    const transaction = this.#decide(gid)
    transaction.state = 'rollingBack'
    const { log } = this.#queue
    if (log === null) this.#undo(transaction)
    else this.#queue.rollbackPrepared(log, transaction, synchronously)
    return transaction
  }

  #decide(gid: string): Transaction {
    const transaction = this.prepared.undecided(gid)
    this.#requireLog()
    return transaction
  }

  /** Recovery: takes up a transaction that was prepared and not decided. Before the first session. Throws XX001. */
  restore(inDoubt: InDoubt): void {
    const { gid, session, preparedMicros } = inDoubt
    const isolation = isolationTitled(inDoubt.isolation)
    const transaction = this.#enlist(0, modesOf(isolation), null)
    const restore = new PreparedRestore(this, transaction)
    inDoubt.replayInto(restore)
    this.#name(transaction, { gid, session, preparedMicros })
    transaction.state = 'prepared'
    if (isolation.tracksReads) this.conflicts.restored(transaction, restore.reads)
  }

  #end(transaction: Transaction, state: 'published' | 'rolledBack'): void {
    transaction.state = state
    this.ends.ended(transaction.isolation, state === 'published')
    if (this.history.on) this.history.ended(transaction, state === 'published')
    if (transaction.preparation !== null) this.prepared.forget(transaction)
    transaction.releaseView()
    const { earlier, later } = transaction
    if (earlier === null) this.#earliest = later
    else earlier.later = later
    if (later === null) this.#latest = earlier
    else later.earlier = earlier
    transaction.earlier = null
    transaction.later = null
    if (transaction.tableGrants.length > 0) this.locks.releaseTables(transaction, 0)
    if (transaction.rowGrants.length > 0 || transaction.awaited !== null) this.locks.releaseRows(transaction, 0)
    if (transaction.readSet !== null) this.#endReads(transaction, transaction.readSet)
    if (transaction.databaseGrant !== null) this.locks.releaseDatabase(transaction)
    if (this.#dropped.length > 0) this.#drain()
  }

  /** Transactions that have begun and not ended, in the order of their beginning. */
  active(): readonly Transaction[] {
    const active: Transaction[] = []
    for (let each = this.#earliest; each !== null; each = each.later) active.push(each)
    return active
  }

  // Forks.

  /** The published state for a database of its own, copied on write (storage/row/fork.ts). Between two steps only. */
  forkStore(): Store {
    return this.store.fork(this.#catalog, this.active())
  }

  /** The transactions of a fork: its clock and its numbers go on from here. */
  fork(store: Store, listener: TransactionListener, trace: Trace): TransactionManager {
    const start = { catalog: this.#catalog, timestamp: this.snapshots.published, nextId: this.#nextId }
    return new TransactionManager(store, listener, trace, start, this.#retention)
  }

  // What no view needs any more.

  #drain(): void {
    const { horizon } = this.snapshots
    this.kept.cut(horizon)
    if (this.#dropped.length === 0) return
    this.#dropped = this.#dropped.filter(({ timestamp, change }) => {
      if (timestamp > horizon || (change.kind === 'dropTable' && !this.locks.forgetTable(change.tableId))) return true
      if (change.kind === 'dropIndex') this.conflicts.forgetIndex(this.store.table(change.tableId), change.indexId)
      this.store.forget(change)
      return false
    })
  }
}

function ownerOf(writer: Writer): Transaction {
  assert(writer instanceof Transaction, 'every writer is a transaction')
  return writer
}

/** Cuts the chains behind the writes of a transaction that every view sees. */
function prune(transaction: Transaction): void {
  for (let entry = transaction.lastEntry; entry !== null; entry = entry.previous) entry.table.prune(entry)
  transaction.forgetEntries()
}
