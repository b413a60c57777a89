/**
 * Expressions: names become attributes, operators and functions are resolved by PostgreSQL's rules, types are made to
 * meet by casts. What a place allows (aggregates, columns) is said by its `Place`.
 */
import { unreachable } from '../assert.ts'
import type { DatabaseError } from '../errors.ts'
import {
  aggregateNotAllowed,
  featureNotSupported,
  nestedAggregate,
  noSuchParameter,
  notAnAggregate,
  parameterlessAggregate,
  undefinedFunction,
  wrongArgumentType,
} from '../errors.ts'
import type { ColumnExpression, Expression } from '../executor/expression.ts'
import type * as ast from '../parser/ast.ts'
import { isAggregateName, resolveAggregate } from '../types/aggregates.ts'
import { commonType } from '../types/commonType.ts'
import { comparator, hashKey } from '../types/comparison.ts'
import { functionSignature, resolveFunction } from '../types/functions.ts'
import { compileLike, likeTest } from '../types/like.ts'
import { equalityOf, resolveOperator, resolvePrefixOperator } from '../types/operators.ts'
import { BOOLEAN, fixedNumeric, INT4, INT8, isInteger, TEXT, typeName, UNKNOWN } from '../types/registry.ts'
import { resolveTypeName } from '../types/registry.ts'
import type { SqlType } from '../types/sqlType.ts'
import type { AggregateCollector } from './aggregates.ts'
import { at } from './bindContext.ts'
import type { BindContext } from './bindContext.ts'
import { Coercion, constant, logical, not } from './coerce.ts'
import { commonTypeOf } from './commonTypeOf.ts'
import { some } from './expressionTree.ts'
import { leftmostPosition } from './leftmostPosition.ts'
import { columnOf } from './logical.ts'
import type { Attribute } from './logical.ts'
import { numericValue } from './parameters.ts'
import type { Scope } from './scope.ts'
import { resolveSessionFunction } from './sessionFunctions.ts'
import { bindSystemFunction } from './systemFunctions.ts'

/** Where an expression stands: for messages, and for whether aggregates are allowed there. */
export interface Place {
  /** `WHERE`, `JOIN conditions`, `CHECK constraints` …, as in "aggregate functions are not allowed in …". */
  readonly clause: string
  readonly aggregates: AggregateCollector | null
}

export class ExpressionBinder {
  readonly coercion: Coercion
  readonly #context: BindContext
  readonly #scope: Scope
  readonly #place: Place
  #inAggregate = false

  constructor(context: BindContext, scope: Scope, place: Place) {
    this.#context = context
    this.#scope = scope
    this.#place = place
    this.coercion = new Coercion(context.parameters)
  }

  /** The type may still be unknown. */
  bind(e: ast.Expression): Expression {
    switch (e.kind) {
      case 'null':
        return constant(null, UNKNOWN)
      case 'boolean':
        return constant(e.value, BOOLEAN)
      case 'integer':
      case 'numeric':
      case 'string':
        return this.#literal(e)
      case 'parameter':
        if (e.index > this.#context.parameters.count) throw noSuchParameter(e.index, e.position)
        return this.#context.parameters.reference(e.index)
      case 'column':
        return this.#column(e)
      case 'unary':
        return this.#unary(e)
      case 'binary':
        return this.#binary(e.operator, this.bind(e.left), this.bind(e.right), e)
      case 'logical':
        return logical(
          e.operator,
          e.operands.map((operand) => this.boolean(operand, e.operator.toUpperCase())),
        )
      case 'not':
        return not(this.boolean(e.operand, 'NOT'))
      case 'is':
        return this.#is(e)
      case 'is_distinct':
        return this.#isDistinct(e)
      case 'between':
        return this.#between(e)
      case 'in':
        return this.#in(e)
      case 'like':
        return this.#like(e)
      case 'case':
        return this.#case(e)
      case 'cast':
        return this.#cast(e)
      case 'function':
        return this.#function(e)
      default:
        return unreachable(e)
    }
  }

  /** With a known type. */
  value(e: ast.Expression): Expression {
    return this.coercion.known(this.bind(e), e.position)
  }

  /** A condition. Throws 42804. */
  boolean(e: ast.Expression, clause: string): Expression {
    const bound = this.bind(e)
    if (bound.type.kind === 'boolean') return bound
    if (bound.type.kind !== 'unknown') {
      throw wrongArgumentType(clause, 'boolean', typeName(bound.type), leftmostPosition(e))
    }
    return this.coercion.cast(bound, BOOLEAN, 'implicit', e.position)
  }

  /** As a value to be stored in a place of type `to`; `what` names it in 42804. */
  assigned(e: ast.Expression, to: SqlType, clause: string): Expression {
    const bound = this.bind(e)
    if (!this.coercion.canAssign(bound, to))
      throw wrongArgumentType(clause, typeName(to), typeName(bound.type), leftmostPosition(e))
    return this.coercion.cast(bound, to, 'assignment', e.position)
  }

  /** A column that `*` stands for. */
  starColumn(attribute: Attribute, position: number): ColumnExpression {
    const column = columnOf(attribute)
    this.#place.aggregates?.place(column, attribute.name, position, false)
    return column
  }

  /** For an expression that was bound elsewhere and is used in this place too. Throws 42803. */
  refuseAggregates(e: Expression, collector: AggregateCollector, position: number): void {
    const isAggregate = (node: Expression): boolean => node.kind === 'column' && collector.isAggregate(node.column)
    if (some(e, isAggregate)) throw aggregateNotAllowed(this.#place.clause, position)
  }

  #literal(e: ast.IntegerLiteral | ast.NumericLiteral | ast.StringLiteral): Expression {
    if (e.slot !== null) {
      if (e.kind === 'integer') return this.#context.parameters.lifted(e.slot, e.value, e.type)
      if (e.kind === 'string') return this.#context.parameters.lifted(e.slot, e.value, 'unknown')
      return this.#context.parameters.lifted(e.slot, { unscaled: e.unscaled, scale: e.scale }, 'numeric')
    }
    if (e.kind === 'integer') return constant(e.value, e.type === 'int4' ? INT4 : INT8)
    if (e.kind === 'string') return constant(e.value, UNKNOWN)
    const type = fixedNumeric(e.scale)
    return constant(numericValue({ unscaled: e.unscaled, scale: e.scale }, type), type)
  }

  #column(e: ast.ColumnReference): ColumnExpression {
    const { attribute, table } = this.#scope.resolve(e)
    const column = columnOf(attribute)
    this.#place.aggregates?.place(column, `${table}.${attribute.name}`, e.position, this.#inAggregate)
    return column
  }

  #unary(e: ast.UnaryExpression): Expression {
    const { operand } = e
    if (operand.kind === 'integer' && operand.slot === null && (e.operator === '-' || e.operator === '+')) {
      return this.#signedInteger(operand, e.operator)
    }
    const bound = this.bind(operand)
    const resolved = at(e.position, () => resolvePrefixOperator(e.operator, bound.type))
    return this.coercion.call(resolved, [bound], [operand.position])
  }

  /** -2147483648 is an int8 that is negated, in PostgreSQL too; the constant is folded here so that it is cheap. */
  #signedInteger(e: ast.IntegerLiteral, sign: '-' | '+'): Expression {
    const value = sign === '+' || e.value === 0 ? e.value : -e.value
    return constant(value, e.type === 'int4' ? INT4 : INT8)
  }

  #binary(operator: string, left: Expression, right: Expression, e: { readonly position: number } & Sides): Expression {
    const resolved = at(e.position, () => resolveOperator(operator, left.type, right.type))
    return this.coercion.call(resolved, [left, right], [e.left.position, e.right.position])
  }

  #is(e: ast.IsExpression): Expression {
    if (e.test === 'null') {
      return { kind: 'nullTest', arg: this.value(e.operand), negated: e.negated, type: BOOLEAN }
    }
    const clause = `IS ${e.negated ? 'NOT ' : ''}${e.test.toUpperCase()}`
    const arg = this.boolean(e.operand, clause)
    const value = e.test === 'unknown' ? null : e.test === 'true'
    return { kind: 'booleanTest', arg, value, negated: e.negated, type: BOOLEAN }
  }

  #isDistinct(e: ast.IsDistinctExpression): Expression {
    const [left, right, type] = this.#comparable('=', e.left, e.right, e.position)
    return { kind: 'distinctFrom', left, right, negated: e.negated, equals: equalityOf(type), type: BOOLEAN }
  }

  /** Both operands in the type in which `operator` compares them. */
  #comparable(operator: string, a: ast.Expression, b: ast.Expression, position: number) {
    const left = this.bind(a)
    const right = this.bind(b)
    const resolved = at(position, () => resolveOperator(operator, left.type, right.type))
    const cast = (e: Expression, type: SqlType, where: number): Expression =>
      this.coercion.cast(e, type, e.type.kind === 'unknown' ? 'implicit' : 'explicit', where)
    const type = resolved.argumentTypes[0]!
    return [cast(left, type, a.position), cast(right, resolved.argumentTypes[1]!, b.position), type] as const
  }

  #between(e: ast.BetweenExpression): Expression {
    const operand = this.bind(e.operand)
    // A parameter has the type that its first comparison gave it.
    const again = (): Expression => (operand.kind === 'parameter' ? this.bind(e.operand) : operand)
    const low = this.bind(e.low)
    const high = this.bind(e.high)
    const { position } = e
    const above = (bound: Expression, where: ast.Expression): Expression =>
      this.#binary('>=', again(), bound, { position, left: e.operand, right: where })
    const below = (bound: Expression, where: ast.Expression): Expression =>
      this.#binary('<=', again(), bound, { position, left: e.operand, right: where })
    let result = logical('and', [above(low, e.low), below(high, e.high)])
    if (e.symmetric) result = logical('or', [result, logical('and', [above(high, e.high), below(low, e.low)])])
    return e.negated ? not(result) : result
  }

  #in(e: ast.InExpression): Expression {
    const arg = this.bind(e.operand)
    const list = e.items.map((item) => this.bind(item))
    for (const [i, item] of list.entries()) {
      at(e.position, () => resolveOperator('=', arg.type, item.type))
      if (i === 0 && list.length > 100) break
    }
    const type = at(e.position, () =>
      commonType(
        [arg, ...list].map((item) => item.type),
        'IN',
      ),
    )
    return {
      kind: 'inList',
      arg: this.coercion.cast(arg, type, 'implicit', e.operand.position),
      list: list.map((item, i) => this.coercion.cast(item, type, 'implicit', e.items[i]!.position)),
      negated: e.negated,
      hashKey: hashKey(type),
      equals: equalityOf(type),
      type: BOOLEAN,
    }
  }

  #like(e: ast.LikeExpression): Expression {
    const operator = `${e.negated ? '!' : ''}~~${e.caseInsensitive ? '*' : ''}`
    const operand = this.bind(e.operand)
    const pattern = this.bind(e.pattern)
    const resolved = at(e.position, () => resolveOperator(operator, operand.type, pattern.type))
    const positions = [e.operand.position, e.pattern.position]
    const plain = this.coercion.call(resolved, [operand, pattern], positions)
    if (plain.kind !== 'call') return plain
    const [text, textPattern] = plain.args as [Expression, Expression]
    const escape = e.escape === null ? constant('\\', TEXT) : this.#text(e.escape)
    if (textPattern.kind === 'constant' && escape.kind === 'constant') {
      if (textPattern.value === null || escape.value === null) return constant(null, BOOLEAN)
      const matches = at(e.pattern.position, () =>
        compileLike(textPattern.value as string, escape.value as string, e.caseInsensitive),
      )
      const call = (value: string): boolean => matches(value) !== e.negated
      // The pattern stays as an argument: two LIKEs are equal only if it is, and EXPLAIN shows it.
      return { ...plain, call: call, args: [text, textPattern] }
    }
    if (e.escape === null) return plain
    const call = (value: string, like: string, by: string): boolean =>
      likeTest(value, like, by, e.caseInsensitive) !== e.negated
    return { ...plain, call: call, args: [text, textPattern, escape] }
  }

  #text(e: ast.Expression): Expression {
    return this.coercion.cast(this.bind(e), TEXT, 'implicit', e.position)
  }

  #case(e: ast.CaseExpression): Expression {
    const operand = e.operand === null ? null : this.value(e.operand)
    const whens = e.branches.map(({ condition }) =>
      operand === null || e.operand === null
        ? this.boolean(condition, 'CASE/WHEN')
        : this.#binary('=', operand, this.bind(condition), {
            position: condition.position,
            left: e.operand,
            right: condition,
          }),
    )
    const thens = e.branches.map(({ result }) => this.bind(result))
    const otherwise = e.otherwise === null ? null : this.bind(e.otherwise)
    const sources = e.branches.map(({ result }) => result)
    // PostgreSQL looks at ELSE first.
    const type =
      otherwise === null || e.otherwise === null
        ? commonTypeOf(sources, thens, 'CASE')
        : commonTypeOf([e.otherwise, ...sources], [otherwise, ...thens], 'CASE')
    const branches = []
    for (const [i, when] of whens.entries()) {
      if (when.kind === 'constant' && when.value !== true) continue
      const then = this.coercion.cast(thens[i]!, type, 'implicit', e.branches[i]!.result.position)
      if (when.kind === 'constant') return finishCase(branches, then, type)
      branches.push({ when, then })
    }
    const last =
      otherwise === null ? null : this.coercion.cast(otherwise, type, 'implicit', e.otherwise?.position ?? e.position)
    return finishCase(branches, last, type)
  }

  #cast(e: ast.CastExpression): Expression {
    const { type: name } = e
    if (name.schema !== null && name.schema !== 'pg_catalog') {
      throw featureNotSupported(`a type of schema "${name.schema}"`, { position: name.position + 1 })
    }
    const type = at(name.position, () => resolveTypeName(name.name, name.modifiers))
    const operand = this.bind(e.operand)
    // A literal that does not fit is shown itself, a cast that does not exist by its operator.
    const position = operand.type.kind === 'unknown' ? e.operand.position : e.position
    return this.coercion.cast(operand, type, 'explicit', position)
  }

  // ------------------------------------------------------------------------------------------------ functions

  #function(e: ast.FunctionCall): Expression {
    if (e.schema !== null && e.schema !== 'pg_catalog') throw unknownFunction(e)
    if (isAggregateName(e.name)) return this.#aggregate(e)
    if (e.distinct) throw notAnAggregate('DISTINCT', e.name, e.position)
    if (e.star) throw notAnAggregate('(*)', e.name, e.position)
    switch (e.name) {
      case 'coalesce':
        return this.#coalesce(e)
      case 'greatest':
      case 'least':
        return this.#extremum(e, e.name)
      case 'nullif':
        return this.#nullIf(e)
      default: {
        const args = e.arguments.map((argument) => this.bind(argument))
        const system = bindSystemFunction(e.name, args, this.#context.parameters)
        if (system !== null) return system
        const session = resolveSessionFunction(e.name, args.map(typeOf))
        if (session !== null) {
          this.#context.usesSession = true
          return this.coercion.call(session, args, e.arguments.map(positionOf))
        }
        const literals = args.map((arg) => (arg.kind === 'constant' ? arg.value : undefined))
        const resolved = at(e.position, () => resolveFunction(e.name, args.map(typeOf), literals))
        return this.coercion.call(resolved, args, e.arguments.map(positionOf))
      }
    }
  }

  #common(e: ast.FunctionCall, construct: string): readonly [readonly Expression[], SqlType] {
    if (e.arguments.length === 0) throw unknownFunction(e)
    const args = e.arguments.map((argument) => this.bind(argument))
    const type = commonTypeOf(e.arguments, args, construct)
    return [args.map((arg, i) => this.coercion.cast(arg, type, 'implicit', e.arguments[i]!.position)), type]
  }

  #coalesce(e: ast.FunctionCall): Expression {
    const [args, type] = this.#common(e, 'COALESCE')
    return args.length === 1 ? args[0]! : { kind: 'coalesce', args, type }
  }

  #extremum(e: ast.FunctionCall, kind: 'greatest' | 'least'): Expression {
    const [args, type] = this.#common(e, kind.toUpperCase())
    return { kind, args, compare: comparator(type), type }
  }

  #nullIf(e: ast.FunctionCall): Expression {
    const [first, second] = e.arguments
    if (first === undefined || second === undefined || e.arguments.length !== 2) {
      throw unknownFunction(e)
    }
    const left = this.bind(first)
    const right = this.bind(second)
    const equal = this.#binary('=', left, right, { position: e.position, left: first, right: second })
    const value = this.#nullIfValue(left, right, first)
    const branches = [{ when: equal, then: constant(null, value.type) }]
    return { kind: 'case', branches, otherwise: value, type: value.type }
  }

  /** NULLIF gives its first operand in the type in which it is compared; integers of any width keep theirs, and dates. */
  #nullIfValue(left: Expression, right: Expression, source: ast.Expression): Expression {
    const { kind } = left.type
    const keeps =
      (isInteger(left.type) && isInteger(right.type)) ||
      kind === right.type.kind ||
      kind === 'date' ||
      kind === 'timestamp'
    if (keeps && kind !== 'varchar' && kind !== 'unknown') return left
    const type = commonType([left.type, right.type], 'NULLIF')
    return this.coercion.cast(left, type.kind === 'varchar' ? TEXT : type, 'implicit', source.position)
  }

  #aggregate(e: ast.FunctionCall): Expression {
    const { aggregates, clause } = this.#place
    if (this.#inAggregate) throw nestedAggregate(e.position)
    if (aggregates === null) throw aggregateNotAllowed(clause, e.position)
    this.#inAggregate = true
    const args = e.arguments.map((argument) => this.bind(argument))
    this.#inAggregate = false
    if (e.name === 'count' && args.length === 0 && !e.star) throw parameterlessAggregate(e.name, e.position)
    const resolved = at(e.position, () => resolveAggregate(e.name, e.star ? '*' : args.map(typeOf)))
    const { argumentType, resultType } = resolved
    let arg: Expression | null = null
    if (argumentType !== null) {
      const [first] = args
      const position = e.arguments[0]?.position ?? e.position
      if (first === undefined) throw unknownFunction(e)
      arg = this.coercion.cast(first, argumentType, 'implicit', position)
    }
    return aggregates.add({
      name: resolved.name,
      aggregate: resolved,
      arg,
      distinct: e.distinct,
      filter: null,
      type: resultType,
    })
  }
}

interface Sides {
  readonly left: { readonly position: number }
  readonly right: { readonly position: number }
}

const typeOf = (e: Expression): SqlType => e.type
const positionOf = (e: ast.Expression): number => e.position

function unknownFunction(e: ast.FunctionCall): DatabaseError {
  const name = e.schema === null ? e.name : `${e.schema}.${e.name}`
  const unknown = e.arguments.map(() => UNKNOWN)
  const error = undefinedFunction(functionSignature(name, unknown))
  error.position = e.position + 1
  return error
}

function finishCase(
  branches: readonly { readonly when: Expression; readonly then: Expression }[],
  otherwise: Expression | null,
  type: SqlType,
): Expression {
  if (branches.length === 0) return otherwise ?? constant(null, type)
  return { kind: 'case', branches, otherwise, type }
}
