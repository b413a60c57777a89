/** Sessions: state, queueing, waiting, cancelling at each stage, the trace. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Database, Session, TraceEvent } from '../../src/index.ts'
import { openSync } from '../../src/index.ts'
import { errorOf, FakeEnv, settle } from './fakeEnv.ts'

let env: FakeEnv
let db: Database
let a: Session
let b: Session
beforeEach(async () => {
  env = new FakeEnv()
  db = openSync(undefined, { env, stepBudget: 50 })
  await db.exec('CREATE TABLE t (id int PRIMARY KEY, v int); CREATE TABLE many (i int PRIMARY KEY)')
  await db.exec('INSERT INTO t VALUES (1, 10), (2, 20)')
  db.transactionSync((tx) => {
    const insert = tx.prepare('INSERT INTO many VALUES ($1)')
    for (let i = 0; i < 4000; i++) insert.run(i)
  })
  a = await db.connect()
  b = await db.connect()
})
afterEach(() => db.close())

const long = 'SELECT count(*) AS n FROM many x JOIN many y ON x.i = y.i + 1'

describe('a session', () => {
  it('tells its state, its transaction, and what it waits for', async () => {
    expect([a.state, a.transactionStatus, a.waitingFor]).toEqual(['idle', 'idle', null])
    const running = a.query(long)
    expect([a.state, a.transactionStatus]).toEqual(['active', 'idle'])
    expect((await running).rows).toEqual([{ n: 3999 }])
    await a.query('BEGIN')
    await a.query('UPDATE t SET v = 0 WHERE id = 1')
    expect([a.state, a.transactionStatus]).toEqual(['idle', 'transaction'])
    const waiting = b.query('UPDATE t SET v = 1 WHERE id = 1')
    await settle()
    expect(b.state).toBe('waiting')
    expect(b.waitingFor).toMatchObject({ holders: [a.id] })
    expect(b.waitingFor?.lock).toMatch(/row \(id\)=\(1\) of table "t"/)
    await errorOf(a.query('SELECT nope'))
    expect(a.transactionStatus).toBe('failed')
    // The failed transaction has given its locks up already.
    expect((await waiting).rowCount).toBe(1)
    await a.query('ROLLBACK')
    expect([a.state, a.transactionStatus, b.state]).toEqual(['idle', 'idle', 'idle'])
  })

  it('runs asynchronous calls in their order, and refuses synchronous ones meanwhile', async () => {
    const order: string[] = []
    const calls = [
      a.query(long).then(() => order.push('long')),
      a.query('SELECT 1').then(() => order.push('short')),
      a.query('SELEC').catch(() => order.push('error')),
      a.exec('SELECT 1; SELECT 2').then(() => order.push('exec')),
      a.copyFrom('COPY t FROM STDIN (FORMAT csv)', ['3,30\n']).then(() => order.push('copy')),
      a
        .transaction(async (tx) => (await tx.query('SELECT id FROM t WHERE id = 3')).rowCount)
        .then((n) => order.push(`transaction ${n}`)),
    ]
    const busy = expect.objectContaining({ code: '55006' })
    expect(() => a.prepare('SELECT 1').get()).toThrow(busy)
    expect(() => [...a.prepare('SELECT 1').iterate()]).toThrow(busy)
    expect(() => a.transactionSync(() => 1)).toThrow(busy)
    expect(db.prepare('SELECT 1 AS one').get()).toEqual({ one: 1 })
    await Promise.all(calls)
    expect(order).toEqual(['long', 'short', 'error', 'exec', 'copy', 'transaction 1'])
  })

  it('other sessions are served while a long statement runs', async () => {
    let ended = false
    const running = a.query(long).then(() => (ended = true))
    expect((await b.query('SELECT v FROM t WHERE id = 1')).rows).toEqual([{ v: 10 }])
    expect(ended).toBe(false)
    await running
  })

  it('settings are its own, and follow the transaction', async () => {
    const show = async (session: Session) =>
      Object.values((await session.query('SHOW application_name')).rows[0] ?? {})[0]
    await a.query("SET application_name = 'one'")
    expect([await show(a), await show(b)]).toEqual(['one', ''])
    await a.query('BEGIN')
    await a.query("SET LOCAL application_name = 'two'")
    expect(await show(a)).toBe('two')
    await a.query('SAVEPOINT s')
    await a.query("SET application_name = 'three'")
    expect(await show(a)).toBe('three')
    await a.query('ROLLBACK TO s')
    expect(await show(a)).toBe('two')
    await a.query('COMMIT')
    expect(await show(a)).toBe('one')
    await a.query('BEGIN')
    await a.query("SET application_name = 'four'")
    await a.query('ROLLBACK')
    expect(await show(a)).toBe('one')
    await a.query('RESET application_name')
    expect(await show(a)).toBe('')
  })
})

describe('a signal', () => {
  const cancelled = { code: '57014' }

  it('aborted before the call: it never runs, and the transaction goes on', async () => {
    await a.query('BEGIN')
    const aborted = AbortSignal.abort()
    await expect(a.query('DELETE FROM t', [], { signal: aborted })).rejects.toMatchObject(cancelled)
    await expect(a.exec('DELETE FROM t', { signal: aborted })).rejects.toMatchObject(cancelled)
    await expect(a.copyFrom('COPY t FROM STDIN', ['1\t2'], { signal: aborted })).rejects.toMatchObject(cancelled)
    await expect(a.stream('SELECT 1', [], { signal: aborted }).next()).rejects.toMatchObject(cancelled)
    expect(a.transactionStatus).toBe('transaction')
    await expect(db.query('DELETE FROM t', [], { signal: aborted })).rejects.toMatchObject(cancelled)
    expect((await a.query('SELECT count(*) AS n FROM t')).rows).toEqual([{ n: 2 }])
  })

  it('aborted while the call queues: what runs before it and the transaction are not harmed', async () => {
    await a.query('BEGIN')
    await a.query('UPDATE t SET v = 11 WHERE id = 1')
    const controller = new AbortController()
    const running = a.query(long)
    const queued = a.query('DELETE FROM t', [], { signal: controller.signal })
    const after = a.query('SELECT v FROM t WHERE id = 1')
    controller.abort()
    await expect(queued).rejects.toMatchObject(cancelled)
    expect((await running).rows).toEqual([{ n: 3999 }])
    expect((await after).rows).toEqual([{ v: 11 }])
    expect((await a.query('COMMIT')).command).toBe('COMMIT')
  })

  it('a call that is aborted before it is made does not disturb the one that runs', async () => {
    await a.query('BEGIN')
    await a.query('UPDATE t SET v = 11 WHERE id = 1')
    const running = a.query(long)
    await expect(a.query('SELECT 1', [], { signal: AbortSignal.abort() })).rejects.toMatchObject(cancelled)
    expect((await running).rows).toEqual([{ n: 3999 }])
    expect(a.transactionStatus).toBe('transaction')
  })

  it('aborted while it runs: undone, and the transaction has failed', async () => {
    const controller = new AbortController()
    await a.query('BEGIN')
    const running = a.query('UPDATE many SET i = i + 10000', [], { signal: controller.signal })
    expect(a.state).toBe('active')
    controller.abort()
    await expect(running).rejects.toMatchObject(cancelled)
    expect(a.transactionStatus).toBe('failed')
    expect((await db.query('SELECT count(*) AS n FROM many WHERE i < 4000')).rows).toEqual([{ n: 4000 }])
    expect((await b.query('UPDATE many SET i = i + 10000')).rowCount).toBe(4000)
  })

  it('aborted while it waits: it leaves the queue, and holds nothing', async () => {
    await a.query('BEGIN')
    await a.query('UPDATE t SET v = 0 WHERE id = 2')
    const controller = new AbortController()
    const waiting = b.query('UPDATE t SET v = v + 1', [], { signal: controller.signal })
    await settle()
    expect(b.state).toBe('waiting')
    const third = db.query('UPDATE t SET v = v + 100 WHERE id = 2')
    controller.abort()
    await expect(waiting).rejects.toMatchObject(cancelled)
    expect(b.state).toBe('idle')
    expect(db.prepare('UPDATE t SET v = v WHERE id = 1').run().rowCount).toBe(1)
    await a.query('COMMIT')
    expect((await third).rowCount).toBe(1)
    expect((await db.query('SELECT v FROM t ORDER BY id')).rows).toEqual([{ v: 10 }, { v: 100 }])
  })

  it('aborted from within a step, by a trace listener: the step ends, then the statement does', async () => {
    const controller = new AbortController()
    const stop = db.trace.listen((event) => {
      if (event.kind === 'write') controller.abort()
    })
    await a.query('BEGIN')
    await expect(a.query('UPDATE many SET i = i + 10000', [], { signal: controller.signal })).rejects.toMatchObject(
      cancelled,
    )
    stop()
    await a.query('ROLLBACK')
    expect((await db.query('SELECT count(*) AS n FROM many WHERE i < 4000')).rows).toEqual([{ n: 4000 }])
  })

  it('aborted when it is over: nothing', async () => {
    const controller = new AbortController()
    await a.query('UPDATE t SET v = 5', [], { signal: controller.signal })
    controller.abort()
    expect((await a.query('SELECT v FROM t WHERE id = 1')).rows).toEqual([{ v: 5 }])
  })
})

describe('the trace', () => {
  it('tells of statements, waits, grants, restarts, commits and publications in their order', async () => {
    const events: TraceEvent[] = []
    await a.query('BEGIN')
    await a.query('UPDATE t SET v = v + 1 WHERE id = 1')
    const stop = db.trace.listen((event) => events.push(event))
    const waiting = b.query('UPDATE t SET v = v + 1 WHERE id = 1')
    await settle()
    await a.query('COMMIT')
    await waiting
    stop()
    await b.query('SELECT 1')
    expect(events.map(({ kind }) => kind)).toEqual([
      ...['statement', 'begin', 'wait', 'statement', 'commit', 'publish', 'grant', 'done'],
      ...['restart', 'write', 'done', 'commit', 'publish'],
    ])
    expect(events.find(({ kind }) => kind === 'wait')).toMatchObject({ lock: expect.stringContaining('row') })
  })

  it('a listener must not call back synchronously (55006); asynchronous calls wait their turn', async () => {
    const codes: unknown[] = []
    const later: Promise<unknown>[] = []
    const stop = db.trace.listen((event) => {
      if (event.kind !== 'write' && event.kind !== 'publish') return
      for (const call of [
        () => db.prepare('SELECT 1').get(),
        () => b.transactionSync(() => 1),
        () => b.prepare('SELECT 1').all(),
      ]) {
        try {
          call()
          codes.push('none')
        } catch (error) {
          codes.push((error as { code: unknown }).code)
        }
      }
      if (event.kind === 'write') later.push(b.query('SELECT v FROM t WHERE id = 1'))
    })
    await a.query('UPDATE t SET v = 77 WHERE id = 1')
    db.transactionSync((tx) => tx.prepare('UPDATE t SET v = 78 WHERE id = 1').run())
    stop()
    expect(codes).toEqual(Array.from({ length: 12 }, () => '55006'))
    expect(later).toHaveLength(2)
    await Promise.all(later)
    expect(b.state).toBe('idle')
  })

  it('a listener may close the session in the middle of its statement', async () => {
    const stop = db.trace.listen((event) => {
      if (event.kind === 'write') a.close()
    })
    await expect(a.query('UPDATE many SET i = i + 10000')).rejects.toMatchObject({ code: '08003' })
    stop()
    expect((await db.query('SELECT count(*) AS n FROM many WHERE i < 4000')).rows).toEqual([{ n: 4000 }])
  })
})

describe('a statement that waits for an idle session', () => {
  it('keeps the process alive, and warns after a second, once, naming the holder', async () => {
    await a.query('BEGIN')
    await a.query('UPDATE t SET v = 0 WHERE id = 1')
    const waiting = db.query('UPDATE t SET v = 1 WHERE id = 1')
    await settle()
    expect(env.pending).toMatchObject([{ delayMillis: 1000, keepAlive: true }])
    expect(env.warnings).toEqual([])
    env.fire()
    expect(env.warnings).toHaveLength(1)
    expect(env.warnings[0]).toContain(`session ${a.id}`)
    expect(env.warnings[0]).toContain('UPDATE t SET v = 1')
    expect(env.warnings[0]).toContain('tx.query')
    // Still waiting, still alive, no second word.
    expect(env.pending).toHaveLength(1)
    env.fire()
    expect(env.warnings).toHaveLength(1)
    await a.query('COMMIT')
    await waiting
    env.fire()
    expect(env.pending).toHaveLength(0)
  })
})

describe('describe', () => {
  it('gives tables with columns, constraints and indexes, as committed', async () => {
    await db.exec(`CREATE TABLE d (a int PRIMARY KEY, b numeric(5,2) NOT NULL DEFAULT 1.5, c varchar(3) UNIQUE, CHECK (a > 0));
      CREATE INDEX d_b ON d (b, a)`)
    const [table] = db.describe('d')
    expect(table?.columns).toEqual([
      { name: 'a', type: 'integer', nullable: false, default: null },
      { name: 'b', type: 'numeric(5,2)', nullable: false, default: '1.5' },
      { name: 'c', type: 'character varying(3)', nullable: true, default: null },
    ])
    expect(table?.indexes).toEqual([
      { name: 'd_pkey', unique: true, primaryKey: true, columns: ['a'] },
      { name: 'd_c_key', unique: true, primaryKey: false, columns: ['c'] },
      { name: 'd_b', unique: false, primaryKey: false, columns: ['b', 'a'] },
    ])
    expect(table?.checks).toMatchObject([{ name: 'd_a_check' }])
    await a.query('BEGIN')
    await a.query('CREATE TABLE hidden (x int)')
    expect(db.describe().map(({ name }) => name)).toEqual(['d', 'many', 't'])
    expect(db.describe('nowhere')).toEqual([])
  })
})
