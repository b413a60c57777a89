/**
 * Queries: SELECT and VALUES to a logical plan. The clauses are bound in the order in which SQL gives them meaning, which
 * is not the order in which they are written: FROM, WHERE, GROUP BY, the select list, HAVING, DISTINCT, ORDER BY, LIMIT.
 */
import { assert } from '../assert.ts'
import {
  ambiguousOutputName,
  columnReferenceNotAllowed,
  constantInClause,
  lockingNotApplicable,
  noSuchOutputColumn,
  orderByNotInDistinct,
  starWithoutTables,
  tooManyTargets,
} from '../errors.ts'
import type { Expression } from '../executor/expression.ts'
import type { SortKey } from '../executor/plan.ts'
import type * as ast from '../parser/ast.ts'
import type { PastState } from '../txn/timeTravel.ts'
import { commonType } from '../types/commonType.ts'
import { INT8 } from '../types/registry.ts'
import type { SqlType } from '../types/sqlType.ts'
import { AggregateCollector, Grouping } from './aggregates.ts'
import { at } from './bindContext.ts'
import type { BindContext } from './bindContext.ts'
import { ExpressionBinder } from './bindExpression.ts'
import { bindFrom, readPast } from './bindFrom.ts'
import { equalExpressions } from './expressionTree.ts'
import type { Attribute, BoundQuery, LogicalPlan, ProjectionItem, RowLock } from './logical.ts'
import { columnOf } from './logical.ts'
import { isNullable } from './nullability.ts'
import { outputName } from './outputName.ts'
import { checkLockedNames, checkLockedQuery, lockingWords } from './rowLocks.ts'
import { Scope } from './scope.ts'

/** `targets`: the types of the columns into which INSERT puts the result; unknown literals take them. */
export function bindQuery(
  context: BindContext,
  query: ast.Query,
  targets: readonly SqlType[] | null = null,
): BoundQuery {
  if (query.kind === 'select') return bindSelect(context, query, targets, query.locking, null)
  const [clause] = query.locking
  if (clause !== undefined) throw lockingNotApplicable(lockingWords(clause.strength), 'VALUES', clause.position)
  return bindValues(context, query, targets)
}

/** The query of a derived table; `locking` are the clauses from around it, `past` what FROM is read as of there. */
function bindDerived(
  context: BindContext,
  query: ast.Query,
  locking: readonly ast.LockingClause[],
  past: PastState | null,
): BoundQuery {
  if (query.kind === 'values') return bindQuery(context, query)
  return bindSelect(context, query, null, [...query.locking, ...locking], past)
}

interface OutputItem extends ProjectionItem {
  readonly name: string
  readonly position: number
}

/** PostgreSQL's limit of a target list, for each list of a SELECT by itself: their keys are compared with one another. */
const MAX_TARGETS = 1664

function bindSelect(
  context: BindContext,
  select: ast.Select,
  targets: readonly SqlType[] | null,
  locking: readonly ast.LockingClause[],
  around: PastState | null,
): BoundQuery {
  for (const list of [select.items, select.groupBy, select.orderBy]) {
    if (list.length > MAX_TARGETS) throw tooManyTargets(MAX_TARGETS, select.position)
  }
  const past = select.asOf === null ? around : readPast(context, select.asOf)
  const from = bindFrom(context, select.from, locking, past, (inner, clauses, then) =>
    bindDerived(context, inner, clauses, then),
  )
  const { scope } = from
  let { plan } = from
  if (select.where !== null) {
    const binder = new ExpressionBinder(context, scope, { clause: 'WHERE', aggregates: null })
    plan = { kind: 'selection', input: plan, predicate: binder.boolean(select.where, 'WHERE') }
  }
  const collector = new AggregateCollector(context)
  const binder = new ExpressionBinder(context, scope, { clause: 'SELECT', aggregates: collector })
  let items = selectItems(context, select, scope, binder, targets)
  const having = select.having === null ? null : binder.boolean(select.having, 'HAVING')
  const keys = groupKeys(context, select, scope, items, collector)
  let sort = orderKeys(select, binder, items)
  if (keys.length > 0 || having !== null || collector.calls.length > 0) {
    const grouping = new Grouping(keys, collector, scope)
    items = items.map((item) => regroupItem(item, grouping))
    sort = sort.map((key) => ({ ...key, expression: grouping.regroup(key.expression) }))
    const predicate = having === null ? null : grouping.regroup(having)
    plan = { kind: 'aggregation', input: plan, keys: grouping.keys, aggregates: collector.calls }
    if (predicate !== null) plan = { kind: 'selection', input: plan, predicate }
  }
  checkLockedQuery(select, locking, collector.calls.length > 0)
  checkLockedNames(locking, from.names)
  return finish(context, select, plan, items, sort, from.locks)
}

/** The projection, and what comes after it: DISTINCT, ORDER BY, the row locks, LIMIT. */
function finish(
  context: BindContext,
  select: ast.Select,
  input: LogicalPlan,
  items: readonly OutputItem[],
  sort: readonly (SortKey & { readonly position: number })[],
  locks: readonly RowLock[],
): BoundQuery {
  const hidden: ProjectionItem[] = locks.map(({ get }) => ({ attribute: get.rowId!, expression: columnOf(get.rowId!) }))
  const keys = sort.map(({ expression, descending, nullsFirst, position }) => {
    let item: ProjectionItem | undefined = [...items, ...hidden].find((known) =>
      equalExpressions(known.expression, expression),
    )
    if (item === undefined) {
      if (select.distinct) throw orderByNotInDistinct(position)
      item = { attribute: attributeFor(context, '?column?', expression), expression }
      hidden.push(item)
    }
    return { expression: columnOf(item.attribute), descending, nullsFirst }
  })
  let plan: LogicalPlan = { kind: 'projection', input, items: [...items, ...hidden] }
  if (select.distinct) plan = { kind: 'distinct', input: plan }
  if (keys.length > 0) plan = { kind: 'sort', input: plan, keys }
  if (locks.length > 0) plan = { kind: 'lockRows', input: plan, locks }
  plan = withLimit(context, plan, select)
  const output = items.map((item) => item.attribute)
  if (hidden.length > 0) {
    const shown = output.map((attribute) => ({ attribute, expression: columnOf(attribute) }))
    plan = { kind: 'projection', input: plan, items: shown }
  }
  return { plan, output }
}

/** A plain column keeps its attribute, so that an order or a key is recognised through projections. */
function attributeFor(context: BindContext, name: string, e: Expression): Attribute {
  if (e.kind === 'column') return { id: e.column, name, type: e.type, nullable: e.nullable }
  return context.attribute(name, e.type, isNullable(e))
}

function regroupItem(item: OutputItem, grouping: Grouping): OutputItem {
  const expression = grouping.regroup(item.expression)
  const { name } = item.attribute
  if (expression.kind === 'column') {
    const { column: id, type, nullable } = expression
    return { ...item, expression, attribute: { id, name, type, nullable } }
  }
  // The old attribute may be the input column's, which is not what this expression yields any more.
  return { ...item, expression }
}

// ------------------------------------------------------------------------------------------------- select list

function selectItems(
  context: BindContext,
  select: ast.Select,
  scope: Scope,
  binder: ExpressionBinder,
  targets: readonly SqlType[] | null,
): OutputItem[] {
  const items: OutputItem[] = []
  const add = (name: string, expression: Expression, position: number): void => {
    items.push({ name, position, expression, attribute: attributeFor(context, name, expression) })
  }
  for (const item of select.items) {
    const { expression: e } = item
    if (e.kind === 'star') {
      for (const attribute of starColumns(e, scope)) {
        add(attribute.name, binder.starColumn(attribute, e.position), e.position)
      }
      continue
    }
    const bound = binder.bind(e)
    const target = targets?.[items.length]
    const typed =
      bound.type.kind === 'unknown' && target !== undefined
        ? binder.coercion.cast(bound, target, 'assignment', e.position)
        : binder.coercion.known(bound, e.position)
    add(item.alias ?? outputName(e), typed, e.position)
  }
  return items
}

export function starColumns(star: ast.Star, scope: Scope): readonly Attribute[] {
  if (star.table !== null) return scope.table(star.table, star.position).attributes
  if (scope.tables.length === 0) throw starWithoutTables(star.position)
  return scope.columns.map((column) => column.attribute)
}

// ---------------------------------------------------------------------------------------------------- GROUP BY

/** A bare name is an input column before it is an output column; a bare integer is an output column's number. */
function groupKeys(
  context: BindContext,
  select: ast.Select,
  scope: Scope,
  items: readonly OutputItem[],
  collector: AggregateCollector,
): readonly ProjectionItem[] {
  const binder = new ExpressionBinder(context, scope, { clause: 'GROUP BY', aggregates: null })
  const keys: ProjectionItem[] = []
  for (const e of select.groupBy) {
    const expression = groupKey(e, scope, items, binder, collector)
    if (keys.some((key) => equalExpressions(key.expression, expression))) continue
    keys.push({ expression, attribute: attributeFor(context, outputName(e), expression) })
  }
  return keys
}

function groupKey(
  e: ast.Expression,
  scope: Scope,
  items: readonly OutputItem[],
  binder: ExpressionBinder,
  collector: AggregateCollector,
): Expression {
  let item: OutputItem | null = null
  if (isConstant(e)) item = itemByOrdinal(e, items, 'GROUP BY')
  else if (e.kind === 'column' && e.table === null && scope.find(e.name).length === 0) {
    item = itemByName(e, items, 'GROUP BY')
  }
  if (item === null) return binder.value(e)
  binder.refuseAggregates(item.expression, collector, e.position)
  return item.expression
}

// ---------------------------------------------------------------------------------------------------- ORDER BY

/** A bare name is an output column before it is an input column. */
function orderKeys(
  query: ast.Select,
  binder: ExpressionBinder,
  items: readonly OutputItem[],
): readonly (SortKey & { readonly position: number })[] {
  return query.orderBy.map(({ expression: e, descending, nullsFirst }) => {
    const item = isConstant(e)
      ? itemByOrdinal(e, items, 'ORDER BY')
      : e.kind === 'column' && e.table === null
        ? itemByName(e, items, 'ORDER BY')
        : null
    const expression = item === null ? binder.value(e) : item.expression
    return { expression, descending, nullsFirst, position: e.position }
  })
}

type ConstantNode = ast.IntegerLiteral | ast.NumericLiteral | ast.StringLiteral | ast.NullLiteral | ast.BooleanLiteral

function isConstant(e: ast.Expression): e is ConstantNode {
  return (
    e.kind === 'integer' || e.kind === 'numeric' || e.kind === 'string' || e.kind === 'null' || e.kind === 'boolean'
  )
}

function itemByOrdinal(e: ConstantNode, items: readonly OutputItem[], clause: string): OutputItem {
  if (e.kind !== 'integer') throw constantInClause(clause, e.position)
  assert(e.slot === null, 'a bare integer of ORDER BY or GROUP BY is pinned')
  const item = items[Number(e.value) - 1]
  if (item === undefined) throw noSuchOutputColumn(clause, e.value, e.position)
  return item
}

/** Null if no output column has the name; several are good if they are the same. */
function itemByName(e: ast.ColumnReference, items: readonly OutputItem[], clause: string): OutputItem | null {
  const named = items.filter((item) => item.name === e.name)
  const [first] = named
  if (first === undefined) return null
  if (!named.every((item) => equalExpressions(item.expression, first.expression))) {
    throw ambiguousOutputName(clause, e.name, e.position)
  }
  return first
}

// -------------------------------------------------------------------------------------------------------- LIMIT

interface Tail {
  readonly limit: ast.Expression | null
  readonly offset: ast.Expression | null
}

function withLimit(context: BindContext, input: LogicalPlan, { limit, offset }: Tail): LogicalPlan {
  if (limit === null && offset === null) return input
  return {
    kind: 'limit',
    input,
    count: limit === null ? null : bound(context, limit, 'LIMIT'),
    offset: offset === null ? null : bound(context, offset, 'OFFSET'),
  }
}

function bound(context: BindContext, e: ast.Expression, clause: string): Expression {
  if (mentionsColumn(e)) throw columnReferenceNotAllowed(clause, e.position)
  const binder = new ExpressionBinder(context, Scope.empty, { clause, aggregates: null })
  return binder.assigned(e, INT8, clause)
}

function mentionsColumn(e: ast.Expression): boolean {
  return e.kind === 'column' || (e.kind === 'binary' && (mentionsColumn(e.left) || mentionsColumn(e.right)))
}

// ------------------------------------------------------------------------------------------------------- VALUES

function bindValues(context: BindContext, values: ast.Values, targets: readonly SqlType[] | null): BoundQuery {
  const binder = new ExpressionBinder(context, Scope.empty, { clause: 'VALUES', aggregates: null })
  const bound = values.rows.map((row) => row.map((e) => binder.bind(e)))
  const width = values.rows[0]?.length ?? 0
  const types = Array.from({ length: width }, (_, i) => {
    const column = bound.map((row) => row[i]!.type)
    if (targets?.[i] !== undefined && column.every((type) => type.kind === 'unknown')) return targets[i]
    return at(values.rows[0]![i]!.position, () => commonType(column, 'VALUES'))
  })
  const rows = bound.map((row, r) =>
    row.map((e, i) => {
      const { position } = values.rows[r]![i]!
      const context = targets === null || e.type.kind !== 'unknown' ? 'implicit' : 'assignment'
      return binder.coercion.cast(e, types[i]!, context, position)
    }),
  )
  const attributes = types.map((type, i) =>
    context.attribute(
      `column${i + 1}`,
      type,
      rows.some((row) => isNullable(row[i]!)),
    ),
  )
  const items = attributes.map((attribute) => ({
    attribute,
    name: attribute.name,
    position: values.position,
    expression: columnOf(attribute),
  }))
  const scope = Scope.ofTable({ name: '*VALUES*', attributes, descriptor: null })
  const order = new ExpressionBinder(context, scope, { clause: 'ORDER BY', aggregates: null })
  const sort = values.orderBy.map(({ expression: e, descending, nullsFirst }) => {
    const item = isConstant(e) ? itemByOrdinal(e, items, 'ORDER BY') : null
    return { expression: item === null ? order.value(e) : item.expression, descending, nullsFirst }
  })
  let plan: LogicalPlan = { kind: 'rows', rows, attributes }
  if (sort.length > 0) plan = { kind: 'sort', input: plan, keys: sort }
  return { plan: withLimit(context, plan, values), output: attributes }
}
