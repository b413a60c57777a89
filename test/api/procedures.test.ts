/** Stored procedures: run alone, to their end, in one step; what they may do, and how they are called. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Database, ProcedureTransaction } from '../../src/index.ts'
import { openSync } from '../../src/index.ts'
import { errorOf, settle } from './fakeEnv.ts'

function transfer(tx: ProcedureTransaction, from: number, to: number, amount: number): number {
  const row = tx.get<{ balance: number }>('SELECT balance FROM account WHERE id = $1', from)
  if (row === undefined || row.balance < amount) throw new Error('insufficient funds')
  tx.run('UPDATE account SET balance = balance - $2 WHERE id = $1', from, amount)
  tx.run('UPDATE account SET balance = balance + $2 WHERE id = $1', to, amount)
  return row.balance - amount
}

async function withAccounts(db: Database): Promise<Database> {
  await db.exec('CREATE TABLE account (id int PRIMARY KEY, balance int NOT NULL)')
  await db.exec('INSERT INTO account VALUES (1, 100), (2, 0)')
  db.procedure('transfer', transfer)
  return db
}

let db: Database
beforeEach(async () => {
  db = await withAccounts(openSync())
})

const balances = async (): Promise<unknown[]> =>
  (await db.query('SELECT balance FROM account ORDER BY id')).rows.map((row) => row['balance'])

describe('procedures', () => {
  it('run by call, callSync and CALL, with parameters and literals', async () => {
    expect(await db.call('transfer', 1, 2, 10)).toBe(90)
    expect(db.callSync('transfer', 1, 2, 20)).toBe(70)
    expect((await db.query('CALL transfer(1, 2, 3 + 2)')).command).toBe('CALL')
    await db.query('CALL transfer($1, $2, $3)', [2, 1, 1])
    expect(await balances()).toEqual([66, 34])
  })

  it('what they throw rolls them back', async () => {
    db.procedure('broken', (tx) => {
      tx.run('UPDATE account SET balance = 0')
      throw new Error('no')
    })
    expect(() => db.callSync('broken')).toThrow('no')
    await expect(db.call('broken')).rejects.toThrow('no')
    await expect(db.query('CALL broken()')).rejects.toThrow('no')
    expect(await balances()).toEqual([100, 0])
  })

  it('a statement that fails has no effect, and may be survived', async () => {
    db.procedure('survivor', (tx) => {
      tx.run('UPDATE account SET balance = 1 WHERE id = 1')
      expect(() => tx.run('INSERT INTO account VALUES (3, 0), (1, 0)')).toThrow('duplicate key')
      return tx.all('SELECT id FROM account').length
    })
    expect(await db.call('survivor')).toBe(2)
    expect(await balances()).toEqual([1, 0])
  })

  it('wait for writers before they start, and for nobody else', async () => {
    const writer = db.connectSync()
    const reader = db.connectSync()
    await reader.exec('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM account')
    expect(await db.call('transfer', 1, 2, 1)).toBe(99)
    await writer.exec('BEGIN; UPDATE account SET balance = 50 WHERE id = 1')
    const call = db.call('transfer', 1, 2, 10)
    const statement = db.query('CALL transfer(1, 2, 10)')
    expect(() => db.callSync('transfer', 1, 2, 1)).toThrow(expect.objectContaining({ code: '55P03' }))
    await settle()
    await writer.query('COMMIT')
    expect(await call).toBe(40)
    await statement
    expect(await balances()).toEqual([30, 21])
  })

  it('a call that waits is cancelled by its signal', async () => {
    const writer = db.connectSync()
    await writer.exec('BEGIN; UPDATE account SET balance = 50 WHERE id = 1')
    const controller = new AbortController()
    const call = errorOf(db.call({ name: 'transfer', signal: controller.signal }, 1, 2, 10))
    controller.abort()
    expect(await call).toMatchObject({ code: '57014' })
    await writer.query('ROLLBACK')
    expect(await balances()).toEqual([100, 0])
  })

  it('refuse what could wait, and what ends a transaction', async () => {
    const code = async (sql: string): Promise<unknown> => {
      db.procedure('does', (tx) => tx.run(sql))
      return (await errorOf(db.call('does')))['code']
    }
    for (const sql of ['CREATE TABLE t (a int)', 'LOCK account', 'LISTEN c', 'CALL transfer(1, 2, 3)']) {
      expect(await code(sql), sql).toBe('0A000')
    }
    expect(await code('SELECT pg_advisory_lock(1)')).toBe('0A000')
    for (const sql of ['COMMIT', 'ROLLBACK', 'SAVEPOINT s']) expect(await code(sql), sql).toBe('2D000')
    expect(await code('SELECT 1; SELECT 2')).toBe('42601')
    expect(await balances()).toEqual([100, 0])
  })

  it('are synchronous, and their transaction ends with them', async () => {
    let kept: ProcedureTransaction | null = null
    db.procedure('later', async (tx) => {
      kept = tx
      await Promise.resolve()
      tx.run('UPDATE account SET balance = 0')
    })
    expect(await errorOf(db.call('later'))).toMatchObject({ code: '0A000' })
    expect(() => kept?.run('UPDATE account SET balance = 0')).toThrow(expect.objectContaining({ code: '08003' }))
    expect(await balances()).toEqual([100, 0])
  })

  it('cannot call the database around their transaction', async () => {
    db.procedure('around', () => db.prepare('SELECT 1').get())
    expect(() => db.callSync('around')).toThrow(expect.objectContaining({ code: '55006' }))
  })

  it('call each other, and notify', async () => {
    const session = db.connectSync()
    const heard: string[] = []
    await session.listen('moved', ({ payload }) => heard.push(payload))
    db.procedure('twice', (tx, amount: number) => {
      tx.call('transfer', 1, 2, amount)
      tx.notify('moved', String(amount))
      return tx.call('transfer', 1, 2, amount)
    })
    expect(await db.call('twice', 5)).toBe(90)
    await settle()
    expect(heard).toEqual(['5'])
  })

  it('unknown ones are 42883, with the place in the text', async () => {
    expect(await errorOf(db.query('CALL nobody(1)'))).toMatchObject({ code: '42883', position: 6 })
    db.procedure('transfer', null)
    expect(await errorOf(db.call('transfer', 1, 2, 3))).toMatchObject({ code: '42883' })
  })

  it('CALL within a transaction needs one that is alone', async () => {
    const session = db.connectSync()
    await session.query('BEGIN')
    expect(await errorOf(session.query('CALL transfer(1, 2, 3)'))).toMatchObject({ code: '25001' })
    await session.query('ROLLBACK')
    // Settings in front of it in its text are no transaction that was there before.
    await session.exec("SET LOCAL lock_timeout = '1s'; CALL transfer(1, 2, 3); CALL transfer(2, 1, 3)")
    await session.exec('BEGIN ISOLATION LEVEL SERIALIZABLE USING SERIAL; CALL transfer(1, 2, 3); ROLLBACK')
    expect(await balances()).toEqual([100, 0])
    await session.exec('CALL transfer(1, 2, 3); CALL transfer(1, 2, 4)')
    expect(await balances()).toEqual([93, 7])
  })

  it('on a disk, a call is settled when it is durable', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'isolde-procedures-'))
    try {
      const durable = await withAccounts(openSync(directory))
      await Promise.all([durable.call('transfer', 1, 2, 10), durable.call('transfer', 1, 2, 10)])
      expect(durable.callSync('transfer', 1, 2, 10)).toBe(70)
      await durable.close()
      const again = openSync(directory)
      expect((await again.query('SELECT balance FROM account ORDER BY id')).rows).toEqual([
        { balance: 70 },
        { balance: 30 },
      ])
      await again.close()
    } finally {
      rmSync(directory, { recursive: true })
    }
  })
})
