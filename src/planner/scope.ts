/**
 * What names mean at a place of a query: the tables that FROM brings in, and the columns that may be written without
 * their table. The columns of `a JOIN b USING (x)` are merged for unqualified names and for `*`, and stay apart for
 * qualified ones.
 */
import { similarName } from '../catalog/similarName.ts'
import type { TableDescriptor } from '../catalog/index.ts'
import {
  aliasedFromReference,
  ambiguousColumn,
  duplicateAlias,
  forbiddenColumn,
  invalidFromReference,
  missingFromEntry,
  undefinedColumn,
} from '../errors.ts'
import type { ColumnReference } from '../parser/ast.ts'
import type { Attribute } from './logical.ts'
import { asNullable } from './logical.ts'

export interface ScopeTable {
  /** The alias, or the table's name. */
  readonly name: string
  /** `attribute.name` is the name by which it is found here. */
  readonly attributes: readonly Attribute[]
  /** Null for a derived table. */
  readonly descriptor: TableDescriptor | null
}

export interface ScopeColumn {
  readonly attribute: Attribute
  readonly table: string
}

export class Scope {
  readonly tables: readonly ScopeTable[]
  /** What `*` stands for, in order. */
  readonly columns: readonly ScopeColumn[]
  /** Tables of the same FROM that this place must not refer to. */
  readonly hidden: ReadonlySet<string>
  /** The message of the error, if no column may be named here at all. */
  readonly #forbidden: string | null

  constructor(
    tables: readonly ScopeTable[],
    columns: readonly ScopeColumn[],
    hidden: ReadonlySet<string> = new Set(),
    forbidden: string | null = null,
  ) {
    this.tables = tables
    this.columns = columns
    this.hidden = hidden
    this.#forbidden = forbidden
  }

  static readonly empty: Scope = new Scope([], [])

  static ofTable(table: ScopeTable): Scope {
    return new Scope(
      [table],
      table.attributes.map((attribute) => ({ attribute, table: table.name })),
    )
  }

  /** Both sides. Throws 42712 if a name is on both. */
  static join(left: Scope, right: Scope, at: number): Scope {
    for (const table of right.tables) {
      if (left.tables.some((other) => other.name === table.name)) throw duplicateAlias(table.name, at)
    }
    return new Scope([...left.tables, ...right.tables], [...left.columns, ...right.columns])
  }

  /** The same names, whose values may be null: the inner side of a left join. */
  nullable(): Scope {
    const tables = this.tables.map((table) => ({ ...table, attributes: table.attributes.map(asNullable) }))
    const columns = this.columns.map(({ attribute, table }) => ({ attribute: asNullable(attribute), table }))
    return new Scope(tables, columns, this.hidden)
  }

  hiding(names: ReadonlySet<string>): Scope {
    return new Scope(this.tables, this.columns, names)
  }

  /** Where a column reference is an error of its own (0A000). */
  forbidding(message: string): Scope {
    return new Scope(this.tables, this.columns, this.hidden, message)
  }

  /** Throws 42P01, 42702 and 42703. */
  resolve(reference: ColumnReference): ScopeColumn {
    const { table, name, position } = reference
    if (this.#forbidden !== null) throw forbiddenColumn(this.#forbidden, position)
    if (table !== null) return this.#resolveQualified(table, name, position)
    const found = this.find(name)
    if (found.length > 1) throw ambiguousColumn(name, position)
    const column = found[0]
    if (column === undefined) throw undefinedColumn(null, name, this.#similar(name), position)
    return column
  }

  /** The columns of an unqualified name. */
  find(name: string): readonly ScopeColumn[] {
    return this.columns.filter(({ attribute }) => attribute.name === name)
  }

  /** Throws 42P01. */
  table(name: string, position: number): ScopeTable {
    const table = this.tables.find((candidate) => candidate.name === name)
    if (table !== undefined) return table
    const aliased = this.tables.find((candidate) => candidate.descriptor?.name === name)
    if (aliased !== undefined) throw aliasedFromReference(name, aliased.name, position)
    if (this.hidden.has(name)) throw invalidFromReference(name, position)
    const names = this.tables.map((candidate) => candidate.name)
    throw missingFromEntry(name, similarName(name, names), position)
  }

  #resolveQualified(tableName: string, name: string, position: number): ScopeColumn {
    const table = this.table(tableName, position)
    const found = table.attributes.filter((attribute) => attribute.name === name)
    if (found.length > 1) throw ambiguousColumn(name, position)
    const attribute = found[0]
    if (attribute === undefined) {
      const names = table.attributes.map((candidate) => candidate.name)
      const similar = similarName(name, names)
      throw undefinedColumn(tableName, name, similar === null ? null : `${tableName}.${similar}`, position)
    }
    return { attribute, table: tableName }
  }

  /** The nearest name, qualified as PostgreSQL's hints are. */
  #similar(name: string): string | null {
    const names = this.columns.map(({ attribute }) => attribute.name)
    const similar = similarName(name, names)
    const column = this.columns.find(({ attribute }) => attribute.name === similar)
    return column === undefined ? null : `${column.table}.${column.attribute.name}`
  }
}
