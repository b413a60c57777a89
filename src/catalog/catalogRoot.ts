/**
 * The root of the catalog: an immutable map from names to descriptors. A transaction that runs DDL makes new roots and
 * keeps the last one to itself until it commits (D14), so a root is never wrong for who holds it. Two roots with equal
 * tables share their descriptors: a plan that was made for a descriptor is good as long as its name still finds it.
 *
 * Tables and indexes share one space of names, PostgreSQL's *relations*. The only schema is `public`.
 */
import { assert, unreachable } from '../assert.ts'
import type { CatalogChange } from './change.ts'
import { decodeChange } from './change.ts'
import type { IndexDescriptor, TableDescriptor } from './descriptors.ts'
import { linkForeignKeys, unlinkForeignKeys } from './foreignKeys.ts'

/** A relation: a table, or an index with the table that it belongs to. */
export type Relation =
  | { readonly kind: 'table'; readonly table: TableDescriptor }
  | { readonly kind: 'index'; readonly table: TableDescriptor; readonly index: IndexDescriptor }

export class CatalogRoot {
  static readonly empty: CatalogRoot = new CatalogRoot(0, 1, new Map())

  /** Counts the changes from the empty catalog to this one. Two branches may reach the same number: compare identities. */
  readonly version: number
  /** The next id of a table or index. */
  readonly nextId: number
  readonly #tables: ReadonlyMap<string, TableDescriptor>
  readonly #indexes: ReadonlyMap<string, TableDescriptor>

  private constructor(version: number, nextId: number, tables: ReadonlyMap<string, TableDescriptor>) {
    this.version = version
    this.nextId = nextId
    this.#tables = tables
    const indexes = new Map<string, TableDescriptor>()
    for (const table of tables.values()) for (const index of table.indexes) indexes.set(index.name, table)
    this.#indexes = indexes
  }

  table(name: string): TableDescriptor | null {
    return this.#tables.get(name) ?? null
  }

  relation(name: string): Relation | null {
    const table = this.#tables.get(name)
    if (table !== undefined) return { kind: 'table', table }
    const owner = this.#indexes.get(name)
    const index = owner?.indexes.find((candidate) => candidate.name === name)
    return owner === undefined || index === undefined ? null : { kind: 'index', table: owner, index }
  }

  tableById(id: number): TableDescriptor | null {
    for (const table of this.#tables.values()) if (table.id === id) return table
    return null
  }

  /** In the order of creation. */
  tables(): readonly TableDescriptor[] {
    return [...this.#tables.values()]
  }

  apply(change: CatalogChange): CatalogRoot {
    const tables = new Map(this.#tables)
    let nextId = this.nextId
    switch (change.kind) {
      case 'createTable': {
        const { table } = change
        assert(this.relation(table.name) === null, `relation ${table.name} is not in the catalog`)
        tables.set(table.name, table)
        linkForeignKeys(tables, table)
        nextId = Math.max(nextId, table.id + 1, ...table.indexes.map((index) => index.id + 1))
        break
      }
      case 'dropTable': {
        const table = this.#byId(change.tableId)
        tables.delete(table.name)
        unlinkForeignKeys(tables, table, null)
        break
      }
      case 'createIndex': {
        const table = this.#byId(change.tableId)
        assert(this.relation(change.index.name) === null, `relation ${change.index.name} is not in the catalog`)
        tables.set(table.name, { ...table, indexes: [...table.indexes, change.index] })
        nextId = Math.max(nextId, change.index.id + 1)
        break
      }
      case 'dropIndex': {
        const table = this.#byId(change.tableId)
        const indexes = table.indexes.filter((index) => index.id !== change.indexId)
        assert(indexes.length === table.indexes.length - 1, `index ${change.indexId} is in the catalog`)
        tables.set(table.name, { ...table, indexes })
        break
      }
      case 'dropForeignKey': {
        const table = this.#byId(change.tableId)
        const constraints = table.constraints.filter(({ name }) => name !== change.name)
        assert(constraints.length === table.constraints.length - 1, `constraint ${change.name} is in the catalog`)
        const after = { ...table, constraints }
        tables.set(table.name, after)
        unlinkForeignKeys(tables, table, after)
        break
      }
      default:
        unreachable(change)
    }
    return new CatalogRoot(this.version + 1, nextId, tables)
  }

  #byId(id: number): TableDescriptor {
    const table = this.tableById(id)
    assert(table !== null, `table ${id} is in the catalog`)
    return table
  }
}

/** Recovery: the root behind a logged change. */
export function applyCatalogPayload(root: CatalogRoot, payload: string): CatalogRoot {
  return root.apply(decodeChange(payload))
}
