/**
 * AS OF SYSTEM TIME: tables as they were. The moment is known when the statement is planned, because it decides which tables
 * there were: names are looked up in the catalog of then, and the plan reads with the timestamp of the last commit of then.
 * So such a plan is made for one execution and not kept.
 *
 * A moment is a timestamp; or a span before the statement's own time, `'-10s'` (CockroachDB); or an integer: the number of a
 * commit, as `isolde_versions` shows it. To a timestamp intervals may be added, `now() - interval '10 seconds'`: the type is
 * not built, so they are looked for in the syntax, at the end of the expression.
 */
import { invalidDatetimeFormat, systemTimeNotConstant } from '../errors.ts'
import { evaluate } from '../executor/evaluate.ts'
import type { Expression } from '../executor/expression.ts'
import type * as ast from '../parser/ast.ts'
import type { PastState } from '../txn/timeTravel.ts'
import { fromJs } from '../types/javascript.ts'
import { TIMESTAMP } from '../types/registry.ts'
import type { SqlType } from '../types/sqlType.ts'
import { parseTimeSpan } from '../types/timeSpan.ts'
import type { Value } from '../types/value.ts'
import { at } from './bindContext.ts'
import type { BindContext } from './bindContext.ts'
import { ExpressionBinder } from './bindExpression.ts'
import { some } from './expressionTree.ts'
import { momentOf } from './moments.ts'
import { Scope } from './scope.ts'

const clause = 'AS OF SYSTEM TIME'

/** The state at the moment that `e` says; null where the values of its parameters are not known yet. Throws 42601, 22023, 22007. */
export function pastState(context: BindContext, e: ast.Expression): PastState | null {
  const { past, moments } = context
  const { base, micros } = shifted(e)
  const ago = relative(context, base)
  if (ago !== null) {
    if (moments === null || past === null) return null
    return at(e.position, () => past.at(moments.statementMicros - ago + micros))
  }
  const binder = new ExpressionBinder(context, Scope.empty, { clause, aggregates: null })
  const bound = binder.bind(base)
  const isCommit = base === e && isInteger(bound.type)
  const moment = isCommit ? bound : binder.coercion.cast(bound, TIMESTAMP, 'assignment', base.position)
  const parameters = parameterValues(context, moment, e.position)
  if (parameters === null || past === null) return null
  return at(e.position, () => {
    const value = evaluate(moment, parameters)
    if (value === null) throw systemTimeNotConstant(e.position)
    return isCommit ? past.atCommit(Number(value)) : past.at(Number(value) + micros)
  })
}

const isInteger = ({ kind }: SqlType): boolean => kind === 'int2' || kind === 'int4' || kind === 'int8'

/** What intervals are added to, and their sum. */
function shifted(e: ast.Expression): { readonly base: ast.Expression; readonly micros: number } {
  let base = e
  let micros = 0
  while (base.kind === 'binary' && (base.operator === '-' || base.operator === '+')) {
    const span = intervalOf(base.right)
    if (span === null) break
    micros += base.operator === '-' ? -span : span
    base = base.left
  }
  return { base, micros }
}

/** Of an interval literal; null if it is something else. Throws 22007. */
function intervalOf(e: ast.Expression): number | null {
  if (e.kind !== 'cast' || e.type.name !== 'interval' || e.operand.kind !== 'string') return null
  const { value, position } = e.operand
  return at(position, () => spanOf(value, value))
}

/** The span in a text `-10s`, or in a parameter with such a text; null if it is none. Throws 22007. */
function relative({ values }: BindContext, e: ast.Expression): number | null {
  const text = e.kind === 'string' ? e.value : e.kind === 'parameter' ? values?.[e.index - 1] : null
  if (typeof text !== 'string' || !/^\s*-/.test(text)) return null
  // The sign is that of the whole text, so there is no other.
  const span = text.trimStart().slice(1)
  return at(e.position, () => spanOf(/[+-]/.test(span) ? '' : span, text))
}

function spanOf(text: string, whole: string): number {
  const micros = parseTimeSpan(text)
  if (micros === null) throw invalidDatetimeFormat('interval', whole)
  return micros
}

/** The slots that the expression reads; null if the values are not known. */
function parameterValues(context: BindContext, e: Expression, position: number): Value[] | null {
  const { parameters, values, moments } = context
  const slots: Value[] = []
  let known = true
  some(e, (node) => {
    if (node.kind !== 'parameter') return false
    const source =
      node.index < parameters.count
        ? ({ kind: 'value', index: node.index, type: node.type } as const)
        : parameters.derived(node.index).source
    if (source.kind === 'literal') throw systemTimeNotConstant(position)
    if (values === null || moments === null) known = false
    else if (source.kind === 'moment') slots[node.index] = momentOf(source.moment, moments)
    else slots[node.index] = fromJs(source.type, values[source.index])
    return false
  })
  return known ? slots : null
}
