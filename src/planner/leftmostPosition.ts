/**
 * Where PostgreSQL points when a whole expression has the wrong type (exprLocation): at its leftmost token. An operator
 * that does not exist is shown at the operator's own place instead, which is the node's `position`.
 */
import type * as ast from '../parser/ast.ts'

export function leftmostPosition(e: ast.Expression): number {
  // A literal of a written type (date '…', CAST('…' AS date)) is a constant, which stands where its string stands.
  if (e.kind === 'cast' && e.operand.kind === 'string') return e.operand.position
  let { position } = e
  for (let next = leftOperand(e); next !== null; next = leftOperand(next)) position = Math.min(position, next.position)
  return position
}

/** What may stand to the left of the node's own token. */
function leftOperand(e: ast.Expression): ast.Expression | null {
  switch (e.kind) {
    case 'binary':
    case 'is_distinct':
      return e.left
    case 'logical':
      return e.operands[0] ?? null
    case 'is':
    case 'between':
    case 'in':
    case 'like':
    case 'cast':
      return e.operand
    default:
      return null
  }
}
