/**
 * Making an expression have a type: unknown literals and parameters take it, constants are converted now, everything else
 * gets a cast. What can be computed while binding is; what fails then is left to the rows, for it may never be reached
 * (`CASE WHEN false THEN 1/0 END`). Only an unknown literal must be right at once, as in PostgreSQL.
 */
import { DatabaseError } from '../errors.ts'
import { evaluate } from '../executor/evaluate.ts'
import type { CallExpression, ConstantExpression, Expression } from '../executor/expression.ts'
import { canCast, resolveCast } from '../types/casts.ts'
import type { CastContext } from '../types/casts.ts'
import { BOOLEAN, sameType, TEXT } from '../types/registry.ts'
import type { ResolvedCall } from '../types/resolvedCall.ts'
import type { SqlType } from '../types/sqlType.ts'
import type { Value } from '../types/value.ts'
import { at } from './bindContext.ts'
import type { Parameters } from './parameters.ts'

export function constant(value: Value, type: SqlType): ConstantExpression {
  return { kind: 'constant', value, type }
}

export class Coercion {
  readonly #parameters: Parameters

  constructor(parameters: Parameters) {
    this.#parameters = parameters
  }

  /** `e` as a value of `to`. Throws 42846 if the context does not allow it, and what an unknown literal's conversion throws. */
  cast(e: Expression, to: SqlType, context: CastContext, position: number): Expression {
    if (sameType(e.type, to)) return e
    if (e.kind === 'parameter') {
      const cast = at(position, () => this.#parameters.cast(e, to, context, position))
      if (cast !== null && sameType(cast.type, to)) return cast
      if (cast !== null) return this.cast(cast, to, context, position)
      if (e.type.kind === 'unknown' && e.index < this.#parameters.count) {
        return this.cast(this.#parameters.withoutContext(e, position), to, context, position)
      }
    }
    const cast = at(position, () => resolveCast(e.type, to, context))
    if (e.kind === 'constant') {
      if (e.value === null || cast === null) return constant(e.value, to)
      const convert = cast.call as (value: Value) => Value
      if (e.type.kind === 'unknown')
        return constant(
          at(position, () => convert(e.value)),
          to,
        )
    }
    if (cast === null) return { ...e, type: to }
    return fold({
      kind: 'call',
      name: cast.name,
      intrinsic: cast.intrinsic,
      call: cast.call,
      args: [e],
      strict: true,
      type: to,
      immutable: true,
      position: null,
    })
  }

  /** What is still unknown is text, or has the type of the parameter's value. */
  known(e: Expression, position: number): Expression {
    if (e.type.kind !== 'unknown') return e
    if (e.kind === 'parameter') return this.#parameters.withoutContext(e, position)
    return this.cast(e, TEXT, 'implicit', position)
  }

  canAssign(e: Expression, to: SqlType): boolean {
    return canCast(e.type, to, 'assignment')
  }

  /** An operator or function over its operands. */
  call(resolved: ResolvedCall, operands: readonly Expression[], positions: readonly number[]): Expression {
    const args = operands.map((operand, i) => {
      const to = resolved.argumentTypes[i] ?? resolved.argumentTypes.at(-1)!
      const position = positions[i]!
      if (operand.type.kind === 'unknown') return this.cast(operand, to, 'implicit', position)
      // A lifted literal may be converted before the rows if the cast is an implicit one, which cannot fail.
      const context = canCast(operand.type, to, 'implicit') ? 'implicit' : 'explicit'
      return this.cast(operand, to, context, position)
    })
    return fold({
      kind: 'call',
      name: resolved.name,
      intrinsic: resolved.intrinsic,
      call: resolved.call,
      args,
      strict: resolved.strict,
      type: resolved.resultType,
      immutable: resolved.immutable,
      position: null,
    })
  }
}

/** The value of a call over constants, if it has one; null if one of a strict call's operands is. */
function fold(call: CallExpression): Expression {
  // PostgreSQL does not compute the other operands either: `NULL + 2147483647 * a` is null and never out of range.
  if (call.strict && call.args.some((arg) => arg.kind === 'constant' && arg.value === null)) {
    return constant(null, call.type)
  }
  if (!call.immutable || !call.args.every((arg) => arg.kind === 'constant')) return call
  try {
    return constant(evaluate(call, []), call.type)
  } catch (error) {
    if (error instanceof DatabaseError) return call
    throw error
  }
}

/** AND and OR without the operands that decide nothing. */
export function logical(kind: 'and' | 'or', operands: readonly Expression[]): Expression {
  const decisive = kind === 'or'
  const args: Expression[] = []
  for (const operand of operands) {
    if (operand.kind !== 'constant' || operand.value === null) args.push(operand)
    else if (operand.value === decisive) return constant(decisive, BOOLEAN)
  }
  if (args.length === 0) return constant(!decisive, BOOLEAN)
  return args.length === 1 ? args[0]! : { kind, args, type: BOOLEAN }
}

export function not(arg: Expression): Expression {
  if (arg.kind === 'constant') return constant(arg.value === null ? null : arg.value === false, BOOLEAN)
  return { kind: 'not', arg, type: BOOLEAN }
}
