/**
 * The parameters of a statement while it is bound: $1 … $n, whose types the context gives as it would to an unknown
 * literal; the literals that the plan cache lifted; and the moments that `now()` and its kin read.
 *
 * A cast of a parameter need not run for each row: the parameter is converted once an execution instead. So each form in
 * which a parameter is used gets a slot of its own ("derived"); when the plan stands, `numberParameters` gives the slots
 * that are really used their final numbers.
 */
import { assert } from '../assert.ts'
import { inconsistentParameterType } from '../errors.ts'
import type { Expression, ParameterExpression } from '../executor/expression.ts'
import type { LiteralValue } from '../parser/ast.ts'
import { resolveCast } from '../types/casts.ts'
import type { CastContext } from '../types/casts.ts'
import { Decimal } from '../types/decimal.ts'
import { DECIMAL, fixedNumeric, INT4, INT8, sameType, TEXT, TIMESTAMP, typeName, UNKNOWN } from '../types/registry.ts'
import type { SqlType } from '../types/sqlType.ts'
import type { Value } from '../types/value.ts'
import type { Moment } from './moments.ts'

/** Where the value of a slot behind $n comes from at each execution. */
export type ParameterSource =
  /** The literal of a slot of the normalised text. */
  | { readonly kind: 'literal'; readonly slot: number; readonly convert: (literal: LiteralValue) => Value }
  /** $index (from 0) in another type than its own. */
  | { readonly kind: 'value'; readonly index: number; readonly type: SqlType }
  | { readonly kind: 'moment'; readonly moment: Moment }

interface Derived {
  readonly source: ParameterSource
  readonly type: SqlType
}

export class Parameters {
  readonly count: number
  readonly #hints: readonly SqlType[] | null
  readonly #types: (SqlType | null)[]
  readonly #untyped = new Set<number>()
  readonly #derived: Derived[] = []

  /** `hints` are the types of the values to come, for parameters that stand in no typed context. */
  constructor(count: number, hints: readonly SqlType[] | null) {
    this.count = count
    this.#hints = hints
    this.#types = Array.from({ length: count }, () => null)
  }

  /** `$index`, from 1. */
  reference(index: number): ParameterExpression {
    assert(index >= 1 && index <= this.count, `parameter $${index} of ${this.count}`)
    return { kind: 'parameter', index: index - 1, type: this.#types[index - 1] ?? UNKNOWN }
  }

  lifted(slot: number, literal: LiteralValue, type: 'int4' | 'int8' | 'numeric' | 'unknown'): ParameterExpression {
    const { sqlType, convert } = literalForm(type, literal)
    return this.#derive({ kind: 'literal', slot, convert }, sqlType)
  }

  moment(moment: Moment): ParameterExpression {
    return this.#derive({ kind: 'moment', moment }, moment === 'date' ? { kind: 'date' } : TIMESTAMP)
  }

  /**
   * The parameter as a value of another type, converted once an execution; null if the conversion must be left to the
   * rows, because it may fail there and only there. `at` is for 42P08.
   */
  cast(e: ParameterExpression, to: SqlType, context: CastContext, at: number): Expression | null {
    if (e.index < this.count) return this.#castValue(e, to, context, at)
    const { source } = this.#derived[e.index - this.count]!
    if (source.kind !== 'literal' || (e.type.kind !== 'unknown' && context === 'explicit')) return null
    const cast = resolveCast(e.type, to, context)
    if (cast === null) return this.#derive(source, to)
    const convert = cast.call as (value: Value) => Value
    return this.#derive({ ...source, convert: (literal) => convert(source.convert(literal)) }, to)
  }

  #castValue(e: ParameterExpression, to: SqlType, context: CastContext, at: number): Expression | null {
    let known = this.#types[e.index] ?? null
    if (e.type.kind === 'unknown') {
      if (known === null) {
        known = withoutModifiers(to)
        this.#types[e.index] = known
      } else if (known.kind !== to.kind) {
        throw inconsistentParameterType(e.index + 1, typeName(known), typeName(to), at)
      }
    }
    const typed: ParameterExpression = { ...e, type: known ?? e.type }
    if (sameType(typed.type, to)) return typed
    if (typed.type.kind !== to.kind || (context === 'explicit' && to.kind === 'varchar')) {
      return e.type.kind === 'unknown' && typed.type.kind === to.kind ? typed : null
    }
    return this.#derive({ kind: 'value', index: e.index, type: to }, to)
  }

  /** A parameter that no context has typed takes the type of its value, else it is text (PostgreSQL's rule). */
  withoutContext(e: ParameterExpression, at: number): Expression {
    if (e.index < this.count && (this.#types[e.index] ?? null) === null) {
      const hint = this.#hints?.[e.index]
      this.#types[e.index] = hint === undefined || hint.kind === 'unknown' ? TEXT : hint
      this.#untyped.add(e.index)
    }
    if (e.index < this.count) return { ...e, type: this.#types[e.index]! }
    return this.cast(e, TEXT, 'implicit', at) ?? e
  }

  /** Of $1 … $n; text for what is never used. */
  types(): readonly SqlType[] {
    return this.#types.map((type) => type ?? TEXT)
  }

  /** Indexes of the parameters that took their type from `hints`. */
  untyped(): readonly number[] {
    return [...this.#untyped]
  }

  derived(index: number): Derived {
    return this.#derived[index - this.count]!
  }

  #derive(source: ParameterSource, type: SqlType): ParameterExpression {
    this.#derived.push({ source, type })
    return { kind: 'parameter', index: this.count + this.#derived.length - 1, type }
  }
}

function literalForm(
  kind: 'int4' | 'int8' | 'numeric' | 'unknown',
  literal: LiteralValue,
): { readonly sqlType: SqlType; readonly convert: (literal: LiteralValue) => Value } {
  if (kind === 'unknown') return { sqlType: UNKNOWN, convert: (value) => value as string }
  if (kind !== 'numeric')
    return { sqlType: kind === 'int4' ? INT4 : INT8, convert: (value) => value as number | bigint }
  const scale = typeof literal === 'object' ? literal.scale : 0
  const sqlType = fixedNumeric(scale)
  return { sqlType, convert: (value) => numericValue(value, sqlType) }
}

/** A numeric literal as a value of its type: a scaled integer, or a Decimal if the scale is too large for that. */
export function numericValue(literal: LiteralValue, type: SqlType): Value {
  assert(typeof literal === 'object', 'a numeric literal')
  const isFixed = type.kind === 'numeric' && type.scale !== null
  return isFixed ? literal.unscaled : Decimal.of(BigInt(literal.unscaled), literal.scale)
}

/** The type that a parameter gets from a context: modifiers belong to the place, not to the parameter. */
function withoutModifiers(type: SqlType): SqlType {
  if (type.kind === 'numeric') return DECIMAL
  if (type.kind === 'varchar') return { kind: 'varchar', length: null }
  return type
}
