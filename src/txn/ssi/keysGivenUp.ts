/**
 * Keys that a transaction takes and gives up again before it ends.
 *
 *     version    found        after UPDATE SET v = 4    after UPDATE SET v = 5
 *     v          2            4                         5
 *                             └ was free: that was read, and while the row had it nobody else could take it
 *
 * That a unique key was free is a read. While the row has the key the row guards it, and a commit with the key is a write that
 * everybody meets. A key given up in between leaves no trace in the versions that others see, so the read has to be noted
 * when the row loses the key: it is deleted, moved or undone.
 */
import type { KeyRange } from '../../storage/row/keyRange.ts'
import type { Index } from '../../storage/row/index.ts'
import type { GuardedTable } from '../../storage/guardedTable.ts'
import { CLOSED } from '../../storage/row/treeCursor.ts'
import { ABSENT, versionKeys } from '../../storage/row/versions.ts'
import type { UndoEntry, Writer } from '../../storage/undo.ts'

/** The unique keys that versions of `writer` have given the row, and that it had not when the transaction found it. */
export function* keysGivenUp(
  writer: Writer,
  table: GuardedTable,
  rowId: number,
): Generator<{ readonly index: Index; readonly range: KeyRange }> {
  const head = table.head(rowId)
  if (head === null || head.writer !== writer) return
  let own = 0
  for (let entry: UndoEntry | null = head; entry !== null && entry.writer === writer; entry = entry.older) own++
  for (const index of table.indexes) {
    if (!index.unique || !index.enforced) continue
    const keys = versionKeys(index, head.page, rowId - head.page.baseRowId, head)
    const found = keys[own]!
    for (let version = 0; version < own; version++) {
      const key = keys[version]!
      if (key === ABSENT || (found !== ABSENT && index.keys.order(found, key) === 0)) continue
      yield { index, range: { low: key, high: key, bounds: CLOSED } }
    }
  }
}
