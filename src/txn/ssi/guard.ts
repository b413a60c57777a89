/**
 * What transactions by SSI do at each read: they leave SIREADs, and note the writers whose newer versions they pass over.
 * They never wait. One guard serves all of them: whose read it is, the view tells. Throws 40001 if the transaction has
 * become a victim, or becomes one by this read.
 */
import { assert } from '../../assert.ts'
import type { ReadGuard, ReadView } from '../../storage/readView.ts'
import type { KeyRange } from '../../storage/row/keyRange.ts'
import type { Index } from '../../storage/row/index.ts'
import type { GuardedScan, GuardedTable } from '../../storage/guardedTable.ts'
import type { RowPage, UndoEntry, Writer } from '../../storage/undo.ts'
import type { ConflictNode, ConflictOwner } from './node.ts'
import type { Sireads } from './sireads.ts'

/** What the guard asks of the graph. */
export interface ReadTracker {
  readonly sireads: Sireads
  conflictOwner(writer: Writer): ConflictOwner
  passedOver(node: ConflictNode, entry: UndoEntry, table: GuardedTable, rowId: number): void
}

export class SsiGuard implements ReadGuard {
  readonly onlyNotes = true
  readonly mayWait = false
  readonly #graph: ReadTracker

  constructor(graph: ReadTracker) {
    this.#graph = graph
  }

  readTable(table: GuardedTable, view: ReadView): boolean {
    const node = this.#tracked(view)
    if (node !== null) this.#graph.sireads.readTable(node, table, statementOf(node))
    return true
  }

  readPage(table: GuardedTable, page: RowPage, from: number, view: ReadView): void {
    const { undo } = page
    if (undo === null) return
    const node = this.#tracked(view)
    if (node === null) return
    for (let slot = from; slot < page.used; slot++) {
      const head = undo[slot]!
      if (head !== null) this.#passOver(node, table, page.baseRowId + slot, head, view)
    }
  }

  readRange(table: GuardedTable, index: Index, range: KeyRange, view: ReadView): boolean {
    const node = this.#tracked(view)
    if (node !== null) this.#graph.sireads.readRange(node, table, index, range, statementOf(node))
    return true
  }

  readEntry(table: GuardedTable, rowId: number, view: ReadView): boolean {
    const head = table.head(rowId)
    if (head === null) return true
    const node = this.#tracked(view)
    if (node !== null) this.#passOver(node, table, rowId, head, view)
    return true
  }

  /**
   * Who replaces what it reads leaves no SIREAD: the next version of the row is its own. Another writer comes after it anyway,
   * and commits after it, so that an edge to that one is never the last part of a dangerous structure.
   */
  readUnique(
    table: GuardedTable,
    index: Index,
    rowId: number,
    view: ReadView,
    _scan: GuardedScan,
    replaced = false,
  ): boolean {
    if (replaced && index.enforced) return true
    const node = this.#tracked(view)
    if (node === null) return true
    const { sireads } = this.#graph
    // Keys of a dropped index are unique no more: another row may come to have this one.
    if (index.enforced) sireads.readRow(node, table, rowId, statementOf(node))
    else sireads.readTable(node, table, statementOf(node))
    return true
  }

  #passOver(node: ConflictNode, table: GuardedTable, rowId: number, head: UndoEntry, view: ReadView): void {
    for (let entry: UndoEntry | null = head; entry !== null && !view.sees(entry); entry = entry.older) {
      const { writer } = entry
      if (!entry.wrote || writer === view.writer || writer === node.passed) continue
      this.#graph.passedOver(node, entry, table, rowId)
      node.passed = writer
    }
  }

  /** The reader's part in the graph; null if its snapshot has turned out to be safe. */
  #tracked({ writer }: ReadView): ConflictNode | null {
    assert(writer !== null, 'only transactions are guarded')
    const { doomed, conflicts } = this.#graph.conflictOwner(writer)
    if (doomed !== null) throw doomed
    return conflicts
  }
}

const statementOf = ({ owner }: ConflictNode): string | null => owner!.statement
