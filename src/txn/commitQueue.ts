/**
 * The way of a transaction over the disk: what becomes of it (committed, prepared, rolled back by its gid) is in the log,
 * and it waits here until the log is that far. It leaves strictly in the order of the log, so that nobody sees a commit that
 * another one may come before (D10):
 *
 *     log        [ T4 | T7 | T5 | T9 | T8 ]
 *                         ↑ durable
 *     waiting                T5   T9   T8        T9 needs no disk, but T5 before it does
 */
import type { DatabaseError } from '../errors.ts'
import { commitOutcomeUnknown } from '../errors.ts'
import type { CommitLog, LogListener, Lsn, RedoSink } from '../storage/log/log.ts'
import { describePrepared, describeRedo } from './redo.ts'
import type { Transaction } from './transaction.ts'

/**
 * `full`: a commit is acknowledged and visible when it is on the disk. `relaxed`: when it is in the log, which is synced
 * soon. `none`: likewise, and synced only by a later full commit or by closing.
 */
export type Durability = 'full' | 'relaxed' | 'none'

/** Who is told what became of transactions. Called in the middle of other work: note it, and act in a step of its own. */
export interface CommitListener {
  /** A transaction for which `commit` returned 'committing' is published now; likewise one that was to be prepared or rolled back by its gid. */
  published(transaction: Transaction): void
  /** The log failed while this transaction was committing: its fate is unknown (08007). */
  unknown(transaction: Transaction, error: DatabaseError): void
}

interface Waiting {
  readonly transaction: Transaction
  readonly lsn: Lsn
  /** False if it only waits for those before it. */
  readonly needsDisk: boolean
}

/** Writes a record about the transaction. */
type Append = (log: CommitLog, transaction: Transaction) => Lsn

export class CommitQueue {
  /** What the log is to tell. */
  readonly logListener: LogListener
  /** Null in memory, and until it is attached. */
  log: CommitLog | null = null
  /** Why the log takes no more; null while it works. */
  failure: DatabaseError | null = null
  #durability: Durability = 'none'
  readonly #listener: CommitListener
  readonly #settle: (transaction: Transaction) => void
  /** In the order of the log. */
  #waiting: Waiting[] = []
  /** The transaction that is on its way into the log; the listener is not told what the caller is told. */
  #current: Transaction | null = null

  /** `settle`: what the transaction waited for is on the disk. `failed`: nothing will be, any more. */
  constructor(
    listener: CommitListener,
    settle: (transaction: Transaction) => void,
    failed: (error: DatabaseError) => void,
  ) {
    this.#listener = listener
    this.#settle = settle
    this.logListener = {
      durable: (lsn) => this.#settleUpTo(lsn),
      failed: (error) => {
        this.#fail(error)
        failed(error)
      },
    }
  }

  attachLog(log: CommitLog, durability: Durability): void {
    this.log = log
    this.#durability = durability
  }

  // What is written. Each waits for the disk in here if `synchronously`, and throws 08007 if the log fails on the way.

  commit(log: CommitLog, transaction: Transaction, synchronously: boolean): void {
    this.#write(log, transaction, this.#durability === 'full', synchronously, this.#appendCommit)
  }

  /** What concerns a prepared transaction waits for the disk at every durability. */
  prepare(log: CommitLog, transaction: Transaction, synchronously: boolean): void {
    this.#write(log, transaction, true, synchronously, appendPrepare)
  }

  commitPrepared(log: CommitLog, transaction: Transaction, synchronously: boolean): void {
    this.#write(log, transaction, true, synchronously, appendCommitPrepared)
  }

  rollbackPrepared(log: CommitLog, transaction: Transaction, synchronously: boolean): void {
    this.#write(log, transaction, true, synchronously, appendRollbackPrepared)
  }

  readonly #appendCommit: Append = (log, { commitTimestamp }) => log.append(commitTimestamp, this.#describe)

  readonly #describe = (sink: RedoSink): void => describeRedo(this.#current!, sink)

  #write(log: CommitLog, transaction: Transaction, needsDisk: boolean, synchronously: boolean, append: Append): void {
    this.#current = transaction
    try {
      const lsn = append(log, transaction)
      this.#waiting.push({ transaction, lsn, needsDisk })
      if (needsDisk && synchronously) log.syncNow()
      else if (needsDisk || this.#durability !== 'none') log.requestSync()
    } catch (error) {
      if (this.failure === null) throw error
      if (awaitsDisk(transaction)) transaction.state = 'unknown'
      throw commitOutcomeUnknown(this.failure)
    }
    this.#settleUpTo(log.durableLsn)
    this.#current = null
  }

  /** For the synchronous API: makes all that waits durable now. Throws 58030. */
  flush(): void {
    if (this.#waiting.length > 0) this.log!.syncNow()
  }

  #settleUpTo(durable: Lsn): void {
    const waiting = this.#waiting
    let count = 0
    while (count < waiting.length && (waiting[count]!.lsn <= durable || !waiting[count]!.needsDisk)) count++
    if (count === 0) return
    this.#waiting = waiting.slice(count)
    for (let i = 0; i < count; i++) {
      const { transaction } = waiting[i]!
      this.#settle(transaction)
      if (transaction !== this.#current) this.#listener.published(transaction)
    }
  }

  #fail(error: DatabaseError): void {
    this.failure = error
    const lost = this.#waiting
    this.#waiting = []
    for (const { transaction } of lost) {
      transaction.state = 'unknown'
      if (transaction !== this.#current) this.#listener.unknown(transaction, commitOutcomeUnknown(error))
    }
  }
}

/** True if what becomes of the transaction is in the log and not yet on the disk. */
export function awaitsDisk({ state }: Transaction): boolean {
  return state === 'committing' || state === 'preparing' || state === 'rollingBack'
}

const appendPrepare: Append = (log, transaction) =>
  log.prepare({ ...transaction.preparation!, isolation: transaction.isolation.title }, (sink) =>
    describePrepared(transaction, sink),
  )

const appendCommitPrepared: Append = (log, { preparation, commitTimestamp }) =>
  log.commitPrepared(preparation!.gid, commitTimestamp)

const appendRollbackPrepared: Append = (log, { preparation }) => log.rollbackPrepared(preparation!.gid)
