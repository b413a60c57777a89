/**
 * The order of inner joins, greedily: begin with the smallest relation; then add, again and again, the relation whose
 * join with what is there yields fewest rows, among those that a condition connects; a relation that no condition reaches
 * comes last (a cross product). Left-deep trees only. Optimal orders by dynamic programming over connected subgraphs
 * belong to the optimiser's own issue; greedy finds the orders of TPC-H's queries on foreign keys.
 */
import type { Expression } from '../executor/expression.ts'
import { columnsIn, conjunction } from './expressionTree.ts'
import { equiColumns, estimateRows, joinRows } from './cardinality.ts'
import type { LogicalPlan } from './logical.ts'
import { attributesOf } from './logical.ts'

interface Relation {
  readonly plan: LogicalPlan
  readonly ids: ReadonlySet<number>
  readonly rows: number
}

export function orderJoins(plans: readonly LogicalPlan[], conditions: readonly Expression[]): LogicalPlan {
  const remaining = plans.map((plan): Relation => ({
    plan,
    ids: new Set(attributesOf(plan).map((attribute) => attribute.id)),
    rows: estimateRows(plan),
  }))
  let pool = [...conditions]
  let current = takeFirst(remaining, pool)
  while (remaining.length > 0) {
    const next = cheapest(current, remaining, pool)
    remaining.splice(remaining.indexOf(next.relation), 1)
    pool = pool.filter((condition) => !next.conditions.includes(condition))
    const plan: LogicalPlan = {
      kind: 'join',
      join: 'inner',
      left: current.plan,
      right: next.relation.plan,
      condition: conjunction(next.conditions),
    }
    current = { plan, ids: new Set([...current.ids, ...next.relation.ids]), rows: next.rows }
  }
  const predicate = conjunction(pool)
  return predicate === null ? current.plan : { kind: 'selection', input: current.plan, predicate }
}

/** The smallest relation that a condition connects to another one. */
function takeFirst(remaining: Relation[], pool: readonly Expression[]): Relation {
  const connected = remaining.filter((relation) =>
    pool.some((condition) => {
      const columns = [...columnsIn(condition)]
      return columns.some((id) => relation.ids.has(id)) && columns.some((id) => !relation.ids.has(id))
    }),
  )
  const candidates = connected.length > 0 ? connected : remaining
  const first = candidates.reduce((best, relation) => (relation.rows < best.rows ? relation : best))
  remaining.splice(remaining.indexOf(first), 1)
  return first
}

interface Step {
  readonly relation: Relation
  readonly conditions: readonly Expression[]
  readonly rows: number
}

function cheapest(current: Relation, remaining: readonly Relation[], pool: readonly Expression[]): Step {
  let best: Step | null = null
  let bestConnected = false
  for (const relation of remaining) {
    const conditions = pool.filter((condition) => {
      const columns = [...columnsIn(condition)]
      return columns.length > 0 && columns.every((id) => current.ids.has(id) || relation.ids.has(id))
    })
    const connected = conditions.some((condition) => equiColumns(condition) !== null)
    const rows = joinRows(current.plan, current.rows, relation.plan, relation.rows, conditions)
    if (best === null || (connected && !bestConnected) || (connected === bestConnected && rows < best.rows)) {
      best = { relation, conditions, rows }
      bestConnected = connected
    }
  }
  return best!
}
