/**
 * What plain JavaScript may hand over in place of what the types ask for. Each check throws 22023, so that the mistake is named
 * where it was made, and none of it goes on for ever (`retries: NaN`).
 */
import { invalidOption, wrongArgument } from './errors.ts'

/** The option's value, at least 1; throws 22023. */
export function positive(name: string, value: number | undefined, otherwise: number): number {
  if (value === undefined) return otherwise
  if (typeof value !== 'number' || !(value >= 1)) throw invalidOption(name, value)
  return value
}

/** The option's value, at least 0; throws 22023. */
export function atLeastZero(name: string, value: number | undefined, otherwise: number): number {
  if (value === undefined) return otherwise
  if (typeof value !== 'number' || !(value >= 0)) throw invalidOption(name, value)
  return value
}

export function requireFunction(what: string, value: unknown): void {
  if (typeof value !== 'function') throw wrongArgument(what, 'a function', value)
}

export function requireArray(what: string, value: unknown): void {
  if (!Array.isArray(value)) throw wrongArgument(what, 'an array', value)
}

export function requireText(what: string, value: unknown): void {
  if (typeof value !== 'string') throw wrongArgument(what, 'a string', value)
}

/** Undefined is none. Whose realm's AbortSignal it is does not matter. */
export function requireSignal(value: unknown): void {
  if (value === undefined) return
  const isSignal = typeof value === 'object' && value !== null && 'aborted' in value && 'addEventListener' in value
  if (!isSignal) throw wrongArgument('option "signal"', 'an AbortSignal', value)
}
