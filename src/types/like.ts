/**
 * LIKE: `%` matches any run of characters, `_` one code point, the escape character takes the next one literally. A
 * pattern is compiled once into its pieces between `%`: the first is anchored at the start, the last at the end, and each
 * one between is searched greedily from the left, which is right because an earlier match only leaves more for the rest.
 * A piece without `_` is found by `indexOf`. So the time is linear in the text for patterns without `_`, and at worst
 * text × longest piece; there is no backtracking over `%`.
 */
import { invalidArgument } from '../errors.ts'
import { lowerCase } from './caseMapping.ts'

/** A compiled pattern: true if the text, which is not null, matches. */
export type LikeMatcher = (text: string) => boolean

/** A run of characters between two `%`: `null` stands for `_`. */
type Piece = readonly (string | null)[]

/**
 * Compiles a pattern. An empty `escape` means none. Throws 22025 for a pattern that ends with the escape character and
 * 22019 for an escape of several characters. ILIKE folds both sides to lower case.
 */
export function compileLike(pattern: string, escape = '\\', caseInsensitive = false): LikeMatcher {
  const pieces = splitPattern(caseInsensitive ? lowerCase(pattern) : pattern, escape)
  const match = matcherOf(pieces)
  return caseInsensitive ? (text) => match(lowerCase(text)) : match
}

/** The fixed start of a pattern, for an index range; null if it starts with a wildcard. `exact`: there is no wildcard. */
export function likePrefix(
  pattern: string,
  escape = '\\',
): { readonly prefix: string; readonly exact: boolean } | null {
  const pieces = splitPattern(pattern, escape)
  const first = pieces[0] ?? []
  const wildcard = first.indexOf(null)
  const prefix = (wildcard < 0 ? first : first.slice(0, wildcard)).join('')
  const exact = wildcard < 0 && pieces.length === 1
  return prefix === '' && !exact ? null : { prefix, exact }
}

/** For patterns that are known only at run time; the last one compiled is kept. */
export function likeTest(text: string, pattern: string, escape: string, caseInsensitive: boolean): boolean {
  if (lastPattern !== pattern || lastEscape !== escape || lastCaseInsensitive !== caseInsensitive) {
    lastMatcher = compileLike(pattern, escape, caseInsensitive)
    lastPattern = pattern
    lastEscape = escape
    lastCaseInsensitive = caseInsensitive
  }
  return lastMatcher(text)
}

let lastMatcher: LikeMatcher = (text) => text === ''
let lastPattern = ''
let lastEscape = '\\'
let lastCaseInsensitive = false

function splitPattern(pattern: string, escape: string): Piece[] {
  const escapeCharacter = checkEscape(escape)
  const pieces: (string | null)[][] = [[]]
  const characters = Array.from(pattern)
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i]!
    const piece = pieces[pieces.length - 1]!
    if (character === escapeCharacter) {
      const literal = characters[++i]
      if (literal === undefined) throw invalidArgument('22025', 'LIKE pattern must not end with escape character')
      piece.push(literal)
    } else if (character === '%') {
      pieces.push([])
    } else {
      piece.push(character === '_' ? null : character)
    }
  }
  return pieces
}

function checkEscape(escape: string): string | null {
  const characters = Array.from(escape)
  if (characters.length > 1) {
    throw invalidArgument('22019', 'invalid escape string', 'Escape string must be empty or one character.')
  }
  return characters[0] ?? null
}

function matcherOf(pieces: readonly Piece[]): LikeMatcher {
  if (pieces.every((piece) => !piece.includes(null))) return literalMatcher(pieces.map((piece) => piece.join('')))
  const [first, ...rest] = pieces
  const last = rest.pop()
  if (last === undefined) return (text) => matchAt(first!, text, 0) === text.length
  return (text) => {
    const end = startOfSuffix(text, last.length)
    let at = matchAt(first!, text, 0)
    for (const piece of rest) {
      if (at < 0) return false
      at = searchPiece(piece, text, at)
    }
    return at >= 0 && end >= at && matchAt(last, text, end) === text.length
  }
}

/** A pattern without `_`. */
function literalMatcher(pieces: readonly string[]): LikeMatcher {
  const first = pieces[0] ?? ''
  const last = pieces[pieces.length - 1] ?? ''
  const between = pieces.slice(1, -1).filter((piece) => piece !== '')
  if (pieces.length === 1) return (text) => text === first
  if (between.length === 0) {
    return (text) => text.length >= first.length + last.length && text.startsWith(first) && text.endsWith(last)
  }
  return (text) => {
    if (!text.startsWith(first) || !text.endsWith(last)) return false
    let at = first.length
    for (const piece of between) {
      const found = text.indexOf(piece, at)
      if (found < 0) return false
      at = found + piece.length
    }
    return at + last.length <= text.length
  }
}

/** The end of the piece if it matches at `offset`, else -1. Every element is one code point. */
function matchAt(piece: Piece, text: string, offset: number): number {
  let at = offset
  for (const expected of piece) {
    if (at >= text.length) return -1
    if (expected === null) {
      at += (text.charCodeAt(at) & 0xfc00) === 0xd800 ? 2 : 1
    } else {
      if (!text.startsWith(expected, at)) return -1
      at += expected.length
    }
  }
  return at
}

/** The end of the leftmost match at or after `from`, else -1. */
function searchPiece(piece: Piece, text: string, from: number): number {
  for (let at = from; at <= text.length; at++) {
    if (isInsidePair(text, at)) continue
    const end = matchAt(piece, text, at)
    if (end >= 0) return end
  }
  return -1
}

/** The offset of the last `count` code points, -1 if there are fewer. */
function startOfSuffix(text: string, count: number): number {
  let at = text.length
  for (let i = 0; i < count; i++) {
    if (at === 0) return -1
    at -= (text.charCodeAt(at - 1) & 0xfc00) === 0xdc00 ? 2 : 1
  }
  return at
}

function isInsidePair(text: string, at: number): boolean {
  return at > 0 && at < text.length && (text.charCodeAt(at) & 0xfc00) === 0xdc00
}
