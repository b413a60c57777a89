/**
 * Number literals: where they end, and their value in canonical form. The lexer and the plan cache's scan both use
 * these, so that they agree.
 */
import type { NumericValue } from './ast.ts'
import { isDigit } from './characters.ts'

const underscore = 95
const dot = 46

/** numeric's limits in PostgreSQL: digits before and behind the point. */
const maxIntegerDigits = 131072
const maxScale = 16383

const radixOf = (code: number): number => {
  if (code === 120 || code === 88) return 16
  if (code === 111 || code === 79) return 8
  if (code === 98 || code === 66) return 2
  return 0
}

const isRadixDigit = (code: number, radix: number): boolean => {
  if (isDigit(code)) return code - 48 < radix
  const letter = code | 32
  return radix === 16 && letter >= 97 && letter <= 102
}

/** The offset behind `(_?digit)*` that begins at `at`. */
function digitsEnd(sql: string, at: number, radix: number): number {
  for (;;) {
    const code = sql.charCodeAt(at)
    if (isRadixDigit(code, radix)) at++
    else if (code === underscore && isRadixDigit(sql.charCodeAt(at + 1), radix)) at += 2
    else return at
  }
}

/** The offset behind the number that begins at `start`, with a digit or with a point and a digit. `0x` alone ends behind the 0. */
export function numberEnd(sql: string, start: number): number {
  if (sql.charCodeAt(start) === 48) {
    const radix = radixOf(sql.charCodeAt(start + 1))
    if (radix !== 0) {
      const end = digitsEnd(sql, start + 2, radix)
      return end === start + 2 ? start + 1 : end
    }
  }
  let at = sql.charCodeAt(start) === dot ? start : digitsEnd(sql, start, 10)
  // `1..10` is a number and two points. An underscore does not begin a run of digits.
  if (sql.charCodeAt(at) === dot && sql.charCodeAt(at + 1) !== dot) {
    at = isDigit(sql.charCodeAt(at + 1)) ? digitsEnd(sql, at + 1, 10) : at + 1
  }
  if ((sql.charCodeAt(at) | 32) === 101) {
    const sign = sql.charCodeAt(at + 1)
    const exponent = sign === 43 || sign === 45 ? at + 2 : at + 1
    if (isDigit(sql.charCodeAt(exponent))) at = digitsEnd(sql, exponent, 10)
  }
  return at
}

/** A number while it is a safe integer, a bigint beyond. */
const demote = (value: bigint): number | bigint =>
  value <= 9007199254740991n && value >= -9007199254740991n ? Number(value) : value

const plainInteger = /^[0-9]+$/

/**
 * The value of a number's text: number | bigint if it fits int8, else numeric; null beyond numeric's range.
 */
export function numberValue(text: string): number | bigint | NumericValue | null {
  if (text.length <= 15 && plainInteger.test(text)) return Number(text)
  const digits = text.includes('_') ? text.replaceAll('_', '') : text
  const radix = digits.charCodeAt(0) === 48 && digits.length > 1 ? radixOf(digits.charCodeAt(1)) : 0
  if (radix !== 0 || plainInteger.test(digits)) {
    if (digits.length > maxIntegerDigits) return null
    const value = BigInt(radix === 0 ? digits : digits.toLowerCase())
    return value <= 9223372036854775807n ? demote(value) : { unscaled: value, scale: 0 }
  }
  return decimalValue(digits)
}

function decimalValue(digits: string): NumericValue | null {
  const e = digits.search(/[eE]/)
  const mantissa = e < 0 ? digits : digits.slice(0, e)
  const exponent = e < 0 ? 0 : Number(digits.slice(e + 1))
  const point = mantissa.indexOf('.')
  const whole = point < 0 ? mantissa : mantissa.slice(0, point)
  const fraction = point < 0 ? '' : mantissa.slice(point + 1)
  const scale = fraction.length - exponent
  if (whole.length + exponent > maxIntegerDigits || mantissa.length > maxIntegerDigits || scale > maxScale) {
    return null
  }
  const unscaled = BigInt(whole + fraction)
  return scale >= 0
    ? { unscaled: demote(unscaled), scale }
    : { unscaled: demote(unscaled * 10n ** BigInt(-scale)), scale: 0 }
}

/** int8 covers numbers and bigints; int4 only what fits 32 bits. */
export const integerType = (value: number | bigint): 'int4' | 'int8' =>
  typeof value === 'number' && value <= 2147483647 ? 'int4' : 'int8'
