/** The catalog as people and tools ask for it: the REPL's `\d`. */
import type { CatalogRoot, TableDescriptor } from '../catalog/index.ts'
import { formatType } from '../types/registry.ts'

export interface ColumnDescription {
  readonly name: string
  /** PostgreSQL's name of the type: `numeric(15,2)`. */
  readonly type: string
  readonly nullable: boolean
  /** SQL text; null if there is none. */
  readonly default: string | null
}

export interface IndexDescription {
  readonly name: string
  readonly unique: boolean
  readonly primaryKey: boolean
  readonly columns: readonly string[]
}

export interface CheckDescription {
  readonly name: string
  readonly expression: string
}

export interface TableDescription {
  readonly schema: string
  readonly name: string
  readonly columns: readonly ColumnDescription[]
  readonly indexes: readonly IndexDescription[]
  readonly checks: readonly CheckDescription[]
}

/** By name; only `name` if it is not null, so that the list is empty if there is no such table. */
export function describeTables(root: CatalogRoot, name: string | null): readonly TableDescription[] {
  return root
    .tables()
    .filter((table) => name === null || table.name === name)
    .map(describeTable)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

function describeTable(table: TableDescriptor): TableDescription {
  const primary = table.constraints.find((constraint) => constraint.kind === 'primaryKey')?.name
  return {
    schema: table.schema,
    name: table.name,
    columns: table.columns.map((column) => ({
      name: column.name,
      type: formatType(column.type),
      nullable: !column.notNull,
      default: column.default,
    })),
    indexes: table.indexes.map((index) => ({
      name: index.name,
      unique: index.unique,
      primaryKey: index.name === primary,
      columns: index.columns.map((ordinal) => table.columns[ordinal]?.name ?? ''),
    })),
    checks: table.constraints.flatMap((constraint) =>
      constraint.kind === 'check' ? [{ name: constraint.name, expression: constraint.expression }] : [],
    ),
  }
}
