/**
 * REFERENCES and FOREIGN KEY, checked as PostgreSQL checks them: the columns exist, what they refer to is a unique key of
 * its table, and the types can be compared without loss.
 */
import type { CatalogRoot, ForeignKeyDescriptor, IndexDescriptor, TableDescriptor } from '../catalog/index.ts'
import { columnOrdinal, primaryKey } from '../catalog/index.ts'
import {
  duplicateConstraint,
  foreignKeyTypeMismatch,
  invalidForeignKey,
  noPrimaryKeyToReference,
  noUniqueKeyToReference,
  undefinedForeignKeyColumn,
} from '../errors.ts'
import type * as ast from '../parser/ast.ts'
import { castContext } from '../types/casts.ts'
import { isInteger, typeName } from '../types/registry.ts'
import type { SqlType } from '../types/sqlType.ts'
import { lookUpTable } from './bindContext.ts'
import { chooseName } from './objectNames.ts'

export type ForeignKeyClause = ast.References & {
  readonly name: string | null
  readonly columns: readonly ast.ColumnName[]
  readonly position: number
}

/** `table` is the one that gets the constraint; it may refer to itself. Throws 42P01, 42703, 42704, 42710, 42804, 42830. */
export function describeForeignKey(
  clause: ForeignKeyClause,
  table: TableDescriptor,
  root: CatalogRoot,
): ForeignKeyDescriptor {
  const isTaken = (name: string): boolean => table.constraints.some((constraint) => constraint.name === name)
  const { name, position } = clause
  if (name !== null && isTaken(name)) throw duplicateConstraint(table.name, name, position)
  const columns = ordinals(table, clause.columns)
  const referenced = clause.table.name === table.name ? table : lookUpTable(root, clause.table)
  const { index, referencedColumns } = referencedKey(clause, referenced)
  if (columns.length !== referencedColumns.length) {
    throw invalidForeignKey('number of referencing and referenced columns for foreign key disagree', position)
  }
  const chosen = name ?? chooseName(table.name, clause.columns.map((column) => column.name).join('_'), 'fkey', isTaken)
  for (const [i, ordinal] of columns.entries()) {
    const [from, to] = [table.columns[ordinal]!, referenced.columns[referencedColumns[i]!]!]
    if (comparable(from.type, to.type)) continue
    const types = [typeName(from.type), typeName(to.type)] as const
    throw foreignKeyTypeMismatch(chosen, [from.name, to.name], types, position)
  }
  return {
    kind: 'foreignKey',
    name: chosen,
    columns,
    referencedTableId: referenced.id,
    referencedColumns,
    referencedIndexId: index.id,
    onDelete: clause.onDelete,
    onUpdate: clause.onUpdate,
  }
}

function ordinals(table: TableDescriptor, columns: readonly ast.ColumnName[]): readonly number[] {
  return columns.map(({ name, position }) => {
    const ordinal = columnOrdinal(table, name)
    if (ordinal < 0) throw undefinedForeignKeyColumn(name, position)
    return ordinal
  })
}

function referencedKey(
  { referenced, table: name, position }: ForeignKeyClause,
  table: TableDescriptor,
): { readonly index: IndexDescriptor; readonly referencedColumns: readonly number[] } {
  if (referenced === null) {
    const key = primaryKey(table)
    const index = table.indexes.find((each) => each.constraint && each.name === key?.name)
    if (index === undefined) throw noPrimaryKeyToReference(table.name, name.position)
    return { index, referencedColumns: index.columns }
  }
  const columns = ordinals(table, referenced)
  if (new Set(columns).size !== columns.length) {
    throw invalidForeignKey('foreign key referenced-columns list must not contain duplicates', position)
  }
  // The columns may be named in any order.
  const index = table.indexes.find(
    (each) => each.unique && each.columns.length === columns.length && columns.every((c) => each.columns.includes(c)),
  )
  if (index === undefined) throw noUniqueKeyToReference(table.name, name.position)
  return { index, referencedColumns: columns }
}

/** True if values of the referencing column can be looked up in the referenced one. */
function comparable(referencing: SqlType, referenced: SqlType): boolean {
  return (isInteger(referencing) && isInteger(referenced)) || castContext(referencing, referenced) === 'implicit'
}
