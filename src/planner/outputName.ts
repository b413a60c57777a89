/** The name of an output column without AS, as PostgreSQL chooses it (FigureColname). */
import type { Expression } from '../parser/ast.ts'

export function outputName(e: Expression): string {
  return strongName(e) ?? weakName(e) ?? '?column?'
}

/** The name of a column or function, also from within casts and the ELSE of CASE. */
function strongName(e: Expression): string | null {
  switch (e.kind) {
    case 'column':
    case 'function':
      return e.name
    case 'cast':
      return strongName(e.operand)
    case 'case':
      return e.otherwise === null ? null : strongName(e.otherwise)
    default:
      return null
  }
}

/** What serves if there is no such name: the outermost cast's type, or `case`. */
function weakName(e: Expression): string | null {
  return e.kind === 'cast' ? e.type.name : e.kind === 'case' ? 'case' : null
}
