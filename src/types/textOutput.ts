/** From a value to text, exactly as PostgreSQL's output functions (and so psql) write it. */
import { formatDate, formatTimestamp } from './datetime.ts'
import { formatScaled } from './decimal.ts'
import type { Decimal } from './decimal.ts'
import type { SqlType } from './sqlType.ts'
import type { Value } from './value.ts'

/** The text of a value that is not null: `t`, `1.50`, `1e+20`, `1995-03-11 10:00:00.123`. */
export function formatValue(type: SqlType, value: Value): string {
  return textFormatter(type)(value)
}

/** The formatter of one type, chosen once. */
export function textFormatter(type: SqlType): (value: Value) => string {
  return formatterOf(type) as (value: Value) => string
}

function formatterOf(type: SqlType): (value: never) => string {
  switch (type.kind) {
    case 'boolean':
      return (value: boolean) => (value ? 't' : 'f')
    case 'int2':
    case 'int4':
    case 'int8':
      return (value: number | bigint) => value.toString()
    case 'float8':
      return formatFloat8
    case 'numeric': {
      const { scale } = type
      if (scale === null) return (value: Decimal) => value.toString()
      return (value: number | bigint) => formatScaled(value, scale)
    }
    case 'text':
    case 'varchar':
    case 'unknown':
      return (value: string) => value
    case 'date':
      return formatDate
    case 'timestamp':
      return formatTimestamp
  }
}

/** Decimal exponents outside of this are written in scientific notation. */
const MIN_FIXED_EXPONENT = -4
const END_FIXED_EXPONENT = 15

/**
 * The shortest text that reads back as the same double, as PostgreSQL writes it since version 12. JavaScript finds the
 * same digits, but changes to scientific notation elsewhere (1e21 for PostgreSQL's 1e15) and writes `1e+5`, not `1e+05`.
 */
export function formatFloat8(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity'
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return value.toString()
  const scientific = value.toExponential()
  const at = scientific.indexOf('e')
  const exponent = Number(scientific.slice(at + 1))
  if (exponent >= MIN_FIXED_EXPONENT && exponent < END_FIXED_EXPONENT) return value.toString()
  const magnitude = Math.abs(exponent).toString().padStart(2, '0')
  return `${scientific.slice(0, at)}e${exponent < 0 ? '-' : '+'}${magnitude}`
}
