import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openSync, type Database } from '../../src/index.ts'

// Identifiers and strings that mean something to JavaScript, to SQL or to a generator of code behave as data.

const nasty: readonly string[] = [
  '__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', 'then', 'toJSON', 'length', '__defineGetter__',
  'arguments', 'eval', 'this', 'await', 'undefined', 'NaN', '0', '-1', '1e3', 'select', 'a b', ' ', '`', '`${1}`', '${1}', '${process.exit(1)}',
  '"', '""', "'", "''", "'; DROP TABLE t; --", '*/', '/*', '//', '--', '\\', '\\\\', '\\u0041', '\n', '\r\n', '\t', '\u2028', '\u2029', '\u0001',
  'é', 'é', 'İ', 'ß', '😀', '\uff5e', '\ufeff', 'Ⅷ', '</script>', '$1', '$$', '%s', '?', ':x', '@x', '[', ']', '{', '}', ';', 'x'.repeat(63), 'é'.repeat(31),
] // prettier-ignore

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

let db: Database
beforeEach(() => {
  db = openSync()
})
afterEach(() => db.close())

describe.each(nasty.map((name) => [JSON.stringify(name), name]))('%s', (_, name) => {
  test('as the name of a table, an index and a column', async () => {
    const q = quoted(name)
    await db.exec(`CREATE TABLE ${q} (id int PRIMARY KEY, ${q} text DEFAULT ${literal(name)}, CHECK (${q} <> ''))`)
    await db.exec(`CREATE INDEX ${quoted(name.slice(0, 20) + '_i')} ON ${q} (${q})`)
    db.prepare(`INSERT INTO ${q} (id) VALUES (1)`).run()
    db.prepare(`INSERT INTO ${q} VALUES (2, $1)`).run('two')
    db.prepare(`UPDATE ${q} SET ${q} = ${q} || '!' WHERE ${q} = 'two'`).run()
    const rows = db.prepare(`SELECT ${q}.${q} FROM ${q} WHERE ${q}.id >= 1 ORDER BY id`).all() as Record<
      string,
      unknown
    >[]
    expect(rows.map((row) => Object.entries(row))).toEqual([[[name, name]], [[name, 'two!']]])
    expect(Object.getPrototypeOf({ ...rows[0] })).toBe(Object.prototype)
  })

  test('as an alias of a table, of a column, of an aggregate and of a group', async () => {
    const q = quoted(name)
    const row = db.prepare(`SELECT 1 + 1 AS ${q}`).get() as Record<string, unknown>
    expect(Object.entries(row)).toEqual([[name, 2]])
    await db.exec('CREATE TABLE t (k int, v text)')
    db.prepare('INSERT INTO t VALUES (1, $1), (1, $1), (2, NULL)').run(name)
    const groups = db.prepare(`SELECT ${q}.v AS ${q} FROM t ${q} GROUP BY ${q}.v HAVING count(*) > 1`).all()
    expect(groups.map((group) => Object.entries(group as object))).toEqual([[[name, name]]])
    expect(Object.entries(db.prepare(`SELECT count(*) AS ${q} FROM t`).get() as object)).toEqual([[name, 3]])
  })

  test('as a string: a literal, a parameter, a key of an index, of a join, of a group', async () => {
    await db.exec('CREATE TABLE t (v text PRIMARY KEY, n int)')
    db.prepare(`INSERT INTO t VALUES (${literal(name)}, 1)`).run()
    expect(() => db.prepare('INSERT INTO t VALUES ($1, 2)').run(name)).toThrow(
      expect.objectContaining({ code: '23505' }) as Error,
    )
    expect(db.prepare(`SELECT v FROM t WHERE v = ${literal(name)}`).get()).toEqual({ v: name })
    expect(db.prepare('SELECT a.v FROM t a JOIN t b ON a.v = b.v WHERE a.v = $1').get(name)).toEqual({ v: name })
    expect(db.prepare('SELECT v, sum(n) AS n FROM t GROUP BY v').all()).toEqual([{ v: name, n: 1 }])
    expect(db.prepare('SELECT DISTINCT v FROM t ORDER BY v').all()).toEqual([{ v: name }])
  })

  test('in EXPLAIN (CODE) and in errors', async () => {
    const q = quoted(name)
    await db.exec(`CREATE TABLE ${q} (${q} text)`)
    const explained = await db.query(`EXPLAIN (CODE) SELECT ${q} AS ${q} FROM ${q} WHERE ${q} = ${literal(name)}`)
    expect(explained.rows.length).toBeGreaterThan(0)
    const missing = quoted(name.slice(0, 20) + '_')
    await expect(db.query(`SELECT ${missing} FROM ${q}`)).rejects.toMatchObject({ code: '42703' })
    await expect(db.query(`SELECT * FROM ${missing}`)).rejects.toMatchObject({ code: '42P01' })
  })
})

test('many columns whose names are all nasty, in one row', () => {
  const distinct = [...new Set(nasty)]
  const row = db
    .prepare(`SELECT ${distinct.map((name, i) => `${String(i)} AS ${quoted(name)}`).join(', ')}`)
    .get() as object
  expect(new Map(Object.entries(row))).toEqual(new Map(distinct.map((name, i) => [name, i])))
  expect(({} as Record<string, unknown>)['0']).toBeUndefined()
})

test('a string of 100 kB is data; an identifier of 100 kB is cut at 63 bytes, as in PostgreSQL', async () => {
  const long = "`${'__proto__'}`\n\"'\\".repeat(5000)
  expect(db.prepare(`SELECT ${literal(long)} AS v, $1 AS p`).get(long)).toEqual({ v: long, p: long })
  const name = 'x'.repeat(100_000)
  await db.exec(`CREATE TABLE ${quoted(name)} (${quoted(name)} int)`)
  db.prepare(`INSERT INTO ${name} VALUES (1)`).run()
  expect(db.prepare(`SELECT * FROM ${quoted('x'.repeat(63))}`).all()).toEqual([{ ['x'.repeat(63)]: 1 }])
})

test('an empty identifier is an error of syntax; NUL and half a surrogate pair are no text', () => {
  const code = (run: () => unknown): string => {
    try {
      run()
      return 'no error'
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  expect(code(() => db.prepare('SELECT 1 AS ""').get())).toBe('42601')
  expect(code(() => db.prepare('SELECT $1 AS v').get('a\0b'))).toBe('22021')
  expect(code(() => db.prepare('SELECT $1 AS v').get('\ud83d'))).toBe('22021')
})
