import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { open, type Database, type Session } from '../../src/index.ts'

// The Halloween problem: a statement must not meet its own writes. It is right by construction here (a version is
// visible to its writer only in later commands), and these statements would show it if it were not: they write into the
// very index, or table, that they read. Each runs alone, and suspended between morsels while another session writes.

const levels = ['READ UNCOMMITTED', 'READ COMMITTED', 'REPEATABLE READ'] as const

/** Several pages of rows, so that the statement has many morsels to be suspended between. */
const rowCount = 5_000

let db: Database
let writer: Session
let other: Session

beforeEach(async () => {
  // A step visits few rows, so that a statement over the table takes many.
  db = await open(undefined, { stepBudget: 100 })
  writer = await db.connect()
  other = await db.connect()
})
afterEach(() => db.close())

/** Runs `statement` in a transaction of this level; with `meanwhile`, the other session writes between its steps, at least once. */
async function run(level: string, statement: string, meanwhile?: (n: number) => Promise<unknown>): Promise<void> {
  await writer.query(`BEGIN ISOLATION LEVEL ${level}`)
  let settled = false
  const running = writer.query(statement).finally(() => {
    settled = true
  })
  let written = 0
  while (meanwhile !== undefined && !settled) {
    await meanwhile(written++)
    // Gives the suspended statement its turn.
    await new Promise((resolve) => setImmediate(resolve))
  }
  await running
  await writer.query('COMMIT')
  if (meanwhile !== undefined) expect(written, 'the statement was suspended, and others wrote').toBeGreaterThan(1)
}

const rows = async (sql: string): Promise<unknown[][]> =>
  (await db.query<unknown[]>(sql, [], { rowMode: 'array' })).rows

describe.each(levels)('%s', (level) => {
  describe('INSERT INTO t SELECT … FROM t', () => {
    beforeEach(async () => {
      await db.exec(
        'CREATE TABLE t (id int PRIMARY KEY, generation int NOT NULL); CREATE INDEX t_generation ON t (generation)',
      )
      const list = Array.from({ length: rowCount }, (_, id) => `(${String(id)}, 0)`)
      await db.query(`INSERT INTO t VALUES ${list.join(', ')}`)
    })
    const statement = 'INSERT INTO t SELECT id + 1000000, generation + 1 FROM t WHERE generation >= 0'

    test('ends, with each row copied once', async () => {
      await run(level, statement)
      expect(await rows('SELECT generation, count(*) FROM t GROUP BY generation ORDER BY generation')).toEqual([
        [0, rowCount],
        [1, rowCount],
      ])
    })

    test('the same while others insert', async () => {
      await run(level, statement, (n) => other.query('INSERT INTO t VALUES ($1, 0)', [100_000 + n]))
      const inserted = Number((await rows('SELECT count(*) FROM t WHERE id >= 100000 AND id < 1000000'))[0]![0])
      const copies = Number((await rows('SELECT count(*) FROM t WHERE generation = 1'))[0]![0])
      const mine = Number(
        (await rows(`SELECT count(*) FROM t WHERE id >= 1000000 AND id < ${String(1_000_000 + rowCount)}`))[0]![0],
      )
      expect(mine).toBe(rowCount)
      expect(await rows('SELECT count(*) FROM t WHERE generation > 1')).toEqual([[0]])
      // A snapshot does not see the others' rows; reading in place may meet each of them, once.
      expect(copies - mine).toBeLessThanOrEqual(level === 'READ UNCOMMITTED' ? inserted : 0)
    })
  })

  describe('UPDATE t SET k = k + 10 WHERE k < 100, by the index on k', () => {
    beforeEach(async () => {
      await db.exec('CREATE TABLE t (id int PRIMARY KEY, k int NOT NULL, was int NOT NULL); CREATE INDEX t_k ON t (k)')
      const list = Array.from(
        { length: rowCount },
        (_, id) => `(${String(id)}, ${String(id % 200)}, ${String(id % 200)})`,
      )
      await db.query(`INSERT INTO t VALUES ${list.join(', ')}`)
    })
    const statement = 'UPDATE t SET k = k + 10 WHERE k < 100'

    test('raises each row once', async () => {
      await run(level, statement)
      expect(await rows('SELECT count(*) FROM t WHERE was < 100 AND k = was + 10')).toEqual([[rowCount / 2]])
      expect(await rows('SELECT count(*) FROM t WHERE was >= 100 AND k = was')).toEqual([[rowCount / 2]])
    })

    test('the same while others insert and delete', async () => {
      await run(level, statement, async (n) => {
        await other.query('INSERT INTO t VALUES ($1, $2, $2)', [100_000 + n, n % 100])
        await other.query('DELETE FROM t WHERE id = $1', [150 + (n % 20) * 200])
      })
      expect(
        await rows(`SELECT count(*) FROM t WHERE id < ${String(rowCount)} AND was < 100 AND k = was + 10`),
      ).toEqual([[rowCount / 2]])
      expect(await rows('SELECT count(*) FROM t WHERE was >= 100 AND k <> was')).toEqual([[0]])
      const twice = await rows('SELECT count(*) FROM t WHERE k <> was AND k <> was + 10')
      expect(twice).toEqual([[0]])
      if (level === 'REPEATABLE READ')
        expect(await rows('SELECT count(*) FROM t WHERE id >= 100000 AND k <> was')).toEqual([[0]])
    })

    test('upwards and downwards by a range of the index on both sides', async () => {
      await run(level, 'UPDATE t SET k = k + 50 WHERE k >= 0 AND k < 150')
      await run(level, 'UPDATE t SET k = k - 50 WHERE k >= 50 AND k < 200 AND was < 150')
      expect(await rows('SELECT count(*) FROM t WHERE k <> was')).toEqual([[0]])
    })
  })

  describe('UPDATE t SET id = id + 1, over the primary key', () => {
    beforeEach(async () => {
      await db.exec('CREATE TABLE t (id int PRIMARY KEY, was int NOT NULL)')
      const list = Array.from({ length: rowCount }, (_, id) => `(${String(id)}, ${String(id)})`)
      await db.query(`INSERT INTO t VALUES ${list.join(', ')}`)
    })

    test.each(['id = id + 1', 'id = id - 1'])('SET %s moves each row once', async (assignment) => {
      await run(level, `UPDATE t SET ${assignment}`)
      const by = assignment === 'id = id + 1' ? 1 : -1
      expect(await rows(`SELECT count(*), min(id), max(id) FROM t WHERE id = was + (${String(by)})`)).toEqual([
        [rowCount, by, rowCount - 1 + by],
      ])
      expect(await rows(`SELECT was FROM t WHERE id = ${String(1000 + by)}`)).toEqual([[1000]])
    })

    test('a shift that runs into a row which stays is 23505 and changes nothing', async () => {
      await db.query('INSERT INTO t VALUES ($1, $1)', [rowCount + 1])
      await writer.query(`BEGIN ISOLATION LEVEL ${level}`)
      await expect(
        writer.query(
          `UPDATE t SET id = id + 1 WHERE id <= ${String(rowCount)} AND id >= 0 OR id = ${String(rowCount - 1)}`,
        ),
      ).resolves.toMatchObject({ rowCount })
      await expect(writer.query(`UPDATE t SET id = id + 1 WHERE was = ${String(rowCount - 1)}`)).rejects.toMatchObject({
        code: '23505',
      })
      await writer.query('ROLLBACK')
      expect(await rows('SELECT count(*) FROM t WHERE id <> was')).toEqual([[0]])
    })

    test('the same while others insert far away', async () => {
      await run(level, 'UPDATE t SET id = id + 1', (n) =>
        other.query('INSERT INTO t VALUES ($1, $1)', [-1_000_000 + 2 * n]),
      )
      expect(await rows('SELECT count(*) FROM t WHERE was >= 0 AND id = was + 1')).toEqual([[rowCount]])
      expect(await rows('SELECT count(*) FROM t WHERE id <> was AND id <> was + 1')).toEqual([[0]])
      if (level === 'REPEATABLE READ')
        expect(await rows('SELECT count(*) FROM t WHERE was < 0 AND id <> was')).toEqual([[0]])
    })
  })
})
