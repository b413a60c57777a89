/**
 * PostgreSQL's choice among the overloads of an operator or function (its manual, chapter 10, "Type Conversion"; parse_func.c
 * and parse_oper.c): an exact match, else the candidates that implicit casts reach, narrowed by the number of exact
 * matches, then by preferred types, then by the type category that unknown literals are taken to have.
 */
import { canCast, isPreferred, typeCategory } from './casts.ts'
import type { Overload } from './resolvedCall.ts'
import type { SqlType } from './sqlType.ts'

export type Resolution<R> = Overload<R> | 'none' | 'ambiguous'

interface Candidate<R> {
  readonly overload: Overload<R>
  /** One parameter per operand: a variadic one is repeated. */
  readonly parameters: readonly SqlType[]
}

export function resolveOverload<R>(overloads: readonly Overload<R>[], operands: readonly SqlType[]): Resolution<R> {
  const callable = overloads.map((overload) => expand(overload, operands.length)).filter((found) => found !== null)
  const exact = callable.find(({ parameters }) => parameters.every((type, i) => type.kind === operands[i]!.kind))
  if (exact !== undefined) return exact.overload
  let candidates = callable.filter(({ parameters }) =>
    parameters.every((type, i) => canCast(operands[i]!, type, 'implicit')),
  )
  if (candidates.length <= 1) return candidates[0]?.overload ?? 'none'
  candidates = best(candidates, (parameter, operand) => matchesExactly(parameter, operand))
  candidates = best(
    candidates,
    (parameter, operand) =>
      matchesExactly(parameter, operand) ||
      (typeCategory(parameter) === typeCategory(operand) && isPreferred(parameter)),
  )
  if (candidates.length > 1) candidates = narrowUnknowns(candidates)
  if (candidates.length > 1) candidates = narrowToKnownType(candidates)
  return candidates.length === 1 ? candidates[0]!.overload : 'ambiguous'

  function best(from: Candidate<R>[], counts: (parameter: SqlType, operand: SqlType) => boolean): Candidate<R>[] {
    const scores = from.map(({ parameters }) => parameters.filter((type, i) => counts(type, operands[i]!)).length)
    const highest = Math.max(...scores)
    return from.filter((_, i) => scores[i] === highest)
  }

  /** An unknown operand is taken as a string if any candidate allows it, else as the category that all agree on. */
  function narrowUnknowns(from: Candidate<R>[]): Candidate<R>[] {
    let narrowed = from
    for (const [position, operand] of operands.entries()) {
      if (operand.kind !== 'unknown') continue
      const parameters = narrowed.map((candidate) => candidate.parameters[position]!)
      const categories = new Set(parameters.map(typeCategory))
      if (categories.size > 1 && !categories.has('S')) return from
      const category = categories.has('S') ? 'S' : typeCategory(parameters[0]!)
      narrowed = narrowed.filter((candidate) => typeCategory(candidate.parameters[position]!) === category)
      const preferred = narrowed.filter((candidate) => isPreferred(candidate.parameters[position]!))
      if (preferred.length > 0) narrowed = preferred
    }
    return narrowed
  }

  /** The last resort: if all known operands have one type, unknown ones are taken to have it too. */
  function narrowToKnownType(from: Candidate<R>[]): Candidate<R>[] {
    const known = operands.filter((operand) => operand.kind !== 'unknown')
    const [first] = known
    if (first === undefined || known.length === operands.length) return from
    if (!known.every((operand) => operand.kind === first.kind)) return from
    const narrowed = from.filter(({ parameters }) => parameters.every((type) => canCast(first, type, 'implicit')))
    return narrowed.length === 1 ? narrowed : from
  }
}

function matchesExactly(parameter: SqlType, operand: SqlType): boolean {
  return parameter.kind === operand.kind
}

function expand<R>(overload: Overload<R>, count: number): Candidate<R> | null {
  const { parameters, variadic } = overload
  if (!variadic) return parameters.length === count ? { overload, parameters } : null
  const last = parameters[parameters.length - 1]
  if (last === undefined || count < parameters.length) return null
  const repeated = Array.from({ length: count - parameters.length }, () => last)
  return { overload, parameters: [...parameters, ...repeated] }
}
