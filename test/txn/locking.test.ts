/** What can be locked beside tables: rows in four modes, key ranges, the database, advisory locks. */
import { afterEach, describe, expect, test } from 'vitest'
import { DatabaseError } from '../../src/errors.ts'
import type { RowTable } from '../../src/storage/row/table.ts'
import { RowMode } from '../../src/storage/undo.ts'
import type { Isolation } from '../../src/txn/isolation.ts'
import { Isolations } from '../../src/txn/isolation.ts'
import { LockPolicy, TableMode } from '../../src/txn/lockModes.ts'
import { lockLimits } from '../../src/txn/locking/lockingGuard.ts'
import type { LockRow } from '../../src/txn/locking/lockRows.ts'
import type { Transaction } from '../../src/txn/transaction.ts'
import { Outcome } from '../../src/txn/transaction.ts'
import { modesOf } from '../../src/txn/transactionRecord.ts'
import { descriptor, TestDatabase } from './database.ts'
import { checkQuiet } from './invariants.ts'
import { MemoryLog } from './memoryLog.ts'
import { IndexCursor } from '../../src/storage/row/cursor.ts'

class Bench {
  readonly db = new TestDatabase()
  readonly table: RowTable
  #session = 0

  /** Rows 0, 1, 2 … with id and k equal to the RowId. */
  constructor(rows = 3) {
    this.table = this.db.createTable()
    const transaction = this.begin(Isolations.readCommitted)
    for (let id = 0; id < rows; id++) this.insert(transaction, id, id)
    this.db.manager.commit(transaction)
  }

  begin(isolation: Isolation = Isolations.readCommitted, deadlockTimeout = 1000): Transaction {
    return this.db.manager.begin(++this.#session, { ...modesOf(isolation), deadlockTimeout })
  }

  insert(transaction: Transaction, id: number, k: number): Outcome {
    this.statement(transaction, TableMode.ROW_EXCLUSIVE)
    return this.end(transaction, transaction.insert(this.table, [id, k, null]))
  }

  setK(transaction: Transaction, rowId: number, k: number): Outcome {
    return this.set(transaction, rowId, 1, k)
  }

  setId(transaction: Transaction, rowId: number, id: number): Outcome {
    return this.set(transaction, rowId, 0, id)
  }

  private set(transaction: Transaction, rowId: number, column: number, value: number): Outcome {
    const set = this.table.columnSet([column])
    this.statement(transaction, TableMode.ROW_EXCLUSIVE)
    const locked = transaction.lockRow(this.table, rowId, set.mode, false)
    return this.end(transaction, locked === Outcome.DONE ? transaction.update(this.table, rowId, set, [value]) : locked)
  }

  lock(transaction: Transaction, rowId: number, mode: RowMode, policy: LockPolicy = LockPolicy.WAIT): Outcome {
    this.statement(transaction, TableMode.ROW_SHARE)
    return this.end(transaction, transaction.lockRow(this.table, rowId, mode, true, policy))
  }

  /** The ids in the range of k; null if it has to wait. `mode`: of the table, ROW_EXCLUSIVE for the scan of an UPDATE. */
  range(
    transaction: Transaction,
    low: number,
    high: number,
    mode: TableMode = TableMode.ACCESS_SHARE,
  ): number[] | null {
    this.statement(transaction, mode)
    const scan = this.table.scan([0, 1, 2])
    const cursor = new IndexCursor(this.table.indexes[1]!)
    cursor.seekRange([], low, true, high, true, false)
    const ids: number[] = []
    while (cursor.nextVisible(scan, transaction.view)) ids.push(scan.morsel.columns[0]![scan.morsel.start] as number)
    if (transaction.waitingFor === null) {
      transaction.endStatement()
      return ids
    }
    transaction.abandon()
    return null
  }

  lookUp(transaction: Transaction, id: number): boolean | null {
    this.statement(transaction, TableMode.ACCESS_SHARE)
    const found = new IndexCursor(this.table.indexes[0]!).lookup(id, this.table.scan([0]), transaction.view)
    if (transaction.waitingFor !== null) return null
    transaction.endStatement()
    return found
  }

  commit(...transactions: readonly Transaction[]): void {
    for (const transaction of transactions) this.db.manager.commit(transaction)
  }

  quiet(): void {
    for (const transaction of this.db.manager.active()) this.db.manager.rollback(transaction)
    checkQuiet(this.table, this.db.manager)
    expect([this.table.rangeLocks, this.db.manager.locks.fineLocks, this.db.manager.locks.serials]).toEqual([0, 0, 0])
  }

  private statement(transaction: Transaction, mode: TableMode): void {
    expect(transaction.lockTable(this.table, mode)).toBeNull()
    transaction.beginStatement()
  }

  private end(transaction: Transaction, outcome: Outcome): Outcome {
    if (outcome === Outcome.DONE) {
      expect(transaction.finishWrites()).toBe(Outcome.DONE)
      transaction.endStatement()
    } else if (outcome === Outcome.SKIPPED) transaction.endStatement()
    return outcome
  }
}

const caught = (action: () => unknown): DatabaseError => {
  try {
    action()
  } catch (error) {
    if (error instanceof DatabaseError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('rows', () => {
  const modes = [RowMode.KEY_SHARE, RowMode.SHARE, RowMode.NO_KEY_UPDATE, RowMode.UPDATE]
  const { KEY_SHARE, SHARE, NO_KEY_UPDATE, UPDATE } = RowMode
  const compatible: readonly (readonly [number, number])[] = [
    [KEY_SHARE, KEY_SHARE],
    [KEY_SHARE, SHARE],
    [KEY_SHARE, NO_KEY_UPDATE],
    [SHARE, SHARE],
  ]

  test("exclude each other as PostgreSQL's do", () => {
    for (const held of modes) {
      for (const wanted of modes) {
        const bench = new Bench()
        bench.lock(bench.begin(), 0, held)
        const both = compatible.some(([a, b]) => (a === held && b === wanted) || (b === held && a === wanted))
        expect([held, wanted, bench.lock(bench.begin(), 0, wanted, LockPolicy.SKIP)]).toEqual([
          held,
          wanted,
          both ? Outcome.DONE : Outcome.SKIPPED,
        ])
        bench.quiet()
      }
    }
  })

  test('NOWAIT is 55P03, and locks nothing', () => {
    const bench = new Bench()
    bench.lock(bench.begin(), 0, SHARE)
    const error = caught(() => bench.lock(bench.begin(), 0, UPDATE, LockPolicy.NOWAIT))
    expect(error).toMatchObject({ code: '55P03', message: 'could not obtain lock on row in relation "t1"' })
    bench.quiet()
  })

  test('KEY SHARE does not mind a newer version with the same key; FOR SHARE does', () => {
    const bench = new Bench()
    const [reader, other] = [bench.begin(Isolations.repeatableRead), bench.begin(Isolations.repeatableRead)]
    bench.lookUp(reader, 2)
    bench.lookUp(other, 2)
    const writer = bench.begin()
    bench.setK(writer, 0, 7)
    bench.setId(writer, 1, 8)
    bench.commit(writer)
    expect(bench.lock(reader, 0, KEY_SHARE)).toBe(Outcome.DONE)
    expect(caught(() => bench.lock(reader, 1, KEY_SHARE)).code).toBe('40001')
    expect(caught(() => bench.lock(other, 0, SHARE)).code).toBe('40001')
    bench.quiet()
  })

  test('who holds a share upgrades before those who came first', () => {
    const bench = new Bench()
    const [holder, second, third] = [bench.begin(), bench.begin(), bench.begin()]
    bench.lock(holder, 0, SHARE)
    bench.lock(second, 0, SHARE)
    expect(bench.lock(third, 0, UPDATE)).toBe(Outcome.BLOCKED)
    expect(bench.lock(holder, 0, NO_KEY_UPDATE)).toBe(Outcome.BLOCKED)
    const upgrade = holder.waitingFor!
    bench.commit(second)
    expect([upgrade.granted, third.waitingFor?.granted]).toEqual([true, false])
    bench.quiet()
  })

  test('a share waits behind an update that waits, so that shares do not starve it', () => {
    const bench = new Bench()
    const [holder, writer, reader] = [bench.begin(), bench.begin(), bench.begin()]
    bench.lock(holder, 0, SHARE)
    bench.lock(writer, 0, UPDATE)
    expect(bench.lock(reader, 0, KEY_SHARE)).toBe(Outcome.BLOCKED)
    expect(reader.waitingFor!.holders()).toEqual([writer])
    bench.quiet()
  })

  test('shared locks taken since a savepoint go with it; 2PL keeps its own, and its write locks', () => {
    const bench = new Bench()
    for (const isolation of [Isolations.readCommitted, Isolations.twoPhaseLocking]) {
      const holder = bench.begin(isolation)
      bench.lock(holder, 0, SHARE)
      const mark = holder.mark()
      bench.lock(holder, 1, SHARE)
      bench.setK(holder, 2, 9)
      holder.rollbackTo(mark)
      const kept = isolation.locksReads ? Outcome.SKIPPED : Outcome.DONE
      const other = bench.begin()
      expect([0, 1, 2].map((row) => bench.lock(other, row, UPDATE, LockPolicy.SKIP))).toEqual([
        Outcome.SKIPPED,
        kept,
        kept,
      ])
      bench.quiet()
    }
  })

  test('a row that was inserted and changed since a savepoint leaves no lock behind', () => {
    const bench = new Bench(0)
    const writer = bench.begin(Isolations.twoPhaseLocking)
    const mark = writer.mark()
    bench.insert(writer, 1, 1)
    bench.setK(writer, 0, 2)
    writer.rollbackTo(mark)
    expect(bench.table.head(0)).toBeNull()
    bench.commit(writer)
    bench.quiet()
  })

  test('an UPDATE of a key column locks the key, another does not', () => {
    const bench = new Bench()
    const writer = bench.begin()
    bench.setK(writer, 0, 7)
    bench.setId(writer, 1, 7)
    const child = bench.begin()
    expect([0, 1].map((row) => bench.lock(child, row, KEY_SHARE, LockPolicy.SKIP))).toEqual([
      Outcome.DONE,
      Outcome.SKIPPED,
    ])
    // What the writer did later does not weaken what it holds.
    bench.setK(writer, 1, 7)
    expect(bench.lock(child, 1, KEY_SHARE, LockPolicy.SKIP)).toBe(Outcome.SKIPPED)
    bench.quiet()
  })
})

describe('deadlocks', () => {
  const circle = (first: number, second: number): readonly [Transaction, Transaction, () => unknown] => {
    const bench = new Bench()
    const [a, b] = [bench.begin(Isolations.readCommitted, first), bench.begin(Isolations.readCommitted, second)]
    bench.setK(a, 0, 5)
    bench.setK(b, 1, 5)
    bench.setK(a, 1, 6)
    return [a, b, () => bench.setK(b, 0, 6)]
  }

  test('the youngest dies', () => {
    const [a, , close] = circle(1000, 1000)
    expect(caught(close).code).toBe('40P01')
    expect(a.waitingFor!.error).toBeNull()
  })

  test('a shorter deadlock_timeout dies first', () => {
    const [a, b, close] = circle(10, 1000)
    const wait = a.waitingFor!
    expect(close()).toBe(Outcome.BLOCKED)
    expect(wait.error).toMatchObject({ code: '40P01' })
    expect(b.waitingFor).not.toBeNull()
  })

  test('a circle through a range and a row is found', () => {
    const bench = new Bench()
    const [writer, reader] = [bench.begin(), bench.begin(Isolations.twoPhaseLocking)]
    bench.setK(writer, 0, 0)
    expect(bench.range(reader, 5, 9)).toEqual([])
    expect(bench.insert(writer, 7, 7)).toBe(Outcome.BLOCKED)
    const wait = writer.waitingFor!
    expect(wait.holders()).toEqual([reader])
    expect(caught(() => bench.lookUp(reader, 0) ?? bench.range(reader, 0, 0)).code).toBe('40P01')
    expect(wait.error).toBeNull()
    bench.quiet()
  })

  test('a wait can be ended from outside', () => {
    const bench = new Bench()
    const [a, b] = [bench.begin(), bench.begin()]
    bench.setK(a, 0, 5)
    bench.setK(b, 0, 6)
    const wait = b.waitingFor!
    const error = new DatabaseError('40001', 'a victim')
    bench.db.manager.locks.endWait(b, error)
    bench.db.manager.locks.endWait(a, error)
    expect([wait.error, b.waitingFor]).toEqual([error, null])
    expect(bench.db.ready).toEqual([wait])
    bench.quiet()
  })
})

describe('key ranges', () => {
  test('hold inserts, moves in, moves out and deletes up, and nothing beside', () => {
    const attempts: readonly (readonly [(bench: Bench, writer: Transaction) => Outcome, Outcome])[] = [
      [(bench, writer) => bench.insert(writer, 9, 5), Outcome.BLOCKED],
      [(bench, writer) => bench.setK(writer, 0, 5), Outcome.BLOCKED],
      [(bench, writer) => bench.setK(writer, 2, 9), Outcome.BLOCKED],
      [(bench, writer) => bench.setId(writer, 2, 9), Outcome.BLOCKED],
      [(bench, writer) => bench.lock(writer, 2, RowMode.UPDATE), Outcome.BLOCKED],
      [(bench, writer) => bench.insert(writer, 9, 9), Outcome.DONE],
      [(bench, writer) => bench.setK(writer, 0, 9), Outcome.DONE],
      [(bench, writer) => bench.lock(writer, 2, RowMode.KEY_SHARE), Outcome.DONE],
    ]
    for (const [attempt, expected] of attempts) {
      const bench = new Bench()
      const reader = bench.begin(Isolations.twoPhaseLocking)
      expect(bench.range(reader, 2, 6)).toEqual([2])
      const writer = bench.begin()
      expect(attempt(bench, writer)).toBe(expected)
      if (expected === Outcome.BLOCKED) {
        expect(writer.waitingFor).toMatchObject({ resource: 'a key range of index "t_k"', mode: 'RangeWriteLock' })
        const wait = writer.waitingFor!
        bench.commit(reader)
        expect(wait.granted).toBe(true)
        writer.restartStatement()
      }
      bench.quiet()
    }
  })

  test('a writer that waited is not overtaken by the next reader', () => {
    const bench = new Bench()
    const [first, writer, next] = [
      bench.begin(Isolations.twoPhaseLocking),
      bench.begin(),
      bench.begin(Isolations.twoPhaseLocking),
    ]
    bench.range(first, 4, 9)
    bench.insert(writer, 5, 5)
    expect(bench.range(next, 5, 5)).toBeNull()
    expect(next.waitingFor!.holders()).toEqual([writer])
    expect(bench.db.manager.locks.waiting).toEqual([writer, next])
    bench.commit(first)
    expect([writer.waitingFor, next.waitingFor?.granted]).toEqual([null, false])
    bench.quiet()
  })

  test('scans of statements that write exclude each other at once, so that one statement is never in an upgrade deadlock', () => {
    const bench = new Bench()
    const [a, b] = [bench.begin(Isolations.twoPhaseLocking), bench.begin(Isolations.twoPhaseLocking)]
    expect(bench.range(a, 1, 1, TableMode.ROW_EXCLUSIVE)).toEqual([1])
    expect(bench.range(b, 0, 2, TableMode.ROW_EXCLUSIVE)).toBeNull()
    expect(b.waitingFor!.mode).toBe('RangeExclusiveLock')
    expect(bench.setK(a, 1, 5)).toBe(Outcome.DONE)
    bench.quiet()
  })

  test('the same range is locked once, a wider one again', () => {
    const bench = new Bench()
    const reader = bench.begin(Isolations.twoPhaseLocking)
    for (const [low, high] of [
      [1, 5],
      [1, 5],
      [2, 3],
      [0, 9],
    ] as const)
      bench.range(reader, low, high)
    expect(bench.table.rangeLocks).toBe(2)
    bench.quiet()
  })
})

describe('escalation', () => {
  const limits = { ...lockLimits }
  afterEach(() => {
    Object.assign(lockLimits, limits)
  })

  const fine = (bench: Bench): number => bench.db.manager.locks.fineLocks

  test('beyond so many locks the table is locked as a whole, and they go', () => {
    lockLimits.perTable = 8
    const bench = new Bench(20)
    const reader = bench.begin(Isolations.twoPhaseLocking)
    for (let id = 0; id < 8; id++) bench.lookUp(reader, id)
    expect([fine(bench), reader.rowGrants.length]).toEqual([8, 8])
    bench.range(reader, 3, 4)
    expect([fine(bench), reader.rowGrants.length, bench.table.rangeLocks]).toEqual([0, 0, 0])
    expect(reader.tableGrants.map(({ mode }) => mode)).toContain(TableMode.SHARE)
    const writer = bench.begin()
    expect(writer.lockTable(bench.table, TableMode.ROW_EXCLUSIVE)).not.toBeNull()
    bench.quiet()
  })

  test('it goes on with rows while a writer is in the way, and waits for it beyond four times as many', () => {
    lockLimits.perTable = 8
    const bench = new Bench(60)
    const writer = bench.begin()
    bench.setK(writer, 59, 100)
    const reader = bench.begin(Isolations.twoPhaseLocking)
    for (let id = 0; id < 32; id++) expect(bench.lookUp(reader, id)).toBe(true)
    expect(bench.lookUp(reader, 32)).toBeNull()
    const wait = reader.waitingFor!
    expect(wait).toMatchObject({ resource: 'table "t1"', mode: 'ShareLock' })
    bench.commit(writer)
    expect(wait.granted).toBe(true)
    reader.restartStatement()
    expect(bench.lookUp(reader, 32)).toBe(true)
    expect(fine(bench)).toBe(0)
    bench.quiet()
  })

  test('keys that were given up are bounded, though nobody can wait then for the table', () => {
    lockLimits.perTable = 8
    const bench = new Bench(60)
    const writer = bench.begin()
    bench.setK(writer, 59, 100)
    const giver = bench.begin(Isolations.twoPhaseLocking)
    giver.lockTable(bench.table, TableMode.ROW_EXCLUSIVE)
    const mark = giver.mark()
    giver.beginStatement()
    for (let id = 100; id < 200; id++) giver.insert(bench.table, [id, id])
    giver.endStatement()
    giver.rollbackTo(mark)
    expect(fine(bench)).toBeLessThanOrEqual(4 * lockLimits.perTable + bench.table.indexes.length)
    writer.beginStatement()
    expect(writer.insert(bench.table, [150, 150])).toBe(Outcome.BLOCKED)
    expect(writer.waitingFor?.holders()).toEqual([giver])
    bench.commit(giver)
    bench.quiet()
  })

  test('all transactions together are bounded too', () => {
    lockLimits.inAll = 10
    const bench = new Bench(20)
    const readers = [0, 1, 2].map(() => bench.begin(Isolations.twoPhaseLocking))
    for (let id = 0; id < 12; id++) bench.lookUp(readers[id % 3]!, id)
    expect(fine(bench)).toBeLessThanOrEqual(10)
    bench.quiet()
  })
})

describe('the database', () => {
  test('is asked for by who waited for a table while a serial transaction began', () => {
    const bench = new Bench()
    const [reader, writer] = [bench.begin(Isolations.twoPhaseLocking), bench.begin()]
    expect(reader.lockTable(bench.table, TableMode.SHARE)).toBeNull()
    const table = writer.lockTable(bench.table, TableMode.ROW_EXCLUSIVE)
    const serial = bench.begin(Isolations.serial)
    const database = serial.lockDatabase()
    bench.commit(reader)
    expect([table?.granted, database?.granted]).toEqual([true, true])
    expect(writer.lockTable(bench.table, TableMode.ROW_EXCLUSIVE)?.holders()).toEqual([serial])
    bench.quiet()
  })

  test('is locked by nobody while no serial transaction is about; then by those who wrote before, and all who write later', () => {
    const bench = new Bench()
    const [writer, reader, locker] = [
      bench.begin(),
      bench.begin(Isolations.repeatableRead),
      bench.begin(Isolations.twoPhaseLocking),
    ]
    bench.setK(writer, 0, 7)
    bench.lookUp(reader, 1)
    bench.lookUp(locker, 2)
    expect([writer, reader, locker].map(({ databaseGrant }) => databaseGrant)).toEqual([null, null, null])
    const serial = bench.begin(Isolations.serial)
    const wait = serial.lockDatabase()!
    expect(wait.holders()).toEqual([writer, locker])
    bench.commit(writer)
    bench.commit(locker)
    expect(wait.granted).toBe(true)
    expect(bench.lookUp(reader, 1)).toBe(true)
    const late = bench.begin()
    const behind = late.lockTable(bench.table, TableMode.ROW_EXCLUSIVE)!
    expect(behind).toMatchObject({ resource: 'the database', mode: 'IntentionExclusiveLock' })
    bench.commit(serial)
    expect(behind.granted).toBe(true)
    bench.quiet()
  })

  test('passes on when a serial transaction is committing: the next one goes on from its writes', () => {
    const logged = new TestDatabase()
    const log = new MemoryLog(logged.manager.logListener)
    logged.manager.attachLog(log, 'full')
    const created = logged.begin()
    created.changeCatalog({ kind: 'createTable', table: descriptor(1) })
    logged.manager.commit(created, true)
    const table = logged.store.table(1)!
    const run = (action: (transaction: Transaction) => void): Transaction => {
      const transaction = logged.manager.begin(1, modesOf(Isolations.serial))
      expect(transaction.lockTable(table, TableMode.ROW_EXCLUSIVE)).toBeNull()
      transaction.beginStatement()
      action(transaction)
      expect(transaction.finishWrites()).toBe(Outcome.DONE)
      transaction.endStatement()
      expect(logged.manager.commit(transaction)).toBe('committing')
      return transaction
    }
    const set = table.columnSet([1])
    const first = run((transaction) => transaction.insert(table, [1, 10, null]))
    const second = run((transaction) => {
      expect(transaction.lockRow(table, 0, RowMode.UPDATE, false)).toBe(Outcome.DONE)
      transaction.update(table, 0, set, [20])
    })
    const third = run((transaction) => {
      expect(transaction.lockRow(table, 0, RowMode.UPDATE, false)).toBe(Outcome.DONE)
      transaction.delete(table, 0)
      // The key of a delete that is committing is free.
      expect(transaction.insert(table, [1, 30, null])).toBe(Outcome.DONE)
    })
    expect([first, second, third].map(({ published }) => published)).toEqual([false, false, false])
    log.complete()
    expect(logged.published).toEqual([first, second, third])
    expect(table.read(1, 1)).toBe(30)
    checkQuiet(table, logged.manager)
  })
})

describe('advisory locks', () => {
  test('of a transaction go at its end and at ROLLBACK TO; of a session when it has unlocked them as often as it locked them', () => {
    const bench = new Bench()
    const { locks } = bench.db.manager
    const [a, b] = [bench.begin(), bench.begin()]
    const mark = a.mark()
    expect(locks.lockAdvisory(a, a, 1n, true)).toBeNull()
    expect(locks.tryLockAdvisory(b, 1n, false)).toBe(false)
    expect(locks.tryLockAdvisory(b, [0, 1], true)).toBe(true)
    a.rollbackTo(mark)
    expect(locks.tryLockAdvisory(b, 1n, false)).toBe(true)
    const session = locks.sessionOwner(a.session)
    expect([locks.lockAdvisory(session, a, 2n, true), locks.lockAdvisory(session, a, 2n, true)]).toEqual([null, null])
    // The transaction of the session that has it may have it too.
    expect(locks.tryLockAdvisory(a, 2n, false)).toBe(true)
    bench.commit(a)
    expect(locks.unlockAdvisory(session, 2n, true)).toBe(true)
    expect(locks.tryLockAdvisory(b, 2n, false)).toBe(false)
    expect([locks.unlockAdvisory(session, 2n, true), locks.unlockAdvisory(session, 2n, true)]).toEqual([true, false])
    expect(locks.tryLockAdvisory(b, 2n, false)).toBe(true)
    bench.quiet()
  })

  test('a circle through a session that holds one is found', () => {
    const bench = new Bench()
    const { locks } = bench.db.manager
    const [a, b] = [bench.begin(), bench.begin()]
    const session = locks.sessionOwner(a.session)
    locks.lockAdvisory(session, a, 1n, true)
    bench.setK(b, 0, 5)
    bench.setK(a, 0, 6)
    expect(caught(() => locks.lockAdvisory(b, b, 1n, true)).code).toBe('40P01')
    locks.unlockAllAdvisory(session)
    bench.quiet()
  })
})

test('the lock table for people names every hold and every wait', () => {
  const bench = new Bench()
  const { manager } = bench.db
  const [reader, writer, waiter] = [bench.begin(Isolations.twoPhaseLocking), bench.begin(), bench.begin()]
  bench.range(reader, 4, 9)
  bench.lookUp(reader, 2)
  bench.setK(writer, 0, 1)
  bench.insert(waiter, 5, 5)
  const rows = manager.locks.describe(manager.active(), (id) => manager.store.table(id))
  const told = (kind: LockRow['kind']): string[] =>
    rows
      .filter((row) => row.kind === kind)
      .map(({ session, rowId, index, key, mode, granted, blockedBy }) =>
        [session, rowId, index, key, mode, granted, blockedBy.map((owner) => owner.session).join()]
          .filter((part) => part !== null)
          .join(' '),
      )
      .sort()
  expect(told('key range')).toEqual(['2 t_k [4, 9] RangeShareLock true ', '4 t_k [5, 5] RangeWriteLock false 2'])
  expect(told('row')).toEqual(['2 2 2 FOR SHARE true ', '3 0 0 FOR NO KEY UPDATE true '])
  expect(told('table')).toHaveLength(3)
  bench.quiet()
})
