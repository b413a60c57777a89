/**
 * How tightly PostgreSQL's operators bind, loosest first (the %left … %right table of gram.y; its manual, table 4.2).
 * Comparisons, BETWEEN … LIKE and IS DISTINCT FROM do not associate: `a < b < c` is a syntax error. Prefix minus binds
 * tighter than ^, so `-2 ^ 2` is 4; any other prefix operator takes all that binds tighter than an infix one.
 */
import type { TokenType } from 'chevrotain'
import { Comparison, Equal, Minus, Multiplicative, Operator, Plus, Power, Star, Typecast, keyword } from './tokens.ts'

export const bindingPower = {
  lowest: 1,
  or: 1,
  and: 2,
  not: 3,
  is: 4,
  comparison: 5,
  /** BETWEEN, IN, LIKE, ILIKE, SIMILAR TO */
  pattern: 6,
  escape: 7,
  /** Every operator without a place of its own, `||` too. */
  operator: 8,
  additive: 9,
  multiplicative: 10,
  power: 11,
  collate: 12,
  sign: 13,
  subscript: 14,
  typecast: 15,
  primary: 16,
} as const

const operatorPowers: Readonly<Record<string, number>> = {
  '+': bindingPower.additive,
  '-': bindingPower.additive,
  '*': bindingPower.multiplicative,
  '/': bindingPower.multiplicative,
  '%': bindingPower.multiplicative,
  '^': bindingPower.power,
  '=': bindingPower.comparison,
  '<': bindingPower.comparison,
  '>': bindingPower.comparison,
  '<=': bindingPower.comparison,
  '>=': bindingPower.comparison,
  '<>': bindingPower.comparison,
}

/** The power of an infix operator by its text. */
export const operatorPower = (operator: string): number =>
  Object.hasOwn(operatorPowers, operator) ? (operatorPowers[operator] ?? 0) : bindingPower.operator

const infix: readonly (readonly [TokenType, number])[] = [
  [keyword('or'), bindingPower.or],
  [keyword('and'), bindingPower.and],
  [keyword('is'), bindingPower.is],
  [keyword('isnull'), bindingPower.is],
  [keyword('notnull'), bindingPower.is],
  [Equal, bindingPower.comparison],
  [Comparison, bindingPower.comparison],
  [keyword('not'), bindingPower.pattern],
  [keyword('between'), bindingPower.pattern],
  [keyword('in'), bindingPower.pattern],
  [keyword('like'), bindingPower.pattern],
  [keyword('ilike'), bindingPower.pattern],
  [keyword('similar'), bindingPower.pattern],
  [Operator, bindingPower.operator],
  [Plus, bindingPower.additive],
  [Minus, bindingPower.additive],
  [Star, bindingPower.multiplicative],
  [Multiplicative, bindingPower.multiplicative],
  [Power, bindingPower.power],
  [Typecast, bindingPower.typecast],
]

/** Indexed by `tokenTypeIdx`: the power of what stands behind an operand; 0 if it is no infix operator. */
export const infixPowers: Uint8Array = new Uint8Array(1 + Math.max(...infix.map(([type]) => type.tokenTypeIdx ?? 0)))
for (const [type, power] of infix) infixPowers[type.tokenTypeIdx ?? 0] = power
