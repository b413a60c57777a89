/**
 * Square roots, powers, exponentials and logarithms of float8 with PostgreSQL's domain errors (2201E, 2201F) and its
 * checks for overflow and underflow (22003).
 */
import { floatOverflow, floatUnderflow, invalidArgument } from '../../errors.ts'

/** Throws 2201F for a negative value. */
export function squareRootFloat8(value: number): number {
  if (value < 0) throw invalidArgument('2201F', 'cannot take square root of a negative number')
  return Math.sqrt(value)
}

export function cubeRootFloat8(value: number): number {
  return Math.cbrt(value)
}

/** POSIX pow: 1^y and x^0 are 1 even for NaN. Throws 2201F where the result is no real number. */
export function powerFloat8(base: number, exponent: number): number {
  if (base === 1) return 1
  if (base === 0 && exponent < 0) throw invalidArgument('2201F', 'zero raised to a negative power is undefined')
  if (base < 0 && Number.isFinite(exponent) && !Number.isInteger(exponent)) {
    throw invalidArgument('2201F', 'a negative number raised to a non-integer power yields a complex result')
  }
  if (base === -1 && !Number.isFinite(exponent) && !Number.isNaN(exponent)) return 1
  const power = base ** exponent
  if (Number.isFinite(base) && Number.isFinite(exponent)) checkRange(power, base === 0)
  return power + 0
}

export function exponentialFloat8(value: number): number {
  const power = Math.exp(value)
  if (Number.isFinite(value)) checkRange(power, false)
  return power
}

/** Throws 22003 for a result that left the range of float8, unless a zero is exact. */
function checkRange(result: number, zeroIsExact: boolean): void {
  if (!Number.isFinite(result)) throw floatOverflow()
  if (result === 0 && !zeroIsExact) throw floatUnderflow()
}

/** Throws 2201E for zero and negative values. */
export function naturalLogarithmFloat8(value: number): number {
  checkLogarithm(value)
  return Math.log(value) + 0
}

/** Throws 2201E for zero and negative values. */
export function decimalLogarithmFloat8(value: number): number {
  checkLogarithm(value)
  return Math.log10(value) + 0
}

function checkLogarithm(value: number): void {
  if (value === 0) throw invalidArgument('2201E', 'cannot take logarithm of zero')
  if (value < 0) throw invalidArgument('2201E', 'cannot take logarithm of a negative number')
}
