/** COPY from a slow source, and DDL that comes meanwhile. */
import { expect, it } from 'vitest'
import { open } from '../../src/index.ts'
import { errorOf, settle } from '../api/fakeEnv.ts'
import { Disk } from '../simulation/disk.ts'
import { SimulatedEnv } from '../simulation/env.ts'

/** Data that comes when the test says so. */
function slowSource(text: string): { readonly data: AsyncIterable<string>; readonly come: () => void } {
  let come = (): void => undefined
  const gate = new Promise<void>((resolve) => (come = resolve))
  const data = (async function* () {
    await gate
    yield text
  })()
  return { data, come }
}

it('holds its table from the beginning: DROP TABLE waits for it, and recovery finds the table of each row', async () => {
  const disk = new Disk()
  const db = await open('db', { env: new SimulatedEnv(disk, { seed: 1 }) })
  await db.exec('CREATE TABLE t (id int PRIMARY KEY)')
  const { data, come } = slowSource('1\n2\n')
  const copy = db.copyFrom('COPY t FROM STDIN (FORMAT csv)', data)
  const session = await db.connect()
  const drop = session.query('DROP TABLE t')
  await settle()
  expect(session.state).toBe('waiting')
  come()
  expect(await copy).toBe(2)
  await drop
  await db.close()
  const again = await open('db', { env: new SimulatedEnv(disk, { seed: 1 }) })
  expect(again.describe()).toEqual([])
})

it('that waited for DDL works on the table that is there then', async () => {
  const db = await open()
  await db.exec('CREATE TABLE t (id int PRIMARY KEY)')
  const session = await db.connect()
  await session.exec('BEGIN; DROP TABLE t; CREATE TABLE t (name text, id int)')
  const copy = db.copyFrom('COPY t FROM STDIN (FORMAT csv)', ['a,1\n'])
  const fails = errorOf(db.copyFrom('COPY t (nope) FROM STDIN (FORMAT csv)', ['a,1\n']))
  await settle()
  await session.query('COMMIT')
  expect(await copy).toBe(1)
  expect(await fails).toMatchObject({ code: '42703' })
  expect((await db.query('SELECT * FROM t')).rows).toEqual([{ name: 'a', id: 1 }])
})

it('that is cancelled while it waits for its table leaves its place in the queue', async () => {
  const db = await open()
  await db.exec('CREATE TABLE t (id int PRIMARY KEY)')
  const session = await db.connect()
  await session.exec('BEGIN; DROP TABLE t')
  const controller = new AbortController()
  const copy = errorOf(db.copyFrom('COPY t FROM STDIN (FORMAT csv)', ['1\n'], { signal: controller.signal }))
  await settle()
  controller.abort()
  expect(await copy).toMatchObject({ code: '57014' })
  await session.query('ROLLBACK')
  await db.query('DROP TABLE t')
})

it('that fails gives its snapshot up: the transaction goes on from its savepoint', async () => {
  const db = await open()
  await db.exec('CREATE TABLE t (id int PRIMARY KEY)')
  const session = await db.connect()
  await session.exec('BEGIN; INSERT INTO t VALUES (1); SAVEPOINT s')
  const error = await errorOf(session.copyFrom('COPY t FROM STDIN (FORMAT csv)', ['2\n1\n']))
  expect(error).toMatchObject({ code: '23505', where: 'COPY t, line 2' })
  await session.query('ROLLBACK TO s')
  expect((await session.query('SELECT id FROM t')).rows).toEqual([{ id: 1 }])
  await session.query('COMMIT')
})
