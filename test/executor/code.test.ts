import { describe, expect, it } from 'vitest'
import { DatabaseError } from '../../src/errors.ts'
import { compile } from '../../src/executor/compile.ts'
import type { Expression } from '../../src/executor/expression.ts'
import { MemoryAccount } from '../../src/executor/memoryAccount.ts'
import { Step } from '../../src/executor/outcome.ts'
import { ReadView } from '../../src/storage/readView.ts'
import { resolveAggregate } from '../../src/types/aggregates.ts'
import { BOOLEAN, DATE, fixedNumeric, INT4, INT8, TEXT } from '../../src/types/registry.ts'
import type { SqlType } from '../../src/types/sqlType.ts'
import type { Value } from '../../src/types/value.ts'
import * as p from './plans.ts'
import { TestSource } from './testSource.ts'

const nasty = [
  '__proto__',
  'constructor',
  '`${1}`',
  "'; throw 1 //",
  '*/ (',
  'line\nbreak\u2028',
  '\\',
  'x'.repeat(100_000),
]

describe('generated code', () => {
  it('of a join with an aggregate reads well', async () => {
    const columns = (...types: SqlType[]) => types.map((type) => ({ type, nullable: false }))
    const customers = p.scan(
      new TestSource(columns(INT4, TEXT), []),
      ...((['customers', ['id', 'segment']] as const).map((x) => x) as [string, string[]]),
      p.call('=', p.column(1, TEXT, false), p.parameter(0, TEXT)),
    )
    const money = fixedNumeric(2)
    const orders = p.scan(
      new TestSource(columns(INT4, INT4, DATE, money), []),
      'orders',
      ['id', 'customer', 'ordered', 'total'],
      p.call('<', p.column(2, DATE, false), p.constant(9204, DATE)),
    )
    const join = p.hashJoin('inner', orders, customers, [p.column(1, INT4, false)], [p.column(0, INT4, false)])
    const sum = resolveAggregate('sum', [money])
    const grouped = p.aggregate(
      join,
      [p.column(1, INT4, false)],
      [
        ...[
          {
            name: 'count',
            aggregate: resolveAggregate('count', '*'),
            arg: null,
            distinct: false,
            filter: null,
            type: INT8,
          },
        ],
        ...[
          { name: 'sum', aggregate: sum, arg: p.column(3, money, false), distinct: false, filter: null, type: money },
        ],
      ],
      ['customer', 'orders', 'total'],
    )
    const sorted = p.sort(grouped, [{ expression: p.column(2, money), descending: true, nullsFirst: true }])
    const code = compile({ kind: 'select', input: p.limit(sorted, p.constant(10, INT8)) }).code()
    await expect(`${code}\n`).toMatchFileSnapshot('golden/joinWithAggregate.js')
  })

  it('holds no text of the user: names and constants behave as data', () => {
    for (const text of nasty) {
      const source = new TestSource([{ type: TEXT, nullable: true }], [[text], ['other'], [null]])
      const input = p.scan(source, text, [text], p.call('=', p.column(0, TEXT), p.constant(text, TEXT)))
      const plan = p.project(input, [p.column(0, TEXT), p.constant(text, TEXT)], [text, 'b'])
      const statement = compile({ kind: 'select', input: plan })
      const context = { transaction: null, view: new ReadView(), parameters: [], memory: new MemoryAccount() }
      const execution = statement.start(context)
      expect(execution.step(100)).toBe(Step.DONE)
      const row = execution.rows[0] as object
      expect(Object.entries(row)).toEqual([
        [text, text],
        ['b', text],
      ])
      expect(Object.getPrototypeOf(row)).toBe(Object.prototype)
      expect(statement.code()).toMatch(/^[\x20-\x7e\n→]*$/)
      expect(statement.code().length).toBeLessThan(2000)
    }
  })

  it('is made for each layout of pages, and beyond four for any', () => {
    const rows = Array.from({ length: 200 }, (_, i): Value[] => [i, i * 2, i % 5 === 0 ? 2n ** 60n : i, i % 3 === 0])
    const columns = [INT4, INT4, INT8, BOOLEAN].map((type) => ({ type, nullable: true }))
    const source = new TestSource(columns, rows, 11)
    expect(new Set(source.morsels.map(({ layout }) => layout)).size).toBeGreaterThan(5)
    for (const budget of [1, 7, 1000])
      expect(p.rowsOf(p.scan(source, 't', ['a', 'b', 'c', 'd']), [], budget)).toEqual(rows)
  })
})

describe('bounds', () => {
  const codeOf = (body: () => unknown): string => {
    try {
      body()
    } catch (error) {
      if (error instanceof DatabaseError) return error.code
      throw error
    }
    return 'none'
  }
  const one = p.values([[p.constant(1, INT4)]], [{ name: 'a', type: INT4, nullable: false }])
  const chain = (length: number): Expression => {
    let sum: Expression = p.parameter(0, INT4)
    for (let i = 0; i < length; i++) sum = p.call('+', sum, p.constant(1, INT4))
    return sum
  }

  it('an expression as deep as allowed is compiled, a deeper one is 54001', () => {
    expect(p.rowsOf(p.project(one, [chain(900)]), [1])).toEqual([[901]])
    expect(codeOf(() => p.rowsOf(p.project(one, [chain(5000)]), [1]))).toBe('54001')
    let nested: Expression = p.column(0, BOOLEAN)
    for (let i = 0; i < 900; i++)
      nested = { kind: i % 2 === 0 ? 'not' : 'coalesce', arg: nested, args: [nested], type: BOOLEAN }
    const source = new TestSource([{ type: BOOLEAN, nullable: true }], [[true]])
    expect(codeOf(() => p.rowsOf(p.filter(p.scan(source, 't', ['a']), nested)))).toMatch(/none|54001/)
  })

  it('a wide condition and a long IN list are fine', () => {
    const tests = Array.from({ length: 20_000 }, (_, i) => p.call('<>', p.parameter(0, INT4), p.constant(i + 2, INT4)))
    expect(p.rowsOf(p.filter(one, p.and(...tests)), [1])).toEqual([[1]])
    const list = Array.from({ length: 50_000 }, (_, i) => p.parameter(i, INT4))
    const parameters = list.map((_, i) => i)
    const statement = compile({ kind: 'select', input: p.filter(one, p.inList(p.column(0, INT4, false), list)) })
    expect(statement.code().length).toBeLessThan(1000)
    expect(p.rowsOf(statement, parameters)).toEqual([[1]])
  })

  it('50,000 rows of VALUES are data, not code', () => {
    const rows = Array.from({ length: 50_000 }, (_, i) => [p.constant(i, INT4), p.parameter(0, TEXT)])
    const columns = [INT4, TEXT].map((type) => ({ name: 'c', type, nullable: true }))
    const statement = compile({ kind: 'select', input: p.values(rows, columns) })
    expect(statement.code().length).toBeLessThan(1000)
    expect(p.rowsOf(statement, ['x'], 999)).toHaveLength(50_000)
  })

  it('what breakers and results hold is bounded by the memory limit: 53200', () => {
    const rows = Array.from({ length: 20_000 }, (_, i): Value[] => [i, `row ${i}`])
    const columns = [INT4, TEXT].map((type) => ({ type, nullable: false }))
    const input = p.scan(new TestSource(columns, rows), 't', ['a', 'b'])
    const a = p.column(0, INT4, false)
    const plans = [
      input,
      p.sort(input, [{ expression: a, descending: false, nullsFirst: false }]),
      p.aggregate(input, [a], []),
      p.distinct(input),
      p.hashJoin('inner', p.limit(input, p.constant(1, INT8)), input, [a], [a]),
    ]
    for (const plan of plans) {
      const counted = p.limit(plan, p.parameter(0, INT8))
      expect(
        codeOf(() =>
          p.rowsOf(counted, [plan === input || plan.kind === 'distinct' ? 20_000 : 1], 1e9, new MemoryAccount(100_000)),
        ),
      ).toBe('53200')
      expect(codeOf(() => p.rowsOf(counted, [1], 1e9, new MemoryAccount(20_000_000)))).toBe('none')
    }
  })

  it('negative limits are errors', () => {
    const plan = p.limit(one, p.parameter(0, INT8), p.parameter(1, INT8))
    expect(codeOf(() => p.rowsOf(plan, [-1, 0]))).toBe('2201W')
    expect(codeOf(() => p.rowsOf(plan, [null, -1]))).toBe('2201X')
    expect(p.rowsOf(plan, [null, null])).toEqual([[1]])
    expect(p.rowsOf(plan, [0, null])).toEqual([])
  })
})
