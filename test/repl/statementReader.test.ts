import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isComplete } from '../../src/index.ts'
import { StatementReader, type Input } from '../../repl/statementReader.ts'
import { runs } from '../support/runs.ts'

function read(text: string): { inputs: Input[]; pending: string } {
  const reader = new StatementReader()
  const inputs = text.split(/(?<=\n)/).flatMap((line) => reader.push(line))
  return { inputs, pending: reader.pending }
}

const statements = (text: string): string[] =>
  read(text).inputs.map((input) => (input.kind === 'statement' ? input.sql : input.text))

describe('a statement ends at a ; that stands in nothing else', () => {
  test.each([
    ['SELECT 1;', ['SELECT 1;']],
    ['SELECT 1; SELECT 2;\nSELECT 3;', ['SELECT 1;', 'SELECT 2;', 'SELECT 3;']],
    ['SELECT\n  1\n;', ['SELECT\n  1\n;']],
    [';;  ;\n;', []],
    ['-- nothing; here\n;', []],
    ["SELECT ';''; ' ;", ["SELECT ';''; ' ;"]],
    ["SELECT E'\\';' ;", ["SELECT E'\\';' ;"]],
    // Without the E a backslash is a backslash.
    ["SELECT '\\'; SELECT 2;", ["SELECT '\\';", 'SELECT 2;']],
    ["SELECT note'\\'; SELECT 2;", ["SELECT note'\\';", 'SELECT 2;']],
    ['SELECT ";"";" ;', ['SELECT ";"";" ;']],
    ['SELECT 1 -- ; no end\n;', ['SELECT 1 -- ; no end\n;']],
    ['SELECT /* ; /* ; */ ; */ 1;', ['SELECT /* ; /* ; */ ; */ 1;']],
    ['SELECT $$;$$; SELECT 2;', ['SELECT $$;$$;', 'SELECT 2;']],
    ['SELECT $a$;$$;$b$;\n$a$;', ['SELECT $a$;$$;$b$;\n$a$;']],
    // $1 is a parameter, and a$b$ is a name.
    ['SELECT $1; SELECT a$b$; SELECT 2;', ['SELECT $1;', 'SELECT a$b$;', 'SELECT 2;']],
    // A dollar quote may follow one at once.
    ['SELECT $a$ $a$$$;$$;', ['SELECT $a$ $a$$$;$$;']],
    ['SELECT (1;', ['SELECT (1;']],
    ['  \\d t\nSELECT 1;', ['\\d t', 'SELECT 1;']],
    ['SELECT 1\n\\d\n;', ['SELECT 1\n\\d\n;']],
    ["SELECT 'a\n\\q\n';", ["SELECT 'a\n\\q\n';"]],
  ])('%j', (text, expected) => {
    expect(statements(text)).toEqual(expected)
  })
})

test.each([
  ['', '='],
  ['SELECT 1; ', '='],
  ['SELECT 1; -- done', '='],
  ['SELECT', '-'],
  ["SELECT 'a", "'"],
  ['SELECT "a', '"'],
  ['SELECT $x$', '$'],
  ['SELECT /* /* */', '*'],
  ['SELECT (1 + (2)', '('],
])('what is open after %j is %j', (text, pending) => {
  expect(read(text).pending).toBe(pending)
})

test('statements know the line on which they begin', () => {
  expect(read('SELECT 1;\n\n  SELECT\n2; SELECT 3;\n\\d\n').inputs.map(({ line }) => line)).toEqual([1, 3, 4, 5])
})

test('what has no ; is a statement at the end of the input, unless it is only a comment', () => {
  const reader = new StatementReader()
  reader.push('SELECT 1\n')
  expect(reader.end()).toEqual([{ kind: 'statement', sql: 'SELECT 1', line: 1 }])
  reader.push('-- bye')
  expect(reader.end()).toEqual([])
})

test('nothing is lost, wherever lines end: the pieces are the text', () => {
  const fragments = fc.constantFrom("'", '"', '$$', '$a$', '/*', '*/', '--', ';', '\n', ' ', 'x', 'E', '\\', '(', ')')
  fc.assert(
    fc.property(fc.array(fragments, { maxLength: 40 }), (parts) => {
      // A word in front: lines of backslash commands are not statements.
      const text = `x${parts.join('')}`.replaceAll('\n\\', '\nx\\').replaceAll(/;\s*\\/g, ';x')
      const reader = new StatementReader()
      const inputs = [...text.split(/(?<=\n)/).flatMap((line) => reader.push(line)), ...reader.end()]
      const squeezed = (piece: string): string => piece.replace(/\s/g, '')
      const together = inputs.map((input) => (input.kind === 'statement' ? input.sql : input.text)).join('')
      const missing = squeezed(text).length - squeezed(together).length
      // Only empty statements and comments between statements may be left out.
      expect(missing).toBeGreaterThanOrEqual(0)
      if (!/;|--|\/\*/.test(text)) expect(squeezed(together)).toBe(squeezed(text))
    }),
    { numRuns: runs(300) },
  )
})

test('it agrees with the engine about where a text is complete', () => {
  // No `$` that stands alone: it is no token, and the engine needs no more text to say so; the prompt asks no engine.
  const pieces = ["'", '"n', "n'", ' $$ ', ' $a$ ', 'y$$ ', '/*', '*/', '--', ';', '\n', ' ', 'y', "E'", '- ', '/ ']
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 30 }), (parts) => {
      const text = `x ${parts.join('')}`
      expect(`${read(text).pending === '=' ? 'complete' : 'open'}: ${text}`).toBe(
        `${isComplete(text) ? 'complete' : 'open'}: ${text}`,
      )
    }),
    { numRuns: runs(1000) },
  )
})
