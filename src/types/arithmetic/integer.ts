/**
 * Checked arithmetic of int2, int4 and int8. Overflow is 22003, division by zero 22012; division truncates towards zero,
 * a remainder has the sign of its dividend, and -0 never appears (`+ 0` turns it into 0). An int8 is a number while it is
 * a safe integer: if the exact result of two numbers is not safe, its rounding is not safe either, so one test after the
 * fast operation suffices.
 */
import { divisionByZero, outOfRange } from '../../errors.ts'
import { demote } from '../bigintArithmetic.ts'

export type Int8 = number | bigint

const MIN_INT8 = -(2n ** 63n)
const MAX_INT8 = 2n ** 63n - 1n

export function checkInt2(value: number): number {
  if (value > 32_767 || value < -32_768) throw outOfRange('smallint')
  return value + 0
}

export function checkInt4(value: number): number {
  if (value > 2_147_483_647 || value < -2_147_483_648) throw outOfRange('integer')
  return value + 0
}

export function checkInt8(value: bigint): Int8 {
  if (value > MAX_INT8 || value < MIN_INT8) throw outOfRange('bigint')
  return demote(value)
}

export function addInt2(a: number, b: number): number {
  return checkInt2(a + b)
}

export function subtractInt2(a: number, b: number): number {
  return checkInt2(a - b)
}

export function multiplyInt2(a: number, b: number): number {
  return checkInt2(a * b)
}

export function divideInt2(a: number, b: number): number {
  if (b === 0) throw divisionByZero()
  return checkInt2(Math.trunc(a / b))
}

export function addInt4(a: number, b: number): number {
  return checkInt4(a + b)
}

export function subtractInt4(a: number, b: number): number {
  return checkInt4(a - b)
}

export function multiplyInt4(a: number, b: number): number {
  return checkInt4(a * b)
}

export function divideInt4(a: number, b: number): number {
  if (b === 0) throw divisionByZero()
  return checkInt4(Math.trunc(a / b))
}

/** The remainder of int2 and int4; it cannot overflow. */
export function moduloInt4(a: number, b: number): number {
  if (b === 0) throw divisionByZero()
  return (a % b) + 0
}

export function addInt8(a: Int8, b: Int8): Int8 {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b
    if (Number.isSafeInteger(sum)) return sum
  }
  return checkInt8(BigInt(a) + BigInt(b))
}

export function subtractInt8(a: Int8, b: Int8): Int8 {
  if (typeof a === 'number' && typeof b === 'number') {
    const difference = a - b
    if (Number.isSafeInteger(difference)) return difference
  }
  return checkInt8(BigInt(a) - BigInt(b))
}

export function multiplyInt8(a: Int8, b: Int8): Int8 {
  if (typeof a === 'number' && typeof b === 'number') {
    const product = a * b
    if (Number.isSafeInteger(product)) return product + 0
  }
  return checkInt8(BigInt(a) * BigInt(b))
}

export function divideInt8(a: Int8, b: Int8): Int8 {
  if (b === 0) throw divisionByZero()
  // a - a % b is a multiple of b, so that the quotient of doubles is exact.
  if (typeof a === 'number' && typeof b === 'number') return (a - (a % b)) / b + 0
  return checkInt8(BigInt(a) / BigInt(b))
}

export function moduloInt8(a: Int8, b: Int8): Int8 {
  if (b === 0) throw divisionByZero()
  if (typeof a === 'number' && typeof b === 'number') return (a % b) + 0
  return demote(BigInt(a) % BigInt(b))
}

export function negateInt2(a: number): number {
  return checkInt2(-a)
}

export function negateInt4(a: number): number {
  return checkInt4(-a)
}

export function negateInt8(a: Int8): Int8 {
  return typeof a === 'number' ? 0 - a : checkInt8(-a)
}

export function absInt2(a: number): number {
  return checkInt2(Math.abs(a))
}

export function absInt4(a: number): number {
  return checkInt4(Math.abs(a))
}

export function absInt8(a: Int8): Int8 {
  return a < 0 ? negateInt8(a) : a
}
