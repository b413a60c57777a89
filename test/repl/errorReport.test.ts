import { expect, test } from 'vitest'
import { errorReport } from '../../repl/errorReport.ts'

const severity = 'ERROR'

test('the caret stands under the place, in its line', () => {
  const sql = 'SELECT 1,\n  nme FROM t'
  const report = errorReport(
    { severity, message: 'column "nme" does not exist', position: 13, hint: 'Perhaps "name".' },
    sql,
  )
  expect('\n' + report).toBe(`
ERROR:  column "nme" does not exist
LINE 2:   nme FROM t
          ^
HINT:  Perhaps "name".
`)
})

test('positions count characters, columns are as wide as the screen shows them', () => {
  const report = errorReport({ severity, message: 'm', position: 14 }, "SELECT '😀日', x")
  expect(report.split('\n').slice(1, 3)).toEqual(["LINE 1: SELECT '😀日', x", '                       ^'])
})

test('of a long line the part around the caret is shown', () => {
  const sql = `SELECT ${'a, '.repeat(100)}bad${', b'.repeat(100)}`
  const [, line = '', caret = ''] = errorReport(
    { severity, message: 'm', position: sql.indexOf('bad') + 1 },
    sql,
  ).split('\n')
  expect(line).toMatch(/^LINE 1: \.\.\..*bad.*\.\.\.$/)
  expect(line.length).toBeLessThan(90)
  expect(line.slice(caret.length - 1).startsWith('bad')).toBe(true)
})

test('what a message quotes cannot move the terminal’s cursor', () => {
  expect(errorReport({ severity, message: 'near "\u001b[2J"', detail: 'two\nlines' }, 'x')).toBe(
    'ERROR:  near "\\x1B[2J"\nDETAIL:  two\nlines\n',
  )
})

test('a place past the end, a tab and an error without place do no harm', () => {
  expect(errorReport({ severity, message: 'm', position: 99 }, 'x')).toBe('ERROR:  m\nLINE 1: x\n         ^\n')
  expect(errorReport({ severity, message: 'm', position: 2 }, '\tx')).toBe('ERROR:  m\nLINE 1:  x\n         ^\n')
  expect(errorReport({ severity, message: 'm', detail: 'd', where: 'w' }, 'x')).toBe(
    'ERROR:  m\nDETAIL:  d\nCONTEXT:  w\n',
  )
})
