/**
 * A plan cut into pipelines. A row is pushed from a source through operators into a sink without being stored; where an
 * operator must have seen all its input before it can yield (hash build, aggregate, sort, the rows that DML collects) the
 * pipeline ends in a *breaker*, and another one begins with what it holds.
 *
 *     HashJoin(Scan a, Scan b), Aggregate        pipeline 0: scan b → hash build 0
 *                                                pipeline 1: scan a → probe 0 → aggregate into 1
 *                                                pipeline 2: groups 1 → output
 *
 * Semi-blocking work streams: a probe, an index join, DISTINCT (a set of what has been seen) and LIMIT are operators.
 * After Neumann, Efficiently Compiling Efficient Query Plans for Modern Hardware (VLDB 2011), section 3.
 */
import type { ScanSource } from '../storage/scanSource.ts'
import type { Index } from '../storage/row/index.ts'
import type { RowTable } from '../storage/row/table.ts'
import type { Expression } from './expression.ts'
import type {
  Aggregate,
  ConflictPlan,
  HashJoin,
  IndexJoin,
  IndexScan,
  Limit,
  LockRowsNode,
  NestedLoopJoin,
  PhysicalPlan,
  PlanColumn,
  Returning,
  RowCheck,
  Sort,
  StatementPlan,
  TableScan,
  ValuesNode,
  ViewScan,
} from './plan.ts'
import { statementTooComplex } from '../errors.ts'
import { maximumDepth } from './codeWriter.ts'

export type Source =
  | { readonly kind: 'tableScan'; readonly node: TableScan; readonly scan: number }
  | { readonly kind: 'viewScan'; readonly node: ViewScan; readonly scan: number }
  /** `lookup`: by a unique index over one column, and no loop behind it: a row, or the two that a snapshot may show. */
  | {
      readonly kind: 'indexScan'
      readonly node: IndexScan
      readonly scan: number
      readonly cursor: number
      readonly lookup: boolean
    }
  | { readonly kind: 'values'; readonly node: ValuesNode }
  /** Rows that an earlier pipeline has stored. */
  | { readonly kind: 'stored'; readonly columns: readonly PlanColumn[]; readonly buffer: number }
  | { readonly kind: 'groups'; readonly node: Aggregate; readonly buffer: number }
  | { readonly kind: 'sorted'; readonly node: Sort; readonly buffer: number }

export type Operator =
  | { readonly kind: 'filter'; readonly predicate: Expression }
  | { readonly kind: 'project'; readonly expressions: readonly Expression[]; readonly columns: readonly PlanColumn[] }
  | { readonly kind: 'hashProbe'; readonly node: HashJoin; readonly buffer: number }
  | { readonly kind: 'nestedLoop'; readonly node: NestedLoopJoin; readonly buffer: number }
  | { readonly kind: 'indexJoin'; readonly node: IndexJoin; readonly scan: number; readonly cursor: number }
  | { readonly kind: 'lockRows'; readonly node: LockRowsNode }
  | { readonly kind: 'distinct'; readonly columns: readonly PlanColumn[]; readonly buffer: number }
  | { readonly kind: 'limit'; readonly limit: number }

export type InsertPlan = Extract<StatementPlan, { kind: 'insert' }>
export type UpdatePlan = Extract<StatementPlan, { kind: 'update' }>
export type DeletePlan = Extract<StatementPlan, { kind: 'delete' }>

/** `buffer` null: the sink writes at once (D2: at most one row, or rows that no table was read for). */
export type Sink =
  | { readonly kind: 'output'; readonly columns: readonly PlanColumn[] }
  | { readonly kind: 'hashBuild'; readonly node: HashJoin; readonly buffer: number }
  | { readonly kind: 'materialise'; readonly columns: readonly PlanColumn[]; readonly buffer: number }
  | { readonly kind: 'aggregate'; readonly node: Aggregate; readonly buffer: number }
  | { readonly kind: 'sort'; readonly node: Sort; readonly buffer: number }
  | { readonly kind: 'insert'; readonly plan: InsertPlan; readonly buffer: number | null }
  /** `scan` fetches the row that is there already. */
  | { readonly kind: 'upsert'; readonly plan: InsertPlan; readonly onConflict: ConflictPlan; readonly scan: number }
  | { readonly kind: 'update'; readonly plan: UpdatePlan; readonly buffer: number | null }
  | { readonly kind: 'delete'; readonly plan: DeletePlan; readonly buffer: number | null }

export interface Pipeline {
  readonly source: Source
  readonly operators: readonly Operator[]
  readonly sink: Sink
}

/** What a breaker keeps; the driver makes one a run. */
export type Buffer =
  | { readonly kind: 'rows'; readonly width: number }
  | { readonly kind: 'hashTable'; readonly width: number }
  | { readonly kind: 'groups'; readonly node: Aggregate }
  | { readonly kind: 'sorter'; readonly node: Sort; readonly width: number }
  | { readonly kind: 'seen' }

/** The pipelines in the order in which they run, and the objects which their runs need, by number. */
export interface Program {
  readonly pipelines: readonly Pipeline[]
  readonly scans: readonly { readonly source: ScanSource; readonly needed: readonly number[] }[]
  readonly cursors: readonly Index[]
  readonly buffers: readonly Buffer[]
  readonly limits: readonly Limit[]
  /** By buffer: the columns that a later pipeline reads, null if all; the others are not kept. */
  readonly reads: readonly (ReadonlySet<number> | null)[]
  /** The tables it reads or writes. */
  readonly tables: readonly RowTable[]
  /** The tables whose rows FOR UPDATE and its kin lock, and the first such node. */
  readonly locked: ReadonlySet<RowTable>
  /** Those of which it locks rows NOWAIT. */
  readonly nowait: ReadonlySet<RowTable>
  readonly lockedBy: LockRowsNode | null
}

const isLoop = ({ kind }: Operator): boolean => kind === 'hashProbe' || kind === 'nestedLoop' || kind === 'indexJoin'

/** How many loops are nested in the loop over the source's rows. */
export const innerLoops = (pipeline: Pipeline): number => pipeline.operators.filter(isLoop).length

/** The limits that stand within `level` inner loops, from the first to the last. */
export function limitsAt(pipeline: Pipeline, level: number): readonly number[] {
  const found: number[] = []
  let loops = 0
  for (const operator of pipeline.operators) {
    if (isLoop(operator)) loops++
    else if (operator.kind === 'limit' && loops === level) found.push(operator.limit)
  }
  return found
}

export function buildProgram(plan: StatementPlan): Program {
  return new ProgramBuilder().build(plan)
}

/** A pipeline that still lacks its sink. */
interface Open {
  readonly source: Source
  readonly operators: Operator[]
}

class ProgramBuilder {
  readonly #pipelines: Pipeline[] = []
  readonly #scans: { readonly source: ScanSource; readonly needed: readonly number[] }[] = []
  readonly #cursors: Index[] = []
  readonly #buffers: Buffer[] = []
  readonly #limits: Limit[] = []
  readonly #tables = new Set<RowTable>()
  readonly #locked = new Set<RowTable>()
  readonly #nowait = new Set<RowTable>()
  #lockedBy: LockRowsNode | null = null

  build(plan: StatementPlan): Program {
    let open = this.#open(plan.input, 0)
    if (plan.kind !== 'select') this.#tables.add(plan.table)
    if (plan.kind === 'insert' && plan.onConflict !== undefined) {
      if (!this.#readsNothing(open)) open = this.#stored(open, plan.input.columns)
      const scan = this.#scan(plan.table, [])
      this.#close(open, { kind: 'upsert', plan, onConflict: plan.onConflict, scan })
    } else this.#close(open, this.#sink(plan, open))
    return {
      pipelines: this.#pipelines,
      scans: this.#scans,
      cursors: this.#cursors,
      buffers: this.#buffers,
      limits: this.#limits,
      reads: this.#buffers.map(() => null),
      tables: [...this.#tables],
      locked: this.#locked,
      nowait: this.#nowait,
      lockedBy: this.#lockedBy,
    }
  }

  /** True for rows that are read from no table: what an INSERT writes cannot be met by it again. */
  #readsNothing({ source }: Open): boolean {
    return source.kind === 'values' && this.#tables.size === 1
  }

  /** The rows, once all of them have been read. */
  #stored(input: Open, columns: readonly PlanColumn[]): Open {
    const buffer = this.#buffer({ kind: 'rows', width: columns.length })
    this.#close(input, { kind: 'materialise', columns, buffer })
    return { source: { kind: 'stored', columns, buffer }, operators: [] }
  }

  #sink(plan: StatementPlan, input: Open): Sink {
    switch (plan.kind) {
      case 'select':
        return { kind: 'output', columns: plan.input.columns }
      case 'insert': {
        const buffer = this.#readsNothing(input) ? null : this.#buffer({ kind: 'rows', width: plan.table.columnCount })
        return { kind: 'insert', plan, buffer }
      }
      case 'update': {
        const buffer = plan.singleRow ? null : this.#buffer({ kind: 'rows', width: plan.set.length + 1 })
        return { kind: 'update', plan, buffer }
      }
      case 'delete': {
        const buffer = plan.singleRow ? null : this.#buffer({ kind: 'rows', width: 1 })
        return { kind: 'delete', plan, buffer }
      }
    }
  }

  #close({ source, operators }: Open, sink: Sink): void {
    if (source.kind === 'indexScan' && isLookup(source.node)) {
      const pipeline = { source: { ...source, lookup: true }, operators, sink }
      if (innerLoops(pipeline) === 0) {
        this.#pipelines.push(pipeline)
        return
      }
    }
    this.#pipelines.push({ source, operators, sink })
  }

  #buffer(buffer: Buffer): number {
    return this.#buffers.push(buffer) - 1
  }

  #scan(source: ScanSource, needed: readonly number[]): number {
    return this.#scans.push({ source, needed }) - 1
  }

  #cursor(table: RowTable, index: Index): number {
    this.#tables.add(table)
    return this.#cursors.push(index) - 1
  }

  /** Opens the pipeline that yields the node's rows, after closing the ones it depends on. */
  #open(node: PhysicalPlan, depth: number): Open {
    if (depth > maximumDepth) throw statementTooComplex()
    switch (node.kind) {
      case 'tableScan': {
        if (isRowTable(node.source)) this.#tables.add(node.source)
        const scan = this.#scan(node.source, node.output)
        return { source: { kind: 'tableScan', node, scan }, operators: filters(node.filter) }
      }
      case 'indexScan': {
        const scan = this.#scan(node.table, node.output)
        const cursor = this.#cursor(node.table, node.index)
        return { source: { kind: 'indexScan', node, scan, cursor, lookup: false }, operators: filters(node.filter) }
      }
      case 'viewScan':
        return { source: { kind: 'viewScan', node, scan: this.#scan(node.source, node.output) }, operators: [] }
      case 'values':
        return { source: { kind: 'values', node }, operators: [] }
      case 'filter':
        return this.#extend(node.input, depth, { kind: 'filter', predicate: node.predicate })
      case 'project':
        return this.#extend(node.input, depth, {
          kind: 'project',
          expressions: node.expressions,
          columns: node.columns,
        })
      case 'distinct': {
        const buffer = this.#buffer({ kind: 'seen' })
        return this.#extend(node.input, depth, { kind: 'distinct', columns: node.columns, buffer })
      }
      case 'lockRows': {
        for (const { table, wait } of node.locks) {
          this.#locked.add(table)
          if (wait === 'nowait') this.#nowait.add(table)
        }
        this.#lockedBy ??= node
        return this.#extend(node.input, depth, { kind: 'lockRows', node })
      }
      case 'limit': {
        const limit = this.#limits.push(node) - 1
        return this.#extend(node.input, depth, { kind: 'limit', limit })
      }
      case 'hashJoin': {
        const buffer = this.#buffer({ kind: 'hashTable', width: node.right.columns.length })
        this.#close(this.#open(node.right, depth + 1), { kind: 'hashBuild', node, buffer })
        return this.#extend(node.left, depth, { kind: 'hashProbe', node, buffer })
      }
      case 'nestedLoopJoin': {
        const columns = node.right.columns
        const buffer = this.#buffer({ kind: 'rows', width: columns.length })
        this.#close(this.#open(node.right, depth + 1), { kind: 'materialise', columns, buffer })
        return this.#extend(node.left, depth, { kind: 'nestedLoop', node, buffer })
      }
      case 'indexJoin': {
        const open = this.#open(node.left, depth + 1)
        const scan = this.#scan(node.table, node.output)
        const cursor = this.#cursor(node.table, node.index)
        open.operators.push({ kind: 'indexJoin', node, scan, cursor })
        return open
      }
      case 'aggregate': {
        const buffer = this.#buffer({ kind: 'groups', node })
        this.#close(this.#open(node.input, depth + 1), { kind: 'aggregate', node, buffer })
        return { source: { kind: 'groups', node, buffer }, operators: [] }
      }
      case 'sort': {
        const computedKeys = node.keys.filter(({ expression }) => expression.kind !== 'column')
        const width = node.input.columns.length + computedKeys.length
        const buffer = this.#buffer({ kind: 'sorter', node, width })
        this.#close(this.#open(node.input, depth + 1), { kind: 'sort', node, buffer })
        return { source: { kind: 'sorted', node, buffer }, operators: [] }
      }
    }
  }

  #extend(input: PhysicalPlan, depth: number, operator: Operator): Open {
    const open = this.#open(input, depth + 1)
    open.operators.push(operator)
    return open
  }
}

const filters = (predicate: Expression | null): Operator[] =>
  predicate === null ? [] : [{ kind: 'filter', predicate }]

/** A row table, and not a computed source: it has an identity that locks can name. */
const isRowTable = (source: ScanSource): source is RowTable => 'indexes' in source

const isLookup = (node: IndexScan): boolean =>
  node.index.unique && node.index.columns.length === 1 && node.equals.length === 1

export type { PlanColumn, Returning, RowCheck }
