/**
 * The token types that the grammars decide by, and the token that the lexer makes.
 *
 * A word costs a token type (and start-up time) only if a grammar must tell it from others by looking at one token.
 * Every other word falls into the type of its class: `Word` for unreserved ones and plain identifiers, `ColumnWord`,
 * `FunctionWord`, `ReservedWord`; a few groups that the grammar treats alike share one type (`TypeWord`, `SpecialForm`,
 * `NiladicFunction`). Rare unreserved words (`isolation`, `delimiter`, …) stay `Word`s that a rule compares by value.
 * `wordType` is the lexer's single look-up.
 *
 * Categories say where a word may stand: `ColumnId` names columns and tables, `NonReserved` functions and types too,
 * `BareLabel` a column of the output without AS, `Label` with it.
 */
import { createToken } from 'chevrotain'
import type { IToken, TokenType } from 'chevrotain'
import { assert } from '../assert.ts'
import type { NumericValue } from './ast.ts'
import { columnWords, functionWords, labelNeedsAs, reservedWords } from './keywords.ts'
import type { KeywordClass } from './keywords.ts'

/** What a token stands for: a folded name, an operator, the value of a literal. */
export type TokenValue = string | number | bigint | NumericValue

export class Token implements IToken {
  readonly text: string
  readonly startOffset: number
  /** The offset of the last character, as chevrotain counts. */
  readonly endOffset: number
  readonly tokenType: TokenType
  readonly tokenTypeIdx: number
  readonly value: TokenValue
  /** The literal's index in the normalised text. */
  slot: number | null = null

  /** `end` is the offset behind the token. */
  constructor(text: string, start: number, end: number, type: TokenType, value: TokenValue) {
    this.text = text
    this.startOffset = start
    this.endOffset = end - 1
    this.tokenType = type
    this.tokenTypeIdx = type.tokenTypeIdx ?? 0
    this.value = value
  }

  /** A word's folded text; anything else as it is written. */
  get name(): string {
    return typeof this.value === 'string' ? this.value : this.image
  }

  get image(): string {
    return this.text.slice(this.startOffset, this.endOffset + 1)
  }
}

const vocabulary: TokenType[] = []

/**
 * `label` is how messages call it. The pattern is never used: the lexer is our own. The categories' members are noted
 * here, because createToken would work all of them out anew for each token.
 */
function define(name: string, label: string, categories: TokenType[] = []): TokenType {
  const type = createToken({ name, label, pattern: /NEVER/ })
  const index = type.tokenTypeIdx ?? 0
  type.CATEGORIES = categories
  for (const category of categories) {
    category.isParent = true
    category.categoryMatches ??= []
    category.categoryMatches.push(index)
    category.categoryMatchesMap ??= {}
    category.categoryMatchesMap[index] = true
  }
  vocabulary.push(type)
  return type
}

export const ColumnId = define('ColumnId', 'a name')
export const NonReserved = define('NonReserved', 'a name')
export const BareLabel = define('BareLabel', 'a label')
export const Label = define('Label', 'a label')
/** An operator between two operands whose node is a `BinaryExpression`. */
export const InfixOperator = define('InfixOperator', 'an operator')
/** A prefix operator that binds tightest. */
export const Sign = define('Sign', 'a sign')

export const LParen = define('LParen', '(')
export const RParen = define('RParen', ')')
export const LBracket = define('LBracket', '[')
export const RBracket = define('RBracket', ']')
export const Comma = define('Comma', ',')
export const Semicolon = define('Semicolon', ';')
export const Dot = define('Dot', '.')
export const DotDot = define('DotDot', '..')
export const Colon = define('Colon', ':')
export const ColonEquals = define('ColonEquals', ':=')
export const Arrow = define('Arrow', '=>')
export const Typecast = define('Typecast', '::')
export const Plus = define('Plus', '+', [InfixOperator, Sign])
export const Minus = define('Minus', '-', [InfixOperator, Sign])
export const Star = define('Star', '*', [InfixOperator])
export const Multiplicative = define('Multiplicative', 'an operator', [InfixOperator])
export const Power = define('Power', '^', [InfixOperator])
export const Equal = define('Equal', '=', [InfixOperator])
export const Comparison = define('Comparison', 'an operator', [InfixOperator])
/** Every other operator token, `||` too. */
export const Operator = define('Operator', 'an operator', [InfixOperator])

export const IntegerToken = define('IntegerToken', 'a number')
export const NumericToken = define('NumericToken', 'a number')
export const StringToken = define('StringToken', 'a string')
export const ParameterToken = define('ParameterToken', 'a parameter')
/** `2PL` where a number is followed by letters; only SERIALIZABLE USING takes it. */
export const NumberJunk = define('NumberJunk', 'a number')

const categoriesOf = (kind: KeywordClass, needsAs: boolean): TokenType[] => [
  ...(kind === 'unreserved' || kind === 'column' ? [ColumnId] : []),
  ...(kind === 'reserved' ? [] : [NonReserved]),
  ...(needsAs ? [] : [BareLabel]),
  Label,
]

/** An identifier or an unreserved word; `value` is folded. */
export const Word = define('Word', 'a name', categoriesOf('unreserved', false))
export const QuotedIdentifier = define('QuotedIdentifier', 'a name', categoriesOf('unreserved', false))
/** An unreserved word that is a label only behind AS. */
export const LabelWord = define('LabelWord', 'a name', categoriesOf('unreserved', true))
export const ColumnWord = define('ColumnWord', 'a name', categoriesOf('column', false))
export const FunctionWord = define('FunctionWord', 'a name', categoriesOf('function', false))
export const ReservedWord = define('ReservedWord', 'a keyword', categoriesOf('reserved', false))
/** `int`, `timestamp`, …: names of types whose syntax is their own. */
export const TypeWord = define('TypeWord', 'a type', categoriesOf('column', false))
/** `extract`, `substring`, …: functions whose arguments have a syntax of their own. */
export const SpecialForm = define('SpecialForm', 'a function', categoriesOf('column', false))
/** `current_date`, …: functions that are called without parentheses. */
export const NiladicFunction = define('NiladicFunction', 'a function', categoriesOf('reserved', false))

const grammarWords = [
  'select distinct all from where group by having order limit offset fetch first next row rows only nulls last asc',
  'desc as values table default join inner left outer cross on using natural right full lateral tablesample',
  'and or not is isnull notnull null true false unknown in like ilike similar between symmetric asymmetric escape',
  'case when then else end cast collate exists any some array interval',
  'insert into update set delete returning with union intersect except window for',
  'begin start commit rollback abort savepoint release transaction work to explain analyze',
  'create drop index unique primary key check constraint references foreign if cascade restrict copy show reset',
  'truncate prepare lock listen unlisten notify call',
]
  .join(' ')
  .split(' ')

const classOf = new Map<string, KeywordClass>()
for (const word of reservedWords) classOf.set(word, 'reserved')
for (const word of columnWords) classOf.set(word, 'column')
for (const word of functionWords) classOf.set(word, 'function')

const keywords = new Map<string, TokenType>()

/** The type of each word that is not a plain `Word`. */
const types = new Map<string, TokenType>()
for (const word of labelNeedsAs) types.set(word, LabelWord)
for (const word of reservedWords) types.set(word, ReservedWord)
for (const word of columnWords) types.set(word, ColumnWord)
for (const word of functionWords) types.set(word, FunctionWord)
for (const word of 'int integer bigint smallint real float decimal dec numeric boolean bit char character varchar nchar national timestamp time'.split(
  ' ',
))
  types.set(word, TypeWord)
for (const word of 'extract substring position trim overlay normalize treat'.split(' ')) types.set(word, SpecialForm)
for (const word of 'current_date current_time current_timestamp localtime localtimestamp current_user current_role session_user system_user user current_catalog'.split(
  ' ',
))
  types.set(word, NiladicFunction)
for (const word of grammarWords) {
  const categories = categoriesOf(classOf.get(word) ?? 'unreserved', labelNeedsAs.has(word))
  const type = define(`Keyword_${word}`, word.toUpperCase(), categories)
  types.set(word, type)
  keywords.set(word, type)
}

/** The token type of a folded, unquoted word. */
export const wordType = (word: string): TokenType => types.get(word) ?? Word

/** The token type of a keyword that the grammars decide by. */
export function keyword(word: string): TokenType {
  const type = keywords.get(word)
  assert(type !== undefined, 'the keyword has a token type of its own')
  return type
}

export const keywordNames: readonly string[] = grammarWords
export const tokenVocabulary: readonly TokenType[] = vocabulary

/** The `tokenTypeIdx` of every word that may name a column. */
export const columnIdTypes: ReadonlySet<number | undefined> = new Set(
  vocabulary.filter((type) => type.CATEGORIES?.includes(ColumnId)).map((type) => type.tokenTypeIdx),
)
