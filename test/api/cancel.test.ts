/** Cancelling: by signal and by `session.cancel`. */
import { describe, expect, it } from 'vitest'
import { openSync } from '../../src/index.ts'
import { errorOf, settle } from './fakeEnv.ts'

async function openHeld() {
  const db = openSync()
  await db.exec('CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 0), (2, 0)')
  const holder = db.connectSync()
  await holder.exec('BEGIN; UPDATE t SET v = 1 WHERE id = 1')
  return { db, holder }
}

const cancelled = { code: '57014', message: 'canceling statement due to user request' }

describe('cancel', () => {
  it('a transaction whose signal is aborted is rolled back at once, while its callback sits', async () => {
    const { db, holder } = await openHeld()
    const controller = new AbortController()
    let handleAfterwards: unknown = null
    let go = (): void => undefined
    const call = db.transaction(
      async (tx) => {
        await tx.query('UPDATE t SET v = 5 WHERE id = 2')
        await new Promise<void>((resolve) => (go = resolve))
        handleAfterwards = await errorOf(tx.query('SELECT 1'))
      },
      { signal: controller.signal },
    )
    await settle()
    controller.abort()
    expect(await errorOf(call)).toMatchObject(cancelled)
    await holder.query('UPDATE t SET v = 6 WHERE id = 2')
    go()
    await settle()
    expect(handleAfterwards).toMatchObject({ code: '08003' })
  })

  it('a statement that waits within it is cancelled', async () => {
    const { db } = await openHeld()
    const controller = new AbortController()
    let inner: unknown = null
    const call = db.transaction(
      async (tx) => {
        inner = await errorOf(tx.query('UPDATE t SET v = 5 WHERE id = 1'))
        throw new Error('over')
      },
      { signal: controller.signal },
    )
    await settle()
    controller.abort()
    expect(await errorOf(call)).toMatchObject(cancelled)
    await settle()
    expect(inner).toMatchObject(cancelled)
  })

  it('a signal that is aborted before refuses, and one aborted afterwards does nothing', async () => {
    const { db } = await openHeld()
    const controller = new AbortController()
    await db.transaction((tx) => tx.query('UPDATE t SET v = 8 WHERE id = 2'), { signal: controller.signal })
    controller.abort()
    expect(await errorOf(db.transaction(() => 1, { signal: controller.signal }))).toMatchObject(cancelled)
    expect((await db.query('SELECT v FROM t WHERE id = 2')).rows).toEqual([{ v: 8 }])
  })

  it('session.cancel ends what runs; what queues behind it goes on', async () => {
    const { db } = await openHeld()
    const session = db.connectSync()
    session.cancel()
    const waiting = errorOf(session.query('UPDATE t SET v = 5 WHERE id = 1'))
    const next = session.query('SELECT 2 AS two')
    session.cancel()
    expect(await waiting).toMatchObject(cancelled)
    expect((await next).rows).toEqual([{ two: 2 }])
  })

  it('a callback that commits and begins anew is told so, and its handle is closed', async () => {
    const { db } = await openHeld()
    const call = db.transaction(async (tx) => {
      await tx.query('COMMIT')
      await tx.query('BEGIN')
    })
    expect(await errorOf(call)).toMatchObject({ code: '25P01' })
    const both = db.transaction((tx) => Promise.all([tx.query('COMMIT'), tx.query('BEGIN')]))
    expect(await errorOf(both)).toMatchObject({ code: '25P01' })
  })
})
