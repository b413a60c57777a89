/** The way of a commit through a log whose disk the test controls, and back into a new store by replay. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { CatalogChange } from '../../src/catalog/index.ts'
import { applyCatalogPayload, CatalogRoot, decodeChange } from '../../src/catalog/index.ts'
import type { DatabaseError } from '../../src/errors.ts'
import type { Lsn } from '../../src/storage/log/log.ts'
import { ReadView } from '../../src/storage/readView.ts'
import type { RowTable } from '../../src/storage/row/table.ts'
import { Store } from '../../src/storage/store.ts'
import { RowMode } from '../../src/storage/undo.ts'
import type { Durability } from '../../src/txn/commitQueue.ts'
import type { Transaction } from '../../src/txn/transaction.ts'
import type { Value } from '../../src/types/value.ts'
import { runs } from '../support/runs.ts'
import { descriptor, index, scanRows, TestDatabase } from './database.ts'
import { checkQuiet, checkTable } from './invariants.ts'
import { MemoryLog } from './memoryLog.ts'
import { IndexCursor } from '../../src/storage/row/cursor.ts'

function opened(durability: Durability): { database: TestDatabase; table: RowTable; log: MemoryLog } {
  const database = new TestDatabase()
  const log = new MemoryLog(database.manager.logListener)
  database.manager.attachLog(log, durability)
  const ddl = database.begin()
  ddl.changeCatalog({ kind: 'createTable', table: descriptor(1) })
  database.manager.commit(ddl, true)
  log.complete()
  return { database, table: database.store.table(1)!, log }
}

function inserted(database: TestDatabase, table: RowTable, id: number): Transaction {
  const transaction = database.begin()
  transaction.beginStatement()
  transaction.insert(table, [id, id, null])
  transaction.finishWrites()
  transaction.endStatement()
  return transaction
}

function ids(database: TestDatabase, table: RowTable): Value[] {
  const view = new ReadView()
  database.manager.readView(view)
  return scanRows(table, view).map(({ values }) => values[0]!)
}

describe('durability full', () => {
  test('nobody sees a commit, and its locks stay, until the disk has it; publication is in the order of the log', () => {
    const { database, table, log } = opened('full')
    const [first, second] = [inserted(database, table, 1), inserted(database, table, 2)]
    expect(database.manager.commit(first)).toBe('committing')
    expect(database.manager.commit(second)).toBe('committing')
    expect(log.requests).toBe(2)
    expect(ids(database, table)).toEqual([])
    const writer = database.begin()
    writer.beginStatement()
    expect(writer.insert(table, [1, null, null])).toBe(1)
    log.complete(log.transactions.length === 3 ? ((log.appendedLsn - 10) as Lsn) : log.appendedLsn)
    expect(database.published).toEqual([first])
    expect(ids(database, table)).toEqual([1])
    expect(database.ready.map(({ owner }) => owner)).toEqual([writer])
    log.complete()
    expect(database.published).toEqual([first, second])
    expect(ids(database, table)).toEqual([1, 2])
    writer.undoStatement()
    database.manager.rollback(writer)
    checkQuiet(table, database.manager)
  })

  test('a synchronous commit publishes the whole pending prefix', () => {
    const { database, table, log } = opened('full')
    const waiting = inserted(database, table, 1)
    database.manager.commit(waiting)
    expect(database.manager.commit(inserted(database, table, 2), true)).toBe('published')
    expect(database.published).toEqual([waiting])
    expect(ids(database, table)).toEqual([1, 2])
    expect(log.requests).toBe(1)
    database.manager.commit(inserted(database, table, 3))
    database.manager.flush()
    expect(ids(database, table)).toEqual([1, 2, 3])
    checkQuiet(table, database.manager)
  })

  test('a transaction that wrote nothing does not wait', () => {
    const { database, table, log } = opened('full')
    const transaction = database.begin()
    const before = log.transactions.length
    transaction.beginStatement()
    transaction.insert(table, [1, 1, null])
    transaction.undoStatement()
    expect(database.manager.commit(transaction)).toBe('published')
    expect(log.transactions).toHaveLength(before)
    checkQuiet(table, database.manager)
  })

  test('when the log fails, committing transactions have an unknown fate and the handle is dead', () => {
    const { database, table, log } = opened('full')
    const [pending, late] = [inserted(database, table, 1), inserted(database, table, 2)]
    database.manager.commit(pending)
    log.broken = true
    expect(() => database.manager.commit(late, true)).toThrow(expect.objectContaining({ code: '08007' }))
    expect(database.lost.map(({ code }) => code)).toEqual(['08007'])
    expect([pending.state, late.state]).toEqual(['unknown', 'unknown'])
    expect(database.published).toEqual([])
    expect(() => database.begin()).toThrow(expect.objectContaining({ code: '58030' }))
  })
})

test('relaxed commits are published at once, and synced soon; without durability nobody asks the disk', () => {
  for (const durability of ['relaxed', 'none'] as const) {
    const { database, table, log } = opened(durability)
    const before = log.requests
    expect(database.manager.commit(inserted(database, table, 1))).toBe('published')
    expect(log.requests - before).toBe(durability === 'relaxed' ? 1 : 0)
    expect(log.syncs).toBe(0)
    expect(ids(database, table)).toEqual([1])
    expect(database.published).toEqual([])
    checkQuiet(table, database.manager)
  }
})

function replayed(log: MemoryLog): { store: Store; catalog: CatalogRoot; timestamp: number } {
  const store = new Store()
  let catalog = CatalogRoot.empty
  const replay = store.replay(
    (payload): CatalogChange => {
      catalog = applyCatalogPayload(catalog, payload)
      return decodeChange(payload)
    },
    () => undefined,
  )
  for (const transaction of log.transactions) for (const record of transaction) record(replay)
  return { store, catalog, timestamp: replay.timestamp }
}

test('replaying the log gives the same rows, indexes, catalog and time', () => {
  const step = fc.record({
    action: fc.constantFrom('insert', 'insert', 'update', 'delete', 'mark', 'rollbackTo', 'commit', 'rollback'),
    at: fc.nat(2000),
    id: fc.nat(30),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const { database, table, log } = opened('none')
      let transaction = database.begin()
      let mark = transaction.mark()
      for (const { action, at, id } of steps) {
        const view = transaction.beginStatement()
        const rows = scanRows(table, view)
        const rowId = rows.length > 0 ? rows[at % rows.length]!.rowId : -1
        try {
          if (action === 'insert') transaction.insert(table, [id, at % 5, null])
          else if (action === 'update' && rowId >= 0) {
            transaction.lockRow(table, rowId, RowMode.UPDATE, false)
            transaction.update(table, rowId, table.columnSet([0, 2]), [id, String(at)])
          } else if (action === 'delete' && rowId >= 0) {
            transaction.lockRow(table, rowId, RowMode.UPDATE, false)
            transaction.delete(table, rowId)
          }
          transaction.finishWrites()
          transaction.endStatement()
        } catch (error) {
          expect((error as DatabaseError).code).toBe('23505')
          transaction.undoStatement()
        }
        if (action === 'mark') mark = transaction.mark()
        else if (action === 'rollbackTo') transaction.rollbackTo(mark)
        else if (action === 'commit' || action === 'rollback') {
          database.manager[action](transaction)
          transaction = database.begin()
          mark = transaction.mark()
        }
      }
      database.manager.rollback(transaction)
      const copy = replayed(log)
      expect(copy.catalog.table('t1')).toEqual(database.manager.catalog.table('t1'))
      expect(copy.timestamp).toBe(database.manager.publishedTimestamp)
      const view = new ReadView()
      database.manager.readView(view)
      const again = copy.store.table(1)!
      expect(scanRows(again, view)).toEqual(scanRows(table, view))
      checkTable(again, database.manager)
      checkQuiet(again, database.manager)
    }),
    { numRuns: runs(100) },
  )
})

describe('the catalog', () => {
  test('is private until commit, and a snapshot keeps the one that it found', () => {
    const database = new TestDatabase()
    const [writer, old] = [database.begin(), database.begin('repeatable read')]
    old.beginStatement()
    old.endStatement()
    expect(writer.lockCatalog()).toBeNull()
    writer.changeCatalog({ kind: 'createTable', table: descriptor(1) })
    expect(writer.catalog.table('t1')).not.toBeNull()
    expect(database.manager.catalog.table('t1')).toBeNull()
    expect(database.begin('read uncommitted').catalog.table('t1')).toBeNull()
    database.manager.commit(writer)
    expect(old.catalog.table('t1')).toBeNull()
    expect(database.begin('repeatable read').catalog.table('t1')).not.toBeNull()
    expect(() => old.lockCatalog()).toThrow(expect.objectContaining({ code: '40001' }))
  })

  test('has one writer at a time', () => {
    const database = new TestDatabase()
    const [first, second] = [database.begin(), database.begin()]
    expect(first.lockCatalog()).toBeNull()
    const wait = second.lockCatalog()!
    expect(wait.resource).toBe('the catalog')
    database.manager.rollback(first)
    expect(wait.granted).toBe(true)
  })

  test('a dropped table and index stay for a snapshot that is older, and no longer', () => {
    const database = new TestDatabase()
    const table = database.createTable()
    const other = database.createTable(descriptor(2, []))
    const old = database.begin('repeatable read')
    old.beginStatement()
    old.endStatement()
    const ddl = database.begin()
    ddl.changeCatalog({ kind: 'dropTable', tableId: 2 })
    ddl.changeCatalog({ kind: 'dropIndex', tableId: 1, indexId: 101 })
    database.manager.commit(ddl)
    expect(database.store.table(2)).toBe(other)
    for (let i = 0; i < 2; i++) database.manager.commit(inserted(database, table, 1))
    checkTable(table, database.manager)
    expect(table.index(101)).not.toBeNull()
    database.manager.commit(old)
    expect(database.store.table(2)).toBeNull()
    expect(table.index(101)).toBeNull()
    checkQuiet(table, database.manager)
  })

  test('a new index holds every version that somebody may read, and refuses duplicates of a unique key', () => {
    const database = new TestDatabase()
    const table = database.createTable(descriptor(1, []))
    for (const id of [1, 2, 2]) database.manager.commit(inserted(database, table, id))
    const view = new ReadView()
    database.manager.readView(view)
    database.manager.retain(view)
    const writer = database.begin()
    writer.beginStatement()
    writer.lockRow(table, 0, RowMode.UPDATE, false)
    writer.update(table, 0, table.columnSet([1]), [77])
    writer.endStatement()
    database.manager.commit(writer)
    const ddl = database.begin()
    ddl.changeCatalog({ kind: 'createIndex', tableId: 1, index: index(50, 'k', [1]) })
    checkTable(table, database.manager)
    expect(() => ddl.changeCatalog({ kind: 'createIndex', tableId: 1, index: index(51, 'u', [0], true) })).toThrow(
      expect.objectContaining({ code: '23505', detail: 'Key (id)=(2) is duplicated.' }),
    )
    expect(table.index(51)).toBeNull()
    database.manager.commit(ddl)
    const cursor = new IndexCursor(table.index(50)!)
    expect(cursor.lookup(1, table.scan([]), view)).toBe(true)
    expect(cursor.lookup(77, table.scan([]), view)).toBe(false)
    database.manager.release(view)
    checkTable(table, database.manager)
    checkQuiet(table, database.manager)
  })
})
