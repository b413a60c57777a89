/** How result rows are handed out. */
import { resultConverter } from '../types/javascript.ts'
import type { SqlType } from '../types/sqlType.ts'
import type { Value } from '../types/value.ts'

export type OutputMode = 'objects' | 'arrays' | 'values'

/** From a value that is not null to its result form; null: the canonical form itself. */
export type Converter = ((value: Value) => unknown) | null

/** Generated code serves one form; a statement keeps the code of the few that it was asked for. */
export interface OutputForm {
  readonly mode: OutputMode
  /** One a field. */
  readonly converters: readonly Converter[]
}

export interface Field {
  readonly name: string
  readonly type: SqlType
}

/** The form of node-postgres (D12); `values`: canonical values in arrays. */
export function defaultForm(fields: readonly Field[], mode: OutputMode): OutputForm {
  return { mode, converters: fields.map(({ type }) => (mode === 'values' ? null : resultConverter(type))) }
}

export function sameForm(a: OutputForm, b: OutputForm): boolean {
  return a.mode === b.mode && a.converters.every((converter, i) => converter === b.converters[i])
}
