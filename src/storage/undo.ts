/**
 * Undo: how older versions are kept (D3).
 *
 * The table holds the newest version of each row in place. Whoever writes a row first pushes an entry that says how to
 * get the row back: the old values of just the columns that change, and whether the row existed. The entries of a row
 * form a chain, newest first, whose head hangs at the row's page; a reader walks it until it meets a write it may see,
 * undoing the others on a copy. The entries of a transaction form a list too, newest first, by which it rolls back.
 *
 *     in place     chain of the row                                        list of a writer
 *     (7, 'c')  ←  [T9, b: 'b']  ←  [T8, a: 5, b: 'a']  ←  [T4, absent]    T9.lastEntry → entry → entry → null
 *       newest      undoing it gives (7, 'b')  gives (5, 'a')  gives no row
 *
 * - The head of an unpublished writer *is* the write lock of the row: all unpublished entries of a row are of one writer,
 *   and lie above the published ones. A lock without a write is an entry without columns.
 * - Several writes of one command to a row share one entry. A savepoint begins a new command, so that undoing back to it
 *   undoes whole entries.
 * - A chain ends where no snapshot can look further; when all is quiet there are no chains.
 */
import type { Page } from './row/page.ts'
import type { ColumnSet } from './row/columnSet.ts'
import type { Writer } from './writer.ts'
import type { Value } from '../types/value.ts'

/** What the lock on a row protects: PostgreSQL's FOR NO KEY UPDATE and FOR UPDATE. Each excludes the other. */
export const RowMode = { NO_KEY_UPDATE: 0, UPDATE: 1 } as const
export type RowMode = (typeof RowMode)[keyof typeof RowMode]

export class UndoEntry {
  readonly writer: Writer
  readonly command: number
  readonly page: Page
  readonly slot: number
  /** The next older entry of the row. */
  older: UndoEntry | null
  /** The next older entry of the writer. */
  previous: UndoEntry | null
  /** The columns whose old values `before` holds; empty for a lock, an insert and a delete. */
  set: ColumnSet
  /** As the page represents them: a boolean is 0 or 1. */
  before: Value[] | null
  /** True if the row existed before this write. */
  existed: boolean
  /** True if this write changed the row, or whether it exists; false for a lock. */
  wrote: boolean
  /** True if this write may have put an entry into an index, or left one there without a live row. */
  indexed: boolean
  mode: RowMode
  /** True if the statement itself asked for the lock (FOR UPDATE) in its current run: then it is not given up at its end. */
  requested: boolean
  /** True once it has left the chain of its row. */
  unlinked: boolean

  constructor(writer: Writer, page: Page, slot: number, older: UndoEntry | null, existed: boolean, none: ColumnSet) {
    this.writer = writer
    this.command = writer.command
    this.page = page
    this.slot = slot
    this.older = older
    this.previous = writer.lastEntry
    this.set = none
    this.before = null
    this.existed = existed
    this.wrote = false
    this.indexed = false
    this.mode = RowMode.NO_KEY_UPDATE
    this.requested = false
    this.unlinked = false
  }
}
