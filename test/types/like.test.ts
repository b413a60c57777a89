import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileLike, likePrefix } from '../../src/types/like.ts'
import { runs } from '../support/runs.ts'

const characters = fc.constantFrom('a', 'b', '😀', '%', '_', '\\')
const strings = fc.string({ unit: characters, maxLength: 10 })

/** The same pattern as a regular expression: slow on purpose-made patterns, but plainly right. */
function oracle(pattern: string): RegExp | null {
  let source = ''
  const parts = Array.from(pattern)
  for (let i = 0; i < parts.length; i++) {
    let part = parts[i]!
    if (part === '%') source += '.*'
    else if (part === '_') source += '.'
    else {
      if (part === '\\') {
        const next = parts[++i]
        if (next === undefined) return null
        part = next
      }
      source += part.replace(/[\\^$.*+?()[\]{}|/-]/u, String.raw`\$&`)
    }
  }
  return new RegExp(`^${source}$`, 'su')
}

describe('LIKE', () => {
  test('matches what the pattern says', () => {
    fc.assert(
      fc.property(strings, strings, (text, pattern) => {
        const expected = oracle(pattern)
        if (expected === null) {
          expect(() => compileLike(pattern)).toThrow(expect.objectContaining({ code: '22025' }))
        } else {
          expect(compileLike(pattern)(text)).toBe(expected.test(text))
        }
      }),
      { numRuns: runs(5000) },
    )
  })

  test('what matches begins with the prefix', () => {
    fc.assert(
      fc.property(strings, strings, (text, pattern) => {
        fc.pre(oracle(pattern) !== null && compileLike(pattern)(text))
        const prefix = likePrefix(pattern)
        if (prefix === null) return
        expect(prefix.exact ? text === prefix.prefix : text.startsWith(prefix.prefix)).toBe(true)
      }),
      { numRuns: runs(500) },
    )
  })

  test('a pattern made to explode a backtracking matcher is answered', () => {
    expect(compileLike(`${'%a'.repeat(200)}%b`)('a'.repeat(20_000))).toBe(false)
    expect(compileLike(`${'%a_'.repeat(50)}%b`)('a'.repeat(20_000))).toBe(false)
  })

  test('the escape character can be another one or none', () => {
    expect(compileLike('50!%', '!')('50%')).toBe(true)
    expect(compileLike('50!%', '!')('500')).toBe(false)
    expect(compileLike('a\\%', '')('a\\bc')).toBe(true)
    expect(() => compileLike('a', 'xy')).toThrow(expect.objectContaining({ code: '22019' }))
    expect(compileLike('STRASSE%', '\\', true)('strasse 1')).toBe(true)
  })
})
