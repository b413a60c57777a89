import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { comparator, compareFloat8, compareText, hashKey } from '../../src/types/comparison.ts'
import { resolveOperator } from '../../src/types/operators.ts'
import { DECIMAL, FLOAT8, INT8, TEXT } from '../../src/types/registry.ts'
import { runs } from '../support/runs.ts'
import { canonical, decimals, integers, texts } from './generators.ts'

describe('order and equality', () => {
  test('text is in the order of its UTF-8 bytes', () => {
    fc.assert(
      fc.property(texts, texts, (a, b) => {
        expect(Math.sign(compareText(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)))
      }),
      { numRuns: runs(2000) },
    )
    expect(compareText('\uFF5E', '😀')).toBeLessThan(0)
  })

  test('the operators of text agree with its order', () => {
    const less = resolveOperator('<', TEXT, TEXT).call as (a: string, b: string) => boolean
    fc.assert(
      fc.property(texts, texts, (a, b) => {
        expect(less(a, b)).toBe(compareText(a, b) < 0)
      }),
      { numRuns: runs(300) },
    )
  })

  test('int8 orders numbers and bigints alike', () => {
    const compare = comparator(INT8)
    fc.assert(
      fc.property(integers, integers, (a, b) => {
        expect(compare(canonical(a), canonical(b))).toBe(a < b ? -1 : a > b ? 1 : 0)
        expect(hashKey(INT8)(canonical(a)) === hashKey(INT8)(canonical(b))).toBe(a === b)
      }),
      { numRuns: runs(500) },
    )
  })

  test('float8 is totally ordered, NaN equal to itself and last', () => {
    const values = [-Infinity, -1.5, 0, 1e-300, 2, Infinity, NaN]
    for (const [i, a] of values.entries()) {
      for (const [j, b] of values.entries()) expect(compareFloat8(a, b)).toBe(Math.sign(i - j))
    }
    const equal = resolveOperator('=', FLOAT8, FLOAT8).call as (a: number, b: number) => boolean
    expect(equal(NaN, NaN)).toBe(true)
    expect(new Set([hashKey(FLOAT8)(NaN), hashKey(FLOAT8)(NaN)]).size).toBe(1)
  })

  test('Decimals order by value, whatever their scale', () => {
    const compare = comparator(DECIMAL)
    fc.assert(
      fc.property(decimals, decimals, (a, b) => {
        const scale = BigInt(Math.max(a.scale, b.scale))
        const left = a.digits * 10n ** (scale - BigInt(a.scale))
        const right = b.digits * 10n ** (scale - BigInt(b.scale))
        expect(Math.sign(compare(a, b))).toBe(left < right ? -1 : left > right ? 1 : 0)
      }),
      { numRuns: runs(500) },
    )
  })
})
