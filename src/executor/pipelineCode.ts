/**
 * The functions of one pipeline: a variant for each layout that its source's pages have been met in, made when it is
 * first needed. Beyond a few variants one that serves any layout takes over, so that code does not grow with data.
 */
import type { ComputedScan } from '../storage/computedSource.ts'
import type { Layout } from '../storage/scanSource.ts'
import type { Value } from '../types/value.ts'
import { instantiate } from './codeWriter.ts'
import { generatePipeline } from './compilePipeline.ts'
import { evaluate } from './evaluate.ts'
import { LAYOUT, type PipelineStep, type Step } from './outcome.ts'
import type { OutputForm } from './output.ts'
import type { Pipeline, Program, Source } from './pipeline.ts'
import type { IndexScan } from './plan.ts'
import type { Phase, Run } from './run.ts'

type PipelineFunction = (run: Run) => PipelineStep

const mostVariants = 4

export class PipelineCode implements Phase {
  readonly #program: Program
  readonly #pipeline: Pipeline
  readonly #output: OutputForm
  /** Decided once: a look-up has nothing to prepare. */
  readonly #begins: boolean
  /** By layout; null for the one that serves any. */
  readonly #variants = new Map<Layout | null, PipelineFunction>()
  #current: PipelineFunction | null = null
  /** The code that was made, for EXPLAIN (CODE). */
  readonly texts: string[] = []

  constructor(program: Program, pipeline: Pipeline, output: OutputForm) {
    this.#program = program
    this.#pipeline = pipeline
    this.#output = output
    this.#begins = beginsWithWork(pipeline.source)
  }

  start(run: Run): void {
    if (this.#begins) begin(this.#pipeline.source, run)
  }

  step(run: Run): Step {
    let pipeline = this.#current ?? this.#variant(this.#layout(run))
    for (;;) {
      this.#current = pipeline
      const outcome = pipeline(run)
      if (outcome !== LAYOUT) return outcome
      pipeline = this.#variant(this.#layout(run))
    }
  }

  #layout(run: Run): Layout | null {
    const { source } = this.#pipeline
    const paged = source.kind === 'tableScan' || source.kind === 'viewScan' || source.kind === 'indexScan'
    return paged ? run.scans[source.scan]!.morsel.layout : null
  }

  #variant(layout: Layout | null): PipelineFunction {
    const wanted = this.#variants.has(layout) || this.#variants.size < mostVariants ? layout : null
    const known = this.#variants.get(wanted)
    if (known !== undefined) return known
    const code = generatePipeline(this.#program, this.#pipeline, wanted?.signature ?? null, wanted, this.#output)
    const made = instantiate(code.text, code.slots) as PipelineFunction
    this.#variants.set(wanted, made)
    this.texts.push(code.text)
    return made
  }
}

const beginsWithWork = (source: Source): boolean =>
  source.kind === 'viewScan' || (source.kind === 'indexScan' && !source.lookup)

function begin(source: Source, run: Run): void {
  if (source.kind === 'viewScan') {
    const { argument } = source.node
    const scan = run.scans[source.scan] as ComputedScan
    scan.compute(argument === null ? null : evaluate(argument, run.parameters))
  } else if (source.kind === 'indexScan') seek(source.node, run, source.cursor)
}

/** Puts the cursor before the first entry of the scan's range. Bounds are evaluated once, here. */
function seek(node: IndexScan, run: Run, number: number): void {
  const { parameters } = run
  const cursor = run.cursors[number]!
  const equals = node.equals.map((e) => evaluate(e, parameters))
  if (node.lower === null && node.upper === null && !node.descending) {
    if (equals.length > 0) {
      cursor.seekEquals(equals)
      return
    }
  }
  const bound = (side: IndexScan['lower']): Value | undefined =>
    side === null ? undefined : evaluate(side.value, parameters)
  cursor.seekRange(
    equals,
    bound(node.lower),
    node.lower?.inclusive ?? true,
    bound(node.upper),
    node.upper?.inclusive ?? true,
    node.descending,
  )
}
