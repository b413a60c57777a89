/** db.prepare and session.prepare: synchronous, and nothing left behind where they would have to wait. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../../src/index.ts'
import { openSync } from '../../src/index.ts'
import { errorOf, settle } from './fakeEnv.ts'

let db: Database
beforeEach(async () => {
  db = openSync()
  await db.exec(`CREATE TABLE t (id int PRIMARY KEY, v int); CREATE TABLE many (i int PRIMARY KEY)`)
  await db.exec('INSERT INTO t VALUES (1, 10), (2, 20)')
  db.transactionSync((tx) => {
    const insert = tx.prepare('INSERT INTO many VALUES ($1)')
    for (let i = 0; i < 3000; i++) insert.run(i)
  })
})
afterEach(() => db.close())

describe('all, get, run', () => {
  it('take parameters as arguments and give rows', () => {
    const byId = db.prepare<{ v: number }>('SELECT v FROM t WHERE id = $1')
    expect(byId.get(1)).toEqual({ v: 10 })
    expect(byId.get(3)).toBeUndefined()
    expect(byId.all(2)).toEqual([{ v: 20 }])
    expect(byId.fields).toEqual([{ name: 'v', dataTypeID: 23 }])
    expect(byId.run(2)).toMatchObject({ rowCount: 1, command: 'SELECT' })
    expect(db.prepare('UPDATE t SET v = $1 RETURNING id').all(5)).toEqual([{ id: 1 }, { id: 2 }])
    expect(db.prepare('INSERT INTO t VALUES ($1, $2)').run(3, null)).toMatchObject({ rowCount: 1, command: 'INSERT' })
  })

  it('only one data statement can be prepared', () => {
    for (const [sql, code] of [
      ['SELECT 1; SELECT 2', '42601'],
      ['', '42601'],
      ['BEGIN', '0A000'],
      ['CREATE TABLE x (i int)', '0A000'],
      ['SELECT nope', '42703'],
      ['SELEC 1', '42601'],
    ] as const) {
      expect(() => db.prepare(sql), sql).toThrow(expect.objectContaining({ code }))
    }
  })

  it('begin and end the transactions of a session, so that synchronous sessions interleave', () => {
    const [a, b] = [db.connectSync(), db.connectSync()]
    const begin = a.prepare('BEGIN ISOLATION LEVEL REPEATABLE READ')
    const read = a.prepare<{ v: number }>('SELECT v FROM t WHERE id = 1')
    expect(begin.run()).toMatchObject({ command: 'BEGIN', rowCount: null })
    expect(read.get()).toEqual({ v: 10 })
    b.prepare('UPDATE t SET v = 11 WHERE id = 1').run()
    expect(read.get()).toEqual({ v: 10 })
    a.prepare('SAVEPOINT s').run()
    expect(() => a.prepare('UPDATE t SET v = 12 WHERE id = 1').run()).toThrow(
      expect.objectContaining({ code: '40001' }),
    )
    expect(() => read.get()).toThrow(expect.objectContaining({ code: '25P02' }))
    a.prepare('ROLLBACK TO s').run()
    expect(a.prepare('COMMIT').run().command).toBe('COMMIT')
    expect(read.get()).toEqual({ v: 11 })
  })

  it('follow the schema', async () => {
    const star = db.prepare('SELECT * FROM t WHERE id = 1')
    expect(star.get()).toEqual({ id: 1, v: 10 })
    await db.exec('DROP TABLE t')
    expect(() => star.get()).toThrow(expect.objectContaining({ code: '42P01' }))
    await db.exec(`CREATE TABLE t (name text, id int); INSERT INTO t VALUES ('x', 1)`)
    expect(star.get()).toEqual({ name: 'x', id: 1 })
    await db.exec('CREATE INDEX t_id ON t (id)')
    expect(star.get()).toEqual({ name: 'x', id: 1 })
  })

  it('a failed statement leaves nothing, in autocommit and in a transaction', async () => {
    const insert = 'INSERT INTO t VALUES (3, 1), (1, 1)'
    expect(() => db.prepare(insert).run()).toThrow(expect.objectContaining({ code: '23505' }))
    expect(db.prepare('SELECT count(*) AS n FROM t').get()).toEqual({ n: 2 })
    const session = db.connectSync()
    await session.query('BEGIN')
    await session.query('SAVEPOINT s')
    expect(() => session.prepare(insert).run()).toThrow(expect.objectContaining({ code: '23505' }))
    expect(session.transactionStatus).toBe('failed')
    expect(() => session.prepare('SELECT 1').get()).toThrow(expect.objectContaining({ code: '25P02' }))
    await session.query('ROLLBACK TO s')
    expect(session.prepare('SELECT count(*) AS n FROM t').get()).toEqual({ n: 2 })
  })

  it('a parameter whose own code runs the same statement keeps its values apart', async () => {
    await db.exec('CREATE TABLE note (text text, at timestamp)')
    const insert = db.prepare('INSERT INTO note VALUES ($1, $2)')
    insert.run('before', new Date(0))
    class Meddler extends Date {
      override toISOString(): string {
        insert.run('within', null)
        return super.toISOString()
      }
      override getTime(): number {
        insert.run('within', null)
        return super.getTime()
      }
    }
    insert.run('outer', new Meddler(1000))
    const rows = db.prepare('SELECT text, at IS NULL AS unknown FROM note').all()
    expect(rows.filter(({ text }) => text === 'outer')).toEqual([{ text: 'outer', unknown: false }])
    expect(rows.filter(({ text }) => text === 'within').every(({ unknown }) => unknown === true)).toBe(true)
  })
})

describe('iterate', () => {
  it('gives rows as they are read, all of them', () => {
    let sum = 0
    for (const { i } of db.prepare<{ i: number }>('SELECT i FROM many').iterate()) sum += i
    expect(sum).toBe((2999 * 3000) / 2)
    expect([...db.prepare('SELECT i FROM many WHERE i < 0').iterate()]).toEqual([])
  })

  it('keeps its session busy until it ends, and no other', () => {
    const session = db.connectSync()
    const rows = session.prepare('SELECT i FROM many').iterate()
    expect(rows.next().value).toEqual({ i: 0 })
    expect(session.state).toBe('active')
    expect(() => session.prepare('SELECT 1').get()).toThrow(expect.objectContaining({ code: '55006' }))
    expect(() => session.transactionSync(() => 1)).toThrow(expect.objectContaining({ code: '55006' }))
    expect(db.prepare('SELECT 1 AS one').get()).toEqual({ one: 1 })
    rows.return?.()
    expect(session.state).toBe('idle')
    expect(session.prepare('SELECT 1 AS one').get()).toEqual({ one: 1 })
  })

  it('one statement of the database can be iterated twice at once, while others write', async () => {
    const all = db.prepare<{ i: number }>('SELECT i FROM many ORDER BY i')
    const a = all.iterate()
    const b = all.iterate()
    expect([a.next().value, b.next().value, a.next().value]).toEqual([{ i: 0 }, { i: 0 }, { i: 1 }])
    db.prepare('DELETE FROM many').run()
    expect([...a].length + [...b].length).toBe(2998 + 2999)
  })

  it('a statement that writes has written all when its first row comes', () => {
    const rows = db.prepare<{ i: number }>('UPDATE many SET i = i + 10000 RETURNING i').iterate()
    expect(rows.next().value).toEqual({ i: 10000 })
    rows.return?.()
    expect(db.prepare('SELECT count(*) AS n FROM many WHERE i >= 10000').get()).toEqual({ n: 3000 })
  })

  it('left early inside a transaction it leaves the transaction whole', async () => {
    const session = db.connectSync()
    await session.query('BEGIN')
    session.prepare('UPDATE t SET v = 11 WHERE id = 1').run()
    for (const { i } of session.prepare<{ i: number }>('SELECT i FROM many').iterate()) if (i === 3) break
    expect(session.transactionStatus).toBe('transaction')
    expect(session.state).toBe('idle')
    await session.query('COMMIT')
    expect(db.prepare('SELECT v FROM t WHERE id = 1').get()).toEqual({ v: 11 })
  })

  it('an error in the middle ends it, and the transaction fails', async () => {
    const session = db.connectSync()
    await session.query('BEGIN')
    const rows = session.prepare('SELECT 1 / (i - 2500) AS q FROM many').iterate()
    let count = 0
    expect(() => { for (const _ of rows) count++ }).toThrow(expect.objectContaining({ code: '22012' })) // prettier-ignore
    expect(count).toBeLessThan(2501)
    expect(session.transactionStatus).toBe('failed')
    await session.query('ROLLBACK')
  })

  it('an iterator that nobody asked for a row costs nothing', () => {
    const session = db.connectSync()
    session.prepare('SELECT i FROM many').iterate()
    expect(session.prepare('SELECT 1 AS one').get()).toEqual({ one: 1 })
  })

  it('closing the session ends it', () => {
    const session = db.connectSync()
    const rows = session.prepare('SELECT i FROM many').iterate()
    rows.next()
    session.close()
    const rest = () => [...rows]
    expect(rest).toThrow(expect.objectContaining({ code: '08003' }))
  })
})

describe('where it would have to wait', () => {
  it('it throws 55P03 and leaves no lock and no row behind', async () => {
    const holder = db.connectSync()
    await holder.query('BEGIN')
    await holder.query('UPDATE t SET v = 0 WHERE id = 2')
    const error = await errorOf(Promise.resolve().then(() => db.prepare('UPDATE t SET v = v + 1').run()))
    expect(error).toMatchObject({ code: '55P03', hint: expect.stringContaining('asynchronous') })
    expect(error['message']).toContain(`session ${holder.id}`)
    // The row that it could lock is free.
    expect(db.prepare('UPDATE t SET v = v + 5 WHERE id = 1').run().rowCount).toBe(1)
    expect(() => db.prepare('INSERT INTO t VALUES (3, 3), (2, 2)').run()).toThrow()
    await holder.query('COMMIT')
    expect(db.prepare('SELECT * FROM t ORDER BY id').all()).toEqual([
      { id: 1, v: 15 },
      { id: 2, v: 0 },
    ])
    expect(db.prepare('UPDATE t SET v = v + 1').run().rowCount).toBe(2)
  })

  it('a transaction goes on from its savepoint', async () => {
    const holder = db.connectSync()
    await holder.query('BEGIN')
    await holder.query('UPDATE t SET v = 0 WHERE id = 2')
    const session = db.connectSync()
    await session.query('BEGIN')
    session.prepare('UPDATE t SET v = 1 WHERE id = 1').run()
    await session.query('SAVEPOINT s')
    expect(() => session.prepare('DELETE FROM t WHERE id = 2').run()).toThrow(
      expect.objectContaining({ code: '55P03' }),
    )
    await session.query('ROLLBACK TO s')
    await session.query('COMMIT')
    expect(db.prepare('SELECT v FROM t WHERE id = 1').get()).toEqual({ v: 1 })
    expect((await holder.query('COMMIT')).command).toBe('COMMIT')
  })

  it('a wait for a table likewise', async () => {
    const reader = db.connectSync()
    await reader.query('BEGIN')
    await reader.query('SELECT * FROM t')
    const dropper = db.connectSync()
    const drop = dropper.query('DROP TABLE t')
    await settle()
    expect(dropper.waitingFor?.holders).toEqual([reader.id])
    expect(() => db.prepare('SELECT * FROM t').all()).toThrow(expect.objectContaining({ code: '55P03' }))
    await reader.query('COMMIT')
    await drop
    expect(() => db.prepare('SELECT * FROM t').all()).toThrow(expect.objectContaining({ code: '42P01' }))
  })

  it('it drives statements that can bring what it waits for', async () => {
    const slow = openSync(undefined, { stepBudget: 10 })
    await slow.exec('CREATE TABLE n (i int PRIMARY KEY, v int)')
    const insert = slow.prepare('INSERT INTO n VALUES ($1, 0)')
    for (let i = 0; i < 1000; i++) insert.run(i)
    // An autocommit update of all rows is under way, and holds locks; it will end by itself.
    const update = slow.query('UPDATE n SET v = v + 1')
    expect(slow.prepare('UPDATE n SET v = v + 10 WHERE i = 0').run().rowCount).toBe(1)
    await update
    expect(slow.prepare('SELECT v FROM n WHERE i = 0').get()).toEqual({ v: 11 })
    await slow.close()
  })
})
