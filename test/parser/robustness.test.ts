import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DatabaseError } from '../../src/errors.ts'
import { isComplete, normalise, parseStatements } from '../../src/parser/index.ts'
import { runs } from '../support/runs.ts'
import { errorOf } from './trees.ts'

const seeds = [
  "SELECT a, count(*) FROM t JOIN u USING (k) WHERE x = 'it''s' AND y BETWEEN 1 AND 2.5 GROUP BY a ORDER BY 1 LIMIT 3",
  "INSERT INTO t (a, b) VALUES (1, DEFAULT), ($1, E'\\n') RETURNING *",
  'UPDATE t AS u SET a = -a::numeric(10, 2), (b, c) = (1, 2) WHERE NOT u.k IN (1, 2, 3)',
  'DELETE FROM "odd ""name" WHERE a LIKE \'x%\' ESCAPE \'!\' OR b IS NOT DISTINCT FROM NULL',
  "CREATE TABLE s.t (a int PRIMARY KEY, b text NOT NULL DEFAULT 'x', CHECK (a > 0)) USING ROW",
  'CREATE UNIQUE INDEX i ON t (a DESC NULLS LAST, b); DROP TABLE IF EXISTS t CASCADE',
  'BEGIN ISOLATION LEVEL SERIALIZABLE USING 2PL, READ ONLY; SAVEPOINT a; ROLLBACK TO a; COMMIT',
  "COPY t (a) FROM STDIN WITH (FORMAT csv, HEADER, DELIMITER '|'); SET TIME ZONE 'UTC'; SHOW ALL",
  'EXPLAIN (ANALYZE, CODE) SELECT CASE WHEN a THEN $$b$$ ELSE trim(BOTH FROM c) END FROM (VALUES (1, 0x1F)) v(a, b)',
]

/** Parses in every way; whatever is thrown must be an error that a user may see. */
function survives(sql: string): void {
  for (const run of [parseStatements, normalise, isComplete]) {
    try {
      run(sql)
    } catch (error) {
      if (!(error instanceof DatabaseError) || !/^[0-9A-Z]{5}$/.test(error.code)) throw error
      expect(error.position ?? 1).toBeGreaterThanOrEqual(1)
      expect(error.position ?? 1).toBeLessThanOrEqual(sql.length + 1)
    }
  }
}

const pieces = seeds.flatMap((seed) => seed.split(/(\s+|[(),'"])/))
const piece = fc.constantFrom(...pieces)

test('random characters give trees or DatabaseErrors', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.string({ maxLength: 60 })), survives),
    {
      numRuns: runs(500),
    },
  )
})

test('mutants of statements give trees or DatabaseErrors', () => {
  const mutant = fc
    .record({
      seed: fc.constantFrom(...seeds),
      at: fc.nat(200),
      length: fc.nat(12),
      insert: fc.oneof(piece, fc.string({ maxLength: 4 })),
    })
    .map(
      ({ seed, at, length, insert }) =>
        seed.slice(0, at % seed.length) + insert + seed.slice((at % seed.length) + length),
    )
  fc.assert(fc.property(mutant, survives), { numRuns: runs(500) })
})

test('random pieces of statements give trees or DatabaseErrors', () => {
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 20 }).map((list) => list.join('')),
      survives,
    ),
    { numRuns: runs(500) },
  )
})

test('nesting beyond the bound is 54001', () => {
  const nested = [
    `SELECT ${'('.repeat(100_000)}1${')'.repeat(100_000)}`,
    `SELECT ${'1+'.repeat(200_000)}1`,
    `SELECT ${'- '.repeat(100_000)}1`,
    `SELECT ${'NOT '.repeat(100_000)}a`,
    `SELECT ${'f('.repeat(100_000)}1${')'.repeat(100_000)}`,
    `SELECT ${'CASE WHEN a THEN '.repeat(50_000)}1${' END'.repeat(50_000)}`,
    `SELECT 1${'::int'.repeat(100_000)}`,
    `SELECT * FROM ${'(SELECT * FROM '.repeat(50_000)}t${') a'.repeat(50_000)}`,
    `${'('.repeat(100_000)}SELECT 1${')'.repeat(100_000)}`,
    `SELECT * FROM t ${'JOIN t ON true '.repeat(50_000)}`,
    `SELECT * FROM ${'t JOIN '.repeat(50_000)}t`,
  ]
  for (const sql of nested) expect(errorOf(() => parseStatements(sql)).code, sql.slice(0, 40)).toBe('54001')
})

test('what is only long has an answer', () => {
  const long = [
    `SELECT '${'x'.repeat(5_000_000)}'`,
    `SELECT '${"''".repeat(1_000_000)}'`,
    `VALUES ${Array.from({ length: 50_000 }, (_, i) => `(${String(i)}, 'name', 1.5)`).join(', ')}`,
    `SELECT ${'a AND '.repeat(200_000)}b`,
    `SELECT a IN (${'1, '.repeat(200_000)}2)`,
    `SELECT ${'"a", '.repeat(100_000)}b FROM t`,
    'COMMIT;'.repeat(20_000),
    `SELECT 1 ${'/*'.repeat(1000)}${'*/'.repeat(1000)}`,
  ]
  for (const sql of long) expect(parseStatements(sql).length, sql.slice(0, 40)).toBeGreaterThan(0)
  expect(errorOf(() => parseStatements(`SELECT ${'9'.repeat(5_000_000)}`)).code).toBe('22003')
})

test('a call from deep in the stack has an answer too', () => {
  const sql = `SELECT ${'('.repeat(900)}1${')'.repeat(900)}`
  const codes = new Set<string>()
  const dive = (depth: number): void => {
    try {
      parseStatements(sql)
      codes.add('a tree')
    } catch (error) {
      codes.add(error instanceof DatabaseError ? error.code : String(error))
    }
    if (depth > 0) dive(depth - 1)
  }
  dive(500)
  expect([...codes].filter((code) => code !== 'a tree' && code !== '54001')).toEqual([])
})

test('a value taken from a text does not keep the text alive', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  parseStatements('SELECT 1')
  collect()
  const before = process.memoryUsage().heapUsed
  const filler = 'x'.repeat(1 << 20)
  const kept = Array.from({ length: 100 }, (_, i) => {
    const sql = `SELECT 'a value of some length ${String(i)}', a_name_of_some_length_${String(i)} -- ${filler}`
    return [parseStatements(sql)[0]?.statement, normalise(sql.slice(0, 1 << 17))?.literals]
  })
  collect()
  // The texts together take 100 MiB; what is kept of them, some hundred characters each.
  expect(kept.length).toBe(100)
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(20 * (1 << 20))
})
