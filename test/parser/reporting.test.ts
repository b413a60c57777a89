import { describe, expect, test } from 'vitest'
import { isComplete, renderErrorPosition } from '../../src/parser/index.ts'

describe('renderErrorPosition', () => {
  const show = (sql: string, found: string): string => {
    const { text, caret } = renderErrorPosition(sql, sql.indexOf(found) + 1)
    return `${text}\n${caret}`
  }

  test('names line and column, and puts a caret below the place', () => {
    expect(renderErrorPosition('SELECT a\nFROM b\nWHERE c', 21)).toEqual({
      line: 3,
      column: 5,
      text: 'LINE 3: WHERE c',
      caret: '            ^',
    })
  })

  test('tabs count one column, wide characters two, combining marks none', () => {
    expect(show("SELECT\t'a', x", 'x')).toBe("LINE 1: SELECT 'a', x\n                    ^")
    expect(show("SELECT '日本', x", 'x')).toBe("LINE 1: SELECT '日本', x\n                       ^")
    expect(show("SELECT 'e\u0301', x", 'x')).toBe("LINE 1: SELECT 'e\u0301', x\n                    ^")
    expect(show("SELECT '😀', x", 'x')).toBe("LINE 1: SELECT '😀', x\n                     ^")
  })

  test('a long line is cut around the place', () => {
    const { text, caret } = renderErrorPosition(`SELECT ${'a, '.repeat(1000)}HERE ${'b, '.repeat(1000)}`, 3008)
    expect(text).toMatch(/^LINE 1: ….*HERE.*…$/)
    expect(text.length).toBeLessThan(75)
    expect(text.slice(caret.length - 1, caret.length + 3)).toBe('HERE')
  })

  test('the end of the text is a place', () => {
    expect(renderErrorPosition('SELECT', 7)).toMatchObject({ text: 'LINE 1: SELECT', caret: '              ^' })
    expect(renderErrorPosition('', 1)).toMatchObject({ line: 1, column: 1, caret: '        ^' })
    expect(renderErrorPosition('a\r\nb', 4)).toMatchObject({ line: 2, column: 1, text: 'LINE 2: b' })
  })
})

describe('isComplete', () => {
  test.each([
    ['SELECT 1;', true],
    ['SELECT 1; -- done', true],
    ['SELECT 1; SELECT 2;\n', true],
    [';', true],
    ['SELECT 1', false],
    ['', false],
    ["SELECT ';", false],
    ["SELECT 'a;';", true],
    ['SELECT "a;', false],
    ['SELECT $$a;', false],
    ['SELECT $$a;$$;', true],
    ['SELECT /* a;', false],
    ['SELECT 1 -- ;', false],
    ['SELECT (1;', false],
    ['SELECT (1);', true],
    ['SELECT 1);', true],
    ['SELECT \\;', true],
    ['SELECT 1; SELECT 2', false],
  ])('%j: %s', (sql, complete) => {
    expect(isComplete(sql)).toBe(complete)
  })
})
