import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { resolveAggregate } from '../../src/types/aggregates.ts'
import { Decimal } from '../../src/types/decimal.ts'
import * as registry from '../../src/types/registry.ts'
import type { SqlType } from '../../src/types/sqlType.ts'
import type { Value } from '../../src/types/value.ts'
import { runs } from '../support/runs.ts'
import { canonical, decimals, integers, texts } from './generators.ts'

const { BOOLEAN, DATE, DECIMAL, FLOAT8, INT2, INT4, INT8, TEXT, fixedNumeric } = registry

function aggregate(name: string, type: SqlType, values: readonly Value[]): Value {
  const state = resolveAggregate(name, [type]).createState()
  for (const value of values) state.step(value)
  return state.final()
}

const total = (values: readonly bigint[]): bigint => values.reduce((sum, value) => sum + value, 0n)

describe('aggregates', () => {
  test('sums of integers and scaled integers are exact and canonical', () => {
    fc.assert(
      fc.property(fc.array(integers, { minLength: 1, maxLength: 30 }), (values) => {
        const inputs = values.map(canonical)
        expect(aggregate('sum', INT8, inputs)).toBe(canonical(total(values)))
        expect(aggregate('sum', fixedNumeric(2), inputs)).toBe(canonical(total(values)))
      }),
      { numRuns: runs(500) },
    )
  })

  test('a sum near the end of the safe integers does not round', () => {
    const values = Array.from({ length: 1001 }, () => Number.MAX_SAFE_INTEGER)
    expect(aggregate('sum', INT8, values)).toBe(BigInt(Number.MAX_SAFE_INTEGER) * 1001n)
    expect(aggregate('sum', INT8, [...values, ...values.map((value) => -value)])).toBe(0)
  })

  test('sums of Decimals have the largest scale seen', () => {
    fc.assert(
      fc.property(fc.array(decimals, { minLength: 1, maxLength: 10 }), (values) => {
        const expected = values.reduce((sum, value) => sum.add(value))
        expect((aggregate('sum', DECIMAL, values) as Decimal).toString()).toBe(expected.toString())
        const count = Decimal.fromInteger(values.length)
        expect((aggregate('avg', DECIMAL, values) as Decimal).toString()).toBe(expected.div(count).toString())
      }),
      { numRuns: runs(300) },
    )
  })

  test('averages have PostgreSQL’s scale', () => {
    expect(String(aggregate('avg', INT4, [1, 2]))).toBe('1.5000000000000000')
    expect(String(aggregate('avg', INT4, [1, 1, 2]))).toBe('1.3333333333333333')
    expect(String(aggregate('avg', fixedNumeric(2), [100, 101]))).toBe('1.00500000000000000000')
    expect(String(aggregate('avg', INT8, [2n ** 62n, 2n ** 62n]))).toBe('4611686018427387904')
    expect(aggregate('avg', FLOAT8, [1, 2])).toBe(1.5)
  })

  test('min and max follow the order of the type', () => {
    fc.assert(
      fc.property(fc.array(texts, { minLength: 1, maxLength: 8 }), (values) => {
        const sorted = values.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
        expect(aggregate('min', TEXT, values)).toBe(sorted[0])
        expect(aggregate('max', TEXT, values)).toBe(sorted.at(-1))
      }),
      { numRuns: runs(300) },
    )
    expect(aggregate('max', FLOAT8, [1, NaN, Infinity])).toBe(NaN)
    expect(aggregate('min', FLOAT8, [NaN, 1])).toBe(1)
    expect(aggregate('max', INT8, [5, 2n ** 60n, -3])).toBe(2n ** 60n)
    expect(aggregate('min', DATE, [3, -Infinity])).toBe(-Infinity)
  })

  test('no value gives null, but a count of 0', () => {
    for (const name of ['sum', 'avg', 'min', 'max']) {
      for (const type of [INT2, INT4, INT8, FLOAT8, DECIMAL, fixedNumeric(2)]) {
        expect(aggregate(name, type, [])).toBe(null)
      }
    }
    expect(aggregate('bool_and', BOOLEAN, [])).toBe(null)
    expect(aggregate('bool_or', BOOLEAN, [false, true])).toBe(true)
    expect(aggregate('every', BOOLEAN, [false, true])).toBe(false)
    expect(resolveAggregate('count', '*').createState().final()).toBe(0)
  })

  test('result types are PostgreSQL’s', () => {
    const result = (name: string, type: SqlType): SqlType => resolveAggregate(name, [type]).resultType
    expect(result('sum', INT2)).toEqual(INT8)
    expect(result('sum', INT8)).toEqual(fixedNumeric(0))
    expect(result('sum', { kind: 'numeric', precision: 15, scale: 2 })).toEqual(fixedNumeric(2))
    expect(result('avg', INT4)).toEqual(DECIMAL)
    expect(result('max', { kind: 'varchar', length: 5 })).toEqual(TEXT)
    expect(result('max', { kind: 'numeric', precision: 15, scale: 2 })).toEqual(fixedNumeric(2))
    expect(() => resolveAggregate('sum', [TEXT])).toThrow(
      expect.objectContaining({ code: '42883', message: 'function sum(text) does not exist' }),
    )
    expect(() => resolveAggregate('sum', '*')).toThrow(expect.objectContaining({ code: '42883' }))
    expect(() => resolveAggregate('max', [BOOLEAN])).toThrow(expect.objectContaining({ code: '42883' }))
  })

  test('float8 sums overflow with 22003', () => {
    expect(() => aggregate('sum', FLOAT8, [1e308, 1e308])).toThrow(expect.objectContaining({ code: '22003' }))
    expect(aggregate('sum', FLOAT8, [Infinity, 1])).toBe(Infinity)
  })
})
