/** A commit on its way to the disk: it counts as committed, whatever its caller wants then. */
import { expect, it } from 'vitest'
import type { Database } from '../../src/index.ts'
import { open } from '../../src/index.ts'
import { Disk } from '../simulation/disk.ts'
import { SimulatedEnv } from '../simulation/env.ts'
import { errorOf, settle } from './fakeEnv.ts'

/** A database whose disk answers when it is told to. */
async function onSlowDisk(): Promise<{ db: Database; held: unknown[]; release: () => Promise<void> }> {
  const held: (() => void)[] = []
  const env = new SimulatedEnv(new Disk(), { seed: 1, deliver: (complete) => void held.push(complete) })
  const db = await open('/db', { env })
  const release = async () => {
    for (let i = 0; i < 5; i++) {
      for (const complete of held.splice(0)) complete()
      await settle()
    }
  }
  const created = db.exec('CREATE TABLE t (id int PRIMARY KEY)')
  await settle()
  await release()
  await created
  return { db, held, release }
}

/** A database whose disk fails at the first write behind CREATE TABLE. */
async function onFailingDisk(): Promise<Database> {
  const create = 'CREATE TABLE t (id int PRIMARY KEY)'
  const quiet = new SimulatedEnv(new Disk(), { seed: 1 })
  await (await open('/db', { env: quiet })).exec(create)
  const at = quiet.operations.length + 1
  const env = new SimulatedEnv(new Disk(), { seed: 1, fault: { at, kind: 'EIO', fate: 'kept' } })
  const db = await open('/db', { env })
  await db.exec(create)
  return db
}

it('is not cancelled by a signal, nor seen by others before it is durable', async () => {
  const { db, held, release } = await onSlowDisk()
  const controller = new AbortController()
  let acknowledged = false
  const insert = db
    .query('INSERT INTO t VALUES (1)', [], { signal: controller.signal })
    .then(() => (acknowledged = true))
  await settle()
  expect(held.length).toBeGreaterThan(0)
  controller.abort()
  expect((await db.query('SELECT * FROM t')).rows).toEqual([])
  expect(acknowledged).toBe(false)
  await release()
  await insert
  expect((await db.query('SELECT * FROM t')).rows).toEqual([{ id: 1 }])
  // A synchronous commit waits for the disk itself, and takes those before it along.
  const second = db.query('INSERT INTO t VALUES (2)')
  await settle()
  expect(db.prepare('INSERT INTO t VALUES (3)').run().rowCount).toBe(1)
  await second
  expect((await db.query('SELECT count(*) AS n FROM t')).rows).toEqual([{ n: 3 }])
  await release()
  await db.close()
})

it('is followed by the next transaction once it is durable: COMMIT AND CHAIN', async () => {
  const { db, release } = await onSlowDisk()
  const session = await db.connect()
  await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
  await session.query('INSERT INTO t VALUES (1)')
  const commit = session.query('COMMIT AND CHAIN')
  const read = session.query('SELECT id FROM t')
  await settle()
  expect(session.transactionStatus).toBe('idle')
  await release()
  expect((await commit).command).toBe('COMMIT')
  expect((await read).rows).toEqual([{ id: 1 }])
  expect(session.transactionStatus).toBe('transaction')
  expect((await session.query('SHOW transaction_isolation')).rows).toEqual([
    { transaction_isolation: 'repeatable read' },
  ])
  // A synchronous commit waits for the disk itself.
  session.prepare('INSERT INTO t VALUES (2)').run()
  session.prepare('COMMIT AND CHAIN').run()
  expect(session.transactionStatus).toBe('transaction')
  await session.query('ROLLBACK')
  expect((await db.query('SELECT count(*) AS n FROM t')).rows).toEqual([{ n: 2 }])
  await release()
  await db.close()
})

it('that the disk refuses is followed by nothing', async () => {
  const db = await onFailingDisk()
  const session = await db.connect()
  await session.query('BEGIN')
  await session.query('INSERT INTO t VALUES (1)')
  expect(await errorOf(session.query('COMMIT AND CHAIN'))).toMatchObject({ code: '08007' })
  expect(session.transactionStatus).toBe('idle')
})

it('after the log has failed nothing is read either, whichever way it goes', async () => {
  const db = await onFailingDisk()
  expect(await errorOf(db.query('INSERT INTO t VALUES (1)'))).toMatchObject({ code: '08007' })
  const codes = [
    errorOf(db.query('SELECT * FROM t')),
    errorOf(db.exec('SELECT * FROM t')),
    errorOf(db.exec('COMMIT; SELECT 1')),
  ]
  for (const error of await Promise.all(codes)) expect(error['code']).toBe('58030')
})
