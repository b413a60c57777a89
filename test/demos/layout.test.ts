import fc from 'fast-check'
import stringWidth from 'string-width'
import { describe, expect, test } from 'vitest'
import { cut, wrap, wrapSql } from '../../demos/layout.ts'
import { closest } from '../../demos/suggestion.ts'
import { runs } from '../support/runs.ts'

const words = fc.array(fc.string({ unit: 'grapheme', maxLength: 30 }), { maxLength: 20 })

describe('wrap', () => {
  test('keeps every line within the width and every word in its place', () => {
    fc.assert(
      fc.property(words, fc.integer({ min: 20, max: 60 }), (parts, width) => {
        const text = parts.join(' ')
        const lines = wrap(text, width, '  ')
        for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(width)
        expect(lines.join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''))
      }),
      { numRuns: runs(200) },
    )
  })

  test('indents what continues', () => {
    expect(wrap('one two three four', 9, '  ')).toEqual(['one two', '  three', '  four'])
  })
})

test('a statement breaks before its clauses', () => {
  expect(wrapSql('SELECT a FROM t WHERE b = 1', 40)).toEqual(['SELECT a FROM t WHERE b = 1'])
  expect(wrapSql('SELECT a FROM t WHERE b = 1', 20)).toEqual(['SELECT a FROM t', '  WHERE b = 1'])
})

test('a cut never splits a character that is two columns wide', () => {
  expect(cut('日本語', 3)).toBe('日')
  expect(cut('日本語', 1)).toBe('日')
  expect(cut('👩‍👩‍👧x', 2)).toBe('👩‍👩‍👧')
})

test('a misspelt name finds its neighbour, and nonsense none', () => {
  const names = ['dirty-read', 'dirty-write', 'write-skew']
  expect(closest('wirte-skew', names)).toBe('write-skew')
  expect(closest('DIRTY-READ', names)).toBe('dirty-read')
  expect(closest('write', names)).toBe('write-skew')
  expect(closest('qwertyuiop', names)).toBeUndefined()
})
