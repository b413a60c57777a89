/** The type that several expressions of a text share (CASE, COALESCE, GREATEST …), and where in the text they do not. */
import type { Expression } from '../executor/expression.ts'
import type * as ast from '../parser/ast.ts'
import { commonType } from '../types/commonType.ts'
import type { SqlType } from '../types/sqlType.ts'
import { at } from './bindContext.ts'
import { leftmostPosition } from './leftmostPosition.ts'

/** Throws 42804 at the first expression whose type does not meet those before it. */
export function commonTypeOf(
  sources: readonly ast.Expression[],
  bound: readonly Expression[],
  construct: string,
): SqlType {
  const types = bound.map(({ type }) => type)
  try {
    return commonType(types, construct)
  } catch (error) {
    for (const [i, source] of sources.entries()) {
      at(leftmostPosition(source), () => commonType(types.slice(0, i + 1), construct))
    }
    throw error
  }
}
