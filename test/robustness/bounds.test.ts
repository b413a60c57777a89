import { afterAll, beforeAll, expect, test } from 'vitest'
import { DatabaseError, openSync, type Database } from '../../src/index.ts'

// Statements of absurd size get an answer or 54001 (statement too complex), soon: a bound on the processor time of this
// thread, generous enough for any machine, which an algorithm that is quadratic in the text would miss by far.

const secondsOfProcessor = 3

let db: Database
beforeAll(async () => {
  db = openSync()
  await db.exec('CREATE TABLE t (k int, v text)')
})
afterAll(() => db.close())

const times = (text: string, count: number): string => text.repeat(count)
const n = 100_000

const absurd: Readonly<Record<string, string>> = {
  '100,000 nested parentheses': `SELECT ${times('(', n)}1${times(')', n)}`,
  '100,000 parentheses that never close': `SELECT ${times('(', n)}1`,
  '200,000 terms of a sum': `SELECT 1${times('+1', 2 * n)}`,
  '200,000 terms of a conjunction': `SELECT true${times(' AND true', 2 * n)}`,
  '200,000 terms of a disjunction over a table': `SELECT * FROM t WHERE k = 1${times(' OR k = 1', 2 * n)}`,
  '100,000 signs': `SELECT ${times('- ', n)}1`,
  '100,000 NOTs': `SELECT ${times('NOT ', n)}true`,
  '100,000 casts': `SELECT 1${times('::int', n)}`,
  '100,000 powers, which nest to the left': `SELECT 1${times('^1', n)}`,
  '100,000 concatenations': `SELECT ''${times("||'x'", n)}`,
  '100,000 nested CASEs': `SELECT ${times('CASE WHEN true THEN ', n)}1${times(' END', n)}`,
  '100,000 nested function calls': `SELECT ${times('abs(', n)}1${times(')', n)}`,
  '100,000 nested subqueries': `SELECT * FROM ${times('(SELECT * FROM ', n)}t${times(') x', n)}`,
  '100,000 nested EXPLAINs': `${times('EXPLAIN ', n)}SELECT 1`,
  '100,000 nested comments': `SELECT 1 ${times('/*', n)}${times('*/', n)}`,
  '100,000 columns': `SELECT 1${times(', 1', n)}`,
  '100,000 elements of IN': `SELECT * FROM t WHERE k IN (1${times(', 1', n)})`,
  '1,000 joins': `SELECT count(*) FROM t${times(' CROSS JOIN t', 1000)}`,
  '100,000 keys of ORDER BY': `SELECT k FROM t ORDER BY k${times(', k', n)}`,
  '100,000 unclosed quotes': `SELECT ${times("'x''", n)}`,
  '100,000 semicolons': times(';', n),
}

/** Runs the statement; gives its rows or the code of its error. */
async function outcome(sql: string): Promise<readonly unknown[] | string> {
  try {
    return (await db.query(sql)).rows
  } catch (error) {
    if (error instanceof DatabaseError) return error.code
    throw error
  }
}

async function withinBound<T>(work: () => Promise<T>): Promise<T> {
  const before = process.threadCpuUsage()
  const result = await work()
  const { user, system } = process.threadCpuUsage(before)
  expect((user + system) / 1e6).toBeLessThan(secondsOfProcessor)
  return result
}

/** What may come instead of an answer: too complex, a limit of PostgreSQL's own (columns), or an honest error of syntax or kind. */
const refusals = ['54001', '54011', '54000', '42601', '0A000', '42712']

test.each(Object.entries(absurd))('%s', async (_, sql) => {
  const result = await withinBound(() => outcome(sql))
  if (typeof result === 'string') expect(refusals).toContain(result)
})

test('the sum of 200,000 ones is right, or too complex', async () => {
  const result = await outcome(absurd['200,000 terms of a sum']!)
  if (typeof result === 'string') expect(result).toBe('54001')
  else expect(Object.values(result[0] as object)).toEqual([200_001])
})

test('100,000 nested parentheses give their content, or are too complex', async () => {
  const result = await outcome(absurd['100,000 nested parentheses']!)
  if (typeof result === 'string') expect(result).toBe('54001')
  else expect(Object.values(result[0] as object)).toEqual([1])
})

test('a literal of 5 MB comes back as it was', async () => {
  const text = "ab'cé😀\n".repeat(600_000)
  const [row] = (await withinBound(() => outcome(`SELECT '${text.replaceAll("'", "''")}' AS v`))) as [{ v: string }]
  expect(row.v === text).toBe(true)
})

test('50,000 rows of VALUES come back, and go into a table', async () => {
  const list = Array.from({ length: 50_000 }, (_, i) => `(${String(i)}, 'v${String(i)}')`).join(', ')
  const rows = await withinBound(() => outcome(`VALUES ${list}`))
  expect(rows.length).toBe(50_000)
  expect(await withinBound(() => db.query(`INSERT INTO t VALUES ${list}`))).toMatchObject({ rowCount: 50_000 })
  expect(db.prepare('SELECT count(*) AS n, sum(k) AS s FROM t').get()).toEqual({ n: 50_000, s: 1_249_975_000 })
})

test('200,000 conditions behind AND are answered, where they stand over columns too', async () => {
  const rows = await withinBound(() => outcome(`SELECT k FROM t WHERE k = -1 AND ${times('k = k AND ', 199_998)} true`))
  expect(rows).toEqual([])
})
