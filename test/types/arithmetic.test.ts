import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DatabaseError } from '../../src/errors.ts'
import { resolveCast } from '../../src/types/casts.ts'
import { Decimal } from '../../src/types/decimal.ts'
import { resolveOperator } from '../../src/types/operators.ts'
import { DECIMAL, fixedNumeric, INT2, INT4, INT8 } from '../../src/types/registry.ts'
import type { SqlType } from '../../src/types/sqlType.ts'
import type { Value } from '../../src/types/value.ts'
import { runs } from '../support/runs.ts'
import { canonical, integers } from './generators.ts'

const MINUS_ZERO = -0

/** Computes `a op b` as the engine does: operands cast to what the operator wants. */
function compute(operator: string, left: SqlType, a: Value, right: SqlType, b: Value): { type: SqlType; value: Value } {
  const resolved = resolveOperator(operator, left, right)
  const operands = [
    [left, a],
    [right, b],
  ] as const
  const args = operands.map(([type, value], i) => {
    const cast = resolveCast(type, resolved.argumentTypes[i]!, 'explicit')
    return cast === null ? value : (cast.call as (value: Value) => Value)(value)
  })
  const value = (resolved.call as (...values: readonly Value[]) => Value)(...args)
  expect(Object.is(value, MINUS_ZERO)).toBe(false)
  return { type: resolved.resultType, value }
}

function outcome(run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    if (error instanceof DatabaseError) return error.code
    throw error
  }
}

const EXACT: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
}

describe('integer arithmetic', () => {
  for (const [type, bits] of [
    [INT2, 16n],
    [INT4, 32n],
    [INT8, 64n],
  ] as const) {
    for (const operator of Object.keys(EXACT)) {
      test(`${type.kind} ${operator} is that of bigint, canonical, and overflows with 22003`, () => {
        const values = integers.map((value) => BigInt.asIntN(Number(bits), value))
        const property = fc.property(values, values, (a, b) => {
          const actual = outcome(() => compute(operator, type, canonical(a), type, canonical(b)).value)
          if (b === 0n && (operator === '/' || operator === '%')) {
            expect(actual).toBe('22012')
          } else {
            const exact = EXACT[operator]!(a, b)
            expect(actual).toBe(BigInt.asIntN(Number(bits), exact) === exact ? canonical(exact) : '22003')
          }
        })
        fc.assert(property, { numRuns: runs(400) })
      })
    }
  }
})

describe('numeric with static scales', () => {
  const scales = fc.integer({ min: 0, max: 12 })
  const comparisons = ['=', '<>', '<', '<=', '>', '>=']

  for (const operator of ['+', '-', '*', '%', '/', ...comparisons]) {
    test(`${operator} gives what Decimals give, in value and in scale`, () => {
      const property = fc.property(integers, scales, integers, scales, (a, s, b, t) => {
        const actual = outcome(() => compute(operator, fixedNumeric(s), canonical(a), fixedNumeric(t), canonical(b)))
        const expected = outcome(() => compute(operator, DECIMAL, Decimal.of(a, s), DECIMAL, Decimal.of(b, t)))
        if (typeof actual === 'string' || typeof expected === 'string') {
          expect(actual).toBe(expected)
          return
        }
        const { type, value } = actual as { type: SqlType; value: Value }
        const other = (expected as { value: Value }).value
        if (type.kind !== 'numeric') {
          expect(value).toBe(other)
          return
        }
        const digits = value instanceof Decimal ? value : Decimal.fromFixed(value as number | bigint, type.scale!)
        expect(digits.toString()).toBe((other as Decimal).toString())
        if (type.scale !== null) expect(value).toBe(canonical(digits.digits))
      })
      fc.assert(property, { numRuns: runs(200) })
    })
  }

  test('a scale beyond 30 makes the product a Decimal', () => {
    const { type, value } = compute('*', fixedNumeric(20), 3, fixedNumeric(20), 5)
    expect(type).toEqual(DECIMAL)
    expect((value as Decimal).scale).toBe(40)
  })

  test('an integer meets a scale as scale 0', () => {
    expect(compute('+', INT4, 1, fixedNumeric(2), 150)).toEqual({ type: fixedNumeric(2), value: 250 })
    expect(compute('*', { kind: 'numeric', precision: 15, scale: 2 }, 150, INT4, 3)).toEqual({
      type: fixedNumeric(2),
      value: 450,
    })
  })
})

describe('casts between numbers', () => {
  test('a change of scale rounds half away from zero, as Decimals do', () => {
    const scales = fc.integer({ min: 0, max: 18 })
    const property = fc.property(integers, scales, scales, (digits, from, to) => {
      const cast = resolveCast(fixedNumeric(from), fixedNumeric(to), 'explicit')
      const value = canonical(digits)
      const actual = cast === null ? value : (cast.call as (value: Value) => Value)(value)
      expect(actual).toBe(canonical(Decimal.of(digits, from).round(to).digitsAt(to)))
      expect(Object.is(actual, MINUS_ZERO)).toBe(false)
    })
    fc.assert(property, { numRuns: runs(500) })
  })

  test('precision is enforced with the detail that PostgreSQL gives', () => {
    const cast = resolveCast(INT4, { kind: 'numeric', precision: 3, scale: 1 }, 'assignment')
    expect(() => (cast!.call as (value: Value) => Value)(100)).toThrow(
      expect.objectContaining({
        code: '22003',
        message: 'numeric field overflow',
        detail: 'A field with precision 3, scale 1 must round to an absolute value less than 10^2.',
      }),
    )
    expect((cast!.call as (value: Value) => Value)(-99)).toBe(-990)
  })
})
