/** PREPARE TRANSACTION, with a crash between it and its decision: what it wrote and what it holds is here again. */
import { describe, expect, test } from 'vitest'
import type { Database, Session } from '../../src/index.ts'
import { open } from '../../src/index.ts'
import { Disk } from '../simulation/disk.ts'
import { SimulatedEnv } from '../simulation/env.ts'

const schema = `
  CREATE TABLE account (id int PRIMARY KEY, owner text UNIQUE, balance int NOT NULL);
  CREATE INDEX account_balance ON account (balance);
  INSERT INTO account VALUES (1, 'a', 10), (2, 'b', 20), (3, 'c', 30), (4, 'd', 40)`

/** A database whose process can be killed. */
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
    this.db = await open('bank', { env: this.#env })
  }

  async crash(): Promise<void> {
    this.#env.turnOff()
    this.disk.kill()
    await this.open()
  }

  async balances(): Promise<string> {
    const { rows } = await this.db.query<{ id: number; balance: number }>('SELECT id, balance FROM account ORDER BY id')
    return rows.map(({ id, balance }) => `${id}:${balance}`).join(' ')
  }
}

async function prepared(db: Database, gid: string, ...statements: readonly string[]): Promise<void> {
  const session = await db.connect()
  await session.query('BEGIN')
  for (const sql of statements) await session.query(sql)
  expect((await session.query(`PREPARE TRANSACTION '${gid}'`)).command).toBe('PREPARE TRANSACTION')
  expect(session.transactionStatus).toBe('idle')
  session.close()
}

/** Whether the statement would have to wait; it is undone. */
async function waits(db: Database, sql: string): Promise<boolean> {
  const session = await db.connect()
  await session.query('BEGIN')
  let done = false
  const call = session.query(sql).finally(() => (done = true))
  call.catch(() => undefined)
  for (let turn = 0; turn < 50 && !done && session.state !== 'waiting'; turn++) await new Promise(setImmediate)
  const waiting = session.state === 'waiting'
  if (!waiting) await call
  session.close()
  return waiting
}

const changes = [
  "INSERT INTO account VALUES (9, 'z', 90)",
  'UPDATE account SET balance = balance + 1 WHERE id = 1',
  "UPDATE account SET owner = 'bb', id = 22 WHERE id = 2",
  'DELETE FROM account WHERE id = 3',
]

describe('a prepared transaction after a crash', () => {
  test('is not seen, keeps its locks, and commits', async () => {
    const world = await World.start()
    await prepared(world.db, 'g', ...changes)
    await world.db.query("INSERT INTO account VALUES (5, 'e', 50)")
    for (let crashes = 0; crashes < 2; crashes++) {
      await world.crash()
      expect(await world.balances()).toBe('1:10 2:20 3:30 4:40 5:50')
      expect(await waits(world.db, 'UPDATE account SET balance = 0 WHERE id = 1')).toBe(true)
      expect(await waits(world.db, 'UPDATE account SET balance = 0 WHERE id = 2')).toBe(true)
      expect(await waits(world.db, 'DELETE FROM account WHERE id = 3')).toBe(true)
      expect(await waits(world.db, "INSERT INTO account VALUES (9, 'y', 0)")).toBe(true)
      expect(await waits(world.db, "INSERT INTO account VALUES (8, 'bb', 0)")).toBe(true)
      expect(await waits(world.db, 'DROP TABLE account')).toBe(true)
      expect(await waits(world.db, 'UPDATE account SET balance = 0 WHERE id = 4')).toBe(false)
      expect(await waits(world.db, "INSERT INTO account VALUES (8, 'y', 0)")).toBe(false)
    }
    await world.db.query("COMMIT PREPARED 'g'")
    expect(await world.balances()).toBe('1:11 4:40 5:50 9:90 22:20')
    await world.crash()
    expect(await world.balances()).toBe('1:11 4:40 5:50 9:90 22:20')
    for (const [sql, id] of [
      ["owner = 'bb'", 22],
      ["owner = 'z'", 9],
      ['balance = 90', 9],
      ['id = 22', 22],
    ] as const) {
      expect((await world.db.query(`SELECT id FROM account WHERE ${sql}`)).rows).toEqual([{ id }])
    }
    expect((await world.db.query("SELECT id FROM account WHERE owner = 'b'")).rows).toEqual([])
    expect(await waits(world.db, 'DROP TABLE account')).toBe(false)
  })

  test('keeps its advisory locks, and their modes', async () => {
    const world = await World.start()
    const locks = 'SELECT pg_advisory_xact_lock(9007199254740993), pg_advisory_xact_lock_shared(-1, 2)'
    await prepared(world.db, 'g', locks, changes[1]!)
    const taken = async (): Promise<unknown> => {
      const sql = `SELECT pg_try_advisory_xact_lock(9007199254740993) AS a, pg_try_advisory_xact_lock(9007199254740992) AS b,
        pg_try_advisory_xact_lock(-1, 2) AS c, pg_try_advisory_xact_lock_shared(-1, 2) AS d`
      return (await world.db.query(sql)).rows[0]
    }
    for (let crashes = 0; crashes < 2; crashes++) {
      await world.crash()
      expect(await taken()).toEqual({ a: false, b: true, c: false, d: true })
      const sql = "SELECT session, key FROM isolde_locks WHERE kind = 'advisory' ORDER BY key"
      expect((await world.db.query(sql)).rows).toEqual([
        { session: null, key: '-1,2' },
        { session: null, key: '9007199254740993' },
      ])
    }
    await world.db.query("COMMIT PREPARED 'g'")
    expect(await taken()).toEqual({ a: true, b: true, c: true, d: true })
    await world.crash()
    expect(await taken()).toEqual({ a: true, b: true, c: true, d: true })
  })

  test('rolls back as if it had never been', async () => {
    const world = await World.start()
    await prepared(world.db, 'g', ...changes)
    await world.crash()
    await world.db.query("ROLLBACK PREPARED 'g'")
    for (let crashes = 0; crashes < 2; crashes++) {
      expect(await world.balances()).toBe('1:10 2:20 3:30 4:40')
      expect(await waits(world.db, 'DROP TABLE account')).toBe(false)
      expect((await world.db.query("SELECT id FROM account WHERE owner = 'bb'")).rows).toEqual([])
      await world.crash()
    }
  })

  test('its rows are its own: what others insert later takes no RowId of it', async () => {
    const world = await World.start()
    await prepared(world.db, 'g', "INSERT INTO account VALUES (9, 'z', 90)")
    await world.crash()
    await world.db.query("INSERT INTO account VALUES (10, 'x', 1)")
    await world.crash()
    await world.db.query("COMMIT PREPARED 'g'")
    await world.crash()
    expect(await world.balances()).toBe('1:10 2:20 3:30 4:40 9:90 10:1')
  })

  test('commits of others stand between, before and behind', async () => {
    const world = await World.start()
    await prepared(world.db, 'a', 'UPDATE account SET balance = 11 WHERE id = 1')
    await prepared(world.db, 'b', 'UPDATE account SET balance = 22 WHERE id = 2')
    await world.db.query('UPDATE account SET balance = 33 WHERE id = 3')
    await world.db.query("COMMIT PREPARED 'b'")
    await world.db.query('UPDATE account SET balance = balance + 1 WHERE id = 2')
    await world.crash()
    expect(await world.balances()).toBe('1:10 2:23 3:33 4:40')
    await world.db.query("COMMIT PREPARED 'a'")
    await world.crash()
    expect(await world.balances()).toBe('1:11 2:23 3:33 4:40')
  })

  test('row locks without a write are kept, shared ones too', async () => {
    const world = await World.start()
    await prepared(
      world.db,
      'g',
      'SELECT * FROM account WHERE id = 1 FOR UPDATE',
      'SELECT * FROM account WHERE id = 2 FOR SHARE',
      'SELECT * FROM account WHERE id = 3 FOR KEY SHARE',
    )
    for (let crashes = 0; crashes < 2; crashes++) {
      expect(await waits(world.db, 'SELECT * FROM account WHERE id = 1 FOR KEY SHARE')).toBe(true)
      expect(await waits(world.db, 'UPDATE account SET balance = 0 WHERE id = 2')).toBe(true)
      expect(await waits(world.db, 'SELECT * FROM account WHERE id = 2 FOR SHARE')).toBe(false)
      expect(await waits(world.db, 'UPDATE account SET balance = 0 WHERE id = 3')).toBe(false)
      expect(await waits(world.db, 'DELETE FROM account WHERE id = 3')).toBe(true)
      await world.crash()
    }
    await world.db.query("COMMIT PREPARED 'g'")
    expect(await waits(world.db, 'DELETE FROM account')).toBe(false)
  })

  test('DDL is prepared too: tables and indexes come with the decision', async () => {
    const world = await World.start()
    await prepared(
      world.db,
      'g',
      'DELETE FROM account WHERE id = 4',
      'CREATE UNIQUE INDEX account_once ON account (balance)',
      'CREATE TABLE log (id int PRIMARY KEY, what text)',
      "INSERT INTO log VALUES (1, 'one')",
    )
    for (let crashes = 0; crashes < 2; crashes++) {
      expect(world.db.describe().map(({ name }) => name)).toEqual(['account'])
      expect(await waits(world.db, 'CREATE TABLE other (id int)')).toBe(true)
      await world.crash()
    }
    await world.db.query("COMMIT PREPARED 'g'")
    for (let crashes = 0; crashes < 2; crashes++) {
      expect(world.db.describe().map(({ name }) => name)).toEqual(['account', 'log'])
      expect((await world.db.query('SELECT * FROM log')).rows).toEqual([{ id: 1, what: 'one' }])
      await expect(world.db.query("INSERT INTO account VALUES (7, 'q', 10)")).rejects.toMatchObject({ code: '23505' })
      await world.crash()
    }
    await prepared(world.db, 'drop', 'DROP TABLE log')
    await world.crash()
    await world.db.query("ROLLBACK PREPARED 'drop'")
    expect((await world.db.query('SELECT * FROM log')).rows).toHaveLength(1)
    await prepared(world.db, 'drop', 'DROP TABLE log')
    await world.crash()
    await world.db.query("COMMIT PREPARED 'drop'")
    expect(world.db.describe().map(({ name }) => name)).toEqual(['account'])
  })

  test('a redo of many chunks', async () => {
    const world = await World.start()
    const long = 'x'.repeat(700_000)
    await prepared(world.db, 'g', ...[5, 6, 7, 8].map((id) => `INSERT INTO account VALUES (${id}, '${id}${long}', 0)`))
    await world.crash()
    await world.db.query("COMMIT PREPARED 'g'")
    await world.crash()
    expect(await world.balances()).toBe('1:10 2:20 3:30 4:40 5:0 6:0 7:0 8:0')
  })
})

describe('in the process that prepared it', () => {
  const levels = [
    ...['READ UNCOMMITTED', 'READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'],
    ...['SERIALIZABLE USING 2PL', 'SERIALIZABLE USING SERIAL'],
  ]
  test.each(levels)('at %s, in memory', async (level) => {
    const db = await open()
    await db.exec(schema)
    const session = await db.connect()
    await session.query(`BEGIN ISOLATION LEVEL ${level}`)
    for (const sql of changes) await session.query(sql)
    await session.query("PREPARE TRANSACTION 'g'")
    expect(await waits(db, 'UPDATE account SET balance = 0 WHERE id = 1')).toBe(true)
    const waiting = db.query('UPDATE account SET balance = balance + 100 WHERE id = 1')
    await (await db.connect()).query("COMMIT PREPARED 'g'")
    await waiting
    const { rows } = await db.query<{ id: number; balance: number }>('SELECT id, balance FROM account ORDER BY id')
    expect(rows.map(({ id, balance }) => `${id}:${balance}`).join(' ')).toBe('1:111 4:40 9:90 22:20')
  })

  test('synchronously', async () => {
    const world = await World.start()
    const session: Session = await world.db.connect()
    session.prepare('BEGIN').run()
    session.prepare('UPDATE account SET balance = 0').run()
    expect(session.prepare("PREPARE TRANSACTION 'sync'").run().command).toBe('PREPARE TRANSACTION')
    await world.crash()
    const other = await world.db.connect()
    expect(other.prepare("COMMIT PREPARED 'sync'").run().command).toBe('COMMIT PREPARED')
    await world.crash()
    expect(await world.balances()).toBe('1:0 2:0 3:0 4:0')
  })

  test('is durable at every durability', async () => {
    for (const durability of ['full', 'relaxed', 'none'] as const) {
      const disk = new Disk()
      const env = new SimulatedEnv(disk, { seed: 1 })
      const db = await open('bank', { env, durability })
      await db.exec(schema)
      await prepared(db, 'g', 'UPDATE account SET balance = 0')
      expect(disk.entries.get('bank/redo.log')!.pending).toEqual([])
      await db.close()
    }
  })
})
