/** What is common to a whole statement while it is bound: catalog, tables, parameters, numbers for attributes. */
import { assert } from '../assert.ts'
import type { CatalogRoot, TableDescriptor } from '../catalog/index.ts'
import { similarName } from '../catalog/similarName.ts'
import { DatabaseError, undefinedSchema, undefinedTable, wrongRelationKind } from '../errors.ts'
import type { TableName } from '../parser/ast.ts'
import type { RowTable } from '../storage/row/table.ts'
import type { SqlType } from '../types/sqlType.ts'
import type { Attribute } from './logical.ts'
import type { Moments } from './moments.ts'
import type { Parameters } from './parameters.ts'
import type { SystemView } from './systemViews.ts'
import type { Past, TableLookup } from './tableLookup.ts'

export class BindContext {
  readonly root: CatalogRoot
  readonly parameters: Parameters
  /** The tables that the statement names: its plan is good as long as the names find these descriptors. */
  readonly dependencies = new Set<TableDescriptor>()
  /** Names that it found no relation for, but a system view: it is good as long as there is none. */
  readonly absent = new Set<string>()
  /** Set when the statement calls a function that acts upon the session. */
  usesSession = false
  /** JavaScript values of $1 … $n in the execution to come; null: not known yet. */
  readonly values: readonly unknown[] | null
  /** The times of that execution; null: not known yet. */
  readonly moments: Moments | null
  /** True if the plan reads tables as they were: it is good for one execution. */
  readsPast = false
  readonly #tables: TableLookup
  #nextAttribute = 0

  constructor(
    root: CatalogRoot,
    tables: TableLookup,
    parameters: Parameters,
    values: readonly unknown[] | null = null,
    moments: Moments | null = null,
  ) {
    this.values = values
    this.moments = moments
    this.root = root
    this.#tables = tables
    this.parameters = parameters
  }

  attribute(name: string, type: SqlType, nullable: boolean): Attribute {
    return { id: this.#nextAttribute++, name, type, nullable }
  }

  /** The table of a name. Throws 3F000, 42P01 and 42809 (an index, a system view). */
  descriptor(name: TableName): TableDescriptor {
    if (this.view(name, false) !== null) throw wrongRelationKind(name.name, 'a table', name.position)
    const descriptor = lookUpTable(this.root, name)
    this.dependencies.add(descriptor)
    return descriptor
  }

  get past(): Past | null {
    return this.#tables.past ?? null
  }

  /** The system view of a name that the catalog does not have, with or without a parameter; null if there is none. */
  view(name: TableName, isFunction: boolean): SystemView | null {
    checkSchema(name)
    if (this.root.relation(name.name) !== null && !isFunction) return null
    const view = this.#tables.view?.(name.name) ?? null
    if (view === null || (view.parameter !== undefined) !== isFunction) return null
    if (!isFunction) this.absent.add(name.name)
    return view
  }

  table(descriptor: TableDescriptor): RowTable {
    const table = this.#tables.table(descriptor.id)
    assert(table !== null, `table ${descriptor.name} of the catalog is in the store`)
    return table
  }
}

/** Throws 3F000 for any schema but `public`. */
export function checkSchema(name: TableName): void {
  if (name.schema !== null && name.schema !== 'public') throw undefinedSchema(name.schema, name.position)
}

export function lookUpTable(root: CatalogRoot, name: TableName): TableDescriptor {
  checkSchema(name)
  const relation = root.relation(name.name)
  if (relation?.kind === 'table') return relation.table
  if (relation !== null) throw wrongRelationKind(name.name, 'a table', name.position)
  const names = root.tables().map((table) => table.name)
  throw undefinedTable(name.name, similarName(name.name, names), name.position)
}

/** Runs what knows no text, and says in its errors where in the text it was asked. */
export function at<T>(position: number, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (error instanceof DatabaseError) error.position ??= position + 1
    throw error
  }
}
