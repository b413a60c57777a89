import { createReadStream, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { open, type Database } from '../../src/index.ts'
import { describeWithShared, shared } from '../support/shared.ts'
import { queries, rowCounts, schema } from './schema.ts'

// TPC-H at scale 0.01 through the public door: the eight tables by COPY, five queries with the answers another engine
// gave, in memory, in a durable database, and in that database closed and opened again.

interface Answer {
  readonly columns: readonly string[]
  readonly types: readonly string[]
  readonly rows: readonly (readonly (string | number)[])[]
}

const answer = (name: string): Answer =>
  JSON.parse(readFileSync(join(shared('tpch/answers-sf0.01') ?? '', `${name}.json`), 'utf8')) as Answer

async function load(db: Database, folder: string): Promise<void> {
  await db.exec(schema)
  for (const [table, rows] of Object.entries(rowCounts)) {
    // Chunks of an odd size, so that they end in the middle of rows, and of characters' bytes too.
    const chunks = createReadStream(join(folder, `${table}.csv`), { highWaterMark: 7_919 })
    expect(await db.copyFrom(`COPY ${table} FROM STDIN (FORMAT csv, DELIMITER '|')`, chunks)).toBe(rows)
  }
}

async function check(db: Database, name: string): Promise<void> {
  const { columns, types, rows } = answer(name)
  const result = await db.query<unknown[]>(queries[name]!, [], { rowMode: 'array' })
  expect(result.fields.map((field) => field.name)).toEqual(columns)
  const got = result.rows
  expect(got.length).toBe(rows.length)
  for (const [i, row] of rows.entries()) {
    for (const [c, expected] of row.entries()) {
      const value = got[i]![c]
      if (types[c] === 'DOUBLE') {
        // The other engine's averages are floating point; ours are numeric.
        expect(Math.abs(Number(value) - Number(expected)) / Math.abs(Number(expected))).toBeLessThan(1e-9)
      } else expect(String(value), `${name}, row ${String(i + 1)}, ${columns[c]!}`).toBe(String(expected))
    }
  }
}

function allQueries(db: () => Database): void {
  test.each(Object.keys(queries))('%s', (name) => check(db(), name))
}

describeWithShared('TPC-H at scale 0.01', 'tpch/sf0.01', (folder) => {
  describe('in memory', () => {
    let db: Database
    beforeAll(async () => {
      db = await open()
      await load(db, folder)
    })
    afterAll(() => db.close())

    test.each(Object.entries(rowCounts))('%s has %i rows', async (table, rows) => {
      expect((await db.query(`SELECT count(*) AS rows FROM ${table}`)).rows).toEqual([{ rows }])
    })
    allQueries(() => db)
  })

  describe('in a directory', () => {
    const directory = mkdtempSync(join(tmpdir(), 'isolde-tpch-'))
    let db: Database
    beforeAll(async () => {
      db = await open(directory)
      await load(db, folder)
    })
    afterAll(async () => {
      await db.close()
      rmSync(directory, { recursive: true, force: true })
    })

    describe('as loaded', () => allQueries(() => db))

    describe('closed and opened again', () => {
      beforeAll(async () => {
        await db.close()
        db = await open(directory)
      })
      allQueries(() => db)
      test('it still has every row', async () => {
        for (const [table, rows] of Object.entries(rowCounts)) {
          expect((await db.query(`SELECT count(*) AS rows FROM ${table}`)).rows).toEqual([{ rows }])
        }
      })
    })
  })
})
