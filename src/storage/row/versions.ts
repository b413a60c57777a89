/**
 * What the indexes hold for a row with several versions, and what they may forget.
 *
 * The keys of a row's versions follow from what stands in place and the chain: undoing entry i gives version i + 1.
 *
 *     version 0 (in place)   version 1          version 2
 *     k = 5             ←    k = 6         ←    k = 5              the index holds 5 and 6, each once
 *
 * When versions are dropped (the ones behind a cut when pruning, the first one when rolling back), an entry goes if, and
 * only if, no remaining version has its key: dropping version 2 keeps 5, dropping 1 and 2 removes 6.
 */
import type { Value } from '../../types/value.ts'
import type { UndoEntry } from '../undo.ts'
import type { Index } from './index.ts'
import type { Key } from './keyTree.ts'
import { valueAt } from './keyTree.ts'
import type { Page } from './page.ts'

/** Stands for a version in which the row does not exist. */
export const ABSENT = Symbol('absent')
export type VersionKey = Key | typeof ABSENT

/** The key of each version of a row, the newest first. */
export function versionKeys(index: Index, page: Page<UndoEntry>, slot: number, head: UndoEntry | null): VersionKey[] {
  const { columns } = index
  const values: Value[] = columns.map((column) => valueAt(page.columns, page.nulls, column, slot))
  const keyOf = (): Key => (values.length === 1 ? values[0]! : [...values])
  const keys: VersionKey[] = [page.exists(slot) ? keyOf() : ABSENT]
  for (let entry = head; entry !== null; entry = entry.older) {
    if (entry.before !== null) {
      for (let i = 0; i < columns.length; i++) {
        const at = entry.columns.indexOf(columns[i]!)
        if (at >= 0) values[i] = entry.before[at]!
      }
    }
    keys.push(entry.existed ? keyOf() : ABSENT)
  }
  return keys
}

/** Removes the entries of the dropped versions [from, to) that no other version of the row needs. */
export function forgetKeys(index: Index, keys: readonly VersionKey[], from: number, to: number, rowId: number): void {
  for (let i = from; i < to; i++) {
    const key = keys[i]!
    if (key === ABSENT) continue
    if (!has(index, keys, 0, from, key) && !has(index, keys, to, keys.length, key)) index.keys.remove(key, rowId)
  }
}

/** True if one of the versions [from, to) has the key. */
function has(index: Index, keys: readonly VersionKey[], from: number, to: number, key: Key): boolean {
  for (let i = from; i < to; i++) {
    const other = keys[i]!
    if (other !== ABSENT && index.keys.order(other, key) === 0) return true
  }
  return false
}
