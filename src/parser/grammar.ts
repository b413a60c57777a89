/**
 * What both grammars share: names, types, and the seams to the parse that surrounds them (depth, pins, failures).
 *
 * One token of lookahead decides everywhere (`maxLookahead: 1`): every choice is then a table look-up by token type,
 * and building the grammar stays cheap. Where PostgreSQL needs more, a rule looks ahead by itself, in a GATE.
 * Rules record themselves once with placeholder tokens (chevrotain's recording phase): actions that could fail on
 * placeholders stand in `ACTION`.
 */
import { EmbeddedActionsParser } from 'chevrotain'
import type { IParserErrorMessageProvider, TokenType } from 'chevrotain'
import { statementTooComplex, unsupportedSyntax } from '../errors.ts'
import { maxExpressionDepth } from './ast.ts'
import type { ColumnName, IntegerLiteral, NumericLiteral, StringLiteral, TableName, TypeName } from './ast.ts'
import { FirstSetLookahead } from './lookahead.ts'
import {
  ColumnId,
  ColumnWord,
  Comma,
  Dot,
  IntegerToken,
  LBracket,
  LParen,
  Label,
  LabelWord,
  Minus,
  NonReserved,
  RParen,
  Token,
  TypeWord,
  Word,
  keyword,
  tokenVocabulary,
} from './tokens.ts'
import type { TokenValue } from './tokens.ts'

/** The text stops being SQL at `offset`; null is its end. Says no more: syntaxError.ts finds out what was expected. */
export class GrammarFailure extends Error {
  readonly offset: number | null

  constructor(offset: number | null) {
    super('syntax error')
    this.offset = offset
  }
}

// Messages are made from the tokens (syntaxError.ts); chevrotain would assemble its own at each failed attempt.
const noMessages: IParserErrorMessageProvider = {
  buildMismatchTokenMessage: () => '',
  buildNotAllInputParsedMessage: () => '',
  buildNoViableAltMessage: () => '',
  buildEarlyExitMessage: () => '',
}

/** A node while its parse may still change it. */
type Writable<T> = { -readonly [K in keyof T]: T[K] }

type Literal = IntegerLiteral | NumericLiteral | StringLiteral

/** A literal node while it is being built: its slot is taken away if it turns out to be pinned. */
interface Slotted {
  slot: number | null
}

export interface Ordering {
  readonly descending: boolean
  readonly nullsFirst: boolean
}

const Desc = keyword('desc')
const First = keyword('first')

const internalNames: Readonly<Record<string, string>> = {
  int: 'int4',
  integer: 'int4',
  bigint: 'int8',
  smallint: 'int2',
  real: 'float4',
  decimal: 'numeric',
  dec: 'numeric',
  boolean: 'bool',
  char: 'bpchar',
  character: 'bpchar',
  nchar: 'bpchar',
}

/** Stands for a token while the grammar is recorded. */
export const placeholder = new Token('', 0, 0, Word, '')

export abstract class Grammar extends EmbeddedActionsParser {
  /** Slots whose value belongs to the plan. */
  readonly pinned: number[] = []
  /** The literals of this statement that still have a slot, in the order of the text. */
  private readonly slotted: Slotted[] = []
  private depth = 0
  /** Within the moment of AS OF SYSTEM TIME: the one place where intervals are understood. */
  protected inMoment = false

  /** `validate` runs chevrotain's checks of the grammar, which take longer than all else; tests do. */
  constructor(validate: boolean) {
    const lookaheadStrategy = new FirstSetLookahead()
    super([...tokenVocabulary], {
      maxLookahead: 1,
      skipValidations: !validate,
      errorMessageProvider: noMessages,
      ...(validate ? {} : { lookaheadStrategy }),
    })
    lookaheadStrategy.parser = this
  }

  nextTokenType(): number {
    return this.LA_FAST(1).tokenTypeIdx
  }

  override reset(): void {
    super.reset()
    this.depth = 0
    this.pinned.length = 0
    this.slotted.length = 0
  }

  // ------------------------------------------------------------------------------------------------------- seams

  protected take(index: number, type: TokenType): Token {
    const token = this.consume(index, type)
    return token instanceof Token ? token : placeholder
  }

  protected at(type: TokenType, ahead = 1): boolean {
    return this.LA(ahead).tokenTypeIdx === type.tokenTypeIdx
  }

  protected valueAt(ahead: number): TokenValue | null {
    const token = this.LA(ahead)
    return token instanceof Token ? token.value : null
  }

  /** The text of a token in upper case, for messages. */
  protected upperAt(ahead: number): string {
    return this.LA(ahead).image.toUpperCase()
  }

  /** True if the next token is this unquoted word, whatever token type it has. */
  protected atWord(word: string, ahead = 1): boolean {
    const token = this.LA(ahead)
    return (
      token instanceof Token &&
      token.value === word &&
      token.tokenType.name !== 'QuotedIdentifier' &&
      token.tokenType.name !== 'StringToken'
    )
  }

  /** Takes an unreserved word that has no token type of its own. */
  protected takeWord(index: number, word: string): Token {
    if (!this.RECORDING_PHASE && !this.atWord(word)) this.fail()
    return this.take(index, Word)
  }

  /**
   * chevrotain's own way to refuse a choice works out all paths of the grammar for its message, which takes longer
   * than the parse. These two stand in for it (they are not in its declarations; were they renamed, `attempt` in
   * parse.ts understands chevrotain's errors too).
   */
  protected raiseNoAltException(): never {
    this.fail()
  }

  protected raiseEarlyExitException(): never {
    this.fail()
  }

  protected fail(): never {
    const token = this.LA(1)
    throw new GrammarFailure(token instanceof Token ? token.startOffset : null)
  }

  /** The next token begins something of PostgreSQL's that is not built. */
  protected refuse(what: string, ahead = 1): never {
    const token = this.LA(ahead)
    throw unsupportedSyntax(what, token instanceof Token ? token.startOffset : 0)
  }

  /** Counts a level of nesting that the rules recurse for; `leave` ends it. */
  protected enter(): void {
    if (++this.depth > maxExpressionDepth && !this.RECORDING_PHASE) throw statementTooComplex()
  }

  protected leave(): void {
    this.depth--
  }

  protected track<T extends Literal>(literal: Writable<T>): T {
    if (literal.slot !== null && !this.RECORDING_PHASE) this.slotted.push(literal)
    return literal
  }

  /** A mark for `pinSince`. */
  protected literalCount(): number {
    return this.slotted.length
  }

  /** Pins the literals read since `from`, up to `to`: their values become part of the plan's key. */
  protected pinSince(from: number, to = this.slotted.length): void {
    for (let i = from; i < to; i++) {
      const literal = this.slotted[i]
      if (literal === undefined || literal.slot === null) continue
      this.pinned.push(literal.slot)
      literal.slot = null
    }
  }

  // ------------------------------------------------------------------------------------------------------- names

  protected columnName(index: number): ColumnName {
    const token = this.take(index, ColumnId)
    return { name: token.name, position: token.startOffset }
  }

  readonly tableName = this.RULE('tableName', (): TableName => {
    const first = this.take(1, ColumnId)
    let schema: string | null = null
    let name = first
    this.OPTION(() => {
      this.CONSUME(Dot)
      schema = first.name
      name = this.take(2, Label)
    })
    if (this.at(Dot)) this.refuse('a cross-database reference')
    return { schema, name: name.name, position: first.startOffset }
  })

  readonly columnNames = this.RULE('columnNames', (): readonly ColumnName[] => {
    const names: ColumnName[] = []
    this.CONSUME(LParen)
    this.AT_LEAST_ONE_SEP({ SEP: Comma, DEF: () => names.push(this.columnName(1)) })
    this.CONSUME(RParen)
    return names
  })

  // ------------------------------------------------------------------------------------------------------- types

  readonly typeName = this.RULE('typeName', (): TypeName => {
    const position = this.LA(1).startOffset
    const type = this.OR([
      { ALT: () => this.SUBRULE(this.wordedType), IGNORE_AMBIGUITIES: true },
      { ALT: () => this.SUBRULE(this.namedType) },
    ])
    if (this.at(LBracket) || this.at(keyword('array'))) this.refuse('an array type')
    return { ...type, position }
  })

  /** A type whose name is a keyword: several words, modifiers in the middle. */
  protected readonly wordedType = this.RULE('wordedType', (): Omit<TypeName, 'position'> => {
    if (this.atWord('bit') || this.atWord('national')) this.refuse(`type ${this.LA(1).image}`)
    const word = this.take(1, TypeWord).name
    let name = internalNames[word] ?? word
    this.OPTION1({
      GATE: () => name === 'bpchar' && this.atWord('varying'),
      DEF: () => {
        this.take(2, LabelWord)
        name = 'varchar'
      },
    })
    const modifiers = this.OPTION2(() => this.SUBRULE(this.typeModifiers)) ?? []
    this.OPTION3({
      GATE: () => this.atWord('time', 2),
      DEF: () => {
        if (this.atWord('with')) name += 'tz'
        this.OR([{ ALT: () => this.CONSUME(keyword('with')) }, { ALT: () => this.take(3, LabelWord) }])
        this.take(4, TypeWord)
        this.takeWord(5, 'zone')
      },
    })
    if (word === 'float') return { schema: null, name: (modifiers[0] ?? 53) <= 24 ? 'float4' : 'float8', modifiers: [] }
    return { schema: null, name, modifiers }
  })

  private readonly namedType = this.RULE('namedType', (): Omit<TypeName, 'position'> => {
    if (this.atWord('interval') && !this.inMoment) this.refuse('type interval')
    if (this.atWord('setof')) this.refuse('SETOF')
    let name = this.take(1, NonReserved).name
    let schema: string | null = null
    this.OPTION1(() => {
      this.CONSUME(Dot)
      schema = name
      name = this.take(2, Label).name
    })
    this.OPTION2({
      GATE: () => name === 'double' && this.atWord('precision'),
      DEF: () => {
        this.take(3, ColumnWord)
        name = 'float8'
      },
    })
    const modifiers = this.OPTION3(() => this.SUBRULE(this.typeModifiers)) ?? []
    return { schema, name, modifiers }
  })

  private readonly typeModifiers = this.RULE('typeModifiers', (): readonly number[] => {
    const modifiers: number[] = []
    this.CONSUME(LParen)
    this.AT_LEAST_ONE_SEP({
      SEP: Comma,
      DEF: () => {
        const negative = this.OPTION(() => this.CONSUME(Minus)) !== undefined
        const token = this.take(1, IntegerToken)
        this.pinToken(token)
        modifiers.push(negative ? -Number(token.value) : Number(token.value))
      },
    })
    this.CONSUME(RParen)
    return modifiers
  })

  // ----------------------------------------------------------------------------------------------------- ordering

  /** `[ASC | DESC] [NULLS FIRST | LAST]`; nulls sort as if larger than all else. */
  protected readonly ordering = this.RULE('ordering', (): Ordering => {
    const descending = this.at(Desc)
    this.OPTION1(() => this.OR1([{ ALT: () => this.CONSUME(keyword('asc')) }, { ALT: () => this.CONSUME(Desc) }]))
    let nullsFirst = descending
    this.OPTION2(() => {
      this.CONSUME(keyword('nulls'))
      nullsFirst = this.at(First)
      this.OR2([{ ALT: () => this.CONSUME(First) }, { ALT: () => this.CONSUME(keyword('last')) }])
    })
    return { descending, nullsFirst }
  })

  /** A literal that becomes no node: its value is in the plan. */
  protected pinToken(token: Token): void {
    if (!this.RECORDING_PHASE && token.slot !== null) this.pinned.push(token.slot)
  }
}
