/**
 * A history: what transactions read and wrote, version by version, in the order in which it happened. It is the checker's
 * only input, so it may come from a recording of this engine, from another database, or from a book.
 *
 *     w1(x1) w1(x2) r2(x2) r2(accounts where balance > 10: x2, y0) w2(y1) c2 c1
 *
 * - An *object* is what has versions: a row, named as you like. Its versions are numbered in the *version order*, which the
 *   recorder knows and need not guess; numbers may be left out. A version that nobody is seen to write is older than the
 *   history, and committed. A row that is not yet there, or not any more, is a version too (unborn, dead).
 * - An *item read* met one version of one object. A *predicate read* looked at all objects to find those that satisfy a
 *   condition; it lists the version it met of each object that could matter, and which versions of that object satisfy
 *   the condition: so it can be told whether a later write changes what the predicate matches.
 * - Writes that were undone by their own transaction (ROLLBACK TO SAVEPOINT, a failed statement) are marked, and never
 *   became part of it.
 *
 * Adya: Weak Consistency: A Generalized Theory and Optimistic Implementations for Distributed Transactions (PhD thesis,
 * MIT 1999), chapter 3. The JSON form: docs/history.md.
 */
/** What a transaction was promised. `snapshot` is snapshot isolation; `repeatable read` is Adya's PL-2.99. */
export const Levels = ['read uncommitted', 'read committed', 'snapshot', 'repeatable read', 'serializable'] as const
export type Level = (typeof Levels)[number]

/** `open`: it had not ended when the history did; like an aborted one it is no node of any graph. */
export type TransactionStatus = 'committed' | 'aborted' | 'open'

export interface HistoryTransaction {
  /** Any number that no other transaction has. */
  readonly id: number
  readonly session?: number
  readonly level: Level
  /** `ssi`, `2pl`, `serial`, or what others call theirs; for people. */
  readonly method?: string
  readonly status: TransactionStatus
}

interface Happening {
  readonly transaction: number
}

interface Access extends Happening {
  /** The number of the statement that did it, if statements are in the history. */
  readonly statement?: number
}

/** The transaction's reads are of versions committed before this, if it reads a snapshot. */
export interface BeginEvent extends Happening {
  readonly kind: 'begin'
}

export interface StatementEvent extends Happening {
  readonly kind: 'statement'
  /** A number that no other statement of the history has. */
  readonly statement: number
  readonly sql: string
}

export interface ReadEvent extends Access {
  readonly kind: 'read'
  readonly object: string
  readonly version: number
}

/** One object that a predicate was asked about. */
export interface PredicateObject {
  readonly object: string
  /** The version that was met. */
  readonly version: number
  /** The versions of the object that satisfy the predicate, ascending; of all that the history has, not of the met one alone. */
  readonly matching: readonly number[]
}

export interface PredicateReadEvent extends Access {
  readonly kind: 'predicate read'
  /** In words, or SQL. */
  readonly predicate: string
  /** Objects without a write in the history may be left out. */
  readonly over: readonly PredicateObject[]
}

export interface WriteEvent extends Access {
  readonly kind: 'write'
  readonly object: string
  readonly version: number
  readonly operation: 'insert' | 'update' | 'delete'
  /** The transaction itself took the write back. */
  readonly undone?: boolean
}

export interface EndEvent extends Happening {
  readonly kind: 'commit' | 'abort'
}

export type HistoryEvent = BeginEvent | StatementEvent | ReadEvent | PredicateReadEvent | WriteEvent | EndEvent

export type HistoryValue = string | number | boolean | null
export type HistoryRow = Readonly<Record<string, HistoryValue>>

/** For people, and for exports: what an object is called, and what its versions hold (absent: no row). */
export interface HistoryObject {
  readonly label?: string
  readonly table?: string
  readonly values?: Readonly<Record<number, HistoryRow>>
}

/**
 * A unique key that changed hands: the transactions that took it or gave it free, in order. Who takes a key comes behind who
 * gave it free in every serial order, though neither wrote an object that the other one touched.
 */
export interface KeyOrder {
  readonly key: string
  readonly transactions: readonly number[]
}

/** The documented form: plain data. */
export interface HistoryData {
  readonly format: 'isolde-history/1'
  readonly transactions: readonly HistoryTransaction[]
  /** In the order in which they happened. */
  readonly events: readonly HistoryEvent[]
  readonly objects?: Readonly<Record<string, HistoryObject>>
  readonly keys?: readonly KeyOrder[]
}
