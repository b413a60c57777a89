/**
 * AS OF SYSTEM TIME: tables as they were. The moment is known when the statement is planned, because it decides which tables
 * there were: names are looked up in the catalog of then, and the plan reads with the timestamp of the last commit of then.
 * So such a plan is made for one execution and not kept.
 *
 * A moment is a timestamp, or an integer: the number of a commit, as `isolde_versions` shows it.
 */
import { systemTimeNotConstant } from '../errors.ts'
import { evaluate } from '../executor/evaluate.ts'
import type { Expression } from '../executor/expression.ts'
import type * as ast from '../parser/ast.ts'
import type { PastState } from '../txn/timeTravel.ts'
import { fromJs } from '../types/javascript.ts'
import { TIMESTAMP } from '../types/registry.ts'
import type { Value } from '../types/value.ts'
import { at } from './bindContext.ts'
import type { BindContext } from './bindContext.ts'
import { ExpressionBinder } from './bindExpression.ts'
import { some } from './expressionTree.ts'
import { Scope } from './scope.ts'

const clause = 'AS OF SYSTEM TIME'

/** The state at the moment that `e` says; null where the values of its parameters are not known yet. Throws 42601, 22023. */
export function pastState(context: BindContext, e: ast.Expression): PastState | null {
  const binder = new ExpressionBinder(context, Scope.empty, { clause, aggregates: null })
  const bound = binder.bind(e)
  const isCommit = bound.type.kind === 'int2' || bound.type.kind === 'int4' || bound.type.kind === 'int8'
  const moment = isCommit ? bound : binder.coercion.cast(bound, TIMESTAMP, 'assignment', e.position)
  const parameters = parameterValues(context, moment, e.position)
  const { past } = context
  if (parameters === null || past === null) return null
  return at(e.position, () => {
    const value = evaluate(moment, parameters)
    if (value === null) throw systemTimeNotConstant(e.position)
    return isCommit ? past.atCommit(Number(value)) : past.at(Number(value))
  })
}

/** The slots that the expression reads; null if the values are not known. */
function parameterValues(context: BindContext, e: Expression, position: number): Value[] | null {
  const { parameters, values } = context
  const slots: Value[] = []
  let known = true
  some(e, (node) => {
    if (node.kind !== 'parameter') return false
    const source =
      node.index < parameters.count
        ? ({ kind: 'value', index: node.index, type: node.type } as const)
        : parameters.derived(node.index).source
    if (source.kind !== 'value') throw systemTimeNotConstant(position)
    if (values === null) known = false
    else slots[node.index] = fromJs(source.type, values[source.index])
    return false
  })
  return known ? slots : null
}
