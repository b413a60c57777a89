/**
 * What a transaction by SSI does at each read: it leaves a SIREAD, and notes the writers whose newer versions it passes
 * over. It never waits. Throws 40001 if the transaction has become a victim, or becomes one by this read.
 */
import type { ReadGuard, ReadView } from '../../storage/readView.ts'
import type { KeyRange } from '../../storage/row/keyRange.ts'
import type { Index } from '../../storage/row/index.ts'
import type { GuardedTable } from '../../storage/guardedTable.ts'
import type { RowPage, UndoEntry } from '../../storage/undo.ts'
import type { ConflictNode, ConflictOwner } from './node.ts'
import type { Sireads } from './sireads.ts'

/** What the guard asks of the graph. */
export interface ReadTracker {
  readonly sireads: Sireads
  passedOver(node: ConflictNode, entry: UndoEntry, table: GuardedTable): void
}

export class SsiGuard implements ReadGuard {
  readonly #graph: ReadTracker
  readonly #owner: ConflictOwner
  readonly #node: ConflictNode

  constructor(graph: ReadTracker, owner: ConflictOwner, node: ConflictNode) {
    this.#graph = graph
    this.#owner = owner
    this.#node = node
  }

  readTable(table: GuardedTable): boolean {
    if (this.#tracked()) this.#graph.sireads.readTable(this.#node, table, this.#statement)
    return true
  }

  readPage(table: GuardedTable, page: RowPage, from: number, view: ReadView): void {
    const { undo } = page
    if (undo === null || !this.#tracked()) return
    for (let slot = from; slot < page.used; slot++) {
      const head = undo[slot]!
      if (head !== null) this.#passOver(table, head, view)
    }
  }

  readRange(table: GuardedTable, index: Index, range: KeyRange): boolean {
    if (this.#tracked()) this.#graph.sireads.readRange(this.#node, table, index, range, this.#statement)
    return true
  }

  readEntry(table: GuardedTable, rowId: number, view: ReadView): boolean {
    const head = table.head(rowId)
    if (head !== null && this.#tracked()) this.#passOver(table, head, view)
    return true
  }

  readUnique(table: GuardedTable, index: Index, rowId: number): boolean {
    if (!this.#tracked()) return true
    const { sireads } = this.#graph
    // Keys of a dropped index are unique no more: another row may come to have this one.
    if (index.enforced) sireads.readRow(this.#node, table, rowId, this.#statement)
    else sireads.readTable(this.#node, table, this.#statement)
    return true
  }

  #passOver(table: GuardedTable, head: UndoEntry, view: ReadView): void {
    const node = this.#node
    for (let entry: UndoEntry | null = head; entry !== null && !view.sees(entry); entry = entry.older) {
      const { writer } = entry
      if (!entry.wrote || writer === view.writer || writer === node.passed) continue
      this.#graph.passedOver(node, entry, table)
      node.passed = writer
    }
  }

  /** False if the snapshot has turned out to be safe. */
  #tracked(): boolean {
    const { doomed } = this.#owner
    if (doomed !== null) throw doomed
    return this.#node.state === 'active'
  }

  get #statement(): string | null {
    return this.#owner.note?.sql ?? null
  }
}
