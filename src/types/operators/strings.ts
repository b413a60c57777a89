/** The operators || and LIKE (`~~`, `!~~`, `~~*`, `!~~*`, as PostgreSQL calls them). */
import { stringResult } from '../functions/stringBounds.ts'
import { likeTest } from '../like.ts'
import { BOOLEAN, DATE, DECIMAL, FLOAT8, INT2, INT4, INT8, TEXT, TIMESTAMP } from '../registry.ts'
import { overload, scaledOverload } from '../resolvedCall.ts'
import type { Overload } from '../resolvedCall.ts'

function concatenate(a: string, b: string): string {
  return stringResult(a + b)
}

const CONCATENATION = { parameters: [TEXT, TEXT], result: TEXT, call: concatenate }

/** anynonarray || text and text || anynonarray: the other side becomes text by its cast. */
const NON_TEXT = [BOOLEAN, INT2, INT4, INT8, FLOAT8, DECIMAL, DATE, TIMESTAMP]

function like(name: string, caseInsensitive: boolean, negated: boolean): readonly [string, readonly Overload[]] {
  const call = (text: string, pattern: string): boolean => likeTest(text, pattern, '\\', caseInsensitive) !== negated
  return [name, [overload({ name, parameters: [TEXT, TEXT], result: BOOLEAN, call })]]
}

/** Name and overloads. */
export const STRING_OPERATORS: readonly (readonly [string, readonly Overload[]])[] = [
  [
    '||',
    [
      overload({ name: '||', ...CONCATENATION, intrinsic: null }),
      ...NON_TEXT.map((type) => scaledOverload('||', [type, TEXT], () => CONCATENATION)),
      ...NON_TEXT.map((type) => scaledOverload('||', [TEXT, type], () => CONCATENATION)),
    ],
  ],
  like('~~', false, false),
  like('!~~', false, true),
  like('~~*', true, false),
  like('!~~*', true, true),
]
