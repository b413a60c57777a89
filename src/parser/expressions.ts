/**
 * The grammar of expressions: one rule that climbs precedence (Pratt 1973; Clarke 1986) instead of a rule a level.
 *
 * `expression(minimum)` reads an operand and then every infix operator that binds at least as tightly as `minimum`;
 * a right operand is an expression with a higher minimum. So left-associative chains are a loop, and recursion goes
 * only as deep as the text nests. AND and OR collect all their operands in one node. `height` is the height of the
 * tree that was read last; it is bounded as the nesting is (54001), because everybody below recurses over the tree.
 *
 * `restricted` is PostgreSQL's b_expr: where a following AND, NOT, IN or IS NULL belongs to what surrounds the
 * expression (the lower bound of BETWEEN, DEFAULT of a column).
 */
import type { IOrAlt } from 'chevrotain'
import { statementTooComplex } from '../errors.ts'
import { maxExpressionDepth } from './ast.ts'
import type { Expression, IsExpression } from './ast.ts'
import { Grammar } from './grammar.ts'
import { bindingPower, infixPowers, operatorPower } from './precedence.ts'
import { Comma, InfixOperator, LBracket, LParen, RParen, Typecast, Word, keyword } from './tokens.ts'

type Arguments = { readonly ARGS: [minimum: number, restricted: boolean] }

const argumentsFor = (restricted: boolean): readonly Arguments[] =>
  Array.from({ length: bindingPower.primary + 1 }, (_, minimum): Arguments => ({ ARGS: [minimum, restricted] }))

/** One object for each way to call the rule, so that no call allocates its arguments. */
const unrestricted = argumentsFor(false)
const restrictedOnly = argumentsFor(true)
const whole: Arguments = { ARGS: [bindingPower.lowest, false] }

const And = keyword('and')
const Or = keyword('or')
const Not = keyword('not')
const Is = keyword('is')
const In = keyword('in')
const Like = keyword('like')
const Ilike = keyword('ilike')
const Between = keyword('between')
const Similar = keyword('similar')
const Distinct = keyword('distinct')
const From = keyword('from')
const Escape = keyword('escape')
const All = keyword('all')
const Collate = keyword('collate')

/** Words that begin a query where an expression might stand. */
const queryWords = ['select', 'values', 'with', 'table'].map(keyword)

export abstract class ExpressionGrammar extends Grammar {
  /** The height of the expression that was read last. */
  protected height = 0
  /** The left operand of the infix operator that is being read, and how the expression around it was called. */
  protected left: Expression = { kind: 'null', position: 0 }
  protected restricted = false

  /** What an expression may begin with: see operands.ts. */
  protected abstract readonly operands: IOrAlt<Expression>[]

  readonly expression = this.RULE('expression', (minimum: number, restricted: boolean): Expression => {
    this.enter()
    this.restricted = restricted
    let left: Expression = this.or(1, this.operands)
    let height = this.height
    let power = 0
    let unchained = 0
    this.many(1, {
      GATE: () => {
        power = this.infixPower(restricted)
        if (power === 0 || power < minimum) return false
        if (power === unchained) this.fail()
        if (this.at(Similar) || (this.at(Not) && this.at(Similar, 2))) this.refuse('SIMILAR TO')
        return true
      },
      DEF: () => {
        this.left = left
        this.height = height
        this.restricted = restricted
        unchained = this.associates(power) ? 0 : power
        left = this.or(2, this.infixes)
        height = this.height
        if (height > maxExpressionDepth) throw statementTooComplex()
      },
    })
    this.height = height
    this.refuseAfterOperand()
    this.leave()
    return left
  })

  /** An expression from its start; what most rules want. */
  protected whole(index: number): Expression {
    return this.subrule(index, this.expression, whole)
  }

  /** An expression that must leave a following AND, NOT, IN, IS NULL … alone. */
  protected restrictedExpression(index: number): Expression {
    return this.subrule(index, this.expression, restrictedOnly[bindingPower.lowest])
  }

  protected operand(index: number, minimum: number, restricted = false): Expression {
    return this.subrule(index, this.expression, (restricted ? restrictedOnly : unrestricted)[minimum])
  }

  // ---------------------------------------------------------------------------------------------------- operators

  private infixPower(restricted: boolean): number {
    const type = this.LA_FAST(1).tokenTypeIdx
    const power = infixPowers[type] ?? 0
    if (type === Not.tokenTypeIdx) {
      return !restricted && [In, Like, Ilike, Between, Similar].some((word) => this.at(word, 2)) ? power : 0
    }
    if (!restricted || power === 0 || power >= bindingPower.comparison) {
      return restricted && power === bindingPower.pattern ? 0 : power
    }
    return type === Is.tokenTypeIdx && (this.at(Distinct, 2) || (this.at(Not, 2) && this.at(Distinct, 3))) ? power : 0
  }

  /** Whether an operator of this power may follow another one. IS … and IN end by themselves and reset it. */
  private associates(power: number): boolean {
    if (power === bindingPower.comparison) return false
    if (power === bindingPower.is) return !(this.at(Distinct, 2) || (this.at(Not, 2) && this.at(Distinct, 3)))
    return power !== bindingPower.pattern || this.at(In) || (this.at(Not) && this.at(In, 2))
  }

  private readonly infixes = [
    { ALT: () => this.infixOperator() },
    { ALT: () => this.logical('and') },
    { ALT: () => this.logical('or') },
    { ALT: () => this.is() },
    { ALT: () => this.isNullWord(1, 'isnull', false) },
    { ALT: () => this.isNullWord(2, 'notnull', true) },
    { ALT: () => this.negatedPattern() },
    { ALT: () => this.SUBRULE(this.pattern, { ARGS: [this.left, false, this.height] }) },
    { ALT: () => this.typecast() },
  ]

  private infixOperator(): Expression {
    const left = this.left
    const leftHeight = this.height
    const token = this.take(1, InfixOperator)
    const operator = token.name
    if (this.at(LParen, 2) && (this.at(All) || this.at(keyword('any')) || this.at(keyword('some')))) {
      this.refuse(`${this.upperAt(1)} (…)`)
    }
    const right = this.operand(1, this.RECORDING_PHASE ? 1 : operatorPower(operator) + 1, this.restricted)
    this.height = 1 + Math.max(leftHeight, this.height)
    return { kind: 'binary', operator, left, right, position: token.startOffset }
  }

  private logical(operator: 'and' | 'or'): Expression {
    const operands = [this.left]
    const position = this.LA(1).startOffset
    let height = this.height
    const index = operator === 'and' ? 2 : 3
    this.atLeastOne(index, () => {
      this.take(index, operator === 'and' ? And : Or)
      operands.push(this.operand(index, operator === 'and' ? bindingPower.and + 1 : bindingPower.or + 1))
      height = Math.max(height, this.height)
    })
    this.height = height + 1
    return { kind: 'logical', operator, operands, position }
  }

  private is(): Expression {
    const operand = this.left
    const position = this.take(4, Is).startOffset
    const negated = this.option(4, () => this.take(5, Not)) !== undefined
    for (const word of ['json', 'document', 'normalized', 'nfc']) {
      if (this.atWord(word)) this.refuse(`IS ${word.toUpperCase()}`)
    }
    const test = (index: number, name: IsExpression['test']): Expression => {
      this.take(index, keyword(name))
      this.height++
      return { kind: 'is', operand, test: name, negated, position }
    }
    return this.or(4, [
      { ALT: () => test(6, 'null') },
      { ALT: () => test(7, 'true') },
      { ALT: () => test(8, 'false') },
      { ALT: () => test(9, 'unknown') },
      { ALT: () => this.distinctFrom(operand, negated, position) },
    ])
  }

  private distinctFrom(left: Expression, negated: boolean, position: number): Expression {
    const height = this.height
    const restricted = this.restricted
    this.take(10, Distinct)
    this.take(11, From)
    const right = this.operand(4, bindingPower.is + 1, restricted)
    this.height = 1 + Math.max(height, this.height)
    return { kind: 'is_distinct', left, right, negated, position }
  }

  private isNullWord(index: number, word: 'isnull' | 'notnull', negated: boolean): Expression {
    const operand = this.left
    const position = this.take(11 + index, keyword(word)).startOffset
    this.height++
    return { kind: 'is', operand, test: 'null', negated, position }
  }

  private negatedPattern(): Expression {
    const left = this.left
    const height = this.height
    this.take(14, Not)
    return this.SUBRULE1(this.pattern, { ARGS: [left, true, height] })
  }

  private readonly pattern = this.RULE('pattern', (left: Expression, negated: boolean, height: number): Expression => {
    const position = this.LA(1).startOffset
    return this.OR([
      { ALT: () => this.inList(left, negated, height, position) },
      { ALT: () => this.between(left, negated, height, position) },
      { ALT: () => this.like(left, negated, height, position) },
    ])
  })

  private inList(operand: Expression, negated: boolean, leftHeight: number, position: number): Expression {
    this.take(1, In)
    this.take(2, LParen)
    this.refuseSubquery()
    const items: Expression[] = []
    let height = leftHeight
    this.AT_LEAST_ONE_SEP({
      SEP: Comma,
      DEF: () => {
        items.push(this.whole(1))
        if (this.height > height) height = this.height
      },
    })
    this.take(3, RParen)
    this.height = height + 1
    return { kind: 'in', operand, items, negated, position }
  }

  private between(operand: Expression, negated: boolean, leftHeight: number, position: number): Expression {
    this.take(4, Between)
    const symmetric =
      this.OPTION1(() =>
        this.OR1([
          { ALT: () => this.CONSUME1(keyword('symmetric')) },
          { ALT: () => this.CONSUME2(keyword('asymmetric')) },
        ]),
      ) !== undefined && this.valueAt(0) === 'symmetric'
    const low = this.restrictedExpression(2)
    const lowHeight = this.height
    this.take(5, And)
    const high = this.operand(3, bindingPower.pattern + 1)
    this.height = 1 + Math.max(leftHeight, lowHeight, this.height)
    return { kind: 'between', operand, low, high, symmetric, negated, position }
  }

  private like(operand: Expression, negated: boolean, leftHeight: number, position: number): Expression {
    const caseInsensitive = this.at(Ilike)
    this.OR2([{ ALT: () => this.CONSUME3(Like) }, { ALT: () => this.CONSUME4(Ilike) }])
    const mark = this.literalCount()
    const patternExpression = this.operand(4, bindingPower.pattern + 1)
    let height = Math.max(leftHeight, this.height)
    const escape =
      this.OPTION2(() => {
        this.CONSUME5(Escape)
        const character = this.operand(5, bindingPower.escape + 1)
        height = Math.max(height, this.height)
        return character
      }) ?? null
    this.pinSince(mark)
    this.height = height + 1
    return { kind: 'like', operand, pattern: patternExpression, escape, caseInsensitive, negated, position }
  }

  private typecast(): Expression {
    const operand = this.left
    const height = this.height
    const position = this.take(15, Typecast).startOffset
    const type = this.subrule(5, this.typeName)
    this.height = height + 1
    return { kind: 'cast', operand, type, position }
  }

  // ----------------------------------------------------------------------------------------- what is not built here

  /** In parentheses, a query instead of an expression. */
  protected refuseSubquery(): void {
    if (queryWords.some((word) => this.at(word))) this.refuse('a subquery in an expression')
  }

  private refuseAfterOperand(): void {
    const token = this.LA(1)
    if (token.tokenTypeIdx === LBracket.tokenTypeIdx) this.refuse('an array subscript')
    if (token.tokenTypeIdx === Collate.tokenTypeIdx) this.refuse('COLLATE')
    if (token.tokenTypeIdx !== Word.tokenTypeIdx) return
    if (this.atWord('at') && this.atWord('time', 2)) this.refuse('AT TIME ZONE')
    if (this.atWord('operator') && this.at(LParen, 2)) this.refuse('OPERATOR (…)')
  }
}
