/**
 * From text to a value: what PostgreSQL's input functions accept, with its errors. A string literal, a CSV field and a
 * parameter all come in here.
 */
import {
  invalidTextEncoding,
  invalidTextRepresentation,
  numericFieldOverflow,
  stringTooLong,
  textOutOfRange,
  valueOutOfRange,
} from '../errors.ts'
import { demote, powerOfTen } from './bigintArithmetic.ts'
import { parseDate, parseTimestamp } from './datetime.ts'
import { Decimal } from './decimal.ts'
import { formatType, typeName } from './registry.ts'
import type { FixedType } from './registry.ts'
import type { SqlType } from './sqlType.ts'
import type { Value } from './value.ts'

/** Parses the text form of a type. Throws 22P02, 22003, 22007, 22008, 22001, 22021. */
export function parseValue(type: SqlType, text: string): Value {
  return textParser(type)(text)
}

/** The parser of one type, chosen once: for COPY and for casts that run for every row. */
export function textParser(type: SqlType): (text: string) => Value {
  switch (type.kind) {
    case 'boolean':
      return parseBoolean
    case 'int2':
    case 'int4':
    case 'int8':
      return integerParser(type)
    case 'float8':
      return parseFloat8
    case 'numeric': {
      const { precision, scale } = type
      if (scale === null) return (text) => Decimal.parse(text)
      return (text) => parseFixed({ kind: 'numeric', precision, scale }, text)
    }
    case 'text':
    case 'unknown':
      return checkText
    case 'varchar':
      return type.length === null ? checkText : (text) => assignVarchar(checkText(text), type.length)
    case 'date':
      return parseDate
    case 'timestamp':
      return parseTimestamp
  }
}

// ------------------------------------------------------------------------------------------------------ boolean

const BOOLEANS: ReadonlyMap<string, boolean> = new Map<string, boolean>([
  ...['t', 'tr', 'tru', 'true', 'y', 'ye', 'yes', 'on', '1'].map((word) => [word, true] as const),
  ...['f', 'fa', 'fal', 'fals', 'false', 'n', 'no', 'of', 'off', '0'].map((word) => [word, false] as const),
])

function parseBoolean(text: string): boolean {
  const value = BOOLEANS.get(text.trim().toLowerCase())
  if (value === undefined) throw invalidTextRepresentation('boolean', text)
  return value
}

// ----------------------------------------------------------------------------------------------------- integers

const INTEGER_SYNTAX = /^[ \t\n\v\f\r]*[+-]?\d+[ \t\n\v\f\r]*$/
/** Up to so many characters a text's number is exact in a double. */
const EXACT_LENGTH = 15
const MAX_INT8_DIGITS = 19

/** The bounds of each integer type. */
export const INTEGER_RANGES = {
  int2: { min: -32_768, max: 32_767 },
  int4: { min: -2_147_483_648, max: 2_147_483_647 },
  int8: { min: -(2n ** 63n), max: 2n ** 63n - 1n },
} as const

function parseInteger(name: string, text: string): number | bigint {
  if (!INTEGER_SYNTAX.test(text)) throw invalidTextRepresentation(name, text)
  const digits = text.trim().replace(/^[+-]?0*(?=\d)/, '')
  if (digits.length > MAX_INT8_DIGITS) throw valueOutOfRange(name, text)
  const magnitude = BigInt(digits)
  return demote(text.includes('-') ? -magnitude : magnitude)
}

/**
 * The fast path of numbers: `-?digits[.digits]` as a scaled integer, if it needs no rounding and is surely safe; null for
 * everything else, malformed or not. COPY spends its time here.
 */
function plainScaled(text: string, scale: number): number | null {
  const length = text.length
  const negative = length > 0 && text.charCodeAt(0) === MINUS
  const start = negative ? 1 : 0
  if (length === start || length > EXACT_LENGTH) return null
  let value = 0
  let point = length
  for (let i = start; i < length; i++) {
    const digit = text.charCodeAt(i) - ZERO
    if (digit >= 0 && digit <= 9) value = value * 10 + digit
    else if (digit === POINT - ZERO && point === length && i > start && i < length - 1) point = i
    else return null
  }
  const missing = scale - (point === length ? 0 : length - point - 1)
  if (missing < 0 || missing + length > EXACT_LENGTH) return null
  const scaled = value * 10 ** missing
  return negative ? 0 - scaled : scaled
}

const ZERO = 0x30
const MINUS = 0x2d
const POINT = 0x2e

function integerParser(type: SqlType & { readonly kind: 'int2' | 'int4' | 'int8' }): (text: string) => number | bigint {
  const { min, max } = INTEGER_RANGES[type.kind]
  const name = typeName(type)
  return (text) => {
    const value = plainScaled(text, 0) ?? parseInteger(name, text)
    if (value < min || value > max) throw valueOutOfRange(name, text)
    return value
  }
}

// ------------------------------------------------------------------------------------------------------- float8

const FLOAT8_SYNTAX = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/
const FLOAT8_SPECIAL: ReadonlyMap<string, number> = new Map([
  ['nan', NaN],
  ...['inf', '+inf', 'infinity', '+infinity'].map((word) => [word, Infinity] as const),
  ...['-inf', '-infinity'].map((word) => [word, -Infinity] as const),
])

function parseFloat8(text: string): number {
  const trimmed = text.trim()
  if (!FLOAT8_SYNTAX.test(trimmed)) {
    const special = FLOAT8_SPECIAL.get(trimmed.toLowerCase())
    if (special === undefined) throw invalidTextRepresentation('double precision', text)
    return special
  }
  const value = Number(trimmed)
  const vanished = value === 0 && /[1-9]/.test(trimmed.split(/[eE]/)[0] ?? '')
  if (!Number.isFinite(value) || vanished) throw textOutOfRange('double precision', text)
  return value + 0
}

// ------------------------------------------------------------------------------------------------------ numeric

/** Rounds half away from zero to the scale; too many digits before the point are 22003. */
function parseFixed(type: FixedType, text: string): number | bigint {
  const plain = plainScaled(text, type.scale)
  return checkPrecision(type, plain === null ? demote(Decimal.parse(text).digitsAt(type.scale)) : plain)
}

/** Throws 22003 if a scaled integer has more digits than the type's precision. */
export function checkPrecision(type: FixedType, scaled: number | bigint): number | bigint {
  if (type.precision !== null) {
    const limit = type.precision <= EXACT_LENGTH ? 10 ** type.precision : powerOfTen(type.precision)
    if (scaled >= limit || scaled <= -limit) throw numericFieldOverflow(type.precision, type.scale)
  }
  return scaled
}

// --------------------------------------------------------------------------------------------------------- text

/** Throws 22021 for what is not UTF-8 text: NUL and lone surrogates. */
export function checkText(text: string): string {
  if (text.includes('\0')) throw invalidTextEncoding('0x00')
  if (!text.isWellFormed()) throw invalidTextEncoding(loneSurrogateBytes(text))
  return text
}

/** The first lone surrogate as the three bytes that a naive encoder would write. */
function loneSurrogateBytes(text: string): string {
  const lone = /[\uD800-\uDFFF]/u.exec(text)
  const unit = lone === null ? 0xd800 : lone[0].charCodeAt(0)
  const bytes = [0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f)]
  return bytes.map((byte) => `0x${byte.toString(16)}`).join(' ')
}

/** The number of code points. */
export function codePointCount(text: string): number {
  let count = text.length
  for (let i = 0; i < text.length - 1; i++) {
    if ((text.charCodeAt(i) & 0xfc00) === 0xd800) {
      count--
      i++
    }
  }
  return count
}

/** The index in UTF-16 units of code point `count`; the length if there are fewer. */
export function codePointOffset(text: string, count: number): number {
  let offset = 0
  for (let i = 0; i < count && offset < text.length; i++) {
    offset += (text.charCodeAt(offset) & 0xfc00) === 0xd800 ? 2 : 1
  }
  return Math.min(offset, text.length)
}

/** Assignment to varchar(length): superfluous spaces are cut, anything else too long is 22001. */
export function assignVarchar(text: string, length: number | null): string {
  if (length === null || text.length <= length || codePointCount(text) <= length) return text
  const cut = codePointOffset(text, length)
  if (/[^ ]/.test(text.slice(cut))) throw stringTooLong(formatType({ kind: 'varchar', length }))
  return text.slice(0, cut)
}

/** An explicit cast to varchar(length) cuts silently, as the standard wants. */
export function truncateVarchar(text: string, length: number | null): string {
  return length === null || text.length <= length ? text : text.slice(0, codePointOffset(text, length))
}
