import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSync } from '../../src/index.ts'

const BOOL = 16
const INT8 = 20
const INT4 = 23
const TEXT = 25
const FLOAT8 = 701
const VARCHAR = 1043
const DATE = 1082
const NUMERIC = 1700

describe('names and types of output columns are PostgreSQL 15’s', () => {
  const db = openSync()
  beforeAll(() => db.exec('CREATE TABLE t (i int, s varchar(6), n numeric(8, 2), d date)'))
  afterAll(() => db.close())

  it.each<[string, string, number]>([
    ['true', '?column?', BOOL],
    ['i::text::varchar', 'i', VARCHAR],
    ['1.5::float8::int', 'int4', INT4],
    ["(date '2020-01-01')::text", 'text', TEXT],
    ['CASE WHEN i > 1 THEN 1 ELSE i END', 'i', INT4],
    ['CASE WHEN i > 1 THEN 1 ELSE 2::bigint END', 'case', INT8],
    ['CASE WHEN i > 1 THEN 1.5 ELSE abs(n) END', 'abs', NUMERIC],
    ['(CASE WHEN i > 1 THEN d END)::text', 'text', TEXT],
    ['NULLIF(NULL, true)', 'nullif', BOOL],
    ['NULLIF(2, 10.75)', 'nullif', NUMERIC],
    ['NULLIF(i, 3::bigint)', 'nullif', INT4],
    ['NULLIF(i, 0.5::float8)', 'nullif', FLOAT8],
    ["NULLIF(s, 'x')", 'nullif', TEXT],
    ["NULLIF(d, timestamp '2020-01-01 00:00:00')", 'nullif', DATE],
    ['COALESCE(s)', 'coalesce', VARCHAR],
    ['s::text', 's', TEXT],
    ['CASE WHEN true THEN s ELSE substr(s, 2) END', 'substr', TEXT],
  ])('%s', async (expression, name, dataTypeID) => {
    const { fields } = await db.query(`SELECT ${expression} FROM t`)
    expect(fields).toEqual([{ name, dataTypeID }])
    const outer = await db.query(`SELECT x FROM (SELECT ${expression} AS x FROM t) AS q`)
    expect(outer.fields).toEqual([{ name: 'x', dataTypeID }])
  })

  it('a parameter that BETWEEN compares twice has one type', async () => {
    const { rows } = await db.query(
      'SELECT $1 BETWEEN 1 AND $2 AND $3 NOT BETWEEN SYMMETRIC 5 AND $4 AS inside',
      [2, 3, 2, 4],
    )
    expect(rows).toEqual([{ inside: true }])
  })
})
