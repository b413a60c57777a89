/** concat and concat_ws: any types, any number, nulls skipped. They write the output form (`t`), not the cast (`true`). */
import { TEXT } from '../registry.ts'
import type { ResolvedCall } from '../resolvedCall.ts'
import type { SqlType } from '../sqlType.ts'
import { textFormatter } from '../textOutput.ts'
import type { Value } from '../value.ts'
import { stringResult } from './stringBounds.ts'

const known = (type: SqlType): SqlType => (type.kind === 'unknown' ? TEXT : type)

export function resolveConcat(operands: readonly SqlType[]): ResolvedCall {
  const types = operands.map(known)
  const formats = types.map(textFormatter)
  const call = (...values: readonly Value[]): Value => joinPresent(values, formats, '')
  return variadic('concat', types, call)
}

/** The first operand separates the others; null if it is null. */
export function resolveConcatWithSeparator(operands: readonly SqlType[]): ResolvedCall {
  const [, ...types] = operands.map(known)
  const formats = types.map(textFormatter)
  const call = (separator: string | null, ...values: readonly Value[]): Value =>
    separator === null ? null : joinPresent(values, formats, separator)
  return variadic('concat_ws', [TEXT, ...types], call)
}

function joinPresent(
  values: readonly Value[],
  formats: readonly ((value: Value) => string)[],
  separator: string,
): string {
  let result = ''
  let first = true
  for (const [i, value] of values.entries()) {
    if (value === null) continue
    result = stringResult(result + (first ? '' : separator) + formats[i]!(value))
    first = false
  }
  return result
}

function variadic(name: string, argumentTypes: readonly SqlType[], call: (...values: never[]) => Value): ResolvedCall {
  return { name, argumentTypes, resultType: TEXT, intrinsic: null, call, strict: false, immutable: true }
}
