/**
 * A tree walk over expressions without columns: index bounds, LIMIT, long IN lists and rows of VALUES, which are data
 * rather than code (fifty thousand rows of VALUES must not become fifty thousand lines of JavaScript). With a row it
 * evaluates any expression, which the tests use as the oracle of the generated code.
 */
import type { Value } from '../types/value.ts'
import type { Expression, InListExpression } from './expression.ts'
import { statementTooComplex } from '../errors.ts'
import { maximumDepth } from './codeWriter.ts'
import { extremum, positioned } from './calls.ts'

export function evaluate(e: Expression, parameters: readonly Value[], row: readonly Value[] = [], depth = 0): Value {
  if (depth > maximumDepth) throw statementTooComplex()
  const of = (child: Expression): Value => evaluate(child, parameters, row, depth + 1)
  switch (e.kind) {
    case 'column':
      return row[e.column] ?? null
    case 'constant':
      return e.value
    case 'parameter':
      return parameters[e.index] ?? null
    case 'call': {
      const args = e.args.map(of)
      if (e.strict && args.includes(null)) return null
      return positioned(e.call as (...args: Value[]) => Value, e.position)(...args)
    }
    case 'and':
    case 'or': {
      const decisive = e.kind === 'or'
      let result: Value = !decisive
      for (const arg of e.args) {
        const value = of(arg)
        if (value === decisive) return decisive
        if (value === null) result = null
      }
      return result
    }
    case 'not': {
      const value = of(e.arg)
      return value === null ? null : value === false
    }
    case 'nullTest':
      return (of(e.arg) === null) !== e.negated
    case 'booleanTest':
      return (of(e.arg) === e.value) !== e.negated
    case 'distinctFrom': {
      const [a, b] = [of(e.left), of(e.right)]
      const equals = e.equals as (a: Value, b: Value) => Value
      const same = a === null || b === null ? a === b : equals(a, b) === true
      return same === e.negated
    }
    case 'case': {
      const branch = e.branches.find(({ when }) => of(when) === true)
      if (branch !== undefined) return of(branch.then)
      return e.otherwise === null ? null : of(e.otherwise)
    }
    case 'coalesce':
      for (const arg of e.args) {
        const value = of(arg)
        if (value !== null) return value
      }
      return null
    case 'greatest':
    case 'least':
      return extremum(e)(...e.args.map(of))
    case 'inList':
      return inList(e, of)
  }
}

function inList(e: InListExpression, of: (child: Expression) => Value): Value {
  const equals = e.equals as (a: Value, b: Value) => Value
  const arg = of(e.arg)
  if (arg === null) return null
  let hasNull = false
  for (const item of e.list) {
    const value = of(item)
    if (value === null) hasNull = true
    else if (equals(arg, value) === true) return !e.negated
  }
  return hasNull ? null : e.negated
}
