/**
 * Predicates move to where rows are fewest, joins lose their order: the rewriting half of the optimiser.
 *
 * `pushDown` carries conjuncts from the top of a logical plan towards its leaves. Through a projection they go by
 * replacing its columns with what they stand for; through an aggregation if they speak of keys only; through the left
 * side of a left join; never through LIMIT. What arrives at a tree of inner joins becomes a join graph: relations, and
 * conjuncts over them, which `joinOrder.ts` makes a tree of again.
 *
 * A left join whose right columns a conjunct above it rejects when they are null is an inner join.
 */
import { unreachable } from '../assert.ts'
import type { Expression } from '../executor/expression.ts'
import {
  children,
  columnsIn,
  conjunction,
  conjuncts,
  equalExpressions,
  isVolatile,
  mapColumns,
  some,
} from './expressionTree.ts'
import { orderJoins } from './joinOrder.ts'
import type { LogicalPlan, Projection } from './logical.ts'
import { attributesOf } from './logical.ts'

export function pushDown(plan: LogicalPlan, predicates: readonly Expression[] = []): LogicalPlan {
  switch (plan.kind) {
    case 'get':
    case 'view':
    case 'rows':
      return select(plan, predicates)
    case 'selection':
      return pushDown(plan.input, [...predicates, ...conjuncts(plan.predicate).flatMap(factored)])
    case 'projection':
      return throughProjection(plan, predicates)
    case 'join':
      return plan.join === 'inner' ? innerJoin(plan, predicates) : leftJoin(plan, predicates)
    case 'aggregation': {
      const keys = new Map(plan.keys.map((key) => [key.attribute.id, key.expression]))
      const [below, above] = partition(predicates, (p) => plan.keys.length > 0 && isOver(p, keys) && !isVolatile(p))
      const replaced = below.map((p) => mapColumns(p, (column) => keys.get(column.column) ?? column))
      return select({ ...plan, input: pushDown(plan.input, replaced) }, above)
    }
    case 'distinct':
    case 'sort':
    case 'lockRows':
      return { ...plan, input: pushDown(plan.input, predicates) }
    case 'limit':
      return select({ ...plan, input: pushDown(plan.input) }, predicates)
    default:
      return unreachable(plan)
  }
}

function select(input: LogicalPlan, predicates: readonly Expression[]): LogicalPlan {
  const predicate = conjunction(predicates)
  return predicate === null ? input : { kind: 'selection', input, predicate }
}

function isOver(p: Expression, columns: { has(id: number): boolean }): boolean {
  for (const column of columnsIn(p)) if (!columns.has(column)) return false
  return true
}

function partition<T>(items: readonly T[], test: (item: T) => boolean): readonly [T[], T[]] {
  return [items.filter(test), items.filter((item) => !test(item))]
}

function throughProjection(plan: Projection, predicates: readonly Expression[]): LogicalPlan {
  const items = new Map(plan.items.map((item) => [item.attribute.id, item.expression]))
  const movable = (p: Expression): boolean =>
    !isVolatile(p) && [...columnsIn(p)].every((id) => items.has(id) && !isVolatile(items.get(id)!))
  const [below, above] = partition(predicates, movable)
  const replaced = below.map((p) => mapColumns(p, (column) => items.get(column.column) ?? column))
  return select(merged({ ...plan, input: pushDown(plan.input, replaced) }), above)
}

/** Two projections in a row are one, unless that would compute something twice. */
function merged(plan: Projection): Projection {
  const { input } = plan
  if (input.kind !== 'projection') return plan
  const uses = new Map<number, number>()
  const count = (e: Expression): void => {
    if (e.kind === 'column') uses.set(e.column, (uses.get(e.column) ?? 0) + 1)
    else for (const child of children(e)) count(child)
  }
  for (const item of plan.items) count(item.expression)
  const below = new Map(input.items.map((item) => [item.attribute.id, item.expression]))
  const cheap = input.items.every(
    ({ expression, attribute }) =>
      !isVolatile(expression) && (children(expression).length === 0 || (uses.get(attribute.id) ?? 0) <= 1),
  )
  if (!cheap) return plan
  const items = plan.items.map(({ attribute, expression }) => ({
    attribute,
    expression: mapColumns(expression, (column) => below.get(column.column) ?? column),
  }))
  return { ...plan, items, input: input.input }
}

// ------------------------------------------------------------------------------------------------------ inner joins

/** All relations of a tree of inner joins, and all its conjuncts in one pool. */
function innerJoin(plan: LogicalPlan, predicates: readonly Expression[]): LogicalPlan {
  const relations: LogicalPlan[] = []
  const pool = [...predicates]
  const flatten = (node: LogicalPlan): void => {
    if (node.kind === 'join' && node.join === 'inner') {
      for (const conjunct of conjuncts(node.condition).flatMap(factored)) pool.push(conjunct)
      flatten(node.left)
      flatten(node.right)
    } else if (node.kind === 'selection') {
      for (const conjunct of conjuncts(node.predicate).flatMap(factored)) pool.push(conjunct)
      flatten(node.input)
    } else relations.push(node)
  }
  flatten(plan)
  const ids = relations.map((relation) => new Set(attributesOf(relation).map((attribute) => attribute.id)))
  const own: Expression[][] = relations.map(() => [])
  const between: Expression[] = []
  for (const predicate of pool) {
    const home = isVolatile(predicate) ? -1 : ids.findIndex((columns) => isOver(predicate, columns))
    if (home < 0 || !some(predicate, (node) => node.kind === 'column')) between.push(predicate)
    else own[home]!.push(predicate)
  }
  const implied = impliedEqualities(between, own, ids)
  for (const [home, predicate] of implied) own[home]!.push(predicate)
  return orderJoins(
    relations.map((relation, i) => pushDown(relation, own[i])),
    between,
  )
}

/** From `a.x = b.y` and `a.x = constant` follows `b.y = constant`, if both have one type. */
function impliedEqualities(
  between: readonly Expression[],
  own: readonly (readonly Expression[])[],
  ids: readonly ReadonlySet<number>[],
): readonly (readonly [number, Expression])[] {
  const implied: (readonly [number, Expression])[] = []
  for (const join of between) {
    if (join.kind !== 'call' || join.name !== '=' || join.args.length !== 2) continue
    const [a, b] = join.args as [Expression, Expression]
    if (a.kind !== 'column' || b.kind !== 'column' || a.type.kind !== b.type.kind) continue
    for (const [from, to] of [[a, b] as const, [b, a] as const]) {
      const home = ids.findIndex((columns) => columns.has(to.column))
      for (const predicate of own.flat()) {
        if (predicate.kind !== 'call' || predicate.name !== '=') continue
        const [left, right] = predicate.args as [Expression, Expression]
        if (left.kind !== 'column' || left.column !== from.column || right.kind === 'column') continue
        if (columnsIn(right).size > 0 || home < 0) continue
        implied.push([home, { ...predicate, args: [to, right] }])
      }
    }
  }
  return implied
}

/** (a AND b) OR (a AND c) is a AND (b OR c): the common part may then move on its own. */
function factored(e: Expression): readonly Expression[] {
  if (e.kind !== 'or') return [e]
  const branches = e.args.map((arg) => conjuncts(arg))
  const [first, ...others] = branches
  if (first === undefined) return [e]
  const common = first.filter((p) => others.every((branch) => branch.some((q) => equalExpressions(p, q))))
  if (common.length === 0) return [e]
  const rests = branches.map((branch) => conjunction(branch.filter((p) => !common.some((q) => equalExpressions(p, q)))))
  // A branch that consists of the common part alone makes the rest true.
  if (rests.some((rest) => rest === null)) return common
  const args = rests.filter((rest) => rest !== null)
  return [...common, { ...e, args }]
}

// ------------------------------------------------------------------------------------------------------ left joins

function leftJoin(plan: Extract<LogicalPlan, { kind: 'join' }>, predicates: readonly Expression[]): LogicalPlan {
  const left = new Set(attributesOf(plan.left).map((attribute) => attribute.id))
  const right = new Set(attributesOf(plan.right).map((attribute) => attribute.id))
  if (predicates.some((p) => rejectsNulls(p, right))) return innerJoin({ ...plan, join: 'inner' }, predicates)
  const [toLeft, above] = partition(predicates, (p) => isOver(p, left) && !isVolatile(p))
  const [toRight, condition] = partition(conjuncts(plan.condition), (p) => isOver(p, right) && !isVolatile(p))
  const joined: LogicalPlan = {
    ...plan,
    left: pushDown(plan.left, toLeft),
    right: pushDown(plan.right, toRight),
    condition: conjunction(condition),
  }
  return select(joined, above)
}

/** True if the predicate cannot be true where all of `columns` are null. */
function rejectsNulls(p: Expression, columns: ReadonlySet<number>): boolean {
  if (p.kind === 'nullTest') return p.negated && yieldsNull(p.arg, columns)
  if (p.kind === 'and') return p.args.some((arg) => rejectsNulls(arg, columns))
  if (p.kind === 'inList') return yieldsNull(p.arg, columns)
  return yieldsNull(p, columns)
}

/** True if `e` is null where all of `columns` are. */
function yieldsNull(e: Expression, columns: ReadonlySet<number>): boolean {
  if (e.kind === 'column') return columns.has(e.column)
  return e.kind === 'call' && e.strict && e.args.some((arg) => yieldsNull(arg, columns))
}
