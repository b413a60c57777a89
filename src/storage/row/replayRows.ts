/**
 * Recovery writes rows straight into place: nobody reads yet, so there are no versions, and an index holds one key a row.
 * The log names rows by RowId, which recovery keeps; RowIds of transactions that were rolled back stay empty.
 */
import { assert } from '../../assert.ts'
import type { Value } from '../../types/value.ts'
import { pageOf } from '../ids.ts'
import type { RowPage, UndoEntry } from '../undo.ts'
import { Page } from './page.ts'
import type { RowTable } from './table.ts'

export function replayInsert(table: RowTable, rowId: number, values: readonly Value[]): void {
  const page = pageWith(table, rowId)
  const slot = rowId - page.baseRowId
  assert(!page.exists(slot), 'a row is inserted once')
  page.setLive(slot, true)
  table.liveCount++
  for (let column = 0; column < values.length; column++) page.write(column, slot, values[column]!)
  for (const index of table.indexes) index.keys.add(table.keyOf(index, rowId), rowId)
}

export function replayUpdate(
  table: RowTable,
  rowId: number,
  columns: readonly number[],
  values: readonly Value[],
): void {
  const page = pageFor(table, rowId)
  const slot = rowId - page.baseRowId
  assert(slot < page.used && page.exists(slot), 'a row that is updated exists')
  const { indexes } = table.columnSet(columns)
  for (const index of indexes) index.keys.remove(table.keyOf(index, rowId), rowId)
  for (let i = 0; i < columns.length; i++) page.write(columns[i]!, slot, values[i]!)
  for (const index of indexes) index.keys.add(table.keyOf(index, rowId), rowId)
}

export function replayDelete(table: RowTable, rowId: number): void {
  const page = pageFor(table, rowId)
  const slot = rowId - page.baseRowId
  assert(slot < page.used && page.exists(slot), 'a row that is deleted exists')
  for (const index of table.indexes) index.keys.remove(table.keyOf(index, rowId), rowId)
  page.setLive(slot, false)
  page.clear(slot)
  table.liveCount--
  table.dropIfDead(page)
}

/** The page of a row that is to be inserted; its slot, and those before it that nobody took, are there and empty. */
export function pageWith(table: RowTable, rowId: number): RowPage {
  const page = pageFor(table, rowId)
  while (page.used <= rowId - page.baseRowId) {
    page.append()
    page.setLive(page.used - 1, false)
  }
  return page
}

function pageFor(table: RowTable, rowId: number): RowPage {
  const number = pageOf(rowId)
  while (table.pages.length <= number) table.pages.push(null)
  return (table.pages[number] ??= Page.empty<UndoEntry>(number, table.layout, table.owner))
}
