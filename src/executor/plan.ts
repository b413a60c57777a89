/**
 * The physical plan: a readonly discriminated union that says *how* a statement runs and holds no JavaScript (D8). The
 * planner makes it, the code generator reads it. Each node yields rows of `columns`; expressions refer to columns of
 * their node's input by ordinal.
 */
import type { SqlType } from '../types/sqlType.ts'
import type { Value } from '../types/value.ts'
import type { ComputedSource } from '../storage/computedSource.ts'
import type { ScanSource } from '../storage/scanSource.ts'
import type { RowTable } from '../storage/row/table.ts'
import type { Index } from '../storage/row/index.ts'
import type { Expression } from './expression.ts'
import type { ForeignKeyPlan } from './foreignKeyPlan.ts'
import type { RowCheck } from './rowCheck.ts'

export interface PlanColumn {
  readonly name: string
  readonly type: SqlType
  readonly nullable: boolean
}

interface Node {
  readonly columns: readonly PlanColumn[]
  /** The optimiser's estimate of the rows it yields. */
  readonly estimatedRows: number
}

export type PhysicalPlan =
  | TableScan
  | IndexScan
  | ViewScan
  | ValuesNode
  | Filter
  | Project
  | HashJoin
  | NestedLoopJoin
  | IndexJoin
  | Aggregate
  | Distinct
  | Sort
  | LockRowsNode
  | Limit

/** Reads `output` (column ordinals of the source, in that order) of every visible row that satisfies `filter`. */
export interface TableScan extends Node {
  readonly kind: 'tableScan'
  readonly source: ScanSource
  readonly name: string
  readonly output: readonly number[]
  /** Over the output columns. */
  readonly filter: Expression | null
  /** Appends the RowId as a last column: for UPDATE, DELETE and FOR UPDATE. */
  readonly withRowId: boolean
  /** The commit behind which it reads; absent or null: what the statement's view sees. */
  readonly asOf?: number | null
}

/**
 * Reads by an index: `equals` gives values for the first index columns, then at most one range on the next one. Bounds
 * are expressions without columns (parameters and constants), evaluated once when the scan starts; a null bound yields
 * no row. Bounds are of the index column's own type, but for a parameter that cannot be represented in it (1.5 in an
 * int column): the planner then rounds the bound outwards or does not use the index.
 */
export interface IndexScan extends Node {
  readonly kind: 'indexScan'
  readonly table: RowTable
  readonly index: Index
  readonly name: string
  readonly equals: readonly Expression[]
  readonly lower: { readonly value: Expression; readonly inclusive: boolean } | null
  readonly upper: { readonly value: Expression; readonly inclusive: boolean } | null
  readonly descending: boolean
  readonly output: readonly number[]
  readonly filter: Expression | null
  readonly withRowId: boolean
  readonly asOf?: number | null
}

/** Reads a system view, whose rows are computed when the scan starts. */
export interface ViewScan extends Node {
  readonly kind: 'viewScan'
  readonly source: ComputedSource
  readonly name: string
  readonly output: readonly number[]
  /** Of a table function; without columns. */
  readonly argument: Expression | null
}

/** Constant rows (VALUES, or SELECT without FROM: one row without columns). */
export interface ValuesNode extends Node {
  readonly kind: 'values'
  readonly rows: readonly (readonly Expression[])[]
}

export interface Filter extends Node {
  readonly kind: 'filter'
  readonly input: PhysicalPlan
  readonly predicate: Expression
}

export interface Project extends Node {
  readonly kind: 'project'
  readonly input: PhysicalPlan
  readonly expressions: readonly Expression[]
}

/** Builds a hash table over `right` by `rightKeys`, probes it with `left`: streams the left side. Null keys match nothing. */
export interface HashJoin extends Node {
  readonly kind: 'hashJoin'
  readonly join: 'inner' | 'left'
  readonly left: PhysicalPlan
  readonly right: PhysicalPlan
  readonly leftKeys: readonly Expression[]
  readonly rightKeys: readonly Expression[]
  /** Over left row ++ right row; part of the join condition (it decides null-extension). */
  readonly residual: Expression | null
}

/** Materialises `right` and loops over it for each row of `left`. */
export interface NestedLoopJoin extends Node {
  readonly kind: 'nestedLoopJoin'
  readonly join: 'inner' | 'left'
  readonly left: PhysicalPlan
  readonly right: PhysicalPlan
  readonly predicate: Expression | null
}

/** For each row of `left`, reads `table` by `index` with `equals` evaluated over the left row. */
export interface IndexJoin extends Node {
  readonly kind: 'indexJoin'
  readonly join: 'inner' | 'left'
  readonly left: PhysicalPlan
  readonly table: RowTable
  readonly index: Index
  readonly name: string
  readonly equals: readonly Expression[]
  /** Columns of the table that become the right row. */
  readonly output: readonly number[]
  /** Appends the RowId to them. */
  readonly withRowId: boolean
  readonly asOf?: number | null
  readonly residual: Expression | null
}

export interface AggregateCall {
  readonly name: string
  /** From src/types/aggregates.ts. */
  readonly aggregate: AggregateFunction
  /** Null for count(*). */
  readonly arg: Expression | null
  readonly distinct: boolean
  /** FILTER (WHERE …), null if absent. */
  readonly filter: Expression | null
  readonly type: SqlType
}

/** An aggregate as the executor drives it: one state a group. Strict aggregates (all but count(*)) skip null arguments. */
export interface AggregateFunction {
  readonly name: string
  createState(): AggregateState
}

export interface AggregateState {
  step(value: Value): void
  final(): Value
}

/** Hash aggregation; yields the group keys, then the aggregates. Without keys: exactly one row. Nulls group together. */
export interface Aggregate extends Node {
  readonly kind: 'aggregate'
  readonly input: PhysicalPlan
  readonly keys: readonly Expression[]
  readonly aggregates: readonly AggregateCall[]
}

export interface Distinct extends Node {
  readonly kind: 'distinct'
  readonly input: PhysicalPlan
}

export interface SortKey {
  readonly expression: Expression
  readonly descending: boolean
  readonly nullsFirst: boolean
}

/** A stable sort; `limit` (count + offset, evaluated once) makes it a top-k. */
export interface Sort extends Node {
  readonly kind: 'sort'
  readonly input: PhysicalPlan
  readonly keys: readonly SortKey[]
  readonly limit: Expression | null
}

/** Locks the rows of tables that its input's rows were made of (FOR UPDATE), and passes on those that it has locked. */
export interface LockRowsNode extends Node {
  readonly kind: 'lockRows'
  readonly input: PhysicalPlan
  readonly locks: readonly {
    readonly table: RowTable
    readonly name: string
    /** The column that holds the RowId. */
    readonly rowId: number
    readonly strength: 'key share' | 'share' | 'no key update' | 'update'
    readonly wait: 'wait' | 'nowait' | 'skip locked'
  }[]
}

export interface Limit extends Node {
  readonly kind: 'limit'
  readonly input: PhysicalPlan
  /** int8; null or a null value: no limit. A negative value is error 2201W (2201X for the offset). */
  readonly count: Expression | null
  readonly offset: Expression | null
}

export type { RowCheck }

/** What INSERT does where one of these unique indexes has the key of a new row already. */
export interface ConflictPlan {
  readonly indexes: readonly Index[]
  /** Null: DO NOTHING. Expressions are over the columns of the row that is there, then those of the new one (`excluded`). */
  readonly update: {
    readonly set: readonly { readonly column: number; readonly value: Expression }[]
    readonly where: Expression | null
    /** Over the columns of the updated row. */
    readonly checks: readonly RowCheck[]
  } | null
}

/** What a statement does with the rows of its plan. `foreignKeys` is absent if it can break none. */
export type StatementPlan =
  | { readonly kind: 'select'; readonly input: PhysicalPlan }
  | {
      readonly kind: 'insert'
      readonly table: RowTable
      readonly name: string
      /** Yields whole rows of the table, in column order, cast to the column types, defaults filled in. */
      readonly input: PhysicalPlan
      readonly checks: readonly RowCheck[]
      /** Absent: a key that is there already is an error. */
      readonly onConflict?: ConflictPlan
      readonly returning: Returning | null
      readonly foreignKeys?: ForeignKeyPlan
    }
  | {
      readonly kind: 'update'
      readonly table: RowTable
      readonly name: string
      /** Yields all columns of the table, in order, and the RowId last. */
      readonly input: PhysicalPlan
      /** Table columns that are set, ascending, and their new values over the input row. */
      readonly set: readonly { readonly column: number; readonly value: Expression }[]
      readonly checks: readonly RowCheck[]
      readonly returning: Returning | null
      /** True if at most one row can match by a unique key: collect and apply are fused (D2). */
      readonly singleRow: boolean
      readonly foreignKeys?: ForeignKeyPlan
    }
  | {
      readonly kind: 'delete'
      readonly table: RowTable
      readonly name: string
      readonly input: PhysicalPlan
      readonly returning: Returning | null
      readonly singleRow: boolean
      readonly foreignKeys?: ForeignKeyPlan
    }

/** Expressions over the new row (the old one for DELETE). */
export interface Returning {
  readonly expressions: readonly Expression[]
  readonly columns: readonly PlanColumn[]
}
