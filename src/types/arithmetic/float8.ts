/**
 * Checked arithmetic of float8, with PostgreSQL's errors: a result that is infinite though no operand is overflows, a
 * result that is zero though no operand is underflows. -0 is normalised away by adding 0.
 */
import { divisionByZero, floatOverflow, floatUnderflow } from '../../errors.ts'

/** Throws 22003 if a result became infinite; call it only if the result is not finite. */
function overflowUnlessInfinite(result: number, a: number, b: number): number {
  if (Number.isFinite(a) && Number.isFinite(b)) throw floatOverflow()
  return result
}

export function addFloat8(a: number, b: number): number {
  const sum = a + b
  return Number.isFinite(sum) ? sum + 0 : overflowUnlessInfinite(sum, a, b)
}

export function subtractFloat8(a: number, b: number): number {
  const difference = a - b
  return Number.isFinite(difference) ? difference + 0 : overflowUnlessInfinite(difference, a, b)
}

export function multiplyFloat8(a: number, b: number): number {
  const product = a * b
  if (product === 0) {
    if (a !== 0 && b !== 0) throw floatUnderflow()
    return 0
  }
  return Number.isFinite(product) ? product : overflowUnlessInfinite(product, a, b)
}

export function divideFloat8(a: number, b: number): number {
  if (b === 0 && !Number.isNaN(a)) throw divisionByZero()
  const quotient = a / b
  if (quotient === 0) {
    if (a !== 0 && Number.isFinite(b)) throw floatUnderflow()
    return 0
  }
  return Number.isFinite(quotient) ? quotient : overflowUnlessInfinite(quotient, a, b)
}

export function negateFloat8(a: number): number {
  return 0 - a
}

export function absFloat8(a: number): number {
  return Math.abs(a)
}

/** The nearest integer, ties to even (C's rint); NaN and infinities stay. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value)
  const fraction = value - floor
  if (fraction < 0.5) return floor + 0
  if (fraction > 0.5) return floor + 1
  return Number.isNaN(fraction) ? value : floor % 2 === 0 ? floor + 0 : floor + 1
}
