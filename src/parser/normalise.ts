/**
 * The plan cache's front: a statement's text with each literal replaced by its kind, and the literals' values.
 *
 * An application that writes literals into its SQL sends the same statement again and again with other values. Lexing
 * and parsing cost 12–50 µs; this scan costs about one, and its key finds the plan. It knows just enough of the lexical
 * structure to see where literals, names and comments begin and end. The rules:
 *
 * - Equal keys mean equal tokens but for the values of lifted literals: the key keeps every other character, except
 *   that a run of white space and comments becomes one space.
 * - A literal is lifted here if and only if the lexer makes a literal token of it at this place (test: they agree).
 *   What is rare is not lifted but ends the scan with null, "parse it": E'…', U&'…', dollar quotes, strings continued on
 *   another line, anything unterminated, texts beyond a bound.
 * - A marker is a control character, which no text contains outside of quotes, so keys cannot be forged.
 * - 2147483648 and 9223372036854775808 stay in the key: behind a minus sign they have a narrower type than alone.
 *
 * Which literals are pinned (their value belongs to the plan) only the parser can say: `ParsedStatement.pinned`.
 */
import type { LiteralValue, NormalisedText, NumericValue } from './ast.ts'
import { isDigit, isIdentifierPart, isIdentifierStart, isSpace } from './characters.ts'
import { integerType, numberEnd, numberValue } from './numbers.ts'
import { commentEnd, continuesAfter, flatten, quotedEnd } from './quoting.ts'

/** A longer text is parsed each time: it is a bulk load, and its key would only push others out of the cache. */
const maxLength = 1 << 18

const int4Mark = '\u0001'
const int8Mark = '\u0002'
const numericMark = '\u0003'
const stringMark = '\u0004'

const markOf = (value: LiteralValue): string => {
  if (typeof value === 'string') return stringMark
  if (typeof value === 'object') return `${numericMark}${String(value.scale)}${numericMark}`
  return integerType(value) === 'int4' ? int4Mark : int8Mark
}

/** E'…', B'…', X'…', N'…' and U&'…' are one token with the string. */
function isStringPrefix(sql: string, at: number): boolean {
  const following = sql.charCodeAt(at + 1)
  const letter = sql.charCodeAt(at) | 32
  if (following === 39) return letter === 101 || letter === 98 || letter === 120 || letter === 110
  if (following !== 38 || letter !== 117) return false
  const quote = sql.charCodeAt(at + 2)
  return quote === 39 || quote === 34
}

/** The value of a number of at most nine characters, nearly always plain digits. */
function shortNumber(sql: string, start: number, end: number): number | bigint | NumericValue | null {
  let value = 0
  for (let at = start; at < end; at++) {
    const digit = sql.charCodeAt(at) - 48
    if (digit < 0 || digit > 9) return numberValue(sql.slice(start, end))
    value = value * 10 + digit
  }
  return value
}

const isTypeBoundary = (value: number | bigint | NumericValue): boolean =>
  value === 2147483648 || (typeof value === 'object' && value.scale === 0 && value.unscaled === 9223372036854775808n)

function stringValue(sql: string, start: number, end: number): string | null {
  const body = sql.slice(start + 1, end - 1)
  const value = body.includes("''") ? body.replaceAll("''", "'") : body
  return value.includes('\0') || !value.isWellFormed() ? null : flatten(value)
}

/** The offset behind a run of white space and comments; `at` if there is none, -1 if a comment does not end. */
function blankEnd(sql: string, at: number): number {
  for (;;) {
    if (isSpace(sql.charCodeAt(at))) at++
    else {
      const end = commentEnd(sql, at)
      if (end === at || end < 0) return end
      at = end
    }
  }
}

/** Null if the text has to be parsed to be understood. */
export function normalise(sql: string): NormalisedText | null {
  const length = sql.length
  if (length > maxLength) return null
  const literals: LiteralValue[] = []
  const positions: number[] = []
  let key = ''
  let copied = 0
  let at = 0
  while (at < length) {
    const code = sql.charCodeAt(at)
    let end = at + 1
    if (isIdentifierStart(code)) {
      while (isIdentifierPart(sql.charCodeAt(end))) end++
      if (end === at + 1 && isStringPrefix(sql, at)) return null
      at = end
    } else if (code === 32 && !isSpace(sql.charCodeAt(end)) && commentEnd(sql, end, true) === end) {
      at = end
    } else if (isDigit(code) || (code === 46 && isDigit(sql.charCodeAt(end)))) {
      end = numberEnd(sql, at)
      if (isIdentifierStart(sql.charCodeAt(end))) {
        while (isIdentifierPart(sql.charCodeAt(end))) end++
      } else {
        const value = end - at < 10 ? shortNumber(sql, at, end) : numberValue(sql.slice(at, end))
        if (value === null) return null
        if (!isTypeBoundary(value)) {
          key += sql.slice(copied, at) + markOf(value)
          copied = end
          literals.push(value)
          positions.push(at)
        }
      }
      at = end
    } else if (code === 39) {
      end = quotedEnd(sql, at, false)
      if (end < 0 || continuesAfter(sql, end) >= 0) return null
      const value = stringValue(sql, at, end)
      if (value === null) return null
      key += sql.slice(copied, at) + stringMark
      copied = end
      literals.push(value)
      positions.push(at)
      at = end
    } else if (code === 34) {
      at = quotedEnd(sql, at, false)
      if (at < 0) return null
    } else if (code === 36) {
      if (!isDigit(sql.charCodeAt(end))) return null
      while (isDigit(sql.charCodeAt(end))) end++
      at = end
    } else {
      end = blankEnd(sql, at)
      if (end < 0) return null
      if (code === 46 && sql.charCodeAt(at + 1) === 46) {
        at += 2 // The two points of `..` are one token: no number begins with the second.
      } else if (end > at) {
        key += `${sql.slice(copied, at)} `
        copied = end
        at = end
      } else if (code < 32) return null
      else at++
    }
  }
  return { key: key + sql.slice(copied), literals, positions }
}
