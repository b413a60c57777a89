/**
 * Forks: copies of the published state that share everything until somebody writes (D4).
 *
 * Pages and nodes of indexes carry an *owner*; tables and trees say who they are. Who writes to what another owns copies
 * it first, which costs one comparison a write and readers nothing. A fork gives both sides new owners, so from then on
 * neither owns what they share, and both copy:
 *
 *     before          fork                        the left side writes to page 1
 *
 *     table (7)       table (8)    table (9)      table (8) ─→ page 1' (8)      table (9) ─→ page 1 (7)
 *       │                  ╲       ╱                    └────→ page 2  (7)  ←──────┘
 *     page 1 (7)         page 1 (7)
 *     page 2 (7)         page 2 (7)
 *
 * What is shared is frozen, the chains of the rows included. Those are the origin's: its writers made them, its views need
 * them. So when the origin copies a page, its entries move to the copy, and the page that stays gets copies of *them*. The
 * other side has no view that is older than the fork: it looks through the published entries (all of whose writers it
 * sees), and when it copies a page, it drops the chains and the index entries of the versions behind them.
 *
 * What is not published must not be seen on the other side, now or when it is published: those pages the fork copies at
 * once, and undoes there what was not published. So a fork costs a constant a table and an index while no transaction that
 * has written is open, else a page for each page that those wrote to; and what others hold in unpublished state is never
 * shared: a page with an unpublished entry belongs to its table.
 */
import type { Value } from '../../types/value.ts'
import type { RowPage, UndoEntry } from '../undo.ts'
import type { Index } from './index.ts'
import type { VersionKey } from './versions.ts'
import { ABSENT, versionKeys } from './versions.ts'

/** What is asked of the fork whose page is copied. */
export interface InheritingTable {
  readonly indexes: readonly Index[]
  /** Whether the row exists in place. */
  setLive(page: RowPage, slot: number, alive: boolean): void
}

/** The origin copies a page: its chains move to the copy, and the page keeps an image of them for its other readers. */
export function moveChains(page: RowPage, copy: RowPage): void {
  const chains = page.undo!
  page.undo = chains.map((head) => head && frozen(head))
  copy.undo = chains
  copy.undoCount = page.undoCount
  for (const head of chains) for (let entry = head; entry !== null; entry = entry.older) entry.page = copy
}

function frozen(head: UndoEntry): UndoEntry {
  const first = head.image()
  let last = first
  for (let entry = head.older; entry !== null; entry = entry.older) {
    const image = entry.image()
    last.older = image
    last = image
  }
  return first
}

/**
 * A fork copies a page that has chains of its origin: what is not published is undone in the copy, and of each row only the
 * version that then stands in place is kept.
 */
export function dropInherited(table: InheritingTable, page: RowPage, copy: RowPage): void {
  page.undo!.forEach((head, slot) => {
    if (head === null) return
    let kept = 0
    const rowId = page.baseRowId + slot
    const before = new Map<number, Value>()
    let exists = page.exists(slot)
    for (let entry: UndoEntry | null = head; entry !== null && !entry.writer.published; entry = entry.older, kept++) {
      exists = entry.existed
      entry.columns.forEach((column, i) => before.set(column, entry.before![i]!))
    }
    for (const index of table.indexes) keepKey(index, versionKeys(index, page, slot, head), kept, rowId)
    for (const [column, value] of before) copy.write(column, slot, value)
    table.setLive(copy, slot, exists)
    if (!exists) copy.clear(slot)
  })
}

/** Removes the entries of all versions but one. */
function keepKey(index: Index, keys: readonly VersionKey[], kept: number, rowId: number): void {
  const key = keys[kept]!
  for (const other of keys) {
    if (other === ABSENT) continue
    if (key === ABSENT || index.keys.order(other, key) !== 0) index.keys.remove(other, rowId)
  }
}
