/** The values of a foreign key in their forms: as referencing, as referenced, as a key of the index, as a text to compare. */
import type { Key } from '../storage/row/keyTree.ts'
import { hashKey } from '../types/comparison.ts'
import type { Value } from '../types/value.ts'
import type { ForeignKeyEdge } from './foreignKeyPlan.ts'

/** Referencing values in the types of the referenced columns; null if they equal no value of those. */
export function referencedKey({ toReferenced }: ForeignKeyEdge, values: readonly Value[]): readonly Value[] | null {
  if (toReferenced === null) return values
  const key: Value[] = []
  for (let i = 0; i < values.length; i++) {
    const value = toReferenced[i]!(values[i]!)
    if (value === undefined) return null
    key.push(value)
  }
  return key
}

/** In the order of the unique index's columns. */
export function indexKey({ index, referencedColumns }: ForeignKeyEdge, key: readonly Value[]): Key {
  if (key.length === 1) return key[0]!
  return index.columns.map((column) => key[referencedColumns.indexOf(column)]!)
}

/** Equal for equal keys, and only for those: no text has a NUL in it. None of the values is null. */
export function keyText({ referenced, referencedColumns }: ForeignKeyEdge, key: readonly Value[]): string {
  let text = ''
  for (let i = 0; i < key.length; i++) {
    const { type } = referenced.column(referencedColumns[i]!)
    text += `${String(hashKey(type)(key[i]!))}\0`
  }
  return text
}
