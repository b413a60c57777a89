/** Where strings, quoted names, dollar quotes and comments end. Shared by the lexer and the plan cache's scan. */
import { isIdentifierPart, isIdentifierStart, isSpace } from './characters.ts'

const singleQuote = 39
const backslash = 92
const dollar = 36
const minus = 45
const slash = 47
const star = 42

/**
 * The offset behind the closing quote of what opens at `open`; the quote is the character there, doubled it stands
 * for itself. -1 if it does not end.
 */
export function quotedEnd(sql: string, open: number, backslashEscapes: boolean): number {
  const quote = sql.charCodeAt(open)
  if (backslashEscapes) {
    for (let at = open + 1; at < sql.length; at++) {
      const code = sql.charCodeAt(at)
      if (code === backslash) at++
      else if (code === quote) {
        if (sql.charCodeAt(at + 1) !== quote) return at + 1
        at++
      }
    }
    return -1
  }
  const mark = quote === singleQuote ? "'" : '"'
  let at = sql.indexOf(mark, open + 1)
  while (at >= 0 && sql.charCodeAt(at + 1) === quote) at = sql.indexOf(mark, at + 2)
  return at < 0 ? -1 : at + 1
}

/** The offset behind the opening `$tag$` that begins at `start`, or -1 if none does. */
export function dollarTagEnd(sql: string, start: number): number {
  let at = start + 1
  if (sql.charCodeAt(at) === dollar) return at + 1
  if (!isIdentifierStart(sql.charCodeAt(at))) return -1
  while (isIdentifierPart(sql.charCodeAt(at)) && sql.charCodeAt(at) !== dollar) at++
  return sql.charCodeAt(at) === dollar ? at + 1 : -1
}

/**
 * The offset behind the comment that begins at `at`; `at` itself if none does, -1 if it does not end. Block comments
 * nest. With `startOnly`, any other answer than `at` says that one begins.
 */
export function commentEnd(sql: string, at: number, startOnly = false): number {
  const code = sql.charCodeAt(at)
  const following = sql.charCodeAt(at + 1)
  if (code === minus && following === minus) {
    let end = at + 2
    while (end < sql.length && sql.charCodeAt(end) !== 10 && sql.charCodeAt(end) !== 13) end++
    return end
  }
  if (code !== slash || following !== star) return at
  if (startOnly) return -1
  let depth = 1
  let end = at + 2
  while (end < sql.length) {
    const a = sql.charCodeAt(end)
    const b = sql.charCodeAt(end + 1)
    if (a === slash && b === star) {
      depth++
      end += 2
    } else if (a === star && b === slash) {
      end += 2
      if (--depth === 0) return end
    } else end++
  }
  return -1
}

/**
 * SQL joins strings that only white space with a line break separates: the offset of the quote that goes on after a
 * string that ended at `end`, or -1. Only line comments may stand between, and only behind the first line break or
 * before it to the end of that line.
 */
export function continuesAfter(sql: string, end: number): number {
  let at = end
  let broken = false
  for (;;) {
    const code = sql.charCodeAt(at)
    if (isSpace(code)) {
      if (code === 10 || code === 13) broken = true
      at++
    } else if (code === minus && sql.charCodeAt(at + 1) === minus) at = commentEnd(sql, at)
    else return broken && code === singleQuote ? at : -1
  }
}

/**
 * A copy that does not keep the text alive that it was cut from: a slice of 13 characters or more is a pointer into
 * its parent in V8, so a name kept in the catalog would hold a statement of megabytes. Joining makes a flat string.
 */
export function flatten(text: string): string {
  return text.length < 13 ? text : [text.slice(0, 1), text.slice(1)].join('')
}
