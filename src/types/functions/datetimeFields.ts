/**
 * The fields of dates and timestamps: EXTRACT and date_part read them, date_trunc cuts at them. Names, plurals and
 * meaning are PostgreSQL's (there is no year 0: 1 BC is -1).
 */
import { featureNotSupported, invalidArgument } from '../../errors.ts'
import { civilFromDays, dayOfWeek, daysFromCivil, isoWeek } from '../calendar.ts'
import { joinTimestamp, MICROS_PER_DAY, MICROS_PER_SECOND, splitTimestamp } from '../datetime.ts'
import type { DayAndTime } from '../datetime.ts'

type Timestamp = number | bigint

/** A field as a scaled integer; a scale above 0 counts microseconds of a larger unit. */
interface Field {
  readonly scale: number
  /** True if only a time of day has it: EXTRACT from a date refuses it. */
  readonly ofTime: boolean
  readonly read: (moment: DayAndTime) => Timestamp
}

const MICROS_PER_MINUTE = 60 * MICROS_PER_SECOND
const MICROS_PER_HOUR = 60 * MICROS_PER_MINUTE
/** The Julian day of 1970-01-01. */
const JULIAN_EPOCH = 2_440_588

/** The year as people write it: 1 BC is -1. */
function written(year: number): number {
  return year > 0 ? year : year - 1
}

/** Years 1 … `length` are period 1, the `length` years before are period -1. */
function period(year: number, length: number): number {
  return year > 0 ? Math.floor((year + length - 1) / length) : -Math.floor((length - year) / length)
}

const yearOf = ({ days }: DayAndTime): number => civilFromDays(days).year

function dateField(read: (days: number) => number): Field {
  return { scale: 0, ofTime: false, read: ({ days }) => read(days) }
}

function timeField(scale: number, read: (micros: number) => number): Field {
  return { scale, ofTime: true, read: ({ micros }) => read(micros) }
}

const FIELDS: ReadonlyMap<string, Field> = new Map<string, Field>([
  ['millennium', dateField((days) => period(civilFromDays(days).year, 1000))],
  ['century', dateField((days) => period(civilFromDays(days).year, 100))],
  ['decade', dateField((days) => Math.floor(civilFromDays(days).year / 10))],
  ['year', dateField((days) => written(civilFromDays(days).year))],
  ['isoyear', dateField((days) => written(isoWeek(days).year))],
  ['quarter', dateField((days) => Math.ceil(civilFromDays(days).month / 3))],
  ['month', dateField((days) => civilFromDays(days).month)],
  ['week', dateField((days) => isoWeek(days).week)],
  ['day', dateField((days) => civilFromDays(days).day)],
  ['dow', dateField(dayOfWeek)],
  ['isodow', dateField((days) => dayOfWeek(days) || 7)],
  ['doy', dateField((days) => days - daysFromCivil(civilFromDays(days).year, 1, 1) + 1)],
  ['hour', timeField(0, (micros) => Math.floor(micros / MICROS_PER_HOUR))],
  ['minute', timeField(0, (micros) => Math.floor(micros / MICROS_PER_MINUTE) % 60)],
  ['second', timeField(6, (micros) => micros % MICROS_PER_MINUTE)],
  ['milliseconds', timeField(3, (micros) => micros % MICROS_PER_MINUTE)],
  ['microseconds', timeField(0, (micros) => micros % MICROS_PER_MINUTE)],
  ['epoch', { scale: 6, ofTime: false, read: ({ days, micros }) => joinTimestamp(days, micros) }],
])

const DATE_EPOCH: Field = dateField((days) => (days * MICROS_PER_DAY) / MICROS_PER_SECOND)
const DATE_JULIAN: Field = dateField((days) => days + JULIAN_EPOCH)

const SYNONYMS: ReadonlyMap<string, string> = new Map([
  ...['years', 'y', 'yr', 'yrs'].map((name) => [name, 'year'] as const),
  ...['months', 'mon', 'mons'].map((name) => [name, 'month'] as const),
  ...['weeks', 'w'].map((name) => [name, 'week'] as const),
  ...['days', 'd'].map((name) => [name, 'day'] as const),
  ...['hours', 'h', 'hr', 'hrs'].map((name) => [name, 'hour'] as const),
  ...['minutes', 'm', 'min', 'mins'].map((name) => [name, 'minute'] as const),
  ...['seconds', 's', 'sec', 'secs'].map((name) => [name, 'second'] as const),
  ...['millisecond', 'msec', 'msecs', 'ms', 'msecond', 'mseconds'].map((name) => [name, 'milliseconds'] as const),
  ...['microsecond', 'usec', 'usecs', 'us', 'usecond', 'useconds'].map((name) => [name, 'microseconds'] as const),
  ...['centuries', 'cent', 'c'].map((name) => [name, 'century'] as const),
  ...['decades', 'dec', 'decs'].map((name) => [name, 'decade'] as const),
  ...['millennia', 'mil', 'mils'].map((name) => [name, 'millennium'] as const),
  ['qtr', 'quarter'],
  ['j', 'julian'],
])

function canonicalName(unit: string): string {
  const name = unit.trim().toLowerCase()
  return SYNONYMS.get(name) ?? name
}

/** Throws 22023 for an unknown field and 0A000 for one that the type does not have. */
export function datetimeField(unit: string, type: 'date' | 'timestamp'): Field {
  const name = canonicalName(unit)
  const spelt = type === 'date' ? 'date' : 'timestamp without time zone'
  if (type === 'date' && name === 'epoch') return DATE_EPOCH
  if (type === 'date' && name === 'julian') return DATE_JULIAN
  const field = FIELDS.get(name)
  if (field === undefined) throw invalidArgument('22023', `unit "${unit}" not recognized for type ${spelt}`)
  if (type === 'date' && field.ofTime) throw featureNotSupported(`unit "${unit}" for type date`)
  return field
}

/** True for fields that grow without bound, and so are infinite for an infinite date; the others are null then. */
export function isUnboundedField(unit: string): boolean {
  return UNBOUNDED.has(canonicalName(unit))
}

const UNBOUNDED: ReadonlySet<string> = new Set([
  ...['millennium', 'century', 'decade', 'year', 'isoyear', 'julian', 'epoch'],
])

/** A timestamp cut down to the start of its `unit`. Throws 22023 for an unknown unit. */
export function truncateTimestamp(unit: string, timestamp: Timestamp): Timestamp {
  const cut = truncations.get(canonicalName(unit))
  if (cut === undefined) {
    throw invalidArgument('22023', `unit "${unit}" not recognized for type timestamp without time zone`)
  }
  if (timestamp === Infinity || timestamp === -Infinity) return timestamp
  const moment = splitTimestamp(timestamp)
  const { days, micros } = cut(moment)
  return joinTimestamp(days, micros)
}

function startOfYear(year: number): DayAndTime {
  return { days: daysFromCivil(year, 1, 1), micros: 0 }
}

function startOfMonth(days: number, step: number): DayAndTime {
  const { year, month } = civilFromDays(days)
  return { days: daysFromCivil(year, month - ((month - 1) % step), 1), micros: 0 }
}

function cutTime(unit: number): (moment: DayAndTime) => DayAndTime {
  return ({ days, micros }) => ({ days, micros: micros - (micros % unit) })
}

/** The first year of the period of `length` years, periods starting in years 1, length + 1, …. */
function startOfPeriod(moment: DayAndTime, length: number): DayAndTime {
  return startOfYear(Math.floor((yearOf(moment) - 1) / length) * length + 1)
}

const truncations: ReadonlyMap<string, (moment: DayAndTime) => DayAndTime> = new Map([
  ['microseconds', cutTime(1)],
  ['milliseconds', cutTime(1000)],
  ['second', cutTime(MICROS_PER_SECOND)],
  ['minute', cutTime(MICROS_PER_MINUTE)],
  ['hour', cutTime(MICROS_PER_HOUR)],
  ['day', cutTime(MICROS_PER_DAY)],
  ['week', ({ days }: DayAndTime) => ({ days: days - ((dayOfWeek(days) + 6) % 7), micros: 0 })],
  ['month', ({ days }: DayAndTime) => startOfMonth(days, 1)],
  ['quarter', ({ days }: DayAndTime) => startOfMonth(days, 3)],
  ['year', (moment: DayAndTime) => startOfYear(yearOf(moment))],
  ['decade', (moment: DayAndTime) => startOfYear(Math.floor(yearOf(moment) / 10) * 10)],
  ['century', (moment: DayAndTime) => startOfPeriod(moment, 100)],
  ['millennium', (moment: DayAndTime) => startOfPeriod(moment, 1000)],
])
