/**
 * Operators as data: for each operator and pair of operand types, which casts, which operation, which result type. The
 * binder looks them up with PostgreSQL's rules of resolution; the code generator inlines what has an `intrinsic` it knows,
 * and calls the checked function for the rest (and whenever an inlined operation leaves its fast path).
 *
 * Intrinsics, over operands that are not null:
 *
 * | name                                   | fast path                                                              |
 * | -------------------------------------- | ---------------------------------------------------------------------- |
 * | `native=` `native<>` `native<` …       | JavaScript's `===` `!==` `<` `<=` `>` `>=` are right as they are       |
 * | `int2+` `int2-` `int2*`                | the result is within -32768 … 32767; then `+ 0`                        |
 * | `int4+` `int4-` `int4*`                | the result is within -2147483648 … 2147483647; then `+ 0`              |
 * | `int8+ - *`, `fixed+ - *`              | both numbers and the result is a safe integer; then `+ 0`              |
 * | `float8+` `float8-`                    | the result is finite; then `+ 0`                                       |
 * | `float8*`                              | the result is finite and not 0                                         |
 * | `int8negate` `fixednegate`             | a number: `0 - a`                                                      |
 * | `float8negate`                         | `0 - a`                                                                |
 * | `scaleUp<k>` (a cast)                  | a number and a × 10^k is a safe integer; then `+ 0`                    |
 * | `toNumber` (a cast)                    | `Number(a)`                                                            |
 *
 * `+ 0` turns -0 into 0. Every other operation goes through `call`.
 */
import { ambiguousOperator, undefinedOperator } from '../errors.ts'
import { ARITHMETIC } from './operators/arithmetic.ts'
import { COMPARISONS } from './operators/comparison.ts'
import { STRING_OPERATORS } from './operators/strings.ts'
import { resolveOverload } from './overloadResolution.ts'
import { isText, typeName } from './registry.ts'
import type { Overload, ResolvedCall } from './resolvedCall.ts'
import type { SqlType } from './sqlType.ts'

const OPERATORS = new Map<string, Overload[]>()
for (const [name, overloads] of [...ARITHMETIC, ...COMPARISONS, ...STRING_OPERATORS]) {
  OPERATORS.set(name, [...(OPERATORS.get(name) ?? []), ...overloads])
}

/** An infix operator over these operand types. Throws 42883 and 42725. */
export function resolveOperator(name: string, left: SqlType, right: SqlType): ResolvedCall {
  const overloads = OPERATORS.get(name === '!=' ? '<>' : name) ?? []
  // An unknown operand takes the other one's type if there is an operator for two of that type.
  const same = left.kind === 'unknown' ? right : right.kind === 'unknown' ? left : null
  if (same !== null && same.kind !== 'unknown') {
    const assumed = overloads.find(
      ({ parameters }) => parameters.length === 2 && parameters.every(({ kind }) => kind === same.kind),
    )
    if (assumed !== undefined) return assumed.resolve([left, right])
  }
  const signature = (): string => `${typeName(left)} ${name} ${typeName(right)}`
  const bothUnknown = left.kind === 'unknown' && right.kind === 'unknown'
  if (bothUnknown && overloads.length > 0 && !overloads.some(takesStrings)) throw ambiguousOperator(signature())
  return resolve(overloads, [left, right], signature)
}

function takesStrings({ parameters }: Overload): boolean {
  return parameters.length === 2 && parameters.every(isText)
}

/** A prefix operator. Throws 42883 and 42725. */
export function resolvePrefixOperator(name: string, operand: SqlType): ResolvedCall {
  return resolve(OPERATORS.get(name) ?? [], [operand], () => `${name} ${typeName(operand)}`)
}

function resolve(overloads: readonly Overload[], operands: readonly SqlType[], signature: () => string): ResolvedCall {
  const found = resolveOverload(overloads, operands)
  if (found === 'none') throw undefinedOperator(signature())
  if (found === 'ambiguous') throw ambiguousOperator(signature())
  return found.resolve(operands)
}

/** The `=` of two values of one type, for IN lists, IS DISTINCT FROM, DISTINCT and joins. */
export function equalityOf(type: SqlType): (a: never, b: never) => boolean {
  return resolveOperator('=', type, type).call as (a: never, b: never) => boolean
}
