/**
 * How many rows: the optimiser's estimates. There are no histograms yet; what is known is each table's exact number of
 * rows and which columns are unique. The rest are fixed guesses, PostgreSQL's where it has them:
 *
 * | predicate                                     | part of the rows                                   |
 * | --------------------------------------------- | -------------------------------------------------- |
 * | all columns of a unique key equal something   | one row                                            |
 * | column = value                                | 1 / 100, of small tables more: 1 / √rows at most   |
 * | column <, <=, >, >= value                     | 1 / 3                                              |
 * | two such that bound a column from both sides  | 1 / 100                                            |
 * | column IN (n values)                          | n times that of one equality                       |
 * | IS NULL                                       | 1 / 100; IS NOT NULL the rest                      |
 * | LIKE                                          | 1 / 20                                             |
 * | NOT p                                         | 1 - p                                              |
 * | p AND q                                       | p · q                                              |
 * | p OR q                                        | p + q - p · q                                      |
 * | anything else                                 | 1 / 3                                              |
 *
 * An equi-join yields |L| · |R| / max(d(L), d(R)), where d is the number of distinct keys: the rows of the base table if
 * the key is unique there, else a tenth of its rows.
 */
import type { Expression } from '../executor/expression.ts'
import type { Attribute, LogicalPlan } from './logical.ts'
import { conjuncts } from './expressionTree.ts'

export const INEQUALITY = 1 / 3
export const RANGE = 1 / 100

export function equalitySelectivity(rows: number): number {
  return Math.max(1 / 100, 1 / Math.max(1, rows), Math.min(1, 1 / Math.sqrt(Math.max(1, rows)) / 3))
}

export function selectivity(predicate: Expression | null, rows: number): number {
  if (predicate === null) return 1
  switch (predicate.kind) {
    case 'and': {
      let product = 1
      const bounded = new Map<number, number>()
      for (const p of conjuncts(predicate)) {
        const column = inequalityColumn(p)
        if (column === null) product *= selectivity(p, rows)
        else bounded.set(column, (bounded.get(column) ?? 0) + 1)
      }
      for (const count of bounded.values()) product *= count > 1 ? RANGE : INEQUALITY
      return product
    }
    case 'or':
      return predicate.args.reduce((sum, p) => {
        const one = selectivity(p, rows)
        return sum + one - sum * one
      }, 0)
    case 'not':
      return 1 - selectivity(predicate.arg, rows)
    case 'inList': {
      const some = Math.min(1, predicate.list.length * equalitySelectivity(rows))
      return predicate.negated ? 1 - some : some
    }
    case 'nullTest':
      return predicate.negated ? 0.99 : 0.01
    case 'constant':
      return predicate.value === true ? 1 : 0
    case 'call':
      if (predicate.name === '=') return equalitySelectivity(rows)
      if (predicate.name === '<>') return 1 - equalitySelectivity(rows)
      if (predicate.name === '~~' || predicate.name === '~~*') return 1 / 20
      return INEQUALITY
    default:
      return INEQUALITY
  }
}

/** The column that an inequality bounds. */
function inequalityColumn(p: Expression): number | null {
  if (p.kind !== 'call' || p.args.length !== 2 || !/^[<>]=?$/.test(p.name)) return null
  const [a, b] = p.args as [Expression, Expression]
  const column = columnUnderCasts(a) ?? columnUnderCasts(b)
  return column
}

export function columnUnderCasts(e: Expression): number | null {
  if (e.kind === 'column') return e.column
  return e.kind === 'call' && e.args.length === 1 ? columnUnderCasts(e.args[0]!) : null
}

export function estimateRows(plan: LogicalPlan): number {
  switch (plan.kind) {
    case 'get':
      return Math.max(1, plan.table.estimatedRows())
    case 'view':
      return plan.source.estimatedRows()
    case 'rows':
      return plan.rows.length
    case 'selection': {
      const rows = estimateRows(plan.input)
      const unique = plan.input.kind === 'get' && coversUniqueKey(plan.input, conjuncts(plan.predicate))
      return unique ? 1 : Math.max(1, rows * selectivity(plan.predicate, rows))
    }
    case 'projection':
    case 'sort':
    case 'lockRows':
      return estimateRows(plan.input)
    case 'distinct':
      return Math.max(1, estimateRows(plan.input) / 2)
    case 'aggregation':
      return plan.keys.length === 0 ? 1 : Math.max(1, estimateRows(plan.input) / 10)
    case 'limit': {
      const rows = estimateRows(plan.input)
      return plan.count?.kind === 'constant' && plan.count.value !== null
        ? Math.min(rows, Number(plan.count.value))
        : rows
    }
    case 'join': {
      const left = estimateRows(plan.left)
      const right = estimateRows(plan.right)
      const joined = joinRows(plan.left, left, plan.right, right, conjuncts(plan.condition))
      return plan.join === 'left' ? Math.max(left, joined) : joined
    }
  }
}

export function joinRows(
  left: LogicalPlan,
  leftRows: number,
  right: LogicalPlan,
  rightRows: number,
  conditions: readonly Expression[],
): number {
  let rows = leftRows * rightRows
  let largest = 1
  for (const condition of conditions) {
    const key = equiColumns(condition)
    if (key === null) rows *= selectivity(condition, rows)
    else {
      const known = [...key].map((id) => distinctKeys(left, id) ?? distinctKeys(right, id) ?? 10)
      largest = Math.max(largest, ...known)
    }
  }
  return Math.max(1, rows / largest)
}

/** The two columns of `a = b`, casts left aside. */
export function equiColumns(e: Expression): readonly [number, number] | null {
  if (e.kind !== 'call' || e.name !== '=' || e.args.length !== 2) return null
  const a = columnUnderCasts(e.args[0]!)
  const b = columnUnderCasts(e.args[1]!)
  return a === null || b === null ? null : [a, b]
}

/** The number of distinct values of a base column; null if the plan has no such column. */
function distinctKeys(plan: LogicalPlan, id: number): number | null {
  switch (plan.kind) {
    case 'get': {
      const column = plan.attributes.findIndex((attribute) => attribute.id === id)
      if (column < 0) return null
      const rows = Math.max(1, plan.table.estimatedRows())
      const unique = plan.descriptor.indexes.some(
        (index) => index.unique && index.columns.length === 1 && index.columns[0] === column,
      )
      return unique ? rows : Math.max(1, rows / 10)
    }
    case 'view':
      return null
    case 'rows':
      return plan.attributes.some((attribute) => attribute.id === id) ? plan.rows.length : null
    case 'join':
      return distinctKeys(plan.left, id) ?? distinctKeys(plan.right, id)
    case 'projection':
    case 'aggregation': {
      const items = plan.kind === 'projection' ? plan.items : plan.keys
      const item = items.find(({ attribute }) => attribute.id === id)
      if (item === undefined) return null
      return item.expression.kind === 'column' ? distinctKeys(plan.input, item.expression.column) : null
    }
    default:
      return distinctKeys(plan.input, id)
  }
}

/** True if equalities with values fix all columns of a unique key. */
export function coversUniqueKey(
  get: { readonly attributes: readonly Attribute[]; readonly descriptor: { readonly indexes: readonly IndexShape[] } },
  predicates: readonly Expression[],
): boolean {
  const fixed = new Set<number>()
  for (const p of predicates) {
    if (p.kind !== 'call' || p.name !== '=') continue
    const [a, b] = p.args as [Expression, Expression]
    for (const [side, other] of [[a, b] as const, [b, a] as const]) {
      const column = columnUnderCasts(side)
      if (column !== null && columnUnderCasts(other) === null) fixed.add(column)
    }
  }
  return get.descriptor.indexes.some(
    (index) => index.unique && index.columns.every((ordinal) => fixed.has(get.attributes[ordinal]!.id)),
  )
}

interface IndexShape {
  readonly unique: boolean
  readonly columns: readonly number[]
}
