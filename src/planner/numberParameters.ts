/**
 * The final numbers of parameters. While binding, every form of a parameter got a slot of its own, and many were dropped
 * again: those that the plan really reads stand behind $1 … $n now, without gaps. If $i itself is read in one derived form
 * only (`INSERT INTO t (price) VALUES ($1)`: as numeric(12,2)), that form takes the place of $i.
 */
import type { Expression } from '../executor/expression.ts'
import type { StatementPlan } from '../executor/plan.ts'
import type { SqlType } from '../types/sqlType.ts'
import { mapChildren } from './expressionTree.ts'
import type { Parameters, ParameterSource } from './parameters.ts'
import { mapStatement } from './planExpressions.ts'

export interface NumberedPlan {
  readonly plan: StatementPlan
  /** Of $1 … $n, as the execution converts them. */
  readonly parameterTypes: readonly SqlType[]
  /** Of the slots behind them. */
  readonly sources: readonly ParameterSource[]
}

export function numberParameters(plan: StatementPlan, parameters: Parameters): NumberedPlan {
  const { count } = parameters
  const used = new Set<number>()
  const collect = (e: Expression): Expression => {
    if (e.kind === 'parameter') used.add(e.index)
    return mapChildren(e, collect)
  }
  mapStatement(plan, collect)

  const parameterTypes = [...parameters.types()]
  const forms = new Map<number, number[]>()
  for (const index of used) {
    if (index < count) continue
    const { source } = parameters.derived(index)
    if (source.kind === 'value') forms.set(source.index, [...(forms.get(source.index) ?? []), index])
  }
  const numbers = new Map<number, number>()
  const sources: ParameterSource[] = []
  for (const index of [...used].sort((a, b) => a - b)) {
    if (index < count) continue
    const { source, type } = parameters.derived(index)
    if (source.kind === 'value' && !used.has(source.index) && forms.get(source.index)!.length === 1) {
      numbers.set(index, source.index)
      parameterTypes[source.index] = type
    } else {
      numbers.set(index, count + sources.length)
      sources.push(source)
    }
  }
  const renumber = (e: Expression): Expression => {
    if (e.kind !== 'parameter') return mapChildren(e, renumber)
    const index = numbers.get(e.index)
    return index === undefined || index === e.index ? e : { ...e, index }
  }
  const changes = [...numbers].some(([from, to]) => from !== to)
  return { plan: changes ? mapStatement(plan, renumber) : plan, parameterTypes, sources }
}
