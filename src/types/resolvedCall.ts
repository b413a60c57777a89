/** What the binder gets for an operator or a function, and what the code generator calls. */
import type { SqlType } from './sqlType.ts'
import type { Value } from './value.ts'

export interface ResolvedCall {
  readonly name: string
  /** The operands must be cast to these first (`resolveCast(…, 'explicit')`; the resolution has judged the context). */
  readonly argumentTypes: readonly SqlType[]
  readonly resultType: SqlType
  /** An operation that the code generator may inline (the list is at the head of operators.ts), or null. */
  readonly intrinsic: string | null
  readonly call: (...args: never[]) => Value
  /** Null if any argument is null, without a call; `call` never sees a null then. */
  readonly strict: boolean
  /** False if two calls with the same arguments may differ. */
  readonly immutable: boolean
}

/**
 * One signature of an operator, function or aggregate (then `R` is what an aggregate resolves to). A parameter type stands
 * for all modifiers of its kind.
 */
export interface Overload<R = ResolvedCall> {
  readonly parameters: readonly SqlType[]
  /** The last parameter may be repeated. */
  readonly variadic: boolean
  /**
   * The call for operands of these types, which have the parameters' kinds or may be cast to them. `literals` holds the
   * values of operands that are constants of the statement, undefined for the others: a constant number of digits makes
   * the result's scale static.
   */
  readonly resolve: (operands: readonly SqlType[], literals?: Literals) => R
}

export type Literals = readonly (Value | undefined)[]

export interface CallSpec {
  readonly name: string
  readonly parameters: readonly SqlType[]
  readonly result: SqlType
  readonly call: (...args: never[]) => Value
  readonly intrinsic?: string | null
  readonly immutable?: boolean
}

/** A strict overload whose result does not depend on type modifiers. */
export function overload(spec: CallSpec): Overload {
  const resolved: ResolvedCall = {
    name: spec.name,
    argumentTypes: spec.parameters,
    resultType: spec.result,
    intrinsic: spec.intrinsic ?? null,
    call: spec.call,
    strict: true,
    immutable: spec.immutable ?? true,
  }
  return { parameters: spec.parameters, variadic: false, resolve: () => resolved }
}

/** A strict overload whose physical operation depends on the static scales of its operands. */
export function scaledOverload(
  name: string,
  parameters: readonly SqlType[],
  resolve: (operands: readonly SqlType[], literals: Literals) => Omit<CallSpec, 'name'>,
): Overload {
  return {
    parameters,
    variadic: false,
    resolve: (operands, literals = []) => overload({ name, ...resolve(operands, literals) }).resolve(operands),
  }
}
