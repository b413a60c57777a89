/** LISTEN and NOTIFY: who is told of what, when, and in which order. */
import { describe, expect, it } from 'vitest'
import type { Session } from '../../src/index.ts'
import { openSync } from '../../src/index.ts'
import { errorOf, settle } from './fakeEnv.ts'

function heardBy(session: Session): string[] {
  const heard: string[] = []
  session.onNotification = ({ channel, payload, session: from }) => heard.push(`${channel}:${payload}:${from}`)
  return heard
}

describe('notifications', () => {
  it('are told at commit, to those who listen, the notifier too', async () => {
    const db = openSync()
    const [a, b, c] = [db.connectSync(), db.connectSync(), db.connectSync()]
    const heard = [a, b, c].map(heardBy)
    await a.query('LISTEN jobs')
    await b.query('LISTEN jobs')
    await b.query('BEGIN')
    await b.query("NOTIFY jobs, 'one'")
    await settle()
    expect(heard).toEqual([[], [], []])
    await b.query('COMMIT')
    await settle()
    expect(heard).toEqual([['jobs:one:2'], ['jobs:one:2'], []])
    await a.query('UNLISTEN *')
    await db.query('NOTIFY jobs')
    await settle()
    expect(heard).toEqual([['jobs:one:2'], ['jobs:one:2', 'jobs::4'], []])
  })

  it('go back with a savepoint, away with a rollback, and copies of one are one', async () => {
    const db = openSync()
    const session = db.connectSync()
    const heard = heardBy(session)
    await session.query('LISTEN c')
    await session.exec(`
      BEGIN; NOTIFY c, 'a'; SAVEPOINT s; NOTIFY c, 'b'; ROLLBACK TO s; NOTIFY c, 'a'; NOTIFY c, 'd'; COMMIT;
      BEGIN; NOTIFY c, 'e'; ROLLBACK`)
    await settle()
    expect(heard).toEqual(['c:a:1', 'c:d:1'])
    await session.exec('BEGIN; LISTEN other; ROLLBACK')
    await session.query('NOTIFY other')
    await settle()
    expect(heard).toHaveLength(2)
  })

  it('pg_notify says what a statement computes, once for the run that counts', async () => {
    const db = openSync()
    await db.exec('CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 0), (2, 0)')
    const [a, b] = [db.connectSync(), db.connectSync()]
    const heard = heardBy(a)
    await a.query('LISTEN c')
    await a.exec('BEGIN; UPDATE t SET v = 1 WHERE id = 2')
    // The first run has said 2=0 when it meets the locked row.
    const update = b.query("UPDATE t SET v = v + 1 WHERE pg_notify('c', id || '=' || v) = ''")
    await a.query('COMMIT')
    await update
    await settle()
    expect(heard).toEqual(['c:1=0:3', 'c:2=1:3'])
    db.prepare("SELECT pg_notify('c', 'sync')").get()
    await settle()
    expect(heard.at(-1)).toMatch(/^c:sync:/)
  })

  it('pg_notify takes a null payload for none, and a null channel for an empty name', async () => {
    const db = openSync()
    const session = db.connectSync()
    const heard = heardBy(session)
    await session.query('LISTEN c')
    await session.query("SELECT pg_notify('c', $1)", [null])
    await settle()
    expect(heard).toEqual(['c::1'])
    expect(await errorOf(session.query("SELECT pg_notify(NULL, 'x')"))).toMatchObject({ code: '22023' })
  })

  it('wait until the session that listens has ended its transaction', async () => {
    const db = openSync()
    const session = db.connectSync()
    const heard = heardBy(session)
    await session.query('LISTEN c')
    await session.query('BEGIN')
    await db.query("NOTIFY c, 'x'")
    await settle()
    expect(heard).toEqual([])
    await session.query('ROLLBACK')
    await settle()
    expect(heard).toEqual(['c:x:2'])
  })

  it('listen() calls one listener for one channel, until it is ended', async () => {
    const db = openSync()
    const session = db.connectSync()
    const heard: string[] = []
    const end = await session.listen('Öffentlich "1"', ({ payload }) => heard.push(payload))
    await db.query(`SELECT pg_notify('Öffentlich "1"', 'x')`)
    await db.query("NOTIFY other, 'y'")
    await settle()
    expect(heard).toEqual(['x'])
    await end()
    await db.query(`SELECT pg_notify('Öffentlich "1"', 'z')`)
    await settle()
    expect(heard).toEqual(['x'])
  })

  it('have bounds', async () => {
    const db = openSync()
    expect(await errorOf(db.query("SELECT pg_notify('', 'x')"))).toMatchObject({
      code: '22023',
      message: 'channel name cannot be empty',
    })
    const payload = 'x'.repeat(8000)
    expect(await errorOf(db.query("SELECT pg_notify('c', $1)", [payload]))).toMatchObject({ code: '22023' })
    expect(await errorOf(db.query('LISTEN c'))).toMatchObject({ code: '0A000' })
  })

  it('a listener that throws takes nothing from the others behind it', async () => {
    const db = openSync()
    const session = db.connectSync()
    const heard: string[] = []
    const caught: unknown[] = []
    const catcher = (error: unknown): void => void caught.push(error)
    const before = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', catcher)
    try {
      await session.listen('c', ({ payload }) => {
        heard.push(payload)
        if (payload === '1') throw new Error('mine')
      })
      await session.exec("BEGIN; NOTIFY c, '1'; NOTIFY c, '2'; COMMIT")
      await settle()
    } finally {
      process.removeListener('uncaughtException', catcher)
      for (const listener of before) process.on('uncaughtException', listener)
    }
    expect(heard).toEqual(['1', '2'])
    expect(caught).toHaveLength(1)
  })
})
