import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Decimal } from '../../src/types/decimal.ts'
import { runs } from '../support/runs.ts'
import { decimals } from './generators.ts'

function check<T>(property: fc.IProperty<T>): void {
  fc.assert(property, { numRuns: runs(300) })
}
const absolute = (value: bigint): bigint => (value < 0n ? -value : value)

describe('Decimal', () => {
  test('text form round-trips, display scale included', () => {
    check(
      fc.property(decimals, (a) => {
        const again = Decimal.parse(a.toString())
        expect([again.digits, again.scale]).toEqual([a.digits, a.scale])
      }),
    )
  })

  test('sums and differences are exact in the larger scale', () => {
    check(
      fc.property(decimals, decimals, (a, b) => {
        const scale = Math.max(a.scale, b.scale)
        const left = a.digits * 10n ** BigInt(scale - a.scale)
        const right = b.digits * 10n ** BigInt(scale - b.scale)
        expect([a.add(b).digits, a.add(b).scale]).toEqual([left + right, scale])
        expect(a.sub(b).digits).toBe(left - right)
      }),
    )
  })

  test('products are exact in the sum of the scales', () => {
    check(
      fc.property(decimals, decimals, (a, b) => {
        const product = a.mul(b)
        expect([product.digits, product.scale]).toEqual([a.digits * b.digits, a.scale + b.scale])
      }),
    )
  })

  test('a quotient is the nearest value of its scale, and has 16 significant digits', () => {
    check(
      fc.property(decimals, decimals, (a, b) => {
        fc.pre(b.digits !== 0n)
        const q = a.div(b)
        // |a/b - q| ≤ half a unit of q's last digit, cross-multiplied.
        const shift = 10n ** BigInt(q.scale + b.scale)
        const error = absolute(a.digits * shift - q.digits * b.digits * 10n ** BigInt(a.scale))
        expect(2n * error <= absolute(b.digits) * 10n ** BigInt(a.scale)).toBe(true)
        expect(q.scale).toBeGreaterThanOrEqual(Math.max(a.scale, b.scale))
        if (a.digits !== 0n) expect(absolute(q.digits) >= 10n ** 15n).toBe(true)
      }),
    )
  })

  test('a remainder completes the truncated quotient and has the sign of the dividend', () => {
    check(
      fc.property(decimals, decimals, (a, b) => {
        fc.pre(b.digits !== 0n)
        const remainder = a.mod(b)
        expect(remainder.sign() === 0 || remainder.sign() === a.sign()).toBe(true)
        expect(remainder.abs().compare(b.abs())).toBeLessThan(0)
        const multiple = a.sub(remainder)
        const scale = Math.max(multiple.scale, b.scale)
        expect(multiple.digitsAt(scale) % b.digitsAt(scale)).toBe(0n)
      }),
    )
  })

  test('round is within half a unit, trunc within one towards zero, floor and ceil on their sides', () => {
    check(
      fc.property(decimals, fc.integer({ min: -5, max: 20 }), (a, places) => {
        const unit = places >= 0 ? Decimal.of(1n, places) : Decimal.of(10n ** BigInt(-places), 0)
        const half = unit.div(Decimal.fromInteger(2))
        expect(a.round(places).sub(a).abs().compare(half)).toBeLessThanOrEqual(0)
        expect(a.trunc(places).abs().compare(a.abs())).toBeLessThanOrEqual(0)
        expect(a.trunc(places).sub(a).abs().compare(unit)).toBeLessThan(0)
        expect(a.floor().compare(a)).toBeLessThanOrEqual(0)
        expect(a.ceil().sub(a.floor()).compare(Decimal.fromInteger(1))).toBeLessThanOrEqual(0)
      }),
    )
  })

  test('a square root is the nearest value of its scale', () => {
    check(
      fc.property(decimals, (value) => {
        const a = value.abs()
        const root = a.sqrt()
        const half = Decimal.of(5n, root.scale + 1)
        const above = root.add(half)
        expect(above.mul(above).compare(a)).toBeGreaterThanOrEqual(0)
        if (root.digits > 0n) {
          const below = root.sub(half)
          expect(below.mul(below).compare(a)).toBeLessThanOrEqual(0)
        }
      }),
    )
  })

  test('equal values, and only those, have one hash key', () => {
    const close = fc.tuple(
      fc.bigInt({ min: -20n, max: 20n }),
      fc.integer({ min: 0, max: 3 }),
      fc.integer({ min: 0, max: 3 }),
    )
    check(
      fc.property(close, close, ([a, s, more], [b, t]) => {
        const left = Decimal.of(a * 10n ** BigInt(more), s + more)
        const right = Decimal.of(b, t)
        expect(left.hashKey() === right.hashKey()).toBe(left.compare(right) === 0)
        expect(left.hashKey()).toBe(Decimal.of(a, s).hashKey())
      }),
    )
  })

  test('the limits of numeric are enforced', () => {
    expect(() => Decimal.parse('1e131072')).toThrow(expect.objectContaining({ code: '22003' }))
    expect(Decimal.parse('1e131071').toString().length).toBe(131072)
    expect(() => Decimal.parse(`1${'0'.repeat(131071)}`).mul(Decimal.fromInteger(10))).toThrow(
      expect.objectContaining({ code: '22003' }),
    )
    expect(Decimal.parse('1e-16383').scale).toBe(16383)
    expect(Decimal.parse('1e-16384').digits).toBe(0n)
    for (const text of ['', '.', '1e', '1.2.3', 'NaN', '0x1', '1 2', `1e${'9'.repeat(30)}`]) {
      expect(() => Decimal.parse(text), text).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^22/) as unknown }),
      )
    }
    expect(() => Decimal.zero.div(Decimal.zero)).toThrow(expect.objectContaining({ code: '22012' }))
  })
})
