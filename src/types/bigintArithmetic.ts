/** Exact integer arithmetic on bigints that numeric needs: powers of ten, rounding division, digit counts, square roots. */

const CACHED_POWERS = 64
const powers: bigint[] = Array.from({ length: CACHED_POWERS }, (_, exponent) => 10n ** BigInt(exponent))

/** 10^exponent; the exponent is a non-negative integer. */
export function powerOfTen(exponent: number): bigint {
  return exponent < CACHED_POWERS ? powers[exponent]! : 10n ** BigInt(exponent)
}

/** The quotient rounded half away from zero. */
export function divideRounded(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor
  const remainder = dividend % divisor
  const twice = remainder < 0n ? -2n * remainder : 2n * remainder
  if (twice < (divisor < 0n ? -divisor : divisor)) return quotient
  return dividend < 0n === divisor < 0n ? quotient + 1n : quotient - 1n
}

/** The quotient rounded towards zero. */
export function divideTruncated(dividend: bigint, divisor: bigint): bigint {
  return dividend / divisor
}

const LOG10_OF_2 = Math.log10(2)

/** The number of decimal digits of the absolute value; 1 for zero. */
export function decimalDigitCount(value: bigint): number {
  const magnitude = value < 0n ? -value : value
  if (magnitude < 1_000_000_000_000_000n) return Number(magnitude).toString().length
  // The hexadecimal length bounds the number of bits, and so the digits, to within two: then one comparison or two decide.
  const bits = magnitude.toString(16).length * 4
  let count = Math.max(1, Math.floor((bits - 4) * LOG10_OF_2))
  while (magnitude >= powerOfTen(count)) count++
  return count
}

/** The largest integer whose square is at most `value`, by Newton's method; the value is not negative. */
export function integerSquareRoot(value: bigint): bigint {
  if (value < 2n) return value
  let estimate = 1n << BigInt(Math.ceil((value.toString(16).length * 4) / 2))
  for (;;) {
    const next = (estimate + value / estimate) >> 1n
    if (next >= estimate) return estimate
    estimate = next
  }
}

/** The canonical form of an integer (D12): a number while it is safe. */
export function demote(value: bigint): number | bigint {
  return value >= MIN_SAFE && value <= MAX_SAFE ? Number(value) : value
}

const MIN_SAFE = BigInt(Number.MIN_SAFE_INTEGER)
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER)
