/** A commit on its way to the disk: it counts as committed, whatever its caller wants then. */
import { expect, it } from 'vitest'
import { open } from '../../src/index.ts'
import { Disk } from '../simulation/disk.ts'
import { SimulatedEnv } from '../simulation/env.ts'
import { errorOf, settle } from './fakeEnv.ts'

it('is not cancelled by a signal, nor seen by others before it is durable', async () => {
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

it('after the log has failed nothing is read either, whichever way it goes', async () => {
  const create = 'CREATE TABLE t (id int PRIMARY KEY)'
  const quiet = new SimulatedEnv(new Disk(), { seed: 1 })
  await (await open('/db', { env: quiet })).exec(create)
  const at = quiet.operations.length + 1
  const env = new SimulatedEnv(new Disk(), { seed: 1, fault: { at, kind: 'EIO', fate: 'kept' } })
  const db = await open('/db', { env })
  await db.exec(create)
  expect(await errorOf(db.query('INSERT INTO t VALUES (1)'))).toMatchObject({ code: '08007' })
  const codes = [
    errorOf(db.query('SELECT * FROM t')),
    errorOf(db.exec('SELECT * FROM t')),
    errorOf(db.exec('COMMIT; SELECT 1')),
  ]
  for (const error of await Promise.all(codes)) expect(error['code']).toBe('58030')
})
