/**
 * The logical plan: *what* a query means, before it is decided how it runs. The third of the three unions between text
 * and code: AST → logical plan → physical plan (executor/plan.ts).
 *
 * Every column that any node produces is an *attribute* with a number of its own in the statement. In a logical plan a
 * `ColumnExpression.column` is such a number, whatever the shape of the tree around it; so predicates and joins move
 * freely, and only the physical planner turns attributes into ordinals.
 */
import type { TableDescriptor } from '../catalog/index.ts'
import type { AggregateCall, SortKey } from '../executor/plan.ts'
import type { ColumnExpression, Expression } from '../executor/expression.ts'
import type { LockingClause, LockStrength } from '../parser/ast.ts'
import type { ComputedSource } from '../storage/computedSource.ts'
import type { RowTable } from '../storage/row/table.ts'
import type { SqlType } from '../types/sqlType.ts'

export interface Attribute {
  readonly id: number
  readonly name: string
  readonly type: SqlType
  readonly nullable: boolean
}

export type LogicalPlan =
  | Get
  | View
  | Rows
  | Selection
  | Projection
  | LogicalJoin
  | Aggregation
  | LogicalDistinct
  | LogicalSort
  | LogicalLockRows
  | LogicalLimit

/** All rows of a table. */
export interface Get {
  readonly kind: 'get'
  readonly descriptor: TableDescriptor
  readonly table: RowTable
  /** The alias, or the table's name. */
  readonly name: string
  /** One for each column of the table, in its order. */
  readonly attributes: readonly Attribute[]
  /** Where rows are locked or written: the RowId, a column behind the others; else null. */
  readonly rowId: Attribute | null
  /** True for the target of UPDATE and DELETE. */
  readonly written: boolean
  /** The commit behind which the table is read (AS OF SYSTEM TIME); null: as it is. */
  readonly asOf: number | null
}

/** The rows of a system view. */
export interface View {
  readonly kind: 'view'
  readonly source: ComputedSource
  readonly name: string
  /** Of a table function; without columns. */
  readonly argument: Expression | null
  readonly attributes: readonly Attribute[]
}

/** Computed rows: VALUES, or one row without columns. */
export interface Rows {
  readonly kind: 'rows'
  readonly rows: readonly (readonly Expression[])[]
  readonly attributes: readonly Attribute[]
}

export interface Selection {
  readonly kind: 'selection'
  readonly input: LogicalPlan
  readonly predicate: Expression
}

export interface ProjectionItem {
  readonly attribute: Attribute
  readonly expression: Expression
}

export interface Projection {
  readonly kind: 'projection'
  readonly input: LogicalPlan
  readonly items: readonly ProjectionItem[]
}

/** `condition` null: every pair. */
export interface LogicalJoin {
  readonly kind: 'join'
  readonly join: 'inner' | 'left'
  readonly left: LogicalPlan
  readonly right: LogicalPlan
  readonly condition: Expression | null
}

export interface AggregationCall {
  readonly attribute: Attribute
  readonly call: AggregateCall
}

export interface Aggregation {
  readonly kind: 'aggregation'
  readonly input: LogicalPlan
  readonly keys: readonly ProjectionItem[]
  readonly aggregates: readonly AggregationCall[]
}

export interface LogicalDistinct {
  readonly kind: 'distinct'
  readonly input: LogicalPlan
}

export interface LogicalSort {
  readonly kind: 'sort'
  readonly input: LogicalPlan
  readonly keys: readonly SortKey[]
}

/** The rows of a table that a result row was made of, to be locked. */
export interface RowLock {
  readonly get: Get
  readonly strength: LockStrength
  readonly wait: LockingClause['wait']
}

/** FOR UPDATE: locks what it passes on. It stands above the sort and below the limit, so that a row that is skipped does not count. */
export interface LogicalLockRows {
  readonly kind: 'lockRows'
  readonly input: LogicalPlan
  readonly locks: readonly RowLock[]
}

export interface LogicalLimit {
  readonly kind: 'limit'
  readonly input: LogicalPlan
  readonly count: Expression | null
  readonly offset: Expression | null
}

/** The attributes that a plan yields, in order. */
export function attributesOf(plan: LogicalPlan): readonly Attribute[] {
  switch (plan.kind) {
    case 'get':
      return plan.rowId === null ? plan.attributes : [...plan.attributes, plan.rowId]
    case 'view':
    case 'rows':
      return plan.attributes
    case 'projection':
      return plan.items.map((item) => item.attribute)
    case 'aggregation':
      return [...plan.keys.map((key) => key.attribute), ...plan.aggregates.map((call) => call.attribute)]
    case 'join': {
      const right = attributesOf(plan.right)
      return [...attributesOf(plan.left), ...(plan.join === 'left' ? right.map(asNullable) : right)]
    }
    case 'selection':
    case 'distinct':
    case 'sort':
    case 'lockRows':
    case 'limit':
      return attributesOf(plan.input)
  }
}

export function asNullable(attribute: Attribute): Attribute {
  return attribute.nullable ? attribute : { ...attribute, nullable: true }
}

export function columnOf(attribute: Attribute): ColumnExpression {
  return {
    kind: 'column',
    column: attribute.id,
    type: attribute.type,
    nullable: attribute.nullable,
    name: attribute.name,
  }
}

/** A query, bound. */
export interface BoundQuery {
  readonly plan: LogicalPlan
  /** The columns of the result, in order; the plan yields these and nothing else. */
  readonly output: readonly Attribute[]
}
