/** PostgreSQL's transaction blocks: every command in every state. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Database, Notice, Session } from '../../src/index.ts'
import { DatabaseError, openSync } from '../../src/index.ts'

let db: Database
let session: Session
let notices: Notice[]
beforeEach(async () => {
  db = openSync()
  await db.exec('CREATE TABLE t (id int PRIMARY KEY)')
  session = await db.connect()
  notices = []
  session.onNotice = (notice) => notices.push(notice)
})
afterEach(() => db.close())

/** What became of a command: its tag or its error, the state after it, and the codes of notices. */
async function after(sql: string): Promise<string> {
  notices = []
  let outcome: string
  try {
    outcome = (await session.query(sql)).command
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error
    outcome = error.code
  }
  return [outcome, session.transactionStatus, ...notices.map(({ code }) => code)].join(' ')
}

const commands = ['BEGIN', 'COMMIT', 'ROLLBACK', 'SAVEPOINT s', 'RELEASE s', 'ROLLBACK TO s', 'SELECT 1', 'SELECT nope']

it('idle', async () => {
  const table = []
  for (const sql of commands) {
    table.push(`${sql}: ${await after(sql)}`)
    if (session.transactionStatus !== 'idle') await session.query('ROLLBACK')
  }
  expect(table).toEqual([
    'BEGIN: BEGIN transaction',
    'COMMIT: COMMIT idle 25P01',
    'ROLLBACK: ROLLBACK idle 25P01',
    'SAVEPOINT s: 25P01 idle',
    'RELEASE s: 25P01 idle',
    'ROLLBACK TO s: 25P01 idle',
    'SELECT 1: SELECT idle',
    'SELECT nope: 42703 idle',
  ])
})

it('in a block', async () => {
  const table = []
  for (const sql of commands) {
    await session.query('BEGIN')
    table.push(`${sql}: ${await after(sql)}`)
    if (session.transactionStatus !== 'idle') await session.query('ROLLBACK')
  }
  expect(table).toEqual([
    'BEGIN: BEGIN transaction 25001',
    'COMMIT: COMMIT idle',
    'ROLLBACK: ROLLBACK idle',
    'SAVEPOINT s: SAVEPOINT transaction',
    'RELEASE s: 3B001 failed',
    'ROLLBACK TO s: 3B001 failed',
    'SELECT 1: SELECT transaction',
    'SELECT nope: 42703 failed',
  ])
})

it('in a failed block, with and without a savepoint', async () => {
  for (const savepoint of [false, true]) {
    const table = []
    for (const sql of commands) {
      await session.query('BEGIN')
      if (savepoint) await session.query('SAVEPOINT s')
      await session.query('SELECT nope').catch(() => undefined)
      table.push(`${sql}: ${await after(sql)}`)
      await session.query('ROLLBACK')
    }
    expect(table).toEqual([
      'BEGIN: 25P02 failed',
      'COMMIT: ROLLBACK idle',
      'ROLLBACK: ROLLBACK idle',
      'SAVEPOINT s: 25P02 failed',
      'RELEASE s: 25P02 failed',
      savepoint ? 'ROLLBACK TO s: ROLLBACK transaction' : 'ROLLBACK TO s: 3B001 failed',
      'SELECT 1: 25P02 failed',
      'SELECT nope: 42703 failed'.replace('42703', '25P02'),
    ])
  }
})

it('a failed block holds no lock', async () => {
  await session.query('BEGIN')
  await session.query('INSERT INTO t VALUES (1)')
  await session.query('SELECT nope').catch(() => undefined)
  expect(db.prepare('INSERT INTO t VALUES (1)').run().rowCount).toBe(1)
  expect(session.transactionStatus).toBe('failed')
  expect((await session.query('COMMIT')).command).toBe('ROLLBACK')
})

it('a savepoint of the same name hides the older one', async () => {
  await session.query('BEGIN')
  for (const id of [1, 2, 3]) {
    await session.query('SAVEPOINT s')
    await session.query('INSERT INTO t VALUES ($1)', [id])
  }
  const ids = async () => (await session.query('SELECT id FROM t ORDER BY id', [], { rowMode: 'array' })).rows.flat()
  await session.query('ROLLBACK TO s')
  await session.query('ROLLBACK TO s')
  expect(await ids()).toEqual([1, 2])
  await session.query('RELEASE s')
  await session.query('ROLLBACK TO s')
  expect(await ids()).toEqual([1])
  await session.query('COMMIT')
  expect(await ids()).toEqual([1])
})

it('several statements of one text: BEGIN turns the implicit block into an explicit one', async () => {
  await session.exec('INSERT INTO t VALUES (1); BEGIN; INSERT INTO t VALUES (2)')
  expect(session.transactionStatus).toBe('transaction')
  await session.query('ROLLBACK')
  expect((await db.query('SELECT * FROM t')).rows).toEqual([])
  // A BEGIN that fails begins nothing.
  const tooLate = 'INSERT INTO t VALUES (1); BEGIN ISOLATION LEVEL SERIALIZABLE'
  await expect(session.exec(tooLate)).rejects.toMatchObject({ code: '25001' })
  expect(session.transactionStatus).toBe('idle')
  await expect(session.exec('INSERT INTO t VALUES (1); SAVEPOINT s')).rejects.toMatchObject({ code: '25P01' })
  await session.exec('INSERT INTO t VALUES (1); COMMIT; INSERT INTO t VALUES (2); ROLLBACK; INSERT INTO t VALUES (3)')
  expect((await db.query('SELECT * FROM t ORDER BY id')).rows).toEqual([{ id: 1 }, { id: 3 }])
})
