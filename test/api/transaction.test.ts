/** transaction() and transactionSync(): retries, nesting, and callbacks that do what they should not. */
import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Database, IsolationName, Session } from '../../src/index.ts'
import { DatabaseError, openSync } from '../../src/index.ts'
import { errorOf, FakeEnv, settle } from './fakeEnv.ts'

let env: FakeEnv
let db: Database
beforeEach(async () => {
  env = new FakeEnv()
  db = openSync(undefined, { env })
  await db.exec('CREATE TABLE t (id int PRIMARY KEY, v int CHECK (v >= 0)); INSERT INTO t VALUES (1, 10), (2, 20)')
})
afterEach(() => db.close())

const values = async () => (await db.query<{ v: number }>('SELECT v FROM t ORDER BY id')).rows.map(({ v }) => v)
const conflict = () => new DatabaseError('40001', 'made up')

describe('transaction', () => {
  it('commits what the callback did and gives what it gave', async () => {
    const given = await db.transaction(async (tx) => {
      await tx.query('UPDATE t SET v = 1 WHERE id = 1')
      expect(tx.transactionStatus).toBe('transaction')
      return 'given'
    })
    expect([given, await values()]).toEqual(['given', [1, 20]])
  })

  it('rolls back what the callback threw away, and throws what it threw', async () => {
    const mine = new Error('mine')
    await expect(
      db.transaction(async (tx) => {
        await tx.query('DELETE FROM t')
        throw mine
      }),
    ).rejects.toBe(mine)
    expect(await values()).toEqual([10, 20])
  })

  it('knows the isolation levels by name, and readOnly', async () => {
    const level = (isolation: IsolationName) =>
      db.transaction(async (tx) => Object.values((await tx.query('SHOW transaction_isolation')).rows[0] ?? {})[0], {
        isolation,
      })
    expect(await level('read uncommitted')).toBe('read uncommitted')
    expect(await level('read committed')).toBe('read committed')
    expect(await level('repeatable read')).toBe('repeatable read')
    expect(await level('snapshot')).toBe('repeatable read')
    expect(await level('serializable')).toBe('serializable')
    // @ts-expect-error there is no such level
    await expect(db.transaction(() => 1, { isolation: 'chaos' })).rejects.toMatchObject({ code: '22023' })
    // @ts-expect-error there is no such method
    await expect(db.transaction(() => 1, { isolation: 'serializable', method: 'luck' })).rejects.toMatchObject({
      code: '22023',
    })
    const write = (tx: Session) => tx.query('DELETE FROM t')
    await expect(db.transaction(write, { readOnly: true })).rejects.toMatchObject({ code: '25006' })
    expect(() => db.transactionSync((tx) => tx.prepare('DELETE FROM t').run(), { readOnly: true })).toThrow(
      expect.objectContaining({ code: '25006' }),
    )
    expect(await values()).toEqual([10, 20])
  })

  it('tries 40001 and 40P01 again after a random pause that grows, then gives the last error', async () => {
    env.randomNumber = 1
    for (const code of ['40001', '40P01']) {
      let attempts = 0
      const call = db.transaction(
        async (tx) => {
          attempts++
          await tx.query('UPDATE t SET v = v + 1 WHERE id = 1')
          throw new DatabaseError(code, `attempt ${attempts}`)
        },
        { retries: 12 },
      )
      const error = errorOf(call)
      const pauses: number[] = []
      for (let i = 0; i < 12; i++) {
        await settle()
        pauses.push(...env.fire())
      }
      expect(await error).toMatchObject({ code, message: 'attempt 13' })
      expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 200, 200, 200, 200])
    }
    env.randomNumber = 0.25
    const one = errorOf(db.transaction(() => { throw conflict() }, { retries: 1 })) // prettier-ignore
    await settle()
    expect(env.fire()).toEqual([0.25])
    await one
    expect(await values()).toEqual([10, 20])
  })

  it('tries other errors not again, and with retries: 0 none', async () => {
    let attempts = 0
    const failing = (code: string, retries?: number) =>
      db.transaction(
        () => {
          attempts++
          throw new DatabaseError(code, 'made up')
        },
        retries === undefined ? {} : { retries },
      )
    await expect(failing('23505')).rejects.toMatchObject({ code: '23505' })
    await expect(failing('40001', 0)).rejects.toMatchObject({ code: '40001' })
    expect(attempts).toBe(2)
    expect(() => db.transactionSync(() => { attempts++; throw conflict() }, { retries: 3 })).toThrow('made up') // prettier-ignore
    expect(attempts).toBe(6)
  })

  it('many at once that read and write the same row all succeed in the end', async () => {
    const real = openSync()
    await real.exec('CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 0)')
    const add = () =>
      real.transaction(
        async (tx) => {
          const { rows } = await tx.query<{ v: number }>('SELECT v FROM t WHERE id = 1')
          await tx.query('UPDATE t SET v = $1 WHERE id = 1', [(rows[0]?.v ?? 0) + 1])
        },
        { isolation: 'snapshot', retries: 100 },
      )
    await Promise.all(Array.from({ length: 10 }, add))
    expect((await real.query('SELECT v FROM t')).rows).toEqual([{ v: 10 }])
    await real.close()
  })

  it('inside of a transaction it is a savepoint', async () => {
    await db.transaction(async (tx) => {
      await tx.query('UPDATE t SET v = 1 WHERE id = 1')
      const inner = tx.transaction(async (nested) => {
        await nested.query('UPDATE t SET v = 2 WHERE id = 1')
        await nested.query('UPDATE t SET v = -1 WHERE id = 2')
      })
      await expect(inner).rejects.toMatchObject({ code: '23514' })
      expect(tx.transactionStatus).toBe('transaction')
      await tx.transaction((nested) => nested.query('UPDATE t SET v = 22 WHERE id = 2'))
    })
    expect(await values()).toEqual([1, 22])
  })

  it('an inner failure that was caught does not move the outer savepoint', async () => {
    await db.transaction(async (tx) => {
      const outer = tx.transaction(async (nested) => {
        await nested.query('UPDATE t SET v = 1 WHERE id = 1')
        await expect(nested.transaction(() => Promise.reject(new Error('inner')))).rejects.toThrow('inner')
        throw new Error('outer')
      })
      await expect(outer).rejects.toThrow('outer')
    })
    expect(await values()).toEqual([10, 20])
    db.transactionSync((tx) => {
      const outer = () =>
        tx.transactionSync((nested) => {
          nested.prepare('UPDATE t SET v = 1 WHERE id = 1').run()
          expect(() => nested.transactionSync(() => { throw new Error('inner') })).toThrow('inner') // prettier-ignore
          throw new Error('outer')
        })
      expect(outer).toThrow('outer')
    })
    expect(await values()).toEqual([10, 20])
  })

  it('a callback that swallowed an error and went on is told at COMMIT', async () => {
    const swallowing = async (tx: Session) => {
      await tx.query('UPDATE t SET v = 1 WHERE id = 1')
      await tx.query('UPDATE t SET v = -1 WHERE id = 2').catch(() => undefined)
    }
    const error = await errorOf(db.transaction(swallowing))
    expect(error).toMatchObject({ code: '25P02', hint: expect.stringContaining('caught') })
    expect(await values()).toEqual([10, 20])
    await db.transaction(async (tx) =>
      expect(await errorOf(tx.transaction(swallowing))).toMatchObject({ code: '25P02' }),
    )
    expect(() =>
      db.transactionSync((tx) => {
        expect(() => tx.prepare('UPDATE t SET v = -1').run()).toThrow()
      }),
    ).toThrow(expect.objectContaining({ code: '25P02' }))
  })

  it('a statement that the callback did not await still counts', async () => {
    await expect(
      db.transaction(async (tx) => {
        await tx.query('UPDATE t SET v = 1 WHERE id = 1')
        void tx.exec('SELECT 1; UPDATE t SET v = -1 WHERE id = 2').catch(() => undefined)
      }),
    ).rejects.toMatchObject({ code: '25P02' })
    expect(await values()).toEqual([10, 20])
    await db.transaction(async (tx) => void tx.exec('UPDATE t SET v = 2 WHERE id = 2; SELECT 1'))
    expect(await values()).toEqual([10, 2])
  })

  it('a callback that ends the transaction itself is told', async () => {
    for (const sql of ['COMMIT', 'ROLLBACK', 'COMMIT AND CHAIN', 'ROLLBACK AND CHAIN']) {
      const error = await errorOf(db.transaction((tx) => tx.query(sql)))
      expect([sql, error['code'], error['hint']]).toEqual([sql, '25P01', expect.stringContaining('Leave COMMIT')])
    }
  })

  it('a callback that closes its session, or the database, is told', async () => {
    const other = openSync()
    const session = await other.connect()
    const closing = session.transaction(() => session.close())
    expect(await errorOf(closing)).toMatchObject({ code: '08003', message: 'the session is closed' })
    const ending = other.transaction(() => other.close())
    expect(await errorOf(ending)).toMatchObject({ code: '08003', message: 'the database is closed' })
  })

  it('its handle is closed afterwards', async () => {
    let kept: Session | undefined
    await db.transaction((tx) => void (kept = tx))
    await expect(kept?.query('SELECT 1')).rejects.toMatchObject({ code: '08003', message: 'the transaction is closed' })
    db.transactionSync((tx) => void (kept = tx))
    expect(() => kept?.prepare('SELECT 1')).toThrow(expect.objectContaining({ code: '08003' }))
  })
})

describe('transactionSync', () => {
  it('commits, rolls back, nests', async () => {
    expect(db.transactionSync((tx) => tx.prepare('UPDATE t SET v = v + 1').run().rowCount)).toBe(2)
    expect(() =>
      db.transactionSync((tx) => {
        tx.prepare('DELETE FROM t').run()
        throw new Error('mine')
      }),
    ).toThrow('mine')
    db.transactionSync((tx) => {
      expect(() => tx.transactionSync((inner) => inner.prepare('UPDATE t SET v = -1').run())).toThrow()
      tx.transactionSync((inner) => inner.prepare('UPDATE t SET v = 5 WHERE id = 1').run())
    })
    expect(await values()).toEqual([5, 21])
  })

  it('refuses a callback that gives a promise, and undoes what it began', async () => {
    const refused = () =>
      db.transactionSync(async (tx) => {
        await tx.query('DELETE FROM t')
        await tx.query('DELETE FROM t')
      })
    expect(refused).toThrow(expect.objectContaining({ code: '0A000', hint: expect.stringContaining('transaction()') }))
    await settle()
    expect(await values()).toEqual([10, 20])
    expect((await db.query('UPDATE t SET v = v')).rowCount).toBe(2)
  })

  it('refuses to commit while an asynchronous call runs in it', async () => {
    const session = db.connectSync()
    let call: Promise<unknown> | undefined
    expect(() =>
      session.transactionSync((tx) => {
        call = errorOf(tx.exec('SELECT 1; UPDATE t SET v = 0').then(() => tx.query('SELECT 1')))
        void tx.query('SELECT count(*) FROM t a CROSS JOIN t b').catch(() => undefined)
        return tx.state === 'idle' ? Promise.reject(new Error('x')) : 1
      }),
    ).toThrow()
    await call
    expect(session.state).toBe('idle')
    expect(session.transactionStatus).toBe('idle')
    expect(await values()).toEqual([10, 20])
  })

  it('throws 55P03 where a statement would wait, with nothing left behind', async () => {
    const holder = await db.connect()
    await holder.query('BEGIN')
    await holder.query('UPDATE t SET v = 0 WHERE id = 2')
    expect(() =>
      db.transactionSync((tx) => {
        tx.prepare('UPDATE t SET v = 1 WHERE id = 1').run()
        tx.prepare('UPDATE t SET v = 1 WHERE id = 2').run()
      }),
    ).toThrow(expect.objectContaining({ code: '55P03' }))
    expect((await db.query('UPDATE t SET v = v + 1 WHERE id = 1')).rowCount).toBe(1)
    await holder.query('ROLLBACK')
    expect(await values()).toEqual([11, 20])
  })
})

it('db.query inside db.transaction, on the same row, warns after a second and does not let Node exit silently', async () => {
  const library = resolve(import.meta.dirname, '../../src/index.ts')
  const program = `
    import { open } from ${JSON.stringify(`file://${library}`)}
    const db = await open()
    await db.exec('CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)')
    process.on('warning', (warning) => {
      if (warning.name !== 'IsoldeWarning') return
      console.log(warning.message)
      process.exit(7)
    })
    await db.transaction(async (tx) => {
      await tx.query('DELETE FROM t')
      console.log('deadlocked')
      await db.query('DELETE FROM t')
    })`
  const run = promisify(execFile)(process.execPath, [
    '--input-type=module',
    '--no-warnings=ExperimentalWarning',
    '-e',
    program,
  ])
  const failed = (await errorOf(run)) as unknown as { code: number; stdout: string }
  expect(failed.code).toBe(7)
  expect(failed.stdout).toMatch(/^deadlocked\nsession \d+ has waited for a second for .*row \(id\)=\(1\) of table "t"/)
  expect(failed.stdout).toContain('tx.query')
})
