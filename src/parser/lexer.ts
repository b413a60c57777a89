/**
 * PostgreSQL's lexical structure (its manual, chapter 4.1; the rules of scan.l), by hand: one pass over char codes.
 *
 * chevrotain's own lexer would need a custom pattern for nearly every token (nested comments, dollar quotes, strings
 * that continue on the next line, operators that end where a comment begins), so it would only add start-up time.
 * The tokens are chevrotain's, with values already decoded: names folded and cut, strings unescaped, numbers exact.
 */
import type { TokenType } from 'chevrotain'
import {
  DatabaseError,
  invalidEncoding,
  noSuchParameter,
  numberTooLarge,
  parameterNumberTooLarge,
  syntaxError,
  unsupportedSyntax,
} from '../errors.ts'
import { isDigit, isIdentifierPart, isIdentifierStart, isOperator, isSpace } from './characters.ts'
import { foldIdentifier, truncateIdentifier } from './identifiers.ts'
import { numberEnd, numberValue } from './numbers.ts'
import { commentEnd, continuesAfter, dollarTagEnd, flatten, quotedEnd } from './quoting.ts'
import { decodeEscapes, decodeUnicode } from './escapes.ts'
import {
  Arrow,
  Colon,
  ColonEquals,
  Comma,
  Comparison,
  Dot,
  DotDot,
  Equal,
  IntegerToken,
  LBracket,
  LParen,
  Minus,
  Multiplicative,
  NumberJunk,
  NumericToken,
  Operator,
  ParameterToken,
  Plus,
  Power,
  QuotedIdentifier,
  RBracket,
  RParen,
  Semicolon,
  Star,
  StringToken,
  Token,
  Typecast,
  wordType,
} from './tokens.ts'

const singleQuote = 39
const doubleQuote = 34
const dollar = 36
const maxParameters = 65535

const punctuation = new Map<number, TokenType>(
  [LParen, RParen, LBracket, RBracket, Comma, Semicolon].map((type, i) => ['()[],;'.charCodeAt(i), type]),
)

const operatorTypes = new Map<string, TokenType>([
  ['+', Plus],
  ['-', Minus],
  ['*', Star],
  ['/', Multiplicative],
  ['%', Multiplicative],
  ['^', Power],
  ['=', Equal],
  ['<', Comparison],
  ['>', Comparison],
  ['<=', Comparison],
  ['>=', Comparison],
  ['<>', Comparison],
  ['!=', Comparison],
  ['=>', Arrow],
])

/**
 * The tokens of a text, without end marker. A word's text is folded in `value`.
 * Errors: 42601 for what is no token, 22021 for characters that text cannot hold, 0A000 for bit strings; with
 * `onlyShape`, which asks just where tokens end, those are strings too.
 */
export function tokenise(sql: string, onlyShape = false): Token[] {
  const tokens: Token[] = []
  const lexer = new Lexer(sql, onlyShape)
  for (let token = lexer.next(); token !== null; token = lexer.next()) tokens.push(token)
  return tokens
}

class Lexer {
  private readonly sql: string
  private readonly onlyShape: boolean
  private at = 0

  constructor(sql: string, onlyShape: boolean) {
    this.sql = sql
    this.onlyShape = onlyShape
  }

  next(): Token | null {
    const sql = this.sql
    this.skipSpace()
    if (this.at >= sql.length) return null
    const code = sql.charCodeAt(this.at)
    if (isIdentifierStart(code)) return this.word(code)
    if (isDigit(code)) return this.number()
    const mark = punctuation.get(code)
    if (mark !== undefined) return this.token(mark, this.at + 1, '')
    switch (code) {
      case singleQuote:
        return this.string(this.at, this.at)
      case doubleQuote:
        return this.quotedIdentifier()
      case dollar:
        return this.dollar()
      case 46: // .
        if (isDigit(sql.charCodeAt(this.at + 1))) return this.number()
        return sql.charCodeAt(this.at + 1) === 46
          ? this.token(DotDot, this.at + 2, '')
          : this.token(Dot, this.at + 1, '')
      case 58: {
        // :
        const following = sql.charCodeAt(this.at + 1)
        if (following === 58) return this.token(Typecast, this.at + 2, '')
        return following === 61 ? this.token(ColonEquals, this.at + 2, '') : this.token(Colon, this.at + 1, '')
      }
    }
    if (isOperator(code)) return this.operator()
    if (code === 0) throw invalidEncoding('0x00', this.at)
    throw syntaxError('syntax error', String.fromCodePoint(sql.codePointAt(this.at) ?? code), this.at)
  }

  private token(type: TokenType, end: number, value: Token['value']): Token {
    const token = new Token(this.sql, this.at, end, type, value)
    this.at = end
    return token
  }

  private skipSpace(): void {
    const sql = this.sql
    for (;;) {
      const code = sql.charCodeAt(this.at)
      if (isSpace(code)) this.at++
      else {
        const end = commentEnd(sql, this.at)
        if (end === this.at) return
        if (end < 0) throw syntaxError('unterminated /* comment', sql.slice(this.at), this.at)
        this.at = end
      }
    }
  }

  private word(code: number): Token {
    const sql = this.sql
    const start = this.at
    const quote = sql.charCodeAt(start + 1)
    if (quote === singleQuote) {
      const letter = code | 32
      if (letter === 101) return this.string(start, start + 1) // E''
      if (letter === 98 || letter === 120) return this.refusedString('a bit string') // B'' X''
      if (letter === 110) return this.refusedString("N'…' (national character)")
    }
    if (quote === 38 && (code | 32) === 117) {
      if (sql.charCodeAt(start + 2) === singleQuote) return this.string(start, start + 2) // U&''
      if (sql.charCodeAt(start + 2) === doubleQuote) return this.unicodeIdentifier()
    }
    let end = start + 1
    while (isIdentifierPart(sql.charCodeAt(end))) end++
    const name = foldIdentifier(sql.slice(start, end), start)
    return this.token(wordType(name), end, name)
  }

  private number(): Token {
    const sql = this.sql
    const start = this.at
    let end = numberEnd(sql, start)
    if (isIdentifierStart(sql.charCodeAt(end))) {
      while (isIdentifierPart(sql.charCodeAt(end))) end++
      return this.token(NumberJunk, end, sql.slice(start, end).toLowerCase())
    }
    const value = numberValue(sql.slice(start, end))
    if (value === null) throw numberTooLarge(start)
    return this.token(typeof value === 'object' ? NumericToken : IntegerToken, end, value)
  }

  /** A string of a kind that is not built. */
  private refusedString(what: string): Token {
    if (this.onlyShape) return this.string(this.at + 1, this.at + 1)
    throw unsupportedSyntax(what, this.at)
  }

  /** A string whose token begins at `start` (at its prefix, if it has one) and whose quote stands at `quote`. */
  private string(start: number, quote: number): Token {
    const sql = this.sql
    const prefix = quote - start
    const parts: string[] = []
    let open = quote
    let end = 0
    for (;;) {
      end = quotedEnd(sql, open, prefix === 1)
      if (end < 0) throw syntaxError('unterminated quoted string', sql.slice(start), start)
      const part = sql.slice(open + 1, end - 1)
      parts.push(prefix === 1 ? part : part.replaceAll("''", "'"))
      const following = continuesAfter(sql, end)
      if (following < 0) break
      open = following
    }
    let value: string
    if (prefix === 1) value = decodeEscapes(parts, start)
    else if (prefix === 2) {
      const escape = this.unicodeEscape(end)
      value = decodeUnicode(parts.join(''), escape.character, start)
      end = escape.end
    } else value = parts.join('')
    if (value.includes('\0')) throw invalidEncoding('0x00', start)
    if (!value.isWellFormed()) throw invalidEncoding('a lone surrogate', start)
    return this.token(StringToken, end, flatten(value))
  }

  private quotedIdentifier(): Token {
    const sql = this.sql
    const end = quotedEnd(sql, this.at, false)
    if (end < 0) throw syntaxError('unterminated quoted identifier', sql.slice(this.at), this.at)
    return this.token(
      QuotedIdentifier,
      end,
      this.identifier(sql.slice(this.at + 1, end - 1).replaceAll('""', '"'), end),
    )
  }

  private unicodeIdentifier(): Token {
    const sql = this.sql
    const close = quotedEnd(sql, this.at + 2, false)
    if (close < 0) throw syntaxError('unterminated quoted identifier', sql.slice(this.at), this.at)
    const { end, character } = this.unicodeEscape(close)
    const name = decodeUnicode(sql.slice(this.at + 3, close - 1).replaceAll('""', '"'), character, this.at)
    return this.token(QuotedIdentifier, end, this.identifier(name, close))
  }

  private identifier(name: string, end: number): string {
    if (name === '') throw syntaxError('zero-length delimited identifier', this.sql.slice(this.at, end), this.at)
    if (name.includes('\0')) throw invalidEncoding('0x00', this.at)
    if (!name.isWellFormed()) throw invalidEncoding('a lone surrogate', this.at)
    return flatten(truncateIdentifier(name))
  }

  /** Reads `UESCAPE 'c'` behind a Unicode string or identifier that ends at `end`. */
  private unicodeEscape(end: number): { readonly end: number; readonly character: string } {
    const before = this.at
    try {
      this.at = end
      this.skipSpace()
      const sql = this.sql
      if (
        sql.slice(this.at, this.at + 7).toLowerCase() !== 'uescape' ||
        isIdentifierPart(sql.charCodeAt(this.at + 7))
      ) {
        return { end, character: '\\' }
      }
      this.at += 7
      this.skipSpace()
      const open = this.at
      const close = sql.charCodeAt(open) === singleQuote ? quotedEnd(sql, open, false) : -1
      const near = sql.slice(open, open + 10) || null
      if (close < 0) throw syntaxError('UESCAPE must be followed by a simple string literal', near, open)
      const character = sql.slice(open + 1, close - 1)
      if (character.length !== 1 || /[0-9a-fA-F+'"\s]/.test(character)) {
        throw syntaxError('invalid Unicode escape character', sql.slice(open, close), open)
      }
      return { end: close, character }
    } finally {
      this.at = before
    }
  }

  private dollar(): Token {
    const sql = this.sql
    const start = this.at
    let end = start + 1
    if (isDigit(sql.charCodeAt(end))) {
      while (isDigit(sql.charCodeAt(end))) end++
      const index = Number(sql.slice(start + 1, end))
      if (isIdentifierStart(sql.charCodeAt(end))) {
        while (isIdentifierPart(sql.charCodeAt(end))) end++
        throw syntaxError('trailing junk after parameter', sql.slice(start, end), start)
      }
      if (index > maxParameters) throw parameterNumberTooLarge(sql.slice(start, end), start)
      if (index === 0) throw noSuchParameter(0, start)
      return this.token(ParameterToken, end, index)
    }
    const bodyStart = dollarTagEnd(sql, start)
    if (bodyStart < 0) throw syntaxError('syntax error', '$', start)
    const tag = sql.slice(start, bodyStart)
    const close = sql.indexOf(tag, bodyStart)
    if (close < 0) throw syntaxError('unterminated dollar-quoted string', sql.slice(start), start)
    const value = sql.slice(bodyStart, close)
    if (value.includes('\0')) throw invalidEncoding('0x00', start)
    if (!value.isWellFormed()) throw invalidEncoding('a lone surrogate', start)
    return this.token(StringToken, close + tag.length, flatten(value))
  }

  /**
   * The longest run of operator characters, cut where a comment begins. A run of several may end in + or - only if it
   * contains a character that no standard operator has; so `a=-1` is `=` and `-`, and `@-` is one.
   */
  private operator(): Token {
    const sql = this.sql
    const start = this.at
    let end = start + 1
    while (isOperator(sql.charCodeAt(end)) && commentEnd(sql, end, true) === end) end++
    let run = sql.slice(start, end)
    if (!/[~!@#^&|`?%]/.test(run)) while (run.length > 1 && /[+-]$/.test(run)) run = run.slice(0, -1)
    if (run.length >= 64) throw syntaxError('operator too long', run, start)
    return this.token(operatorTypes.get(run) ?? Operator, start + run.length, run === '!=' ? '<>' : run)
  }
}

/** True for an error of the lexer about something that more text could end: a string, a comment, a quoted name. */
export const isUnterminated = (error: unknown): boolean =>
  error instanceof DatabaseError && error.message.startsWith('unterminated')
