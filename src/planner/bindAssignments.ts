/** The values that INSERT and UPDATE give to columns: which column is meant, and the value in its type. */
import { columnOrdinal } from '../catalog/index.ts'
import type { TableDescriptor } from '../catalog/index.ts'
import { similarName } from '../catalog/similarName.ts'
import { assignedTwice, assignmentTypeMismatch, undefinedTargetColumn } from '../errors.ts'
import type { Expression } from '../executor/expression.ts'
import type { RowCheck } from '../executor/plan.ts'
import type * as ast from '../parser/ast.ts'
import { typeName } from '../types/registry.ts'
import type { BindContext } from './bindContext.ts'
import { ExpressionBinder } from './bindExpression.ts'
import { leftmostPosition } from './leftmostPosition.ts'
import type { Get } from './logical.ts'
import { Scope } from './scope.ts'
import { defaultValue } from './storedExpression.ts'

export type Assignments = readonly { readonly column: number; readonly value: Expression }[]

export function scopeOf(target: Get): Scope {
  return Scope.ofTable({ name: target.name, attributes: target.attributes, descriptor: target.descriptor })
}

/** Throws 42703. */
export function targetColumn(table: TableDescriptor, name: string, position: number): number {
  const ordinal = columnOrdinal(table, name)
  if (ordinal >= 0) return ordinal
  const names = table.columns.map((column) => column.name)
  throw undefinedTargetColumn(table.name, name, similarName(name, names), position)
}

/** Throws 42804. */
export function assign(
  binder: ExpressionBinder,
  e: ast.Expression,
  table: TableDescriptor,
  ordinal: number,
): Expression {
  const column = table.columns[ordinal]!
  const bound = binder.bind(e)
  if (!binder.coercion.canAssign(bound, column.type)) {
    throw assignmentTypeMismatch(column.name, typeName(column.type), typeName(bound.type), leftmostPosition(e))
  }
  return binder.coercion.cast(bound, column.type, 'assignment', e.position)
}

/** What is set, by ascending column. */
export function bindAssignments(
  context: BindContext,
  table: TableDescriptor,
  scope: Scope,
  assignments: readonly ast.Assignment[],
): Assignments {
  const binder = new ExpressionBinder(context, scope, { clause: 'UPDATE', aggregates: null })
  const set: { column: number; value: Expression }[] = []
  for (const { column: name, value, position } of assignments) {
    const column = targetColumn(table, name, position)
    if (set.some((other) => other.column === column)) throw assignedTwice(name, position)
    const expression =
      value.kind === 'default' ? defaultValue(context, table.columns[column]!) : assign(binder, value, table, column)
    set.push({ column, value: expression })
  }
  return set.sort((a, b) => a.column - b.column)
}

/** The checks that an update of these columns can break. */
export function checksAfter(set: Assignments, checks: readonly RowCheck[]): readonly RowCheck[] {
  const touched = new Set(set.map(({ column }) => column))
  return checks.filter(({ column }) => column === null || touched.has(column))
}
