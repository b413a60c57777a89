/** CREATE TABLE: column definitions and constraints to a descriptor, checked as PostgreSQL checks them. */
import type {
  CatalogRoot,
  ColumnDescriptor,
  ConstraintDescriptor,
  IndexDescriptor,
  TableDescriptor,
} from '../catalog/index.ts'
import {
  conflictingColumnConstraints,
  defaultTypeMismatch,
  duplicateColumn,
  duplicateConstraint,
  duplicateKeyColumn,
  duplicateTable,
  featureNotSupported,
  invalidTableDefinition,
  tooManyColumns,
  undefinedAccessMethod,
  undefinedKeyColumn,
} from '../errors.ts'
import type * as ast from '../parser/ast.ts'
import { deparse } from '../parser/index.ts'
import { resolveTypeName, typeName } from '../types/registry.ts'
import { at, BindContext } from './bindContext.ts'
import { ExpressionBinder } from './bindExpression.ts'
import { columnsIn } from './expressionTree.ts'
import { describeForeignKey } from './foreignKeyDefinition.ts'
import type { ForeignKeyClause } from './foreignKeyDefinition.ts'
import type { Attribute } from './logical.ts'
import { chooseName } from './objectNames.ts'
import { Parameters } from './parameters.ts'
import { Scope } from './scope.ts'

const MAX_COLUMNS = 1600

/** The table has no tables to look at: its expressions see its own columns only. */
const noTables = { table: () => null }

export function describeTable(statement: ast.CreateTable, root: CatalogRoot): TableDescriptor {
  return new TableDefinition(statement, root).describe()
}

interface Key {
  readonly kind: 'primaryKey' | 'unique'
  readonly name: string | null
  readonly columns: readonly ast.ColumnName[]
  readonly position: number
}

class TableDefinition {
  readonly #statement: ast.CreateTable
  readonly #root: CatalogRoot
  readonly #context: BindContext
  readonly #columns: ColumnDescriptor[] = []
  readonly #attributes: Attribute[] = []
  readonly #constraints: ConstraintDescriptor[] = []
  readonly #indexes: IndexDescriptor[] = []
  readonly #keys: Key[] = []
  readonly #foreignKeys: ForeignKeyClause[] = []

  constructor(statement: ast.CreateTable, root: CatalogRoot) {
    this.#statement = statement
    this.#root = root
    this.#context = new BindContext(root, noTables, new Parameters(0, null))
  }

  describe(): TableDescriptor {
    const { table, using, columns, position } = this.#statement
    if (using !== null && using !== 'row' && using !== 'heap') {
      if (using === 'column') throw featureNotSupported('USING COLUMN', { position: position + 1 })
      throw undefinedAccessMethod(using, position)
    }
    if (columns.length > MAX_COLUMNS) throw tooManyColumns('a table', MAX_COLUMNS, position)
    for (const column of columns) this.#addColumn(column)
    for (const column of columns) this.#addColumnConstraints(column)
    for (const constraint of this.#statement.constraints) this.#addTableConstraint(constraint)
    this.#addKeys()
    const described: TableDescriptor = {
      id: this.#root.nextId,
      schema: 'public',
      name: table.name,
      columns: this.#columns,
      constraints: this.#constraints,
      indexes: this.#indexes,
    }
    for (const clause of this.#foreignKeys) this.#constraints.push(describeForeignKey(clause, described, this.#root))
    return described
  }

  #addColumn({ name, type, position }: ast.ColumnDefinition): void {
    if (this.#columns.some((column) => column.name === name)) throw duplicateColumn(name, position)
    if (type.schema !== null && type.schema !== 'pg_catalog') {
      throw featureNotSupported(`a type of schema "${type.schema}"`, { position: type.position + 1 })
    }
    const resolved = at(type.position, () => resolveTypeName(type.name, type.modifiers))
    if (resolved.kind === 'unknown') throw invalidTableDefinition(`column "${name}" has pseudo-type unknown`, position)
    this.#columns.push({ name, type: resolved, notNull: false, default: null })
    this.#attributes.push(this.#context.attribute(name, resolved, true))
  }

  #change(ordinal: number, change: Partial<ColumnDescriptor>): void {
    this.#columns[ordinal] = { ...this.#columns[ordinal]!, ...change }
  }

  // ---------------------------------------------------------------------------------------- column constraints

  #addColumnConstraints(definition: ast.ColumnDefinition): void {
    const { name, constraints } = definition
    const ordinal = this.#columns.findIndex((column) => column.name === name)
    const table = this.#statement.table.name
    for (const constraint of constraints) {
      const { kind, position } = constraint
      switch (kind) {
        case 'not_null':
          this.#change(ordinal, { notNull: true })
          break
        case 'null':
          break
        case 'default': {
          if (this.#columns[ordinal]!.default !== null) {
            const message = `multiple default values specified for column "${name}" of table "${table}"`
            throw conflictingColumnConstraints(message, position)
          }
          this.#change(ordinal, { default: this.#defaultText(constraint.expression, this.#columns[ordinal]!) })
          break
        }
        case 'primary_key':
        case 'unique': {
          const columns = [{ name, position }]
          this.#keys.push({
            kind: kind === 'unique' ? 'unique' : 'primaryKey',
            name: constraint.name,
            columns,
            position,
          })
          break
        }
        case 'check':
          this.#addCheck(constraint.name, constraint.expression, position)
          break
        case 'foreign_key':
          this.#foreignKeys.push({ ...constraint, columns: [{ name, position }] })
          break
      }
    }
    const nullable = constraints.find((constraint) => constraint.kind === 'null')
    const notNull = constraints.some(
      (constraint) => constraint.kind === 'not_null' || constraint.kind === 'primary_key',
    )
    if (nullable !== undefined && notNull) {
      const message = `conflicting NULL/NOT NULL declarations for column "${name}" of table "${table}"`
      throw conflictingColumnConstraints(message, nullable.position)
    }
  }

  #defaultText(e: ast.Expression, column: ColumnDescriptor): string {
    const scope = Scope.empty.forbidding('cannot use column reference in DEFAULT expression')
    const binder = new ExpressionBinder(this.#context, scope, { clause: 'DEFAULT expressions', aggregates: null })
    const bound = binder.bind(e)
    if (!binder.coercion.canAssign(bound, column.type)) {
      throw defaultTypeMismatch(column.name, typeName(column.type), typeName(bound.type), e.position)
    }
    binder.coercion.cast(bound, column.type, 'assignment', e.position)
    return deparse(e)
  }

  #addCheck(name: string | null, e: ast.Expression, position: number): void {
    const table = this.#statement.table.name
    const scope = Scope.ofTable({ name: table, attributes: this.#attributes, descriptor: null })
    const binder = new ExpressionBinder(this.#context, scope, { clause: 'CHECK constraints', aggregates: null })
    const bound = binder.boolean(e, 'CHECK')
    if (name !== null && this.#hasConstraint(name)) throw duplicateConstraint(table, name, position)
    const columns = [...columnsIn(bound)]
    const only = columns.length === 1 ? this.#attributes.find((attribute) => attribute.id === columns[0]) : undefined
    const chosen = name ?? chooseName(table, only?.name ?? null, 'check', (candidate) => this.#hasConstraint(candidate))
    this.#constraints.push({ kind: 'check', name: chosen, expression: deparse(e) })
  }

  #hasConstraint(name: string): boolean {
    return this.#constraints.some((constraint) => constraint.name === name)
  }

  // ----------------------------------------------------------------------------------------- table constraints

  #addTableConstraint(constraint: ast.TableConstraint): void {
    const { kind, name, position } = constraint
    if (kind === 'check') this.#addCheck(name, constraint.expression, position)
    else if (kind === 'foreign_key') this.#foreignKeys.push(constraint)
    else {
      const { columns } = constraint
      this.#keys.push({ kind: kind === 'unique' ? 'unique' : 'primaryKey', name, columns, position })
    }
  }

  /** The primary key's index first, as it is the one that is used most. */
  #addKeys(): void {
    const primary = this.#keys.filter((key) => key.kind === 'primaryKey')
    const { name } = this.#statement.table
    if (primary.length > 1) {
      throw invalidTableDefinition(`multiple primary keys for table "${name}" are not allowed`, primary[1]!.position)
    }
    for (const key of [...primary, ...this.#keys.filter((other) => other.kind === 'unique')]) this.#addKey(key)
  }

  #addKey(key: Key): void {
    const table = this.#statement.table.name
    const columns: number[] = []
    for (const { name, position } of key.columns) {
      const ordinal = this.#columns.findIndex((column) => column.name === name)
      if (ordinal < 0) throw undefinedKeyColumn(name, position)
      if (columns.includes(ordinal)) throw duplicateKeyColumn(name, key.kind, position)
      columns.push(ordinal)
      if (key.kind === 'primaryKey') this.#change(ordinal, { notNull: true })
    }
    const isTaken = (name: string): boolean =>
      name === table || this.#root.relation(name) !== null || this.#hasConstraint(name)
    if (key.name !== null) {
      if (this.#hasConstraint(key.name)) throw duplicateConstraint(table, key.name, key.position)
      if (isTaken(key.name)) throw duplicateTable(key.name, key.position)
    }
    const part = key.kind === 'primaryKey' ? null : key.columns.map((column) => column.name).join('_')
    const name = key.name ?? chooseName(table, part, key.kind === 'primaryKey' ? 'pkey' : 'key', isTaken)
    this.#constraints.push({ kind: key.kind, name, columns })
    const id = this.#root.nextId + 1 + this.#indexes.length
    this.#indexes.push({ id, name, unique: true, columns, constraint: true })
  }
}
