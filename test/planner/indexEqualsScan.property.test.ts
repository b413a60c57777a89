import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openSync, type Database } from '../../src/index.ts'
import { runs } from '../support/runs.ts'

// A comparison with a column gives the same rows whether an index answers it or a scan does: over every type that an
// index holds, bounds of every type that may stand against it, bounds that no value of the column equals, and bounds
// beyond the column's range.

const columns = {
  int2: ['-32768', '-7', '0', '1', '2', '32767'],
  int4: ['-2147483648', '-7', '0', '1', '2', '2147483647'],
  int8: ['-9223372036854775808', '-9007199254740993', '-1', '0', '1', '2', '9223372036854775807'],
  'numeric(6,2)': ['-9999.99', '-1.5', '-1', '0', '1', '1.01', '1.5', '2', '9999.99'],
  numeric: ['-1e20', '-1.5', '0', '1', '1.005', '1.5', '2', '1e20'],
  float8: ['-1e300', '-1.5', '0', '1', '1.5', '2', 'infinity', 'nan'],
  date: ['-infinity', '1999-12-31', '2000-01-01', '2000-01-02', 'infinity'],
  timestamp: ['1999-12-31 23:59:59.999999', '2000-01-01', '2000-01-01 00:00:00.000001', '2000-01-02'],
  text: ['', 'a', 'ab', 'b', '\uffff', '\u{10000}'],
} as const

type ColumnType = keyof typeof columns
const numbers = ['int2', 'int4', 'int8', 'numeric', 'numeric(6,2)', 'float8'] as const
const moments = ['date', 'timestamp'] as const

const against: Readonly<Record<ColumnType, readonly ColumnType[]>> = {
  int2: numbers,
  int4: numbers,
  int8: numbers,
  'numeric(6,2)': numbers,
  numeric: numbers,
  float8: numbers,
  date: moments,
  timestamp: moments,
  text: ['text'],
}

async function makeTables(): Promise<Database> {
  const db = openSync()
  for (const [type, values] of Object.entries(columns)) {
    const name = nameOf(type)
    await db.exec(`CREATE TABLE indexed_${name} (v ${type}); CREATE INDEX ON indexed_${name} (v);
      CREATE TABLE plain_${name} (v ${type})`)
    const list = values.map((value) => `('${value}'), ('${value}')`).join(', ')
    for (const table of ['indexed', 'plain']) await db.exec(`INSERT INTO ${table}_${name} VALUES ${list}, (NULL)`)
  }
  return db
}

const nameOf = (type: string): string => type.replace(/\W+/g, '_')

interface Comparison {
  readonly bound: ColumnType
  readonly value: string
  readonly operator: string
  readonly form: 'constant' | 'mirrored' | 'parameter'
}

interface Query {
  readonly column: ColumnType
  readonly comparisons: readonly Comparison[]
}

const comparison = (column: ColumnType, operators: readonly string[]): fc.Arbitrary<Comparison> =>
  fc.constantFrom(...against[column]).chain((bound) =>
    fc.record({
      bound: fc.constant(bound),
      value: fc.constantFrom(...columns[bound]),
      operator: fc.constantFrom(...operators),
      form: fc.constantFrom('constant' as const, 'mirrored' as const, 'parameter' as const),
    }),
  )

/** An equality, or a range with two ends: for less, the optimiser does not trouble an index. */
const query: fc.Arbitrary<Query> = fc.constantFrom(...(Object.keys(columns) as ColumnType[])).chain((column) =>
  fc.record({
    column: fc.constant(column),
    comparisons: fc.oneof(
      fc.tuple(comparison(column, ['='])),
      fc.tuple(comparison(column, ['>', '>=']), comparison(column, ['<', '<='])),
    ),
  }),
)

const mirrored: Readonly<Record<string, string>> = { '=': '=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' }

function predicate({ bound, value, operator, form }: Comparison, parameter: number): string {
  if (form === 'parameter') return `v ${operator} $${parameter}::text::${bound}`
  const constant = `'${value}'::${bound}`
  return form === 'constant' ? `v ${operator} ${constant}` : `${constant} ${mirrored[operator]!} v`
}

test('an index gives the rows that a scan gives', async () => {
  using db = await makeTables()
  fc.assert(
    fc.property(query, ({ column, comparisons }) => {
      const conditions = comparisons.map((c, i) => predicate(c, i + 1)).join(' AND ')
      const used = Math.max(0, ...comparisons.map(({ form }, i) => (form === 'parameter' ? i + 1 : 0)))
      const values = comparisons.map(({ value }) => value).slice(0, used)
      const rowsOf = (table: string): unknown[] =>
        db
          .prepare(`SELECT v::text AS v FROM ${table}_${nameOf(column)} WHERE ${conditions}`)
          .all(...values)
          .map((row) => row['v'])
          .sort()
      expect(rowsOf('indexed')).toEqual(rowsOf('plain'))
    }),
    { numRuns: runs(1000) },
  )
})

test('an index gives the order that a sort gives', async () => {
  using db = await makeTables()
  for (const type of Object.keys(columns)) {
    for (const order of ['ASC', 'DESC', 'ASC NULLS FIRST', 'DESC NULLS LAST']) {
      const rowsOf = (table: string): unknown[] =>
        db.prepare(`SELECT v::text AS v FROM ${table}_${nameOf(type)} ORDER BY v ${order} LIMIT 7 OFFSET 1`).all()
      expect(rowsOf('indexed'), `${type} ${order}`).toEqual(rowsOf('plain'))
    }
  }
})
