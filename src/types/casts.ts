/**
 * Casts: which exist, in which context they may happen (pg_cast), and what they compute. A context is the weakest form of
 * consent: `implicit` casts happen anywhere in an expression, `assignment` ones also when a value is stored in a column,
 * `explicit` ones only where CAST or :: is written.
 */
import { cannotCast, featureNotSupported, outOfRange, textOutOfRange } from '../errors.ts'
import { checkInt2, checkInt4, checkInt8 } from './arithmetic/integer.ts'
import { fixedToFloat8, scaleDown, scaleUp } from './arithmetic/fixed.ts'
import { roundHalfEven } from './arithmetic/float8.ts'
import { demote } from './bigintArithmetic.ts'
import { joinTimestamp, splitTimestamp } from './datetime.ts'
import { Decimal } from './decimal.ts'
import { formatType, isInteger, isNumber, isText, sameType, typeName } from './registry.ts'
import type { FixedType } from './registry.ts'
import type { SqlType } from './sqlType.ts'
import { assignVarchar, checkPrecision, textParser, truncateVarchar } from './textInput.ts'
import { textFormatter } from './textOutput.ts'
import type { Value } from './value.ts'

export type CastContext = 'implicit' | 'assignment' | 'explicit'

export interface Cast {
  readonly name: string
  /** An operation that the code generator may inline (the list is at the head of operators.ts), or null. */
  readonly intrinsic: string | null
  readonly call: (value: never) => Value
}

const RANK: Readonly<Record<CastContext, number>> = { implicit: 0, assignment: 1, explicit: 2 }
/** The order of PostgreSQL's implicit numeric promotion. */
const NUMBER_RANK: Readonly<Partial<Record<SqlType['kind'], number>>> = {
  int2: 0,
  int4: 1,
  int8: 2,
  numeric: 3,
  float8: 4,
}

/** The weakest context in which `from` may become `to`; null if there is no such cast. */
export function castContext(from: SqlType, to: SqlType): CastContext | null {
  if (from.kind === to.kind || from.kind === 'unknown') return 'implicit'
  const fromRank = NUMBER_RANK[from.kind]
  const toRank = NUMBER_RANK[to.kind]
  if (fromRank !== undefined && toRank !== undefined) return fromRank < toRank ? 'implicit' : 'assignment'
  if (isText(to)) return isText(from) ? 'implicit' : 'assignment'
  if (isText(from)) return 'explicit'
  if ((from.kind === 'boolean' && to.kind === 'int4') || (from.kind === 'int4' && to.kind === 'boolean')) {
    return 'explicit'
  }
  if (from.kind === 'date' && to.kind === 'timestamp') return 'implicit'
  return from.kind === 'timestamp' && to.kind === 'date' ? 'assignment' : null
}

/** True if `from` may become `to` in this context. */
export function canCast(from: SqlType, to: SqlType, context: CastContext): boolean {
  const needed = castContext(from, to)
  return needed !== null && RANK[needed] <= RANK[context]
}

/**
 * The cast from `from` to `to`, or null if the value needs no change. Throws 42846 if the context does not allow it. The
 * context also decides what happens to a string that is too long for varchar(n): an explicit cast cuts it.
 */
export function resolveCast(from: SqlType, to: SqlType, context: CastContext): Cast | null {
  if (sameType(from, to)) return null
  if (!canCast(from, to, context)) throw cannotCast(typeName(from), typeName(to))
  const cast = conversion(from, to, context)
  return cast === null ? null : { name: `${from.kind}→${formatType(to)}`, intrinsic: null, ...cast }
}

/** An explicit cast as a function; the identity if the value needs no change. Throws 42846 if there is none. */
export function castFunction(from: SqlType, to: SqlType): (value: Value) => Value {
  const cast = resolveCast(from, to, 'explicit')
  return cast === null ? (value) => value : (cast.call as (value: Value) => Value)
}

type Conversion = Pick<Cast, 'call'> & Partial<Pick<Cast, 'intrinsic'>>

function conversion(from: SqlType, to: SqlType, context: CastContext): Conversion | null {
  if (from.kind === 'unknown') return fromText(to, context)
  if (isText(to)) return isText(from) ? textToText(from, to, context) : toText(from, to, context)
  if (isText(from)) return fromText(to, context)
  if (to.kind === 'boolean') return { call: (value: number) => value !== 0 }
  if (from.kind === 'boolean') return { call: (value: boolean) => (value ? 1 : 0) }
  if (from.kind === 'date') return { call: (value: number) => joinTimestamp(value, 0) }
  if (from.kind === 'timestamp') return { call: timestampToDate }
  if (isInteger(to)) return toInteger(from, to)
  if (to.kind === 'float8') return toFloat8(from)
  if (to.kind === 'numeric') return to.scale === null ? toDecimal(from) : toFixed(from, { ...to, scale: to.scale })
  throw cannotCast(typeName(from), typeName(to))
}

function timestampToDate(value: number | bigint): number {
  return value === Infinity || value === -Infinity ? value : splitTimestamp(value).days
}

// ---------------------------------------------------------------------------------------------------------- text

function fromText(to: SqlType, context: CastContext): Conversion {
  if (to.kind === 'varchar' && context === 'explicit') {
    const parse = textParser({ kind: 'text' }) as (text: string) => string
    return { call: (text: string) => truncateVarchar(parse(text), to.length) }
  }
  return { call: textParser(to) }
}

function textToText(from: SqlType, to: SqlType, context: CastContext): Conversion | null {
  if (to.kind !== 'varchar' || to.length === null) return null
  if (from.kind === 'varchar' && from.length !== null && from.length <= to.length) return null
  const { length } = to
  return context === 'explicit'
    ? { call: (text: string) => truncateVarchar(text, length) }
    : { call: (text: string) => assignVarchar(text, length) }
}

function toText(from: SqlType, to: SqlType, context: CastContext): Conversion {
  // PostgreSQL's cast of a boolean is spelt out, unlike its output form.
  const format = from.kind === 'boolean' ? (value: Value) => (value === true ? 'true' : 'false') : textFormatter(from)
  const fit = textToText({ kind: 'text' }, to, context)
  if (fit === null) return { call: format }
  const cut = fit.call as (text: string) => Value
  return { call: (value: Value) => cut(format(value)) }
}

// ------------------------------------------------------------------------------------------------------- numbers

function toInteger(from: SqlType, to: SqlType): Conversion | null {
  const check = checkTo(to)
  switch (from.kind) {
    case 'int2':
    case 'int4':
    case 'int8':
      return (NUMBER_RANK[from.kind] ?? 0) <= (NUMBER_RANK[to.kind] ?? 0) ? null : { call: check }
    case 'float8':
      return { call: (value: number) => checkFloat(value, to.kind, check) }
    case 'numeric': {
      const { scale } = from
      if (scale === null) return { call: (value: Decimal) => check(demote(value.digitsAt(0))) }
      return { call: (value: number | bigint) => check(scaleDown(value, scale)) }
    }
    default:
      throw cannotCast(typeName(from), typeName(to))
  }
}

function checkFloat(value: number, kind: SqlType['kind'], check: (value: number | bigint) => Value): Value {
  const rounded = roundHalfEven(value)
  if (!Number.isFinite(rounded)) throw outOfRange(kind === 'int8' ? 'bigint' : kind === 'int4' ? 'integer' : 'smallint')
  return check(Number.isSafeInteger(rounded) ? rounded : BigInt(rounded))
}

function checkTo(to: SqlType): (value: number | bigint) => number | bigint {
  if (to.kind === 'int8') return (value) => (typeof value === 'number' ? value : checkInt8(value))
  return to.kind === 'int4' ? (value) => checkInt4(Number(value)) : (value) => checkInt2(Number(value))
}

function toFloat8(from: SqlType): Conversion | null {
  if (from.kind === 'numeric') {
    const { scale } = from
    return scale === null
      ? { call: decimalToFloat8 }
      : { call: (value: number | bigint) => checkedFloat(fixedToFloat8(value, scale), value) }
  }
  return from.kind === 'int8' ? { call: Number, intrinsic: 'toNumber' } : null
}

function decimalToFloat8(value: Decimal): number {
  return checkedFloat(value.toNumber(), value)
}

function checkedFloat(result: number, value: Decimal | number | bigint): number {
  if (!Number.isFinite(result)) throw textOutOfRange('double precision', value.toString())
  return result
}

function toDecimal(from: SqlType): Conversion | null {
  if (from.kind === 'float8') return { call: float8ToDecimal }
  if (from.kind !== 'numeric') return { call: (value: number | bigint) => Decimal.fromInteger(value) }
  const { scale } = from
  return scale === null ? null : { call: (value: number | bigint) => Decimal.fromFixed(value, scale) }
}

function float8ToDecimal(value: number): Decimal {
  if (!Number.isFinite(value)) throw featureNotSupported(`${Number.isNaN(value) ? 'NaN' : 'infinity'} of type numeric`)
  return Decimal.fromFloat8(value)
}

function toFixed(from: SqlType, to: FixedType): Conversion | null {
  if (from.kind === 'float8') {
    return { call: (value: number) => checkPrecision(to, demote(float8ToDecimal(value).digitsAt(to.scale))) }
  }
  if (from.kind === 'numeric' && from.scale === null) {
    return { call: (value: Decimal) => checkPrecision(to, demote(value.digitsAt(to.scale))) }
  }
  const fromScale = from.kind === 'numeric' ? (from.scale ?? 0) : 0
  const places = to.scale - fromScale
  if (places < 0) return { call: (value: number | bigint) => checkPrecision(to, scaleDown(value, -places)) }
  if (fits(from, fromScale, to)) {
    if (places === 0) return null
    return { call: (value: number | bigint) => scaleUp(value, places), intrinsic: `scaleUp${places}` }
  }
  return { call: (value: number | bigint) => checkPrecision(to, scaleUp(value, places)) }
}

/** True if no value of `from` can exceed the precision of `to`. */
function fits(from: SqlType, fromScale: number, to: FixedType): boolean {
  if (to.precision === null) return true
  const digits = from.kind === 'numeric' ? from.precision : INTEGER_DIGITS[from.kind]
  return digits !== null && digits !== undefined && digits - fromScale <= to.precision - to.scale
}

const INTEGER_DIGITS: Readonly<Partial<Record<SqlType['kind'], number>>> = { int2: 5, int4: 10, int8: 19 }

/** True if both are numbers, both strings, …: PostgreSQL's type categories. */
export function sameCategory(a: SqlType, b: SqlType): boolean {
  return typeCategory(a) === typeCategory(b)
}

/** pg_type.typcategory. */
export function typeCategory(type: SqlType): 'B' | 'N' | 'S' | 'D' | 'X' {
  if (isNumber(type)) return 'N'
  if (isText(type)) return 'S'
  return type.kind === 'boolean' ? 'B' : type.kind === 'unknown' ? 'X' : 'D'
}

/** pg_type.typispreferred: the type of its category that resolution leans to. */
export function isPreferred(type: SqlType): boolean {
  return type.kind === 'float8' || type.kind === 'text' || type.kind === 'boolean'
}
