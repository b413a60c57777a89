/** The lock manager under random requests: nothing incompatible is held together, nobody is forgotten, no circle stays. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DatabaseError } from '../../src/errors.ts'
import { RowTable } from '../../src/storage/row/table.ts'
import { Trace } from '../../src/trace.ts'
import { examine } from '../../src/txn/deadlock.ts'
import { LockManager } from '../../src/txn/lockManager.ts'
import { TABLE_MODES, TableMode } from '../../src/txn/lockModes.ts'
import type { Grant, LockOwner, LockWait, RowLock } from '../../src/txn/lockWait.ts'
import { runs } from '../support/runs.ts'
import { descriptor } from './database.ts'

class Owner implements LockOwner {
  readonly id: number
  readonly session: number
  readonly firstAttempt: number
  readonly nowait = null
  readonly deadlockTimeout = 1000
  waitingFor: LockWait | null = null
  tableGrants: Grant[] = []
  rowGrants: Grant[] = []
  databaseGrant: Grant | null = null
  awaited: Set<RowLock> | null = null

  constructor(id: number) {
    this.id = id
    this.session = id
    this.firstAttempt = id
  }
}

class Bench {
  readonly ready: LockWait[] = []
  readonly tables = [1, 2, 3].map((id) => new RowTable(descriptor(id, [])))
  readonly owners = [1, 2, 3, 4, 5].map((id) => new Owner(id))
  readonly locks = new LockManager(
    () => {
      throw new Error('no rows here')
    },
    (wait) => this.ready.push(wait),
    new Trace(),
  )

  lock(owner: number, table: number, mode: TableMode): LockWait | null {
    return this.locks.lockTable(this.owners[owner - 1]!, this.tables[table - 1]!, mode)
  }

  release(owner: number): void {
    this.locks.releaseTables(this.owners[owner - 1]!, 0)
  }
}

const conflict = (a: number, b: number): boolean => (TABLE_MODES.conflicts[a]! & (1 << b)) !== 0

test('the matrix is symmetric', () => {
  for (let a = 0; a < 8; a++) for (let b = 0; b < 8; b++) expect(conflict(a, b)).toBe(conflict(b, a))
})

test('random requests: holds are compatible, waits are justified, circles end, the end is quiet', () => {
  let deadlocks = 0
  let waits = 0
  const step = fc.record({
    owner: fc.integer({ min: 1, max: 5 }),
    action: fc.constantFrom('lock', 'lock', 'lock', 'release', 'cancel'),
    table: fc.integer({ min: 1, max: 3 }),
    mode: fc.integer({ min: 0, max: 7 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const bench = new Bench()
      for (const { owner: number, action, table, mode } of steps) {
        const owner = bench.owners[number - 1]!
        if (owner.waitingFor !== null) {
          if (action === 'cancel') owner.waitingFor.cancel()
          else if (action !== 'release') continue
          else continue
        } else if (action === 'lock') {
          try {
            if (bench.lock(number, table, mode as TableMode) !== null) waits++
          } catch (error) {
            expect((error as DatabaseError).code).toBe('40P01')
            expect(owner.waitingFor).toBeNull()
            deadlocks++
            bench.release(number)
          }
        } else if (action === 'release') bench.release(number)
        for (let wait = bench.ready.shift(); wait !== undefined; wait = bench.ready.shift()) {
          expect(wait.granted).toBe(wait.error === null)
          expect(wait.owner.waitingFor).toBeNull()
          if (wait.error !== null) {
            deadlocks++
            bench.release(wait.owner.id)
          } else expect(wait.owner.tableGrants.at(-1)).toMatchObject({ lock: wait.lock, mode: wait.modeNumber })
        }
        checkHolds(bench)
      }
      for (let round = 0; bench.locks.waiting.length > 0; round++) {
        expect(round).toBeLessThan(10)
        for (const owner of bench.owners) if (owner.waitingFor === null) bench.release(owner.id)
      }
      for (const owner of bench.owners) bench.release(owner.id)
      expect(bench.locks.quiet).toBe(true)
    }),
    { numRuns: runs(300) },
  )
  expect(deadlocks).toBeGreaterThan(0)
  expect(waits).toBeGreaterThan(deadlocks)
})

function checkHolds(bench: Bench): void {
  const grants = bench.owners.flatMap(({ tableGrants }) => tableGrants)
  for (const a of grants) {
    for (const b of grants) {
      if (a.owner !== b.owner && a.lock === b.lock) expect(conflict(a.mode, b.mode)).toBe(false)
    }
  }
  for (const { waitingFor } of bench.owners)
    if (waitingFor !== null) expect(waitingFor.holders().length).toBeGreaterThan(0)
  expect(examine(bench.locks.waiting, bench.locks.waiting).kind).toBe('free')
}

describe('queues', () => {
  test('are first come, first served: a weak request does not overtake a strong one that waits', () => {
    const bench = new Bench()
    expect(bench.lock(1, 1, TableMode.ACCESS_SHARE)).toBeNull()
    const strong = bench.lock(2, 1, TableMode.ACCESS_EXCLUSIVE)!
    const weak = bench.lock(3, 1, TableMode.ACCESS_SHARE)!
    expect(weak.holders()).toEqual([bench.owners[1]])
    bench.release(1)
    expect([strong.granted, weak.granted]).toEqual([true, false])
    bench.release(2)
    expect(weak.granted).toBe(true)
  })

  test('let an upgrade pass those whom its own hold blocks', () => {
    const bench = new Bench()
    bench.lock(1, 1, TableMode.ROW_EXCLUSIVE)
    bench.lock(2, 1, TableMode.ROW_SHARE)
    const exclusive = bench.lock(3, 1, TableMode.ACCESS_EXCLUSIVE)!
    const upgrade = bench.lock(1, 1, TableMode.EXCLUSIVE)!
    bench.release(2)
    expect([upgrade.granted, exclusive.granted]).toEqual([true, false])
  })

  test('a wait that is cancelled lets those behind it pass', () => {
    const bench = new Bench()
    bench.lock(1, 1, TableMode.ACCESS_SHARE)
    const strong = bench.lock(2, 1, TableMode.ACCESS_EXCLUSIVE)!
    const weak = bench.lock(3, 1, TableMode.ACCESS_SHARE)!
    strong.cancel()
    strong.cancel()
    expect(weak.granted).toBe(true)
    expect(bench.ready).toEqual([weak])
  })
})

describe('deadlocks', () => {
  test('the youngest by first attempt dies, also when it is not the one that closed the circle', () => {
    const bench = new Bench()
    bench.lock(1, 1, TableMode.ACCESS_EXCLUSIVE)
    bench.lock(2, 2, TableMode.ACCESS_EXCLUSIVE)
    const younger = bench.lock(2, 1, TableMode.ACCESS_SHARE)!
    const older = bench.lock(1, 2, TableMode.ACCESS_SHARE)!
    expect(bench.ready).toEqual([younger])
    expect(younger.error).toMatchObject({ code: '40P01', message: 'deadlock detected', retryable: true })
    expect(younger.error!.detail).toBe(
      'Session 1 waits for AccessShareLock on table "t2"; blocked by session 2.\n' +
        'Session 2 waits for AccessShareLock on table "t1"; blocked by session 1.',
    )
    bench.release(2)
    expect(older.granted).toBe(true)
  })

  test('the requester is told by an exception when it is the victim', () => {
    const bench = new Bench()
    bench.lock(1, 1, TableMode.ACCESS_EXCLUSIVE)
    bench.lock(2, 2, TableMode.ACCESS_EXCLUSIVE)
    bench.lock(1, 2, TableMode.ACCESS_SHARE)
    expect(() => bench.lock(2, 1, TableMode.ACCESS_SHARE)).toThrow(DatabaseError)
    expect(bench.owners[1]!.waitingFor).toBeNull()
  })

  test('a circle through a place in a queue is dissolved by reordering, and nobody dies (PostgreSQL: deadlock-soft)', () => {
    const bench = new Bench()
    bench.lock(1, 1, TableMode.ACCESS_SHARE)
    bench.lock(2, 2, TableMode.ACCESS_SHARE)
    const third = bench.lock(3, 1, TableMode.ACCESS_EXCLUSIVE)!
    const fourth = bench.lock(4, 2, TableMode.ACCESS_EXCLUSIVE)!
    const first = bench.lock(1, 2, TableMode.ACCESS_SHARE)!
    const second = bench.lock(2, 1, TableMode.ACCESS_SHARE)
    expect(bench.ready.every(({ error }) => error === null)).toBe(true)
    expect(first.granted || second!.granted).toBe(true)
    bench.release(first.granted ? 1 : 2)
    bench.release(first.granted ? 2 : 1)
    expect([third.granted, fourth.granted]).toEqual([true, true])
  })
})
