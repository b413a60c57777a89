/** Prepared transactions of SERIALIZABLE by each method: what they have read is theirs until they are decided, crash or not. */
import { describe, expect, test } from 'vitest'
import type { Database, Session } from '../../src/index.ts'
import { open } from '../../src/index.ts'
import { Disk } from '../simulation/disk.ts'
import { SimulatedEnv } from '../simulation/env.ts'

const schema = `
  CREATE TABLE duty (id int PRIMARY KEY, doctor int NOT NULL, shift int NOT NULL);
  CREATE INDEX duty_shift ON duty (shift);
  INSERT INTO duty VALUES (1, 1, 10), (2, 2, 20), (3, 3, 30)`

class World {
  readonly disk = new Disk()
  db!: Database
  #env!: SimulatedEnv

  static async start(): Promise<World> {
    const world = new World()
    await world.open()
    await world.db.exec(schema)
    return world
  }

  async open(): Promise<void> {
    this.#env = new SimulatedEnv(this.disk, { seed: 7 })
    this.db = await open('duty', { env: this.#env })
  }

  async crash(): Promise<void> {
    this.#env.turnOff()
    this.disk.kill()
    await this.open()
  }

  async begin(level: string, ...statements: readonly string[]): Promise<Session> {
    const session = await this.db.connect()
    await session.query(`BEGIN ISOLATION LEVEL ${level}`)
    for (const sql of statements) await session.query(sql)
    return session
  }
}

async function waits(session: Session, sql: string): Promise<boolean> {
  let done = false
  const call = session.query(sql).finally(() => (done = true))
  call.catch(() => undefined)
  for (let turn = 0; turn < 50 && !done && session.state !== 'waiting'; turn++) await new Promise(setImmediate)
  const waiting = session.state === 'waiting'
  if (!waiting) await call
  session.close()
  return waiting
}

const wait = async (world: World, sql: string): Promise<boolean> => waits(await world.begin('READ COMMITTED'), sql)

const codeOf = async (work: () => Promise<unknown>): Promise<string> => {
  try {
    await work()
    return 'done'
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('by two-phase locking', () => {
  test('rows, ranges and tables that were read stay locked, also after a crash', async () => {
    const world = await World.start()
    const session = await world.begin(
      'SERIALIZABLE USING 2PL',
      'SELECT * FROM duty WHERE id = 1',
      'SELECT * FROM duty WHERE shift BETWEEN 25 AND 35',
    )
    await session.query("PREPARE TRANSACTION 'g'")
    for (let crashes = 0; crashes < 3; crashes++) {
      expect(await wait(world, 'UPDATE duty SET doctor = 9 WHERE id = 1')).toBe(true)
      expect(await wait(world, 'INSERT INTO duty VALUES (7, 7, 27)')).toBe(true)
      expect(await wait(world, 'UPDATE duty SET shift = 33 WHERE id = 2')).toBe(true)
      expect(await wait(world, 'UPDATE duty SET doctor = 9 WHERE id = 3')).toBe(true)
      expect(await wait(world, 'UPDATE duty SET doctor = 9 WHERE id = 2')).toBe(false)
      expect(await wait(world, 'INSERT INTO duty VALUES (7, 7, 40)')).toBe(false)
      await world.crash()
    }
    await world.db.query("ROLLBACK PREPARED 'g'")
    expect(await wait(world, 'DELETE FROM duty')).toBe(false)
    const scanner = await world.begin('SERIALIZABLE USING 2PL', 'SELECT sum(doctor) FROM duty')
    await scanner.query("PREPARE TRANSACTION 'whole'")
    await world.crash()
    expect(await wait(world, 'UPDATE duty SET doctor = 9 WHERE id = 2')).toBe(true)
    await world.db.query("COMMIT PREPARED 'whole'")
    expect(await wait(world, 'UPDATE duty SET doctor = 9 WHERE id = 2')).toBe(false)
  })
})

describe('by serial execution', () => {
  test('nobody else writes until it is decided', async () => {
    const world = await World.start()
    const session = await world.begin('SERIALIZABLE USING SERIAL', 'UPDATE duty SET doctor = 5 WHERE id = 1')
    await session.query("PREPARE TRANSACTION 'g'")
    for (let crashes = 0; crashes < 2; crashes++) {
      expect(await wait(world, 'UPDATE duty SET doctor = 9 WHERE id = 2')).toBe(true)
      expect(await waits(await world.begin('SERIALIZABLE USING SERIAL'), 'SELECT * FROM duty')).toBe(true)
      expect((await world.db.query('SELECT doctor FROM duty WHERE id = 1')).rows).toEqual([{ doctor: 1 }])
      await world.crash()
    }
    await world.db.query("COMMIT PREPARED 'g'")
    expect(await wait(world, 'UPDATE duty SET doctor = 9 WHERE id = 2')).toBe(false)
    expect((await world.db.query('SELECT doctor FROM duty WHERE id = 1')).rows).toEqual([{ doctor: 5 }])
  })
})

describe('by SSI', () => {
  const read = (id: number): string => `SELECT * FROM duty WHERE id = ${id}`
  const write = (id: number): string => `UPDATE duty SET doctor = 0 WHERE id = ${id}`

  test('a prepared half of a write skew makes the other half the victim', async () => {
    const world = await World.start()
    const first = await world.begin('SERIALIZABLE', read(1), read(2), write(1))
    const second = await world.begin('SERIALIZABLE', read(1), read(2))
    await first.query("PREPARE TRANSACTION 'g'")
    expect(
      await codeOf(async () => {
        await second.query(write(2))
        await second.query('COMMIT')
      }),
    ).toBe('40001')
    await world.db.query("COMMIT PREPARED 'g'")
  })

  test('a victim is not prepared', async () => {
    const world = await World.start()
    const first = await world.begin('SERIALIZABLE', read(1), read(2), write(1))
    const second = await world.begin('SERIALIZABLE', read(1), read(2))
    await first.query('COMMIT')
    expect(
      await codeOf(async () => {
        await second.query(write(2))
        await second.query("PREPARE TRANSACTION 'g'")
      }),
    ).toBe('40001')
    expect(world.db.prepared()).toEqual([])
  })

  test('T1 and T2 prepared: T3 is the victim, whatever its level', async () => {
    for (const level of ['SERIALIZABLE', 'READ COMMITTED']) {
      const world = await World.start()
      const t2 = await world.begin('SERIALIZABLE', read(3), write(2))
      const t1 = await world.begin('SERIALIZABLE', read(2), write(1))
      await t2.query("PREPARE TRANSACTION 't2'")
      await t1.query("PREPARE TRANSACTION 't1'")
      const t3 = await world.begin(level, write(3))
      expect(await codeOf(() => t3.query('COMMIT'))).toBe('40001')
      await world.db.query("COMMIT PREPARED 't2'")
      await world.db.query("COMMIT PREPARED 't1'")
      expect(await codeOf(() => world.db.query(write(3)))).toBe('done')
    }
  })

  test('after a crash the worst is assumed of it, until it is decided', async () => {
    for (const decision of ['COMMIT', 'ROLLBACK']) {
      const world = await World.start()
      const session = await world.begin(
        'SERIALIZABLE',
        read(1),
        'SELECT * FROM duty WHERE shift BETWEEN 25 AND 35',
        write(2),
      )
      await session.query("PREPARE TRANSACTION 'g'")
      await world.crash()
      expect(await codeOf(async () => (await world.begin('SERIALIZABLE', read(2))).close())).toBe('40001')
      for (const sql of [write(1), write(3), 'INSERT INTO duty VALUES (9, 9, 29)']) {
        expect(await codeOf(async () => (await world.begin('SERIALIZABLE', sql)).query('COMMIT'))).toBe('40001')
      }
      expect(await codeOf(async () => (await world.begin('SERIALIZABLE', read(1))).query('COMMIT'))).toBe('done')
      const apart = await world.begin('SERIALIZABLE', 'INSERT INTO duty VALUES (8, 8, 8)')
      expect(await codeOf(() => apart.query('COMMIT'))).toBe('done')
      await world.db.query(`${decision} PREPARED 'g'`)
      for (const sql of [write(1), write(2), write(3)]) {
        expect(await codeOf(async () => (await world.begin('SERIALIZABLE', sql, read(1))).query('COMMIT'))).toBe('done')
      }
    }
  })
})
