/** open, query and its options, exec, the sql tag, closed handles, parameters and errors. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../../src/index.ts'
import { DatabaseError, open, openSync } from '../../src/index.ts'
import { errorOf } from './fakeEnv.ts'

let db: Database
beforeEach(async () => {
  db = await open()
  await db.exec(`CREATE TABLE t (id int PRIMARY KEY, name text, price numeric(8,2), day date, at timestamp, ok boolean, big int8, f float8);
    INSERT INTO t VALUES (1, 'one', 1.5, '2024-02-29', '2024-02-29 12:34:56.789', true, 9007199254740993, 0.5),
                         (2, NULL, NULL, NULL, NULL, NULL, 5, NULL)`)
})
afterEach(() => db.close())

describe('open and close', () => {
  it('a closed database refuses everything with 08003', async () => {
    const session = await db.connect()
    const statement = db.prepare('SELECT 1')
    const stream = session.stream('SELECT 1')
    await db.close()
    await db.close()
    const closed = { code: '08003' }
    await expect(db.query('SELECT 1')).rejects.toMatchObject(closed)
    await expect(db.exec('SELECT 1')).rejects.toMatchObject(closed)
    await expect(db.sql`SELECT 1`).rejects.toMatchObject(closed)
    await expect(db.transaction(() => 1)).rejects.toMatchObject(closed)
    await expect(db.connect()).rejects.toMatchObject(closed)
    await expect(db.copyFrom('COPY t FROM STDIN', [])).rejects.toMatchObject(closed)
    await expect(session.query('SELECT 1')).rejects.toMatchObject(closed)
    await expect(session.exec('SELECT 1')).rejects.toMatchObject(closed)
    await expect(stream.next()).rejects.toMatchObject(closed)
    for (const call of [
      () => db.prepare('SELECT 1'),
      () => db.transactionSync(() => 1),
      () => db.describe(),
      () => statement.all(),
      () => statement.get(),
      () => statement.run(),
      () => [...statement.iterate()],
      () => session.prepare('SELECT 1'),
    ]) {
      expect(call).toThrow(expect.objectContaining(closed))
    }
  })

  it('closing ends what waits with 08003 and rolls open transactions back', async () => {
    const a = await db.connect()
    const b = await db.connect()
    await a.query('BEGIN')
    await a.query('DELETE FROM t WHERE id = 1')
    await b.query('BEGIN')
    const waiting = errorOf(b.query('DELETE FROM t WHERE id = 1'))
    const queued = errorOf(b.query('SELECT 1'))
    b.close()
    expect(await waiting).toMatchObject({ code: '08003' })
    expect(await queued).toMatchObject({ code: '08003' })
    a.close()
    a.close()
    expect((await db.query('SELECT count(*) AS n FROM t')).rows).toEqual([{ n: 2 }])
    expect((await db.query('DELETE FROM t WHERE id = 1')).rowCount).toBe(1)
  })

  it('disposes', async () => {
    let kept: Database
    {
      await using scoped = await open()
      kept = scoped
      await using session = await scoped.connect()
      await session.query('SELECT 1')
    }
    await expect(kept.query('SELECT 1')).rejects.toMatchObject({ code: '08003' })
    {
      using scoped = openSync()
      kept = scoped
      using session = scoped.connectSync()
      expect(session.prepare('SELECT 1 AS one').get()).toEqual({ one: 1 })
    }
    await expect(kept.query('SELECT 1')).rejects.toMatchObject({ code: '08003' })
  })

  it('refuses bad options', async () => {
    await expect(open(undefined, { stepBudget: 0 })).rejects.toMatchObject({ code: '22023' })
    expect(() => openSync(undefined, { memoryLimit: Number.NaN })).toThrow(expect.objectContaining({ code: '22023' }))
  })
})

describe('query', () => {
  it('gives rows, fields, rowCount and command', async () => {
    const result = await db.query('SELECT id, name, price FROM t ORDER BY id')
    expect(result).toEqual({
      rows: [
        { id: 1, name: 'one', price: '1.50' },
        { id: 2, name: null, price: null },
      ],
      fields: [
        { name: 'id', dataTypeID: 23 },
        { name: 'name', dataTypeID: 25 },
        { name: 'price', dataTypeID: 1700 },
      ],
      rowCount: 2,
      command: 'SELECT',
    })
    for (const [sql, command, rowCount] of [
      ['INSERT INTO t (id) VALUES (3), (4)', 'INSERT', 2],
      ['UPDATE t SET name = id::text WHERE id > 2', 'UPDATE', 2],
      ['DELETE FROM t WHERE id = 3', 'DELETE', 1],
      ['DELETE FROM t WHERE id = 99', 'DELETE', 0],
      ['VALUES (1), (2), (3)', 'SELECT', 3],
      ['CREATE TABLE u (x int)', 'CREATE TABLE', null],
      ['CREATE INDEX u_x ON u (x)', 'CREATE INDEX', null],
      ['DROP INDEX u_x', 'DROP INDEX', null],
      ['DROP TABLE u', 'DROP TABLE', null],
      ['SHOW TimeZone', 'SHOW', null],
    ] as const) {
      const got = await db.query(sql)
      expect([sql, got.command]).toEqual([sql, command])
      if (command !== 'SHOW') expect([sql, got.rowCount]).toEqual([sql, rowCount])
    }
    const returned = await db.query('DELETE FROM t WHERE id = 4 RETURNING name AS gone')
    expect(returned).toMatchObject({ rows: [{ gone: '4' }], rowCount: 1, command: 'DELETE' })
  })

  it('rowMode array and text, and types by OID', async () => {
    const sql = 'SELECT id, name, price, day, at, ok, big, f FROM t ORDER BY id'
    const array = await db.query<unknown[]>(sql, [], { rowMode: 'array' })
    expect(array.rows[0]).toEqual([
      1,
      'one',
      '1.50',
      '2024-02-29',
      new Date('2024-02-29T12:34:56.789Z'),
      true,
      9007199254740993n,
      0.5,
    ])
    expect(array.rows[1]).toEqual([2, null, null, null, null, null, 5, null])
    const text = await db.query(sql, [], { rowMode: 'text' })
    expect(text.rows).toEqual([
      ['1', 'one', '1.50', '2024-02-29', '2024-02-29 12:34:56.789', 't', '9007199254740993', '0.5'],
      ['2', null, null, null, null, null, '5', null],
    ])
    const types = { 1700: Number, 20: BigInt, 1082: (day: string) => new Date(`${day}T00:00Z`) }
    const typed = await db.query(sql, [], { types })
    expect(typed.rows[0]).toMatchObject({ price: 1.5, big: 9007199254740993n, day: new Date('2024-02-29') })
    expect(typed.rows[1]).toMatchObject({ price: null, big: 5n, day: null })
    expect(db.prepare(sql, { types, rowMode: 'array' }).get()).toMatchObject({ 2: 1.5 })
    // @ts-expect-error there is no such mode
    await expect(db.query(sql, [], { rowMode: 'map' })).rejects.toMatchObject({ code: '22023' })
  })

  it('a type parser that throws fails the statement; one that calls the database back is refused, synchronously', async () => {
    const failing = { 23: () => { throw new RangeError('mine') } } // prettier-ignore
    await expect(db.query('SELECT id FROM t', [], { types: failing })).rejects.toThrow('mine')
    const reentrant = { 23: () => db.prepare('SELECT 2').get() }
    await expect(db.query('SELECT id FROM t WHERE id = 1', [], { types: reentrant })).rejects.toMatchObject({
      code: '55006',
    })
    expect(() => db.prepare('SELECT id FROM t WHERE id = 1', { types: reentrant }).all()).toThrow(
      expect.objectContaining({ code: '55006' }),
    )
  })

  it('takes parameters by context, and refuses those that are no SQL values', async () => {
    const row = await db.query(
      'SELECT $1::int8 AS a, $2 AS b, $3 AS c, $4::date AS d, $5::timestamp AS e, $6::text AS f',
      [12345678901234567890n / 2n - 2n, true, null, '2024-01-31', new Date(0), 7],
    )
    expect(row.rows[0]).toEqual({
      a: 6172839450617283943n,
      b: true,
      c: null,
      d: '2024-01-31',
      e: new Date(0),
      f: '7',
    })
    expect(await errorOf(db.query('SELECT $1::int', [undefined]))).toMatchObject({ name: 'DatabaseError' })
    expect((await errorOf(db.query('SELECT $1::int', [undefined])))['message']).toMatch(/undefined/)
    expect((await errorOf(db.query('INSERT INTO t VALUES ($1, $2)', [7, undefined])))['message']).toMatch(/undefined/)
    for (const value of [Symbol('x'), () => 1, { a: 1 }, [1]])
      await expect(db.query('SELECT $1::text', [value])).rejects.toBeInstanceOf(DatabaseError)
    await expect(db.query('SELECT $1::int', ['abc'])).rejects.toMatchObject({ code: '22P02' })
    await expect(db.query('SELECT $1::int', [1.5])).rejects.toMatchObject({ code: '22P02' })
    await expect(db.query('SELECT $1::int2', [40000])).rejects.toMatchObject({ code: '22003' })
  })

  it('wants as many parameters as the statement has', async () => {
    await expect(db.query('SELECT $1::int, $2::int', [1])).rejects.toMatchObject({ code: '08P01' })
    await expect(db.query('SELECT $1::int', [1, 2])).rejects.toMatchObject({ code: '08P01' })
    await expect(db.query('SELECT 1', [1])).rejects.toMatchObject({ code: '08P01' })
    expect(() => db.prepare('SELECT $1::int').get()).toThrow(expect.objectContaining({ code: '08P01' }))
    expect(() => db.prepare('SELECT $1::int').get(1, 2)).toThrow(expect.objectContaining({ code: '08P01' }))
    await expect(db.exec('SELECT $1::int')).rejects.toMatchObject({ code: expect.stringMatching(/^(08P01|42P02)$/) })
  })

  it('wants one statement', async () => {
    await expect(db.query('SELECT 1; SELECT 2')).rejects.toMatchObject({
      code: '42601',
      hint: expect.stringContaining('exec'),
    })
    await expect(db.query(' -- nothing')).rejects.toMatchObject({ code: '42601' })
    expect((await db.query('SELECT 1 AS one;')).rows).toEqual([{ one: 1 }])
  })

  it('refuses a lone BEGIN and its kin with a hint', async () => {
    for (const sql of ['BEGIN', 'START TRANSACTION', 'COMMIT', 'ROLLBACK', 'SAVEPOINT s', ' begin ;']) {
      for (const call of [db.query(sql), db.exec(sql)]) {
        const error = await errorOf(call)
        expect([sql, error['code'], error['hint']]).toEqual([sql, '0A000', expect.stringContaining('db.transaction')])
      }
    }
  })

  it('columns may be named as JavaScript likes least', async () => {
    await db.exec(
      'CREATE TABLE "__proto__" ("__proto__" int, "constructor" text, "hasOwnProperty" int, "${1}" int, "`" int)',
    )
    await db.exec(`INSERT INTO "__proto__" VALUES (1, 'two', 3, 4, 5)`)
    const { rows, fields } = await db.query('SELECT * FROM "__proto__"')
    expect(fields.map(({ name }) => name)).toEqual(['__proto__', 'constructor', 'hasOwnProperty', '${1}', '`'])
    expect(Object.entries(rows[0] ?? {})).toEqual([
      ['__proto__', 1],
      ['constructor', 'two'],
      ['hasOwnProperty', 3],
      ['${1}', 4],
      ['`', 5],
    ])
    expect(db.describe('__proto__')[0]?.columns[0]?.name).toBe('__proto__')
  })

  it('of columns that share a name the last wins in objects; arrays have both', async () => {
    expect((await db.query('SELECT 1 AS a, 2 AS a')).rows).toEqual([{ a: 2 }])
    expect((await db.query('SELECT 1 AS a, 2 AS a', [], { rowMode: 'array' })).rows).toEqual([[1, 2]])
  })

  it('leaves no setting behind for the next call', async () => {
    await db.exec(`SET default_transaction_read_only = on; SELECT 1`)
    expect((await db.query('SHOW default_transaction_read_only')).rows).toEqual([
      { default_transaction_read_only: 'off' },
    ])
    expect((await db.query('DELETE FROM t WHERE id = 1')).rowCount).toBe(1)
  })
})

describe('errors', () => {
  it('have the fields of node-postgres', async () => {
    const duplicate = await errorOf(db.query('INSERT INTO t VALUES (1)'))
    expect(duplicate).toBeInstanceOf(DatabaseError)
    expect(duplicate).toMatchObject({
      severity: 'ERROR',
      code: '23505',
      message: 'duplicate key value violates unique constraint "t_pkey"',
      detail: 'Key (id)=(1) already exists.',
      schema: 'public',
      table: 't',
      constraint: 't_pkey',
      retryable: false,
    })
    const missing = await errorOf(db.query('SELECT id, nope FROM t'))
    expect(missing).toMatchObject({ code: '42703', position: 12 })
    expect(await errorOf(db.query('INSERT INTO t VALUES (NULL)'))).toMatchObject({
      code: '23502',
      column: 'id',
      table: 't',
    })
    // The position points into this text, also when the plan was made for another one.
    await expect(db.query("SELECT   id FROM t WHERE id = 'x'")).rejects.toMatchObject({ code: '22P02', position: 31 })
    await expect(db.query("SELECT id FROM t WHERE id = 'x'")).rejects.toMatchObject({ code: '22P02', position: 29 })
  })
})

describe('exec', () => {
  it('runs several statements as one transaction and gives their results', async () => {
    const results = await db.exec(`INSERT INTO t (id) VALUES (3); SELECT count(*) AS n FROM t; ;`)
    expect(results.map(({ command, rowCount }) => [command, rowCount])).toEqual([
      ['INSERT', 1],
      ['SELECT', 1],
    ])
    expect(results[1]?.rows).toEqual([{ n: 3 }])
    expect(await db.exec('')).toEqual([])
  })

  it('of a failing text nothing stays, and the error has the results before it', async () => {
    const error = await errorOf(
      db.exec('INSERT INTO t (id) VALUES (3); SELECT 7 AS seven; SELECT 1/0; INSERT INTO t (id) VALUES (4)'),
    )
    expect(error).toMatchObject({ code: '22012' })
    expect(
      (error['results'] as { command: string; rows: unknown[] }[]).map(({ command, rows }) => [command, rows]),
    ).toEqual([
      ['INSERT', []],
      ['SELECT', [{ seven: 7 }]],
    ])
    expect((await db.query('SELECT id FROM t WHERE id > 2')).rows).toEqual([])
  })

  it('what stands before a COMMIT in the text stays', async () => {
    const text = 'BEGIN; INSERT INTO t (id) VALUES (3); COMMIT; INSERT INTO t (id) VALUES (4); SELECT 1/0'
    await expect(db.exec(text)).rejects.toMatchObject({ code: '22012' })
    expect((await db.query('SELECT id FROM t WHERE id > 2')).rows).toEqual([{ id: 3 }])
  })

  it('a syntax error anywhere keeps the whole text from running', async () => {
    await expect(db.exec('INSERT INTO t (id) VALUES (3); SELEC 1')).rejects.toMatchObject({
      code: '42601',
      position: 32,
    })
    expect((await db.query('SELECT id FROM t WHERE id > 2')).rows).toEqual([])
  })

  it('a transaction that the text leaves open is rolled back, and says so', async () => {
    await expect(db.exec('BEGIN; INSERT INTO t (id) VALUES (3)')).rejects.toMatchObject({ code: '25000' })
    expect((await db.query('SELECT id FROM t WHERE id > 2')).rows).toEqual([])
    expect((await db.query('INSERT INTO t (id) VALUES (3)')).rowCount).toBe(1)
  })
})

describe('sql', () => {
  const hostile = [`'; DROP TABLE t; --`, `" OR 1=1 --`, '$1', '${1}', '\\', 'a\nb', '/*', "E'\\''", '\u2028']

  it('values are data, whatever they hold', async () => {
    for (const value of hostile) {
      const { rows } = await db.sql`SELECT ${value}::text AS v, ${value} || 'x' AS w`
      expect(rows).toEqual([{ v: value, w: `${value}x` }])
      expect((await db.sql`SELECT id FROM t WHERE name = ${value}`).rows).toEqual([])
    }
    expect((await db.query('SELECT count(*) AS n FROM t')).rows).toEqual([{ n: 2 }])
  })

  it('names are quoted', async () => {
    for (const name of [...hostile, 'order', 'MiXed', '__proto__', 'a"b']) {
      const table = db.sql.ident(name)
      await db.sql`CREATE TABLE ${table} (${db.sql.ident(`${name} column`)} int)`
      await db.sql`INSERT INTO ${db.sql.ident('public', name)} VALUES (${5})`
      const { rows } = await db.sql`SELECT * FROM ${table} AS x`
      expect(rows).toEqual([{ [`${name} column`]: 5 }])
      await db.sql`DROP TABLE ${table}`
    }
  })

  it('fragments nest and may be used twice', async () => {
    const one = db.sql`id = ${1}`
    const either = db.sql`(${one} OR name = ${'one'} OR ${one})`
    const { rows } = await db.sql`SELECT id FROM t WHERE ${either} AND id < ${10}`
    expect(rows).toEqual([{ id: 1 }])
  })

  it('what only looks like a fragment is data', async () => {
    await expect(db.sql`SELECT ${{ strings: ['1; DROP TABLE t'], values: [] }}`).rejects.toBeInstanceOf(DatabaseError)
  })

  it('runs in the session it belongs to', async () => {
    await db.transaction(async (tx) => {
      await tx.sql`INSERT INTO t (id) VALUES (${3})`
      expect((await tx.sql`SELECT id FROM t WHERE id = ${3}`).rowCount).toBe(1)
      expect((await db.sql`SELECT id FROM t WHERE id = ${3}`).rowCount).toBe(0)
    })
  })
})

describe('memoryLimit', () => {
  it('stops a statement that would hold more, with 53200, and leaves the session usable', async () => {
    const small = openSync(undefined, { memoryLimit: 200_000 })
    await small.exec('CREATE TABLE n (i int, pad text)')
    const insert = small.prepare('INSERT INTO n VALUES ($1, $2)')
    for (let i = 0; i < 5000; i++) insert.run(i, 'x'.repeat(50) + i)
    for (const sql of [
      'SELECT * FROM n ORDER BY pad DESC',
      'SELECT pad, count(*) FROM n GROUP BY pad',
      'SELECT DISTINCT pad FROM n',
      'SELECT count(*) FROM n a JOIN n b ON a.pad = b.pad',
    ]) {
      expect([sql, (await errorOf(small.query(sql)))['code']]).toEqual([sql, '53200'])
    }
    expect((await small.query('SELECT count(*) AS n FROM n')).rows).toEqual([{ n: 5000 }])
    expect(() => small.prepare('SELECT * FROM n ORDER BY pad').all()).toThrow(
      expect.objectContaining({ code: '53200' }),
    )
    await small.close()
  })
})
