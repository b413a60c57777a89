/** Unique keys as errors show them, and the check of an index that is made over rows which are there. */
import type { CatalogChange } from '../catalog/index.ts'
import type { DatabaseError } from '../errors.ts'
import { cannotCreateUniqueIndex, uniqueViolation } from '../errors.ts'
import type { Index } from '../storage/row/index.ts'
import type { Key } from '../storage/row/keyTree.ts'
import type { RowTable } from '../storage/row/table.ts'
import type { Store } from '../storage/store.ts'
import { formatValue } from '../types/textOutput.ts'
import type { Value } from '../types/value.ts'

export function duplicateKey(table: RowTable, index: Index, key: Key): DatabaseError {
  return uniqueViolation(table.name, index.name, describeKey(table, index, key))
}

/** Throws 23505 if two rows that exist have the same key. Writers are locked out, so the newest versions count. */
export function checkNewUniqueIndex(
  store: Store,
  { tableId, index: { id } }: Extract<CatalogChange, { kind: 'createIndex' }>,
): void {
  const table = store.table(tableId)!
  const index = table.index(id)!
  if (!index.unique) return
  let previous: Key | undefined
  for (const [key, rowId] of index.keys.entries()) {
    if (!table.existsInPlace(rowId) || index.keys.hasNull(key)) continue
    if (index.keys.order(table.keyOf(index, rowId), key) !== 0) continue
    if (previous !== undefined && index.keys.order(previous, key) === 0) {
      throw cannotCreateUniqueIndex(table.name, index.name, describeKey(table, index, key))
    }
    previous = key
  }
}

function describeKey(table: RowTable, index: Index, key: Key): string {
  return describeValues(table, index.columns, Array.isArray(key) ? (key as readonly Value[]) : [key as Value])
}

/** `(a, b)=(1, x)`; the values as pages represent them. */
export function describeValues(table: RowTable, ordinals: readonly number[], values: readonly Value[]): string {
  const columns = ordinals.map((column) => table.descriptor.columns[column]!)
  const texts = columns.map(({ type }, i) => {
    const value = values[i]!
    return value === null ? 'null' : formatValue(type, type.kind === 'boolean' ? value === 1 : value)
  })
  return `(${columns.map(({ name }) => name).join(', ')})=(${texts.join(', ')})`
}
