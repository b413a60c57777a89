/**
 * One execution of a compiled statement: all its state, outside of the generated functions (D1). A run goes through the
 * phases of its program (a pipeline, the ordering of a sort, the applying of writes); each phase works within the
 * step's budget and leaves its position here.
 *
 * No part of a page is kept across a step: positions are RowIds and row numbers, cursors hold (key, RowId).
 */
import { ReadView } from '../storage/readView.ts'
import type { IndexCursor } from '../storage/row/cursor.ts'
import type { SourceScan } from '../storage/scanSource.ts'
import type { LockWait } from '../txn/lockWait.ts'
import type { Outcome, Transaction } from '../txn/transaction.ts'
import type { Value } from '../types/value.ts'
import type { MemoryAccount } from './memoryAccount.ts'
import { LAYOUT, type PipelineStep, Step } from './outcome.ts'
import { valueBytes, type RowBuffer, type Seen } from './rowBuffer.ts'
import type { Execution, ExecutionContext } from './execution.ts'

/** What a phase does as a generator: it yields when the budget is used up, and returns how it ends. */
export type Work = Generator<undefined, Outcome>

/** A part of a program. */
export interface Phase {
  /** Called once when its turn comes. */
  start(run: Run): void
  /** Works on, within `run.budget`. DONE: the next phase follows. */
  step(run: Run): Step
}

/** What the runs of one statement share. */
export interface RunShape {
  readonly phases: readonly Phase[]
  readonly makeScans: () => SourceScan[]
  readonly makeCursors: () => IndexCursor[]
  /** False: it needs neither buffers nor limits, so that a point query does not ask for them. */
  readonly hasBuffers: boolean
  readonly makeBuffers: (run: Run) => (RowBuffer | Seen)[]
  readonly makeLimits: (parameters: readonly Value[]) => LimitCounter[]
  /** False: it makes no array for rows. */
  readonly yieldsRows: boolean
  /** Fields of a result row. */
  readonly fieldCount: number
  /** Tells its scans what they look for: for guards that record. */
  readonly tellPredicates: (run: Run) => void
  /** Takes a run back that is no longer used. */
  readonly recycle: (run: Run) => void
}

/** What LIMIT and OFFSET have left. */
export interface LimitCounter {
  skip: number
  remaining: number
}

/** Rows between two charges for the result. */
const chargeInterval = 256
const resultRowBytes = 48
/** Stands for "no array yet": a run of one look-up makes one array, its result. */
const none: unknown[] = []

export class Run implements Execution {
  readonly #shape: RunShape
  #phase = 0
  /** Rows that may wait to be taken before a step ends; generated code looks every 256 rows. */
  #mostRows = Number.POSITIVE_INFINITY

  parameters: readonly Value[] = []
  view: ReadView
  transaction: Transaction | null
  memory: MemoryAccount
  readonly scans: SourceScan[]
  readonly cursors: IndexCursor[]
  buffers: (RowBuffer | Seen)[] = []
  limits: LimitCounter[] = []
  #sets: Map<unknown, ReadonlySet<unknown>> | null = null
  #past: Map<number, ReadView> | null = null

  rows: unknown[] = none
  rowCount = 0
  /** The values of the row that is being written; storage copies them. */
  readonly values: Value[] = []

  /** Rows that this step may still visit. */
  budget = 0
  /** Where the current phase goes on: a RowId or a row number. */
  from = 0
  /** The loop in which a pipeline was parked, and its variables. */
  depth = 0
  saved: unknown[] = []
  /** Of the phase that is a generator. */
  work: Work | null = null
  /** True where reads are heard of, and may have to wait. */
  guarded = false
  /** After BLOCKED: true if the run stays as it is and goes on from there; else it was given up. */
  waitsInPlace = false
  /** The row that a cursor has fetched has not been processed yet. */
  #fetched = false

  constructor(shape: RunShape, context: ExecutionContext) {
    this.#shape = shape
    this.view = context.view
    this.transaction = context.transaction
    this.memory = context.memory
    this.scans = shape.makeScans()
    this.cursors = shape.makeCursors()
    this.begin(context)
  }

  /** Makes the run new. */
  begin(context: ExecutionContext): void {
    const shape = this.#shape
    this.parameters = context.parameters
    this.view = context.view
    this.transaction = context.transaction
    this.memory = context.memory
    this.#mostRows = context.mostRows ?? Number.POSITIVE_INFINITY
    this.rows = none
    this.rowCount = 0
    this.#sets = null
    this.#past = null
    if (shape.hasBuffers) {
      this.buffers = shape.makeBuffers(this)
      this.limits = shape.makeLimits(this.parameters)
    }
    this.guarded = context.view.guard !== null && context.transaction !== null
    if (context.view.guard?.records === true) shape.tellPredicates(this)
    this.#enter(0)
  }

  step(budget: number): Step {
    this.budget = budget
    this.waitsInPlace = false
    const { phases, yieldsRows } = this.#shape
    if (yieldsRows && this.rows === none) this.rows = []
    while (this.#phase < phases.length) {
      const outcome = phases[this.#phase]!.step(this)
      // A phase that is no pipeline does not know how to go on behind a wait: what this run has done does not count.
      if (this.guarded && this.mustWait && !this.waitsInPlace) {
        this.transaction!.abandon()
        return Step.BLOCKED
      }
      if (outcome !== Step.DONE) return outcome
      this.#enter(this.#phase + 1)
    }
    return Step.DONE
  }

  #enter(phase: number): void {
    this.#phase = phase
    this.from = 0
    this.depth = 0
    this.#fetched = false
    const { phases } = this.#shape
    if (phase < phases.length) phases[phase]!.start(this)
  }

  get blockedOn(): LockWait | null {
    return this.transaction?.waitingFor ?? null
  }

  take(): unknown[] {
    const rows = this.rows === none ? [] : this.rows
    this.rows = none
    if (rows.length >= chargeInterval) {
      this.memory.release(Math.floor(rows.length / chargeInterval) * chargeInterval * this.#rowBytes)
    }
    return rows
  }

  release(): void {
    this.rows = none
    if (this.#shape.hasBuffers) this.buffers = []
    if (this.saved.length > 0) this.saved = []
    this.#shape.recycle(this)
  }

  get #rowBytes(): number {
    return resultRowBytes + this.#shape.fieldCount * valueBytes
  }

  // ------------------------------------------------------------------------- called by generated code

  /** The pipeline is done. */
  leave(budget: number): Step {
    this.budget = budget
    return Step.DONE
  }

  /** The view of a table as it was behind this commit. */
  past(timestamp: number): ReadView {
    let view = this.#past?.get(timestamp)
    if (view === undefined) {
      view = this.transaction?.readPast(timestamp) ?? pastView(timestamp)
      this.#past ??= new Map()
      this.#past.set(timestamp, view)
    }
    return view
  }

  /** The source has yielded its last row; or it must wait for the next one, and then asks for it again. */
  end(from: number, budget: number): Step {
    if (!this.guarded || !this.mustWait) return this.leave(budget)
    this.pause(from)
    this.waitsInPlace = true
    return Step.BLOCKED
  }

  /** Under a guard: the access that has yielded nothing has to wait. */
  get mustWait(): boolean {
    return this.transaction!.waitingFor !== null
  }

  /** Inner loop `depth` must wait for its next row, and then asks for it again. */
  hold(depth: number, from: number, saved: unknown[]): Step {
    this.park(depth, from, saved)
    this.waitsInPlace = true
    return Step.BLOCKED
  }

  /** The budget is used up at the source. */
  pause(from: number): Step {
    this.from = from
    this.depth = 0
    return Step.YIELD
  }

  /** The budget is used up in inner loop `depth`. */
  park(depth: number, from: number, saved: unknown[]): Step {
    this.from = from
    this.depth = depth
    this.saved = saved
    return Step.YIELD
  }

  relayout(from: number, budget: number): PipelineStep {
    this.from = from
    this.depth = 0
    this.budget = budget
    return LAYOUT
  }

  /** As `relayout`, for a row that the cursor has fetched already. */
  relayoutFetched(budget: number): PipelineStep {
    this.#fetched = true
    return this.relayout(0, budget)
  }

  takeFetched(): boolean {
    const fetched = this.#fetched
    this.#fetched = false
    return fetched
  }

  /** Called every 256 result rows; returns the budget that is left. */
  rowsGrew(budget: number): number {
    this.memory.charge(chargeInterval * this.#rowBytes)
    return this.rows.length >= this.#mostRows ? 0 : budget
  }

  /** The set of a long IN list, built at the first use in this run. */
  set(build: (parameters: readonly Value[]) => ReadonlySet<unknown>): ReadonlySet<unknown> {
    this.#sets ??= new Map()
    let set = this.#sets.get(build)
    if (set === undefined) {
      set = build(this.parameters)
      this.#sets.set(build, set)
    }
    return set
  }
}

/** For a read without a transaction, which ends before anything else begins: nobody need keep the versions for it. */
function pastView(timestamp: number): ReadView {
  const view = new ReadView()
  view.timestamp = timestamp
  return view
}
