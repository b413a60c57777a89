/** All expressions of a physical plan, rewritten in place of one another. */
import { unreachable } from '../assert.ts'
import type { Expression } from '../executor/expression.ts'
import type { ConflictPlan, PhysicalPlan, Returning, RowCheck, StatementPlan } from '../executor/plan.ts'

type Map = (e: Expression) => Expression

export function mapStatement(plan: StatementPlan, map: Map): StatementPlan {
  switch (plan.kind) {
    case 'select':
      return { ...plan, input: mapPlan(plan.input, map) }
    case 'insert':
      return {
        ...plan,
        input: mapPlan(plan.input, map),
        checks: mapChecks(plan.checks, map),
        ...(plan.onConflict === undefined ? {} : { onConflict: mapConflict(plan.onConflict, map) }),
        returning: mapReturning(plan.returning, map),
      }
    case 'update':
      return {
        ...plan,
        input: mapPlan(plan.input, map),
        set: plan.set.map(({ column, value }) => ({ column, value: map(value) })),
        checks: mapChecks(plan.checks, map),
        returning: mapReturning(plan.returning, map),
      }
    case 'delete':
      return { ...plan, input: mapPlan(plan.input, map), returning: mapReturning(plan.returning, map) }
    default:
      return unreachable(plan)
  }
}

function mapConflict({ indexes, update }: ConflictPlan, map: Map): ConflictPlan {
  if (update === null) return { indexes, update }
  const set = update.set.map(({ column, value }) => ({ column, value: map(value) }))
  return { indexes, update: { set, where: mapped(update.where, map), checks: mapChecks(update.checks, map) } }
}

function mapChecks(checks: readonly RowCheck[], map: Map): readonly RowCheck[] {
  return checks.map((check) => ({ ...check, predicate: mapped(check.predicate, map) }))
}

function mapReturning(returning: Returning | null, map: Map): Returning | null {
  return returning === null ? null : { ...returning, expressions: returning.expressions.map(map) }
}

function mapped(e: Expression | null, map: Map): Expression | null {
  return e === null ? null : map(e)
}

function mapPlan(plan: PhysicalPlan, map: Map): PhysicalPlan {
  switch (plan.kind) {
    case 'tableScan':
      return { ...plan, filter: mapped(plan.filter, map) }
    case 'viewScan':
      return { ...plan, argument: mapped(plan.argument, map) }
    case 'indexScan':
      return {
        ...plan,
        equals: plan.equals.map(map),
        lower: plan.lower === null ? null : { ...plan.lower, value: map(plan.lower.value) },
        upper: plan.upper === null ? null : { ...plan.upper, value: map(plan.upper.value) },
        filter: mapped(plan.filter, map),
      }
    case 'values':
      return { ...plan, rows: plan.rows.map((row) => row.map(map)) }
    case 'filter':
      return { ...plan, input: mapPlan(plan.input, map), predicate: map(plan.predicate) }
    case 'project':
      return { ...plan, input: mapPlan(plan.input, map), expressions: plan.expressions.map(map) }
    case 'hashJoin':
      return {
        ...plan,
        left: mapPlan(plan.left, map),
        right: mapPlan(plan.right, map),
        leftKeys: plan.leftKeys.map(map),
        rightKeys: plan.rightKeys.map(map),
        residual: mapped(plan.residual, map),
      }
    case 'nestedLoopJoin':
      return {
        ...plan,
        left: mapPlan(plan.left, map),
        right: mapPlan(plan.right, map),
        predicate: mapped(plan.predicate, map),
      }
    case 'indexJoin':
      return {
        ...plan,
        left: mapPlan(plan.left, map),
        equals: plan.equals.map(map),
        residual: mapped(plan.residual, map),
      }
    case 'aggregate':
      return {
        ...plan,
        input: mapPlan(plan.input, map),
        keys: plan.keys.map(map),
        aggregates: plan.aggregates.map((call) => ({
          ...call,
          arg: mapped(call.arg, map),
          filter: mapped(call.filter, map),
        })),
      }
    case 'distinct':
    case 'lockRows':
      return { ...plan, input: mapPlan(plan.input, map) }
    case 'sort':
      return {
        ...plan,
        input: mapPlan(plan.input, map),
        keys: plan.keys.map((key) => ({ ...key, expression: map(key.expression) })),
        limit: mapped(plan.limit, map),
      }
    case 'limit':
      return {
        ...plan,
        input: mapPlan(plan.input, map),
        count: mapped(plan.count, map),
        offset: mapped(plan.offset, map),
      }
    default:
      return unreachable(plan)
  }
}
