/** Defaults and checks: expressions that the catalog keeps as text, bound again in the statement that uses them. */
import { assert } from '../assert.ts'
import type { ColumnDescriptor, TableDescriptor } from '../catalog/index.ts'
import type { Expression } from '../executor/expression.ts'
import type { RowCheck } from '../executor/plan.ts'
import type * as ast from '../parser/ast.ts'
import { parseStatement } from '../parser/index.ts'
import type { BindContext } from './bindContext.ts'
import { ExpressionBinder } from './bindExpression.ts'
import { constant } from './coerce.ts'
import { mapColumns } from './expressionTree.ts'
import { Scope } from './scope.ts'

function parseExpression(text: string): ast.Expression {
  const { statement } = parseStatement(`SELECT ${text}`)
  const item = statement.kind === 'select' ? statement.items[0] : undefined
  assert(item !== undefined && item.expression.kind !== 'star', `an expression: ${text}`)
  return item.expression
}

/** What a column gets that INSERT does not name; null of its type without a DEFAULT. */
export function defaultValue(context: BindContext, column: ColumnDescriptor): Expression {
  if (column.default === null) return constant(null, column.type)
  const binder = new ExpressionBinder(context, Scope.empty, { clause: 'DEFAULT expressions', aggregates: null })
  return binder.assigned(parseExpression(column.default), column.type, 'DEFAULT')
}

/** The NOT NULL and CHECK constraints of a table; the predicates refer to columns by ordinal. */
export function rowChecks(context: BindContext, table: TableDescriptor): readonly RowCheck[] {
  const checks: RowCheck[] = []
  for (const [column, { name, notNull }] of table.columns.entries()) {
    if (notNull) checks.push({ kind: 'notNull', constraint: `${table.name}_${name}_not_null`, column, predicate: null })
  }
  const attributes = table.columns.map((column) => context.attribute(column.name, column.type, !column.notNull))
  const scope = Scope.ofTable({ name: table.name, attributes, descriptor: table })
  const binder = new ExpressionBinder(context, scope, { clause: 'CHECK constraints', aggregates: null })
  for (const constraint of table.constraints) {
    if (constraint.kind !== 'check') continue
    const bound = binder.boolean(parseExpression(constraint.expression), 'CHECK')
    const first = attributes[0]?.id ?? 0
    const predicate = mapColumns(bound, (column) => ({ ...column, column: column.column - first }))
    checks.push({ kind: 'check', constraint: constraint.name, column: null, predicate })
  }
  return checks
}
