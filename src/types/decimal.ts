/**
 * `Decimal`: numeric without a static scale (D12): quotients, averages, parameters, columns declared bare `numeric`.
 * A value is digits × 10^-scale; the scale is PostgreSQL's *display scale*, so 1.0 and 1.00 are equal and print
 * differently. Every result has the scale that PostgreSQL's numeric.c gives it; division keeps at least 16 significant
 * digits (select_div_scale). Overflow beyond numeric's limits is 22003. NaN and infinities are not values of numeric here.
 */
import { divisionByZero, invalidArgument, invalidTextRepresentation, numericFormatOverflow } from '../errors.ts'
import { decimalDigitCount, divideRounded, divideTruncated, integerSquareRoot, powerOfTen } from './bigintArithmetic.ts'

/** Decimal digits that PostgreSQL allows before and after the point. */
export const MAX_INTEGER_DIGITS = 131072
export const MAX_FRACTION_DIGITS = 16383
/** The bound of scales that an operation chooses itself (NUMERIC_MAX_DISPLAY_SCALE, NUMERIC_MAX_RESULT_SCALE). */
const MAX_DISPLAY_SCALE = 1000
const MAX_RESULT_SCALE = 2000
const MIN_SIGNIFICANT_DIGITS = 16
/** PostgreSQL computes in base 10,000; its scale rules count in such digits. */
const BASE_DIGITS = 4

export class Decimal {
  readonly digits: bigint
  readonly scale: number

  private constructor(digits: bigint, scale: number) {
    this.digits = digits
    this.scale = scale
  }

  static readonly zero = new Decimal(0n, 0)

  /** digits × 10^-scale, checked against numeric's limits; digits beyond the 16,383rd after the point are rounded away. */
  static of(digits: bigint, scale: number): Decimal {
    if (scale > MAX_FRACTION_DIGITS) {
      return Decimal.of(divideRounded(digits, powerOfTen(scale - MAX_FRACTION_DIGITS)), MAX_FRACTION_DIGITS)
    }
    if (digits > SMALL || digits < -SMALL) checkMagnitude(digits, scale)
    return new Decimal(digits, scale)
  }

  static fromInteger(value: number | bigint): Decimal {
    return Decimal.of(BigInt(value), 0)
  }

  /** The value of a scaled integer, the physical form of numeric with a static scale. */
  static fromFixed(value: number | bigint, scale: number): Decimal {
    return Decimal.of(BigInt(value), scale)
  }

  /** PostgreSQL's float8 → numeric: 15 significant digits. The value must be finite. */
  static fromFloat8(value: number): Decimal {
    return Decimal.parse(Number(value.toPrecision(15)).toString())
  }

  /** Parses numeric's text form. Throws 22P02 and 22003. */
  static parse(text: string): Decimal {
    const match = NUMERIC_SYNTAX.exec(text)
    const mantissa = match?.[2]
    if (match === null || mantissa === undefined) throw invalidTextRepresentation('numeric', text)
    const point = mantissa.indexOf('.')
    const fraction = point < 0 ? 0 : mantissa.length - point - 1
    const exponent = match[3] === undefined ? 0 : Number(match[3])
    if (Math.abs(exponent) > MAX_EXPONENT) throw numericFormatOverflow()
    const whole = point < 0 ? mantissa : mantissa.slice(0, point) + mantissa.slice(point + 1)
    if (whole.length > MAX_INTEGER_DIGITS + MAX_FRACTION_DIGITS + 2) throw numericFormatOverflow()
    const magnitude = BigInt(whole)
    const digits = match[1] === '-' ? -magnitude : magnitude
    const scale = fraction - exponent
    if (scale >= 0) return Decimal.of(digits, scale)
    if (digits !== 0n && -scale > MAX_INTEGER_DIGITS) throw numericFormatOverflow()
    return digits === 0n ? Decimal.zero : Decimal.of(digits * powerOfTen(-scale), 0)
  }

  add(other: Decimal): Decimal {
    if (this.scale === other.scale) return Decimal.of(this.digits + other.digits, this.scale)
    const scale = Math.max(this.scale, other.scale)
    return Decimal.of(this.digitsAt(scale) + other.digitsAt(scale), scale)
  }

  sub(other: Decimal): Decimal {
    if (this.scale === other.scale) return Decimal.of(this.digits - other.digits, this.scale)
    const scale = Math.max(this.scale, other.scale)
    return Decimal.of(this.digitsAt(scale) - other.digitsAt(scale), scale)
  }

  mul(other: Decimal): Decimal {
    return Decimal.of(this.digits * other.digits, this.scale + other.scale)
  }

  /** Throws 22012. The quotient is rounded half away from zero at the scale of PostgreSQL's select_div_scale. */
  div(other: Decimal): Decimal {
    if (other.digits === 0n) throw divisionByZero()
    const scale = divisionScale(this, other)
    const shift = scale + other.scale - this.scale
    return Decimal.of(
      shift >= 0
        ? divideRounded(this.digits * powerOfTen(shift), other.digits)
        : divideRounded(this.digits, other.digits * powerOfTen(-shift)),
      scale,
    )
  }

  /** The remainder of a division truncated towards zero; it has the sign of the dividend. Throws 22012. */
  mod(other: Decimal): Decimal {
    if (other.digits === 0n) throw divisionByZero()
    const scale = Math.max(this.scale, other.scale)
    return Decimal.of(this.digitsAt(scale) % other.digitsAt(scale), scale)
  }

  negate(): Decimal {
    return new Decimal(-this.digits, this.scale)
  }

  abs(): Decimal {
    return this.digits < 0n ? this.negate() : this
  }

  sign(): -1 | 0 | 1 {
    return this.digits < 0n ? -1 : this.digits > 0n ? 1 : 0
  }

  /** -1, 0 or 1 as a Decimal. */
  signum(): Decimal {
    return new Decimal(BigInt(this.sign()), 0)
  }

  /** Half away from zero; a negative `places` rounds to tens, hundreds …, and then the scale is 0. */
  round(places: number): Decimal {
    const at = Math.max(-MAX_RESULT_SCALE, Math.min(MAX_RESULT_SCALE, places))
    if (at >= this.scale) return Decimal.of(this.digitsAt(at), at)
    const rounded = divideRounded(this.digits, powerOfTen(this.scale - at))
    return at >= 0 ? Decimal.of(rounded, at) : Decimal.of(rounded * powerOfTen(-at), 0)
  }

  /** Towards zero; `places` as in `round`. */
  trunc(places: number): Decimal {
    const at = Math.max(-MAX_RESULT_SCALE, Math.min(MAX_RESULT_SCALE, places))
    if (at >= this.scale) return Decimal.of(this.digitsAt(at), at)
    const truncated = divideTruncated(this.digits, powerOfTen(this.scale - at))
    return at >= 0 ? Decimal.of(truncated, at) : Decimal.of(truncated * powerOfTen(-at), 0)
  }

  ceil(): Decimal {
    const whole = this.trunc(0)
    return this.compare(whole) > 0 ? Decimal.of(whole.digits + 1n, 0) : whole
  }

  floor(): Decimal {
    const whole = this.trunc(0)
    return this.compare(whole) < 0 ? Decimal.of(whole.digits - 1n, 0) : whole
  }

  /** Throws 2201F for a negative value. At least 16 significant digits, rounded. */
  sqrt(): Decimal {
    if (this.digits < 0n) throw invalidArgument('2201F', 'cannot take square root of a negative number')
    const weight = this.digits === 0n ? 0 : baseWeight(this)
    const resultWeight = weight >= 0 ? (weight * BASE_DIGITS) / 2 + 1 : 1 - (1 - weight * BASE_DIGITS) / 2
    const wanted = Math.max(MIN_SIGNIFICANT_DIGITS - Math.trunc(resultWeight), this.scale, 0)
    const scale = Math.min(wanted, MAX_DISPLAY_SCALE)
    // One guard digit beyond the result's scale; a square root that is not exact is never a tie there.
    const root = integerSquareRoot(scaleDigits(this.digits, 2 * (scale + 1) - this.scale))
    return Decimal.of(divideRounded(root, 10n), scale)
  }

  compare(other: Decimal): number {
    if (this.scale === other.scale) return this.digits < other.digits ? -1 : this.digits > other.digits ? 1 : 0
    const sign = this.sign()
    if (sign !== other.sign()) return sign - other.sign()
    const scale = Math.max(this.scale, other.scale)
    const left = this.digitsAt(scale)
    const right = other.digitsAt(scale)
    return left < right ? -1 : left > right ? 1 : 0
  }

  equals(other: Decimal): boolean {
    return this.compare(other) === 0
  }

  /** The digits at another scale, rounded half away from zero if it is smaller. */
  digitsAt(scale: number): bigint {
    if (scale >= this.scale) return scale === this.scale ? this.digits : this.digits * powerOfTen(scale - this.scale)
    return divideRounded(this.digits, powerOfTen(this.scale - scale))
  }

  /** The digits at `scale` if the value is exactly representable there, else null. */
  exactDigitsAt(scale: number): bigint | null {
    if (scale >= this.scale) return this.digitsAt(scale)
    const divisor = powerOfTen(this.scale - scale)
    return this.digits % divisor === 0n ? this.digits / divisor : null
  }

  toNumber(): number {
    return Number(this.toString())
  }

  /** One string per value: the form without trailing zeros after the point. A key of Maps and of hashes. */
  hashKey(): string {
    const text = this.toString()
    if (this.scale === 0) return text
    let end = text.length
    while (text.charCodeAt(end - 1) === ZERO_CHARACTER) end--
    return text.slice(0, text.charCodeAt(end - 1) === POINT_CHARACTER ? end - 1 : end)
  }

  toString(): string {
    return formatScaled(this.digits, this.scale)
  }
}

const ZERO_CHARACTER = 0x30
const POINT_CHARACTER = 0x2e
const SMALL = 10n ** 100n
const MAX_EXPONENT = 1_000_000
const NUMERIC_SYNTAX = /^[ \t\n\v\f\r]*([+-]?)(\d+(?:\.\d*)?|\.\d+)(?:[eE]([+-]?\d+))?[ \t\n\v\f\r]*$/

function checkMagnitude(digits: bigint, scale: number): void {
  if (decimalDigitCount(digits) - scale > MAX_INTEGER_DIGITS) throw numericFormatOverflow()
}

/** digits × 10^shift, truncated if `shift` is negative. */
function scaleDigits(digits: bigint, shift: number): bigint {
  return shift >= 0 ? digits * powerOfTen(shift) : divideTruncated(digits, powerOfTen(-shift))
}

/** The exponent of the leading digit of a value in base 10,000; the value is not zero. */
function baseWeight(value: Decimal): number {
  return Math.floor((decimalDigitCount(value.digits) - 1 - value.scale) / BASE_DIGITS)
}

/** The leading digit of a value in base 10,000. */
function leadingBaseDigit(value: Decimal, weight: number): number {
  const shift = -value.scale - weight * BASE_DIGITS
  return Math.abs(Number(scaleDigits(value.digits, shift)))
}

/** numeric.c, select_div_scale: at least 16 significant digits, and no less scale than either input has. */
function divisionScale(dividend: Decimal, divisor: Decimal): number {
  let quotientWeight = 0
  const divisorWeight = baseWeight(divisor)
  if (dividend.digits === 0n) {
    quotientWeight = -divisorWeight - 1
  } else {
    const dividendWeight = baseWeight(dividend)
    quotientWeight = dividendWeight - divisorWeight
    if (leadingBaseDigit(dividend, dividendWeight) <= leadingBaseDigit(divisor, divisorWeight)) quotientWeight--
  }
  const wanted = MIN_SIGNIFICANT_DIGITS - quotientWeight * BASE_DIGITS
  return Math.min(Math.max(wanted, dividend.scale, divisor.scale, 0), MAX_DISPLAY_SCALE)
}

/** The text of digits × 10^-scale, with exactly `scale` digits after the point. */
export function formatScaled(digits: number | bigint, scale: number): string {
  if (scale === 0) return digits.toString()
  const negative = digits < 0
  const text = (negative ? -digits : digits).toString().padStart(scale + 1, '0')
  const point = text.length - scale
  return `${negative ? '-' : ''}${text.slice(0, point)}.${text.slice(point)}`
}
