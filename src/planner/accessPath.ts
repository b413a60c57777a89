/**
 * How a table is read: by a scan, or by one of its indexes. An index serves equalities on its first columns, then a range
 * on the next one; and it yields an order, which may save a sort, or let LIMIT end early.
 *
 * Costs are counted in rows of a sequential scan, from measurements of this engine: a row fetched through an index costs
 * some twenty, a row sorted some thirty. A table is taken to have a thousand rows at least, so that plans made for an
 * empty table are good for a filled one.
 */
import type { IndexDescriptor } from '../catalog/index.ts'
import type { Expression } from '../executor/expression.ts'
import type { IndexScan, SortKey } from '../executor/plan.ts'
import { assert } from '../assert.ts'
import type { Built } from './built.ts'
import { planColumns, resolve } from './built.ts'
import { equalitySelectivity, INEQUALITY, RANGE, selectivity } from './cardinality.ts'
import { columnsIn, conjunction, hasColumns } from './expressionTree.ts'
import type { IndexableComparison } from './indexBounds.ts'
import { inColumnType, indexableComparison, underCast } from './indexBounds.ts'
import type { Attribute, Get } from './logical.ts'
import { columnOf } from './logical.ts'

/** What the parent would like, and how many rows it will take (null: all). */
export interface Wanted {
  readonly order: readonly SortKey[] | null
  readonly goal: number | null
}

const INDEX_ROW_COST = 20
/** UPDATE and DELETE fetch, lock and write each row that they find in any case: the way to it matters less. */
const WRITTEN_ROW_COST = 2
const SORT_ROW_COST = 30
const LEAST_ROWS = 1000

interface IndexUse {
  readonly descriptor: IndexDescriptor
  readonly equals: readonly IndexableComparison[]
  readonly lower: IndexableComparison | null
  readonly upper: IndexableComparison | null
  readonly descending: boolean
  readonly ordered: boolean
  /** The part of the rows that the index yields. */
  readonly part: number
  readonly cost: number
}

export function readTable(
  get: Get,
  predicates: readonly Expression[],
  required: ReadonlySet<number>,
  wanted: Wanted,
): Built {
  const rows = Math.max(LEAST_ROWS, get.table.estimatedRows())
  const comparisons = predicates
    .map((predicate) => indexableComparison(predicate, (id) => typeOf(get, id)))
    .filter((comparison) => comparison !== null)
  const kept = selectivity(conjunction(predicates), rows) * rows
  let best: IndexUse | null = null
  let bestCost = scanCost(rows, kept, wanted)
  for (const descriptor of get.descriptor.indexes) {
    const use = useOf(get, descriptor, comparisons, rows, kept, wanted)
    if (use === null || (best !== null && use.cost >= best.cost) || use.cost >= bestCost) continue
    best = use
    bestCost = use.cost
  }
  const list = listUse(get, predicates, rows, wanted)
  if (list !== null && list.cost < bestCost) return listLookup(get, predicates, required, list)
  return best === null ? tableScan(get, predicates, required) : indexScan(get, predicates, required, best)
}

function typeOf(get: Get, id: number) {
  const ordinal = get.attributes.findIndex((attribute) => attribute.id === id)
  return get.descriptor.columns[ordinal]?.type ?? null
}

function scanCost(rows: number, kept: number, { order, goal }: Wanted): number {
  if (order !== null) return rows + kept * SORT_ROW_COST
  return goal === null ? rows : rows * Math.min(1, goal / Math.max(1, kept))
}

// -------------------------------------------------------------------------------------------------- use of an index

function useOf(
  get: Get,
  descriptor: IndexDescriptor,
  comparisons: readonly IndexableComparison[],
  rows: number,
  kept: number,
  wanted: Wanted,
): IndexUse | null {
  const ids = descriptor.columns.map((ordinal) => get.attributes[ordinal]!.id)
  const equals: IndexableComparison[] = []
  for (const id of ids) {
    const equality = comparisons.find((c) => c.attribute === id && c.operator === '=')
    if (equality === undefined) break
    equals.push(equality)
  }
  const next = ids[equals.length]
  const lower = comparisons.find((c) => c.attribute === next && (c.operator === '>' || c.operator === '>=')) ?? null
  const upper = comparisons.find((c) => c.attribute === next && (c.operator === '<' || c.operator === '<=')) ?? null
  const direction = directionFor(get, ids, equals.length, lower ?? upper, wanted.order)
  if (equals.length === 0 && lower === null && upper === null && direction === null) return null

  const part = partOf(descriptor, equals.length, lower, upper, rows)
  const fetched = part * rows
  const ordered = direction !== null && wanted.order !== null
  const rowCost = get.written ? WRITTEN_ROW_COST : INDEX_ROW_COST
  let cost = rowCost * (1 + fetched)
  if (wanted.order !== null && !ordered) cost += Math.min(kept, fetched) * SORT_ROW_COST
  else if (wanted.goal !== null) {
    cost = rowCost * (1 + fetched * Math.min(1, wanted.goal / Math.max(1, Math.min(kept, fetched))))
  }
  return { descriptor, equals, lower, upper, descending: direction === 'descending', ordered, part, cost }
}

function partOf(
  descriptor: IndexDescriptor,
  equals: number,
  lower: IndexableComparison | null,
  upper: IndexableComparison | null,
  rows: number,
): number {
  if (descriptor.unique && equals === descriptor.columns.length) return 1 / rows
  const range = lower !== null && upper !== null ? RANGE : lower !== null || upper !== null ? INEQUALITY : 1
  return Math.max(1 / rows, equalitySelectivity(rows) ** equals * range)
}

/**
 * The direction in which the index yields the wanted order; null if it does not. Columns that equalities fix have no
 * order to speak of. Nulls come last ascending and first descending, which matters only where there can be some.
 */
function directionFor(
  get: Get,
  ids: readonly number[],
  fixed: number,
  range: IndexableComparison | null,
  order: readonly SortKey[] | null,
): 'ascending' | 'descending' | null {
  if (order === null) return null
  const fixedIds = new Set(ids.slice(0, fixed))
  let at = fixed
  let direction: 'ascending' | 'descending' | null = null
  for (const { expression, descending, nullsFirst } of order) {
    if (expression.kind !== 'column') return null
    if (fixedIds.has(expression.column)) continue
    if (ids[at] !== expression.column) return null
    const attribute = get.attributes.find((candidate) => candidate.id === expression.column)
    const mayBeNull = attribute?.nullable === true && range?.attribute !== expression.column
    if (mayBeNull && nullsFirst !== descending) return null
    const wantedDirection = descending ? 'descending' : 'ascending'
    if (direction !== null && direction !== wantedDirection) return null
    direction = wantedDirection
    at++
  }
  return direction ?? 'ascending'
}

// ------------------------------------------------------------------------------------------------------- IN lists

interface ListUse {
  readonly descriptor: IndexDescriptor
  readonly predicate: Expression
  readonly values: readonly Expression[]
  readonly rows: number
  readonly cost: number
}

/** `column IN (list)` on the first column of an index: a look-up for each value. Not for UPDATE and DELETE yet. */
function listUse(get: Get, predicates: readonly Expression[], rows: number, { order }: Wanted): ListUse | null {
  if (get.written) return null
  for (const predicate of predicates) {
    if (predicate.kind !== 'inList' || predicate.negated || predicate.list.some((item) => hasColumns(item))) continue
    const column = underCast(predicate.arg)
    for (const descriptor of get.descriptor.indexes) {
      const first = descriptor.columns[0]!
      if (get.attributes[first]!.id !== column?.column) continue
      const { type } = get.descriptor.columns[first]!
      const values = predicate.list.map((item) => inColumnType(item, '=', type, predicate.arg))
      if (values.includes(null)) continue
      const unique = descriptor.unique && descriptor.columns.length === 1
      const found = values.length * (unique ? 1 : equalitySelectivity(rows) * rows)
      const cost = values.length * INDEX_ROW_COST + found * (INDEX_ROW_COST + (order === null ? 0 : SORT_ROW_COST))
      return { descriptor, predicate, values: values.filter((value) => value !== null), rows: found, cost }
    }
  }
  return null
}

/** The values, each once, as the outer side of an index join. */
function listLookup(
  get: Get,
  predicates: readonly Expression[],
  required: ReadonlySet<number>,
  { descriptor, predicate, values, rows }: ListUse,
): Built {
  const rest = predicates.filter((other) => other !== predicate)
  const { output, attributes, withRowId } = outputOf(get, required, rest)
  const column = get.attributes[descriptor.columns[0]!]!
  const value: Attribute = { ...column, id: NO_ATTRIBUTE, nullable: true }
  const columns = planColumns([value])
  const input = { kind: 'values', columns, estimatedRows: values.length, rows: values.map((item) => [item]) } as const
  const index = get.table.index(descriptor.id)
  assert(index !== null, `index ${descriptor.name} of the catalog is in the table`)
  const filter = conjunction(rest)
  const all = [value, ...attributes]
  return {
    ordered: false,
    attributes: all,
    node: {
      kind: 'indexJoin',
      columns: planColumns(all),
      estimatedRows: Math.max(1, rows * selectivity(filter, rows)),
      join: 'inner',
      left: { kind: 'distinct', columns, estimatedRows: values.length, input },
      table: get.table,
      index,
      name: get.name,
      equals: [resolve(columnOf(value), all)],
      output,
      withRowId,
      asOf: get.asOf,
      residual: filter === null ? null : resolve(filter, all),
    },
  }
}

/** Of a column that nothing refers to by attribute. */
const NO_ATTRIBUTE = -1

// ------------------------------------------------------------------------------------------------------- the nodes

interface Output {
  readonly output: readonly number[]
  readonly attributes: readonly Attribute[]
  readonly withRowId: boolean
}

/** The columns that the parent or the filter needs, in the table's order, and behind them the RowId, if it is needed. */
function outputOf(get: Get, required: ReadonlySet<number>, filter: readonly Expression[]): Output {
  const needed = columnsIn(filter)
  const output = get.attributes
    .map((_, ordinal) => ordinal)
    .filter((ordinal) => required.has(get.attributes[ordinal]!.id) || needed.has(get.attributes[ordinal]!.id))
  const attributes = output.map((ordinal) => get.attributes[ordinal]!)
  const { rowId } = get
  if (rowId === null || !required.has(rowId.id)) return { output, attributes, withRowId: false }
  return { output, attributes: [...attributes, rowId], withRowId: true }
}

function tableScan(get: Get, predicates: readonly Expression[], required: ReadonlySet<number>): Built {
  const { output, attributes, withRowId } = outputOf(get, required, predicates)
  const rows = get.table.estimatedRows()
  const filter = conjunction(predicates)
  return {
    ordered: false,
    attributes,
    node: {
      kind: 'tableScan',
      columns: planColumns(attributes),
      estimatedRows: Math.max(1, rows * selectivity(filter, rows)),
      source: get.table,
      name: get.name,
      output,
      filter: filter === null ? null : resolve(filter, attributes),
      withRowId,
      asOf: get.asOf,
    },
  }
}

function indexScan(get: Get, predicates: readonly Expression[], required: ReadonlySet<number>, use: IndexUse): Built {
  const used = [...use.equals, use.lower, use.upper].map((comparison) => comparison?.predicate)
  const rest = predicates.filter((predicate) => !used.includes(predicate))
  const { output, attributes, withRowId } = outputOf(get, required, rest)
  const index = get.table.index(use.descriptor.id)
  assert(index !== null, `index ${use.descriptor.name} of the catalog is in the table`)
  const rows = Math.max(1, get.table.estimatedRows())
  const filter = conjunction(rest)
  const side = (comparison: IndexableComparison | null): IndexScan['lower'] =>
    comparison === null ? null : { value: comparison.value, inclusive: comparison.operator.length === 2 }
  const unique = use.descriptor.unique && use.equals.length === use.descriptor.columns.length
  return {
    ordered: use.ordered,
    attributes,
    node: {
      kind: 'indexScan',
      columns: planColumns(attributes),
      estimatedRows: unique ? 1 : Math.max(1, rows * use.part * selectivity(filter, rows)),
      table: get.table,
      index,
      name: get.name,
      equals: use.equals.map((comparison) => comparison.value),
      lower: side(use.lower),
      upper: side(use.upper),
      descending: use.descending,
      output,
      filter: filter === null ? null : resolve(filter, attributes),
      withRowId,
      asOf: get.asOf,
    },
  }
}
