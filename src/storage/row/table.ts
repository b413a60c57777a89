/**
 * A table in rows: pages of typed arrays that hold the newest version of each row, undo chains behind them, ordered
 * indexes beside them (D3, D4).
 *
 * Writing takes no lock and asks no questions: a transaction locks the row first (`lock`, which makes it the chain's head),
 * then writes, and enters keys into indexes by `enter`, which tells it when a unique key may not be free.
 */
import { assert } from '../../assert.ts'
import type { IndexDescriptor, TableDescriptor } from '../../catalog/index.ts'
import type { SqlType } from '../../types/sqlType.ts'
import type { Value } from '../../types/value.ts'
import { PAGE_ROWS, pageOf } from '../ids.ts'
import type { RedoSink } from '../log/log.ts'
import type { ColumnDescription, ScanSource } from '../scanSource.ts'
import type { GuardedTable } from '../guardedTable.ts'
import type { Owners } from '../owner.ts'
import { UNFORKED } from '../owner.ts'
import type { RowPage, VersionNeeds, Writer } from '../undo.ts'
import { RowMode, UndoEntry } from '../undo.ts'
import { arrayOfNulls } from './arrayOfNulls.ts'
import { compactChain } from './chain.ts'
import { ColumnSet } from './columnSet.ts'
import { dropInherited, moveChains } from './fork.ts'
import { Index } from './index.ts'
import { entryOfInsert, spread } from './insertRuns.ts'
import type { Key } from './keyTree.ts'
import { PageLayout } from './layout.ts'
import { Page } from './page.ts'
import type { TableReaders } from './readers.ts'
import { RowScan } from './rowScan.ts'
import { ABSENT, forgetKeys, versionKeys } from './versions.ts'

/** Empty arrays of chain heads: a page that becomes quiet gives its array back, and the next that does not takes it. */
const spareHeads: (UndoEntry | null)[][] = []
const MAX_SPARE_HEADS = 32

/** The chain heads of a page that is quiet no more. */
const headsOf = (page: RowPage): (UndoEntry | null)[] =>
  (page.undo ??= spareHeads.pop() ?? arrayOfNulls<UndoEntry>(PAGE_ROWS))

export class RowTable implements ScanSource, GuardedTable {
  readonly id: number
  readonly name: string
  readonly descriptor: TableDescriptor
  readonly columnCount: number
  /** All indexes that writes keep up; find one of the catalog with `index(id)`. */
  indexes: readonly Index[]
  /** By number; null where a page has been dropped. Another list once a fork shares this one, so it is not kept across a write. */
  pages: (RowPage | null)[]
  /** Rows that exist in place, uncommitted ones too. */
  liveCount: number
  /** What is owned by another is shared with forks, and copied before it is written. */
  owner = UNFORKED
  #pagesOwner = UNFORKED
  /** Locks on key ranges of its indexes that transactions hold: while it is 0, a writer need not ask for them. */
  rangeLocks = 0
  /** How many SIREADs there are on its rows, its indexes' ranges and itself: 0 spares a writer every other question. */
  sireads = 0
  /** Those on rows and on the table as a whole. */
  readers: TableReaders<GuardedTable> | null = null
  /** The layout with which a page begins. */
  readonly layout: PageLayout
  readonly #columns: readonly ColumnDescription[]
  readonly #types: readonly SqlType[]
  readonly #columnSets = new Map<string, ColumnSet>()

  /** An empty table, or one that shares the rows of another; see `fork`. */
  constructor(descriptor: TableDescriptor, from: RowTable | null = null) {
    this.id = descriptor.id
    this.name = descriptor.name
    this.descriptor = descriptor
    this.columnCount = descriptor.columns.length
    this.#columns = descriptor.columns.map(({ type, notNull }) => ({ type, nullable: !notNull }))
    this.#types = descriptor.columns.map(({ type }) => type)
    this.layout = from === null ? PageLayout.initial(this.#types) : from.layout
    this.pages = from === null ? [] : from.pages
    this.liveCount = from === null ? 0 : from.liveCount
    this.indexes = from === null ? descriptor.indexes.map((index) => Index.empty(index, this.#types)) : []
  }

  column(ordinal: number): ColumnDescription {
    return this.#columns[ordinal]!
  }

  estimatedRows(): number {
    return this.liveCount
  }

  scan(needed: readonly number[]): RowScan {
    return new RowScan(this, needed)
  }

  index(id: number): Index | null {
    return this.indexes.find((index) => index.id === id) ?? null
  }

  /** Interned: make it when a statement is compiled, hand it to `Transaction.update`. */
  columnSet(columns: readonly number[]): ColumnSet {
    const name = columns.join()
    let set = this.#columnSets.get(name)
    if (set === undefined) {
      set = new ColumnSet([...columns], [])
      this.#columnSets.set(name, set)
      this.#refresh(set)
    }
    return set
  }

  /** An index with an entry for each key of each version; under a lock that keeps writers away. */
  addIndex(descriptor: IndexDescriptor): Index {
    const index = Index.empty(descriptor, this.#types)
    for (const shared of this.pages) {
      if (shared === null) continue
      const page = shared.undo === null ? shared : this.ownPage(shared)
      for (let slot = 0; slot < page.used; slot++) {
        const head = page.undo === null ? null : page.undo[slot]!
        if (head === null && !page.exists(slot)) continue
        for (let entry = head; entry !== null; entry = entry.older) entry.noteKeysLeft()
        for (const key of versionKeys(index, page, slot, head)) {
          if (key !== ABSENT) index.keys.add(key, page.baseRowId + slot)
        }
      }
    }
    this.#setIndexes([...this.indexes, index])
    return index
  }

  removeIndex(id: number): void {
    this.#setIndexes(this.indexes.filter((index) => index.id !== id))
  }

  #setIndexes(indexes: readonly Index[]): void {
    this.indexes = indexes
    for (const set of this.#columnSets.values()) this.#refresh(set)
  }

  #refresh(set: ColumnSet): void {
    set.indexes = this.indexes.filter((index) => index.columns.some((column) => set.columns.includes(column)))
    set.mode = set.indexes.some(({ unique }) => unique) ? RowMode.UPDATE : RowMode.NO_KEY_UPDATE
  }

  /** The chain of a row; null if the row is quiet, or gone. */
  head(rowId: number): UndoEntry | null {
    const page = this.pages[pageOf(rowId)]
    if (page === null || page === undefined || page.undo === null) return null
    return page.undo[rowId - page.baseRowId] ?? null
  }

  /** The key of the newest version. */
  keyOf(index: Index, rowId: number): Key {
    const page = this.#page(rowId)
    return index.keys.keyAt(page.columns, page.nulls, rowId - page.baseRowId)
  }

  /** True if the newest version exists. */
  existsInPlace(rowId: number): boolean {
    const page = this.pages[pageOf(rowId)]
    return page !== null && page !== undefined && page.exists(rowId - page.baseRowId)
  }

  /** The newest value, as the page represents it. */
  read(rowId: number, column: number): Value {
    const page = this.#page(rowId)
    return page.read(column, rowId - page.baseRowId)
  }

  #page(rowId: number): RowPage {
    const page = this.pages[pageOf(rowId)]
    assert(page !== null && page !== undefined, 'a row that is written or locked has its page')
    return page
  }

  // Writing. A page with an unpublished entry is this table's own, so it is asked for at the first write to a row: the lock.

  /** Locks a row that no other open transaction has at its head. */
  lock(writer: Writer, rowId: number, mode: RowMode): UndoEntry {
    const page = this.ownPage(this.#page(rowId))
    const slot = rowId - page.baseRowId
    return this.#push(writer, page, slot, page.exists(slot), false, mode)
  }

  /** A new row, in no index yet; returns its RowId. */
  insert(writer: Writer, values: readonly Value[], mode: RowMode): number {
    let page = this.pages.length === 0 ? null : this.pages[this.pages.length - 1]!
    if (page === null || page.used === PAGE_ROWS) {
      page = Page.empty<UndoEntry>(this.pages.length, this.layout, this.owner)
      this.#setPage(page.number, page)
    } else if (page.owner !== this.owner) page = this.ownPage(page)
    const slot = page.append()
    for (let column = 0; column < values.length; column++) page.write(column, slot, values[column]!)
    this.liveCount++
    const heads = headsOf(page)
    page.undoCount++
    writer.lastEntry = heads[slot] = entryOfInsert(writer, this, page, slot, mode)
    return page.baseRowId + slot
  }

  /** Sets columns of a row that the writer has locked, in no index yet; returns the entry. */
  update(writer: Writer, rowId: number, set: ColumnSet, values: readonly Value[], mode: RowMode): UndoEntry {
    const page = this.#page(rowId)
    const slot = rowId - page.baseRowId
    const entry = this.#own(writer, page, slot, mode)
    const { columns } = set
    if (entry.existed) keepBefore(entry, page, slot, columns)
    entry.noteWrite()
    for (let i = 0; i < columns.length; i++) page.write(columns[i]!, slot, values[i]!)
    return entry
  }

  /** Deletes a row that the writer has locked. */
  delete(writer: Writer, rowId: number, mode: RowMode): void {
    const page = this.#page(rowId)
    const slot = rowId - page.baseRowId
    const entry = this.#own(writer, page, slot, mode)
    entry.noteWrite()
    if (this.indexes.length > 0) entry.noteKeysLeft()
    page.setLive(slot, false)
    this.liveCount--
  }

  /** The entry that the writer's current command may fill: the head, or a new one in front of it. */
  #own(writer: Writer, page: RowPage, slot: number, mode: RowMode): UndoEntry {
    const head = page.undo === null ? null : page.undo[slot]!
    assert(head !== null && head.writer === writer, 'a row is locked before it is written')
    assert(page.exists(slot), 'a row that is written exists')
    if (head.command !== writer.command) return this.#push(writer, page, slot, true, true, mode)
    head.strengthen(mode)
    return head
  }

  #push(writer: Writer, page: RowPage, slot: number, existed: boolean, wrote: boolean, mode: RowMode): UndoEntry {
    const heads = headsOf(page)
    let older = heads[slot]!
    if (older === null) page.undoCount++
    else if (older.rows > 1) {
      spread(older)
      older = heads[slot]!
    }
    const entry = new UndoEntry(writer, this, page, slot, older, existed, wrote, mode)
    // The head speaks for all that its writer has done to the row.
    if (older !== null && older.writer === writer) entry.strengthen(older.mode)
    writer.lastEntry = heads[slot] = entry
    return entry
  }

  /**
   * Enters the key of the newest version into an index. False, with nothing done, if the index is unique and already has
   * an entry with this key: then it must be probed.
   */
  enter(index: Index, rowId: number): boolean {
    const { keys } = index
    const key = this.keyOf(index, rowId)
    if (index.unique && index.enforced && !keys.hasNull(key)) return keys.addUnlessEqual(key, rowId)
    keys.add(key, rowId)
    return true
  }

  /** Enters the key though another row has it: whether both may stand is decided when the statement ends. */
  enterEqual(index: Index, rowId: number): void {
    index.keys.add(this.keyOf(index, rowId), rowId)
  }

  /** An entry was written twice, so that the version between is in no chain: its key goes unless another version has it. */
  forgetBetween(index: Index, rowId: number, key: Key): void {
    const page = this.#page(rowId)
    const slot = rowId - page.baseRowId
    const keys = versionKeys(index, page, slot, page.undo![slot]!)
    forgetKeys(index, [key, ...keys], 0, 1, rowId)
  }

  // Forks.

  /**
   * A table of another database, as it stands: both copy on write from now on. The fork has the indexes of `descriptor`, the
   * published one. What is not published must be dropped there: `disown` each page with an unpublished entry.
   */
  fork(descriptor: TableDescriptor, owners: Owners): RowTable {
    const fork = new RowTable(descriptor, this)
    this.owner = owners.next()
    fork.owner = owners.next()
    fork.indexes = descriptor.indexes.map(({ id }) => this.index(id)!.fork(this.owner, fork.owner))
    return fork
  }

  /** After `fork`: a page with unpublished entries of the origin becomes the fork's own, without them, and the origin's again. */
  disown(page: RowPage, origin: RowTable): void {
    if (this.pages[page.number] !== page) return
    this.ownPage(page)
    page.owner = origin.owner
  }

  /** The page as this table's own: a copy in its place, if it is another's. What is kept of the other is not to be written. */
  ownPage(page: RowPage): RowPage {
    if (page.owner === this.owner) return page
    const copy = page.copy(this.owner)
    this.#setPage(page.number, copy)
    if (page.undo !== null) {
      if (page.undo.find((head) => head !== null)!.table === this) moveChains(page, copy)
      else {
        dropInherited(this, page, copy)
        this.dropIfDead(copy)
      }
    }
    return copy
  }

  #setPage(number: number, page: RowPage | null): void {
    if (this.#pagesOwner !== this.owner) {
      this.pages = this.pages.slice()
      this.#pagesOwner = this.owner
    }
    this.pages[number] = page
  }

  // Giving versions up.

  undo(entry: UndoEntry, command = entry.command - 1): void {
    if (entry.rows > 1) spread(entry)
    const { page, slot, writer } = entry
    assert(page.undo !== null && page.undo[slot] === entry, 'what is undone is the newest write to its row')
    let count = 0
    let leavesKeys = false
    let rest: UndoEntry | null = entry
    for (; rest !== null && rest.writer === writer && rest.command > command; rest = rest.older, count++) {
      if (rest.wrote && (rest.leavesKeys || !rest.existed)) leavesKeys = true
    }
    if (leavesKeys) {
      for (const index of this.indexes) {
        forgetKeys(index, versionKeys(index, page, slot, entry), 0, count, page.baseRowId + slot)
      }
    }
    for (let at = entry; at !== rest; at = at.older!) {
      at.noteUnlinked()
      if (!at.wrote) continue
      const { columns, before } = at
      if (before !== null) for (let i = 0; i < columns.length; i++) page.write(columns[i]!, slot, before[i]!)
      this.setLive(page, slot, at.existed)
    }
    this.setHead(page, slot, rest)
  }

  unlock(entry: UndoEntry): void {
    const { page, slot } = entry
    assert(!entry.wrote && !entry.unlinked, 'only a lock is taken out of the middle of a chain')
    const head = page.undo![slot]!
    if (head === entry) this.setHead(page, slot, entry.older)
    else {
      let newer = head
      while (newer.older !== entry) newer = newer.older!
      newer.older = entry.older
    }
    entry.noteUnlinked()
  }

  prune(entry: UndoEntry): void {
    if (entry.unlinked) return
    const page = this.ownPage(entry.page)
    if (entry.rows > 1) {
      this.#pruneRun(page, entry)
      return
    }
    const { slot } = entry
    const head = page.undo![slot]!
    let kept = 0
    let newer: UndoEntry | null = null
    for (let at = head; at !== entry; at = at.older!, kept++) newer = at
    let leavesKeys = false
    for (let at: UndoEntry | null = entry; at !== null; at = at.older) {
      at.noteUnlinked()
      if (at.leavesKeys) leavesKeys = true
    }
    if (leavesKeys) {
      for (const index of this.indexes) {
        const keys = versionKeys(index, page, slot, head)
        forgetKeys(index, keys, kept + 1, keys.length, page.baseRowId + slot)
      }
    }
    if (newer === null) this.setHead(page, slot, null)
    else newer.older = null
  }

  /** No version is left behind: before an insert there was no row, and no key. */
  #pruneRun(page: RowPage, run: UndoEntry): void {
    page.undo!.fill(null, run.slot - run.rows + 1, run.slot)
    page.undoCount -= run.rows - 1
    run.noteUnlinked()
    this.setHead(page, run.slot, null)
  }

  compact(entry: UndoEntry, needs: VersionNeeds): void {
    compactChain(this, entry, needs)
  }

  /** Whether the row exists in place. */
  setLive(page: RowPage, slot: number, alive: boolean): void {
    if (page.exists(slot) === alive) return
    page.setLive(slot, alive)
    this.liveCount += alive ? 1 : -1
  }

  setHead(page: RowPage, slot: number, head: UndoEntry | null): void {
    const undo = page.undo!
    undo[slot] = head
    if (head !== null) return
    page.undoCount--
    if (page.undoCount === 0) {
      page.undo = null
      if (spareHeads.length < MAX_SPARE_HEADS) spareHeads.push(undo)
    }
    if (!page.exists(slot)) {
      page.clear(slot)
      this.dropIfDead(page)
    }
  }

  /** Drops a page that gets no more rows and has none that anybody can see. */
  dropIfDead(page: RowPage): void {
    if (page.liveCount > 0 || page.undo !== null) return
    if (page.used === PAGE_ROWS || page.number < this.pages.length - 1) this.#setPage(page.number, null)
  }

  // The log.

  describe(entry: UndoEntry, sink: RedoSink): void {
    const { page, slot, writer } = entry
    for (let at = slot - entry.rows + 1; at < slot; at++) this.#describeInsert(page, at, sink)
    let existed = entry.existed
    const columns = new Set<number>()
    let wrote = false
    for (let at: UndoEntry | null = entry; at !== null && at.writer === writer; at = at.older) {
      existed = at.existed
      if (at.wrote) wrote = true
      if (at.before !== null) for (const column of at.columns) columns.add(column)
    }
    if (!wrote) return
    const rowId = page.baseRowId + slot
    if (!page.exists(slot)) {
      if (existed) sink.delete(this.id, rowId)
    } else if (existed) {
      const ordinals = [...columns].sort((a, b) => a - b)
      sink.update(
        this.id,
        rowId,
        ordinals,
        ordinals.map((column) => this.#canonical(page, slot, column)),
      )
    } else this.#describeInsert(page, slot, sink)
  }

  #describeInsert(page: RowPage, slot: number, sink: RedoSink): void {
    const values = this.#types.map((_, column) => this.#canonical(page, slot, column))
    sink.insert(this.id, page.baseRowId + slot, values)
  }

  #canonical(page: RowPage, slot: number, column: number): Value {
    const value = page.read(column, slot)
    return this.#types[column]!.kind === 'boolean' && value !== null ? value === 1 : value
  }
}

/** Notes the old values of columns that the entry has not noted yet. */
function keepBefore(entry: UndoEntry, page: RowPage, slot: number, columns: readonly number[]): void {
  if (entry.before === null) {
    entry.columns = columns
    entry.before =
      columns.length === 1 ? [page.read(columns[0]!, slot)] : columns.map((column) => page.read(column, slot))
  } else if (entry.columns !== columns) {
    const missing = columns.filter((column) => !entry.columns.includes(column))
    entry.columns = [...entry.columns, ...missing]
    entry.before = [...entry.before, ...missing.map((column) => page.read(column, slot))]
  }
}
