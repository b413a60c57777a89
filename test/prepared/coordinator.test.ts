import { describe, expect, test } from 'vitest'
import type { Coordinator, Database, TransactionOptions } from '../../src/index.ts'
import { DatabaseError, open, openCoordinator } from '../../src/index.ts'
import { Disk } from '../simulation/disk.ts'
import { SimulatedEnv } from '../simulation/env.ts'

const schema = 'CREATE TABLE account (id int PRIMARY KEY, balance int NOT NULL); INSERT INTO account VALUES (1, 100)'

async function banks(count: number): Promise<{ dbs: Database[]; coordinator: Coordinator }> {
  const dbs: Database[] = []
  for (let i = 0; i < count; i++) {
    const db = await open()
    await db.exec(schema)
    dbs.push(db)
  }
  return { dbs, coordinator: await openCoordinator() }
}

const balance = async (db: Database): Promise<unknown> =>
  (await db.query<{ balance: number }>('SELECT balance FROM account')).rows[0]?.balance

const add = (by: number): string => `UPDATE account SET balance = balance + ${by}`

describe('a transaction over two databases', () => {
  test('commits in both', async () => {
    const { dbs, coordinator } = await banks(2)
    const [a, b] = dbs as [Database, Database]
    const result = await coordinator.transaction([a, b], async ([inA, inB]) => {
      await inA.query(add(-10))
      await inB.query(add(10))
      return 'moved'
    })
    expect(result).toBe('moved')
    expect([await balance(a), await balance(b)]).toEqual([90, 110])
    expect([...a.prepared(), ...b.prepared(), ...coordinator.unconfirmed]).toEqual([])
  })

  test('rolls back in both: what the callback throws, and what a statement that it did not await throws', async () => {
    const { dbs, coordinator } = await banks(2)
    const [a, b] = dbs as [Database, Database]
    const failing = coordinator.transaction([a, b], async ([inA, inB]) => {
      await inA.query(add(-10))
      await inB.query(add(10))
      throw new Error('changed my mind')
    })
    await expect(failing).rejects.toThrow('changed my mind')
    const careless = coordinator.transaction([a, b], async ([inA, inB]) => {
      await inA.query(add(-10))
      inB.query('INSERT INTO account VALUES (1, 0)').catch(() => undefined)
    })
    await expect(careless).rejects.toMatchObject({ code: '25P02' })
    expect([await balance(a), await balance(b)]).toEqual([100, 100])
  })

  test('a callback that ends a transaction itself, and begins another, commits nothing', async () => {
    const { dbs, coordinator } = await banks(2)
    const [a, b] = dbs as [Database, Database]
    const refused = { code: '25P01', message: expect.stringContaining('the callback has ended') as string }
    const swapped = coordinator.transaction([a, b], async ([inA, inB]) => {
      await inA.query(add(-10))
      await inB.query(add(10))
      await inA.query('ROLLBACK')
      await inA.query('BEGIN')
    })
    await expect(swapped).rejects.toMatchObject(refused)
    expect([await balance(a), await balance(b)]).toEqual([100, 100])
  })

  test('a callback that closes a database, or the coordinator, is told, and commits nothing', async () => {
    for (const [closed, writers] of [
      ['a database', 2],
      ['the coordinator', 2],
      ['the coordinator', 1],
    ] as const) {
      const { dbs, coordinator } = await banks(2)
      const [a, b] = dbs as [Database, Database]
      const failing = coordinator.transaction([a, b], async ([inA, inB]) => {
        if (writers === 2) await inA.query(add(-10))
        await inB.query(add(10))
        await (closed === 'a database' ? a : coordinator).close()
      })
      await expect(failing).rejects.toMatchObject({
        code: '08003',
        message: closed === 'a database' ? 'the database is closed' : 'the coordinator is closed',
      })
      expect(await balance(b)).toBe(100)
      expect(b.prepared()).toEqual([])
    }
  })

  test('arguments of a wrong kind are named', async () => {
    const { dbs, coordinator } = await banks(2)
    const untyped = coordinator as unknown as { transaction: (...args: unknown[]) => Promise<unknown> }
    for (const [args, message] of [
      [[dbs[0], () => 1], 'the databases must be an array, not object'],
      [[dbs, 'x'], 'the body of a transaction must be a function, not string'],
      [[dbs, () => 1, { signal: 5 }], 'option "signal" must be an AbortSignal, not number'],
    ] as const) {
      await expect(untyped.transaction(...args)).rejects.toMatchObject({ code: '22023', message })
    }
  })

  test('options that make no sense are refused, and nothing stays open', async () => {
    const { dbs, coordinator } = await banks(2)
    for (const options of [{ isolation: 'chaos' }, { isolation: 'snapshot', method: '2pl' }, { method: 'x' }]) {
      const failing = coordinator.transaction(dbs, () => 1, options as TransactionOptions)
      await expect(failing).rejects.toMatchObject({ code: '22023' })
    }
    const open = await dbs[0]!.query('SELECT id FROM isolde_sessions')
    expect(open.rows).toHaveLength(1)
  })

  test('a transaction that is tried again keeps its age in each database', async () => {
    const { dbs, coordinator } = await banks(2)
    const [a, b] = dbs as [Database, Database]
    await a.exec('INSERT INTO account VALUES (2, 100)')
    const other = await a.connect()
    let attempts = 0
    const victims: Promise<unknown>[] = []
    await coordinator.transaction([a, b], async ([inA, inB]) => {
      await inB.query(add(10))
      if (++attempts === 1) {
        // Begins behind the first attempt and before the second: of a circle with either it is the younger.
        await other.exec('BEGIN; UPDATE account SET balance = 0 WHERE id = 2')
        throw new DatabaseError('40001', 'once more')
      }
      await inA.query('UPDATE account SET balance = 1 WHERE id = 1')
      victims.push(other.query('UPDATE account SET balance = 0 WHERE id = 1').catch((error: unknown) => error))
      await inA.query('UPDATE account SET balance = 1 WHERE id = 2')
    })
    expect(attempts).toBe(2)
    expect(await Promise.all(victims)).toMatchObject([{ code: '40P01' }])
  })

  test('a database that was only read, or alone was written, is not prepared', async () => {
    const { dbs, coordinator } = await banks(3)
    const [a, b, c] = dbs as [Database, Database, Database]
    const kinds: string[] = []
    for (const db of dbs) db.trace.listen(({ kind }) => kind === 'prepare' && kinds.push(kind))
    await coordinator.transaction([a, b, c], async ([inA, inB, inC]) => {
      await inA.query('SELECT * FROM account')
      await inB.query(add(1))
      await inC.query('SELECT * FROM account')
    })
    expect(kinds).toEqual([])
    await coordinator.transaction([a, b, c], async ([inA, inB]) => {
      await inA.query(add(1))
      await inB.query(add(1))
    })
    expect(kinds).toEqual(['prepare', 'prepare'])
    expect([await balance(a), await balance(b), await balance(c)]).toEqual([101, 102, 100])
  })

  test('a serialization failure in one tries both again', async () => {
    const { dbs, coordinator } = await banks(2)
    const [a, b] = dbs as [Database, Database]
    let attempts = 0
    await coordinator.transaction(
      [a, b],
      async ([inA, inB]) => {
        attempts++
        await inA.query(add(-10))
        await inB.query('SELECT * FROM account')
        if (attempts === 1) await b.query(add(1))
        await inB.query(add(10))
      },
      { isolation: 'snapshot' },
    )
    expect(attempts).toBe(2)
    expect([await balance(a), await balance(b)]).toEqual([90, 111])
  })

  test('a deadlock that no database sees has one victim, which is tried again', async () => {
    const { dbs, coordinator } = await banks(2)
    const [a, b] = dbs as [Database, Database]
    let attempts = 0
    let met = 0
    let meet = (): void => undefined
    const both = new Promise<void>((resolve) => (meet = resolve))
    const transfer = (from: Database, to: Database): Promise<void> =>
      coordinator.transaction([from, to], async ([inFrom, inTo]) => {
        attempts++
        await inFrom.query(add(-10))
        if (++met === 2) meet()
        await both
        await inTo.query(add(10))
      })
    await Promise.all([transfer(a, b), transfer(b, a)])
    expect(attempts).toBe(3)
    expect([await balance(a), await balance(b)]).toEqual([100, 100])
  })

  test('what it refuses', async () => {
    const { dbs, coordinator } = await banks(1)
    const [a] = dbs as [Database]
    await expect(coordinator.transaction([a, a], () => 1)).rejects.toMatchObject({ code: '22023' })
    const env = new SimulatedEnv(new Disk(), { seed: 1 })
    const durable = await open('db', { env })
    await expect(coordinator.transaction([a, durable], () => 1)).rejects.toMatchObject({ code: '55000' })
    await expect(openCoordinator('db', { env })).rejects.toMatchObject({ code: '55000' })
    const other = await openCoordinator('coordinator', { env })
    await expect(open('coordinator', { env })).rejects.toMatchObject({ code: '55000' })
    await expect(openCoordinator('coordinator', { env })).rejects.toMatchObject({ code: '55006' })
    await other.close()
    await expect(other.transaction([a], () => 1)).rejects.toMatchObject({ code: '08003' })
  })

  test('an aborted signal ends it', async () => {
    const { dbs, coordinator } = await banks(2)
    const [a, b] = dbs as [Database, Database]
    const controller = new AbortController()
    const call = coordinator.transaction(
      [a, b],
      async ([inA]) => {
        await inA.query(add(-10))
        controller.abort()
        await new Promise(() => undefined)
      },
      { signal: controller.signal },
    )
    await expect(call).rejects.toMatchObject({ code: '57014' })
    expect(await balance(a)).toBe(100)
    await a.query(add(1))
  })
})
