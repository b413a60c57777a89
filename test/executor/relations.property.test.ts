import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compile } from '../../src/executor/compile.ts'
import { evaluate } from '../../src/executor/evaluate.ts'
import type { AggregateCall, PhysicalPlan, SortKey } from '../../src/executor/plan.ts'
import { resolveAggregate } from '../../src/types/aggregates.ts'
import { comparator } from '../../src/types/comparison.ts'
import { FLOAT8, INT4, INT8, TEXT } from '../../src/types/registry.ts'
import type { Value } from '../../src/types/value.ts'
import { runs } from '../support/runs.ts'
import * as p from './plans.ts'
import { TestSource } from './testSource.ts'

const columns = [
  { type: INT4, nullable: false },
  { type: INT4, nullable: true },
  { type: TEXT, nullable: true },
  { type: FLOAT8, nullable: true },
]
const names = ['id', 'k', 's', 'f']

const rowArbitrary = fc.tuple(
  fc.nat(5),
  fc.option(fc.nat(3)),
  fc.option(fc.constantFrom('', 'a', 'b', ',', '~', '1:a')),
  fc.option(fc.constantFrom(0, 1.5, -2, Number.NaN)),
)
const rowsArbitrary = fc.array(rowArbitrary, { maxLength: 30 })
const seedArbitrary = fc.nat()
/** Mostly awkward: a step of one row parks everywhere. */
const budgetArbitrary = fc.constantFrom(1, 1, 2, 3, 7, 1000, Number.POSITIVE_INFINITY)

const scanOf = (rows: readonly (readonly Value[])[], seed: number): PhysicalPlan =>
  p.scan(new TestSource(columns, rows, seed), 't', names)

const byJson = (a: Value[], b: Value[]): number => {
  const [x, y] = [text(a), text(b)]
  return x < y ? -1 : x > y ? 1 : 0
}
const text = (row: Value[]): string =>
  row.map((v) => (v === null ? 'null' : typeof v === 'object' ? v.toString() : `${typeof v} ${v}`)).join('|')
const asBag = (rows: Value[][]): string[] => rows.toSorted(byJson).map(text)

/** The join of SQL's definition: every pair, tested; and the left rows without a partner. */
function naiveJoin(
  join: 'inner' | 'left',
  left: readonly (readonly Value[])[],
  right: readonly (readonly Value[])[],
  test: (pair: Value[]) => boolean,
): Value[][] {
  return left.flatMap((l) => {
    const pairs = right.map((r) => [...l, ...r]).filter(test)
    return pairs.length === 0 && join === 'left' ? [[...l, ...columns.map(() => null)]] : pairs
  })
}

describe('joins', () => {
  it('a hash join yields what the pairs of rows yield, whatever the budget', () => {
    fc.assert(
      fc.property(
        ...[fc.constantFrom('inner' as const, 'left' as const), rowsArbitrary, rowsArbitrary, seedArbitrary],
        ...[budgetArbitrary, fc.constantFrom([1], [2], [1, 2], [3], [0, 3, 2]), fc.boolean()],
        (join, a, b, seed, budget, keys, withResidual) => {
          const [left, right] = [scanOf(a, seed), scanOf(b, seed + 1)]
          const residual = withResidual ? p.call('<=', p.column(0, INT4), p.column(4, INT4)) : null
          const keyOf = (plan: PhysicalPlan) => keys.map((key) => p.columnOf(plan, key))
          const plan = p.hashJoin(join, left, right, keyOf(left), keyOf(right), residual)
          const wanted = naiveJoin(join, a, b, (pair) =>
            [
              ...keys.map((key) =>
                p.call('=', p.column(key, columns[key]!.type), p.column(key + 4, columns[key]!.type)),
              ),
              ...(residual === null ? [] : [residual]),
            ].every((e) => evaluate(e, [], pair) === true),
          )
          expect(asBag(p.rowsOf(plan, [], budget))).toEqual(asBag(wanted))
        },
      ),
      { numRuns: runs(200) },
    )
  })

  it('a nested loop does, too, and joins of joins', () => {
    fc.assert(
      fc.property(
        ...[fc.constantFrom('inner' as const, 'left' as const), fc.constantFrom('inner' as const, 'left' as const)],
        ...[rowsArbitrary, rowsArbitrary, seedArbitrary, budgetArbitrary],
        (first, second, a, b, seed, budget) => {
          const [left, right, third] = [scanOf(a, seed), scanOf(b, seed + 1), scanOf(a.slice(0, 5), seed + 2)]
          const less = p.call('<', p.column(1, INT4), p.column(5, INT4))
          const inner = p.nestedLoop(first, left, right, less)
          const same = p.call('=', p.column(6, TEXT), p.column(10, TEXT))
          const plan = p.hashJoin(second, inner, third, [p.column(6, TEXT)], [p.column(2, TEXT)])
          const pairs = naiveJoin(first, a, b, (pair) => evaluate(less, [], pair) === true)
          const wanted = naiveJoin(second, pairs, a.slice(0, 5), (row) => evaluate(same, [], row) === true)
          expect(asBag(p.rowsOf(plan, [], budget))).toEqual(asBag(wanted))
        },
      ),
      { numRuns: runs(150) },
    )
  })
})

const aggregates: AggregateCall[] = [
  { name: 'count', aggregate: resolveAggregate('count', '*'), arg: null, distinct: false, filter: null, type: INT8 },
  { ...aggregateOf('sum', 0, false), filter: p.call('>', p.column(1, INT4), p.constant(0, INT4)) },
  aggregateOf('sum', 0, false),
  aggregateOf('min', 2, false),
  aggregateOf('count', 1, true),
]

function aggregateOf(name: string, ordinal: number, distinct: boolean): AggregateCall {
  const { type } = columns[ordinal]!
  const aggregate = resolveAggregate(name, [type])
  return { name, aggregate, arg: p.column(ordinal, type), distinct, filter: null, type: aggregate.resultType }
}

describe('aggregation', () => {
  it('finds the groups and their aggregates', () => {
    fc.assert(
      fc.property(
        ...[rowsArbitrary, seedArbitrary, budgetArbitrary, fc.constantFrom([], [1], [2], [1, 2], [3, 2])],
        (rows, seed, budget, keys) => {
          const input = scanOf(rows, seed)
          const plan = p.aggregate(
            input,
            keys.map((key) => p.columnOf(input, key)),
            aggregates,
          )
          const groups = new Map<string, Value[][]>()
          if (keys.length === 0) groups.set('', [])
          for (const row of rows) {
            const key = text(keys.map((each) => row[each]!))
            groups.set(key, [...(groups.get(key) ?? []), row])
          }
          const wanted = [...groups.values()].map((group): Value[] => {
            const strings = group.map((row) => row[2] as string | null).filter((s) => s !== null)
            const distinct = new Set(group.map((row) => row[1]).filter((k) => k !== null))
            const sumOf = (of: Value[][]): Value =>
              of.length === 0 ? null : of.reduce((sum, row) => sum + Number(row[0]), 0)
            const positive = group.filter((row) => Number(row[1]) > 0)
            return [
              ...keys.map((key) => group[0]![key]!),
              ...[group.length, sumOf(positive), sumOf(group)],
              strings.toSorted((a, b) => comparator(TEXT)(a, b))[0] ?? null,
              distinct.size,
            ]
          })
          expect(asBag(p.rowsOf(plan, [], budget))).toEqual(asBag(wanted))
        },
      ),
      { numRuns: runs(200) },
    )
  })

  it('DISTINCT lets each row through once', () => {
    fc.assert(
      fc.property(
        rowsArbitrary,
        seedArbitrary,
        budgetArbitrary,
        fc.subarray([1, 2, 3], { minLength: 1 }),
        (rows, seed, budget, kept) => {
          const input = scanOf(rows, seed)
          const plan = p.distinct(
            p.project(
              input,
              kept.map((key) => p.columnOf(input, key)),
            ),
          )
          const wanted = new Map(rows.map((row) => kept.map((key) => row[key]!)).map((row) => [text(row), row]))
          expect(p.rowsOf(plan, [], budget)).toEqual([...wanted.values()])
        },
      ),
      { numRuns: runs(150) },
    )
  })
})

const sortKeyArbitrary = fc.record({
  ordinal: fc.constantFrom(0, 1, 2, 3),
  descending: fc.boolean(),
  nullsFirst: fc.boolean(),
})

function naiveOrder(keys: { ordinal: number; descending: boolean; nullsFirst: boolean }[]) {
  return (a: readonly Value[], b: readonly Value[]): number => {
    for (const { ordinal, descending, nullsFirst } of keys) {
      const [x, y] = [a[ordinal]!, b[ordinal]!]
      if (x === null && y === null) continue
      if (x === null || y === null) return (x === null) === nullsFirst ? -1 : 1
      const order = comparator(columns[ordinal]!.type)(x, y)
      if (order !== 0) return descending ? -order : order
    }
    return 0
  }
}

describe('sorting and limits', () => {
  it('a sort is stable, a limit cuts it, and a top-k finds the same rows', () => {
    fc.assert(
      fc.property(
        ...[rowsArbitrary, seedArbitrary, budgetArbitrary, fc.array(sortKeyArbitrary, { minLength: 1, maxLength: 3 })],
        ...[fc.option(fc.nat(8)), fc.nat(4)],
        (rows, seed, budget, keys, count, offset) => {
          const input = scanOf(rows, seed)
          const sortKeys = keys.map(({ ordinal, ...key }): SortKey => ({
            expression: p.columnOf(input, ordinal),
            ...key,
          }))
          const wanted = rows.toSorted(naiveOrder(keys)).slice(offset, count === null ? undefined : offset + count)
          const topK = count === null ? null : p.constant(count + offset, INT8)
          for (const best of [null, topK]) {
            const sorted = p.sort(input, sortKeys, best)
            const plan = p.limit(sorted, p.parameter(0, INT8), p.parameter(1, INT8))
            expect(p.rowsOf(plan, [count, offset], budget)).toEqual(wanted)
          }
        },
      ),
      { numRuns: runs(200) },
    )
  })

  it('sorts many rows in bounded steps', () => {
    const rows = Array.from({ length: 5000 }, (_, i): Value[] => [(i * 7919) % 5003, i, null, null])
    const input = scanOf(rows, 3)
    const plan = p.sort(input, [{ expression: p.columnOf(input, 0), descending: true, nullsFirst: false }])
    const statement = compile({ kind: 'select', input: plan })
    const found = p.rowsOf(statement, [], 500)
    expect(found).toEqual(rows.toSorted((a, b) => Number(b[0]) - Number(a[0])))
  })

  it('a limit inside of a join stops at the row', () => {
    fc.assert(
      fc.property(
        rowsArbitrary,
        rowsArbitrary,
        seedArbitrary,
        budgetArbitrary,
        fc.nat(4),
        (a, b, seed, budget, count) => {
          const left = p.limit(scanOf(a, seed), p.constant(count, INT8), p.constant(1, INT8))
          const plan = p.nestedLoop('inner', left, scanOf(b, seed + 1), null)
          const wanted = naiveJoin('inner', a.slice(1, 1 + count), b, () => true)
          expect(p.rowsOf(plan, [], budget)).toEqual(wanted)
        },
      ),
      { numRuns: runs(100) },
    )
  })
})
