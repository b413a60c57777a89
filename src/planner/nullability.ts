/** Whether an expression can be null: code for what cannot is shorter (three-valued logic costs nothing then). */
import type { Expression } from '../executor/expression.ts'

/** False only if it can be shown. */
export function isNullable(e: Expression): boolean {
  switch (e.kind) {
    case 'column':
      return e.nullable
    case 'constant':
      return e.value === null
    case 'parameter':
      return true
    case 'call':
      // A strict function may still choose to return null; an operation with inline code never does.
      return e.intrinsic === null || !e.strict || e.args.some(isNullable)
    case 'nullTest':
    case 'booleanTest':
    case 'distinctFrom':
      return false
    case 'and':
    case 'or':
      return e.args.some(isNullable)
    case 'not':
      return isNullable(e.arg)
    case 'coalesce':
    case 'greatest':
    case 'least':
      return e.args.every(isNullable)
    case 'case':
      return e.otherwise === null || isNullable(e.otherwise) || e.branches.some(({ then }) => isNullable(then))
    case 'inList':
      return isNullable(e.arg) || e.list.some(isNullable)
  }
}
