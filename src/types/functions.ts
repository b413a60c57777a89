/**
 * The scalar functions, looked up with PostgreSQL's rules. COALESCE, NULLIF, GREATEST, LEAST and CASE are forms of
 * expression, not functions; what depends on a session or the clock (current_date, version()) is bound above this layer.
 */
import { ambiguousFunction, undefinedFunction } from '../errors.ts'
import { resolveConcat, resolveConcatWithSeparator } from './functions/concatenation.ts'
import { DATETIME_FUNCTIONS } from './functions/datetime.ts'
import { NUMBER_FUNCTIONS } from './functions/numbers.ts'
import { TEXT_FUNCTIONS } from './functions/text.ts'
import { resolveOverload } from './overloadResolution.ts'
import { typeName } from './registry.ts'
import type { Literals, Overload, ResolvedCall } from './resolvedCall.ts'
import type { SqlType } from './sqlType.ts'

const FUNCTIONS = new Map<string, Overload[]>()
for (const [name, overload] of [...TEXT_FUNCTIONS, ...NUMBER_FUNCTIONS, ...DATETIME_FUNCTIONS]) {
  FUNCTIONS.set(name, [...(FUNCTIONS.get(name) ?? []), overload])
}

/** Functions of any types: they resolve themselves. */
const POLYMORPHIC: ReadonlyMap<string, (operands: readonly SqlType[]) => ResolvedCall> = new Map([
  ['concat', resolveConcat],
  ['concat_ws', resolveConcatWithSeparator],
])

/**
 * The function of this name for operands of these types. `literals[i]` is the value of operand i if it is a constant of
 * the statement, else undefined; with it round(x, 2) and extract(year from d) have a static scale. Throws 42883 and 42725.
 */
export function resolveFunction(name: string, operands: readonly SqlType[], literals?: Literals): ResolvedCall {
  const polymorphic = POLYMORPHIC.get(name)
  if (polymorphic !== undefined && operands.length > 0) return polymorphic(operands)
  const found = resolveOverload(FUNCTIONS.get(name) ?? [], operands)
  if (found === 'none') throw undefinedFunction(functionSignature(name, operands))
  if (found === 'ambiguous') throw ambiguousFunction(functionSignature(name, operands))
  return found.resolve(operands, literals)
}

/** True if a function of this name exists, whatever its arguments. */
export function isFunctionName(name: string): boolean {
  return FUNCTIONS.has(name) || POLYMORPHIC.has(name)
}

/** The call as error messages spell it: `foo(integer, text)`. */
export function functionSignature(name: string, operands: readonly SqlType[]): string {
  return `${name}(${operands.map(typeName).join(', ')})`
}
