/** What an expression is made of: literals, names, calls, parentheses, prefixes. */
import type { TokenType } from 'chevrotain'
import type { Expression, IntegerLiteral, NumericLiteral, NumericValue } from './ast.ts'
import { SpecialFormGrammar } from './specialForms.ts'
import { placeholder } from './grammar.ts'
import { integerType } from './numbers.ts'
import { bindingPower } from './precedence.ts'
import {
  Arrow,
  ColonEquals,
  ColumnWord,
  Comma,
  Dot,
  IntegerToken,
  LParen,
  Label,
  NiladicFunction,
  NonReserved,
  NumericToken,
  Operator,
  ParameterToken,
  QuotedIdentifier,
  RParen,
  Sign,
  SpecialForm,
  Star,
  StringToken,
  TypeWord,
  columnIdTypes,
  keyword,
} from './tokens.ts'
import type { Token } from './tokens.ts'

const Null = keyword('null')
const True = keyword('true')
const False = keyword('false')
const Not = keyword('not')
const Interval = keyword('interval')

/** -2147483648 is an int4 and -9223372036854775808 an int8, though the digits alone are not. */
function smallestInteger(operand: Expression, position: number): Expression | null {
  if (operand.kind === 'integer' && operand.value === 2147483648) {
    return { kind: 'integer', type: 'int4', value: -2147483648, slot: null, position }
  }
  if (operand.kind === 'numeric' && operand.scale === 0 && operand.unscaled === 9223372036854775808n) {
    return { kind: 'integer', type: 'int8', value: -9223372036854775808n, slot: null, position }
  }
  return null
}

export abstract class OperandGrammar extends SpecialFormGrammar {
  /** The name that `nameTails` goes on from. */
  private first = placeholder

  protected override readonly operands = [
    // Before names, because these words are names as well where nothing special follows.
    { ALT: () => this.SUBRULE1(this.formOperand), IGNORE_AMBIGUITIES: true },
    { ALT: () => this.SUBRULE1(this.typeWordOperand), IGNORE_AMBIGUITIES: true },
    { ALT: () => this.name() },
    { ALT: () => this.integer() },
    { ALT: () => this.string() },
    { ALT: () => this.parameter() },
    { ALT: () => this.numeric() },
    { ALT: () => this.parenthesised() },
    { ALT: () => this.constant(Null, (position) => ({ kind: 'null', position })) },
    { ALT: () => this.constant(True, (position) => ({ kind: 'boolean', value: true, position })) },
    { ALT: () => this.constant(False, (position) => ({ kind: 'boolean', value: false, position })) },
    { ALT: () => this.signed() },
    { ALT: () => this.prefixed() },
    { ALT: () => this.not() },
    { ALT: () => this.SUBRULE1(this.caseExpression) },
    { ALT: () => this.SUBRULE1(this.cast) },
    { ALT: () => this.niladic() },
    { ALT: () => this.array() },
  ]

  // ----------------------------------------------------------------------------------------------------- literals

  private constant(type: TokenType, make: (position: number) => Expression): Expression {
    const token = this.take(30, type)
    this.height = 1
    return make(token.startOffset)
  }

  private integer(): Expression {
    const token = this.take(30, IntegerToken)
    const value = token.value as number | bigint
    this.height = 1
    return this.track<IntegerLiteral>({
      kind: 'integer',
      type: integerType(value),
      value,
      slot: token.slot,
      position: token.startOffset,
    })
  }

  private numeric(): Expression {
    const token = this.take(30, NumericToken)
    this.height = 1
    if (this.RECORDING_PHASE) return this.left
    const { unscaled, scale } = token.value as NumericValue
    return this.track<NumericLiteral>({
      kind: 'numeric',
      unscaled,
      scale,
      slot: token.slot,
      position: token.startOffset,
    })
  }

  private string(): Expression {
    this.height = 1
    return this.track(this.stringLiteral(30))
  }

  private parameter(): Expression {
    const token = this.take(30, ParameterToken)
    this.height = 1
    return { kind: 'parameter', index: token.value as number, position: token.startOffset }
  }

  // ------------------------------------------------------------------------------------------- prefixes, parentheses

  private parenthesised(): Expression {
    this.take(30, LParen)
    this.refuseSubquery()
    const inner = this.whole(30)
    if (this.at(Comma)) this.refuse('a row value')
    this.take(30, RParen)
    if (this.at(Dot)) this.refuse('a field of a composite value')
    return inner
  }

  private signed(): Expression {
    const token = this.take(30, Sign)
    const operand = this.operand(31, bindingPower.sign, this.restricted)
    if (token.value === '-' && !this.RECORDING_PHASE) {
      const smallest = smallestInteger(operand, token.startOffset)
      if (smallest !== null) return smallest
    }
    this.height++
    return { kind: 'unary', operator: token.name, operand, position: token.startOffset }
  }

  private prefixed(): Expression {
    const token = this.take(30, Operator)
    const operand = this.operand(32, bindingPower.operator + 1, this.restricted)
    this.height++
    return { kind: 'unary', operator: token.name, operand, position: token.startOffset }
  }

  private not(): Expression {
    if (this.restricted && !this.RECORDING_PHASE) this.fail()
    const position = this.take(30, Not).startOffset
    const operand = this.operand(33, bindingPower.not)
    this.height++
    return { kind: 'not', operand, position }
  }

  // -------------------------------------------------------------------------------------------------------- names

  private name(): Expression {
    const first = this.take(30, NonReserved)
    this.height = 1
    if (this.RECORDING_PHASE || (first.value === 'double' && this.atWord('precision') && this.at(StringToken, 2))) {
      this.option(30, () => this.take(30, ColumnWord))
      if (!this.RECORDING_PHASE) return this.typedLiteral(first, 'float8')
    }
    this.first = first
    const tail = this.option(31, this.nameTail)
    if (tail !== undefined && !this.RECORDING_PHASE) return tail
    if (first.value === 'current_schema') return this.call(null, first, [])
    if (!this.RECORDING_PHASE && !columnIdTypes.has(first.tokenTypeIdx)) this.fail()
    return { kind: 'column', schema: null, table: null, name: first.name, position: first.startOffset }
  }

  private readonly nameTail = (): Expression => this.or(30, this.nameTails)

  private readonly nameTails = [
    { ALT: () => this.SUBRULE1(this.qualified, { ARGS: [this.first] }) },
    { ALT: () => this.SUBRULE1(this.functionCall, { ARGS: [null, this.first] }) },
    { ALT: () => this.typedLiteral(this.first, this.first.name) },
  ]

  /** Behind `a`: `.b`, `.b.c`, or a call of `a.b`. */
  private readonly qualified = this.RULE('qualified', (first: Token = placeholder): Expression => {
    this.CONSUME1(Dot)
    if (this.at(Star)) this.refuse('a whole row as a value')
    const second = this.take(1, Label)
    const third = this.OPTION1(() => {
      this.CONSUME2(Dot)
      if (this.at(Star)) this.refuse('a whole row as a value')
      return this.take(2, Label)
    })
    if (this.at(Dot)) this.refuse('a cross-database reference')
    const call = this.OPTION2({
      GATE: () => third === undefined,
      DEF: () => this.SUBRULE(this.functionCall, { ARGS: [first.name, second] }),
    })
    if (call !== undefined && !this.RECORDING_PHASE) return call
    const names = third === undefined ? [null, first.value, second.value] : [first.value, second.value, third.value]
    const [schema, table, name] = names as [string | null, string, string]
    return { kind: 'column', schema, table, name, position: first.startOffset }
  })

  private typedLiteral(type: Token, name: string): Expression {
    if (type.tokenTypeIdx === Interval.tokenTypeIdx && !this.inMoment) this.refuse('an interval literal', 0)
    const operand = this.pinnedString(31)
    const position = type.startOffset
    return { kind: 'cast', operand, type: { schema: null, name, modifiers: [], position }, position }
  }

  private readonly typeWordOperand = this.RULE('typeWordOperand', (): Expression => {
    const position = this.LA(1).startOffset
    this.height = 1
    return this.OR([
      {
        GATE: () =>
          this.at(LParen, 2) || this.at(StringToken, 2) || this.atWord('varying', 2) || this.atWord('time', 3),
        ALT: () => {
          const type = { ...this.SUBRULE(this.wordedType), position }
          return { kind: 'cast', operand: this.pinnedString(1), type, position } as const
        },
      },
      { ALT: () => this.wordAsName(TypeWord) },
    ])
  })

  private readonly formOperand = this.RULE('formOperand', (): Expression => {
    return this.OR([
      { GATE: () => !this.at(LParen, 2), ALT: () => this.wordAsName(SpecialForm) },
      { ALT: () => this.SUBRULE(this.specialForm) },
    ])
  })

  /** A keyword that names a column here. */
  private wordAsName(type: TokenType): Expression {
    const first = this.take(5, type)
    this.height = 1
    const tail = this.option(5, () => this.subrule(5, this.qualified, { ARGS: [first] }))
    if (tail !== undefined && !this.RECORDING_PHASE) return tail
    return { kind: 'column', schema: null, table: null, name: first.name, position: first.startOffset }
  }

  // -------------------------------------------------------------------------------------------------------- calls

  private readonly functionCall = this.RULE(
    'functionCall',
    (schema: string | null = null, name: Token = placeholder): Expression => {
      this.CONSUME(LParen)
      if (schema === null) this.refuseForm(name)
      const args: Expression[] = []
      let height = 0
      let distinct = false
      let star = false
      this.OPTION1(() =>
        this.OR([
          {
            ALT: () => {
              this.CONSUME(Star)
              star = true
            },
          },
          {
            ALT: () => {
              this.OPTION2(() =>
                this.OR1([
                  { ALT: () => this.CONSUME(keyword('all')) },
                  { ALT: () => { this.CONSUME(keyword('distinct')); distinct = true } }, // prettier-ignore
                ]),
              )
              this.AT_LEAST_ONE_SEP({
                SEP: Comma,
                DEF: () => {
                  if (this.atWord('variadic')) this.refuse('VARIADIC')
                  if (this.at(Arrow, 2) || this.at(ColonEquals, 2)) this.refuse('a named argument')
                  args.push(this.whole(1))
                  if (this.height > height) height = this.height
                },
              })
              if (this.at(keyword('order'))) this.refuse('ORDER BY in an aggregate')
            },
          },
        ]),
      )
      this.CONSUME(RParen)
      this.refuseAfterCall()
      this.height = height + 1
      const position = name.startOffset
      return { kind: 'function', schema, name: name.name, arguments: args, distinct, star, position }
    },
  )

  /** Names that are no functions but forms of their own. */
  private refuseForm(name: Token): void {
    const word = name.value
    if (typeof word !== 'string' || name.tokenTypeIdx === QuotedIdentifier.tokenTypeIdx) return
    if (word === 'exists') this.refuse('a subquery in an expression', 0)
    if (word === 'row') this.refuse('a row value', 0)
    if (word === 'grouping' || word === 'interval') this.refuse(word.toUpperCase(), 0)
    if (word.startsWith('xml') && name.tokenTypeIdx === ColumnWord.tokenTypeIdx) this.refuse('XML', 0)
  }

  private refuseAfterCall(): void {
    if (this.atWord('over')) this.refuse('a window function')
    if (this.atWord('filter') && this.at(LParen, 2)) this.refuse('FILTER')
    if (this.atWord('within')) this.refuse('WITHIN GROUP')
  }

  private niladic(): Expression {
    const token = this.take(30, NiladicFunction)
    if (this.at(LParen)) this.refuse(`a precision of ${token.name}`)
    this.height = 1
    return this.call(null, token, [])
  }

  private array(): Expression {
    if (!this.RECORDING_PHASE) this.refuse('ARRAY')
    this.take(30, keyword('array'))
    return this.left
  }
}
