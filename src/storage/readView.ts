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
import type { ReadGuard } from './readGuard.ts'
import type { UndoEntry, Writer } from './undo.ts'

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
