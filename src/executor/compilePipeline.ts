/**
 * One pipeline to one JavaScript function `(run) => step`: a loop over the rows of the source, the operators inline in its
 * body, the sink at the end (produce/consume: Neumann 2011, section 3).
 *
 * Resumable (D1). All state lives in `run`. The budget counts down where rows are visited. A function that has used it up
 * at its source notes the position there (`run.pause`) and returns. Inside an inner loop (the matches of a join) it
 * *parks*: the variables of the enclosing rows, which were loaded before the loop, go into `run.saved`, the number of the
 * loop into `run.depth`; called again, it skips the heads of the loops around that one (`if (resume <= n)`) and stands
 * where it was. No page is referred to in between: the outer row lives in variables, inner rows are read anew.
 *
 * A function serves one layout of its source's pages. It checks once a morsel, and on meeting another returns LAYOUT with
 * its position, for the driver to go on with another variant. `signature` null makes the variant for any layout.
 */
import type { Layout } from '../storage/scanSource.ts'
import { hashProbe, indexJoin, nestedLoop } from './compileJoin.ts'
import { lockRows } from './compileLock.ts'
import { compileSink, sortColumns } from './compileSink.ts'
import { compileSource } from './compileSource.ts'
import type { Row } from './compileExpression.ts'
import { keyCode } from './keys.ts'
import type { OutputForm } from './output.ts'
import type { Buffer, Pipeline, Program } from './pipeline.ts'
import { PipelineGenerator, type GeneratedCode } from './pipelineGenerator.ts'

export function generatePipeline(
  program: Program,
  pipeline: Pipeline,
  signature: string | null,
  layout: Layout | null,
  output: OutputForm,
): GeneratedCode {
  // Before a loop, what it needs of the row around it must be loaded. A first pass, whose code is thrown away, finds out.
  const draft = new PipelineGenerator(program, pipeline, signature, layout, output, null)
  const code = generate(draft)
  if (draft.loops === 0) return code
  return generate(new PipelineGenerator(program, pipeline, signature, layout, output, draft.used))
}

/**
 * The program, knowing which columns of its buffers are read. The last pipeline is drafted first: what it does not read, an
 * earlier one need not keep, and then need not read itself.
 */
export function pruneBuffers(program: Program): Program {
  if (!program.buffers.some(isPrunable)) return program
  const reads = program.buffers.map((buffer) => (isPrunable(buffer) ? new Set<number>() : null))
  for (const pipeline of program.pipelines.toReversed()) {
    const { sink } = pipeline
    if (sink.kind === 'sort') for (const column of sortColumns(sink.node)) reads[sink.buffer]?.add(column)
    if (sink.kind === 'insert' || sink.kind === 'update' || sink.kind === 'delete') {
      if (sink.buffer !== null) reads[sink.buffer] = null
    }
    const draft = new PipelineGenerator({ ...program, reads }, pipeline, null, null, plainForm, null)
    generate(draft)
    for (const { buffer, column } of draft.reads) reads[buffer]?.add(column)
  }
  return { ...program, reads }
}

const plainForm: OutputForm = { mode: 'values', converters: [] }

const isPrunable = ({ kind }: Buffer): boolean => kind === 'rows' || kind === 'hashTable' || kind === 'sorter'

function generate(g: PipelineGenerator): GeneratedCode {
  limits(g)
  return g.finish(compileSource(g, (row) => compileOperators(g, 0, row)))
}

/** Writes operators from `index` on, and the sink; the head of the current loop is open, and is closed here. */
function compileOperators(g: PipelineGenerator, index: number, row: Row): void {
  const rest = (next: Row): void => compileOperators(g, index + 1, next)
  const operator = g.pipeline.operators[index]
  if (operator === undefined) {
    compileSink(g, g.pipeline.sink, row)
    g.endHead()
    return
  }
  switch (operator.kind) {
    case 'filter':
      g.filter(operator.predicate, row)
      rest(row)
      break
    case 'project':
      rest(
        g.project(
          operator.expressions,
          row,
          operator.columns.map(({ name }) => name),
        ),
      )
      break
    case 'distinct': {
      const types = operator.columns.map(({ type }) => type)
      const operands = row.map((column) => column())
      const key = keyCode(g.writer, operands, types)
      g.writer.line(`if (!${g.buffer(operator.buffer)}.add(${key})) ${g.skip}`)
      rest(row)
      break
    }
    case 'lockRows':
      lockRows(g, operator.node, row)
      rest(row)
      break
    case 'limit':
      limit(g, operator.limit, () => rest(row))
      break
    case 'hashProbe':
      hashProbe(g, operator, row, rest)
      break
    case 'nestedLoop':
      nestedLoop(g, operator, row, rest)
      break
    case 'indexJoin':
      indexJoin(g, operator, row, rest)
      break
  }
}

/** A limit of no rows ends the pipeline before its first one. */
function limits(g: PipelineGenerator): void {
  for (const operator of g.pipeline.operators) {
    if (operator.kind !== 'limit') continue
    const name = g.top(`limit${operator.limit}`, `run.limits[${operator.limit}]`)
    g.topLine(`if (${name}.remaining === 0) return run.leave(run.budget)`)
  }
}

function limit(g: PipelineGenerator, number: number, rest: () => void): void {
  const { writer } = g
  const name = `limit${number}`
  writer.open(`if (${name}.skip > 0)`)
  writer.line(`${name}.skip--`)
  writer.line(g.skip)
  writer.close()
  const outer = g.skip
  g.skip = `break row${number}`
  // Where a loop follows, the block was opened around the head, which stays open for what it declares.
  if (g.level >= g.loops) writer.open(`row${number}:`)
  rest()
  writer.close()
  g.skip = outer
  writer.line(`if (--${name}.remaining === 0) return run.leave(${g.budgeted ? 'budget' : 'run.budget'})`)
}
