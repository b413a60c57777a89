/** A bound on the length of the strings that functions make, so that no expression outgrows the process. */
import { resultTooLarge } from '../../errors.ts'

/** UTF-16 units; below V8's own limit of about 2^29. */
export const MAX_STRING_LENGTH = 2 ** 28

/** Throws 54000 if a string of so many units would be too long to make. */
export function checkStringLength(units: number): void {
  if (units > MAX_STRING_LENGTH) throw resultTooLarge()
}

export function stringResult(text: string): string {
  checkStringLength(text.length)
  return text
}
