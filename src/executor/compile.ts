/**
 * The entry of the executor: `compile` makes a `CompiledStatement` of a plan. Code is generated when a run first needs it,
 * for one form of output and one layout of pages at a time, and is kept with the statement.
 */
import type { RowTable } from '../storage/row/table.ts'
import { TableMode } from '../txn/lockModes.ts'
import type { Value } from '../types/value.ts'
import { hashKeyOrIdentity } from '../types/comparison.ts'
import { negativeLimit, negativeOffset } from '../errors.ts'
import { ApplyPhase, FinishWrites } from './applyWrites.ts'
import { generatePipeline, pruneBuffers } from './compilePipeline.ts'
import { expectedSignature } from './compileSource.ts'
import { evaluate } from './evaluate.ts'
import type { Execution, ExecutionContext } from './execution.ts'
import { ForeignKeyPhase } from './foreignKeyPhase.ts'
import { defaultForm, sameForm, type Field, type OutputForm, type OutputMode } from './output.ts'
import { buildProgram, type Buffer, type Pipeline, type Program } from './pipeline.ts'
import { PipelineCode } from './pipelineCode.ts'
import type { Aggregate, Limit, StatementPlan } from './plan.ts'
import { DistinctState, Groups, HashTable, RowBuffer, Seen } from './rowBuffer.ts'
import { Run, type LimitCounter, type Phase, type RunShape } from './run.ts'
import { scanConditions, tellPredicates } from './scanPredicates.ts'
import { SortOrder, SortPhase } from './sortPhase.ts'
import { Sorter } from './sorter.ts'
import { IndexCursor } from '../storage/row/cursor.ts'

/** True if it reads all of the table, as it is now. */
const scansWhole = ({ pipelines }: Program, table: RowTable): boolean =>
  pipelines.some(({ source }) => source.kind === 'tableScan' && source.node.source === table && !source.node.asOf)

export function compile(plan: StatementPlan): CompiledStatement {
  return new CompiledStatement(plan)
}

/** A plan as code. It holds no state of a run, and serves any number of them at a time. */
export class CompiledStatement {
  readonly plan: StatementPlan
  /** The columns of its result; none for DML without RETURNING. */
  readonly fields: readonly Field[]
  /** True if it writes or locks rows: then it may have to wait and run again. */
  readonly writes: boolean
  /** `INSERT`, `SELECT FOR UPDATE`: what a read-only transaction refuses. */
  readonly command: string
  /** Every table that it reads or writes. */
  readonly tables: readonly RowTable[]
  /** By table: the lock that the statement needs on it. */
  readonly tableModes: readonly TableMode[]
  /**
   * The same where reads are locked: a table that it writes and reads from end to end needs SHARE, too. Both at once are SHARE ROW
   * EXCLUSIVE; one after the other, two such statements could each hold the first and wait for the second.
   */
  readonly tableModesOfLockers: readonly TableMode[]
  /** The table that it writes, null for SELECT. */
  readonly target: RowTable | null
  /** True if every run ends within its first step, whatever the budget: look-ups of one row and single rows. */
  readonly endsAtOnce: boolean
  readonly #program: Program
  readonly #nowait: ReadonlySet<RowTable> | null
  readonly #orders = new Map<number, SortOrder>()
  readonly #shapes: { readonly form: OutputForm; readonly pool: RunPool }[] = []
  #lastOutput: OutputMode | OutputForm | null = null
  #lastPool: RunPool | null = null

  constructor(plan: StatementPlan) {
    this.plan = plan
    const columns = plan.kind === 'select' ? plan.input.columns : (plan.returning?.columns ?? [])
    this.fields = columns.map(({ name, type }) => ({ name, type }))
    this.#program = pruneBuffers(buildProgram(plan))
    const { tables, locked, lockedBy, nowait } = this.#program
    this.#nowait = nowait.size === 0 ? null : nowait
    this.writes = plan.kind !== 'select' || lockedBy !== null
    const strength = lockedBy?.locks[0]?.strength
    this.command = `${plan.kind}${strength === undefined ? '' : ` for ${strength}`}`.toUpperCase()
    this.target = plan.kind === 'select' ? null : plan.table
    const keys = plan.kind === 'select' ? undefined : plan.foreignKeys
    this.tables = keys === undefined ? tables : [...new Set([...tables, ...keys.written, ...keys.read])]
    this.tableModes = this.tables.map((table) => {
      if (table === this.target || keys?.written.includes(table)) return TableMode.ROW_EXCLUSIVE
      return locked.has(table) || keys?.read.includes(table) ? TableMode.ROW_SHARE : TableMode.ACCESS_SHARE
    })
    const scanned = this.target !== null && scansWhole(this.#program, this.target)
    this.tableModesOfLockers = !scanned
      ? this.tableModes
      : this.tables.map((table, i) => (table === this.target ? TableMode.SHARE_ROW_EXCLUSIVE : this.tableModes[i]!))
    this.endsAtOnce =
      this.#program.pipelines.every(isImmediate) && this.#program.buffers.length === 0 && keys === undefined
  }

  /** Begins a run. `output`: a mode with its usual converters, or a form of the caller's. @throws 2201W, 2201X */
  start(context: ExecutionContext, output: OutputMode | OutputForm = 'objects'): Execution {
    if (this.#nowait !== null && context.transaction !== null) context.transaction.nowait = this.#nowait
    return this.#pool(output).take(context)
  }

  #pool(output: OutputMode | OutputForm): RunPool {
    // A prepared statement is asked for the same form each time.
    if (output === this.#lastOutput) return this.#lastPool!
    const pool = this.#poolOf(typeof output === 'string' ? defaultForm(this.fields, output) : output)
    this.#lastOutput = output
    this.#lastPool = pool
    return pool
  }

  #poolOf(form: OutputForm): RunPool {
    const known = this.#shapes.find((shape) => sameForm(shape.form, form))
    if (known !== undefined) return known.pool
    const pool = new RunPool((recycle) => this.#shape(form, recycle))
    if (this.#shapes.length >= mostForms) this.#shapes.shift()
    this.#shapes.push({ form, pool })
    return pool
  }

  #shape(form: OutputForm, recycle: (run: Run) => void): RunShape {
    const program = this.#program
    return {
      phases: this.#phases(form),
      makeScans: () => program.scans.map(({ source, needed }) => source.scan(needed)),
      makeCursors: () => program.cursors.map((index) => new IndexCursor(index)),
      hasBuffers: program.buffers.length + program.limits.length > 0,
      makeBuffers: (run) => program.buffers.map((buffer, number) => this.#makeBuffer(buffer, number, run)),
      makeLimits: (parameters) => program.limits.map((limit) => makeLimit(limit, parameters)),
      yieldsRows: this.target === null || this.fields.length > 0,
      fieldCount: this.fields.length,
      tellPredicates: (run) => tellPredicates(run.scans, scanConditions(program.pipelines), run.parameters),
      recycle,
    }
  }

  #phases(form: OutputForm): Phase[] {
    const program = this.#program
    return program.pipelines.flatMap((pipeline): Phase[] => {
      const code = new PipelineCode(program, pipeline, form)
      const { sink } = pipeline
      switch (sink.kind) {
        case 'output':
        case 'hashBuild':
        case 'materialise':
        case 'aggregate':
          return [code]
        case 'sort':
          return [code, new SortPhase(sink.buffer)]
        case 'upsert':
        case 'insert':
        case 'update':
        case 'delete': {
          const { foreignKeys } = sink.plan
          const last = foreignKeys === undefined ? [] : [new ForeignKeyPhase(foreignKeys)]
          return sink.kind === 'upsert' || sink.buffer === null
            ? [code, new FinishWrites(), ...last]
            : [code, new ApplyPhase(sink.plan, sink.buffer), new FinishWrites(), ...last]
        }
      }
    })
  }

  #makeBuffer(buffer: Buffer, number: number, run: Run): RowBuffer | Seen {
    const { memory, parameters } = run
    switch (buffer.kind) {
      case 'rows':
        return new RowBuffer(buffer.width, memory)
      case 'hashTable':
        return new HashTable(buffer.width, memory)
      case 'groups':
        return makeGroups(buffer.node, run)
      case 'sorter': {
        const { limit } = buffer.node
        const count = limit === null ? null : rowLimit(evaluate(limit, parameters))
        const sorter = new Sorter(buffer.width, memory, count)
        sorter.compare = this.#order(number, buffer).make(sorter)
        return sorter
      }
      case 'seen':
        return new Seen(memory)
    }
  }

  #order(number: number, buffer: Extract<Buffer, { kind: 'sorter' }>): SortOrder {
    let order = this.#orders.get(number)
    if (order === undefined) {
      order = new SortOrder(buffer.node)
      this.#orders.set(number, order)
    }
    return order
  }

  /** The generated code of every pipeline, for pages in the layout with which they begin: EXPLAIN (CODE). */
  code(): string {
    const program = this.#program
    const form = defaultForm(this.fields, 'objects')
    return program.pipelines
      .flatMap((pipeline) => {
        const { text } = generatePipeline(program, pipeline, expectedSignatureOf(pipeline), null, form)
        const { sink } = pipeline
        if (sink.kind !== 'sort') return [text]
        return [
          text,
          this.#order(sink.buffer, program.buffers[sink.buffer] as Extract<Buffer, { kind: 'sorter' }>).text,
        ]
      })
      .join('\n\n')
  }
}

/** Forms of output beyond which the oldest code is dropped: result types by OID may differ by call. */
const mostForms = 8

/** Keeps one finished run for the next: a point query then allocates nothing but its result. */
class RunPool {
  readonly #shape: RunShape
  #idle: Run | null = null

  constructor(shape: (recycle: (run: Run) => void) => RunShape) {
    this.#shape = shape((run) => {
      this.#idle = run
    })
  }

  take(context: ExecutionContext): Run {
    const run = this.#idle
    if (run === null) return new Run(this.#shape, context)
    this.#idle = null
    run.begin(context)
    return run
  }
}

const isImmediate = ({ source, operators }: Pipeline): boolean =>
  (source.kind === 'indexScan' && source.lookup) ||
  (source.kind === 'values' && source.node.rows.length === 1 && operators.length === 0)

function expectedSignatureOf({ source }: Pipeline): string | null {
  const scanned = source.kind === 'tableScan' || source.kind === 'viewScan'
  const table = scanned ? source.node.source : source.kind === 'indexScan' ? source.node.table : null
  if (table === null) return null
  return expectedSignature(Array.from({ length: table.columnCount }, (_, ordinal) => table.column(ordinal)))
}

function makeGroups(node: Aggregate, run: Run): Groups {
  const createStates = node.aggregates.map(({ aggregate, distinct, arg }) => {
    if (!distinct || arg === null) return () => aggregate.createState()
    const hashKey = hashKeyOrIdentity(arg.type)
    return () => new DistinctState(aggregate.createState(), hashKey, run.memory)
  })
  const groups = new Groups(node.keys.length, createStates, run.memory)
  if (node.keys.length === 0) groups.create('')
  return groups
}

const rowLimit = (value: Value): number | null => (value === null ? null : Number(value))

/** Null counts as absent. @throws 2201W, 2201X */
function makeLimit(node: Limit, parameters: readonly Value[]): LimitCounter {
  const count = node.count === null ? null : rowLimit(evaluate(node.count, parameters))
  const offset = node.offset === null ? null : rowLimit(evaluate(node.offset, parameters))
  if (count !== null && count < 0) throw negativeLimit()
  if (offset !== null && offset < 0) throw negativeOffset()
  return { skip: offset ?? 0, remaining: count ?? Number.POSITIVE_INFINITY }
}
