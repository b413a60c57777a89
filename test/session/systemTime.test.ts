import { beforeEach, expect, test } from 'vitest'
import type { Database } from '../../src/index.ts'
import { DatabaseError, nodeEnv, openSync } from '../../src/index.ts'

// AS OF SYSTEM TIME in SQL; which past states there are is tested beside the transactions.

let micros = 0
let db: Database

const at = (seconds: number): Date => new Date(seconds * 1000)

async function query(sql: string, ...parameters: unknown[]): Promise<unknown[]> {
  return (await db.query(sql, parameters)).rows
}

async function codeOf(sql: string, ...parameters: unknown[]): Promise<string> {
  try {
    await query(sql, ...parameters)
  } catch (error) {
    if (error instanceof DatabaseError) return error.code
    throw error
  }
  return 'none'
}

async function change(seconds: number, sql: string): Promise<void> {
  micros = seconds * 1_000_000
  await db.query(sql)
}

beforeEach(async () => {
  micros = 100 * 1_000_000
  const clock = { nowMicros: () => micros, monotonicMillis: () => micros / 1000 }
  db = openSync(undefined, { env: { ...nodeEnv, clock }, retention: 60_000, stepBudget: 1 })
  await change(101, 'CREATE TABLE t (id int PRIMARY KEY, v int)')
  await change(102, 'INSERT INTO t VALUES (1, 10), (2, 20)')
  await change(103, 'UPDATE t SET v = v + 1')
  await change(104, 'DELETE FROM t WHERE id = 2')
  await change(105, 'CREATE TABLE u (id int)')
  micros = 106 * 1_000_000
})

test('a scan, a look-up and a join read the table as it was', async () => {
  expect(await query('SELECT * FROM t AS OF SYSTEM TIME $1', at(102.5))).toEqual([
    { id: 1, v: 10 },
    { id: 2, v: 20 },
  ])
  expect(await query('SELECT v FROM t AS OF SYSTEM TIME $1 WHERE id = 2', at(103.5))).toEqual([{ v: 21 }])
  expect(await query("SELECT v FROM t AS OF SYSTEM TIME '1970-01-01 00:01:43.5' WHERE id = 2")).toEqual([{ v: 21 }])
  expect(
    await query(
      'SELECT a.v AS past, b.v AS present FROM t AS OF SYSTEM TIME $1 AS a LEFT JOIN t b ON a.id = b.id ORDER BY a.id',
      at(102),
    ),
  ).toEqual([
    { past: 10, present: 11 },
    { past: 20, present: null },
  ])
})

test('at the end of FROM it is meant for all tables, those of derived tables too', async () => {
  const moment = at(102.5)
  expect(await query('SELECT b.v FROM t a JOIN t b ON a.id = b.id AS OF SYSTEM TIME $1', moment)).toHaveLength(2)
  expect(await query('SELECT a.id FROM t a, t AS OF SYSTEM TIME $1', moment)).toHaveLength(4)
  expect(await query('SELECT a.id FROM t AS OF SYSTEM TIME $1, t a', moment)).toHaveLength(2)
  expect(await query('SELECT id FROM (SELECT id FROM t) s AS OF SYSTEM TIME $1', moment)).toHaveLength(2)
  expect(await query('SELECT id FROM (SELECT id FROM t AS OF SYSTEM TIME $1) s', moment)).toHaveLength(2)
})

test('names are those of then', async () => {
  expect(await codeOf('SELECT * FROM u AS OF SYSTEM TIME $1', at(104))).toBe('42P01')
  await change(107, 'DROP TABLE t')
  expect(await codeOf('SELECT * FROM t')).toBe('42P01')
  expect(await query('SELECT count(*) AS n FROM t AS OF SYSTEM TIME $1', at(103.5))).toEqual([{ n: 2 }])
})

test('rows that were deleted come back by INSERT … SELECT', async () => {
  await db.query('INSERT INTO t SELECT * FROM t AS OF SYSTEM TIME $1 WHERE id = 2', [at(103)])
  expect(await query('SELECT * FROM t ORDER BY id')).toEqual([
    { id: 1, v: 11 },
    { id: 2, v: 21 },
  ])
})

test('each execution has its own moment, and a prepared statement too', async () => {
  const read = db.prepare<{ v: number }>('SELECT v FROM t AS OF SYSTEM TIME $1 WHERE id = 1')
  expect(read.get(at(102.5))).toEqual({ v: 10 })
  expect(read.get(at(103))).toEqual({ v: 11 })
  expect(await query("SELECT v FROM t AS OF SYSTEM TIME '1970-01-01 00:01:42' WHERE id = 1")).toEqual([{ v: 10 }])
  expect(await query("SELECT v FROM t AS OF SYSTEM TIME '1970-01-01 00:01:43' WHERE id = 1")).toEqual([{ v: 11 }])
})

test('a statement in steps keeps the state that it reads, and no longer', async () => {
  const list = Array.from({ length: 2000 }, (_, i) => `(${String(i)}, 0)`).join(', ')
  await change(110, 'CREATE TABLE many (id int PRIMARY KEY, v int)')
  await change(111, `INSERT INTO many VALUES ${list}`)
  await change(112, 'UPDATE many SET v = 1')
  const past = 'SELECT v FROM many AS OF SYSTEM TIME $1'
  await db.transaction(async (tx) => {
    let rows = 0
    for await (const row of tx.stream<{ v: number }>(past, [at(111)])) {
      if (rows++ === 0) {
        await change(3000, 'UPDATE many SET v = 2')
        await change(4000, 'UPDATE many SET v = 3')
      }
      expect(row.v).toBe(0)
    }
    expect(rows).toBe(2000)
  })
  expect(await codeOf(past, at(111))).toBe('22023')
})

test('moments that count from the statement', async () => {
  const past = (moment: string): Promise<unknown[]> => query(`SELECT v FROM t AS OF SYSTEM TIME ${moment} WHERE id = 2`)
  for (const ago of ['-3s', '-2.5 seconds', '-00:00:03', ' -0m1s1500ms', '-2999999us']) {
    expect(await past(`'${ago}'`), ago).toEqual([{ v: 21 }])
    expect(await query('SELECT v FROM t AS OF SYSTEM TIME $1 WHERE id = 2', ago), ago).toEqual([{ v: 21 }])
  }
  expect(await past("'-4s'")).toEqual([{ v: 20 }])
  expect(await past("'-1s'")).toEqual([])
  expect(await past('now()')).toEqual([])
  expect(await past("now() - interval '3 seconds'")).toEqual([{ v: 21 }])
  expect(await past("now() - interval '1 minute' + '56s'::interval")).toEqual([{ v: 20 }])
  expect(await past("timestamp '1970-01-01 00:01:44' - interval '1s' + interval '-1 second'")).toEqual([{ v: 20 }])
  const read = db.prepare<{ v: number }>("SELECT v FROM t AS OF SYSTEM TIME '-3s' WHERE id = 2")
  expect(read.get()).toEqual({ v: 21 })
  micros += 1_000_000
  expect(read.get()).toBeUndefined()
  micros -= 2_000_000
  expect(read.get()).toEqual({ v: 20 })
})

test('now() is the time of the transaction there, and a span counts from the statement', async () => {
  const session = await db.connect()
  await session.exec('BEGIN; SELECT now()')
  micros = 200 * 1_000_000
  const at = async (moment: string): Promise<unknown> =>
    (await session.query(`SELECT v FROM t AS OF SYSTEM TIME ${moment} WHERE id = 2`)).rows[0]
  expect(await at("now() - interval '3 seconds'")).toEqual({ v: 21 })
  expect(await at("'-97 seconds'")).toEqual({ v: 21 })
  session.close()
})

test('what cannot be meant', async () => {
  expect(await codeOf('SELECT * FROM t AS OF SYSTEM TIME $1', at(1))).toBe('22023')
  expect(await codeOf('SELECT * FROM t AS OF SYSTEM TIME $1', at(1e6))).toBe('22023')
  expect(await codeOf('SELECT * FROM t AS OF SYSTEM TIME $1', null)).toBe('42601')
  expect(await codeOf("SELECT * FROM t AS OF SYSTEM TIME now() + interval '1s'")).toBe('22023')
  expect(await codeOf("SELECT * FROM t AS OF SYSTEM TIME '-7s'")).toBe('22023')
  expect(await codeOf("SELECT * FROM t AS OF SYSTEM TIME '-1 month'")).toBe('22007')
  expect(await codeOf("SELECT * FROM t AS OF SYSTEM TIME '-'")).toBe('22007')
  expect(await codeOf("SELECT * FROM t AS OF SYSTEM TIME '--3s'")).toBe('22007')
  expect(await codeOf("SELECT * FROM t AS OF SYSTEM TIME now() - interval 'soon'")).toBe('22007')
  expect(await codeOf("SELECT * FROM t AS OF SYSTEM TIME 3 - interval '1s'")).toBe('42846')
  expect(await codeOf("SELECT * FROM t AS OF SYSTEM TIME interval '1s'")).toBe('0A000')
  expect(await codeOf("SELECT interval '1s' FROM t AS OF SYSTEM TIME now()")).toBe('0A000')
  expect(await codeOf('SELECT * FROM t AS OF SYSTEM TIME id')).toBe('42703')
  expect(await codeOf('SELECT * FROM t AS OF SYSTEM TIME true')).toBe('42846')
  expect(await codeOf('SELECT * FROM t AS OF SYSTEM TIME $1 FOR UPDATE', at(103))).toBe('0A000')
  expect(await codeOf('UPDATE t AS OF SYSTEM TIME $1 SET v = 1', at(103))).toBe('42601')
  expect(await codeOf('SELECT * FROM isolde_tables AS OF SYSTEM TIME $1', at(103))).toBe('0A000')
  expect(await query('SELECT of.id FROM t AS of')).toEqual([{ id: 1 }])
  const forgetful = openSync()
  await forgetful.exec('CREATE TABLE t (id int)')
  await expect(forgetful.query('SELECT * FROM t AS OF SYSTEM TIME $1', [at(103)])).rejects.toMatchObject({
    code: '22023',
  })
})
