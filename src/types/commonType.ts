/**
 * The one type of several: the branches of CASE, COALESCE, GREATEST, IN lists, VALUES and set operations (PostgreSQL's
 * "UNION, CASE, and Related Constructs"). Unlike PostgreSQL's numeric, which carries a display scale in each value, the
 * result has the largest static scale: `CASE WHEN b THEN 1 ELSE 1.50 END` is 1.00 or 1.50.
 */
import { typesCannotBeMatched } from '../errors.ts'
import { canCast, isPreferred, sameCategory } from './casts.ts'
import { DECIMAL, fixedNumeric, isInteger, sameType, TEXT, typeName, VARCHAR } from './registry.ts'
import type { SqlType } from './sqlType.ts'

/** Throws 42804 `<construct> types a and b cannot be matched`. All unknown: text. `types` is not empty. */
export function commonType(types: readonly SqlType[], construct = 'CASE'): SqlType {
  let chosen: SqlType | null = null
  for (const type of types) {
    if (type.kind === 'unknown') continue
    if (chosen === null) {
      chosen = type
    } else if (!sameCategory(chosen, type)) {
      throw typesCannotBeMatched(construct, typeName(chosen), typeName(type))
    } else if (!isPreferred(chosen) && canCast(chosen, type, 'implicit') && !canCast(type, chosen, 'implicit')) {
      chosen = type
    }
  }
  return chosen === null ? TEXT : withoutNarrowing(chosen, types)
}

/** Modifiers survive only if all branches agree; a numeric takes the largest scale, Decimal if one branch has none. */
function withoutNarrowing(chosen: SqlType, types: readonly SqlType[]): SqlType {
  if (types.every((type) => sameType(type, chosen))) return chosen
  if (chosen.kind === 'varchar') return VARCHAR
  if (chosen.kind !== 'numeric') return chosen
  let scale = 0
  for (const type of types) {
    if (type.kind === 'numeric' && type.scale !== null) scale = Math.max(scale, type.scale)
    else if (!isInteger(type)) return DECIMAL
  }
  return fixedNumeric(scale)
}
