/** How the static scales of numeric operands meet: both fixed, then scaled integers; else both become Decimals. */
import { DECIMAL, fixedNumeric, isInteger } from '../registry.ts'
import type { SqlType } from '../sqlType.ts'

/** The static scale that an operand has as numeric: 0 for integers; null if its values are, or would become, Decimals. */
export function scaleAsNumeric(type: SqlType): number | null {
  return type.kind === 'numeric' ? type.scale : isInteger(type) ? 0 : null
}

/** The common form of several operands: the largest static scale, or Decimal if one has none. */
export function commonForm(operands: readonly SqlType[]): SqlType {
  let largest = 0
  for (const operand of operands) {
    const scale = scaleAsNumeric(operand)
    if (scale === null) return DECIMAL
    largest = Math.max(largest, scale)
  }
  return fixedNumeric(largest)
}

/** An operand's own form as numeric, without a precision. */
export function ownForm(operand: SqlType): SqlType {
  const scale = scaleAsNumeric(operand)
  return scale === null ? DECIMAL : fixedNumeric(scale)
}
