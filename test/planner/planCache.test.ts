import { beforeEach, describe, expect, test } from 'vitest'
import { CatalogRoot } from '../../src/catalog/index.ts'
import { DatabaseError } from '../../src/errors.ts'
import { parseStatements } from '../../src/parser/index.ts'
import { PlanCache, planDdl } from '../../src/planner/index.ts'
import type { CachedStatement } from '../../src/planner/index.ts'
import { Store } from '../../src/storage/store.ts'

let store: Store
let root: CatalogRoot
let cache: PlanCache

function define(sql: string): void {
  for (const { statement } of parseStatements(sql)) {
    for (const change of planDdl(statement, root).changes) {
      root = root.apply(change)
      store.apply(change)
    }
  }
}

beforeEach(() => {
  store = new Store()
  root = CatalogRoot.empty
  define('CREATE TABLE t (id int PRIMARY KEY, a int, p numeric(10,2), d date, x text)')
  cache = new PlanCache(store, { maxBytes: 1 << 20 })
})

function only(sql: string): CachedStatement {
  const { statements } = cache.find(sql).text
  expect(statements).toHaveLength(1)
  return statements[0]!
}

function bound(sql: string, ...values: unknown[]): unknown[] {
  const { text, literals } = cache.find(sql)
  return text.statements[0]!.plan(root, values).bind(values, literals)
}

function errorOf(run: () => unknown): DatabaseError {
  try {
    run()
  } catch (error) {
    if (error instanceof DatabaseError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('which texts share a plan', () => {
  test('those that differ in lifted literals, white space and comments only', () => {
    const statement = only('SELECT * FROM t WHERE id = 1')
    expect(only('SELECT * FROM t WHERE id = 12345')).toBe(statement)
    expect(only('SELECT *  FROM t -- all\n WHERE id = 7')).toBe(statement)
    const planned = statement.plan(root, [])
    expect(only('SELECT * FROM t WHERE id = 8').plan(root, [])).toBe(planned)
  })

  test('a text without literals is found as it stands, as long as nothing was evicted', () => {
    const sql = 'SELECT a FROM t WHERE id = $1'
    const found = cache.find(sql)
    expect(cache.find(sql)).toBe(found)
    expect(cache.find('SELECT a FROM t WHERE id = $2').text).not.toBe(found.text)
    for (let n = 0; n < 400; n++) cache.find(`SELECT a AS a${'x'.repeat(n)} FROM t`)
    expect(cache.bytes).toBeLessThanOrEqual(1 << 20)
    expect(cache.find(sql)).not.toBe(found)
  })

  test('not those whose literals differ in kind', () => {
    const statement = only('SELECT * FROM t WHERE id = 1')
    expect(only('SELECT * FROM t WHERE id = 3000000000')).not.toBe(statement)
    expect(only("SELECT * FROM t WHERE id = '1'")).not.toBe(statement)
    expect(only('SELECT * FROM t WHERE id = 1.5')).not.toBe(statement)
    expect(only('SELECT * FROM t WHERE id = 1.50')).not.toBe(only('SELECT * FROM t WHERE id = 1.5'))
  })

  test.each([
    ['SELECT * FROM t LIMIT 1', 'SELECT * FROM t LIMIT 2'],
    ['SELECT id, a FROM t ORDER BY 1', 'SELECT id, a FROM t ORDER BY 2'],
    ["SELECT * FROM t WHERE x LIKE 'a%'", "SELECT * FROM t WHERE x LIKE 'b%'"],
    ["SELECT * FROM t WHERE d > date '2020-01-01'", "SELECT * FROM t WHERE d > date '2020-01-02'"],
    ['SELECT a + 1 FROM t GROUP BY a + 1', 'SELECT a + 2 FROM t GROUP BY a + 2'],
    ['SELECT DISTINCT a + 1 FROM t ORDER BY a + 1', 'SELECT DISTINCT a + 2 FROM t ORDER BY a + 2'],
  ])('pinned literals belong to the plan: %s', (one, other) => {
    expect(only(one)).not.toBe(only(other))
    expect(only(one)).toBe(only(one))
    expect(() => only(one).plan(root, [])).not.toThrow()
  })

  test('pinned values cannot be mistaken for one another', () => {
    const texts = [
      "SELECT * FROM t WHERE x LIKE 'a' AND x LIKE 's1:b'",
      "SELECT * FROM t WHERE x LIKE 'as1:' AND x LIKE 'b'",
    ]
    expect(only(texts[0]!)).not.toBe(only(texts[1]!))
  })

  test('several statements, and DDL, are parsed each time', () => {
    const several = 'SELECT 1; SELECT 2'
    expect(cache.find(several).text.statements).toHaveLength(2)
    expect(cache.find(several).text).not.toBe(cache.find(several).text)
    expect(only('CREATE TABLE u (a int)')).not.toBe(only('CREATE TABLE u (a int)'))
    expect(cache.find(' ; -- nothing\n').text.statements).toEqual([])
  })

  test('a prepared text shares its statement with the same text', () => {
    expect(cache.prepare('SELECT 1')).toBe(cache.prepare('SELECT 1'))
  })
})

describe('lifted literals', () => {
  test('take the type that the binder gives them, at each execution', () => {
    expect(bound("SELECT x FROM t WHERE id = '5' AND d = '1970-01-02' AND p = 2")).toEqual([5, 1, 200])
    expect(bound("SELECT x FROM t WHERE id = '6' AND d = '1970-01-11' AND p = 3")).toEqual([6, 10, 300])
  })

  test('fail with the position in their own text', () => {
    bound("SELECT 1 FROM t WHERE id = '5'")
    const sql = "SELECT /* far away */ 1 FROM t WHERE id = 'five'"
    const error = errorOf(() => bound(sql))
    expect(error).toMatchObject({ code: '22P02', message: 'invalid input syntax for type integer: "five"' })
    expect(sql.slice(error.position! - 1)).toBe("'five'")
  })

  test('are converted for each of their uses', () => {
    // The operand of BETWEEN meets an integer and a numeric: as numeric(…, 2) it is 300.
    const values = bound('SELECT 1 FROM t WHERE 3 BETWEEN a AND p')
    expect(values).toContain(3)
    expect(values).toContain(300)
  })
})

describe('parameters', () => {
  test('have the type of their context, with the modifiers of a column that they alone go into', () => {
    const sql = 'INSERT INTO t (id, p, d) VALUES ($1, $2, $3)'
    expect(bound(sql, 1, '1.239', '1970-01-02')).toEqual([1, 124, 1])
    expect(
      only(sql)
        .plan(root, [])
        .parameterTypes.map(({ kind }) => kind),
    ).toEqual(['int4', 'numeric', 'date'])
  })

  test('are converted once for each type in which they are used', () => {
    define('CREATE TABLE u (p1 numeric(6,1), p3 numeric(6,3))')
    const values = bound('INSERT INTO u VALUES ($1, $1)', '1.25')
    expect(values.slice(1)).toEqual([13, 1250])
  })

  test('of an explicit type keep it', () => {
    expect(bound('SELECT $1::int + 1', '41')).toEqual([41, 1])
    expect(errorOf(() => bound('SELECT $1::int', 'x')).code).toBe('22P02')
  })

  test('without a context take the type of their value; another value makes another plan', () => {
    const sql = 'SELECT $1 AS x'
    expect(bound(sql, 5)).toEqual([5])
    expect(bound(sql, 'text')).toEqual(['text'])
    expect(bound(sql, null)).toEqual([null])
    expect(bound(sql, true)).toEqual([true])
    expect(only(sql).plan(root, [true]).parameterTypes).toEqual([{ kind: 'boolean' }])
  })

  test('must be as many as the statement has', () => {
    expect(errorOf(() => bound('SELECT $2::int', 1)).code).toBe('08P01')
    expect(errorOf(() => bound('SELECT 1', 1)).code).toBe('08P01')
  })
})

describe('a plan is made again', () => {
  test('when a table of it is another one, and not when something else changed', () => {
    const statement = only('SELECT * FROM t WHERE id = 1')
    const planned = statement.plan(root, [])
    define('CREATE TABLE other (a int)')
    expect(statement.plan(root, [])).toBe(planned)
    define('CREATE INDEX ON t (a)')
    expect(statement.plan(root, [])).not.toBe(planned)
    define('DROP TABLE t')
    expect(errorOf(() => statement.plan(root, [])).code).toBe('42P01')
  })

  test('when a table has grown so that another way is better', () => {
    const table = store.table(root.table('t')!.id)!
    let rows = 0
    Object.defineProperty(table, 'estimatedRows', { value: () => rows })
    const scan = only('SELECT * FROM t WHERE a = 1')
    const lookUp = only('SELECT * FROM t WHERE id = 1')
    const plans = [scan.plan(root, []), lookUp.plan(root, [])]
    rows = 300
    expect([scan.plan(root, []), lookUp.plan(root, [])]).toEqual(plans)
    rows = 100_000
    expect(scan.plan(root, [])).not.toBe(plans[0])
    expect(lookUp.plan(root, [])).toBe(plans[1])
  })
})

describe('the bound on memory', () => {
  test('holds, the least recently used texts go first', () => {
    const hot = only('SELECT * FROM t WHERE id = 1')
    for (let i = 0; i < 2000; i++) {
      only(`SELECT id AS c${i} FROM t WHERE id = 1`)
      expect(only('SELECT * FROM t WHERE id = 2')).toBe(hot)
      expect(cache.bytes).toBeLessThanOrEqual(1 << 20)
    }
    expect(cache.bytes).toBeGreaterThan(1 << 19)
  })

  test('holds for one text with ever fresh pinned literals', () => {
    for (let i = 0; i < 2000; i++) only(`SELECT * FROM t WHERE x LIKE 'a${i}%'`)
    expect(cache.bytes).toBeLessThanOrEqual(1 << 20)
  })
})
