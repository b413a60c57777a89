/** How much is kept of what was: by counting entries of chains and of indexes, with an idle view and without. */
import { expect, test } from 'vitest'
import { ReadView } from '../../src/storage/readView.ts'
import type { RowTable } from '../../src/storage/row/table.ts'
import { RowMode } from '../../src/storage/undo.ts'
import type { Transaction } from '../../src/txn/transaction.ts'
import { Outcome } from '../../src/txn/transaction.ts'
import type { Value } from '../../src/types/value.ts'
import { scanRows, TestDatabase } from '../txn/database.ts'
import { checkQuiet, checkTable } from '../txn/invariants.ts'

class World {
  readonly database = new TestDatabase()
  readonly table: RowTable = this.database.createTable()
  #state = 1

  random(below: number): number {
    this.#state = (Math.imul(this.#state, 1103515245) + 12345) & 0x7fffffff
    return (this.#state >>> 8) % below
  }

  view(): ReadView {
    const view = new ReadView()
    this.database.manager.readView(view)
    this.database.manager.retain(view)
    return view
  }

  release(view: ReadView): void {
    this.database.manager.release(view)
  }

  transaction(body: (transaction: Transaction) => void, commit = true): void {
    const transaction = this.database.begin()
    body(transaction)
    if (commit) this.database.manager.commit(transaction)
    else this.database.manager.rollback(transaction)
  }

  insert(transaction: Transaction, id: number): number {
    transaction.beginStatement()
    expect(transaction.insert(this.table, [id, id % 3, null])).toBe(Outcome.DONE)
    transaction.endStatement()
    return transaction.insertedRowId
  }

  update(transaction: Transaction, rowId: number, k: number): void {
    transaction.beginStatement()
    expect(transaction.lockRow(this.table, rowId, RowMode.UPDATE, false)).toBe(Outcome.DONE)
    expect(transaction.update(this.table, rowId, this.table.columnSet([1]), [k])).toBe(Outcome.DONE)
    transaction.endStatement()
  }

  delete(transaction: Transaction, rowId: number): void {
    transaction.beginStatement()
    expect(transaction.lockRow(this.table, rowId, RowMode.UPDATE, false)).toBe(Outcome.DONE)
    transaction.delete(this.table, rowId)
    transaction.endStatement()
  }

  counts(): { entries: number; keys: number; pages: number; kept: number } {
    let entries = 0
    let pages = 0
    for (const page of this.table.pages) {
      if (page === null) continue
      pages++
      for (const head of page.undo ?? []) for (let at = head; at !== null; at = at.older) entries++
    }
    const keys = this.table.indexes.reduce((sum, { size }) => sum + size, 0)
    return { entries, keys, pages, kept: this.database.manager.kept.count }
  }
}

/** A queue whose jobs come, change and go; some of it is rolled back, to a savepoint or whole. */
function serveQueue(world: World, steps: number, between: (step: number) => void): void {
  const jobs: number[] = []
  for (let step = 0; step < steps; step++) {
    world.transaction((transaction) => {
      jobs.push(world.insert(transaction, step))
      const mark = transaction.mark()
      world.insert(transaction, step + 1_000_000)
      transaction.rollbackTo(mark)
    })
    world.transaction(
      (transaction) => world.update(transaction, jobs[world.random(jobs.length)]!, step),
      step % 5 !== 0,
    )
    if (jobs.length > 20) world.transaction((transaction) => world.delete(transaction, jobs.shift()!))
    between(step)
  }
}

test('an idle view keeps what it sees, and of what comes and goes nothing', () => {
  const world = new World()
  const rowIds: number[] = []
  world.transaction((transaction) => {
    for (let id = 2_000_000; id < 2_000_050; id++) rowIds.push(world.insert(transaction, id))
  })
  const idle = world.view()
  const before = scanRows(world.table, idle)
  serveQueue(world, 6000, (step) => {
    world.transaction((transaction) => world.update(transaction, rowIds[step % 50]!, step))
  })
  checkTable(world.table, world.database.manager)
  expect(scanRows(world.table, idle)).toEqual(before)
  const { entries, keys, pages, kept } = world.counts()
  // 50 rows in two versions, and some 20 jobs, which the view must not see.
  expect(entries).toBeLessThanOrEqual(75)
  expect(keys).toBeLessThanOrEqual(3 * (100 + 25))
  expect(pages).toBeLessThanOrEqual(3)
  expect(kept).toBeLessThanOrEqual(400)
  world.release(idle)
  checkQuiet(world.table, world.database.manager)
})

test('views that come and go between leave nothing behind either', () => {
  const world = new World()
  const idle = world.view()
  const open: ReadView[] = []
  serveQueue(world, 6000, () => {
    open.push(world.view())
    if (open.length > 3) world.release(open.splice(world.random(3), 1)[0]!)
  })
  checkTable(world.table, world.database.manager)
  const { entries, keys, pages, kept } = world.counts()
  expect(entries).toBeLessThanOrEqual(300)
  expect(keys).toBeLessThanOrEqual(900)
  expect(pages).toBeLessThanOrEqual(4)
  expect(kept).toBeLessThanOrEqual(1000)
  for (const view of open) world.release(view)
  world.release(idle)
  checkQuiet(world.table, world.database.manager)
})

test('with no view older than it, a commit leaves nothing', () => {
  const world = new World()
  serveQueue(world, 500, () => expect(world.counts().entries).toBe(0))
  checkQuiet(world.table, world.database.manager)
})

test('a chain holds one version a view, whatever is between', () => {
  const world = new World()
  let rowId = 0
  world.transaction((transaction) => (rowId = world.insert(transaction, 1)))
  const views: ReadView[] = []
  for (let round = 0; round < 5; round++) {
    views.push(world.view())
    for (let k = 0; k < 10; k++) world.transaction((transaction) => world.update(transaction, rowId, 10 * round + k))
    expect(world.counts().entries).toBe(round + 1)
  }
  const seen = (): unknown[] => views.map((view) => scanRows(world.table, view)[0]!.values[1])
  expect(seen()).toEqual([1, 9, 19, 29, 39])
  // The version that only the middle view saw goes when the row is written again.
  world.release(views.splice(2, 1)[0]!)
  world.transaction((transaction) => world.update(transaction, rowId, 99))
  expect(seen()).toEqual([1, 9, 29, 39])
  expect(world.counts()).toMatchObject({ entries: 4 })
  expect(world.table.indexes[1]!.size).toBe(5)
  checkTable(world.table, world.database.manager)
  for (const view of views) world.release(view)
  checkQuiet(world.table, world.database.manager)
})

test('forty thousand updates of one row are rolled back in one walk, to a savepoint too', () => {
  const world = new World()
  let rowId = 0
  world.transaction((transaction) => (rowId = world.insert(transaction, 1)))
  const transaction = world.database.begin()
  for (let k = 0; k < 20_000; k++) world.update(transaction, rowId, k)
  const mark = transaction.mark()
  for (let k = 10_000; k < 30_000; k++) world.update(transaction, rowId, k)
  expect(world.table.indexes[1]!.size).toBe(30_000)
  transaction.rollbackTo(mark)
  expect(world.table.indexes[1]!.size).toBe(20_000)
  expect(world.table.read(rowId, 1)).toBe(19_999)
  world.database.manager.rollback(transaction)
  checkQuiet(world.table, world.database.manager)
})

test('an entry that takes another in leads back to the older values, column by column', () => {
  const world = new World()
  let rowId = 0
  world.transaction((transaction) => (rowId = world.insert(transaction, 1)))
  const update = (columns: readonly number[], values: readonly Value[]): void =>
    world.transaction((transaction) => {
      transaction.beginStatement()
      expect(transaction.lockRow(world.table, rowId, RowMode.UPDATE, false)).toBe(Outcome.DONE)
      expect(transaction.update(world.table, rowId, world.table.columnSet(columns), values)).toBe(Outcome.DONE)
      transaction.endStatement()
    })
  update([1, 2], [10, 'first'])
  const idle = world.view()
  update([1], [11])
  update([1, 2], [12, 'second'])
  update([2], ['third'])
  update([1], [13])
  expect(world.counts()).toMatchObject({ entries: 1 })
  expect(scanRows(world.table, idle)).toEqual([{ rowId, values: [1, 10, 'first'] }])
  const index = world.table.indexes[2]!
  expect([...index.keys.entries()].map(([key]) => key)).toEqual([
    ['first', 10],
    ['third', 13],
  ])
  checkTable(world.table, world.database.manager)
  world.release(idle)
  checkQuiet(world.table, world.database.manager)
})

test('a serializable snapshot for which too much is kept fails, and what was kept goes', () => {
  const world = new World()
  const { database, table } = world
  world.transaction((transaction) => world.insert(transaction, 1))
  database.manager.kept.most = 50
  const [old, young] = [database.begin('serializable', 1), database.begin('serializable', 2)]
  old.beginStatement()
  old.endStatement()
  for (let i = 0; i < 49; i++) world.transaction((transaction) => world.update(transaction, 0, i))
  expect(old.doomed).toBeNull()
  young.beginStatement()
  young.endStatement()
  for (let i = 0; i < 5; i++) world.transaction((transaction) => world.update(transaction, 0, i))
  expect(() => old.beginStatement()).toThrow(expect.objectContaining({ code: '40001' }))
  expect(young.doomed).toBeNull()
  database.manager.rollback(old)
  database.manager.rollback(young)
  checkQuiet(table, database.manager)
  expect(table.head(0)).toBeNull()
})
