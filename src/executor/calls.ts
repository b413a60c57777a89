/** Functions as they stand in the slots of generated code. */
import type { Value } from '../types/value.ts'
import type { ExtremumExpression } from './expression.ts'
import { DatabaseError } from '../errors.ts'

/** The function of GREATEST or LEAST: the extreme of the arguments that are not null. */
export function extremum(e: ExtremumExpression): (...values: Value[]) => Value {
  const compare = e.compare as (a: Value, b: Value) => number
  const sign = e.kind === 'greatest' ? 1 : -1
  return (...values) => {
    let best: Value = null
    for (const value of values) {
      if (value !== null && (best === null || compare(value, best) * sign > 0)) best = value
    }
    return best
  }
}

/** `call`, whose errors say where in the statement it stands. */
export function positioned(call: (...args: Value[]) => Value, position: number | null): (...args: Value[]) => Value {
  if (position === null) return call
  const locate = (error: unknown): unknown => {
    if (error instanceof DatabaseError) error.position ??= position + 1
    return error
  }
  if (call.length === 2) {
    return (a, b) => {
      try {
        return call(a, b)
      } catch (error) {
        throw locate(error)
      }
    }
  }
  return (...args) => {
    try {
      return call(...args)
    } catch (error) {
      throw locate(error)
    }
  }
}
