/**
 * The seam between transactions and the redo log. The transaction manager appends a transaction when it enters
 * `committing`, learns when the bytes are durable, and publishes; the log knows nothing of locks, snapshots or levels.
 */
import type { DatabaseError } from '../../errors.ts'
import type { Value } from '../../types/value.ts'

/**
 * A position in the log: the number of bytes that lie before it in the stream of all frames ever written. A transaction
 * is named by the LSN behind its commit frame, so `lsn <= durableLsn` says that it is durable.
 */
export type Lsn = number & { readonly brand: 'Lsn' }

/** Takes the redo of one transaction: what became of each row, in the order in which it must be applied again. */
export interface RedoSink {
  /** A row that came into being, with a value for each column of its table by ordinal. */
  insert(tableId: number, rowId: number, values: readonly Value[]): void
  /** The new values of some columns, given by ordinal. */
  update(tableId: number, rowId: number, columns: readonly number[], values: readonly Value[]): void
  delete(tableId: number, rowId: number): void
  /** A change of the catalog, in the catalog's own words. */
  catalog(payload: string): void
}

/** What the log notes of a prepared transaction besides its redo and its locks; `gid` is its name. */
export interface PreparedHead {
  readonly gid: string
  /** The name of its isolation level, as `Isolation.title`. */
  readonly isolation: string
  /** The session that prepared it, for people. */
  readonly session: number
  /** When, in microseconds since 1970. */
  readonly preparedMicros: number
}

/** A key of an index, or the beginning of one. */
export type LoggedKey = Value | readonly Value[]

/**
 * Takes what a prepared transaction holds besides its writes, so that a crash does not free it. A row that it wrote needs
 * no lock here but where the lock is stronger than the write implies.
 */
export interface LockSink {
  /** The lock of the one writer of the catalog. */
  catalogLock(): void
  /** `mode`: a `TableMode`. */
  tableLock(tableId: number, mode: number): void
  /** `mode`: a `RowMode`. */
  rowLock(tableId: number, rowId: number, mode: number): void
  /** A key of eight bytes, or two of four. */
  advisoryLock(key: bigint | readonly [number, number], exclusive: boolean): void
  /** Reads that a SERIALIZABLE transaction must answer for: the whole table, an interval of an index, a row. */
  readTable(tableId: number): void
  readRange(tableId: number, indexId: number, low: LoggedKey, high: LoggedKey, bounds: number): void
  readRow(tableId: number, rowId: number): void
}

export interface PreparedSink extends RedoSink, LockSink {}

export interface CommitLog {
  /** 32 hexadecimal digits, drawn when the log was made: names the database, wherever its directory is moved. */
  readonly id: string
  /** Counts the openers of the log: no two of them have the same. */
  readonly epoch: number
  /**
   * Writes one transaction: the redo that `describe` puts into the sink, then its commit record. Not yet durable.
   * Commit timestamps rise. Throws 58030 (53100 if the disk is full) if it cannot be written, or if the log failed
   * before; the log has failed then, and whether the transaction survives is unknown until the next recovery.
   */
  append(commitTimestamp: number, describe: (sink: RedoSink) => void): Lsn
  /** Writes a prepared transaction: what it holds, then its redo, as `describe` tells. No other that is undecided has its gid. Throws as `append`. */
  prepare(head: PreparedHead, describe: (sink: PreparedSink) => void): Lsn
  /** Writes that a prepared transaction commits, at this timestamp. Throws as `append`. */
  commitPrepared(gid: string, commitTimestamp: number): Lsn
  /** Writes that a prepared transaction does not commit. Throws as `append`. */
  rollbackPrepared(gid: string): Lsn
  /** fdatasync, now. When it returns, all that was appended is durable, and the listener has been told. Throws 58030. */
  syncNow(): void
  /** Starts an asynchronous fdatasync, or notes that one must follow the one in flight; the listener hears of its end. */
  requestSync(): void
  /** The end of the last transaction appended. */
  readonly appendedLsn: Lsn
  /** The end of the last transaction that will survive a power cut. */
  readonly durableLsn: Lsn
  /** Makes all durable, notes in the header that it is, and gives the directory back. Throws 58030; the directory is given back even so. */
  close(): void
}

export interface LogListener {
  /** `durableLsn` rose to `lsn`, by whichever fdatasync. It is called from within `syncNow` and `close` too. */
  durable(lsn: Lsn): void
  /**
   * The log has failed for good: exactly one call, before the failing `append` or `syncNow` throws the same error.
   * Of transactions above `durableLsn` nobody knows whether they will survive (08007 for their sessions).
   */
  failed(error: DatabaseError): void
}

/** A prepared transaction that nobody has decided when the log ends. */
export interface InDoubt extends PreparedHead {
  /** Feeds its locks and its redo, as they were logged. Throws XX001. */
  replayInto(sink: PreparedSink): void
}

/**
 * Takes what recovery finds: redo as it was logged, `commit` behind each transaction, in commit order. That of a prepared
 * transaction comes where COMMIT PREPARED stands, so that nothing uncommitted is ever replayed here.
 */
export interface Replay extends RedoSink {
  /** The redo since the last `commit` is one transaction, which committed at `timestamp`. */
  commit(timestamp: number): void
  /** Behind all commits, in the order of their preparing. */
  inDoubt(transaction: InDoubt): void
  /** After about each MiB, and at the end. */
  progress(bytesDone: number, bytesTotal: number): void
}
