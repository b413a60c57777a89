/** The functions over dates and timestamps. EXTRACT of a constant field has that field's static scale. */
import { featureNotSupported, invalidArgument } from '../../errors.ts'
import { fixedToFloat8 } from '../arithmetic/fixed.ts'
import { daysFromCivil, daysInMonth } from '../calendar.ts'
import { checkDate, joinTimestamp, MICROS_PER_SECOND, splitTimestamp } from '../datetime.ts'
import { Decimal } from '../decimal.ts'
import { BOOLEAN, DATE, DECIMAL, fixedNumeric, FLOAT8, INT4, TEXT, TIMESTAMP } from '../registry.ts'
import { overload, scaledOverload } from '../resolvedCall.ts'
import type { Overload } from '../resolvedCall.ts'
import type { Value } from '../value.ts'
import { datetimeField, isUnboundedField, truncateTimestamp } from './datetimeFields.ts'

type Timestamp = number | bigint
type Kind = 'date' | 'timestamp'

const isInfinite = (value: Timestamp): boolean => value === Infinity || value === -Infinity

const moment = (kind: Kind, value: Timestamp) =>
  kind === 'date' ? { days: Number(value), micros: 0 } : splitTimestamp(value)

/** Numeric has no infinities here: 0A000 where PostgreSQL gives one, null where it gives null. */
function ofInfinity(unit: string): null {
  if (isUnboundedField(unit)) throw featureNotSupported('infinity of type numeric')
  return null
}

function extractDecimal(kind: Kind): (unit: string, value: Timestamp) => Value {
  return (unit, value) => {
    const field = datetimeField(unit, kind)
    return isInfinite(value) ? ofInfinity(unit) : Decimal.fromFixed(field.read(moment(kind, value)), field.scale)
  }
}

function extract(kind: Kind): Overload {
  const type = kind === 'date' ? DATE : TIMESTAMP
  return scaledOverload('extract', [TEXT, type], (_operands, [unit]) => {
    if (typeof unit !== 'string') return { parameters: [TEXT, type], result: DECIMAL, call: extractDecimal(kind) }
    const field = datetimeField(unit, kind)
    const call = (_unit: string, value: Timestamp): Value =>
      isInfinite(value) ? ofInfinity(unit) : field.read(moment(kind, value))
    return { parameters: [TEXT, type], result: fixedNumeric(field.scale), call }
  })
}

function datePart(unit: string, value: Timestamp): number | null {
  const field = datetimeField(unit, 'timestamp')
  if (isInfinite(value)) return isUnboundedField(unit) ? Number(value) : null
  return fixedToFloat8(field.read(splitTimestamp(value)), field.scale)
}

/** Throws 22008 for what is no day of the calendar; a negative year is BC. */
function makeDays(year: number, month: number, day: number): number {
  const text = `${year}-${month.toString().padStart(2, '0')}-${day.toString().padStart(2, '0')}`
  const astronomical = year < 0 ? year + 1 : year
  if (year === 0 || month < 1 || month > 12 || day < 1 || day > daysInMonth(astronomical, month)) {
    throw invalidArgument('22008', `date field value out of range: ${text}`)
  }
  return daysFromCivil(astronomical, month, day)
}

function makeTimestamp(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): Timestamp {
  const days = makeDays(year, month, day)
  const micros = (hour * 60 + minute) * 60 * MICROS_PER_SECOND + Math.round(second * MICROS_PER_SECOND)
  const inRange = hour >= 0 && minute >= 0 && minute <= 59 && second >= 0 && second <= 60
  if (!inRange || micros > 24 * 3600 * MICROS_PER_SECOND) {
    throw invalidArgument('22008', `time field value out of range: ${hour}:${minute}:${second}`)
  }
  return joinTimestamp(days, micros)
}

/** Name and overload. */
export const DATETIME_FUNCTIONS: readonly (readonly [string, Overload])[] = [
  ['extract', extract('date')],
  ['extract', extract('timestamp')],
  ['date_part', overload({ name: 'date_part', parameters: [TEXT, TIMESTAMP], result: FLOAT8, call: datePart })],
  [
    'date_trunc',
    overload({ name: 'date_trunc', parameters: [TEXT, TIMESTAMP], result: TIMESTAMP, call: truncateTimestamp }),
  ],
  [
    'make_date',
    overload({
      name: 'make_date',
      parameters: [INT4, INT4, INT4],
      result: DATE,
      call: (year: number, month: number, day: number) => checkDate(makeDays(year, month, day)),
    }),
  ],
  [
    'make_timestamp',
    overload({
      name: 'make_timestamp',
      parameters: [INT4, INT4, INT4, INT4, INT4, FLOAT8],
      result: TIMESTAMP,
      call: makeTimestamp,
    }),
  ],
  [
    'isfinite',
    overload({ name: 'isfinite', parameters: [DATE], result: BOOLEAN, call: (value: number) => !isInfinite(value) }),
  ],
  [
    'isfinite',
    overload({
      name: 'isfinite',
      parameters: [TIMESTAMP],
      result: BOOLEAN,
      call: (value: Timestamp) => !isInfinite(value),
    }),
  ],
]
