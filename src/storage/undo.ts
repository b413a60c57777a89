/**
 * Undo: how older versions are kept (D3).
 *
 * The table holds the newest version of each row in place. Whoever writes a row first pushes an entry that says how to
 * get the row back: the old values of just the columns that change, and whether the row existed. The entries of a row
 * form a chain, newest first, whose head hangs at the row's page; a reader walks it until it meets a write it may see,
 * undoing the others on a copy. The entries of a transaction form a list too, newest first, by which it rolls back.
 *
 *     in place     chain of the row
 *     (7, 'c')  ←  [T9, b: 'b']  ←  [T8, a: 5, b: 'a']  ←  [T4, absent]
 *      newest       undone: (7,'b')   undone: (5,'a')       undone: no row
 *
 * - The head of an unpublished writer *is* the write lock of the row: all unpublished entries of a row are of one writer,
 *   and lie above the published ones. A lock without a write is an entry without columns.
 * - Several writes of one command to a row share one entry. A savepoint begins a new command, so that undoing back to it
 *   undoes whole entries. Rows inserted side by side may share one, too (row/insertRuns.ts).
 * - A chain ends where no snapshot can look further; when all is quiet there are no chains.
 *
 * Neumann, Mühlbauer, Kemper: Fast Serializable Multi-Version Concurrency Control for Main-Memory Database Systems
 * (SIGMOD 2015), section 2.
 */
import type { Value } from '../types/value.ts'
import type { RedoSink } from './log/log.ts'
import type { Page } from './row/page.ts'

/** Who wrote a version: what storage needs to know of a transaction. */
export interface Writer {
  readonly id: number
  /** +Infinity while it may still be rolled back; then the timestamp that every later snapshot compares with. */
  readonly commitTimestamp: number
  /** True once its versions are visible to others. Until then the head of a row's chain is the lock on that row. */
  readonly published: boolean
  /** The command that its writes now belong to. */
  readonly command: number
  /** Its newest undo entry; the others hang behind it by `previous`. */
  lastEntry: UndoEntry | null
  /** An entry that joined a run and to which nothing leads any more: the next insert writes it anew. */
  spareEntry: UndoEntry | null
}

/** Who still needs a version that is not the newest. */
export interface VersionNeeds {
  /** False if nobody reads, or has to know, the version that was committed at `written` and replaced by a commit at `replaced`. */
  between(written: number, replaced: number): boolean
}

/** A table as its undo entries see it: what rollback, pruning and the log ask of it. */
export interface VersionedTable {
  readonly id: number
  readonly name: string
  /** The newest entry of the row; null if it has none. */
  head(rowId: number): UndoEntry | null
  /** True if the newest version exists. */
  existsInPlace(rowId: number): boolean
  /** Takes back what the entry's writer made of its row in the commands after `command`; the entry is the head of the chain. */
  undo(entry: UndoEntry, command: number): void
  /** Locks a row that no other open transaction has at its head. */
  lock(writer: Writer, rowId: number, mode: RowMode): UndoEntry
  /** Takes a lock out of its chain. */
  unlock(entry: UndoEntry): void
  /** No snapshot can look behind this write any more: cuts it, and all that is older, off the chain. */
  prune(entry: UndoEntry): void
  /** Takes out of the chain of the entry's row what nobody needs (row/chain.ts). */
  compact(entry: UndoEntry, needs: VersionNeeds): void
  /** Tells the log what the entry's writer made of the row. */
  describe(entry: UndoEntry, sink: RedoSink): void
}

/**
 * What the lock on a row protects: PostgreSQL's FOR KEY SHARE … FOR UPDATE, from the weakest to the strongest. The last two
 * exclude each other and are heads of chains; the shared ones are known to transactions only.
 */
export const RowMode = { KEY_SHARE: 0, SHARE: 1, NO_KEY_UPDATE: 2, UPDATE: 3 } as const
export type RowMode = (typeof RowMode)[keyof typeof RowMode]

/** A page of a table whose rows have chains. */
export type RowPage = Page<UndoEntry>

const NO_COLUMNS: readonly number[] = []

/** Bits of an entry's flags, beside bit 0, which tells UPDATE from NO KEY UPDATE: a transaction has as many entries as it writes rows, so they are kept small. */
const EXISTED = 2
const WROTE = 4
const LEAVES_KEYS = 8
const REQUESTED = 16
const UNLINKED = 32
const MARKED = 64
/** The bits from here on count the rows that the entry stands for, besides its own. */
const ROWS = 7

export class UndoEntry {
  /** A smaller one takes its place when nobody may ask any more who it was. */
  writer: Writer
  command: number
  readonly table: VersionedTable
  /** Where the row stands; a copy takes the place of a page that a fork shares. */
  page: RowPage
  /** Of a run: of the newest of its rows, which stand in the slots up to this one. */
  slot: number
  /** The next older entry of the row. */
  older: UndoEntry | null
  /** The next older entry of the writer. */
  previous: UndoEntry | null
  /** The columns whose old values `before` holds, ascending. */
  columns: readonly number[]
  /** As the page represents them: a boolean is 0 or 1. */
  before: Value[] | null
  #flags: number

  constructor(
    writer: Writer,
    table: VersionedTable,
    page: RowPage,
    slot: number,
    older: UndoEntry | null,
    existed: boolean,
    wrote: boolean,
    mode: RowMode,
    command = writer.command,
  ) {
    this.writer = writer
    this.command = command
    this.table = table
    this.page = page
    this.slot = slot
    this.older = older
    this.previous = writer.lastEntry
    this.columns = NO_COLUMNS
    this.before = null
    this.#flags = (mode & 1) | (existed ? EXISTED : 0) | (wrote ? WROTE : 0)
  }

  /** A spare entry as that of another row which its writer inserts into the same page. */
  renew(slot: number, mode: RowMode): void {
    this.command = this.writer.command
    this.slot = slot
    this.previous = this.writer.lastEntry
    this.#flags = (mode & 1) | WROTE
  }

  /** A copy for a page that is shared with forks, in no writer's list. Of a published writer, so the command does not count. */
  image(): UndoEntry {
    const image = new UndoEntry(
      this.writer,
      this.table,
      this.page,
      this.slot,
      null,
      this.existed,
      this.wrote,
      this.mode,
    )
    image.previous = null
    image.columns = this.columns
    image.before = this.before
    return image
  }

  /** For a row of this run: an entry of its own, in front of `previous` in the writer's list. */
  ofRow(slot: number, previous: UndoEntry | null): UndoEntry {
    const entry = new UndoEntry(this.writer, this.table, this.page, slot, null, false, true, this.mode, this.command)
    entry.previous = previous
    if (this.leavesKeys) entry.noteKeysLeft()
    return entry
  }

  /** Interval pruning: leads past the version behind it, and where the next older entry leads, which goes. */
  takeIn(older: UndoEntry): void {
    if (!older.existed) {
      this.#flags &= ~EXISTED
      this.columns = NO_COLUMNS
      this.before = null
    } else if (older.before !== null) this.#takeColumns(older.columns, older.before)
    if (older.leavesKeys) this.noteKeysLeft()
    this.older = older.older
    older.older = null
    older.noteUnlinked()
  }

  #takeColumns(columns: readonly number[], before: Value[]): void {
    if (this.before === null || this.columns === columns) {
      this.columns = columns
      this.before = before
      return
    }
    const values = new Map(this.columns.map((column, i) => [column, this.before![i]!]))
    columns.forEach((column, i) => values.set(column, before[i]!))
    this.columns = [...values.keys()].sort((a, b) => a - b)
    this.before = this.columns.map((column) => values.get(column)!)
  }

  get rowId(): number {
    return this.page.baseRowId + this.slot
  }

  /** True if the row existed before this write. */
  get existed(): boolean {
    return (this.#flags & EXISTED) !== 0
  }

  /** True if this write changed the row, or whether it exists; false for a lock. */
  get wrote(): boolean {
    return (this.#flags & WROTE) !== 0
  }

  noteWrite(): void {
    this.#flags |= WROTE
  }

  /** True if a version behind this write may have an index key that the version in front of it has not. */
  get leavesKeys(): boolean {
    return (this.#flags & LEAVES_KEYS) !== 0
  }

  noteKeysLeft(): void {
    this.#flags |= LEAVES_KEYS
  }

  /** True if the statement itself asked for the lock (FOR UPDATE) in its current run: then it is not given up at its end. */
  get requested(): boolean {
    return (this.#flags & REQUESTED) !== 0
  }

  set requested(requested: boolean) {
    this.#flags = requested ? this.#flags | REQUESTED : this.#flags & ~REQUESTED
  }

  /** True once it has left the chain of its row. */
  get unlinked(): boolean {
    return (this.#flags & UNLINKED) !== 0
  }

  noteUnlinked(): void {
    this.#flags |= UNLINKED
  }

  /** How many rows it stands for: more than one if it is a run (row/insertRuns.ts). */
  get rows(): number {
    return (this.#flags >> ROWS) + 1
  }

  set rows(rows: number) {
    this.#flags = (this.#flags & ((1 << ROWS) - 1)) | ((rows - 1) << ROWS)
  }

  /** The run grows by the row behind it. */
  extend(): void {
    this.slot++
    this.#flags += 1 << ROWS
  }

  /** True if a savepoint stands behind it: it may be the one to which the transaction rolls back. */
  get isMarked(): boolean {
    return (this.#flags & MARKED) !== 0
  }

  noteMarked(): void {
    this.#flags |= MARKED
  }

  get mode(): RowMode {
    return (this.#flags & 1) === 0 ? RowMode.NO_KEY_UPDATE : RowMode.UPDATE
  }

  /** Locks in this exclusive mode too. */
  strengthen(mode: RowMode): void {
    this.#flags |= mode & 1
  }
}
