/** The operators = <> < <= > >= of every type; across types the narrower side is cast. */
import { compareDecimal, compareFloat8, compareText } from '../comparison.ts'
import { BOOLEAN, DATE, DECIMAL, FLOAT8, INT2, INT4, INT8, TEXT, TIMESTAMP } from '../registry.ts'
import { overload, scaledOverload } from '../resolvedCall.ts'
import type { Overload } from '../resolvedCall.ts'
import type { SqlType } from '../sqlType.ts'
import { commonForm } from './numericForms.ts'

type Native = boolean | number | bigint | string
type Test = (a: never, b: never) => boolean

/** Tests by JavaScript's own operators: right for booleans, integers, scaled integers, dates and timestamps. */
const NATIVE: Readonly<Record<string, Test>> = {
  '=': (a: Native, b: Native) => a === b,
  '<>': (a: Native, b: Native) => a !== b,
  '<': (a: Native, b: Native) => a < b,
  '<=': (a: Native, b: Native) => a <= b,
  '>': (a: Native, b: Native) => a > b,
  '>=': (a: Native, b: Native) => a >= b,
}

const NAMES = Object.keys(NATIVE)

/** The six tests by an order of their own. */
function testsBy<T>(compare: (a: T, b: T) => number): Readonly<Record<string, (a: T, b: T) => boolean>> {
  return {
    '=': (a, b) => compare(a, b) === 0,
    '<>': (a, b) => compare(a, b) !== 0,
    '<': (a, b) => compare(a, b) < 0,
    '<=': (a, b) => compare(a, b) <= 0,
    '>': (a, b) => compare(a, b) > 0,
    '>=': (a, b) => compare(a, b) >= 0,
  }
}

const BY_TEXT = testsBy(compareText)
const BY_FLOAT8 = testsBy(compareFloat8)
const BY_DECIMAL = testsBy(compareDecimal)

function native(name: string, left: SqlType, right: SqlType, as: readonly SqlType[] = [left, right]): Overload {
  const spec = { parameters: as, result: BOOLEAN, call: NATIVE[name]!, intrinsic: `native${name}` }
  return scaledOverload(name, [left, right], () => spec)
}

function comparisons(name: string): Overload[] {
  const integers = [INT2, INT4, INT8]
  const equality = name === '=' || name === '<>'
  return [
    ...integers.flatMap((left) => integers.map((right) => native(name, left, right))),
    native(name, BOOLEAN, BOOLEAN),
    native(name, DATE, DATE),
    native(name, TIMESTAMP, TIMESTAMP),
    native(name, DATE, TIMESTAMP, [TIMESTAMP, TIMESTAMP]),
    native(name, TIMESTAMP, DATE, [TIMESTAMP, TIMESTAMP]),
    equality
      ? native(name, TEXT, TEXT)
      : overload({ name, parameters: [TEXT, TEXT], result: BOOLEAN, call: BY_TEXT[name]! }),
    overload({
      name,
      parameters: [FLOAT8, FLOAT8],
      result: BOOLEAN,
      call: BY_FLOAT8[name]!,
      intrinsic: `float8${name}`,
    }),
    scaledOverload(name, [DECIMAL, DECIMAL], (operands) => {
      const form = commonForm(operands)
      const parameters = [form, form]
      return form.kind === 'numeric' && form.scale !== null
        ? { parameters, result: BOOLEAN, call: NATIVE[name]!, intrinsic: `native${name}` }
        : { parameters, result: BOOLEAN, call: BY_DECIMAL[name]! }
    }),
  ]
}

/** Name and overloads. */
export const COMPARISONS: readonly (readonly [string, readonly Overload[]])[] = NAMES.map((name) => [
  name,
  comparisons(name),
])
