/**
 * The second half of the optimiser: a logical plan, its predicates already in place, becomes a physical one. Columns that
 * nobody above reads are pruned on the way down (`required`); the order and number of rows that the parent would like
 * (`Wanted`) decide between scan and index, and whether a sort is needed at all.
 */
import { unreachable } from '../assert.ts'
import { lockingNotApplicable } from '../errors.ts'
import type { Expression } from '../executor/expression.ts'
import type { SortKey } from '../executor/plan.ts'
import { resolveOperator } from '../types/operators.ts'
import { INT8 } from '../types/registry.ts'
import type { Wanted } from './accessPath.ts'
import { readTable } from './accessPath.ts'
import type { Built } from './built.ts'
import { arrange, planColumns, resolve, resolveAll } from './built.ts'
import { estimateRows } from './cardinality.ts'
import { constant } from './coerce.ts'
import { columnsIn, conjuncts } from './expressionTree.ts'
import { buildJoin } from './physicalJoin.ts'
import type {
  Aggregation,
  Attribute,
  LogicalLimit,
  LogicalLockRows,
  LogicalPlan,
  LogicalSort,
  Projection,
  RowLock,
} from './logical.ts'
import { attributesOf } from './logical.ts'
import { lockingWords } from './rowLocks.ts'

/** `limit`: a sort needs to keep this many rows only. */
export interface Demand extends Wanted {
  readonly required: ReadonlySet<number>
  readonly limit: Expression | null
}

/** What a LIMIT with a parameter is taken to ask for. */
const UNKNOWN_LIMIT = 100

/** A plan that yields exactly `output`, in this order. */
export function physicalPlan(plan: LogicalPlan, output: readonly Attribute[]): Built {
  return arrange(build(plan, demandAll(output)), output)
}

export function demandAll(output: readonly Attribute[]): Demand {
  return { required: new Set(output.map((attribute) => attribute.id)), order: null, goal: null, limit: null }
}

function withColumns(demand: Demand, expressions: readonly (Expression | null)[]): Demand {
  return { ...demand, required: new Set([...demand.required, ...columnsIn(expressions)]) }
}

function indifferent(required: ReadonlySet<number>): Demand {
  return { required, order: null, goal: null, limit: null }
}

export function build(plan: LogicalPlan, demand: Demand): Built {
  switch (plan.kind) {
    case 'get':
      return readTable(plan, [], demand.required, demand)
    case 'view': {
      const output = plan.attributes.map((_, i) => i).filter((i) => demand.required.has(plan.attributes[i]!.id))
      const attributes = output.map((i) => plan.attributes[i]!)
      const { source, name, argument } = plan
      const estimates = { columns: planColumns(attributes), estimatedRows: estimateRows(plan) }
      return { ordered: false, attributes, node: { kind: 'viewScan', ...estimates, source, name, output, argument } }
    }
    case 'rows':
      return {
        ordered: false,
        attributes: plan.attributes,
        node: {
          kind: 'values',
          columns: planColumns(plan.attributes),
          estimatedRows: plan.rows.length,
          rows: plan.rows,
        },
      }
    case 'selection':
      return buildSelection(plan, demand)
    case 'projection':
      return buildProjection(plan, demand)
    case 'join':
      return buildJoin(plan, demand.required, (input, required) => build(input, indifferent(required)))
    case 'aggregation':
      return buildAggregation(plan)
    case 'distinct': {
      const output = attributesOf(plan.input)
      const input = arrange(build(plan.input, demandAll(output)), output)
      const node = { kind: 'distinct', columns: input.node.columns, estimatedRows: estimateRows(plan) } as const
      return { attributes: output, ordered: false, node: { ...node, input: input.node } }
    }
    case 'sort':
      return buildSort(plan, demand)
    case 'lockRows':
      return buildLockRows(plan, demand)
    case 'limit':
      return buildLimit(plan, demand)
    default:
      return unreachable(plan)
  }
}

function buildSelection(plan: Extract<LogicalPlan, { kind: 'selection' }>, demand: Demand): Built {
  const { input, predicate } = plan
  if (input.kind === 'get') return readTable(input, conjuncts(predicate), demand.required, demand)
  const built = build(input, { ...withColumns(demand, [predicate]), limit: null, goal: null })
  return {
    ...built,
    node: {
      kind: 'filter',
      columns: built.node.columns,
      estimatedRows: estimateRows(plan),
      input: built.node,
      predicate: resolve(predicate, built.attributes),
    },
  }
}

function buildProjection(plan: Projection, demand: Demand): Built {
  if (plan.input.kind === 'rows' && plan.input.attributes.length === 0) return computedRows(plan, plan.input)
  const items = plan.items.filter((item) => demand.required.has(item.attribute.id))
  const required = columnsIn(items.map((item) => item.expression))
  const order = demand.order === null ? null : orderBelow(plan, demand.order)
  const built = build(plan.input, { ...demand, required, order })
  const attributes = items.map((item) => item.attribute)
  const ordered = order !== null && built.ordered
  if (items.every(({ expression, attribute }) => expression.kind === 'column' && expression.column === attribute.id)) {
    // Nothing is computed: what reads these columns finds them by their attributes.
    return { ...built, ordered }
  }
  return {
    ordered,
    attributes,
    node: {
      kind: 'project',
      columns: planColumns(attributes),
      estimatedRows: built.node.estimatedRows,
      input: built.node,
      expressions: resolveAll(
        items.map((item) => item.expression),
        built.attributes,
      ),
    },
  }
}

/** SELECT without FROM: the row is computed where it is made. */
function computedRows(plan: Projection, { rows }: Extract<LogicalPlan, { kind: 'rows' }>): Built {
  const attributes = plan.items.map((item) => item.attribute)
  const computed = rows.map(() => plan.items.map((item) => item.expression))
  return build({ kind: 'rows', rows: computed, attributes }, demandAll(attributes))
}

/** The order in terms of the projection's input; null if it is not one of its columns. */
function orderBelow(plan: Projection, order: readonly SortKey[]): readonly SortKey[] | null {
  const below: SortKey[] = []
  for (const key of order) {
    const { expression } = key
    const item = expression.kind === 'column' ? plan.items.find((i) => i.attribute.id === expression.column) : undefined
    if (item?.expression.kind !== 'column') return null
    below.push({ ...key, expression: item.expression })
  }
  return below
}

function buildAggregation(plan: Aggregation): Built {
  const { keys, aggregates } = plan
  const required = columnsIn([
    ...keys.map((key) => key.expression),
    ...aggregates.flatMap(({ call }) => [call.arg, call.filter]),
  ])
  const input = build(plan.input, indifferent(required))
  const attributes = attributesOf(plan)
  return {
    ordered: false,
    attributes,
    node: {
      kind: 'aggregate',
      columns: planColumns(attributes),
      estimatedRows: estimateRows(plan),
      input: input.node,
      keys: keys.map((key) => resolve(key.expression, input.attributes)),
      aggregates: aggregates.map(({ call }) => ({
        ...call,
        arg: call.arg === null ? null : resolve(call.arg, input.attributes),
        filter: call.filter === null ? null : resolve(call.filter, input.attributes),
      })),
    },
  }
}

function buildSort(plan: LogicalSort, demand: Demand): Built {
  const expressions = plan.keys.map((key) => key.expression)
  const input = build(plan.input, {
    ...withColumns(demand, expressions),
    order: plan.keys,
    limit: null,
  })
  if (input.ordered) return input
  return {
    attributes: input.attributes,
    ordered: false,
    node: {
      kind: 'sort',
      columns: input.node.columns,
      estimatedRows: input.node.estimatedRows,
      input: input.node,
      keys: plan.keys.map((key) => ({ ...key, expression: resolve(key.expression, input.attributes) })),
      limit: demand.limit,
    },
  }
}

/** A sort below may keep the rows that the limit above takes, unless some of them are skipped. */
function buildLockRows(plan: LogicalLockRows, demand: Demand): Built {
  const { locks } = plan
  for (const lock of locks) refuseNullableSide(plan.input, lock, false)
  const rowIds = locks.map(({ get }) => get.rowId!.id)
  const skips = locks.some(({ wait }) => wait === 'skip locked')
  const input = build(plan.input, {
    ...demand,
    required: new Set([...demand.required, ...rowIds]),
    limit: skips ? null : demand.limit,
  })
  const ordinal = (id: number): number => input.attributes.findIndex((attribute) => attribute.id === id)
  return {
    ...input,
    node: {
      kind: 'lockRows',
      columns: input.node.columns,
      estimatedRows: input.node.estimatedRows,
      input: input.node,
      locks: locks.map(({ get, strength, wait }, i) => ({
        table: get.table,
        name: get.name,
        rowId: ordinal(rowIds[i]!),
        strength,
        wait,
      })),
    },
  }
}

/** Throws 0A000 if the lock's table may yield a row of nulls. */
function refuseNullableSide(plan: LogicalPlan, lock: RowLock, nullable: boolean): void {
  switch (plan.kind) {
    case 'get':
      if (nullable && plan.rowId !== null && plan.rowId === lock.get.rowId) {
        throw lockingNotApplicable(lockingWords(lock.strength), 'the nullable side of an outer join', null)
      }
      break
    case 'view':
    case 'rows':
      break
    case 'join':
      refuseNullableSide(plan.left, lock, nullable)
      refuseNullableSide(plan.right, lock, nullable || plan.join === 'left')
      break
    default:
      refuseNullableSide(plan.input, lock, nullable)
  }
}

function buildLimit(plan: LogicalLimit, demand: Demand): Built {
  const { count, offset } = plan
  const goal = count === null ? null : goalOf(count) + (offset === null ? 0 : goalOf(offset))
  const input = build(plan.input, { required: demand.required, order: demand.order, goal, limit: sumOf(count, offset) })
  return {
    ...input,
    node: {
      kind: 'limit',
      columns: input.node.columns,
      estimatedRows: count === null ? input.node.estimatedRows : Math.min(goalOf(count), input.node.estimatedRows),
      input: input.node,
      count,
      offset,
    },
  }
}

function goalOf(e: Expression): number {
  return e.kind === 'constant' && e.value !== null ? Math.max(0, Number(e.value)) : UNKNOWN_LIMIT
}

/** How many rows a sort below must keep. */
function sumOf(count: Expression | null, offset: Expression | null): Expression | null {
  if (count === null || offset === null) return count
  if (count.kind === 'constant' && offset.kind === 'constant' && count.value !== null) {
    const sum = Number(count.value) + Number(offset.value ?? 0)
    return Number.isSafeInteger(sum) ? constant(sum, INT8) : null
  }
  const { call, intrinsic, name, strict } = resolveOperator('+', INT8, INT8)
  const skipped: Expression = { kind: 'coalesce', args: [offset, constant(0, INT8)], type: INT8 }
  return {
    kind: 'call',
    name,
    intrinsic,
    call,
    strict,
    args: [count, skipped],
    type: INT8,
    immutable: true,
    position: null,
  }
}
