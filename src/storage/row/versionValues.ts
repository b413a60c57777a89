/**
 * The values of some columns of a row in one of its versions, as the page represents them (a boolean is 0 or 1): what
 * stands in place, with the entries in front of that version undone.
 */
import type { Value } from '../../types/value.ts'
import type { UndoEntry } from '../undo.ts'
import type { RowTable } from './table.ts'

export interface VersionValues {
  readonly exists: boolean
  readonly values: readonly Value[]
}

/** The newest version. */
export const valuesInPlace = (table: RowTable, rowId: number, columns: readonly number[]): VersionValues =>
  valuesOf(table, rowId, columns, () => true)

/** The version that an entry of the row's chain made. */
export const valuesAfter = (table: RowTable, entry: UndoEntry, columns: readonly number[]): VersionValues =>
  valuesOf(table, entry.rowId, columns, (at) => at === entry)

/** The version that it found. */
export const valuesBefore = (table: RowTable, entry: UndoEntry, columns: readonly number[]): VersionValues =>
  valuesOf(table, entry.rowId, columns, (at) => at === entry.older)

/** The newest version that was made by an entry which `isMade` accepts, or else the oldest one. */
export function valuesOf(
  table: RowTable,
  rowId: number,
  columns: readonly number[],
  isMade: (entry: UndoEntry) => boolean,
): VersionValues {
  let exists = table.existsInPlace(rowId)
  const values = columns.map((column) => table.read(rowId, column))
  for (let entry = table.head(rowId); entry !== null && !isMade(entry); entry = entry.older) {
    exists = entry.existed
    const { before, columns: changed } = entry
    if (before === null) continue
    for (let i = 0; i < columns.length; i++) {
      const at = changed.indexOf(columns[i]!)
      if (at >= 0) values[i] = before[at]!
    }
  }
  return { exists, values }
}
