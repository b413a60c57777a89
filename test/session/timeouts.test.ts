/** Timeouts end what they are for, and only that. The clock is the test's: `fire` is the moment at which all of them are due. */
import { describe, expect, it } from 'vitest'
import type { Session } from '../../src/index.ts'
import { openSync } from '../../src/index.ts'
import { errorOf, FakeEnv, settle } from '../api/fakeEnv.ts'

async function openPair(): Promise<{ env: FakeEnv; holder: Session; session: Session }> {
  const env = new FakeEnv()
  const db = openSync(undefined, { env, stepBudget: 100 })
  await db.exec('CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 0), (2, 0)')
  return { env, holder: db.connectSync(), session: db.connectSync() }
}

const numbers = '(VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10)) AS n'
const long = `SELECT count(*) FROM ${['a', 'b', 'c', 'd'].map((name) => `${numbers}${name} (x)`).join(', ')}`

describe('timeouts', () => {
  it('lock_timeout ends a wait, and the transaction with it', async () => {
    const { env, holder, session } = await openPair()
    await holder.exec('BEGIN; UPDATE t SET v = 1 WHERE id = 1')
    await session.exec("SET lock_timeout = '10s'; BEGIN")
    const waiting = errorOf(session.query('UPDATE t SET v = 2 WHERE id = 1'))
    expect(session.state).toBe('waiting')
    expect(env.fire()).toContain(10_000)
    expect(await waiting).toMatchObject({ code: '55P03', message: 'canceling statement due to lock timeout' })
    expect(session.transactionStatus).toBe('failed')
    await session.query('ROLLBACK')
    await holder.query('COMMIT')
    expect((await session.query('SELECT v FROM t WHERE id = 1')).rows).toEqual([{ v: 1 }])
  })

  it('lock_timeout counts each wait anew and not the run behind it', async () => {
    const { env, holder, session } = await openPair()
    await holder.exec('BEGIN; UPDATE t SET v = 1 WHERE id = 1')
    await session.query('SET lock_timeout = 500')
    const update = session.query('UPDATE t SET v = v + 1 WHERE id = 1')
    await holder.query('COMMIT')
    await update
    const running = session.query(long)
    expect(session.state).toBe('active')
    expect(env.pending.some(({ delayMillis }) => delayMillis === 500)).toBe(false)
    await running
  })

  it('statement_timeout ends what runs and what waits', async () => {
    const { env, holder, session } = await openPair()
    await session.query("SET statement_timeout = '2s'")
    const running = errorOf(session.query(long))
    expect(env.fire()).toContain(2000)
    expect(await running).toMatchObject({ code: '57014', message: 'canceling statement due to statement timeout' })
    await holder.exec('BEGIN; UPDATE t SET v = 1 WHERE id = 1')
    const waiting = errorOf(session.query('UPDATE t SET v = 2 WHERE id = 1'))
    expect(env.fire()).toContain(2000)
    expect(await waiting).toMatchObject({ code: '57014' })
  })

  it('statement_timeout ends a synchronous statement between its steps', async () => {
    const env = new FakeEnv()
    let now = 0
    const clock = { nowMicros: () => 0, monotonicMillis: () => (now += 1) }
    const session = openSync(undefined, { env: Object.assign(env, { clock }), stepBudget: 10 }).connectSync()
    await session.query('SET statement_timeout = 20')
    expect(() => session.prepare(long).all()).toThrow('canceling statement due to statement timeout')
    await session.query('SET statement_timeout = 0')
    expect(session.prepare(long).get()).toEqual({ count: 10_000 })
  })

  it('each statement of a text has its own time', async () => {
    const { env, session } = await openPair()
    await session.query('SET statement_timeout = 1000')
    const done = session.exec(`${long}; SELECT 1; ${long}`)
    await done
    expect(env.pending).toEqual([])
  })

  it('transaction_timeout rolls all of a transaction back, whatever it does', async () => {
    const { env, holder, session } = await openPair()
    await session.exec("SET transaction_timeout = '1min'")
    await session.exec('BEGIN; UPDATE t SET v = 9 WHERE id = 2; SAVEPOINT s')
    await holder.exec('BEGIN; UPDATE t SET v = 1 WHERE id = 1')
    const waiting = errorOf(session.query('UPDATE t SET v = 2 WHERE id = 1'))
    expect(env.fire()).toContain(60_000)
    expect(await waiting).toMatchObject({ code: '25P04' })
    expect(await errorOf(session.query('ROLLBACK TO s'))).toMatchObject({ code: '3B001' })
    // The row is free.
    await holder.query('UPDATE t SET v = 3 WHERE id = 2')
    expect(await errorOf(session.query('SELECT 1'))).toMatchObject({ code: '25P02' })
    await session.query('ROLLBACK')
    expect(session.transactionStatus).toBe('idle')
  })

  it('idle_in_transaction_session_timeout ends a block in which nothing happens; the next statement is told', async () => {
    const { env, session } = await openPair()
    await session.query("SET idle_in_transaction_session_timeout = '5s'")
    for (const end of ['SELECT 1', 'COMMIT']) {
      await session.query('BEGIN')
      await session.query('UPDATE t SET v = 7')
      expect(env.fire()).toEqual([5000])
      expect(session.transactionStatus).toBe('failed')
      expect(await errorOf(session.query(end))).toMatchObject({
        code: '25P03',
        message: 'terminating transaction due to idle-in-transaction timeout',
      })
      await session.query('ROLLBACK')
    }
    expect((await session.query('SELECT v FROM t WHERE id = 1')).rows).toEqual([{ v: 0 }])
  })

  it('the idle time begins anew with each statement, prepared ones too, and ends with the block', async () => {
    const { env, session } = await openPair()
    await session.query('SET idle_in_transaction_session_timeout = 100')
    await session.query('BEGIN')
    const [first] = env.pending
    session.prepare('SELECT v FROM t WHERE id = 1').get()
    expect(env.pending).toHaveLength(1)
    expect(env.pending[0]).not.toBe(first)
    await session.query('COMMIT')
    expect(env.pending).toEqual([])
  })

  it('a transaction by callback gets the error of its end', async () => {
    const { env, session } = await openPair()
    await session.query('SET idle_in_transaction_session_timeout = 100')
    const call = session.transaction(async (tx) => {
      await tx.query('UPDATE t SET v = 7')
      env.fire()
    })
    expect(await errorOf(call)).toMatchObject({ code: '25P03' })
    expect(session.transactionStatus).toBe('idle')
  })

  it('without a timeout no timer is set, and RESET takes those back that are', async () => {
    const { env, session } = await openPair()
    await session.exec('BEGIN; UPDATE t SET v = 1')
    expect(env.pending).toEqual([])
    await session.query('SET LOCAL transaction_timeout = 100')
    expect(env.pending).toHaveLength(1)
    await session.query('RESET transaction_timeout')
    expect(env.pending).toEqual([])
    await session.query('COMMIT')
    await settle()
  })
})

describe('the warning of a wait for an idle session', () => {
  it('comes after a whole interval, also to who began to wait within another’s', async () => {
    const env = new FakeEnv()
    const db = openSync(undefined, { env })
    await db.exec('CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 0), (2, 0)')
    const [holder, first, second] = [db.connectSync(), db.connectSync(), db.connectSync()]
    await holder.exec('BEGIN; UPDATE t SET v = 1')
    const updates = [first.query('UPDATE t SET v = 2 WHERE id = 1'), second.query('UPDATE t SET v = 2 WHERE id = 2')]
    env.fire()
    expect(env.warnings.map((text) => text.slice(0, 9))).toEqual([`session ${first.id}`])
    env.fire()
    expect(env.warnings.map((text) => text.slice(0, 9))).toEqual([`session ${first.id}`, `session ${second.id}`])
    await holder.query('COMMIT')
    await Promise.all(updates)
  })
})
