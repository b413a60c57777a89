/**
 * Interval pruning: what nobody can see goes out of the middle of a chain too (D3; Böttcher, Leis, Neumann, Kemper: Scalable
 * Garbage Collection for In-Memory MVCC Systems, VLDB 2019, section 4.3).
 *
 *     in place         chain; each entry tells how to get from the version in front of it to the one behind it
 *     k = 9       ←  [T9, k: 8]  ←  [T8, k: 7, s: 'b']  ←  [T5, s: 'a']  ←  [T4, absent]
 *
 * With one view, at 5: the version that T8 made (k = 8) is seen from 8 on and until T9 came, so by nobody, and the entry of
 * T9 takes that of T8 in. It keeps its own writer, who decides who sees the version in front of it, and of each column it
 * has the *older* value, since it leads further back now. The version that T4 made was replaced at 5: it goes likewise.
 *
 *     k = 9       ←  [T9, k: 7, s: 'b']  ←  [T5, absent]
 *
 * If a row came and went between two views, no version of it is left that somebody sees, and the whole chain goes: so the
 * pages of a queue are dropped, however old the oldest view is. Entries of indexes follow the rule of versions.ts.
 */
import type { RowPage, UndoEntry, VersionNeeds } from '../undo.ts'
import type { Index } from './index.ts'
import { forgetVersions, versionKeys } from './versions.ts'

/** What is asked of the table whose chains are cut. */
export interface ChainedTable {
  readonly indexes: readonly Index[]
  /** The page as the table's own, which may be written. */
  ownPage(page: RowPage): RowPage
  setHead(page: RowPage, slot: number, head: UndoEntry | null): void
}

/** What is to go of a chain. Versions are numbered as in versions.ts: number 0 stands in place. */
interface Unneeded {
  /** The newest published entry; it stays, unless all goes. */
  readonly first: UndoEntry
  /** Its place in the chain, which is the number of the version in front of it. */
  readonly position: number
  readonly versions: ReadonlySet<number>
  /** No version of the row is left for anybody. */
  readonly all: boolean
  /** Some version that goes may have a key that no other has. */
  readonly leavesKeys: boolean
}

/** Takes out of the chain of the entry's row all that no one needs. What goes is marked as unlinked. */
export function compactChain(table: ChainedTable, entry: UndoEntry, needs: VersionNeeds): void {
  const { slot } = entry
  const head = entry.page.undo![slot]!
  const unneeded = find(head, entry.page.exists(slot), needs)
  if (unneeded === null) return
  const { first, position, versions, all, leavesKeys } = unneeded
  const page = table.ownPage(entry.page)
  if (leavesKeys) {
    for (const index of table.indexes) {
      const keys = versionKeys(index, page, slot, head)
      forgetVersions(index, keys, (version) => all || versions.has(version), page.baseRowId + slot)
    }
  }
  let at = first
  for (let version = position + 1; at.older !== null; version++) {
    if (versions.has(version)) at.takeIn(at.older)
    else at = at.older
  }
  if (!all) return
  first.noteUnlinked()
  table.setHead(page, slot, null)
}

const none: ReadonlySet<number> = new Set()

function find(head: UndoEntry, exists: boolean, needs: VersionNeeds): Unneeded | null {
  let first: UndoEntry | null = head
  let position = 0
  for (; first !== null && !first.writer.published; first = first.older) position++
  if (first === null) return null
  // Mostly there is nothing to do: a chain of one entry that somebody needs.
  let versions: Set<number> | null = null
  let { leavesKeys } = first
  let at = first
  let kept = 1
  for (let version = position + 1; at.older !== null; version++, at = at.older) {
    const written = at.older.writer.commitTimestamp
    const replaced = at.writer.commitTimestamp
    if (written !== replaced && needs.between(written, replaced)) kept++
    else {
      versions ??= new Set()
      versions.add(version)
      if (at.leavesKeys) leavesKeys = true
    }
  }
  const all = kept === 1 && first === head && !exists && !at.existed
  return versions !== null || all ? { first, position, versions: versions ?? none, all, leavesKeys } : null
}
