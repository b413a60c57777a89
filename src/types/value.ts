/**
 * The canonical JavaScript form of every SQL value, so that `===` and `Map` mean SQL equality for most types (D12).
 *
 * | SQL type                  | canonical form                                                              |
 * | ------------------------- | --------------------------------------------------------------------------- |
 * | boolean                   | `true` / `false`                                                            |
 * | int2, int4                | a number                                                                    |
 * | int8                      | a number while it is a safe integer, a bigint beyond: `1n` never exists     |
 * | float8                    | a number; NaN equals NaN and sorts last                                     |
 * | numeric, static scale     | the scaled integer (12.34 at scale 2 is 1234), number or bigint as int8     |
 * | numeric, no static scale  | a `Decimal`                                                                 |
 * | text, varchar             | a string without NUL and without lone surrogates                            |
 * | date                      | days since 1970-01-01, a number; ±Infinity                                  |
 * | timestamp                 | microseconds since 1970-01-01 00:00, number or bigint as int8; ±Infinity    |
 *
 * -0 is normalised away by every producer.
 */
import type { Decimal } from './decimal.ts'

export type Value = null | boolean | number | bigint | string | Decimal
