/**
 * One total order and one hash key per type. Values are in canonical form and not null; both sides have the same type
 * (the binder has rescaled numerics and promoted numbers). The order of NaN (equal to itself, after everything) is
 * PostgreSQL's; the order of text is that of its code points, which is also that of its UTF-8 bytes (collation C).
 */
import type { Decimal } from './decimal.ts'
import type { SqlType } from './sqlType.ts'
import type { Value } from './value.ts'

export type Comparator = (a: never, b: never) => number
export type HashKey = string | number | bigint | boolean

/** JavaScript's own order: booleans, integers (number or bigint), scaled integers, dates and timestamps. */
export function compareNative(a: boolean | number | bigint, b: boolean | number | bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}

export function compareFloat8(a: number, b: number): number {
  if (a < b) return -1
  if (a > b) return 1
  if (a === b) return 0
  const aIsNaN = a !== a
  return aIsNaN === (b !== b) ? 0 : aIsNaN ? 1 : -1
}

/**
 * Code-point order. JavaScript's `<` compares UTF-16 units and differs exactly where a surrogate pair (a code point from
 * U+10000 on, units from U+D800) meets a unit from U+E000 on; so only the first difference needs a closer look.
 */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i)
    const right = b.charCodeAt(i)
    if (left !== right) {
      return left >= FIRST_SURROGATE && right >= FIRST_SURROGATE ? unitRank(left) - unitRank(right) : left - right
    }
  }
  return a.length - b.length
}

const FIRST_SURROGATE = 0xd800
const LAST_SURROGATE = 0xdfff

/** Moves surrogates behind the units U+E000 … U+FFFF. */
function unitRank(unit: number): number {
  return unit > LAST_SURROGATE ? unit : unit + 0x10000
}

export function compareDecimal(a: Decimal, b: Decimal): number {
  return a.compare(b)
}

/** The order of a type's values that are not null. */
export function comparator(type: SqlType): (a: Value, b: Value) => number {
  return narrow(comparatorOf(type))
}

function comparatorOf(type: SqlType): Comparator {
  switch (type.kind) {
    case 'boolean':
    case 'int2':
    case 'int4':
    case 'int8':
    case 'date':
    case 'timestamp':
      return compareNative
    case 'float8':
      return compareFloat8
    case 'numeric':
      return type.scale === null ? compareDecimal : compareNative
    case 'text':
    case 'varchar':
    case 'unknown':
      return compareText
  }
}

/** The values of a type have one physical form each: what takes this form also takes `Value` where the type is known. */
function narrow(compare: Comparator): (a: Value, b: Value) => number {
  return compare as (a: Value, b: Value) => number
}

/** The key under which a value that is not null stands in a Map or Set: equal values, and only those, have equal keys. */
export function hashKey(type: SqlType): (value: Value) => HashKey {
  return type.kind === 'numeric' && type.scale === null
    ? (decimalKey as (value: Value) => HashKey)
    : (identityKey as (value: Value) => HashKey)
}

/** Null if a type's values are their own hash keys, so that a caller may skip the call. */
export function hashKeyOrIdentity(type: SqlType): ((value: Value) => HashKey) | null {
  return type.kind === 'numeric' && type.scale === null ? hashKey(type) : null
}

function decimalKey(value: Decimal): HashKey {
  return value.hashKey()
}

function identityKey(value: HashKey): HashKey {
  return value
}
