import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DatabaseError } from '../../src/errors.ts'
import { compile } from '../../src/executor/compile.ts'
import type { Expression } from '../../src/executor/expression.ts'
import { MemoryAccount } from '../../src/executor/memoryAccount.ts'
import { Step } from '../../src/executor/outcome.ts'
import type { IndexScan, PhysicalPlan, RowCheck, StatementPlan, TableScan } from '../../src/executor/plan.ts'
import type { RowTable } from '../../src/storage/row/table.ts'
import type { Transaction } from '../../src/txn/transaction.ts'
import { INT4, TEXT } from '../../src/types/registry.ts'
import type { Value } from '../../src/types/value.ts'
import { runs } from '../support/runs.ts'
import { TestDatabase } from '../txn/database.ts'
import * as p from './plans.ts'

const names = ['id', 'k', 's']
const types = [INT4, INT4, TEXT]
const columnsOf = (table: RowTable) => names.map((name, i) => ({ name, ...table.column(i) }))
const cell = (ordinal: number): Expression => p.column(ordinal, types[ordinal]!, ordinal > 0)

const scanOf = (table: RowTable, filter: Expression | null = null, withRowId = true): TableScan => ({
  ...{ kind: 'tableScan', source: table, name: table.name, output: [0, 1, 2], filter, withRowId },
  ...{ columns: columnsOf(table), estimatedRows: 1 },
})

const indexScanOf = (table: RowTable, index: number, bounds: Partial<IndexScan> = {}, withRowId = true): IndexScan => ({
  ...{ kind: 'indexScan', table, index: table.indexes[index]!, name: table.name, output: [0, 1, 2], withRowId },
  ...{ equals: [], lower: null, upper: null, descending: false, filter: null, columns: columnsOf(table) },
  estimatedRows: 1,
  ...bounds,
})

const valuesOf = (rows: Value[][]): PhysicalPlan =>
  p.values(
    rows.map((row) => row.map((value, i) => p.constant(value, types[i]!))),
    names.map((name, i) => ({ name, type: types[i]!, nullable: true })),
  )

const returning = (...expressions: Expression[]) => ({
  expressions,
  columns: expressions.map(({ type }, i) => ({ name: `c${i}`, type, nullable: true })),
})

const insertInto = (
  table: RowTable,
  input: PhysicalPlan,
  more: Partial<Extract<StatementPlan, { kind: 'insert' }>> = {},
) => compile({ kind: 'insert', table, name: table.name, input, checks: [], returning: null, ...more })

const updateOf = (
  table: RowTable,
  input: PhysicalPlan,
  set: [number, Expression][],
  more: Partial<Extract<StatementPlan, { kind: 'update' }>> = {},
) => {
  const columns = set.map(([column, value]) => ({ column, value }))
  const plan = { kind: 'update', table, name: table.name, input, set: columns, checks: [], returning: null } as const
  return compile({ ...plan, singleRow: false, ...more })
}

const deleteFrom = (table: RowTable, input: PhysicalPlan, singleRow = false) =>
  compile({ kind: 'delete', table, name: table.name, input, returning: returning(cell(0)), singleRow })

type Statement = ReturnType<typeof compile>

/** Runs a statement to its end, `budget` rows a step, `between` after each step; returns the step that ended it, and its rows. */
function run(
  transaction: Transaction,
  statement: Statement,
  { parameters = [] as Value[], budget = Number.POSITIVE_INFINITY, between = () => {} } = {},
): { step: Step; rows: unknown[]; rowCount: number } {
  const view = transaction.beginStatement()
  const execution = statement.start({ transaction, view, parameters, memory: new MemoryAccount() }, 'values')
  for (;;) {
    const step = execution.step(budget)
    if (step === Step.YIELD) {
      between()
      continue
    }
    if (step === Step.DONE) transaction.endStatement()
    return { step, rows: execution.rows, rowCount: execution.rowCount }
  }
}

function database(rows: Value[][] = []): { db: TestDatabase; table: RowTable; read: (t?: Transaction) => Value[][] } {
  const db = new TestDatabase()
  const table = db.createTable()
  const transaction = db.begin()
  if (rows.length > 0) run(transaction, insertInto(table, valuesOf(rows)))
  db.manager.commit(transaction)
  const all = compile({ kind: 'select', input: scanOf(table, null, false) })
  const read = (t = db.begin()): Value[][] => run(t, all).rows as Value[][]
  return { db, table, read }
}

const numbered = (count: number): Value[][] => Array.from({ length: count }, (_, i) => [i, i, `s${i}`])
const plus = (e: Expression, n: number): Expression => p.call('+', e, p.constant(n, INT4))
const budgets = [1, 3, Number.POSITIVE_INFINITY]

describe('Halloween', () => {
  it.each(budgets)('INSERT INTO t SELECT FROM t ends (budget %d)', (budget) => {
    const { db, table, read } = database(numbered(5))
    const input = p.project(scanOf(table, null, false), [plus(cell(0), 100), cell(1), cell(2)])
    const t = db.begin()
    expect(run(t, insertInto(table, input), { budget })).toMatchObject({ step: Step.DONE, rowCount: 5 })
    expect(read(t).map((row) => row[0])).toEqual([0, 1, 2, 3, 4, 100, 101, 102, 103, 104])
  })

  it.each(budgets)(
    'UPDATE t SET k = k + 10 WHERE k < 100 by the index on k meets each row once (budget %d)',
    (budget) => {
      const { db, table, read } = database(numbered(20))
      const upper = { value: p.constant(100, INT4), inclusive: false }
      const t = db.begin()
      const statement = updateOf(table, indexScanOf(table, 1, { upper }), [[1, plus(cell(1), 10)]])
      let others = 0
      const between = (): void => {
        const other = db.begin()
        run(other, insertInto(table, valuesOf([[1000 + others++, 5, null]])))
        db.manager.commit(other)
      }
      expect(run(t, statement, { budget, between })).toMatchObject({ step: Step.DONE, rowCount: 20 })
      expect(
        read(t)
          .slice(0, 20)
          .map((row) => row[1]),
      ).toEqual(numbered(20).map((row) => Number(row[1]) + 10))
    },
  )

  it.each(budgets)('UPDATE t SET id = id + 1 over a primary key succeeds (budget %d)', (budget) => {
    const { db, table, read } = database(numbered(50))
    const t = db.begin()
    const statement = updateOf(table, scanOf(table), [[0, plus(cell(0), 1)]])
    expect(run(t, statement, { budget })).toMatchObject({ step: Step.DONE, rowCount: 50 })
    expect(read(t).map((row) => row[0])).toEqual(numbered(50).map((row) => Number(row[0]) + 1))
  })
})

describe('constraints', () => {
  const notNull: RowCheck = { kind: 'notNull', constraint: '', column: 0, predicate: null }
  const positive: RowCheck = {
    ...{ kind: 'check', constraint: 'k_positive', column: null },
    predicate: p.call('>=', cell(1), p.constant(0, INT4)),
  }
  const failure = (body: () => unknown): Partial<DatabaseError> => {
    try {
      body()
    } catch (error) {
      if (error instanceof DatabaseError) return { code: error.code, message: error.message, detail: error.detail! }
    }
    throw new Error('it did not fail')
  }

  it('a null in a NOT NULL column is 23502 and shows the row', () => {
    const { db, table } = database()
    const statement = insertInto(table, valuesOf([[null, 1, 'x']]), { checks: [notNull, positive] })
    expect(failure(() => run(db.begin(), statement))).toEqual({
      code: '23502',
      message: 'null value in column "id" of relation "t1" violates not-null constraint',
      detail: 'Failing row contains (null, 1, x).',
    })
  })

  it('a CHECK that is false is 23514, one that is null is satisfied', () => {
    const { db, table, read } = database(numbered(3))
    const t = db.begin()
    const statement = updateOf(table, scanOf(table), [[1, p.parameter(0, INT4)]], { checks: [notNull, positive] })
    expect(failure(() => run(t, statement, { parameters: [-1] }))).toMatchObject({
      code: '23514',
      detail: 'Failing row contains (0, -1, s0).',
    })
    t.undoStatement()
    expect(run(t, statement, { parameters: [null] }).rowCount).toBe(3)
    expect(read(t).map((row) => row[1])).toEqual([null, null, null])
  })
})

describe('single rows and RETURNING', () => {
  it('updates by a unique key, fused, and returns the new row', () => {
    const { db, table, read } = database(numbered(3))
    const byId = indexScanOf(table, 0, { equals: [p.parameter(0, INT4)] })
    const more = { singleRow: true, returning: returning(cell(0), plus(cell(1), 1)) }
    const statement = updateOf(table, byId, [[1, plus(cell(1), 40)]], more)
    const t = db.begin()
    expect(run(t, statement, { parameters: [2] })).toMatchObject({ rows: [[2, 43]], rowCount: 1 })
    expect(run(t, statement, { parameters: [9] })).toMatchObject({ rows: [], rowCount: 0 })
    expect(run(t, statement, { parameters: [null] })).toMatchObject({ rows: [], rowCount: 0 })
    expect(read(t)[2]).toEqual([2, 42, 's2'])
  })

  it.each(budgets)('deletes and returns the old rows (budget %d)', (budget) => {
    const { db, table, read } = database(numbered(6))
    const t = db.begin()
    const odd = p.call('=', p.call('%', cell(0), p.constant(2, INT4)), p.constant(1, INT4))
    expect(run(t, deleteFrom(table, scanOf(table, odd)), { budget })).toMatchObject({
      rows: [[1], [3], [5]],
      rowCount: 3,
    })
    const byId = indexScanOf(table, 0, { equals: [p.constant(0, INT4)] })
    expect(run(t, deleteFrom(table, byId, true))).toMatchObject({ rows: [[0]], rowCount: 1 })
    expect(read(t).map((row) => row[0])).toEqual([2, 4])
  })

  it('a run is used again after its release, and each is on its own before', () => {
    const { db, table } = database(numbered(5))
    const byId = indexScanOf(table, 0, { equals: [p.parameter(0, INT4)] }, false)
    const statement = compile({ kind: 'select', input: byId })
    expect(statement.endsAtOnce).toBe(true)
    const t = db.begin()
    const view = t.beginStatement()
    const start = (id: Value) =>
      statement.start({ transaction: t, view, parameters: [id], memory: new MemoryAccount() }, 'values')
    const [first, second] = [start(1), start(2)]
    expect([first.step(1), second.step(1), first.rows, second.rows]).toEqual([0, 0, [[1, 1, 's1']], [[2, 2, 's2']]])
    const { rows } = first
    first.release()
    const third = start(3)
    expect([third.step(1), third.rows, rows]).toEqual([0, [[3, 3, 's3']], [[1, 1, 's1']]])
    expect(third).toBe(first)
  })
})

describe('other transactions', () => {
  it('a row that another one has written blocks; after its commit READ COMMITTED restarts and sees it', () => {
    const { db, table } = database(numbered(2))
    const statement = updateOf(table, scanOf(table), [[1, plus(cell(1), 1)]], { returning: returning(cell(1)) })
    const [a, b] = [db.begin(), db.begin()]
    expect(run(a, statement).step).toBe(Step.DONE)
    const view = b.beginStatement()
    const context = { transaction: b, view, parameters: [], memory: new MemoryAccount() }
    const execution = statement.start(context, 'values')
    expect(execution.step(100)).toBe(Step.BLOCKED)
    expect(execution.blockedOn?.holders()).toEqual([a])
    a.endStatement()
    db.manager.commit(a)
    expect(b.waitingFor).toBe(null)
    const again = statement.start({ ...context, view: b.restartStatement() }, 'values')
    expect([again.step(100), again.rows]).toEqual([Step.DONE, [[2], [3]]])
  })

  it('a newer committed version, met after the statement began, restarts it', () => {
    const { db, table } = database(numbered(3))
    const statement = updateOf(table, scanOf(table), [[1, plus(cell(1), 1)]])
    const [a, b] = [db.begin(), db.begin()]
    let committed = false
    const between = (): void => {
      if (committed) return
      committed = true
      const byId = indexScanOf(table, 0, { equals: [p.constant(2, INT4)] })
      run(a, updateOf(table, byId, [[1, p.constant(50, INT4)]], { singleRow: true }))
      db.manager.commit(a)
    }
    expect(run(b, statement, { budget: 1, between }).step).toBe(Step.RESTART)
  })
})

describe('index scans', () => {
  const rowArbitrary = fc.tuple(fc.option(fc.nat(6)), fc.option(fc.constantFrom('a', 'b', 'c')))
  const bound = fc.option(fc.record({ value: fc.option(fc.nat(6), { freq: 8 }), inclusive: fc.boolean() }))

  it('yield the rows in the range, in order, whatever the budget and the order', () => {
    fc.assert(
      fc.property(
        ...[fc.array(rowArbitrary, { maxLength: 20 }), bound, bound, fc.boolean(), fc.constantFrom(...budgets)],
        (pairs, lower, upper, descending, budget) => {
          const rows = pairs.map(([k, s], i): Value[] => [i, k, s])
          const { db, table } = database(rows)
          const end = (b: typeof lower) => b && { value: p.constant(b.value, INT4), inclusive: b.inclusive }
          const input = indexScanOf(table, 1, { lower: end(lower), upper: end(upper), descending }, false)
          const found = run(db.begin(), compile({ kind: 'select', input }), { budget }).rows as Value[][]
          const within = (k: Value): boolean => {
            if (lower === null && upper === null) return true
            if (typeof k !== 'number' || lower?.value === null || upper?.value === null) return false
            if (lower !== null && (lower.inclusive ? k < lower.value : k <= lower.value)) return false
            return upper === null || (upper.inclusive ? k <= upper.value : k < upper.value)
          }
          const wanted = rows.filter((row) => within(row[1]!))
          expect(found.toSorted((a, b) => Number(a[0]) - Number(b[0]))).toEqual(wanted)
          const keys = found.map((row) => (row[1] === null ? 1000 : Number(row[1])))
          expect(keys).toEqual(keys.toSorted((a, b) => (descending ? b - a : a - b)))
        },
      ),
      { numRuns: runs(150) },
    )
  })

  it('an index join finds the partners of each row', () => {
    fc.assert(
      fc.property(
        ...[fc.array(rowArbitrary, { maxLength: 12 }), fc.constantFrom('inner' as const, 'left' as const)],
        ...[fc.constantFrom(...budgets), fc.boolean()],
        (pairs, join, budget, withResidual) => {
          const rows = pairs.map(([k, s], i): Value[] => [i, k, s])
          const { db, table } = database(rows)
          const left = scanOf(table, null, false)
          const columns = [...left.columns, ...left.columns.map((c) => ({ ...c, nullable: true }))]
          const residual = withResidual ? p.call('<', cell(0), p.column(3, INT4)) : null
          const input: PhysicalPlan = {
            ...{ kind: 'indexJoin', join, left, table, index: table.indexes[1]!, name: table.name, equals: [cell(1)] },
            ...{ output: [0, 1, 2], withRowId: false, residual, columns, estimatedRows: 1 },
          }
          const found = run(db.begin(), compile({ kind: 'select', input }), { budget }).rows as Value[][]
          const wanted = rows.flatMap((l) => {
            const partners = rows.filter(
              (r) => l[1] !== null && l[1] === r[1] && (!withResidual || Number(l[0]) < Number(r[0])),
            )
            if (partners.length === 0 && join === 'left') return [[...l, null, null, null]]
            return partners.map((r) => [...l, ...r])
          })
          const order = (a: Value[], b: Value[]): number => Number(a[0]) - Number(b[0]) || Number(a[3]) - Number(b[3])
          expect(found.toSorted(order)).toEqual(wanted)
        },
      ),
      { numRuns: runs(100) },
    )
  })
})
