/**
 * Joins: by hash, by an index of the inner side, or, where no equality connects the sides, in a nested loop. The outer
 * side of an index join is the left one; a hash join builds its table over the right one, so that an inner join puts the
 * smaller side there.
 */
import { assert } from '../assert.ts'
import type { Expression } from '../executor/expression.ts'
import type { HashJoin, IndexJoin } from '../executor/plan.ts'
import type { Built } from './built.ts'
import { planColumns, resolve, resolveAll } from './built.ts'
import { coversUniqueKey, estimateRows } from './cardinality.ts'
import { columnsIn, conjunction, conjuncts } from './expressionTree.ts'
import { inColumnType } from './indexBounds.ts'
import type { Attribute, Get, LogicalJoin, LogicalPlan } from './logical.ts'
import { asNullable, attributesOf } from './logical.ts'

type Build = (plan: LogicalPlan, required: ReadonlySet<number>) => Built

/** Costs in rows of a scan, as in accessPath.ts. */
const PROBE_COST = 8
const BUILD_COST = 20
const LOOKUP_COST = 30

/** An equality between an expression over the left side and one over the right side. */
interface EquiKey {
  readonly left: Expression
  readonly right: Expression
  readonly condition: Expression
}

interface Sides {
  readonly keys: readonly EquiKey[]
  readonly others: readonly Expression[]
}

export function buildJoin(plan: LogicalJoin, required: ReadonlySet<number>, build: Build): Built {
  const conditions = conjuncts(plan.condition)
  const needed = new Set([...required, ...columnsIn(conditions)])
  const leftIds = idsOf(plan.left)
  const rightIds = idsOf(plan.right)
  const sides = split(conditions, leftIds, rightIds)
  const leftRows = estimateRows(plan.left)
  const rightRows = estimateRows(plan.right)

  const byIndex = sides.keys.length === 0 ? null : indexJoin(plan, sides, leftRows, rightRows, required)
  if (byIndex !== null) return byIndex(build(plan.left, byIndex.needed))

  const left = build(plan.left, within(needed, leftIds))
  const right = build(plan.right, within(needed, rightIds))
  const rows = estimateRows(plan)
  const swap = plan.join === 'inner' && rightRows > leftRows
  if (sides.keys.length === 0) {
    const [outer, inner] = swap ? [right, left] : [left, right]
    const attributes = joined(plan.join, outer.attributes, inner.attributes)
    return {
      attributes,
      ordered: false,
      node: {
        kind: 'nestedLoopJoin',
        columns: planColumns(attributes),
        estimatedRows: rows,
        join: plan.join,
        left: outer.node,
        right: inner.node,
        predicate: resolved(conjunction(conditions), [...outer.attributes, ...inner.attributes]),
      },
    }
  }
  return swap
    ? hashJoin(
        plan,
        right,
        left,
        sides.keys.map((key) => ({ ...key, left: key.right, right: key.left })),
        sides.others,
        rows,
      )
    : hashJoin(plan, left, right, sides.keys, sides.others, rows)
}

function hashJoin(
  plan: LogicalJoin,
  probe: Built,
  table: Built,
  keys: readonly EquiKey[],
  others: readonly Expression[],
  estimatedRows: number,
): Built {
  const attributes = joined(plan.join, probe.attributes, table.attributes)
  const node: HashJoin = {
    kind: 'hashJoin',
    columns: planColumns(attributes),
    estimatedRows,
    join: plan.join,
    left: probe.node,
    right: table.node,
    leftKeys: resolveAll(
      keys.map((key) => key.left),
      probe.attributes,
    ),
    rightKeys: resolveAll(
      keys.map((key) => key.right),
      table.attributes,
    ),
    residual: resolved(conjunction(others), [...probe.attributes, ...table.attributes]),
  }
  return { attributes, ordered: false, node }
}

function idsOf(plan: LogicalPlan): ReadonlySet<number> {
  return new Set(attributesOf(plan).map((attribute) => attribute.id))
}

function within(ids: ReadonlySet<number>, side: ReadonlySet<number>): ReadonlySet<number> {
  return new Set([...ids].filter((id) => side.has(id)))
}

function resolved(e: Expression | null, attributes: readonly Attribute[]): Expression | null {
  return e === null ? null : resolve(e, attributes)
}

function joined(join: 'inner' | 'left', left: readonly Attribute[], right: readonly Attribute[]): readonly Attribute[] {
  return [...left, ...(join === 'left' ? right.map(asNullable) : right)]
}

function split(conditions: readonly Expression[], left: ReadonlySet<number>, right: ReadonlySet<number>): Sides {
  const keys: EquiKey[] = []
  const others: Expression[] = []
  for (const condition of conditions) {
    const key = equiKey(condition, left, right)
    if (key === null) others.push(condition)
    else keys.push(key)
  }
  return { keys, others }
}

function equiKey(condition: Expression, left: ReadonlySet<number>, right: ReadonlySet<number>): EquiKey | null {
  if (condition.kind !== 'call' || condition.name !== '=' || condition.args.length !== 2) return null
  const [a, b] = condition.args as [Expression, Expression]
  if (isOver(a, left) && isOver(b, right)) return { left: a, right: b, condition }
  if (isOver(b, left) && isOver(a, right)) return { left: b, right: a, condition }
  return null
}

function isOver(e: Expression, side: ReadonlySet<number>): boolean {
  const columns = columnsIn(e)
  return columns.size > 0 && [...columns].every((id) => side.has(id))
}

// --------------------------------------------------------------------------------------------------- index join

type FinishIndexJoin = ((left: Built) => Built) & { readonly needed: ReadonlySet<number> }

/** Null if no index of the right side serves the keys, or if a hash join is cheaper. */
function indexJoin(
  plan: LogicalJoin,
  sides: Sides,
  leftRows: number,
  rightRows: number,
  required: ReadonlySet<number>,
): FinishIndexJoin | null {
  const inner = innerTable(plan.right)
  if (inner === null) return null
  const { get, predicates } = inner
  const tableRows = Math.max(1, get.table.estimatedRows())
  let best: { equals: readonly Expression[]; used: readonly EquiKey[]; id: number; unique: boolean } | null = null
  for (const descriptor of get.descriptor.indexes) {
    const found = matchIndex(get, descriptor.columns, sides.keys)
    if (found.used.length === 0) continue
    const unique = descriptor.unique && found.used.length === descriptor.columns.length
    if (best === null || (unique && !best.unique) || (unique === best.unique && found.used.length > best.used.length)) {
      best = { ...found, id: descriptor.id, unique }
    }
  }
  if (best === null) return null
  const { equals, used, id, unique } = best
  const matches = unique ? 1 : Math.max(1, tableRows / 100 ** used.length)
  const scanned = coversUniqueKey(get, predicates) ? 1 : tableRows
  const hashCost = scanned + Math.min(leftRows, rightRows) * BUILD_COST + Math.max(leftRows, rightRows) * PROBE_COST
  if (leftRows * LOOKUP_COST * matches >= hashCost) return null
  const index = get.table.index(id)
  assert(index !== null, `index ${id} of the catalog is in the table`)

  const rest = [...sides.others, ...predicates, ...sides.keys.filter((k) => !used.includes(k)).map((k) => k.condition)]
  const rightIds = idsOf(plan.right)
  const restColumns = columnsIn(rest)
  const output = get.attributes
    .map((_, ordinal) => ordinal)
    .filter((o) => required.has(get.attributes[o]!.id) || restColumns.has(get.attributes[o]!.id))
  const withRowId = get.rowId !== null && required.has(get.rowId.id)
  const columns = output.map((ordinal) => get.attributes[ordinal]!)
  const right = withRowId ? [...columns, get.rowId] : columns
  const needed = new Set([...required, ...restColumns, ...columnsIn(equals)].filter((c) => !rightIds.has(c)))
  const finish = (left: Built): Built => {
    const attributes = joined(plan.join, left.attributes, right)
    const node: IndexJoin = {
      kind: 'indexJoin',
      columns: planColumns(attributes),
      estimatedRows: estimateRows(plan),
      join: plan.join,
      left: left.node,
      table: get.table,
      index,
      name: get.name,
      equals: resolveAll(equals, left.attributes),
      output,
      withRowId,
      asOf: get.asOf,
      residual: resolved(conjunction(rest), [...left.attributes, ...right]),
    }
    return { attributes, ordered: false, node }
  }
  return Object.assign(finish, { needed })
}

function innerTable(plan: LogicalPlan): { readonly get: Get; readonly predicates: readonly Expression[] } | null {
  if (plan.kind === 'get') return { get: plan, predicates: [] }
  if (plan.kind !== 'selection' || plan.input.kind !== 'get') return null
  return { get: plan.input, predicates: conjuncts(plan.predicate) }
}

/** The keys that fix the first columns of an index, as values of their types. */
function matchIndex(
  get: Get,
  columns: readonly number[],
  keys: readonly EquiKey[],
): { readonly equals: readonly Expression[]; readonly used: readonly EquiKey[] } {
  const equals: Expression[] = []
  const used: EquiKey[] = []
  for (const ordinal of columns) {
    const { id } = get.attributes[ordinal]!
    const { type } = get.descriptor.columns[ordinal]!
    let found: Expression | null = null
    for (const key of keys) {
      const column = key.right.kind === 'call' ? key.right.args[0] : key.right
      const plain = key.right.kind === 'column' || (key.right.kind === 'call' && key.right.name.includes('→'))
      if (!plain || column?.kind !== 'column' || column.column !== id) continue
      found = inColumnType(key.left, '=', type, key.right)
      if (found === null) continue
      used.push(key)
      break
    }
    if (found === null) break
    equals.push(found)
  }
  return { equals, used }
}
