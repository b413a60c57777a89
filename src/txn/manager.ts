/** (Signatures first; the body follows.) Begin, snapshots, the commit pipeline and its publication. */
import type { CatalogRoot } from '../catalog/index.ts'
import type { DatabaseError } from '../errors.ts'
import type { CommitLog, LogListener } from '../storage/log/log.ts'
import type { ReadView } from '../storage/readView.ts'
import type { RowTable } from '../storage/row/table.ts'
import type { Store } from '../storage/store.ts'
import type { Trace } from '../trace.ts'
import type { LockWait } from './lockWait.ts'
import type { TableMode, Transaction, TransactionOptions } from './transaction.ts'

export type Durability = 'full' | 'relaxed' | 'none'

/** What the core tells the session layer. Called in the middle of other work: note it, and act in a step of its own. */
export interface TransactionListener {
  /** The wait was granted, or became a deadlock's victim (`wait.error`): its statement is ready again. */
  ready(wait: LockWait): void
  /** A transaction that was `committing` is published now. */
  published(transaction: Transaction): void
  /** The log failed while this transaction was committing: its fate is unknown (08007). */
  unknown(transaction: Transaction, error: DatabaseError): void
}

export declare class TransactionManager {
  /** `catalog`, `timestamp`: what recovery found, or the empty root and 0. */
  constructor(
    store: Store,
    listener: TransactionListener,
    trace: Trace,
    start: { readonly catalog: CatalogRoot; readonly timestamp: number },
  )
  /** Call it before the first transaction if the database is durable; without it, commits are published at once. */
  attachLog(log: CommitLog, durability: Durability): void
  /** What the log is to tell: hand it to the log when it is opened. */
  readonly logListener: LogListener
  readonly publishedTimestamp: number
  /** The published catalog root. */
  readonly catalog: CatalogRoot
  begin(options: TransactionOptions): Transaction
  /** Fills `view` for a read in autocommit (READ COMMITTED, REPEATABLE READ; for READ UNCOMMITTED set `timestamp` to Infinity after it). */
  readView(view: ReadView): void
  /** Before a step ends in which the statement that reads by `view` has not: keeps the versions that it sees. */
  retain(view: ReadView): void
  release(view: ReadView): void
  /** True if a read in autocommit that ends within this step may read the table without taking ACCESS SHARE. */
  mayRead(table: RowTable): boolean
  /** 'committing': it waits for the disk; `listener.published` follows. Throws 08007 if the log fails. Ends the transaction. */
  commit(transaction: Transaction): 'published' | 'committing'
  /** For the synchronous API: makes all that is committing durable now, and publishes it. */
  flush(): void
  rollback(transaction: Transaction): void
  /** Transactions that have begun and not ended, in the order of their beginning. */
  active(): readonly Transaction[]
}
