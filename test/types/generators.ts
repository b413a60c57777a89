import fc from 'fast-check'
import { Decimal } from '../../src/types/decimal.ts'

/** Integers of all magnitudes, with the ends of the ranges often. */
export const integers = fc.oneof(
  fc.bigInt({ min: -10n, max: 10n }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -(2n ** 33n), max: 2n ** 33n }),
  fc
    .tuple(
      fc.constantFrom(0n, 2n ** 15n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n),
      fc.bigInt({ min: -2n, max: 2n }),
      fc.boolean(),
    )
    .map(([base, offset, negative]) => clampInt8((negative ? -1n : 1n) * (base + offset))),
)

function clampInt8(value: bigint): bigint {
  return value > 2n ** 63n - 1n ? 2n ** 63n - 1n : value < -(2n ** 63n) ? -(2n ** 63n) : value
}

export const decimals = fc
  .tuple(fc.oneof(integers, fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n })), fc.integer({ min: 0, max: 25 }))
  .map(([digits, scale]) => Decimal.of(digits, scale))

/** Strings whose characters come from every region that UTF-16 and UTF-8 order differently, and from few enough to collide. */
export const texts = fc
  .array(
    fc.constantFrom('a', 'b', 'ab', 'ä', '\uD7FF', '\uE000', '\uFF5E', '\uFFFF', '😀', '\u{10FFFF}', '%', '_', ' '),
    {
      maxLength: 8,
    },
  )
  .map((parts) => parts.join(''))

/** The canonical form of an integer (D12): a number exactly if it is safe. */
export function canonical(value: bigint): number | bigint {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value
}
