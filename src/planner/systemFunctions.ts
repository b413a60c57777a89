/**
 * Functions of the system and the clock. The moments are parameters that each execution fills: a plan in the cache must
 * not remember the time at which it was made. Times are UTC; `timestamp with time zone` is not built, so `now()` is a
 * timestamp.
 */
import type { Expression } from '../executor/expression.ts'
import { TEXT, typeName } from '../types/registry.ts'
import { constant } from './coerce.ts'
import type { Moment } from './moments.ts'
import type { Parameters } from './parameters.ts'

const MOMENTS: ReadonlyMap<string, Moment> = new Map<string, Moment>([
  ['now', 'transaction'],
  ['transaction_timestamp', 'transaction'],
  ['current_timestamp', 'transaction'],
  ['localtimestamp', 'transaction'],
  ['statement_timestamp', 'statement'],
  ['current_date', 'date'],
])

const USER = 'isolde'
const CONSTANTS: ReadonlyMap<string, string> = new Map([
  ['version', 'PostgreSQL 17 dialect, Isolde'],
  ['current_database', 'isolde'],
  ['current_catalog', 'isolde'],
  ['current_schema', 'public'],
  ['current_user', USER],
  ['current_role', USER],
  ['session_user', USER],
  ['user', USER],
])

/** Null if there is no such function. */
export function bindSystemFunction(
  name: string,
  args: readonly Expression[],
  parameters: Parameters,
): Expression | null {
  if (name === 'pg_typeof' && args.length === 1) return constant(typeName(args[0]!.type), TEXT)
  if (args.length > 0) return null
  const moment = MOMENTS.get(name)
  if (moment !== undefined) return parameters.moment(moment)
  const value = CONSTANTS.get(name)
  return value === undefined ? null : constant(value, TEXT)
}
