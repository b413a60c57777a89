/** What happens when two transactions want the same row, or the same key. */
import { expect, test } from 'vitest'
import type { RowTable } from '../../src/storage/row/table.ts'
import { RowMode } from '../../src/storage/undo.ts'
import type { Transaction } from '../../src/txn/transaction.ts'
import { Outcome } from '../../src/txn/transaction.ts'
import type { Value } from '../../src/types/value.ts'
import { descriptor, scanRows, TestDatabase } from './database.ts'
import { checkQuiet, checkTable } from './invariants.ts'

function filled(rows: readonly (readonly Value[])[]): { database: TestDatabase; table: RowTable } {
  const database = new TestDatabase()
  const table = database.createTable()
  const transaction = database.begin()
  transaction.beginStatement()
  for (const row of rows) expect(transaction.insert(table, row)).toBe(Outcome.DONE)
  expect(transaction.finishWrites()).toBe(Outcome.DONE)
  transaction.endStatement()
  database.manager.commit(transaction)
  return { database, table }
}

/** UPDATE … SET column = value for one row, as one run of a statement. */
function set(transaction: Transaction, table: RowTable, rowId: number, column: number, value: Value): Outcome {
  const locked = transaction.lockRow(table, rowId, RowMode.NO_KEY_UPDATE, false)
  if (locked !== Outcome.DONE) return locked
  const outcome = transaction.update(table, rowId, table.columnSet([column]), [value])
  return outcome === Outcome.DONE ? transaction.finishWrites() : outcome
}

function insert(transaction: Transaction, table: RowTable, row: readonly Value[]): Outcome {
  const outcome = transaction.insert(table, row)
  return outcome === Outcome.DONE ? transaction.finishWrites() : outcome
}

const valuesOf = (database: TestDatabase, table: RowTable): (readonly Value[])[] => {
  const transaction = database.begin()
  const rows = scanRows(table, transaction.beginStatement()).map(({ values }) => values)
  transaction.endStatement()
  database.manager.rollback(transaction)
  return rows
}

test('a second writer waits, and goes on with what the first left', () => {
  const { database, table } = filled([[1, 10, null]])
  const [first, second] = [database.begin('read committed', 1), database.begin('read committed', 2)]
  first.beginStatement()
  expect(set(first, table, 0, 1, 11)).toBe(Outcome.DONE)
  first.endStatement()
  second.beginStatement()
  expect(set(second, table, 0, 1, 12)).toBe(Outcome.BLOCKED)
  expect(second.waitingFor).toMatchObject({
    resource: 'row (id)=(1) of table "t1"',
    mode: 'FOR NO KEY UPDATE',
    granted: false,
  })
  expect(second.waitingFor!.holders()).toEqual([first])
  database.manager.commit(first)
  expect(database.ready.map(({ owner }) => owner)).toEqual([second])
  expect(scanRows(table, second.restartStatement())[0]!.values).toEqual([1, 11, null])
  expect(set(second, table, 0, 1, 12)).toBe(Outcome.DONE)
  second.endStatement()
  database.manager.commit(second)
  expect(valuesOf(database, table)).toEqual([[1, 12, null]])
  checkQuiet(table, database.manager)
})

test('at REPEATABLE READ the second writer fails if the first commits, and goes on if it rolls back', () => {
  for (const commits of [true, false]) {
    const { database, table } = filled([[1, 10, null]])
    const [first, second] = [database.begin('repeatable read', 1), database.begin('repeatable read', 2)]
    first.beginStatement()
    set(first, table, 0, 1, 11)
    first.endStatement()
    second.beginStatement()
    expect(set(second, table, 0, 1, 12)).toBe(Outcome.BLOCKED)
    if (commits) database.manager.commit(first)
    else database.manager.rollback(first)
    second.restartStatement()
    if (commits) {
      expect(() => set(second, table, 0, 1, 12)).toThrow(
        expect.objectContaining({ code: '40001', message: 'could not serialize access due to concurrent update' }),
      )
      second.undoStatement()
      database.manager.rollback(second)
    } else {
      expect(set(second, table, 0, 1, 12)).toBe(Outcome.DONE)
      second.endStatement()
      database.manager.commit(second)
    }
    checkQuiet(table, database.manager)
  }
})

test('a READ COMMITTED statement that meets a newer version begins again', () => {
  const { database, table } = filled([[1, 10, null]])
  const [reader, writer] = [database.begin(), database.begin()]
  reader.beginStatement()
  writer.beginStatement()
  set(writer, table, 0, 1, 11)
  writer.endStatement()
  database.manager.commit(writer)
  expect(set(reader, table, 0, 1, 12)).toBe(Outcome.CHANGED)
  reader.restartStatement()
  expect(set(reader, table, 0, 1, 12)).toBe(Outcome.DONE)
  reader.endStatement()
  database.manager.commit(reader)
  checkQuiet(table, database.manager)
})

test('rows are granted in the order in which they were asked for', () => {
  const { database, table } = filled([[1, 10, null]])
  const transactions = [1, 2, 3].map((session) => database.begin('read committed', session))
  for (const transaction of transactions) {
    transaction.beginStatement()
    set(transaction, table, 0, 1, 0)
  }
  const [first, second, third] = transactions as [Transaction, Transaction, Transaction]
  expect(third.waitingFor!.holders()).toEqual([first, second])
  first.endStatement()
  database.manager.commit(first)
  expect(database.ready.map(({ owner }) => owner)).toEqual([second])
  const late = database.begin('read committed', 4)
  late.beginStatement()
  expect(set(late, table, 0, 1, 4)).toBe(Outcome.BLOCKED)
  second.undoStatement()
  expect(database.ready.map(({ owner }) => owner)).toEqual([second, third])
})

test('two transactions that want each other’s rows: the younger dies, the older gets its row', () => {
  const { database, table } = filled([
    [1, 10, null],
    [2, 20, null],
  ])
  const [older, younger] = [database.begin('read committed', 1), database.begin('read committed', 2)]
  for (const [transaction, rowId] of [
    [older, 0],
    [younger, 1],
  ] as const) {
    transaction.beginStatement()
    set(transaction, table, rowId, 1, 5)
    transaction.endStatement()
  }
  older.beginStatement()
  expect(set(older, table, 1, 1, 6)).toBe(Outcome.BLOCKED)
  younger.beginStatement()
  expect(() => set(younger, table, 0, 1, 6)).toThrow(expect.objectContaining({ code: '40P01' }))
  younger.undoStatement()
  database.manager.rollback(younger)
  expect(database.ready.map(({ owner }) => owner)).toEqual([older])
  older.restartStatement()
  expect(set(older, table, 1, 1, 6)).toBe(Outcome.DONE)
  older.endStatement()
  database.manager.commit(older)
  expect(valuesOf(database, table)).toEqual([
    [1, 5, null],
    [2, 6, null],
  ])
  checkQuiet(table, database.manager)
})

test('a job that turned out to be taken does not stay locked', () => {
  const { database, table } = filled([
    [1, 0, null],
    [2, 0, null],
  ])
  const [first, second, third] = [1, 2, 3].map((session) => database.begin('read committed', session)) as [
    Transaction,
    Transaction,
    Transaction,
  ]
  first.beginStatement()
  set(first, table, 0, 1, 1)
  first.endStatement()
  second.beginStatement()
  expect(set(second, table, 0, 1, 1)).toBe(Outcome.BLOCKED)
  database.manager.commit(first)
  second.restartStatement()
  expect(set(second, table, 1, 1, 1)).toBe(Outcome.DONE)
  second.endStatement()
  third.beginStatement()
  expect(set(third, table, 0, 1, 2)).toBe(Outcome.DONE)
  third.endStatement()
  for (const transaction of [second, third]) database.manager.commit(transaction)
  checkQuiet(table, database.manager)
})

test('an equal key of an open transaction is waited for; its end decides', () => {
  for (const commits of [true, false]) {
    const { database, table } = filled([])
    const [first, second, third] = [1, 2, 3].map((session) => database.begin('read committed', session)) as [
      Transaction,
      Transaction,
      Transaction,
    ]
    first.beginStatement()
    insert(first, table, [1, null, null])
    first.endStatement()
    for (const transaction of [second, third]) {
      transaction.beginStatement()
      expect(insert(transaction, table, [1, 5, null])).toBe(Outcome.BLOCKED)
      checkTable(table, database.manager)
    }
    if (commits) database.manager.commit(first)
    else database.manager.rollback(first)
    expect(database.ready.map(({ owner }) => owner)).toEqual([second, third])
    second.restartStatement()
    if (commits) {
      expect(() => insert(second, table, [1, 5, null])).toThrow(
        expect.objectContaining({
          code: '23505',
          message: 'duplicate key value violates unique constraint "t_pkey"',
          detail: 'Key (id)=(1) already exists.',
          constraint: 't_pkey',
          table: 't1',
        }),
      )
      second.undoStatement()
    } else {
      expect(insert(second, table, [1, 5, null])).toBe(Outcome.DONE)
      second.endStatement()
      third.restartStatement()
      expect(insert(third, table, [1, 5, null])).toBe(Outcome.BLOCKED)
    }
    third.undoStatement()
    for (const transaction of [second, third]) database.manager.rollback(transaction)
    checkQuiet(table, database.manager)
  }
})

test('a key that an open transaction moves away from, and back to, is neither free nor taken', () => {
  const { database, table } = filled([[5, null, null]])
  const mover = database.begin()
  for (const id of [6, 5]) {
    mover.beginStatement()
    expect(set(mover, table, 0, 0, id)).toBe(Outcome.DONE)
    mover.endStatement()
    checkTable(table, database.manager)
  }
  const other = database.begin()
  for (const id of [5, 6]) {
    other.beginStatement()
    expect(insert(other, table, [id, null, null])).toBe(Outcome.BLOCKED)
    other.undoStatement()
  }
  database.manager.rollback(mover)
  checkTable(table, database.manager)
  other.beginStatement()
  expect(insert(other, table, [6, null, null])).toBe(Outcome.DONE)
  expect(() => insert(other, table, [5, null, null])).toThrow(expect.objectContaining({ code: '23505' }))
  other.undoStatement()
  database.manager.rollback(other)
  checkQuiet(table, database.manager)
})

test('keys may pass through each other within one statement', () => {
  const { database, table } = filled([
    [1, null, null],
    [2, null, null],
    [3, null, null],
  ])
  const transaction = database.begin()
  transaction.beginStatement()
  for (const rowId of [0, 1, 2]) expect(transaction.lockRow(table, rowId, RowMode.UPDATE, false)).toBe(Outcome.DONE)
  for (const rowId of [0, 1, 2])
    expect(transaction.update(table, rowId, table.columnSet([0]), [rowId + 2])).toBe(Outcome.DONE)
  expect(transaction.finishWrites()).toBe(Outcome.DONE)
  transaction.endStatement()
  transaction.beginStatement()
  for (const rowId of [0, 1]) transaction.lockRow(table, rowId, RowMode.UPDATE, false)
  for (const rowId of [0, 1]) transaction.update(table, rowId, table.columnSet([0]), [7])
  expect(() => transaction.finishWrites()).toThrow(expect.objectContaining({ detail: 'Key (id)=(7) already exists.' }))
  transaction.undoStatement()
  database.manager.commit(transaction)
  expect(valuesOf(database, table).map(([id]) => id)).toEqual([2, 3, 4])
  checkQuiet(table, database.manager)
})

test('reads in autocommit wait only for ACCESS EXCLUSIVE', () => {
  const { database, table } = filled([])
  const transaction = database.begin()
  for (let mode = 0; mode < 7; mode++) {
    expect(transaction.lockTable(table, mode as 0)).toBeNull()
    expect(database.manager.mayRead(table)).toBe(true)
  }
  transaction.lockTable(table, 7)
  expect(database.manager.mayRead(table)).toBe(false)
  database.manager.rollback(transaction)
  expect(database.manager.mayRead(table)).toBe(true)
})

test('ROLLBACK TO gives back rows, keys, tables and catalog changes made since', () => {
  const { database, table } = filled([[1, 10, null]])
  const transaction = database.begin()
  transaction.beginStatement()
  set(transaction, table, 0, 1, 11)
  transaction.endStatement()
  const mark = transaction.mark()
  const catalog = transaction.catalog
  for (let round = 0; round < 2; round++) {
    transaction.lockTable(table, 7)
    transaction.beginStatement()
    set(transaction, table, 0, 1, 12)
    insert(transaction, table, [2, null, 'x'])
    transaction.endStatement()
    transaction.changeCatalog({ kind: 'createTable', table: descriptor(9, []) })
    transaction.changeCatalog({
      kind: 'createIndex',
      tableId: 1,
      index: { id: 77, name: 'more', unique: false, columns: [1], constraint: false },
    })
    checkTable(table, database.manager)
    transaction.rollbackTo(mark)
    expect(transaction.catalog).toBe(catalog)
    expect(database.store.table(9)).toBeNull()
    expect(table.index(77)).toBeNull()
    expect(transaction.tableGrants).toEqual([])
    checkTable(table, database.manager)
  }
  database.manager.commit(transaction)
  expect(valuesOf(database, table)).toEqual([[1, 11, null]])
  checkQuiet(table, database.manager)
})

test('two writes of one command to a row share an entry, and both are undone by it', () => {
  const { database, table } = filled([[1, 10, 'a']])
  for (const end of ['rollback', 'commit'] as const) {
    const transaction = database.begin()
    transaction.beginStatement()
    for (const [column, value] of [
      [1, 11],
      [2, 'b'],
      [1, 12],
      [0, 7],
      [0, 8],
    ] as const) {
      expect(set(transaction, table, 0, column, value)).toBe(Outcome.DONE)
      checkTable(table, database.manager)
    }
    expect(table.head(0)!.older).toBeNull()
    transaction.endStatement()
    database.manager[end](transaction)
    checkQuiet(table, database.manager)
    expect(valuesOf(database, table)).toEqual([end === 'rollback' ? [1, 10, 'a'] : [8, 12, 'b']])
  }
})

test('a statement that fails before it begins, at a table lock, undoes nothing of the one before', () => {
  const { database, table } = filled([[1, 10, null]])
  const transaction = database.begin()
  transaction.undoStatement()
  const mark = transaction.mark()
  transaction.beginStatement()
  set(transaction, table, 0, 1, 11)
  transaction.endStatement()
  transaction.undoStatement()
  transaction.beginStatement()
  insert(transaction, table, [2, null, null])
  transaction.undoStatement()
  transaction.undoStatement()
  expect(table.read(0, 1)).toBe(11)
  transaction.rollbackTo(mark)
  transaction.undoStatement()
  expect(table.read(0, 1)).toBe(10)
  database.manager.rollback(transaction)
  checkQuiet(table, database.manager)
})
