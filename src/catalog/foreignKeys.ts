/**
 * Foreign keys from both sides. The constraint stands in the descriptor of the table that refers; the table that it refers
 * to names the tables that do (`referencedBy`), so that a plan which writes it depends, by the identity of its descriptor,
 * on which foreign keys there are.
 */
import type { ForeignKeyDescriptor, TableDescriptor } from './descriptors.ts'
import { foreignKeys } from './descriptors.ts'

/** A constraint, and the table that has it. */
export interface ForeignKey {
  readonly table: TableDescriptor
  readonly constraint: ForeignKeyDescriptor
}

interface Tables {
  tableById(id: number): TableDescriptor | null
}

/** The foreign keys that refer to a table, in the order in which they were made. */
export function foreignKeysTo(root: Tables, { id, referencedBy }: TableDescriptor): readonly ForeignKey[] {
  if (referencedBy === undefined) return []
  return referencedBy.flatMap((referencing) => {
    const table = root.tableById(referencing)
    if (table === null) return []
    return foreignKeys(table)
      .filter((constraint) => constraint.referencedTableId === id)
      .map((constraint) => ({ table, constraint }))
  })
}

/** Adds the table to the `referencedBy` of those that its foreign keys refer to. */
export function linkForeignKeys(tables: Map<string, TableDescriptor>, table: TableDescriptor): void {
  for (const { referencedTableId } of foreignKeys(table)) {
    change(tables, referencedTableId, (ids) => (ids.includes(table.id) ? ids : [...ids, table.id]))
  }
}

/** Removes the table from the `referencedBy` of those to which it refers no more; `table` is what it was, `after` what it is, if it is. */
export function unlinkForeignKeys(
  tables: Map<string, TableDescriptor>,
  table: TableDescriptor,
  after: TableDescriptor | null,
): void {
  const kept = new Set(after === null ? [] : foreignKeys(after).map((constraint) => constraint.referencedTableId))
  for (const { referencedTableId } of foreignKeys(table)) {
    if (kept.has(referencedTableId)) continue
    change(tables, referencedTableId, (ids) => ids.filter((id) => id !== table.id))
  }
}

function change(
  tables: Map<string, TableDescriptor>,
  id: number,
  edit: (referencedBy: readonly number[]) => readonly number[],
): void {
  for (const [name, table] of tables) {
    if (table.id !== id) continue
    const { referencedBy = [], ...rest } = table
    const edited = edit(referencedBy)
    tables.set(name, edited.length === 0 ? rest : { ...rest, referencedBy: edited })
    return
  }
}
