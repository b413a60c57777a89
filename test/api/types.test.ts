/** What TypeScript infers: checked by `tsc`, so a wrong type fails `npm run check`. */
import { expect, expectTypeOf, it } from 'vitest'
import type { Field, ObjectRow, QueryResult, RunResult, Session, SqlQuery, WaitingFor } from '../../src/index.ts'
import { openSync } from '../../src/index.ts'

interface Account {
  id: number
  balance: string
}

it('types are inferred', async () => {
  const db = openSync()
  await db.exec('CREATE TABLE account (id int, balance numeric(9,2)); INSERT INTO account VALUES (1, 5)')
  expectTypeOf(await db.query('SELECT 1')).toEqualTypeOf<QueryResult>()
  expectTypeOf(await db.query<Account>('SELECT * FROM account')).toEqualTypeOf<QueryResult<Account>>()
  expectTypeOf((await db.query<Account>('SELECT * FROM account')).rows).toEqualTypeOf<Account[]>()
  expectTypeOf((await db.query('SELECT 1')).rows[0]).toEqualTypeOf<ObjectRow | undefined>()
  expectTypeOf((await db.query('SELECT 1')).fields).toEqualTypeOf<readonly Field[]>()
  expectTypeOf(await db.exec('SELECT 1')).toEqualTypeOf<QueryResult[]>()
  expectTypeOf(db.sql<Account>`SELECT * FROM account`).toEqualTypeOf<SqlQuery<Account>>()
  expectTypeOf((await db.sql<Account>`SELECT * FROM account`).rows).toEqualTypeOf<Account[]>()
  const statement = db.prepare<Account>('SELECT * FROM account WHERE id = $1')
  expectTypeOf(statement.get(1)).toEqualTypeOf<Account | undefined>()
  expectTypeOf(statement.all(1)).toEqualTypeOf<Account[]>()
  expectTypeOf(statement.run(1)).toExtend<RunResult>()
  for (const row of statement.iterate(1)) expectTypeOf(row).toEqualTypeOf<Account>()
  expectTypeOf(
    await db.transaction(async (tx) => (expectTypeOf(tx).toEqualTypeOf<Session>(), 5)),
  ).toEqualTypeOf<number>()
  expectTypeOf(db.transactionSync(() => 'x')).toEqualTypeOf<string>()
  const session = await db.connect()
  expectTypeOf(session).toEqualTypeOf<Session>()
  expectTypeOf(session.state).toEqualTypeOf<'idle' | 'active' | 'waiting'>()
  expectTypeOf(session.transactionStatus).toEqualTypeOf<'idle' | 'transaction' | 'failed'>()
  expectTypeOf(session.waitingFor).toEqualTypeOf<WaitingFor | null>()
  for await (const row of session.stream<Account>('SELECT * FROM account')) expectTypeOf(row).toEqualTypeOf<Account>()
  expectTypeOf(db.copyFrom).returns.toEqualTypeOf<Promise<number>>()
  expect(session.state).toBe('idle')
  await db.close()
})
