/**
 * date and timestamp: their text forms and their parts. A date is days since 1970-01-01, a timestamp is microseconds
 * since 1970-01-01 00:00 without a time zone (number while safe, else bigint); both have ±Infinity. Ranges are
 * PostgreSQL's: 4713-11-24 BC to 5874897-12-31, and to 294276-12-31.
 */
import { datetimeFieldOverflow, datetimeOutOfRange, invalidDatetimeFormat } from '../errors.ts'
import { demote } from './bigintArithmetic.ts'
import { civilFromDays, daysFromCivil, daysInMonth } from './calendar.ts'
import type { CivilDate } from './calendar.ts'

export const MICROS_PER_DAY = 86_400_000_000
export const MICROS_PER_SECOND = 1_000_000
export const MIN_DATE = daysFromCivil(-4713, 11, 24)
export const MAX_DATE = daysFromCivil(5_874_897, 12, 31)
const MIN_TIMESTAMP = BigInt(MIN_DATE) * BigInt(MICROS_PER_DAY)
/** Exclusive: 294277-01-01. */
const END_TIMESTAMP = BigInt(daysFromCivil(294_277, 1, 1)) * BigInt(MICROS_PER_DAY)

/** A timestamp as days and microseconds of the day; the timestamp must be finite. */
export interface DayAndTime {
  readonly days: number
  /** 0 … 86,399,999,999 */
  readonly micros: number
}

export function splitTimestamp(timestamp: number | bigint): DayAndTime {
  if (typeof timestamp === 'bigint') {
    const day = BigInt(MICROS_PER_DAY)
    const micros = ((timestamp % day) + day) % day
    return { days: Number((timestamp - micros) / day), micros: Number(micros) }
  }
  // A remainder of doubles is exact; a quotient would round across midnight.
  const remainder = timestamp % MICROS_PER_DAY
  const micros = remainder < 0 ? remainder + MICROS_PER_DAY : remainder + 0
  return { days: (timestamp - micros) / MICROS_PER_DAY, micros }
}

/** The timestamp of a day and a time; `days` may be ±Infinity. Throws 22008 (`text` is what the user wrote, if anything). */
export function joinTimestamp(days: number, micros: number, text: string | null = null): number | bigint {
  if (!Number.isFinite(days)) return days
  const product = days * MICROS_PER_DAY + micros
  if (Number.isSafeInteger(product)) return product + 0
  const exact = BigInt(days) * BigInt(MICROS_PER_DAY) + BigInt(micros)
  if (exact < MIN_TIMESTAMP || exact >= END_TIMESTAMP) throw datetimeOutOfRange('timestamp', text)
  return demote(exact)
}

/** Throws 22008 for a finite day outside the calendar. */
export function checkDate(days: number, text: string | null = null): number {
  if (Number.isFinite(days) && !(days >= MIN_DATE && days <= MAX_DATE)) throw datetimeOutOfRange('date', text)
  return days + 0
}

/** Throws 22008 for a year, month or day that is not in the calendar. */
export function checkedDaysFromCivil({ year, month, day }: CivilDate, text: string): number {
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) throw datetimeFieldOverflow(text)
  return daysFromCivil(year, month, day)
}

// ------------------------------------------------------------------------------------------------------- output

export function formatDate(days: number): string {
  if (days === Infinity) return 'infinity'
  if (days === -Infinity) return '-infinity'
  const date = civilFromDays(days)
  return date.year > 0 ? formatCivil(date) : `${formatCivil({ ...date, year: 1 - date.year })} BC`
}

export function formatTimestamp(timestamp: number | bigint): string {
  if (timestamp === Infinity) return 'infinity'
  if (timestamp === -Infinity) return '-infinity'
  const { days, micros } = splitTimestamp(timestamp)
  const date = civilFromDays(days)
  const time = formatTime(micros)
  return date.year > 0 ? `${formatCivil(date)} ${time}` : `${formatCivil({ ...date, year: 1 - date.year })} ${time} BC`
}

function formatCivil({ year, month, day }: CivilDate): string {
  return `${year.toString().padStart(4, '0')}-${twoDigits(month)}-${twoDigits(day)}`
}

function formatTime(micros: number): string {
  const seconds = Math.floor(micros / MICROS_PER_SECOND)
  const fraction = micros % MICROS_PER_SECOND
  const time = `${twoDigits(Math.floor(seconds / 3600))}:${twoDigits(Math.floor(seconds / 60) % 60)}:${twoDigits(seconds % 60)}`
  return fraction === 0 ? time : `${time}.${fraction.toString().padStart(6, '0').replace(/0+$/, '')}`
}

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : `${value}`
}

// -------------------------------------------------------------------------------------------------------- input

const DATE_PART = String.raw`(\d{3,7})-(\d{1,2})-(\d{1,2})|(\d{4,7})(\d{2})(\d{2})`
const TIME_PART = String.raw`(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d*))?)?`
const ZONE_PART = String.raw`(?:\s*(?:Z|UTC|[+-]\d{1,2}(?::?\d{2}(?::?\d{2})?)?))?`
const SYNTAX = new RegExp(
  String.raw`^\s*(?:${DATE_PART})(?:(?:[T ]|\s+)\s*${TIME_PART}${ZONE_PART})?(?:\s+(BC|AD))?\s*$`,
  'i',
)
const MAX_TEXT_LENGTH = 128

interface ParsedDatetime {
  readonly days: number
  readonly micros: number
}

/** ISO 8601 dates, `YYYYMMDD`, `epoch`, `infinity`, `-infinity`, each ` BC`; a time of day after a date is ignored. */
export function parseDate(text: string): number {
  const plain = plainDate(text)
  if (plain !== null) return plain
  const special = SPECIAL.get(text.trim().toLowerCase())
  if (special !== undefined) return special
  return checkDate(parseDatetime('date', text).days, text)
}

/** The fast path: exactly YYYY-MM-DD, of a day that exists; null for everything else. COPY spends its time here. */
function plainDate(text: string): number | null {
  if (text.length !== 10 || text.charCodeAt(4) !== DASH || text.charCodeAt(7) !== DASH) return null
  const year = digitsAt(text, 0, 4)
  const month = digitsAt(text, 5, 7)
  const day = digitsAt(text, 8, 10)
  if (!(year >= 1 && month >= 1 && month <= 12 && day >= 1)) return null
  return day <= daysInMonth(year, month) ? daysFromCivil(year, month, day) : null
}

const DASH = 0x2d

/** The number in text[from, to); NaN if a character there is no digit. */
function digitsAt(text: string, from: number, to: number): number {
  let value = 0
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - 0x30
    if (digit < 0 || digit > 9) return NaN
    value = value * 10 + digit
  }
  return value
}

/** As `parseDate`, with an optional time `HH:MM[:SS[.ffffff]]`; a time zone is ignored, as in PostgreSQL. */
export function parseTimestamp(text: string): number | bigint {
  const special = SPECIAL.get(text.trim().toLowerCase())
  if (special !== undefined) return special
  const { days, micros } = parseDatetime('timestamp', text)
  return joinTimestamp(days, micros, text)
}

const SPECIAL: ReadonlyMap<string, number> = new Map([
  ['epoch', 0],
  ['infinity', Infinity],
  ['-infinity', -Infinity],
])

function parseDatetime(type: 'date' | 'timestamp', text: string): ParsedDatetime {
  const match = text.length > MAX_TEXT_LENGTH ? null : SYNTAX.exec(text)
  if (match === null) throw invalidDatetimeFormat(type, text)
  const field = (index: number): number => Number(match[index] ?? 0)
  const written = Number(match[1] ?? match[4])
  const beforeChrist = match[11]?.toUpperCase() === 'BC'
  if (written === 0) throw datetimeFieldOverflow(text)
  const year = beforeChrist ? 1 - written : written
  const month = match[1] === undefined ? field(5) : field(2)
  const day = match[1] === undefined ? field(6) : field(3)
  const days = checkedDaysFromCivil({ year, month, day }, text)
  const micros = timeMicros(field(7), field(8), field(9), match[10] ?? '', text)
  return { days, micros }
}

function timeMicros(hour: number, minute: number, second: number, fraction: string, text: string): number {
  const micros = Math.round(Number(`0.${fraction}0`) * MICROS_PER_SECOND)
  // 24:00:00 and 23:59:60 are allowed, as in PostgreSQL.
  const total = ((hour * 60 + minute) * 60 + second) * MICROS_PER_SECOND + micros
  if (minute > 59 || second > 60 || total > MICROS_PER_DAY) throw datetimeFieldOverflow(text)
  return total
}
