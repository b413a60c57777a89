/** stream and copyFrom: much data in little memory, and what happens when either side gives up. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Database, Session } from '../../src/index.ts'
import { openSync } from '../../src/index.ts'
import { errorOf, settle } from './fakeEnv.ts'

let db: Database
let session: Session
beforeEach(async () => {
  db = openSync()
  await db.exec(
    'CREATE TABLE many (i int PRIMARY KEY, v int); CREATE TABLE c (id int PRIMARY KEY, name text, day date, n numeric(6,2) DEFAULT 7)',
  )
  db.transactionSync((tx) => {
    const insert = tx.prepare('INSERT INTO many VALUES ($1, 0)')
    for (let i = 0; i < 20_000; i++) insert.run(i)
  })
  session = await db.connect()
})
afterEach(() => db.close())

const names = async () => (await db.query('SELECT id, name FROM c ORDER BY id', [], { rowMode: 'array' })).rows

describe('stream', () => {
  it('gives all rows in order', async () => {
    let next = 0
    for await (const { i } of session.stream<{ i: number }>('SELECT i FROM many WHERE i >= $1 ORDER BY i', [5]))
      expect(i).toBe(5 + next++)
    expect(next).toBe(19_995)
    const texts = []
    for await (const row of session.stream('SELECT 1.50 AS a', [], { rowMode: 'text' })) texts.push(row)
    expect(texts).toEqual([['1.50']])
    for await (const row of session.stream('SELECT 1 WHERE false')) expect(row).toBe('never')
  })

  it('gives each row of a statement that writes once, also if it had to run again', async () => {
    const holder = await db.connect()
    await holder.query('BEGIN')
    await holder.query('UPDATE many SET v = 5 WHERE i = 19000')
    const seen: number[] = []
    const streamed = (async () => {
      for await (const row of session.stream<{ v: number }>('UPDATE many SET v = v + 1 RETURNING v')) seen.push(row.v)
    })()
    await settle()
    expect([session.state, seen.length]).toEqual(['waiting', 0])
    await holder.query('COMMIT')
    await streamed
    expect([seen.length, seen.filter((v) => v === 6)]).toEqual([20_000, [6]])
  })

  it('reads no further than its consumer asks', async () => {
    let parsed = 0
    const types = { 23: (text: string) => ((parsed += 1), Number(text)) }
    const rows = session.stream('SELECT i FROM many', [], { types })
    await rows.next()
    await settle()
    expect(parsed).toBeLessThanOrEqual(2048)
    for (let i = 0; i < 5000; i++) await rows.next()
    await settle()
    expect(parsed).toBeGreaterThan(5000)
    expect(parsed).toBeLessThanOrEqual(5000 + 2048)
    await rows.return()
    expect(session.state).toBe('idle')
  })

  it('sees one snapshot, whatever others commit meanwhile', async () => {
    const rows = session.stream<{ i: number; v: number }>('SELECT i, v FROM many')
    let sum = 0
    let count = 0
    for await (const { v } of rows) {
      if (count === 300)
        await db.exec('UPDATE many SET v = 1; DELETE FROM many WHERE i % 2 = 0; INSERT INTO many VALUES (50000, 1)')
      count++
      sum += v
    }
    expect([count, sum]).toEqual([20_000, 0])
  })

  it('other calls of the session wait until it ends', async () => {
    const rows = session.stream('SELECT i FROM many')
    await rows.next()
    let answered = false
    const call = session.query('SELECT 1').then(() => (answered = true))
    await settle()
    expect([answered, session.state]).toEqual([false, 'active'])
    expect(() => session.prepare('SELECT 1').get()).toThrow(expect.objectContaining({ code: '55006' }))
    await rows.return()
    await call
  })

  it('left early inside a transaction it does not fail the transaction', async () => {
    await session.query('BEGIN')
    await session.query('UPDATE many SET v = 5 WHERE i = 1')
    for await (const _ of session.stream('SELECT i FROM many')) break
    expect(session.transactionStatus).toBe('transaction')
    expect((await session.query('COMMIT')).command).toBe('COMMIT')
    expect((await db.query('SELECT v FROM many WHERE i = 1')).rows).toEqual([{ v: 5 }])
    // Nor does it go on holding anything.
    await db.exec('DROP TABLE many')
  })

  it('an error in the middle reaches the consumer, after the rows before it', async () => {
    await session.query('BEGIN')
    let count = 0
    const consume = async () => {
      for await (const _ of session.stream('SELECT 1 / (15000 - i) FROM many')) count++
    }
    await expect(consume()).rejects.toMatchObject({ code: '22012' })
    expect(count).toBeGreaterThan(10_000)
    expect(session.transactionStatus).toBe('failed')
    await session.query('ROLLBACK')
    await expect(session.stream('SELEC').next()).rejects.toMatchObject({ code: '42601' })
    await expect(session.stream('SELECT $1::int', [undefined]).next()).rejects.toMatchObject({ name: 'DatabaseError' })
  })

  it('a signal ends it', async () => {
    const controller = new AbortController()
    const consume = async () => {
      let count = 0
      for await (const _ of session.stream('SELECT i FROM many', [], { signal: controller.signal }))
        if (count++ === 1000) controller.abort()
    }
    await expect(consume()).rejects.toMatchObject({ code: '57014' })
    expect(session.state).toBe('idle')
  })

  it('closing the session ends it', async () => {
    const rows = session.stream('SELECT i FROM many')
    await rows.next()
    session.close()
    const rest = async () => {
      for await (const _ of rows);
    }
    await expect(rest()).rejects.toMatchObject({ code: '08003' })
  })

  it('a writing statement that is streamed is complete when its first row comes', async () => {
    const rows = session.stream('UPDATE many SET v = 3 RETURNING i')
    await rows.next()
    await rows.return()
    expect((await db.query('SELECT count(*) AS n FROM many WHERE v = 3')).rows).toEqual([{ n: 20_000 }])
  })
})

describe('copyFrom', () => {
  const csv = 'COPY c (id, name) FROM STDIN (FORMAT csv)'

  it('takes text and bytes, cut anywhere, from arrays, generators and strings', async () => {
    const text = '1,"Zoë, ""the"" 𝄞"\n2,"two\nlines"\r\n3,\n4,""\n'
    const bytes = new TextEncoder().encode(text)
    const expected = [
      [1, 'Zoë, "the" 𝄞'],
      [2, 'two\nlines'],
      [3, null],
      [4, ''],
    ]
    for (const size of [1, 2, 3, 7, 1000]) {
      const pieces: Uint8Array[] = []
      for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.slice(at, at + size))
      expect(await db.copyFrom(csv, pieces)).toBe(4)
      expect([size, await names()]).toEqual([size, expected])
      await db.query('DELETE FROM c')
    }
    expect(await db.copyFrom(csv, text)).toBe(4)
    expect(await names()).toEqual(expected)
    async function* slowly() {
      for (const character of '5,five') {
        await settle()
        yield character
      }
    }
    expect(await session.copyFrom(csv, slowly())).toBe(1)
    expect(await db.copyFrom(csv, [])).toBe(0)
  })

  it('knows HEADER, DELIMITER, NULL, QUOTE and ESCAPE, and the text format', async () => {
    const load = async (options: string, data: string) => {
      await db.query('DELETE FROM c')
      await db.copyFrom(`COPY c (id, name) FROM STDIN (${options})`, [data])
      return names()
    }
    expect(await load('FORMAT csv, HEADER', 'id,name\n1,x\n')).toEqual([[1, 'x']])
    expect(await load("FORMAT csv, DELIMITER ';', NULL 'NIL'", '1;NIL\n2;"NIL"\n3;\n')).toEqual([[1, null], [2, 'NIL'], [3, '']]) // prettier-ignore
    expect(await load(`FORMAT csv, QUOTE '''', ESCAPE '\\'`, "1,'a,\\'b'\n")).toEqual([[1, "a,'b"]])
    expect(await load('FORMAT text', '1\ta\\tb\\\\\n2\t\\N\n3\t\\x41\\102\n\\.\nnot read\n')).toEqual([[1, 'a\tb\\'], [2, null], [3, 'AB']]) // prettier-ignore
    expect(await load("DELIMITER '|'", '1|a\n')).toEqual([[1, 'a']])
    await expect(load("FORMAT csv, DELIMITER ',,'", '')).rejects.toMatchObject({ code: expect.any(String) })
    await expect(load("FORMAT csv, DELIMITER '\"'", '')).rejects.toMatchObject({ name: 'DatabaseError' })
  })

  it('gives columns that it does not name their defaults', async () => {
    await db.copyFrom(csv, '1,one\n')
    expect((await db.query('SELECT day, n FROM c')).rows).toEqual([{ day: null, n: '7.00' }])
  })

  it('an error says where in the data it arose, and no row stays', async () => {
    const all = 'COPY c FROM STDIN (FORMAT csv)'
    const good = '1,one,2024-01-01,1\n'
    for (const [data, code, where] of [
      [`${good}2,two,2024-02-30,1\n`, '22008', 'COPY c, line 2, column day: "2024-02-30"'],
      [`${good}x,two,,1\n`, '22P02', 'COPY c, line 2, column id: "x"'],
      [`${good}"2","a\nb",,\nx,,,\n`, '22P02', 'COPY c, line 4, column id: "x"'],
      [`${good}2,two,,12345.678\n`, '22003', 'COPY c, line 2, column n: "12345.678"'],
      [`${good}2,two\n`, '22P04', 'COPY c, line 2'],
      [`${good}2,two,,1,more\n`, '22P04', 'COPY c, line 2'],
      [`${good}1,again,,1\n`, '23505', 'COPY c, line 2'],
      [`${good},null,,1\n`, '23502', 'COPY c, line 2'],
      [`${good}2,"never closed`, '22P04', 'COPY c, line 2'],
    ] as const) {
      const error = await errorOf(db.copyFrom(all, [data]))
      expect([data, error['code'], error['where']]).toEqual([data, code, expect.stringContaining(where)])
    }
    expect(await names()).toEqual([])
    await expect(db.copyFrom('COPY nowhere FROM STDIN', '')).rejects.toMatchObject({ code: '42P01' })
    await expect(db.copyFrom('COPY c (nope) FROM STDIN', '1')).rejects.toMatchObject({ code: '42703' })
    await expect(db.copyFrom('SELECT 1', '')).rejects.toMatchObject({ code: '42601' })
    await expect(db.query('COPY c FROM STDIN')).rejects.toMatchObject({ code: '42601' })
  })

  it('in a transaction it is a statement of it', async () => {
    await session.query('BEGIN')
    await session.copyFrom(csv, '1,one\n')
    expect((await session.query('SELECT count(*) AS n FROM c')).rows).toEqual([{ n: 1 }])
    expect(await names()).toEqual([])
    await session.query('SAVEPOINT s')
    await expect(session.copyFrom(csv, '2,two\n1,uno\n')).rejects.toMatchObject({ code: '23505' })
    expect(session.transactionStatus).toBe('failed')
    await session.query('ROLLBACK TO s')
    await session.query('COMMIT')
    expect(await names()).toEqual([[1, 'one']])
  })

  it('asks for the next piece only when it has made rows of the one before', async () => {
    const seen: number[] = []
    const watcher = await db.connect()
    await session.query('BEGIN ISOLATION LEVEL READ COMMITTED')
    await watcher.query('BEGIN ISOLATION LEVEL READ UNCOMMITTED')
    async function* pieces() {
      for (let i = 0; i < 5; i++) {
        seen.push((await watcher.query<{ n: number }>('SELECT count(*) AS n FROM c')).rows[0]?.n ?? -1)
        yield `${i},x\n`
      }
    }
    await session.copyFrom(csv, pieces())
    expect(seen).toEqual([0, 1, 2, 3, 4])
  })

  it('a source that fails undoes it, with the error of the source', async () => {
    async function* failing() {
      yield '1,one\n2,t'
      throw new RangeError('the disk is gone')
    }
    await expect(db.copyFrom(csv, failing())).rejects.toThrow(new RangeError('the disk is gone'))
    expect(await names()).toEqual([])
    expect((await db.query('INSERT INTO c (id) VALUES (1)')).rowCount).toBe(1)
  })

  it('an error lets the source clean up, and does not wait for a source that is stuck', async () => {
    let cleaned = false
    async function* source() {
      try {
        yield 'x,one\n'
        await settle()
        yield '2,two\n'
      } finally {
        cleaned = true
      }
    }
    await expect(db.copyFrom(csv, source())).rejects.toMatchObject({ code: '22P02' })
    await settle()
    await settle()
    expect(cleaned).toBe(true)
    const controller = new AbortController()
    const stuck = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }) }
    const call = errorOf(session.copyFrom(csv, stuck, { signal: controller.signal }))
    await settle()
    controller.abort()
    expect(await call).toMatchObject({ code: '57014' })
    const closing = errorOf(session.copyFrom(csv, stuck))
    await settle()
    session.close()
    expect(await closing).toMatchObject({ code: '08003' })
    expect(await names()).toEqual([])
  })

  it('a row that waits for another session waits; only that row runs again', async () => {
    const other = await db.connect()
    await other.query('BEGIN')
    await other.query("INSERT INTO c (id, name) VALUES (2, 'theirs')")
    const copy = session.copyFrom(csv, '1,one\n2,two\n3,three\n')
    await settle()
    expect([session.state, session.waitingFor?.holders]).toEqual(['waiting', [other.id]])
    await other.query('ROLLBACK')
    expect(await copy).toBe(3)
    expect(await names()).toEqual([[1, 'one'], [2, 'two'], [3, 'three']]) // prettier-ignore
  })
})
