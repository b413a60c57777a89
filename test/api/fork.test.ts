/** `db.fork()`: a database of its own that begins with what is committed. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { open } from '../../src/index.ts'

test('what either side does, the other never sees', async () => {
  const db = await open()
  await db.exec(`CREATE TABLE account (id integer PRIMARY KEY, balance integer NOT NULL);
    INSERT INTO account VALUES (1, 100), (2, 200)`)
  const session = await db.connect()
  await session.query('BEGIN')
  await session.query('UPDATE account SET balance = 0 WHERE id = 1')
  await session.query('INSERT INTO account VALUES (3, 300)')
  const fork = db.fork()
  await session.query('COMMIT')
  const sum = 'SELECT count(*) AS n, sum(balance) AS total FROM account'
  expect((await fork.query(sum)).rows).toEqual([{ n: 2, total: 300 }])
  expect((await db.query(sum)).rows).toEqual([{ n: 3, total: 500 }])
  await fork.exec(
    'CREATE TABLE own (x integer); INSERT INTO account VALUES (3, 1); DROP TABLE account; CREATE TABLE account (y text)',
  )
  expect((await db.query('SELECT balance FROM account WHERE id = 3')).rows).toEqual([{ balance: 300 }])
  await expect(db.query('SELECT * FROM own')).rejects.toMatchObject({ code: '42P01' })
  await db.close()
  // It lives on by itself, and so does a fork of it.
  const again = fork.fork()
  await again.query(`INSERT INTO account VALUES ('a')`)
  expect((await fork.query('SELECT * FROM account')).rows).toEqual([])
  expect(() => db.fork()).toThrow(expect.objectContaining({ code: '08003' }) as Error)
})

test('a fork of a durable database is in memory', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'isolde-fork-'))
  try {
    const db = await open(join(folder, 'db'))
    await db.exec('CREATE TABLE t (x integer); INSERT INTO t VALUES (1)')
    const fork = db.fork()
    await fork.query('INSERT INTO t VALUES (2)')
    await db.close()
    expect((await fork.query('SELECT x FROM t ORDER BY x')).rows).toEqual([{ x: 1 }, { x: 2 }])
    const reopened = await open(join(folder, 'db'))
    expect((await reopened.query('SELECT x FROM t')).rows).toEqual([{ x: 1 }])
    await reopened.close()
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a fork has the procedures of its origin', async () => {
  const db = await open()
  await db.exec('CREATE TABLE t (x integer)')
  db.procedure('add', (tx, x) => tx.run('INSERT INTO t VALUES ($1)', x))
  const fork = db.fork()
  await fork.call('add', 1)
  expect((await fork.query('SELECT x FROM t')).rows).toEqual([{ x: 1 }])
  expect((await db.query('SELECT x FROM t')).rows).toEqual([])
})

test('no fork in the middle of a step', async () => {
  const db = await open()
  let error: unknown = null
  db.trace.listen(() => {
    try {
      db.fork()
    } catch (caught) {
      error = caught
    }
  })
  await db.query('SELECT 1')
  expect(error).toMatchObject({ code: '55006' })
})
