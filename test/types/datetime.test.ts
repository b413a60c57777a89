import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { civilFromDays, dayOfWeek, daysFromCivil } from '../../src/types/calendar.ts'
import {
  formatDate,
  formatTimestamp,
  joinTimestamp,
  MAX_DATE,
  MICROS_PER_DAY,
  MIN_DATE,
  parseDate,
  parseTimestamp,
  splitTimestamp,
} from '../../src/types/datetime.ts'
import { runs } from '../support/runs.ts'

const days = fc.oneof(fc.integer({ min: MIN_DATE, max: MAX_DATE }), fc.integer({ min: -800_000, max: 100_000 }))
const timestampDays = fc.oneof(
  fc.integer({ min: MIN_DATE, max: daysFromCivil(294_276, 12, 31) }),
  fc.integer({ min: -2, max: 2 }),
  fc.integer({ min: 104_240, max: 104_260 }),
)
const micros = fc.oneof(
  fc.integer({ min: 0, max: MICROS_PER_DAY - 1 }),
  fc.constantFrom(0, 1, MICROS_PER_DAY - 1, 1_000_000),
)

describe('dates and timestamps', () => {
  test('the calendar is that of Date where Date has one', () => {
    fc.assert(
      fc.property(fc.integer({ min: -90_000_000, max: 90_000_000 }), (day) => {
        const date = new Date(day * 86_400_000)
        expect(civilFromDays(day)).toEqual({
          year: date.getUTCFullYear(),
          month: date.getUTCMonth() + 1,
          day: date.getUTCDate(),
        })
        expect(dayOfWeek(day)).toBe(date.getUTCDay())
      }),
      { numRuns: runs(1000) },
    )
  })

  test('text forms round-trip over the whole range', () => {
    fc.assert(
      fc.property(days, (day) => {
        expect(parseDate(formatDate(day))).toBe(day)
      }),
      { numRuns: runs(1000) },
    )
    fc.assert(
      fc.property(timestampDays, micros, (day, time) => {
        const timestamp = joinTimestamp(day, time)
        expect(splitTimestamp(timestamp)).toEqual({ days: day, micros: time })
        expect(parseTimestamp(formatTimestamp(timestamp))).toBe(timestamp)
        expect(typeof timestamp === 'number').toBe(Number.isSafeInteger(day * MICROS_PER_DAY + time))
      }),
      { numRuns: runs(1000) },
    )
  })

  test('the ends of the calendar', () => {
    expect(formatDate(MIN_DATE)).toBe('4714-11-24 BC')
    expect(formatDate(MAX_DATE)).toBe('5874897-12-31')
    expect(formatDate(Infinity)).toBe('infinity')
    expect(() => parseDate('4714-11-23 BC')).toThrow(expect.objectContaining({ code: '22008' }))
    expect(() => parseTimestamp('294277-01-01')).toThrow(expect.objectContaining({ code: '22008' }))
  })

  test('arbitrary text is a date or an error of class 22', () => {
    const characters = fc.constantFrom(...Array.from('0123456789-:. TZBCadeinfty+'))
    fc.assert(
      fc.property(fc.string({ unit: characters, maxLength: 24 }), (text) => {
        for (const parse of [parseDate, parseTimestamp]) {
          try {
            const value = parse(text)
            expect(typeof value === 'number' || typeof value === 'bigint').toBe(true)
          } catch (error) {
            expect(error).toMatchObject({ name: 'DatabaseError', code: expect.stringMatching(/^2200[78]$/) as unknown })
          }
        }
      }),
      { numRuns: runs(1000) },
    )
  })
})
