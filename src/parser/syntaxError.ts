/**
 * What a syntax error says beside PostgreSQL's `syntax error at or near "x"`: what was expected there, and whether a
 * word was misspelt.
 *
 * Both are found by trying. The tokens before the failure are parsed again with each candidate behind them: the parse
 * that gets past the candidate shows that it could stand there. So the answer needs no second description of the
 * grammar, and what GATEs and actions decide is included. The price is some hundred parses of a prefix, paid by errors
 * only; a long prefix is not tried.
 */
import { DatabaseError, syntaxError } from '../errors.ts'
import type { Statement } from './ast.ts'
import {
  BareLabel,
  ColumnWord,
  Comma,
  Dot,
  Equal,
  FunctionWord,
  IntegerToken,
  LParen,
  LabelWord,
  NonReserved,
  NumberJunk,
  ParameterToken,
  Plus,
  RParen,
  ReservedWord,
  Star,
  StringToken,
  Token,
  Word,
  columnIdTypes,
  keyword,
  keywordNames,
  wordType,
} from './tokens.ts'
import { closestWord } from './spelling.ts'
import type { TokenType } from 'chevrotain'

/** A statement, or the offset of the token at which the text stops being one (null: at its end). */
export type Attempt = Statement | { readonly kind: 'failure'; readonly offset: number | null }

interface Failure {
  readonly sql: string
  /** The statement's tokens. */
  readonly tokens: readonly Token[]
  readonly offset: number | null
  /** Where the statement's semicolon stands, if it has one. */
  readonly semicolon: number | null
  readonly attempt: (tokens: Token[]) => Attempt
}

/** Longer prefixes are not parsed again. */
const maxPrefix = 400

/** More would not be read. */
const maxListed = 8

/** Words without a token type of their own that some rule asks for. */
const contextualWords =
  'isolation level read write committed uncommitted repeatable serializable snapshot deferrable chain no stdin session characteristics local csv header delimiter quote zone time ssi serial'.split(
    ' ',
  )

/** Statements in which contextual words are asked for. */
const contextualStatements = new Set('begin start set commit end rollback abort copy show reset'.split(' '))

/** Keywords that are never expected behind the first word: they begin statements, or what they begin is not built. */
const neverExpected = new Set(
  'begin start commit rollback abort savepoint release explain create drop copy show reset truncate natural right full lateral tablesample union intersect except window any some collate references foreign'.split(
    ' ',
  ),
)

/** Keywords that are operators: "an operator" says enough. */
const operatorWords = new Set('and or is isnull notnull not in like ilike between similar escape'.split(' '))

/** Keywords that begin an expression: "an expression" says enough. */
const expressionWords = new Set('null true false not case cast array exists interval unknown'.split(' '))

/** The error for a text that its grammar refused. */
export function explainFailure(failure: Failure): DatabaseError {
  const { sql, tokens, offset, semicolon } = failure
  const found = offset === null ? tokens.length : tokens.findIndex((token) => token.startOffset === offset)
  const token = tokens[found]
  if (token !== undefined && token.tokenTypeIdx === NumberJunk.tokenTypeIdx) {
    return syntaxError('trailing junk after numeric literal', token.image, token.startOffset)
  }
  const near = token?.image ?? (semicolon === null ? null : ';')
  const at = token?.startOffset ?? semicolon ?? sql.length
  if (found > maxPrefix) return syntaxError('syntax error', near, at)
  const { detail, word } = withoutStacks(() => {
    const trial = new Trial(failure, found)
    return { detail: found === 0 ? 'Expected a statement.' : trial.expectation(), word: trial.misspelt() }
  })
  return syntaxError('syntax error', near, at, {
    ...(detail === null ? {} : { detail }),
    ...(word === null ? {} : { hint: `Perhaps you meant "${word.toUpperCase()}".` }),
  })
}

/** Most of a failed parse's time goes into the stack that its error captures, and nobody sees these errors. */
function withoutStacks<T>(run: () => T): T {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  try {
    return run()
  } finally {
    Error.stackTraceLimit = limit
  }
}

class Trial {
  private readonly failure: Failure
  private readonly found: number
  private readonly prefix: readonly Token[]

  constructor(failure: Failure, found: number) {
    this.failure = failure
    this.found = found
    this.prefix = failure.tokens.slice(0, found)
  }

  /** True if the grammar gets past `token` when it stands behind the first tokens. */
  private accepts(type: TokenType, value: Token['value'], prefix = this.prefix, rest: readonly Token[] = []): boolean {
    const at = this.failure.sql.length + 1
    const token = new Token('', at, at, type, value)
    const last = rest.at(-1)?.startOffset
    try {
      const result = this.failure.attempt([...prefix, token, ...rest])
      // With a rest, the parse has to get to its end.
      return result.kind !== 'failure' || (last === undefined ? result.offset !== at : result.offset === null)
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error
      return last !== undefined && error.code === '0A000'
    }
  }

  private acceptsWord(word: string): boolean {
    return this.accepts(wordType(word), word)
  }

  /** A sentence that names what could stand there. */
  expectation(): string | null {
    const expected: string[] = []
    const number = this.accepts(IntegerToken, 1)
    const text = this.accepts(StringToken, '')
    const name = this.accepts(Word, '')
    const label = name && this.accepts(keyword('from'), 'from') && this.accepts(ReservedWord, '')
    const expression = number && text && this.accepts(ParameterToken, 1)
    const operator = this.accepts(Plus, '+') && !expression
    if (expression) expected.push('an expression')
    else {
      if (name) expected.push('a name')
      if (text && !operator) expected.push('a string')
      if (number) expected.push('a number')
    }
    if (operator) expected.push('an operator')
    const marks: readonly (readonly [TokenType, string])[] = [
      [LParen, '('],
      [RParen, ')'],
      [Comma, ','],
      [Equal, '='],
      [Star, '*'],
      [Dot, '.'],
    ]
    for (const [type, mark] of marks) {
      const covered =
        (expression && mark === '(') || (operator && (mark === '=' || mark === '*' || mark === '.' || mark === '('))
      if (!covered && this.accepts(type, mark)) expected.push(`"${mark}"`)
    }
    if (!label) expected.push(...this.expectedKeywords(operator, expression, name))
    if (this.failure.attempt([...this.prefix]).kind !== 'failure') expected.push('the end of the statement')
    return sentence(expected)
  }

  /** Keywords that could stand there as such, not as a name or label. */
  private expectedKeywords(operator: boolean, expression: boolean, name: boolean): string[] {
    const asLabel = this.accepts(ReservedWord, '')
    const asColumnWord = this.accepts(ColumnWord, '')
    const asFunction = this.accepts(FunctionWord, '')
    const asLabelWord = this.accepts(LabelWord, '')
    const isName = (type: TokenType): boolean => {
      if (asLabel && BareLabel.categoryMatches?.includes(type.tokenTypeIdx ?? -1)) return true
      if (columnIdTypes.has(type.tokenTypeIdx)) return asColumnWord || (name && asLabelWord)
      return asFunction && type.CATEGORIES?.includes(NonReserved) === true
    }
    const words = keywordNames.filter((word) => {
      if (neverExpected.has(word) || (operator && operatorWords.has(word)) || (expression && expressionWords.has(word)))
        return false
      const type = wordType(word)
      return !isName(type) && this.accepts(type, word)
    })
    if (!name && contextualStatements.has(this.prefix[0]?.name ?? ''))
      words.push(...contextualWords.filter((word) => this.acceptsWord(word)))
    if (this.accepts(NumberJunk, '2pl')) words.push('2PL')
    return words.map((word) => word.toUpperCase())
  }

  /** The keyword that the text probably meant, at the failure or up to two words before it. */
  misspelt(): string | null {
    const { tokens } = this.failure
    for (let index = this.found; index >= Math.max(0, this.found - 2); index--) {
      const token = tokens[index]
      if (token === undefined || token.tokenTypeIdx !== Word.tokenTypeIdx) continue
      const prefix = tokens.slice(0, index)
      // Before the failure, the word has to carry the parse beyond it; at the failure, beyond itself.
      const rest = tokens.slice(index + 1, this.found + 1)
      const word = closestWord(token.name, [...keywordNames, ...contextualWords], (candidate) =>
        this.accepts(wordType(candidate), candidate, prefix, rest),
      )
      if (word !== null) return word
    }
    return null
  }
}

/** "Expected a, b or c." */
function sentence(expected: readonly string[]): string | null {
  if (expected.length === 0) return null
  if (expected.length > maxListed) return `Expected ${expected.slice(0, maxListed).join(', ')}, ….`
  const last = expected.at(-1) ?? ''
  return `Expected ${expected.length === 1 ? last : `${expected.slice(0, -1).join(', ')} or ${last}`}.`
}
