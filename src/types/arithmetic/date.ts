/** Arithmetic of dates and days. Infinite dates stay infinite; leaving the calendar is 22008. */
import { cannotSubtractInfiniteDates } from '../../errors.ts'
import { checkDate } from '../datetime.ts'

export function addDays(date: number, days: number): number {
  return checkDate(date + days)
}

export function addDaysTo(days: number, date: number): number {
  return checkDate(date + days)
}

export function subtractDays(date: number, days: number): number {
  return checkDate(date - days)
}

/** Days from `b` to `a`. */
export function dateDifference(a: number, b: number): number {
  if (!Number.isFinite(a) || !Number.isFinite(b)) throw cannotSubtractInfiniteDates()
  return a - b + 0
}
