/** The system views of sessions, versions, conflicts and counters. */
import { describe, expect, it } from 'vitest'
import type { Session } from '../../src/index.ts'
import { openSync } from '../../src/index.ts'
import { errorOf, settle } from '../api/fakeEnv.ts'

async function openTable() {
  const db = openSync()
  await db.exec('CREATE TABLE t (id int PRIMARY KEY, name text, ok boolean)')
  await db.exec("INSERT INTO t VALUES (1, 'Ada', true), (2, 'Bob, Jr.', false), (3, NULL, NULL)")
  const [a, b, c] = [db.connectSync(), db.connectSync(), db.connectSync()]
  return { db, a, b, c }
}

const rowsOf = async (session: Session, sql: string): Promise<unknown[]> =>
  (await session.query(sql, [], { rowMode: 'array' })).rows

describe('views', () => {
  it('isolde_sessions says what each session does and waits for', async () => {
    const { a, b, c } = await openTable()
    await a.query("SET application_name = 'first'")
    await a.exec("BEGIN ISOLATION LEVEL SERIALIZABLE USING 2PL; UPDATE t SET name = 'x' WHERE id = 1")
    const waiting = b.query("UPDATE t SET name = 'y' WHERE id = 1")
    await settle()
    const sql = `SELECT id, application_name, state, isolation, waiting_for, blocked_by, statement FROM isolde_sessions
                 WHERE id IN (${a.id}, ${b.id}) ORDER BY id`
    expect(await rowsOf(c, sql)).toEqual([
      [
        ...[a.id, 'first', 'idle in transaction', 'serializable using 2pl', null, null],
        "BEGIN ISOLATION LEVEL SERIALIZABLE USING 2PL; UPDATE t SET name = 'x' WHERE id = 1",
      ],
      [
        ...[b.id, '', 'waiting', 'read committed'],
        `FOR NO KEY UPDATE on row (id)=(1) of table "t", held by session ${a.id}`,
        String(a.id),
        "UPDATE t SET name = 'y' WHERE id = 1",
      ],
    ])
    await a.query('COMMIT')
    await waiting
  })

  it('a prepared transaction in the way is named by its gid, for that decides it', async () => {
    const { db, a, b, c } = await openTable()
    await a.exec("BEGIN; UPDATE t SET name = 'x' WHERE id = 1; PREPARE TRANSACTION 'transfer-7'")
    const waiting = b.query("UPDATE t SET name = 'y' WHERE id = 1")
    await settle()
    const name = 'prepared transaction "transfer-7"'
    expect(await rowsOf(c, `SELECT waiting_for, blocked_by FROM isolde_sessions WHERE id = ${b.id}`)).toEqual([
      [`FOR NO KEY UPDATE on row (id)=(1) of table "t", held by ${name}`, name],
    ])
    expect(await rowsOf(c, 'SELECT blocked_by FROM isolde_locks WHERE NOT granted')).toEqual([[name]])
    const versions = `SELECT "values", session, published FROM isolde_versions('t') ORDER BY version`
    expect((await rowsOf(c, versions))[0]).toEqual(['(1,x,t)', null, false])
    await db.query("ROLLBACK PREPARED 'transfer-7'")
    await waiting
  })

  it('isolde_versions shows the chains: what is in place, and what lies behind it', async () => {
    const { a, b, c } = await openTable()
    await a.exec('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM t')
    await b.query("UPDATE t SET name = 'Eve', ok = false WHERE id = 1")
    await b.exec("BEGIN; DELETE FROM t WHERE id = 1; INSERT INTO t VALUES (4, 'Mia', true)")
    expect(
      await rowsOf(
        c,
        `SELECT row, version, "values", session, published FROM isolde_versions('t') ORDER BY row, version`,
      ),
    ).toEqual([
      [0, 0, null, b.id, false],
      [0, 1, '(1,Eve,f)', null, true],
      [0, 2, '(1,Ada,t)', null, true],
      [3, 0, '(4,Mia,t)', b.id, false],
      [3, 1, null, null, true],
    ])
    await b.query('ROLLBACK')
    await a.query('COMMIT')
    expect(await rowsOf(c, `SELECT * FROM isolde_versions('t')`)).toEqual([])
    expect(await errorOf(c.query(`SELECT * FROM isolde_versions('nowhere')`))).toMatchObject({ code: '42P01' })
  })

  it('isolde_conflicts shows which read met which write', async () => {
    const { a, b, c } = await openTable()
    for (const session of [a, b]) await session.exec('BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1')
    await a.query('SELECT * FROM t WHERE id = 1')
    await b.query('SELECT * FROM t WHERE id = 2')
    await b.query("UPDATE t SET name = 'b' WHERE id = 1")
    expect(
      await rowsOf(c, 'SELECT reader_session, writer_session, "table", row, read_statement FROM isolde_conflicts'),
    ).toEqual([[a.id, b.id, 't', 0, 'SELECT * FROM t WHERE id = 1']])
    for (const session of [a, b]) await session.query('ROLLBACK')
    expect(await rowsOf(c, 'SELECT * FROM isolde_conflicts')).toEqual([])
  })

  it('isolde_stats counts ends and failures by level, and names who keeps versions alive', async () => {
    const { a, b, c } = await openTable()
    const stat = async (name: string, level: string): Promise<unknown> =>
      (await rowsOf(c, `SELECT value FROM isolde_stats WHERE statistic = '${name}' AND level = '${level}'`))[0]
    await a.exec('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM t')
    await b.query("UPDATE t SET name = 'b' WHERE id = 1")
    await errorOf(a.query("UPDATE t SET name = 'a' WHERE id = 1"))
    expect(await stat('rollbacks', 'repeatable read')).toEqual([1])
    expect(await rowsOf(c, "SELECT level, value, detail FROM isolde_stats WHERE statistic = 'failures'")).toEqual([
      ['repeatable read', 1, 'serialization failure'],
    ])
    await a.query('ROLLBACK')
    await a.exec('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM t')
    await b.query("UPDATE t SET name = 'c' WHERE id = 1")
    const kept = "SELECT value, detail FROM isolde_stats WHERE statistic = 'commits since the oldest snapshot'"
    expect((await rowsOf(c, kept))[0]).toEqual([
      1,
      expect.stringMatching(`^session ${a.id}, transaction \\d+ \\(repeatable read\\)$`),
    ])
    expect(await rowsOf(c, "SELECT value FROM isolde_stats WHERE statistic = 'undo entries'")).toEqual([[1]])
    await a.query('COMMIT')
    expect(await rowsOf(c, kept)).toEqual([[0, null]])
    expect(await stat('commits', 'repeatable read')).toEqual([1])
    expect(Number(((await stat('commits', 'read committed')) as number[])[0])).toBeGreaterThan(3)
  })
})
