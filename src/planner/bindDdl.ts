/**
 * DDL: definitions are checked against the catalog and become changes of it. Nothing is changed here; executor/ddl.ts
 * applies them. Names are chosen as PostgreSQL chooses them: `t_pkey`, `t_a_key`, `t_a_check`, `t_a_idx`.
 */
import type { CatalogChange, CatalogRoot, ForeignKey, IndexDescriptor, TableDescriptor } from '../catalog/index.ts'
import { columnOrdinal, foreignKeys, foreignKeysTo } from '../catalog/index.ts'
import { similarName } from '../catalog/similarName.ts'
import {
  dependentObjects,
  duplicateTable,
  featureNotSupported,
  indexBelongsToConstraint,
  tooManyColumns,
  undefinedColumn,
  undefinedRelationToDrop,
  wrongRelationKind,
} from '../errors.ts'
import type { DdlPlan } from '../executor/ddl.ts'
import type * as ast from '../parser/ast.ts'
import { TableMode } from '../txn/transaction.ts'
import { checkSchema, lookUpTable } from './bindContext.ts'
import { chooseName } from './objectNames.ts'
import { describeTable } from './tableDefinition.ts'

/** Throws 42P07, 42P01, 42701, 42703, 42704, 42710, 42804, 42P16, 2BP01, 3F000, and 0A000 for a statement that is no DDL. */
export function planDdl(statement: ast.Statement, root: CatalogRoot): DdlPlan {
  switch (statement.kind) {
    case 'create_table':
      return createTable(statement, root)
    case 'create_index':
      return createIndex(statement, root)
    case 'drop_table':
      return dropTables(statement, root)
    case 'drop_index':
      return dropIndexes(statement, root)
    default: {
      const command = statement.kind.toUpperCase().replaceAll('_', ' ')
      throw featureNotSupported(command, { position: statement.position + 1 })
    }
  }
}

const nothing = (...notices: readonly string[]): DdlPlan => ({ changes: [], locks: [], notices })

function createTable(statement: ast.CreateTable, root: CatalogRoot): DdlPlan {
  const { table } = statement
  checkSchema(table)
  if (root.relation(table.name) !== null) {
    if (statement.ifNotExists) return nothing(`relation "${table.name}" already exists, skipping`)
    throw duplicateTable(table.name, table.position)
  }
  const described = describeTable(statement, root)
  const referenced = new Set(foreignKeys(described).map((constraint) => constraint.referencedTableId))
  referenced.delete(described.id)
  return {
    changes: [{ kind: 'createTable', table: described }],
    // Who deletes from a referenced table must know of the constraint, so all who write it end first.
    locks: [...referenced].map((tableId) => ({ tableId, mode: TableMode.SHARE_ROW_EXCLUSIVE })),
    notices: [],
  }
}

const MAX_INDEX_COLUMNS = 32

function createIndex(statement: ast.CreateIndex, root: CatalogRoot): DdlPlan {
  const table = lookUpTable(root, statement.table)
  const { columns, position } = statement
  if (statement.name !== null && root.relation(statement.name) !== null) {
    if (statement.ifNotExists) return nothing(`relation "${statement.name}" already exists, skipping`)
    throw duplicateTable(statement.name, position)
  }
  if (columns.length > MAX_INDEX_COLUMNS) throw tooManyColumns(`an index`, MAX_INDEX_COLUMNS, position)
  checkDirections(columns)
  const ordinals = columns.map((column) => {
    const ordinal = columnOrdinal(table, column.name)
    if (ordinal >= 0) return ordinal
    const names = table.columns.map(({ name }) => name)
    throw undefinedColumn(null, column.name, similarName(column.name, names), column.position)
  })
  const index: IndexDescriptor = {
    id: root.nextId,
    name:
      statement.name ??
      chooseName(table.name, columns.map(({ name }) => name).join('_'), 'idx', (name) => root.relation(name) !== null),
    unique: statement.unique,
    columns: ordinals,
    constraint: false,
  }
  return {
    changes: [{ kind: 'createIndex', tableId: table.id, index }],
    locks: [{ tableId: table.id, mode: TableMode.SHARE }],
    notices: [],
  }
}

/** An index is read in both directions, so only a mixture of directions would need another order of its keys. */
function checkDirections(columns: readonly ast.IndexColumn[]): void {
  const [first] = columns
  for (const column of columns) {
    if (column.descending !== first?.descending) {
      throw featureNotSupported('an index with both ASC and DESC columns', { position: column.position + 1 })
    }
    if (column.nullsFirst !== column.descending) {
      const order = column.nullsFirst ? 'NULLS FIRST' : 'NULLS LAST'
      throw featureNotSupported(`${order} in this index`, { position: column.position + 1 })
    }
  }
}

function dropTables(statement: ast.DropTable, root: CatalogRoot): DdlPlan {
  const notices: string[] = []
  const dropped = new Set<TableDescriptor>()
  for (const name of statement.tables) {
    checkSchema(name)
    const relation = root.relation(name.name)
    if (relation === null) {
      if (!statement.ifExists) throw undefinedRelationToDrop('table', name.name, name.position)
      notices.push(`table "${name.name}" does not exist, skipping`)
    } else if (relation.kind === 'index') throw wrongRelationKind(name.name, 'a table', name.position)
    else dropped.add(relation.table)
  }
  const constraints = constraintsOfOthers(root, dropped)
  const [first] = constraints
  if (first !== undefined && !statement.cascade) {
    const names = statement.tables.filter(({ name }) => constraints.some(({ on }) => on.name === name))
    throw dependentObjects(
      `table ${first.on.name}`,
      constraints.filter(({ on }) => on === first.on).map((each) => each.shown),
      names[0]?.position ?? statement.position,
    )
  }
  if (constraints.length === 1) notices.push(`drop cascades to ${first!.shown}`)
  else if (constraints.length > 1) notices.push(`drop cascades to ${constraints.length} other objects`)
  return {
    changes: [
      ...constraints.map(({ table, constraint }): CatalogChange => {
        return { kind: 'dropForeignKey', tableId: table.id, name: constraint.name }
      }),
      ...[...dropped].map(({ id }): CatalogChange => ({ kind: 'dropTable', tableId: id })),
    ],
    locks: locksOfDrop(root, dropped, constraints),
    notices,
  }
}

/** A foreign key of a table that stays, to one that is dropped. */
interface Dependent extends ForeignKey {
  readonly on: TableDescriptor
  /** `constraint c_fkey on table c` */
  readonly shown: string
}

function constraintsOfOthers(root: CatalogRoot, dropped: ReadonlySet<TableDescriptor>): readonly Dependent[] {
  return [...dropped].flatMap((on) =>
    foreignKeysTo(root, on)
      .filter(({ table }) => !dropped.has(table))
      .map(({ table, constraint }) => {
        return { on, table, constraint, shown: `constraint ${constraint.name} on table ${table.name}` }
      }),
  )
}

/** Who writes the other side of a foreign key that goes must end first too. */
function locksOfDrop(
  root: CatalogRoot,
  dropped: ReadonlySet<TableDescriptor>,
  constraints: readonly Dependent[],
): DdlPlan['locks'] {
  const ids = new Set([...dropped].map(({ id }) => id))
  for (const { table } of constraints) ids.add(table.id)
  for (const table of dropped) {
    for (const { referencedTableId } of foreignKeys(table)) {
      if (root.tableById(referencedTableId) !== null) ids.add(referencedTableId)
    }
  }
  return [...ids].map((tableId) => ({ tableId, mode: TableMode.ACCESS_EXCLUSIVE }))
}

function dropIndexes(statement: ast.DropIndex, root: CatalogRoot): DdlPlan {
  const notices: string[] = []
  const dropped = new Map<number, number>()
  for (const name of statement.indexes) {
    checkSchema(name)
    const relation = root.relation(name.name)
    if (relation === null) {
      if (!statement.ifExists) throw undefinedRelationToDrop('index', name.name, name.position)
      notices.push(`index "${name.name}" does not exist, skipping`)
    } else if (relation.kind === 'table') throw wrongRelationKind(name.name, 'an index', name.position)
    else {
      const { index, table } = relation
      if (index.constraint) throw indexBelongsToConstraint(index.name, table.name, name.position)
      const dependents = foreignKeysTo(root, table).filter((key) => key.constraint.referencedIndexId === index.id)
      if (dependents.length > 0) {
        if (statement.cascade) throw featureNotSupported('DROP INDEX … CASCADE', { position: name.position + 1 })
        const shown = dependents.map((key) => `constraint ${key.constraint.name} on table ${key.table.name}`)
        throw dependentObjects(`index ${index.name}`, shown, name.position)
      }
      dropped.set(index.id, table.id)
    }
  }
  return {
    changes: [...dropped].map(([indexId, tableId]): CatalogChange => ({ kind: 'dropIndex', tableId, indexId })),
    locks: [...dropped.values()].map((tableId) => ({ tableId, mode: TableMode.ACCESS_EXCLUSIVE })),
    notices,
  }
}
