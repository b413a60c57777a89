/**
 * Values to and from the program that uses the database. Results follow node-postgres, but for int8 (a number while safe,
 * else a bigint) and date (its text: a Date would bring a time zone in); numeric is its text, a timestamp is a Date read
 * as UTC. Parameters come in as an unknown literal would: their type is the one that the context asks for.
 */
import { invalidTextRepresentation, outOfRange, unsupportedParameter } from '../errors.ts'
import { demote } from './bigintArithmetic.ts'
import { checkDate, formatDate, joinTimestamp } from './datetime.ts'
import { Decimal, formatScaled } from './decimal.ts'
import { BOOLEAN, DECIMAL, FLOAT8, INT4, INT8, TEXT, TIMESTAMP, typeName, UNKNOWN } from './registry.ts'
import type { SqlType } from './sqlType.ts'
import { INTEGER_RANGES, parseValue, checkPrecision } from './textInput.ts'
import { formatFloat8 } from './textOutput.ts'
import type { Value } from './value.ts'

const MICROS_PER_MILLI = 1000
const MILLIS_PER_DAY = 86_400_000

/** The result form of a value that is not null, or null if it is the canonical form itself. */
export function resultConverter(type: SqlType): ((value: Value) => unknown) | null {
  return converterOf(type) as ((value: Value) => unknown) | null
}

/** As `resultConverter`, and nulls stay null. */
export function toJs(type: SqlType): (value: Value) => unknown {
  const convert = resultConverter(type)
  return convert === null ? (value) => value : (value) => (value === null ? null : convert(value))
}

function converterOf(type: SqlType): ((value: never) => unknown) | null {
  switch (type.kind) {
    case 'boolean':
    case 'int2':
    case 'int4':
    case 'int8':
    case 'float8':
    case 'text':
    case 'varchar':
    case 'unknown':
      return null
    case 'numeric': {
      const { scale } = type
      if (scale === null) return (value: Decimal) => value.toString()
      return (value: number | bigint) => formatScaled(value, scale)
    }
    case 'date':
      return formatDate
    case 'timestamp':
      return timestampToDate
  }
}

/** Microseconds are cut to milliseconds towards the past; infinities stay numbers; beyond Date's years the Date is invalid. */
function timestampToDate(timestamp: number | bigint): Date | number {
  if (timestamp === Infinity || timestamp === -Infinity) return timestamp
  return new Date(Math.floor(Number(timestamp) / MICROS_PER_MILLI))
}

// --------------------------------------------------------------------------------------------------- parameters

/** The SQL type of a parameter that stands in no typed context. */
export function inferJsType(value: unknown): SqlType {
  switch (typeof value) {
    case 'boolean':
      return BOOLEAN
    case 'number':
      if (!Number.isSafeInteger(value)) return FLOAT8
      return value >= INTEGER_RANGES.int4.min && value <= INTEGER_RANGES.int4.max ? INT4 : INT8
    case 'bigint':
      return value >= INTEGER_RANGES.int8.min && value <= INTEGER_RANGES.int8.max ? INT8 : DECIMAL
    case 'string':
      return TEXT
    default:
      if (value instanceof Date) return TIMESTAMP
      if (value === null) return UNKNOWN
      throw rejected(value)
  }
}

/** A parameter as a value of `type`; null stays null. Throws what `parseValue` throws, and 22023 for what is no SQL value. */
export function fromJs(type: SqlType, value: unknown): Value {
  if (value === null) return null
  switch (typeof value) {
    case 'string':
      return parseValue(type, value)
    case 'number':
      return fromNumber(type, value)
    case 'boolean':
      return type.kind === 'boolean' ? value : parseValue(type, String(value))
    case 'bigint':
      return fromBigint(type, value)
    default:
      if (value instanceof Date) return fromDate(type, value)
      throw rejected(value)
  }
}

function fromNumber(type: SqlType, value: number): Value {
  switch (type.kind) {
    case 'int2':
    case 'int4': {
      const { min, max } = INTEGER_RANGES[type.kind]
      if (!Number.isInteger(value)) throw invalidTextRepresentation(typeName(type), formatFloat8(value))
      if (value < min || value > max) throw outOfRange(typeName(type))
      return value + 0
    }
    case 'int8':
      if (Number.isSafeInteger(value)) return value + 0
      if (!Number.isInteger(value)) throw invalidTextRepresentation(typeName(type), formatFloat8(value))
      return fromBigint(type, BigInt(value))
    case 'float8':
      return value + 0
    case 'numeric':
      if (type.scale !== null && Number.isSafeInteger(value)) {
        const scaled = value * 10 ** type.scale
        if (Number.isSafeInteger(scaled)) return checkPrecision({ ...type, scale: type.scale }, scaled + 0)
      }
      return parseValue(type, formatFloat8(value))
    case 'boolean':
    case 'text':
    case 'varchar':
    case 'date':
    case 'timestamp':
    case 'unknown':
      return parseValue(type, formatFloat8(value))
  }
}

function fromBigint(type: SqlType, value: bigint): Value {
  switch (type.kind) {
    case 'int2':
    case 'int4':
    case 'int8': {
      const { min, max } = INTEGER_RANGES[type.kind]
      if (value < min || value > max) throw outOfRange(typeName(type))
      return demote(value)
    }
    case 'numeric':
      if (type.scale === null) return Decimal.fromInteger(value)
      return parseValue(type, value.toString())
    case 'boolean':
    case 'float8':
    case 'text':
    case 'varchar':
    case 'date':
    case 'timestamp':
    case 'unknown':
      return parseValue(type, value.toString())
  }
}

/** A Date is a moment; it comes in as its UTC reading, the way a timestamp goes out. */
function fromDate(type: SqlType, value: Date): Value {
  const millis = value.getTime()
  if (Number.isNaN(millis)) {
    throw unsupportedParameter('a parameter is an invalid Date', 'The Date does not hold a time: its getTime() is NaN.')
  }
  const days = Math.floor(millis / MILLIS_PER_DAY)
  if (type.kind === 'date') return checkDate(days)
  const timestamp = joinTimestamp(days, (millis - days * MILLIS_PER_DAY) * MICROS_PER_MILLI)
  if (type.kind === 'timestamp') return timestamp
  return parseValue(type, value.toISOString())
}

function rejected(value: unknown): Error {
  if (value === undefined) {
    return unsupportedParameter(
      'a parameter is undefined',
      'Pass null for SQL NULL; undefined is most often a misspelt property.',
    )
  }
  const what = typeof value === 'object' ? describeObject(value) : `a ${typeof value}`
  return unsupportedParameter(
    `a parameter is ${what}, which no SQL type corresponds to`,
    'Parameters are null, booleans, numbers, bigints, strings and Dates.',
  )
}

function describeObject(value: object | null): string {
  const prototype: unknown = value === null ? null : Object.getPrototypeOf(value)
  const made = typeof prototype === 'object' && prototype !== null ? prototype.constructor : null
  return typeof made === 'function' && made.name !== '' ? `an object (${made.name})` : 'an object'
}
