/** What a row is called where people read of it: by its key. Numbers of rows say nothing to them. */
import { pageOf } from '../storage/ids.ts'
import type { GuardedTable } from '../storage/guardedTable.ts'
import type { Index } from '../storage/row/index.ts'
import type { Key } from '../storage/row/keyTree.ts'
import type { Value } from '../types/value.ts'

interface NamedKey {
  readonly index: Index
  readonly key: Key
}

/** The first unique key of the version in place, or of the row that an open transaction has deleted there; null if there is none. */
function namedKey(table: GuardedTable, rowId: number): NamedKey | null {
  const index = table.indexes.find(({ unique }) => unique)
  const page = table.pages[pageOf(rowId)] ?? null
  if (index === undefined || page === null) return null
  // What is gone has no values any more, but behind its chain they stay.
  if (!table.existsInPlace(rowId) && table.head(rowId) === null) return null
  return { index, key: table.keyOf(index, rowId) }
}

/** `row (id)=(7)`; `row 12`, its number, if it has no key or is gone. */
export function rowName(table: GuardedTable, rowId: number): string {
  const named = namedKey(table, rowId)
  if (named === null) return `row ${rowId}`
  const columns = named.index.columns.map((column) => table.descriptor.columns[column]!.name)
  return `row (${columns.join(', ')})=(${[named.key].flat().map(String).join(', ')})`
}

/** `7`, or `(7, b)` of several columns; null if it has no key or is gone. */
export function rowKey(table: GuardedTable, rowId: number): string | null {
  const named = namedKey(table, rowId)
  return named === null ? null : keyText(named.key)
}

export function keyText(key: Key): string {
  return Array.isArray(key) ? `(${(key as readonly Value[]).map(String).join(', ')})` : String(key)
}
