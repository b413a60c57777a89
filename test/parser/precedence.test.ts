import { describe, expect, test } from 'vitest'
import { deparse } from '../../src/parser/index.ts'
import { errorOf, expressionOf, meaning } from './trees.ts'

// Left, how it is written; right, what PostgreSQL makes of it, with every parenthesis.
const cases: readonly (readonly [string, string])[] = [
  ['a OR b AND c', 'a OR (b AND c)'],
  ['a OR b OR c AND d', 'a OR b OR (c AND d)'],
  ['NOT a AND b', '(NOT a) AND b'],
  ['NOT a = b', 'NOT (a = b)'],
  ['NOT a IS NULL', 'NOT (a IS NULL)'],
  ['NOT NOT a', 'NOT (NOT a)'],
  ['a = NOT b', 'a = (NOT b)'],
  ['a = NOT b = c', 'a = (NOT (b = c))'],
  ['a = b IS NULL', '(a = b) IS NULL'],
  ['a < b IS NOT TRUE', '(a < b) IS NOT TRUE'],
  ['a IS NULL = b', '(a IS NULL) = b'],
  ['a IS NULL IS NULL', '(a IS NULL) IS NULL'],
  ['a ISNULL OR b NOTNULL', '(a IS NULL) OR (b IS NOT NULL)'],
  ['a IS DISTINCT FROM b + 1', 'a IS DISTINCT FROM (b + 1)'],
  ['a = b IN (c)', 'a = (b IN (c))'],
  ['a < b LIKE c', 'a < (b LIKE c)'],
  ['a || b LIKE c || d', '(a || b) LIKE (c || d)'],
  ['a LIKE b ESCAPE c || d', 'a LIKE b ESCAPE (c || d)'],
  ['a + b BETWEEN c - 1 AND d * 2 AND e', '((a + b) BETWEEN (c - 1) AND (d * 2)) AND e'],
  ['a BETWEEN b = c AND d', 'a BETWEEN (b = c) AND d'],
  ['a NOT IN (b) IS TRUE', '(a NOT IN (b)) IS TRUE'],
  ['a IN (1) IN (2)', '(a IN (1)) IN (2)'],
  ['a - b - c', '(a - b) - c'],
  ['a - b * c', 'a - (b * c)'],
  ['a * b / c % d', '((a * b) / c) % d'],
  ['a ^ b ^ c', '(a ^ b) ^ c'],
  ['- 2 ^ 2', '(- 2) ^ 2'],
  ['a * - b', 'a * (- b)'],
  ['- a :: int', '- (a::int)'],
  ['a::int::text', '(a::int)::text'],
  ['a || b + c', 'a || (b + c)'],
  ['a || b || c', '(a || b) || c'],
  ['a # b || c', '(a # b) || c'],
  ['@ a + b', '@ (a + b)'],
  ['@ a || b', '(@ a) || b'],
  ['a || @ b || c', '(a || (@ b)) || c'],
  ['- a + b', '(- a) + b'],
  ['a || b = c || d', '(a || b) = (c || d)'],
  ['a = -1', 'a = (- 1)'],
  ['CASE WHEN a THEN b END + 1', '(CASE WHEN a THEN b END) + 1'],
  ['a = $1 AND b >= $2', '(a = $1) AND (b >= $2)'],
]

describe("PostgreSQL's precedence", () => {
  test.each(cases)('%s', (left, right) => {
    expect(meaning(expressionOf(left))).toEqual(meaning(expressionOf(right)))
  })

  test.each([
    'a = b = c',
    'a < b < c',
    'a = b <> c',
    'a LIKE b LIKE c',
    'a IS DISTINCT FROM b IS DISTINCT FROM c',
    'a BETWEEN 1 AND 2 BETWEEN 3 AND 4',
    'a < b = NOT c',
  ])('is a syntax error: %s', (sql) => {
    expect(errorOf(() => expressionOf(sql)).code).toBe('42601')
  })

  test('AND and OR gather their operands in one node, parentheses keep theirs', () => {
    expect(expressionOf('a AND b AND c AND d')).toMatchObject({ kind: 'logical', operands: { length: 4 } })
    expect(expressionOf('a AND (b AND c)')).toMatchObject({ operands: [{ name: 'a' }, { kind: 'logical' }] })
  })
})

describe('deparse writes the fewest parentheses', () => {
  test.each([
    'a + b * c - d',
    '(a + b) * c',
    'a - (b - c)',
    'NOT (a AND b) OR c',
    '- (-1)',
    '-(a + b)',
    "x LIKE 'a''b%' ESCAPE '!'",
    'a IS NOT DISTINCT FROM b',
    "CASE a WHEN 1 THEN 'x' ELSE NULL END",
    "'2020-01-01'::date",
    'a::numeric(10,2)',
    'a::timestamp(3) without time zone',
    'count(*) + sum(DISTINCT t.a)',
    'EXTRACT(year FROM d)',
    'POSITION(a IN b)',
    'COALESCE(a, 1.50, 5., "Weird ""name""", "select")',
    'a BETWEEN SYMMETRIC 1 AND 2',
    '(a BETWEEN 1 AND 2) NOT IN (TRUE, FALSE)',
    'CURRENT_DATE',
  ])('%s', (sql) => {
    const expected = sql === '- (-1)' ? '- -1' : sql
    expect(deparse(expressionOf(sql))).toBe(expected)
  })
})
