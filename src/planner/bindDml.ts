/**
 * INSERT, UPDATE, DELETE. Values are cast to their columns as assignments (42804 where even that is not allowed), what is
 * not given is the column's default, and RETURNING sees the row as it was written.
 */
import type { TableDescriptor } from '../catalog/index.ts'
import { assignmentTypeMismatch, duplicateColumn, insertColumnCount } from '../errors.ts'
import type { Expression } from '../executor/expression.ts'
import type { RowCheck } from '../executor/plan.ts'
import type * as ast from '../parser/ast.ts'
import { typeName } from '../types/registry.ts'
import type { Assignments } from './bindAssignments.ts'
import { assign, bindAssignments, checksAfter, scopeOf, targetColumn } from './bindAssignments.ts'
import type { BindContext } from './bindContext.ts'
import { ExpressionBinder } from './bindExpression.ts'
import { getTable } from './bindFrom.ts'
import type { BoundOnConflict } from './bindOnConflict.ts'
import { bindOnConflict } from './bindOnConflict.ts'
import { bindQuery, starColumns } from './bindQuery.ts'
import type { Attribute, Get, LogicalPlan, ProjectionItem } from './logical.ts'
import { columnOf } from './logical.ts'
import { isNullable } from './nullability.ts'
import { outputName } from './outputName.ts'
import { Scope } from './scope.ts'
import { defaultValue, rowChecks } from './storedExpression.ts'

/** Over the attributes of `target`. */
export type BoundReturning = readonly ProjectionItem[] | null

export interface BoundInsert {
  readonly kind: 'insert'
  readonly target: Get
  /** Yields a column for each of the table's, in order. */
  readonly input: LogicalPlan
  readonly output: readonly Attribute[]
  readonly checks: readonly RowCheck[]
  readonly onConflict: BoundOnConflict | null
  readonly returning: BoundReturning
}

export interface BoundUpdate {
  readonly kind: 'update'
  readonly target: Get
  readonly input: LogicalPlan
  readonly set: Assignments
  readonly checks: readonly RowCheck[]
  readonly returning: BoundReturning
}

export interface BoundDelete {
  readonly kind: 'delete'
  readonly target: Get
  readonly input: LogicalPlan
  readonly returning: BoundReturning
}

// ------------------------------------------------------------------------------------------------------- INSERT

export function bindInsert(context: BindContext, insert: ast.Insert): BoundInsert {
  const target = getTable(context, insert.table, insert.alias, 'read')
  const { descriptor } = target
  const columns = targetColumns(descriptor, insert)
  const { source } = insert
  const bound =
    source.kind === 'insert_values' || source.kind === 'default_values'
      ? insertRows(context, descriptor, columns, insert.columns, source)
      : insertQuery(context, descriptor, columns, source)
  const checks = rowChecks(context, descriptor)
  const onConflict = insert.onConflict === null ? null : bindOnConflict(context, target, insert.onConflict, checks)
  const returning = bindReturning(context, target, insert.returning)
  return { kind: 'insert', target, ...bound, checks, onConflict, returning }
}

/** Ordinals of the columns that get a value, in the order of the values. */
function targetColumns(table: TableDescriptor, insert: ast.Insert): readonly number[] {
  if (insert.columns === null) return table.columns.map((_, i) => i)
  const ordinals: number[] = []
  for (const { name, position } of insert.columns) {
    const ordinal = targetColumn(table, name, position)
    if (ordinals.includes(ordinal)) throw duplicateColumn(name, position)
    ordinals.push(ordinal)
  }
  return ordinals
}

interface InsertInput {
  readonly input: LogicalPlan
  readonly output: readonly Attribute[]
}

function insertRows(
  context: BindContext,
  table: TableDescriptor,
  columns: readonly number[],
  names: ast.Insert['columns'],
  source: ast.InsertValues | ast.InsertDefaults,
): InsertInput {
  const binder = new ExpressionBinder(context, Scope.empty, { clause: 'VALUES', aggregates: null })
  const defaults = table.columns.map((column) => defaultValue(context, column))
  const rows = (source.kind === 'default_values' ? [[]] : source.rows).map((row) => {
    const extra = row[columns.length]
    if (extra !== undefined) throw insertColumnCount('expressions', extra.position)
    const named = source.kind === 'insert_values' && row.length < columns.length
    const cells = [...defaults]
    if (named && !isImplicitPrefix(table, columns)) {
      throw insertColumnCount('target columns', names?.[row.length]?.position ?? source.position)
    }
    for (const [i, value] of row.entries()) {
      const ordinal = columns[i]!
      if (value.kind !== 'default') cells[ordinal] = assign(binder, value, table, ordinal)
    }
    return cells
  })
  const output = table.columns.map((column, i) =>
    context.attribute(
      column.name,
      column.type,
      rows.some((row) => isNullable(row[i]!)),
    ),
  )
  return { input: { kind: 'rows', rows, attributes: output }, output }
}

/** Without a column list, VALUES may be shorter than the table. */
function isImplicitPrefix(table: TableDescriptor, columns: readonly number[]): boolean {
  return columns.length === table.columns.length && columns.every((ordinal, i) => ordinal === i)
}

function insertQuery(
  context: BindContext,
  table: TableDescriptor,
  columns: readonly number[],
  source: ast.Query,
): InsertInput {
  const query = bindQuery(
    context,
    source,
    columns.map((ordinal) => table.columns[ordinal]!.type),
  )
  if (query.output.length > columns.length) throw insertColumnCount('expressions', source.position)
  if (query.output.length < columns.length && !isImplicitPrefix(table, columns)) {
    throw insertColumnCount('target columns', source.position)
  }
  const binder = new ExpressionBinder(context, Scope.empty, { clause: 'INSERT', aggregates: null })
  const items = table.columns.map((column, ordinal) => {
    const given = query.output[columns.indexOf(ordinal)]
    let expression: Expression
    if (given === undefined) expression = defaultValue(context, column)
    else {
      const value = columnOf(given)
      if (!binder.coercion.canAssign(value, column.type)) {
        throw assignmentTypeMismatch(column.name, typeName(column.type), typeName(value.type), source.position)
      }
      expression = binder.coercion.cast(value, column.type, 'assignment', source.position)
    }
    return { expression, attribute: context.attribute(column.name, column.type, isNullable(expression)) }
  })
  return { input: { kind: 'projection', input: query.plan, items }, output: items.map((item) => item.attribute) }
}

// ----------------------------------------------------------------------------------------------- UPDATE, DELETE

export function bindUpdate(context: BindContext, update: ast.Update): BoundUpdate {
  const target = getTable(context, update.table, update.alias, 'write')
  const { descriptor } = target
  const scope = scopeOf(target)
  const set = bindAssignments(context, descriptor, scope, update.assignments)
  const input = filtered(context, target, scope, update.where)
  const checks = checksAfter(set, rowChecks(context, descriptor))
  return { kind: 'update', target, input, set, checks, returning: bindReturning(context, target, update.returning) }
}

export function bindDelete(context: BindContext, statement: ast.Delete): BoundDelete {
  const target = getTable(context, statement.table, statement.alias, 'write')
  const input = filtered(context, target, scopeOf(target), statement.where)
  return { kind: 'delete', target, input, returning: bindReturning(context, target, statement.returning) }
}

function filtered(context: BindContext, target: Get, scope: Scope, where: ast.Expression | null): LogicalPlan {
  if (where === null) return target
  const binder = new ExpressionBinder(context, scope, { clause: 'WHERE', aggregates: null })
  return { kind: 'selection', input: target, predicate: binder.boolean(where, 'WHERE') }
}

// ---------------------------------------------------------------------------------------------------- RETURNING

function bindReturning(context: BindContext, target: Get, items: readonly ast.SelectItem[]): BoundReturning {
  if (items.length === 0) return null
  const scope = scopeOf(target)
  const binder = new ExpressionBinder(context, scope, { clause: 'RETURNING', aggregates: null })
  return items.flatMap(({ expression: e, alias }) => {
    if (e.kind === 'star') {
      return starColumns(e, scope).map((attribute) => ({ attribute, expression: columnOf(attribute) }))
    }
    const expression = binder.value(e)
    const name = alias ?? outputName(e)
    return [{ expression, attribute: context.attribute(name, expression.type, isNullable(expression)) }]
  })
}
