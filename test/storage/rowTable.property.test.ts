/** Pages, representations and indexes over every type, against a Map: one writer, and old views that go on reading. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { TableDescriptor } from '../../src/catalog/index.ts'
import { ReadView } from '../../src/storage/readView.ts'
import { RowMode } from '../../src/storage/undo.ts'
import { Outcome } from '../../src/txn/transaction.ts'
import { Decimal } from '../../src/types/decimal.ts'
import type { SqlType } from '../../src/types/sqlType.ts'
import type { Value } from '../../src/types/value.ts'
import { runs } from '../support/runs.ts'
import { index, scanRows, TestDatabase } from '../txn/database.ts'
import { checkQuiet, checkTable } from '../txn/invariants.ts'
import { IndexCursor } from '../../src/storage/row/cursor.ts'

const types: SqlType[] = [
  { kind: 'boolean' },
  { kind: 'int4' },
  { kind: 'int8' },
  { kind: 'float8' },
  { kind: 'numeric', precision: 20, scale: 2 },
  { kind: 'numeric', precision: null, scale: null },
  { kind: 'text' },
  { kind: 'date' },
  { kind: 'timestamp' },
]

const wide: TableDescriptor = {
  id: 1,
  schema: 'public',
  name: 'wide',
  columns: types.map((type, i) => ({ name: `c${i}`, type, notNull: false, default: null })),
  constraints: [],
  indexes: [...types.map((_, column) => index(100 + column, `i${column}`, [column])), index(200, 'both', [6, 2, 0])],
}

const integer = fc.integer({ min: -9, max: 9 })
const beyond = fc.constantFrom(2n ** 60n, -(2n ** 60n), 2n ** 53n + 1n)
const infinite = fc.constantFrom(Infinity, -Infinity)
const rarely = (value: fc.Arbitrary<Value>): { arbitrary: fc.Arbitrary<Value>; weight: number } => ({
  arbitrary: value,
  weight: 1,
})
const mostly = (value: fc.Arbitrary<Value>): { arbitrary: fc.Arbitrary<Value>; weight: number } => ({
  arbitrary: value,
  weight: 12,
})
const values: fc.Arbitrary<Value>[] = [
  fc.boolean(),
  integer,
  fc.oneof(mostly(integer), rarely(beyond)),
  fc.oneof(mostly(fc.constantFrom(-1.5, 0, 2.25)), rarely(fc.constantFrom(NaN, Infinity))),
  fc.oneof(mostly(integer), rarely(beyond)),
  fc.constantFrom('1', '1.0', '-2.5').map((text) => Decimal.parse(text)),
  fc.constantFrom('', 'a', '\uFF5E', '😀'),
  fc.oneof(mostly(integer), rarely(infinite)),
  fc.oneof(mostly(integer), rarely(infinite), rarely(beyond)),
].map((value) => fc.oneof(mostly(value), rarely(fc.constant(null))))

const row = fc.tuple(...values)
const step = fc.record({
  action: fc.constantFrom(
    'insert',
    'insertMany',
    'update',
    'update',
    'delete',
    'deleteRange',
    'commit',
    'rollback',
    'hold',
    'release',
  ),
  row,
  at: fc.nat(5000),
  columns: fc.subarray([0, 1, 2, 3, 4, 5, 6, 7, 8], { minLength: 1 }),
})

/** As pages represent values. */
const raw = (value: Value): Value => (typeof value === 'boolean' ? (value ? 1 : 0) : value)
type Rows = ReadonlyMap<number, readonly Value[]>

test('a table reads as a Map, now and for every view that is older', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 25, size: 'max' }), (steps) => {
      const database = new TestDatabase()
      const table = database.createTable(wide)
      let transaction = database.begin()
      let committed: Rows = new Map()
      let current = new Map<number, readonly Value[]>()
      const held: { view: ReadView; rows: Rows }[] = []
      for (const { action, row, at, columns } of steps) {
        const rowIds = [...current.keys()]
        transaction.beginStatement()
        if (action === 'insert' || action === 'insertMany') {
          for (let i = 0; i < (action === 'insert' ? 1 : at % 700); i++) {
            expect(transaction.insert(table, row)).toBe(Outcome.DONE)
            current.set(transaction.insertedRowId, row)
          }
        } else if (action === 'update' && rowIds.length > 0) {
          const rowId = rowIds[at % rowIds.length]!
          const next = current.get(rowId)!.map((value, column) => (columns.includes(column) ? row[column]! : value))
          transaction.lockRow(table, rowId, RowMode.NO_KEY_UPDATE, false)
          expect(
            transaction.update(
              table,
              rowId,
              table.columnSet(columns),
              columns.map((column) => row[column]!),
            ),
          ).toBe(Outcome.DONE)
          current.set(rowId, next)
        } else if (action === 'delete' || action === 'deleteRange') {
          for (const rowId of rowIds.slice(at % 1000, (at % 1000) + (action === 'delete' ? 1 : 1500))) {
            transaction.lockRow(table, rowId, RowMode.UPDATE, false)
            transaction.delete(table, rowId)
            current.delete(rowId)
          }
        }
        transaction.endStatement()
        if (action === 'commit' || action === 'rollback') {
          if (action === 'commit') committed = new Map(current)
          else current = new Map(committed)
          database.manager[action](transaction)
          transaction = database.begin()
        } else if (action === 'hold') {
          const view = new ReadView()
          database.manager.readView(view)
          database.manager.retain(view)
          held.push({ view, rows: committed })
        } else if (action === 'release' && held.length > 0) {
          database.manager.release(held.splice(at % held.length, 1)[0]!.view)
        }
        for (const { view, rows } of held) checkRows(view, rows)
      }
      database.manager.commit(transaction)
      checkTable(table, database.manager)
      for (const { view, rows } of held) {
        checkRows(view, rows)
        database.manager.release(view)
      }
      const view = new ReadView()
      database.manager.readView(view)
      checkRows(view, current)
      checkTable(table, database.manager)
      checkQuiet(table, database.manager)

      function checkRows(view: ReadView, rows: Rows): void {
        const expected = [...rows].map(([rowId, row]) => ({ rowId, values: row.map(raw) }))
        expect(scanRows(table, view)).toEqual(expected.sort((a, b) => a.rowId - b.rowId))
        const scan = table.scan([])
        for (const each of table.indexes) {
          const cursor = new IndexCursor(each)
          cursor.seekRange([], undefined, false, undefined, false, false)
          const found: number[] = []
          while (cursor.nextVisible(scan, view)) found.push(cursor.rowId)
          expect(found.sort((a, b) => a - b)).toEqual(expected.map(({ rowId }) => rowId))
        }
      }
    }),
    { numRuns: runs(30) },
  )
})

test('ranges of an index find what a filter finds', () => {
  const bound = (column: number): fc.Arbitrary<Value | undefined> =>
    fc.option(values[column]!, { nil: undefined, freq: 3 })
  const query = fc.nat(types.length - 1).chain((column) =>
    fc.record({
      column: fc.constant(column),
      lower: bound(column),
      upper: bound(column),
      lowerInclusive: fc.boolean(),
      upperInclusive: fc.boolean(),
      descending: fc.boolean(),
    }),
  )
  fc.assert(
    fc.property(
      fc.array(row, { minLength: 1, maxLength: 60 }),
      fc.array(query, { minLength: 1, maxLength: 10 }),
      (rows, queries) => {
        const database = new TestDatabase()
        const table = database.createTable(wide)
        const transaction = database.begin()
        const view = transaction.beginStatement()
        for (const each of rows) transaction.insert(table, each)
        view.command++
        const scan = table.scan([])
        for (const { column, lower, upper, lowerInclusive, upperInclusive, descending } of queries) {
          const each = table.index(100 + column)!
          const order = (a: Value, b: Value): number => each.keys.order(raw(a), raw(b))
          const cursor = new IndexCursor(each)
          cursor.seekRange([], lower, lowerInclusive, upper, upperInclusive, descending)
          const found: number[] = []
          while (cursor.nextVisible(scan, view)) found.push(cursor.rowId)
          const matches = rows.flatMap((row, rowId) => {
            const value = row[column]!
            if (lower === null || upper === null) return []
            if (value === null && (lower !== undefined || upper !== undefined)) return []
            if (lower !== undefined && (order(value, lower) < 0 || (order(value, lower) === 0 && !lowerInclusive)))
              return []
            if (upper !== undefined && (order(value, upper) > 0 || (order(value, upper) === 0 && !upperInclusive)))
              return []
            return [rowId]
          })
          matches.sort((a, b) => order(rows[a]![column]!, rows[b]![column]!) || a - b)
          expect(found).toEqual(descending ? matches.reverse() : matches)
        }
        database.manager.rollback(transaction)
        checkQuiet(table, database.manager)
      },
    ),
    { numRuns: runs(150) },
  )
})

test('a composite key is found by its first columns and a range on the next', () => {
  const database = new TestDatabase()
  const table = database.createTable(wide)
  const transaction = database.begin()
  const view = transaction.beginStatement()
  for (let i = 0; i < 40; i++) {
    transaction.insert(table, [i % 2 === 0, 0, i % 7 === 6 ? null : i % 7, 0, 0, null, i % 3 === 0 ? 'a' : 'b', 0, 0])
  }
  view.command++
  const scan = table.scan([])
  const cursor = new IndexCursor(table.index(200)!)
  const found = (): number[] => {
    const rowIds: number[] = []
    while (cursor.nextVisible(scan, view)) rowIds.push(cursor.rowId)
    return rowIds.sort((a, b) => a - b)
  }
  const where = (condition: (i: number) => boolean): number[] =>
    Array.from({ length: 40 }, (_, i) => i).filter(condition)
  cursor.seekEquals(['a'])
  expect(found()).toEqual(where((i) => i % 3 === 0))
  cursor.seekRange(['a'], 2, false, undefined, false, true)
  expect(found()).toEqual(where((i) => i % 3 === 0 && i % 7 > 2 && i % 7 < 6))
  cursor.seekRange(['b'], undefined, false, 2, true, false)
  expect(found()).toEqual(where((i) => i % 3 !== 0 && i % 7 <= 2))
  cursor.seekEquals(['b', 1, true])
  expect(found()).toEqual(where((i) => i % 3 !== 0 && i % 7 === 1 && i % 2 === 0))
  cursor.seekEquals(['b', null])
  expect(found()).toEqual([])
  cursor.seekEquals(['a'])
  expect(cursor.nextVisible(scan, view)).toBe(true)
  database.manager.rollback(transaction)
})

test('a page whose rows are all dead to everyone is dropped, but not under a view that sees them', () => {
  const database = new TestDatabase()
  const table = database.createTable()
  const writer = database.begin()
  writer.beginStatement()
  for (let id = 0; id < 3000; id++) writer.insert(table, [id, null, null])
  writer.endStatement()
  database.manager.commit(writer)
  const view = new ReadView()
  database.manager.readView(view)
  database.manager.retain(view)
  const deleter = database.begin()
  deleter.beginStatement()
  for (let rowId = 0; rowId < 2500; rowId++) {
    deleter.lockRow(table, rowId, RowMode.UPDATE, false)
    deleter.delete(table, rowId)
  }
  deleter.endStatement()
  database.manager.commit(deleter)
  expect(table.pages.map((page) => page === null)).toEqual([false, false, false])
  expect(scanRows(table, view)).toHaveLength(3000)
  database.manager.release(view)
  expect(table.pages.map((page) => page === null)).toEqual([true, true, false])
  database.manager.readView(view)
  expect(scanRows(table, view).map(({ rowId }) => rowId)).toEqual(Array.from({ length: 500 }, (_, i) => 2500 + i))
  expect(table.scan([]).fetch(17, view)).toBe(false)
  checkQuiet(table, database.manager)
})
