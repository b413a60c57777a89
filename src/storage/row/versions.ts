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
  forgetVersions(index, keys, (version) => version >= from && version < to, rowId)
}

/** Removes the entries of the dropped versions that no other version of the row needs. */
export function forgetVersions(
  index: Index,
  keys: readonly VersionKey[],
  isDropped: (version: number) => boolean,
  rowId: number,
): void {
  const kept: Key[] = []
  const dropped: Key[] = []
  keys.forEach((key, version) => {
    if (key !== ABSENT) (isDropped(version) ? dropped : kept).push(key)
  })
  const isKept = kept.length > FEW_KEYS ? sortedLookup(index, kept) : null
  for (const key of dropped) {
    if (isKept !== null ? isKept(key) : kept.some((other) => index.keys.order(other, key) === 0)) continue
    index.keys.remove(key, rowId)
  }
}

/** Up to here it is not worth while to sort. A row that one transaction wrote a thousand times has a thousand keys. */
const FEW_KEYS = 8

function sortedLookup(index: Index, keys: Key[]): (key: Key) => boolean {
  const { order } = index.keys
  keys.sort(order)
  return (key) => {
    let low = 0
    let high = keys.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (order(keys[middle]!, key) < 0) low = middle + 1
      else high = middle
    }
    return low < keys.length && order(keys[low]!, key) === 0
  }
}
