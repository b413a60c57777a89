import { describe, expect, test } from 'vitest'
import {
  alignedTable,
  commandTag,
  csv,
  expandedTable,
  json,
  rowCountText,
  type TextResult,
} from '../../repl/resultFormat.ts'

const [bool, int4, text, jsonb, numeric, float8] = [16, 23, 25, 3802, 1700, 701]

function result(columns: readonly (readonly [string, number])[], rows: (string | null)[][]): TextResult {
  return {
    command: 'SELECT',
    rowCount: rows.length,
    fields: columns.map(([name, dataTypeID]) => ({ name, dataTypeID })),
    rows,
  }
}

const people = result(
  [
    ['id', int4],
    ['name', text],
    ['note', text],
  ],
  [
    ['1', 'Alice', null],
    ['20', '日本語', 'two\nlines'],
    ['300', 'é👩‍👩‍👧', 'a\tb\u001b[31m\r'],
  ],
)

describe('the aligned table', () => {
  test('is psql’s', () => {
    expect('\n' + alignedTable(people, { nullText: '∅' })).toBe(String.raw`
 id  |  name  |       note
-----+--------+------------------
   1 | Alice  | ∅
  20 | 日本語 | two             +
     |        | lines
 300 | é👩‍👩‍👧    | a\x09b\x1B[31m\r
`)
  })

  test('without rows has its head, and without columns a line', () => {
    expect(alignedTable(result([['a', int4]], []), { nullText: '' })).toBe(' a\n---\n')
    expect(alignedTable(result([], [[], []]), { nullText: '' })).toBe('--\n')
  })
})

test('the expanded table has a line a column', () => {
  const shown = expandedTable(
    result(
      [
        ['id', int4],
        ['long_name', text],
      ],
      [
        ['1', 'a\nb'],
        ['2', null],
      ],
    ),
    { nullText: '' },
  )
  expect(shown).toBe(
    [
      '-[ RECORD 1 ]',
      'id        | 1',
      'long_name | a',
      '          | b',
      '-[ RECORD 2 ]',
      'id        | 2',
      'long_name | ',
      '',
    ].join('\n'),
  )
})

test('CSV tells NULL from the empty string, and quotes what needs it', () => {
  const shown = csv(
    result(
      [
        ['a,b', text],
        ['c', text],
      ],
      [
        [null, ''],
        ['x"y', 'two\nlines'],
        ['\\.', 'plain'],
      ],
    ),
  )
  expect(shown).toBe('"a,b",c\n,""\n"x""y","two\nlines"\n"\\.",plain\n')
})

test('JSON keeps types and all digits', () => {
  const columns = [
    ['b', bool],
    ['i', int4],
    ['n', numeric],
    ['f', float8],
    ['t', text],
    ['j', jsonb],
  ] as const
  const shown = json(
    result(columns, [
      ['t', '-1', '12345678901234567890.10', '1e+300', '1', '{"a": [1]}'],
      ['f', null, 'NaN', 'Infinity', 'q"\n', 'null'],
    ]),
  )
  expect(shown).toBe(
    '[{"b":true,"i":-1,"n":12345678901234567890.10,"f":1e+300,"t":"1","j":{"a": [1]}},\n' +
      ' {"b":false,"i":null,"n":"NaN","f":"Infinity","t":"q\\"\\n","j":null}]\n',
  )
  expect(JSON.parse(shown)).toHaveLength(2)
  expect(json(result([['a', int4]], []))).toBe('[]\n')
})

test('tags are PostgreSQL’s', () => {
  const tag = (command: string, rowCount: number | null): string =>
    commandTag({ command, rowCount, fields: [], rows: [] })
  expect([tag('INSERT', 3), tag('UPDATE', 0), tag('CREATE TABLE', null)]).toEqual([
    'INSERT 0 3',
    'UPDATE 0',
    'CREATE TABLE',
  ])
  expect([rowCountText(0), rowCountText(1), rowCountText(2)]).toEqual(['(0 rows)', '(1 row)', '(2 rows)'])
})
