/**
 * What a statement sees (D3). One rule serves every level; the levels differ in `timestamp` only:
 *
 *     READ UNCOMMITTED                 +Infinity: the newest version in place, whoever wrote it
 *     READ COMMITTED                   the last published timestamp when the statement began
 *     REPEATABLE READ (= SNAPSHOT)     the last published timestamp when the transaction's first statement began
 *
 * A writer's commit timestamp is +Infinity while it is active, so a finite snapshot never sees it; and a snapshot's
 * timestamp is a *published* one, so that it never sees a commit that still waits for the disk. Versions of the reader's
 * own transaction are seen if an earlier command wrote them: no statement meets its own writes (Halloween).
 *
 * Neumann, Mühlbauer, Kemper: Fast Serializable Multi-Version Concurrency Control for Main-Memory Database Systems
 * (SIGMOD 2015), section 2.1.
 */
import type { GuardedScan, GuardedTable } from './guardedTable.ts'
import type { Index } from './row/index.ts'
import type { KeyRange } from './row/keyRange.ts'
import type { RowPage, UndoEntry, Writer } from './undo.ts'

export class ReadView {
  /** The reading transaction; null for a statement that has none (a read in autocommit). */
  writer: Writer | null = null
  /** Own versions of commands before this one are seen. */
  command = 0
  timestamp = 0
  /** Who must hear of each read, and may make it wait; null at the levels that read without being noticed. */
  guard: ReadGuard | null = null
  /** Links of the list of retained views, ascending by timestamp; both null, and `retained` false, outside of it. */
  retained = false
  older: ReadView | null = null
  newer: ReadView | null = null

  /** True if the version that this write made is visible; else the row looks as it did before the write. */
  sees(entry: UndoEntry): boolean {
    return entry.writer === this.writer ? entry.command < this.command : entry.writer.commitTimestamp <= this.timestamp
  }
}

/**
 * What a reader at a level above SNAPSHOT does at each access besides reading (D6, D7, D8): SSI leaves SIREADs and notes
 * the writers that it passes over, 2PL takes locks and may have to wait, a recorded history notes what was read. The only
 * two ways to a row, `RowScan` and `IndexCursor`, call the view's guard; at the other levels it is null, which costs a
 * comparison a look-up and one a page.
 *
 * A method that returns false says that the reader must wait (`Transaction.waitingFor` says for what): the scan then
 * yields no row, keeps its place, and makes the same access again when the wait is over. `scan` is the reader, whose
 * `predicate` says what it looks for.
 */
export interface ReadGuard {
  /** True if it only takes note of what snapshots show: no access waits, and a quiet row may be read before it is told. */
  readonly onlyNotes: boolean
  /** True if an access may have to wait. */
  readonly mayWait: boolean
  /** True if it wants to know what scans look for. */
  readonly records?: boolean
  /** A row was read by its key under a lock that is held already: of interest to a recording only. */
  foundUnique?(table: GuardedTable, index: Index, rowId: number, view: ReadView, scan: GuardedScan): void
  /** A scan of the whole table begins, or goes on. */
  readTable(table: GuardedTable, view: ReadView, scan: GuardedScan): boolean
  /** The rows of a page, from slot `from` on, are about to be read. */
  readPage(table: GuardedTable, page: RowPage, from: number, view: ReadView, scan: GuardedScan): void
  /** All rows with a key in the interval are about to be read. A unique key that was looked up and not found is a range too. */
  readRange(table: GuardedTable, index: Index, range: KeyRange, view: ReadView, scan: GuardedScan): boolean
  /** The row behind an entry of the index is about to be judged: whether its visible version has the entry's key. */
  readEntry(table: GuardedTable, rowId: number, view: ReadView, scan: GuardedScan): boolean
  /**
   * A look-up by a whole unique key found this row, which stands for the key: no range is read. `replaced`: the statement
   * goes on to write the row, whatever is in it, but not its unique keys; and nothing but the end of the transaction undoes that.
   */
  readUnique(
    table: GuardedTable,
    index: Index,
    rowId: number,
    view: ReadView,
    scan: GuardedScan,
    replaced?: boolean,
  ): boolean
}
