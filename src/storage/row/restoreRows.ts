/**
 * Recovery of a prepared transaction: its writes stand in place again, *uncommitted*, each with its undo entry, so that
 * COMMIT PREPARED publishes them and ROLLBACK PREPARED takes them back as if there had been no crash. An entry is the
 * row's lock too. The log names the rows by RowId, which stays, and whose page slots are thereby taken: nobody else gets them.
 */
import { assert } from '../../assert.ts'
import type { Value } from '../../types/value.ts'
import type { UndoEntry, Writer } from '../undo.ts'
import { RowMode } from '../undo.ts'
import type { Key } from './keyTree.ts'
import { pageWith } from './replayRows.ts'
import type { RowTable } from './table.ts'

/** The lock of a row that exists. */
export function restoreLock(table: RowTable, writer: Writer, rowId: number, mode: RowMode): UndoEntry {
  const head = table.head(rowId)
  if (head === null || head.writer !== writer) return table.lock(writer, rowId, mode)
  head.strengthen(mode)
  return head
}

export function restoreInsert(table: RowTable, writer: Writer, rowId: number, values: readonly Value[]): void {
  const page = pageWith(table, rowId)
  const slot = rowId - page.baseRowId
  assert(!page.exists(slot), 'a row is inserted once')
  // Pushed while the row does not exist: that is what undoing goes back to.
  const entry = table.lock(writer, rowId, RowMode.UPDATE)
  entry.noteWrite()
  page.setLive(slot, true)
  table.liveCount++
  for (let column = 0; column < values.length; column++) page.write(column, slot, values[column]!)
  for (const index of table.indexes) index.keys.add(table.keyOf(index, rowId), rowId)
}

export function restoreUpdate(
  table: RowTable,
  writer: Writer,
  rowId: number,
  columns: readonly number[],
  values: readonly Value[],
): void {
  restoreLock(table, writer, rowId, RowMode.NO_KEY_UPDATE)
  const set = table.columnSet(columns)
  const before: Key[] = set.indexes.map((index) => table.keyOf(index, rowId))
  const entry = table.update(writer, rowId, set, values, RowMode.NO_KEY_UPDATE)
  set.indexes.forEach((index, i) => {
    const key = table.keyOf(index, rowId)
    if (index.keys.order(before[i]!, key) === 0) return
    entry.noteKeysLeft()
    index.keys.add(key, rowId)
  })
}

export function restoreDelete(table: RowTable, writer: Writer, rowId: number): void {
  restoreLock(table, writer, rowId, RowMode.UPDATE)
  table.delete(writer, rowId, RowMode.UPDATE)
}
