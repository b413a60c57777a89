/**
 * Arithmetic of numeric with a static scale: scaled integers, numbers while safe, else bigints. The scales are part of the
 * types and not seen here: the operands of + - % and of comparisons have been rescaled to one scale, and a product has the
 * sum of the scales. Values are exact at any size up to numeric's own limit (22003).
 */
import { divisionByZero, numericFormatOverflow } from '../../errors.ts'
import { demote, divideRounded, powerOfTen } from '../bigintArithmetic.ts'
import { Decimal, MAX_INTEGER_DIGITS } from '../decimal.ts'
import { MAX_STATIC_SCALE } from '../registry.ts'

export type Fixed = number | bigint

/** A bound that every in-range value stays under; the exact one depends on the scale and needs no exactness. */
let limit: bigint | null = null
const SURELY_SMALL = 2n ** 4096n

function demoteChecked(value: bigint): Fixed {
  if (value > SURELY_SMALL || value < -SURELY_SMALL) {
    limit ??= 10n ** BigInt(MAX_INTEGER_DIGITS + MAX_STATIC_SCALE)
    if (value >= limit || value <= -limit) throw numericFormatOverflow()
  }
  return demote(value)
}

export function addFixed(a: Fixed, b: Fixed): Fixed {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b
    if (Number.isSafeInteger(sum)) return sum
  }
  return demoteChecked(BigInt(a) + BigInt(b))
}

export function subtractFixed(a: Fixed, b: Fixed): Fixed {
  if (typeof a === 'number' && typeof b === 'number') {
    const difference = a - b
    if (Number.isSafeInteger(difference)) return difference
  }
  return demoteChecked(BigInt(a) - BigInt(b))
}

export function multiplyFixed(a: Fixed, b: Fixed): Fixed {
  if (typeof a === 'number' && typeof b === 'number') {
    const product = a * b
    if (Number.isSafeInteger(product)) return product + 0
  }
  return demoteChecked(BigInt(a) * BigInt(b))
}

/** The remainder of a division truncated towards zero. Throws 22012. */
export function moduloFixed(a: Fixed, b: Fixed): Fixed {
  if (b === 0) throw divisionByZero()
  if (typeof a === 'number' && typeof b === 'number') return (a % b) + 0
  return demote(BigInt(a) % BigInt(b))
}

export function negateFixed(a: Fixed): Fixed {
  return typeof a === 'number' ? 0 - a : demote(-a)
}

export function absFixed(a: Fixed): Fixed {
  return a < 0 ? negateFixed(a) : a
}

/** The value times 10^places. */
export function scaleUp(value: Fixed, places: number): Fixed {
  if (typeof value === 'number' && places <= 15) {
    const scaled = value * 10 ** places
    if (Number.isSafeInteger(scaled)) return scaled + 0
  }
  return demoteChecked(BigInt(value) * powerOfTen(places))
}

/** The value divided by 10^places, rounded half away from zero. */
export function scaleDown(value: Fixed, places: number): Fixed {
  if (typeof value === 'number' && places <= 15) {
    const divisor = 10 ** places
    const remainder = value % divisor
    const quotient = (value - remainder) / divisor
    const carry = remainder * 2 >= divisor ? 1 : remainder * -2 >= divisor ? -1 : 0
    return quotient + carry + 0
  }
  return demote(divideRounded(BigInt(value), powerOfTen(places)))
}

/** The value divided by 10^places, rounded towards zero. */
export function truncateDown(value: Fixed, places: number): Fixed {
  if (typeof value === 'number' && places <= 15) {
    const divisor = 10 ** places
    return (value - (value % divisor)) / divisor + 0
  }
  return demote(BigInt(value) / powerOfTen(places))
}

/** The nearest float8 of value × 10^-scale. */
export function fixedToFloat8(value: Fixed, scale: number): number {
  // Both operands are exact doubles, so that the quotient is rounded once.
  if (typeof value === 'number' && scale <= 22) return value / 10 ** scale
  return Decimal.fromFixed(value, scale).toNumber()
}
