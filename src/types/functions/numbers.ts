/**
 * The mathematical functions. Numeric with a static scale stays a scaled integer wherever the result's scale is known from
 * the types or from a constant number of digits. exp, ln, log and power of numeric are computed as float8.
 */
import * as fixed from '../arithmetic/fixed.ts'
import { absFloat8, roundHalfEven } from '../arithmetic/float8.ts'
import * as integer from '../arithmetic/integer.ts'
import * as transcendental from '../arithmetic/transcendental.ts'
import { Decimal } from '../decimal.ts'
import { commonForm, ownForm } from '../operators/numericForms.ts'
import { DECIMAL, fixedNumeric, FLOAT8, INT2, INT4, INT8, MAX_STATIC_SCALE } from '../registry.ts'
import { divisionByZero } from '../../errors.ts'
import { overload, scaledOverload } from '../resolvedCall.ts'
import type { CallSpec, Overload } from '../resolvedCall.ts'
import type { SqlType } from '../sqlType.ts'
import type { Value } from '../value.ts'

type Fixed = fixed.Fixed
type Entry = readonly [string, Overload]

function unary(name: string, type: SqlType, call: (value: never) => Value): Entry {
  return [name, overload({ name, parameters: [type], result: type, call })]
}

/** A function of one numeric: `onFixed` gets the operand's scale; its result has scale 0 if `toWhole`. */
function unaryNumeric(
  name: string,
  toWhole: boolean,
  onFixed: (value: Fixed, scale: number) => Fixed,
  onDecimal: (value: Decimal) => Decimal,
): Entry {
  const resolve = ([operand]: readonly SqlType[]): Omit<CallSpec, 'name'> => {
    const form = ownForm(operand!)
    const scale = form.kind === 'numeric' ? form.scale : null
    if (scale === null) return { parameters: [DECIMAL], result: DECIMAL, call: onDecimal }
    const result = toWhole ? fixedNumeric(0) : form
    return { parameters: [form], result, call: (value: Fixed) => onFixed(value, scale) }
  }
  return [name, scaledOverload(name, [DECIMAL], resolve)]
}

/** round(numeric, digits) and trunc(numeric, digits): the scale is static if `digits` is a constant. */
function toDigits(
  name: 'round' | 'trunc',
  shrink: (value: Fixed, places: number) => Fixed,
  onDecimal: (value: Decimal, digits: number) => Decimal,
): Entry {
  const dynamic = { parameters: [DECIMAL, INT4], result: DECIMAL, call: onDecimal }
  const overloaded = scaledOverload(name, [DECIMAL, INT4], ([operand], literals) => {
    const form = ownForm(operand!)
    const digits = literals[1]
    const scale = form.kind === 'numeric' ? form.scale : null
    const isStatic = typeof digits === 'number' && digits >= 0 && digits <= MAX_STATIC_SCALE
    if (scale === null || !isStatic) return dynamic
    const call =
      digits >= scale
        ? (value: Fixed) => fixed.scaleUp(value, digits - scale)
        : (value: Fixed) => shrink(value, scale - digits)
    return { parameters: [form, INT4], result: fixedNumeric(digits), call }
  })
  return [name, overloaded]
}

function ceilingFixed(value: Fixed, scale: number): Fixed {
  const whole = fixed.truncateDown(value, scale)
  return fixed.scaleUp(whole, scale) < value ? fixed.addFixed(whole, 1) : whole
}

function floorFixed(value: Fixed, scale: number): Fixed {
  const whole = fixed.truncateDown(value, scale)
  return fixed.scaleUp(whole, scale) > value ? fixed.subtractFixed(whole, 1) : whole
}

/** 0 for NaN too, as in PostgreSQL. */
function signOf(value: number | bigint): number {
  return value > 0 ? 1 : value < 0 ? -1 : 0
}

const ceilingDecimal = (value: Decimal): Decimal => value.ceil()
const normalised = (operation: (value: number) => number) => (value: number) => operation(value) + 0

/** The truncated quotient. Throws 22012. */
function quotient(a: Decimal, b: Decimal): Decimal {
  if (b.sign() === 0) throw divisionByZero()
  const scale = Math.max(a.scale, b.scale)
  return Decimal.of(a.digitsAt(scale) / b.digitsAt(scale), 0)
}

const MODULO: Entry[] = [
  ['mod', overload({ name: 'mod', parameters: [INT2, INT2], result: INT2, call: integer.moduloInt4 })],
  ['mod', overload({ name: 'mod', parameters: [INT4, INT4], result: INT4, call: integer.moduloInt4 })],
  ['mod', overload({ name: 'mod', parameters: [INT8, INT8], result: INT8, call: integer.moduloInt8 })],
  [
    'mod',
    scaledOverload('mod', [DECIMAL, DECIMAL], (operands) => {
      const form = commonForm(operands)
      const call =
        form.kind === 'numeric' && form.scale !== null ? fixed.moduloFixed : (a: Decimal, b: Decimal) => a.mod(b)
      return { parameters: [form, form], result: form, call }
    }),
  ],
]

const FLOAT8_FUNCTIONS: readonly (readonly [string, (value: number) => number])[] = [
  ['sqrt', transcendental.squareRootFloat8],
  ['cbrt', transcendental.cubeRootFloat8],
  ['exp', transcendental.exponentialFloat8],
  ['ln', transcendental.naturalLogarithmFloat8],
  ['log', transcendental.decimalLogarithmFloat8],
  ['log10', transcendental.decimalLogarithmFloat8],
  ['round', roundHalfEven],
  ['trunc', normalised(Math.trunc)],
  ['ceil', normalised(Math.ceil)],
  ['ceiling', normalised(Math.ceil)],
  ['floor', normalised(Math.floor)],
  ['sign', signOf],
  ['abs', absFloat8],
]

/** Name and overload. */
export const NUMBER_FUNCTIONS: readonly Entry[] = [
  unary('abs', INT2, integer.absInt2),
  unary('abs', INT4, integer.absInt4),
  unary('abs', INT8, integer.absInt8),
  unaryNumeric('abs', false, fixed.absFixed, (value) => value.abs()),
  unaryNumeric('round', true, fixed.scaleDown, (value) => value.round(0)),
  unaryNumeric('trunc', true, fixed.truncateDown, (value) => value.trunc(0)),
  unaryNumeric('ceil', true, ceilingFixed, ceilingDecimal),
  unaryNumeric('ceiling', true, ceilingFixed, ceilingDecimal),
  unaryNumeric('floor', true, floorFixed, (value) => value.floor()),
  unaryNumeric('sign', true, signOf, (value) => value.signum()),
  toDigits('round', fixed.scaleDown, (value, digits) => value.round(digits)),
  toDigits('trunc', fixed.truncateDown, (value, digits) => value.trunc(digits)),
  ...MODULO,
  ['div', overload({ name: 'div', parameters: [DECIMAL, DECIMAL], result: DECIMAL, call: quotient })],
  ['sqrt', overload({ name: 'sqrt', parameters: [DECIMAL], result: DECIMAL, call: (value: Decimal) => value.sqrt() })],
  ...FLOAT8_FUNCTIONS.map(([name, call]) => unary(name, FLOAT8, call)),
  ...['power', 'pow'].map((name): Entry => [
    name,
    overload({ name, parameters: [FLOAT8, FLOAT8], result: FLOAT8, call: transcendental.powerFloat8 }),
  ]),
  ['pi', overload({ name: 'pi', parameters: [], result: FLOAT8, call: () => Math.PI })],
]
