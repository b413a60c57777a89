/**
 * Comparisons that an index can answer: `column op bound`, where the bound has no columns. The index orders values of the
 * column's own type, while the comparison may happen in another one (an int4 column against an int8, a numeric, a
 * timestamp): then the column stands under a cast, and the bound is brought over to the column's type instead:
 *
 * | comparison     | bound 1.5 of an integer column | rounding                            |
 * | -------------- | ------------------------------ | ----------------------------------- |
 * | x = 1.5        | no row                         | null if it is not exact             |
 * | x > 1.5        | x > 1                          | down                                |
 * | x <= 1.5       | x <= 1                         | down                                |
 * | x >= 1.5       | x >= 2                         | up                                  |
 * | x < 1.5        | x < 2                          | up                                  |
 *
 * A bound beyond the column's range becomes one just outside of it. Only casts that keep order and lose nothing are
 * looked through: integers and scaled integers to finer scales, to Decimal, int2 and int4 to float8, date to timestamp.
 */
import { assert } from '../assert.ts'
import { evaluate } from '../executor/evaluate.ts'
import type { CallExpression, ColumnExpression, Expression } from '../executor/expression.ts'
import { powerOfTen } from '../types/bigintArithmetic.ts'
import { demote } from '../types/bigintArithmetic.ts'
import type { Decimal } from '../types/decimal.ts'
import { isInteger, isText } from '../types/registry.ts'
import type { SqlType } from '../types/sqlType.ts'
import type { Value } from '../types/value.ts'
import { constant } from './coerce.ts'
import { hasColumns, isVolatile } from './expressionTree.ts'

export type ComparisonOperator = '=' | '<' | '<=' | '>' | '>='

/** `attribute op value`, with the value in the attribute's own type. */
export interface IndexableComparison {
  readonly attribute: number
  readonly operator: ComparisonOperator
  readonly value: Expression
  readonly predicate: Expression
}

const MIRRORED: Readonly<Record<ComparisonOperator, ComparisonOperator>> = {
  '=': '=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
}

function isComparison(name: string): name is ComparisonOperator {
  return name in MIRRORED
}

/** Null if no index can answer the predicate. */
export function indexableComparison(
  predicate: Expression,
  typeOf: (attribute: number) => SqlType | null,
): IndexableComparison | null {
  if (predicate.kind !== 'call' || predicate.args.length !== 2 || !isComparison(predicate.name)) return null
  const [left, right] = predicate.args as [Expression, Expression]
  return (
    comparison(predicate, left, predicate.name, right, typeOf) ??
    comparison(predicate, right, MIRRORED[predicate.name], left, typeOf)
  )
}

function comparison(
  predicate: Expression,
  side: Expression,
  operator: ComparisonOperator,
  bound: Expression,
  typeOf: (attribute: number) => SqlType | null,
): IndexableComparison | null {
  const column = underCast(side)
  if (column === null || hasColumns(bound) || isVolatile(bound)) return null
  const type = typeOf(column.column)
  if (type === null) return null
  const value = inColumnType(bound, operator, type, side)
  return value === null ? null : { attribute: column.column, operator, value, predicate }
}

/** The column of `column` or `cast(column)`. */
export function underCast(e: Expression): ColumnExpression | null {
  if (e.kind === 'column') return e
  return e.kind === 'call' && e.args.length === 1 && e.name.includes('→') && e.args[0]!.kind === 'column'
    ? e.args[0]
    : null
}

/**
 * The bound as a value of the column's type; null if that cannot be done. `side` is the column's side of the comparison:
 * its type is the one in which is compared.
 */
export function inColumnType(
  bound: Expression,
  operator: ComparisonOperator,
  type: SqlType,
  side: Expression,
): Expression | null {
  const compared = side.type
  const isCast = side.kind === 'call'
  if (!isCast && !isInteger(type)) return sameForm(type, bound.type) ? bound : null
  if (!isCast && integerRank(bound.type) <= integerRank(type)) return bound
  const units = unitsOf(type, isCast ? compared : bound.type)
  if (units === null) return null
  const call = (value: Value): Value => clamp(type, operator, divide(value, units, operator))
  const narrowed: CallExpression = {
    kind: 'call',
    name: 'bound',
    intrinsic: null,
    call: call,
    args: [bound],
    strict: true,
    type,
    immutable: true,
    position: null,
  }
  return bound.kind === 'constant' ? constant(evaluate(narrowed, []), type) : narrowed
}

/** True if values of both types are ordered together as they are. */
function sameForm(a: SqlType, b: SqlType): boolean {
  if (a.kind === 'numeric' && b.kind === 'numeric') return a.scale === b.scale
  return a.kind === b.kind || (isText(a) && isText(b))
}

function integerRank(type: SqlType): number {
  return type.kind === 'int2' ? 0 : type.kind === 'int4' ? 1 : type.kind === 'int8' ? 2 : 3
}

/** How a value of the compared type relates to the column's: a number of its units a unit of the column's, or its scale. */
type Units =
  | { readonly kind: 'factor'; readonly factor: bigint }
  | { readonly kind: 'decimal'; readonly scale: number }
  | { readonly kind: 'float' }

function unitsOf(column: SqlType, compared: SqlType): Units | null {
  const scale = isInteger(column) ? 0 : column.kind === 'numeric' ? column.scale : null
  if (scale !== null) {
    if (isInteger(compared)) return { kind: 'factor', factor: 1n }
    if (compared.kind === 'float8') return column.kind === 'int2' || column.kind === 'int4' ? { kind: 'float' } : null
    if (compared.kind !== 'numeric') return null
    if (compared.scale === null) return { kind: 'decimal', scale }
    return compared.scale >= scale ? { kind: 'factor', factor: powerOfTen(compared.scale - scale) } : null
  }
  if (column.kind === 'date' && compared.kind === 'timestamp') return { kind: 'factor', factor: MICROS_PER_DAY }
  return null
}

const MICROS_PER_DAY = 86_400_000_000n

/** The quotient, rounded as the operator asks for; null for an equality that cannot hold. */
function divide(value: Value, units: Units, operator: ComparisonOperator): number | bigint | null {
  if (value === Infinity || value === -Infinity) return value
  if (units.kind === 'float') {
    assert(typeof value === 'number', 'float8 is a number')
    // NaN is greater than every number.
    if (Number.isNaN(value)) return operator === '=' ? null : Infinity
    if (operator === '=') return Number.isInteger(value) ? value + 0 : null
    return (roundsUp(operator) ? Math.ceil(value) : Math.floor(value)) + 0
  }
  let dividend: bigint
  let divisor: bigint
  if (units.kind === 'decimal') {
    const decimal = value as Decimal
    const places = decimal.scale - units.scale
    dividend = places >= 0 ? decimal.digits : decimal.digits * powerOfTen(-places)
    divisor = places >= 0 ? powerOfTen(places) : 1n
  } else {
    if (units.factor === 1n) return value as number | bigint
    dividend = BigInt(value as number | bigint)
    divisor = units.factor
  }
  const quotient = dividend / divisor
  const remainder = dividend % divisor
  if (remainder === 0n) return demote(quotient)
  if (operator === '=') return null
  const floor = remainder < 0n ? quotient - 1n : quotient
  return demote(roundsUp(operator) ? floor + 1n : floor)
}

function roundsUp(operator: ComparisonOperator): boolean {
  return operator === '>=' || operator === '<'
}

function clamp(type: SqlType, operator: ComparisonOperator, value: number | bigint | null): Value {
  if (value === null) return null
  const limit = type.kind === 'int2' ? 0x8000 : type.kind === 'int4' ? 0x8000_0000 : null
  if (limit === null) return value
  if (value >= -limit && value < limit) return value
  if (operator === '=') return null
  return value < 0 ? -limit - 1 : limit
}
