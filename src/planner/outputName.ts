/** The name of an output column without AS, as PostgreSQL chooses it (FigureColname). */
import type { Expression } from '../parser/ast.ts'

export function outputName(e: Expression): string {
  return nameOf(e) ?? '?column?'
}

function nameOf(e: Expression): string | null {
  switch (e.kind) {
    case 'column':
    case 'function':
      return e.name
    case 'cast':
      return nameOf(e.operand) ?? e.type.name
    case 'case':
      return (e.otherwise === null ? null : nameOf(e.otherwise)) ?? 'case'
    case 'boolean':
      return 'bool'
    default:
      return null
  }
}
