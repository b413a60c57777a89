/**
 * Bound expressions: what the binder leaves of an AST expression when names, types and casts are decided. A readonly
 * tree without JavaScript; the code generator reads it (D8). Three-valued logic: a boolean expression is true, false or
 * null. Every node carries its SQL type; casts are explicit nodes; operators and functions are `call` nodes.
 */
import type { SqlType } from '../types/sqlType.ts'
import type { Value } from '../types/value.ts'

export type Expression =
  | ColumnExpression
  | ConstantExpression
  | ParameterExpression
  | CallExpression
  | LogicalExpression
  | NotExpression
  | NullTestExpression
  | DistinctFromExpression
  | BooleanTestExpression
  | CaseExpression
  | CoalesceExpression
  | ExtremumExpression
  | InListExpression

/** Column `column` of the operator's input row. A join's input row is its left row followed by its right row. */
export interface ColumnExpression {
  readonly kind: 'column'
  readonly column: number
  readonly type: SqlType
  /** False if it can be shown that the value is never null. */
  readonly nullable: boolean
  /** For EXPLAIN and error messages only. */
  readonly name: string
}

export interface ConstantExpression {
  readonly kind: 'constant'
  readonly value: Value
  readonly type: SqlType
}

/** Slot `index` of the execution's parameters: first $1 … $n, then the literals that the plan cache lifted (D9). */
export interface ParameterExpression {
  readonly kind: 'parameter'
  readonly index: number
  readonly type: SqlType
}

/**
 * A call of an operator, cast or function. `intrinsic` names an operation that the code generator emits inline
 * ('int4+', 'int8<', …: src/types/operators.ts lists them); any other goes through `call`, which checks and throws.
 */
export interface CallExpression {
  readonly kind: 'call'
  readonly name: string
  readonly intrinsic: string | null
  readonly call: (...args: never[]) => Value
  readonly args: readonly Expression[]
  /** Null if any argument is null, without a call. */
  readonly strict: boolean
  readonly type: SqlType
  /** False if the result may differ between two calls with the same arguments (random(), clock_timestamp()). */
  readonly immutable: boolean
  /** 0-based character offset in the statement, for the position of a runtime error; null if there is none. */
  readonly position: number | null
}

export interface LogicalExpression {
  readonly kind: 'and' | 'or'
  readonly args: readonly Expression[]
  readonly type: SqlType
}

export interface NotExpression {
  readonly kind: 'not'
  readonly arg: Expression
  readonly type: SqlType
}

/** IS NULL, or IS NOT NULL if `negated`. */
export interface NullTestExpression {
  readonly kind: 'nullTest'
  readonly arg: Expression
  readonly negated: boolean
  readonly type: SqlType
}

/** IS DISTINCT FROM, or IS NOT DISTINCT FROM if `negated`; `equals` compares two values that are not null. */
export interface DistinctFromExpression {
  readonly kind: 'distinctFrom'
  readonly left: Expression
  readonly right: Expression
  readonly negated: boolean
  readonly equals: (a: never, b: never) => Value
  readonly type: SqlType
}

/** IS TRUE, IS FALSE (`value`), IS UNKNOWN (`value` null), each NOT if `negated`. */
export interface BooleanTestExpression {
  readonly kind: 'booleanTest'
  readonly arg: Expression
  readonly value: boolean | null
  readonly negated: boolean
  readonly type: SqlType
}

/** Searched CASE; the binder rewrites the simple form, with its operand evaluated once per WHEN (operands are immutable). */
export interface CaseExpression {
  readonly kind: 'case'
  readonly branches: readonly { readonly when: Expression; readonly then: Expression }[]
  readonly otherwise: Expression | null
  readonly type: SqlType
}

export interface CoalesceExpression {
  readonly kind: 'coalesce'
  readonly args: readonly Expression[]
  readonly type: SqlType
}

/** GREATEST or LEAST: nulls are ignored. */
export interface ExtremumExpression {
  readonly kind: 'greatest' | 'least'
  readonly args: readonly Expression[]
  readonly compare: (a: never, b: never) => number
  readonly type: SqlType
}

/** `arg IN (list)`; `hashKey` maps a value to a Map key, so that a list of constants becomes a set. */
export interface InListExpression {
  readonly kind: 'inList'
  readonly arg: Expression
  readonly list: readonly Expression[]
  readonly negated: boolean
  readonly hashKey: (value: never) => string | number | bigint | boolean
  readonly equals: (a: never, b: never) => Value
  readonly type: SqlType
}
