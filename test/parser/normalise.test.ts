import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DatabaseError } from '../../src/errors.ts'
import type { LiteralValue, NormalisedText } from '../../src/parser/index.ts'
import { normalise, parseStatement } from '../../src/parser/index.ts'
import { tokenise } from '../../src/parser/lexer.ts'
import { IntegerToken, NumericToken, StringToken } from '../../src/parser/tokens.ts'
import { runs } from '../support/runs.ts'
import { meaning } from './trees.ts'

function normalised(sql: string): NormalisedText {
  const result = normalise(sql)
  if (result === null) throw new Error(`not normalised: ${sql}`)
  return result
}

const pinnedValues = (sql: string): LiteralValue[] => {
  const text = normalised(sql)
  return parseStatement(sql, text).pinned.map((slot) => text.literals[slot] as LiteralValue)
}

describe('the scan', () => {
  test('literals become their kind, blanks one space, positions stay', () => {
    const sql = "SELECT  a,'it''s' /* b */ FROM t\nWHERE x=42 AND y > 1.50 AND z = 3000000000 -- end"
    const text = normalised(sql)
    expect(text.literals).toEqual(["it's", 42, { unscaled: 150, scale: 2 }, 3000000000])
    expect(text.positions.map((at) => sql.slice(at, at + 2))).toEqual(["'i", '42', '1.', '30'])
    expect(text.key).toBe('SELECT a,\u0004 FROM t WHERE x=\u0001 AND y > \u00032\u0003 AND z = \u0002 ')
  })

  test('the same statement with other values has the same key', () => {
    expect(normalised("SELECT a FROM t WHERE k = 17 AND s = 'x'").key).toBe(
      normalised("SELECT a FROM t WHERE k = 4 AND s = 'a longer one'").key,
    )
  })

  test('other kinds have other keys', () => {
    const keys = [
      '1',
      '3000000000',
      '1.5',
      '1.55',
      "'1'",
      '-1',
      '2147483648',
      '9223372036854775808',
      '99999999999999999999',
    ]
    expect(new Set(keys.map((literal) => normalised(`SELECT ${literal}`).key)).size).toBe(keys.length)
  })

  test.each([
    "SELECT E'a'",
    "SELECT U&'a'",
    "SELECT 'a'\n'b'",
    'SELECT $$a$$',
    "SELECT 'a",
    'SELECT "a',
    'SELECT /* a',
    'SELECT \u0001',
    'SELECT 1e999999',
    "SELECT 'a\0'",
  ])('leaves the rare to the parser: %j', (sql) => {
    expect(normalise(sql)).toBeNull()
  })
})

describe('pinned literals', () => {
  const cases: readonly (readonly [string, readonly LiteralValue[]])[] = [
    ["SELECT 1, 'x' FROM t WHERE a = 2 AND b IN (3, 4)", []],
    ["INSERT INTO t VALUES (1, 'x'), (2, 'y')", []],
    ['SELECT a FROM t ORDER BY 1, a + 2 LIMIT 3 OFFSET 4', [1, 3, 4]],
    ['SELECT a + 1 FROM t WHERE b = 2 GROUP BY a + 1 HAVING sum(c) > 3 ORDER BY a + 4', [1, 1, 3, 4]],
    ['SELECT DISTINCT a + 1 FROM t WHERE b = 2 ORDER BY a + 1', [1, 1]],
    ["SELECT date '2020-01-01', a::numeric(10, 2), '5'::int", ['2020-01-01', 10, 2]],
    ["SELECT a LIKE 'x%', b LIKE 'y' || 'z' ESCAPE '!'", ['x%', 'y', 'z', '!']],
    ["SELECT extract('year' FROM a), timestamp '2020-01-01'", ['year', '2020-01-01']],
    ['SELECT * FROM (SELECT a + 1 FROM u WHERE b = 2) s WHERE c = 3 GROUP BY 4', [4]],
    ['SELECT count(*) + 1 FROM t', []],
    ["COPY t FROM 'f' (FORMAT csv, DELIMITER '|')", ['f', '|']],
    ["SET a = 1, 'x'", [1, 'x']],
  ]
  test.each(cases)('%s', (sql, values) => {
    expect(pinnedValues(sql)).toEqual(values)
  })

  test('a lifted literal carries its slot, a pinned one none', () => {
    const sql = 'SELECT a FROM t WHERE b = 7 ORDER BY 1'
    expect(parseStatement(sql, normalised(sql)).statement).toMatchObject({
      where: { right: { value: 7, slot: 0 } },
      orderBy: [{ expression: { value: 1, slot: null } }],
    })
  })
})

// --------------------------------------------------------------------------------------------------- properties

const blank = fc.constantFrom(' ', '\n', '  \t', ' /* c /* d */ 1 */ ', " -- 5 '\n")
const digits = fc.stringMatching(/^[0-9]{1,12}$/)
const literal = fc.oneof(
  digits,
  fc.constantFrom(
    '2147483647',
    '2147483648',
    '9223372036854775807',
    '9223372036854775808',
    '0x1F',
    '1_000',
    '1e3',
    '5.',
  ),
  fc.tuple(digits, digits).map(([a, b]) => `${a}.${b}`),
  digits.map((a) => `.${a}`),
  fc.string({ maxLength: 20 }).map((text) => `'${text.replaceAll("'", "''")}'`),
)
const word = fc.constantFrom(
  'a',
  't1',
  'SELECT',
  'from',
  '"q 1"',
  '"x\'y"',
  'e',
  'u',
  'x1e5',
  '$1',
  'ä',
  '__proto__',
  'date',
)
const mark = fc.constantFrom('+', '-', '*', '/', '=', '<>', '(', ')', ',', ';', '.', '::', '||', '@', '-', '!=')
const piece = fc.oneof(literal, word, mark)
const sqlText = fc
  .array(fc.tuple(piece, fc.oneof(blank, fc.constant(' '), fc.constant(''))), { maxLength: 12 })
  .map((parts) => parts.flat().join(''))

const tokensOf = (sql: string): ReturnType<typeof tokenise> | null => {
  try {
    return tokenise(sql)
  } catch (error) {
    if (error instanceof DatabaseError) return null
    throw error
  }
}
const isLiteral = (type: unknown): boolean => [IntegerToken, NumericToken, StringToken].some((t) => t === type)
const boundary = /^(2147483648|9223372036854775808)$/

test('the scan and the lexer find the same literals in the same places', () => {
  fc.assert(
    fc.property(fc.oneof(sqlText, fc.string({ maxLength: 30 })), (sql) => {
      const text = normalise(sql)
      const tokens = tokensOf(sql)
      if (text === null || tokens === null) return
      const literals = tokens.filter((token) => isLiteral(token.tokenType) && !boundary.test(token.image))
      const lexed = literals.filter((token) => !isBoundaryValue(token.value))
      expect(text.positions).toEqual(lexed.map((token) => token.startOffset))
      expect(text.literals).toEqual(lexed.map((token) => token.value))
    }),
    { numRuns: runs(3000) },
  )
})

/** 0x80000000 and the like are kept in the key, too. */
const isBoundaryValue = (value: unknown): boolean =>
  value === 2147483648 ||
  (typeof value === 'object' &&
    value !== null &&
    'unscaled' in value &&
    value.unscaled === 9223372036854775808n &&
    'scale' in value &&
    value.scale === 0)

test('equal keys mean equal tokens but for the values of literals', () => {
  const shape = (sql: string): unknown =>
    tokensOf(sql)?.map((token) => [token.tokenType.name, isLiteral(token.tokenType) ? null : token.value])
  fc.assert(
    fc.property(
      fc.array(fc.tuple(piece, blank), { maxLength: 10 }),
      fc.array(literal),
      fc.array(blank),
      (parts, others, blanks) => {
        // The same pieces with other literals of any kind and other blanks; where the keys agree, so must the tokens.
        let l = 0
        const isALiteral = (text: string): boolean => /^['.0-9]/.test(text) && text !== '.'
        const one = parts.map(([text, gap]) => text + gap).join('')
        const two = parts
          .map(([text, gap], i) => (isALiteral(text) ? (others[l++] ?? text) : text) + (blanks[i] ?? gap))
          .join('')
        const [a, b] = [normalise(one), normalise(two)]
        if (a === null || b === null || a.key !== b.key) return
        expect(shape(two)).toEqual(shape(one))
      },
    ),
    { numRuns: runs(3000) },
  )
})

test('with other values in its slots, a statement parses to the same tree and the same pins', () => {
  const template = (n: number, s: string): string =>
    `SELECT a + ${String(n)}, '${s}' FROM t JOIN u ON t.k = ${String(n)} WHERE b IN (${String(n)}, 2) AND c LIKE '${s}' GROUP BY a + ${String(n)} ORDER BY 1 LIMIT ${String(n)}`
  fc.assert(
    fc.property(
      fc.nat(),
      fc.nat(),
      fc.stringMatching(/^[a-z]{0,8}$/),
      fc.stringMatching(/^[a-z]{0,8}$/),
      (m, n, r, s) => {
        const [one, two] = [template(m, r), template(n, s)]
        const [a, b] = [parseStatement(one, normalised(one)), parseStatement(two, normalised(two))]
        expect(normalised(one).key).toBe(normalised(two).key)
        expect(a.pinned).toEqual(b.pinned)
        const blanked = (tree: unknown): unknown =>
          JSON.parse(JSON.stringify(meaning(tree)), (key, value: unknown) => (key === 'value' ? null : value))
        expect(blanked(a.statement)).toEqual(blanked(b.statement))
      },
    ),
    { numRuns: runs(200) },
  )
})
