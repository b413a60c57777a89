/** Past states by the clock and by the commit, within the retention and beyond it. */
import { expect, test } from 'vitest'
import { CatalogRoot } from '../../src/catalog/index.ts'
import { ReadView } from '../../src/storage/readView.ts'
import { Store } from '../../src/storage/store.ts'
import { RowMode } from '../../src/storage/undo.ts'
import { Trace } from '../../src/trace.ts'
import { Isolations } from '../../src/txn/isolation.ts'
import { TransactionManager } from '../../src/txn/manager.ts'
import type { PastState } from '../../src/txn/timeTravel.ts'
import type { Transaction } from '../../src/txn/transaction.ts'
import { Outcome } from '../../src/txn/transaction.ts'
import { modesOf } from '../../src/txn/transactionRecord.ts'
import type { Value } from '../../src/types/value.ts'
import { descriptor, scanRows } from './database.ts'
import { checkTable } from './invariants.ts'

const SECOND = 1_000_000
const nothing = (): void => undefined

class World {
  now = 1000 * SECOND
  readonly store = new Store()
  readonly manager: TransactionManager
  rowId = -1

  constructor(retentionSeconds: number) {
    this.manager = new TransactionManager(
      this.store,
      { ready: nothing, published: nothing, unknown: nothing },
      new Trace(),
      { catalog: CatalogRoot.empty, timestamp: 0 },
      { clock: { nowMicros: () => this.now, monotonicMillis: () => 0 }, micros: retentionSeconds * SECOND },
    )
    this.run((transaction) => transaction.changeCatalog({ kind: 'createTable', table: descriptor(1) }))
    this.run((transaction) => {
      expect(transaction.insert(this.table, [1, 0, null])).toBe(Outcome.DONE)
      this.rowId = transaction.insertedRowId
    })
  }

  get table() {
    return this.store.table(1)!
  }

  run(body: (transaction: Transaction) => void): void {
    const transaction = this.manager.begin(1, modesOf(Isolations.readCommitted))
    transaction.beginStatement()
    body(transaction)
    transaction.endStatement()
    this.manager.commit(transaction)
  }

  set(k: number): void {
    this.run((transaction) => {
      expect(transaction.lockRow(this.table, this.rowId, RowMode.UPDATE, false)).toBe(Outcome.DONE)
      expect(transaction.update(this.table, this.rowId, this.table.columnSet([1]), [k])).toBe(Outcome.DONE)
    })
  }

  read({ timestamp }: PastState): Value | undefined {
    const view = new ReadView()
    view.timestamp = timestamp
    return scanRows(this.table, view)[0]?.values[1]
  }

  at(seconds: number): Value | undefined {
    return this.read(this.manager.timeTravel.at(seconds * SECOND))
  }
}

test('a moment finds the last commit at or before it', () => {
  const world = new World(60)
  for (let k = 1; k <= 5; k++) {
    world.now += 2 * SECOND
    world.set(k)
  }
  world.now += SECOND
  expect([1000, 1001, 1002, 1003, 1009.9, 1010, 1011].map((seconds) => world.at(seconds))).toEqual([
    0, 0, 1, 1, 4, 5, 5,
  ])
  expect(() => world.at(1012)).toThrow(
    expect.objectContaining({ code: '22023', message: expect.stringMatching(/future/) as string }),
  )
  expect(() => world.at(999)).toThrow(
    expect.objectContaining({ code: '22023', hint: expect.stringMatching(/retention/) as string }),
  )
  expect(world.read(world.manager.timeTravel.atCommit(4))).toBe(2)
  checkTable(world.table, world.manager)
})

test('what was replaced within the retention is kept, and nothing else', () => {
  const world = new World(60)
  for (let k = 1; k <= 1000; k++) {
    world.now += SECOND
    world.set(k)
    if (k <= 60) continue
    expect(world.at(1000 + k - 59)).toBe(k - 59)
    expect(world.manager.kept.count).toBeLessThan(70)
  }
  expect(() => world.at(1930)).toThrow(
    expect.objectContaining({ code: '22023', detail: expect.stringMatching(/1970-01-01T00:3/) as string }),
  )
  checkTable(world.table, world.manager)
  // An idle view makes no difference, but for the version that it sees itself.
  const idle = new ReadView()
  world.manager.readView(idle)
  world.manager.retain(idle)
  for (let k = 1001; k <= 2000; k++) {
    world.now += SECOND
    world.set(k)
  }
  expect(world.manager.kept.count).toBeLessThan(300)
  expect(scanRows(world.table, idle)[0]!.values[1]).toBe(1000)
  expect(world.at(2950)).toBe(1950)
})

test('the catalog is that of the moment too, and what was dropped since can be read', () => {
  const world = new World(60)
  world.now += SECOND
  const dropped = world.table
  world.run((transaction) => transaction.changeCatalog({ kind: 'dropTable', tableId: 1 }))
  world.now += SECOND
  const before = world.manager.timeTravel.at(1000 * SECOND)
  expect(before.catalog.table('t1')?.id).toBe(1)
  expect(world.manager.timeTravel.at(1001 * SECOND).catalog.table('t1')).toBeNull()
  expect(world.store.table(1)).toBe(dropped)
  expect(world.read(before)).toBe(0)
  world.now += 100 * SECOND
  world.run((transaction) => transaction.changeCatalog({ kind: 'createTable', table: descriptor(2) }))
  world.now += 100 * SECOND
  world.run((transaction) => transaction.changeCatalog({ kind: 'createTable', table: descriptor(3, []) }))
  expect(world.store.table(1)).toBeNull()
})

test('without retention there is no past', () => {
  const world = new World(0)
  expect(() => world.at(1000)).toThrow(
    expect.objectContaining({ code: '22023', hint: expect.stringMatching(/retention/) as string }),
  )
  expect(world.manager.snapshots.horizon).toBe(Infinity)
})

test('a clock that goes back loses no commit', () => {
  const world = new World(60)
  world.now -= 10 * SECOND
  world.set(1)
  world.now -= 10 * SECOND
  expect(world.at(1000)).toBe(1)
  expect(() => world.at(981)).toThrow(expect.objectContaining({ code: '22023' }))
})
