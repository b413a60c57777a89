/**
 * Spans of time of a fixed length, in the texts of PostgreSQL's intervals and of CockroachDB's: `10 seconds`, `1.5h`, `1h30m`,
 * `2 days 01:30:00`. There is no type of that name: only AS OF SYSTEM TIME reads them.
 */

const units: readonly (readonly [names: string, micros: number])[] = [
  ['us µs microsecond microseconds', 1],
  ['ms msec msecs millisecond milliseconds', 1000],
  ['s sec secs second seconds', 1_000_000],
  ['m min mins minute minutes', 60_000_000],
  ['h hr hrs hour hours', 3_600_000_000],
  ['d day days', 86_400_000_000],
  ['w week weeks', 604_800_000_000],
]

const microsOf = new Map(units.flatMap(([names, micros]) => names.split(' ').map((name) => [name, micros] as const)))

const part = /\s*([+-]?)(?:(\d+):(\d{1,2})(?::(\d{1,2}(?:\.\d+)?))?|(\d+(?:\.\d+)?)\s*([a-zµ]+))\s*/gy

/**
 * Microseconds; null if it is no such text, or longer than a number is exact. Each part has a sign of its own, as in
 * PostgreSQL. Months and years have no fixed length, and are no such text.
 */
export function parseTimeSpan(text: string): number | null {
  let micros = 0
  let end = 0
  for (const match of text.toLowerCase().matchAll(new RegExp(part))) {
    const [whole, sign, hours, minutes, seconds, count, unit] = match
    let length: number | undefined
    if (hours !== undefined) length = clockMicros(Number(hours), Number(minutes), Number(seconds ?? 0))
    else length = Number(count) * (microsOf.get(unit ?? '') ?? NaN)
    micros += sign === '-' ? -length : length
    end = match.index + whole.length
  }
  if (end === 0 || end !== text.length) return null
  const rounded = Math.round(micros)
  return Number.isSafeInteger(rounded) ? rounded : null
}

function clockMicros(hours: number, minutes: number, seconds: number): number {
  return minutes > 59 || seconds >= 60 ? NaN : (hours * 3600 + minutes * 60 + seconds) * 1_000_000
}
