import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DatabaseError } from '../../src/errors.ts'
import { evaluate } from '../../src/executor/evaluate.ts'
import type { Expression } from '../../src/executor/expression.ts'
import { comparator } from '../../src/types/comparison.ts'
import { equalityOf } from '../../src/types/operators.ts'
import { BOOLEAN, FLOAT8, INT4, INT8, TEXT } from '../../src/types/registry.ts'
import type { SqlType } from '../../src/types/sqlType.ts'
import type { Value } from '../../src/types/value.ts'
import { runs } from '../support/runs.ts'
import { and, call, column, constant, filter, inList, not, or, parameter, project, rowsOf, scan } from './plans.ts'
import { TestSource } from './testSource.ts'

/** Columns 0 … 7: each type, not null and nullable. */
const types: readonly SqlType[] = [INT4, INT8, FLOAT8, TEXT, BOOLEAN]
const columns = types.flatMap((type) => [
  { type, nullable: false },
  { type, nullable: true },
])
const names = columns.map((_, i) => `c${i}`)

const big = fc.constantFrom(2n ** 60n, -(2n ** 60n), 2n ** 63n - 1n, -(2n ** 63n))
const valueOf: Record<string, fc.Arbitrary<Value>> = {
  int4: fc.constantFrom(0, 1, -1, 2, 3, 7, 2147483647, -2147483648),
  int8: fc.oneof(fc.constantFrom(0, 1, -5, 9007199254740991, -9007199254740991), big),
  float8: fc.constantFrom(0, 1, -1.5, 1e308, -1e308, 1e-308, Number.NaN, Infinity, -Infinity),
  text: fc.constantFrom('', 'a', 'b', 'ab', '\uFF5E', '😀', '__proto__'),
  boolean: fc.boolean(),
}
const nullable = (value: fc.Arbitrary<Value>): fc.Arbitrary<Value> => fc.option(value, { nil: null, freq: 4 })

const comparisons = ['=', '<>', '<', '<=', '>', '>=']

/** A random expression of the type over the columns and the parameters (one a type). */
function expressionOf(type: SqlType, depth: number): fc.Arbitrary<Expression> {
  const ordinal = types.indexOf(type) * 2
  const leaves = [
    fc.constant(column(ordinal, type, false)),
    fc.constant(column(ordinal + 1, type, true)),
    nullable(valueOf[type.kind]!).map((value) => constant(value, type)),
    fc.constant(parameter(ordinal / 2, type)),
  ]
  if (depth === 0) return fc.oneof(...leaves)
  const sub = (of: SqlType): fc.Arbitrary<Expression> => expressionOf(of, depth - 1)
  const any = fc.constantFrom(...types)
  const general = [
    fc
      .tuple(fc.array(fc.tuple(sub(BOOLEAN), sub(type)), { minLength: 1, maxLength: 2 }), fc.option(sub(type)))
      .map(([branches, otherwise]): Expression => {
        return { kind: 'case', branches: branches.map(([when, then]) => ({ when, then })), otherwise, type }
      }),
    fc.array(sub(type), { minLength: 1, maxLength: 3 }).map((args): Expression => ({ kind: 'coalesce', args, type })),
    fc
      .tuple(
        fc.constantFrom('greatest' as const, 'least' as const),
        fc.array(sub(type), { minLength: 1, maxLength: 3 }),
      )
      .map(([kind, args]): Expression => ({ kind, args, compare: comparator(type), type })),
  ]
  if (type.kind === 'int4' || type.kind === 'int8' || type.kind === 'float8') {
    const operators = type.kind === 'float8' ? ['+', '-', '*', '/'] : ['+', '-', '*', '/', '%']
    const arithmetic = fc
      .tuple(fc.constantFrom(...operators), sub(type), sub(type))
      .map(([name, a, b]): Expression => call(name, a, b))
    return fc.oneof(...leaves, arithmetic, arithmetic, ...general)
  }
  if (type.kind !== 'boolean') return fc.oneof(...leaves, ...general)
  const tests = any.chain((of) => fc.tuple(fc.constantFrom(...comparisons), sub(of), sub(of)))
  return fc.oneof(
    ...leaves,
    ...general,
    tests.map(([name, a, b]): Expression => call(name, a, b)),
    fc.array(sub(BOOLEAN), { minLength: 2, maxLength: 3 }).map((args) => and(...args)),
    fc.array(sub(BOOLEAN), { minLength: 2, maxLength: 3 }).map((args) => or(...args)),
    sub(BOOLEAN).map(not),
    any
      .chain((of) => fc.tuple(sub(of), fc.boolean()))
      .map(([arg, negated]): Expression => ({ kind: 'nullTest', arg, negated, type: BOOLEAN })),
    fc
      .tuple(sub(BOOLEAN), fc.constantFrom(true, false, null), fc.boolean())
      .map(([arg, value, negated]): Expression => ({ kind: 'booleanTest', arg, value, negated, type: BOOLEAN })),
    any
      .chain((of) => fc.tuple(fc.constant(of), sub(of), sub(of), fc.boolean()))
      .map(([of, left, right, negated]): Expression => {
        return { kind: 'distinctFrom', left, right, negated, equals: equalityOf(of), type: BOOLEAN }
      }),
    any
      .chain((of) => fc.tuple(sub(of), fc.array(sub(of), { minLength: 1, maxLength: 3 }), fc.boolean()))
      .map(([arg, list, negated]) => inList(arg, list, negated)),
    fc.tuple(fc.constantFrom(INT4, TEXT, FLOAT8), fc.boolean()).chain(([of, negated]) =>
      fc.tuple(sub(of), fc.array(nullable(valueOf[of.kind]!), { minLength: 9, maxLength: 12 })).map(([arg, list]) =>
        inList(
          arg,
          list.map((value, i) => (i === 0 ? parameter(types.indexOf(of), of) : constant(value, of))),
          negated,
        ),
      ),
    ),
  )
}

const rowsArbitrary = fc.array(
  fc.tuple(
    ...columns.map(({ type, nullable: canBeNull }) =>
      canBeNull ? nullable(valueOf[type.kind]!) : valueOf[type.kind]!,
    ),
  ),
  { minLength: 1, maxLength: 12 },
)
const parametersArbitrary = fc.tuple(...types.map(({ kind }) => nullable(valueOf[kind]!)))

/** The result or the SQLSTATE with its position. */
function outcome<T>(run: () => T): T | string {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error
    return `${error.code} at ${error.position ?? 'nowhere'}`
  }
}

describe('a generated expression', () => {
  it('has the value that a tree walk finds, row by row, errors included', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...types).chain((type) => expressionOf(type, 3)),
        rowsArbitrary,
        parametersArbitrary,
        fc.nat(),
        (expression, rows, parameters, seed) => {
          const plan = project(scan(new TestSource(columns, rows, seed), 't', names), [expression])
          const found = outcome(() => rowsOf(plan, parameters).map((row) => row[0]))
          const wanted = outcome(() => rows.map((row) => evaluate(expression, parameters, row)))
          expect(found).toEqual(wanted)
        },
      ),
      { numRuns: runs(400) },
    )
  })

  it('as a filter lets through the rows for which it is true', () => {
    fc.assert(
      fc.property(
        expressionOf(BOOLEAN, 3),
        rowsArbitrary,
        parametersArbitrary,
        fc.nat(),
        (e, rows, parameters, seed) => {
          const plan = filter(scan(new TestSource(columns, rows, seed), 't', names), e)
          const found = outcome(() => rowsOf(plan, parameters))
          const wanted = outcome(() => rows.filter((row) => evaluate(e, parameters, row) === true))
          // A conjunct that is not true spares the evaluation of those behind it, whose errors then do not show.
          if (typeof wanted === 'string' && typeof found !== 'string') return
          expect(found).toEqual(wanted)
        },
      ),
      { numRuns: runs(400) },
    )
  })

  it('is made where every row is a constant, too', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...types).chain((type) => expressionOf(type, 2)),
        parametersArbitrary,
        (expression, parameters) => {
          const row = types.flatMap(({ kind }) => [kind === 'text' ? 'x' : kind === 'boolean' ? true : 1, null])
          const source = new TestSource(columns, [row])
          const found = outcome(() => rowsOf(project(scan(source, 't', names), [expression]), parameters))
          expect(found).toEqual(outcome(() => [[evaluate(expression, parameters, row)]]))
        },
      ),
      { numRuns: runs(200) },
    )
  })
})
