import { syntaxError } from '../errors.ts'
import type { DatabaseError } from '../errors.ts'
import type { Token } from './tokens.ts'

export function explainFailure(
  sql: string,
  tokens: readonly Token[],
  offset: number | null,
  semicolon: number | null,
): DatabaseError {
  if (offset === null)
    return semicolon === null
      ? syntaxError('syntax error', null, sql.length)
      : syntaxError('syntax error', ';', semicolon)
  const token = tokens.find((t) => t.startOffset === offset)
  return syntaxError('syntax error', token?.image ?? null, offset)
}
