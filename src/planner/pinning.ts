/**
 * Statements in which expressions are compared with one another: `SELECT k + 1 … GROUP BY k + 1`. There the values of
 * all literals belong to the plan, for two lifted literals are never known to be equal (D9 asks only for the pattern of
 * equal slots in the key; their values are a finer key, so at worst a plan more is made).
 */
import type { Expression, FromItem, Query, Statement } from '../parser/ast.ts'

export function comparesExpressions(statement: Statement): boolean {
  switch (statement.kind) {
    case 'select':
    case 'values':
      return queryCompares(statement)
    case 'insert':
      return statement.source.kind === 'select' && queryCompares(statement.source)
    default:
      return false
  }
}

function queryCompares(query: Query): boolean {
  if (query.kind === 'values') return false
  if (query.groupBy.some((key) => !isSimple(key))) return true
  if (query.distinct && query.orderBy.some((item) => !isSimple(item.expression))) return true
  return query.from.some(itemCompares)
}

function itemCompares(item: FromItem): boolean {
  switch (item.kind) {
    case 'table':
    case 'table_function':
      return false
    case 'derived':
      return queryCompares(item.query)
    case 'join':
      return itemCompares(item.left) || itemCompares(item.right)
  }
}

function isSimple(expression: Expression): boolean {
  return expression.kind === 'column' || expression.kind === 'integer'
}
