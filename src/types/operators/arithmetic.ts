/** The operators + - * / % ^ and the signs. */
import { featureNotSupported } from '../../errors.ts'
import { addDays, addDaysTo, dateDifference, subtractDays } from '../arithmetic/date.ts'
import * as fixed from '../arithmetic/fixed.ts'
import * as float8 from '../arithmetic/float8.ts'
import * as integer from '../arithmetic/integer.ts'
import { powerFloat8 } from '../arithmetic/transcendental.ts'
import type { Decimal } from '../decimal.ts'
import { DATE, DECIMAL, fixedNumeric, FLOAT8, INT2, INT4, INT8, TIMESTAMP } from '../registry.ts'
import { overload, scaledOverload } from '../resolvedCall.ts'
import type { Overload } from '../resolvedCall.ts'
import type { SqlType } from '../sqlType.ts'
import type { Value } from '../value.ts'
import { commonForm, ownForm, scaleAsNumeric } from './numericForms.ts'

type Binary = (a: never, b: never) => Value
type Unary = (a: never) => Value

interface Family {
  readonly type: SqlType
  readonly operations: Readonly<Partial<Record<string, Binary>>>
}

const INTEGER_FAMILIES: readonly Family[] = [
  {
    type: INT2,
    operations: {
      '+': integer.addInt2,
      '-': integer.subtractInt2,
      '*': integer.multiplyInt2,
      '/': integer.divideInt2,
      '%': integer.moduloInt4,
    },
  },
  {
    type: INT4,
    operations: {
      '+': integer.addInt4,
      '-': integer.subtractInt4,
      '*': integer.multiplyInt4,
      '/': integer.divideInt4,
      '%': integer.moduloInt4,
    },
  },
  {
    type: INT8,
    operations: {
      '+': integer.addInt8,
      '-': integer.subtractInt8,
      '*': integer.multiplyInt8,
      '/': integer.divideInt8,
      '%': integer.moduloInt8,
    },
  },
]

const FLOAT8_OPERATIONS: Readonly<Partial<Record<string, Binary>>> = {
  '+': float8.addFloat8,
  '-': float8.subtractFloat8,
  '*': float8.multiplyFloat8,
  '/': float8.divideFloat8,
  '^': powerFloat8,
}

/** Every pair of integer types; the result is the wider one. */
function integerOverloads(name: string): Overload[] {
  return INTEGER_FAMILIES.flatMap((left, i) =>
    INTEGER_FAMILIES.flatMap((right, j) => {
      const { type, operations } = i >= j ? left : right
      const call = operations[name]
      if (call === undefined) return []
      const intrinsic = `${type.kind}${name}`
      return [overload({ name, parameters: [left.type, right.type], result: type, call, intrinsic })]
    }),
  )
}

function float8Overloads(name: string): Overload[] {
  const call = FLOAT8_OPERATIONS[name]
  if (call === undefined) return []
  return [overload({ name, parameters: [FLOAT8, FLOAT8], result: FLOAT8, call, intrinsic: `float8${name}` })]
}

// ------------------------------------------------------------------------------------------------------ numeric

/** + - %: both operands in one scale, which is the result's. */
function sameScale(name: string, onFixed: Binary, onDecimal: Binary): Overload {
  return scaledOverload(name, [DECIMAL, DECIMAL], (operands) => {
    const form = commonForm(operands)
    const parameters = [form, form]
    return form.kind === 'numeric' && form.scale !== null
      ? { parameters, result: form, call: onFixed, intrinsic: `fixed${name}` }
      : { parameters, result: DECIMAL, call: onDecimal }
  })
}

/** The product's scale is the sum of the scales; beyond the largest static scale it is a Decimal. */
const MULTIPLY = scaledOverload('*', [DECIMAL, DECIMAL], (operands) => {
  const [left, right] = operands.map(scaleAsNumeric)
  const result = left === null || right === null ? DECIMAL : fixedNumeric(left! + right!)
  return result.kind === 'numeric' && result.scale !== null
    ? { parameters: operands.map(ownForm), result, call: fixed.multiplyFixed, intrinsic: 'fixed*' }
    : { parameters: [DECIMAL, DECIMAL], result: DECIMAL, call: (a: Decimal, b: Decimal) => a.mul(b) }
})

const NUMERIC_OVERLOADS: Readonly<Partial<Record<string, Overload>>> = {
  '+': sameScale('+', fixed.addFixed, (a: Decimal, b: Decimal) => a.add(b)),
  '-': sameScale('-', fixed.subtractFixed, (a: Decimal, b: Decimal) => a.sub(b)),
  '%': sameScale('%', fixed.moduloFixed, (a: Decimal, b: Decimal) => a.mod(b)),
  '*': MULTIPLY,
  '/': overload({
    name: '/',
    parameters: [DECIMAL, DECIMAL],
    result: DECIMAL,
    call: (a: Decimal, b: Decimal) => a.div(b),
  }),
}

// --------------------------------------------------------------------------------------------------------- signs

function prefix(name: string, type: SqlType, call: Unary, intrinsic: string | null): Overload {
  return overload({ name, parameters: [type], result: type, call, intrinsic })
}

const identity = (value: Value): Value => value

const NEGATIONS: readonly Overload[] = [
  prefix('-', INT2, integer.negateInt2, null),
  prefix('-', INT4, integer.negateInt4, null),
  prefix('-', INT8, integer.negateInt8, 'int8negate'),
  prefix('-', FLOAT8, float8.negateFloat8, 'float8negate'),
  scaledOverload('-', [DECIMAL], ([operand]) => {
    const form = ownForm(operand!)
    return form.kind === 'numeric' && form.scale !== null
      ? { parameters: [form], result: form, call: fixed.negateFixed, intrinsic: 'fixednegate' }
      : { parameters: [form], result: form, call: (value: Decimal) => value.negate() }
  }),
]

const PLUS_SIGNS: readonly Overload[] = [
  ...[INT2, INT4, INT8, FLOAT8].map((type) => prefix('+', type, identity, null)),
  scaledOverload('+', [DECIMAL], ([operand]) => {
    const form = ownForm(operand!)
    return { parameters: [form], result: form, call: identity }
  }),
]

// --------------------------------------------------------------------------------------------------------- dates

/** PostgreSQL's result is an interval, which is not built: 0A000 says more than "operator does not exist". */
function interval(name: string, left: SqlType, right: SqlType): Overload {
  return scaledOverload(name, [left, right], () => {
    throw featureNotSupported('type interval')
  })
}

const DATE_OVERLOADS: Readonly<Partial<Record<string, readonly Overload[]>>> = {
  '+': [
    overload({ name: '+', parameters: [DATE, INT4], result: DATE, call: addDays }),
    overload({ name: '+', parameters: [INT4, DATE], result: DATE, call: addDaysTo }),
  ],
  '-': [
    overload({ name: '-', parameters: [DATE, INT4], result: DATE, call: subtractDays }),
    overload({ name: '-', parameters: [DATE, DATE], result: INT4, call: dateDifference }),
    interval('-', TIMESTAMP, TIMESTAMP),
    interval('-', DATE, TIMESTAMP),
    interval('-', TIMESTAMP, DATE),
  ],
}

/** Name and overloads. */
export const ARITHMETIC: readonly (readonly [string, readonly Overload[]])[] = [
  ...['+', '-', '*', '/', '%', '^'].map(
    (name) =>
      [
        name,
        [
          ...integerOverloads(name),
          ...float8Overloads(name),
          ...[NUMERIC_OVERLOADS[name]].filter((found) => found !== undefined),
          ...(DATE_OVERLOADS[name] ?? []),
        ],
      ] as const,
  ),
  ['-', NEGATIONS],
  ['+', PLUS_SIGNS],
]
