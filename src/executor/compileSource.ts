/** The loop over a pipeline's source: how rows are found, and how their columns become variables. */
import { Representation, representationOf } from '../storage/row/layout.ts'
import type { ColumnDescription } from '../storage/scanSource.ts'
import { RowMode } from '../storage/undo.ts'
import type { Value } from '../types/value.ts'
import { isNumberType, type Operand, type Row } from './compileExpression.ts'
import { identifier } from './codeWriter.ts'
import type { PipelineGenerator } from './pipelineGenerator.ts'
import { evaluate } from './evaluate.ts'
import type { Expression } from './expression.ts'
import type { Pipeline, Source } from './pipeline.ts'
import type { Aggregate, PlanColumn, Sort, TableScan, ValuesNode, ViewScan } from './plan.ts'
import { transaction } from './sinkContext.ts'

const letters: Readonly<Record<Representation, string>> = {
  [Representation.INT32]: 'i',
  [Representation.FLOAT64]: 'd',
  [Representation.VALUES]: 'v',
}

/** The layout with which pages of these columns begin. */
export const expectedSignature = (columns: readonly ColumnDescription[]): string =>
  columns.map(({ type }) => letters[representationOf(type)]).join('')

/** Writes what becomes of a row. */
type Consume = (row: Row) => void

/** Writes the function's body; returns its name. */
export function compileSource(g: PipelineGenerator, consume: Consume): string {
  const { source } = g.pipeline
  switch (source.kind) {
    case 'tableScan':
      return tableScan(g, source.node, source.scan, source.node.withRowId, consume)
    case 'viewScan':
      return tableScan(g, source.node, source.scan, false, consume)
    case 'indexScan':
      return source.lookup ? lookup(g, source, consume) : indexScan(g, source, consume)
    case 'values':
      return values(g, source.node, consume)
    case 'stored':
      return stored(g, source.columns, source.buffer, consume)
    case 'groups':
      return groups(g, source.node, source.buffer, consume)
    case 'sorted':
      return sorted(g, source.node, source.buffer, consume)
  }
}

/** How one column of a morsel is read: `array` and `nulls` name its arrays, `slot` the row. */
function readColumn(
  description: ColumnDescription,
  letter: string | null,
  array: string,
  nulls: string,
  slot: string,
): Operand {
  const { type, nullable } = description
  const code = type.kind === 'boolean' ? `${array}[${slot}] === 1` : `${array}[${slot}]`
  const number = isNumberType(type) || (type.kind !== 'boolean' && (letter === 'i' || letter === 'd'))
  if (!nullable) return { code, atom: false, nulls: 'never', number }
  if (letter === 'v') return { code, atom: false, nulls: 'inBand', number }
  const isNull = `${nulls} !== null && ${nulls}[${slot}] === 1`
  if (letter === null) return { code: `${isNull} ? null : ${code}`, atom: false, nulls: 'inBand', number }
  return { code, atom: false, nulls: { flag: isNull }, number }
}

// ------------------------------------------------------------------------------------------------ table scan

function tableScan(
  g: PipelineGenerator,
  node: TableScan | ViewScan,
  scan: number,
  withRowId: boolean,
  consume: Consume,
): string {
  const { writer } = g
  const name = g.relation()
  const scanName = g.top('scan', `run.scans[${scan}]`)
  g.top('morsel', 'scan.morsel')
  const view = g.view(node.kind === 'tableScan' ? node.asOf : null)
  g.topLine('let budget = run.budget, from = run.from')
  const resumable = g.loops > 0
  if (resumable) g.topLine('let i = 0, end = 1, base = from - 1, live = null // one round for the parked row')
  g.resumeAt = 'base + i + 1'
  const arrays = node.output.map((ordinal, position) => ({
    ordinal,
    comment: node.columns[position]?.name ?? '',
    array: `${name}${ordinal}s`,
    nulls: node.source.column(ordinal).nullable && g.letter(ordinal) !== 'v' ? `${name}${ordinal}n` : null,
  }))
  if (resumable && arrays.length > 0) {
    g.topLine(`let ${arrays.flatMap(({ array, nulls }) => (nulls === null ? [array] : [array, nulls])).join(', ')}`)
  }
  const declare = resumable ? '' : 'const '
  writer.open('for (;;)')
  if (resumable) writer.open('if (resume === 0)')
  writer.line(`if (!${scanName}.next(from, ${view})) return run.end(from, budget)`)
  if (g.signature !== null) {
    writer.line(`if (morsel.layout !== ${g.layoutSlot()}) return run.relayout(from, budget)`)
  }
  if (resumable) {
    writer.line('i = morsel.start')
    writer.line('end = morsel.end')
    writer.line('base = morsel.baseRowId')
    writer.line('live = morsel.live')
  } else {
    writer.line('const { start, end, baseRowId: base, live } = morsel')
  }
  for (const { ordinal, array, nulls, comment } of arrays) {
    writer.line(`${declare}${array} = morsel.columns[${ordinal}] // ${identifier(comment)}`)
    if (nulls !== null) writer.line(`${declare}${nulls} = morsel.nulls[${ordinal}]`)
  }
  if (resumable) writer.close()
  writer.open(resumable ? 'for (; i < end; i++)' : 'for (let i = start; i < end; i++)')
  g.beginHead()
  writer.line('if (budget-- <= 0) return run.pause(base + i)')
  writer.line('if (live !== null && live[i] === 0) continue')
  const row = arrays.map(({ ordinal, array, nulls }) =>
    g.lazy(`${name}${ordinal}`, () =>
      readColumn(node.source.column(ordinal), g.letter(ordinal), array, nulls ?? '', 'i'),
    ),
  )
  if (withRowId) row.push(() => ({ code: '(base + i)', atom: true, nulls: 'never', number: true }))
  consume(row)
  writer.close()
  writer.line('from = base + end')
  writer.close()
  return `scan_${node.name}`
}

// ------------------------------------------------------------------------------------------------ index scan

/** The row that a cursor has fetched into the scan's morsel. */
function fetchedRow(g: PipelineGenerator, { node, cursor }: Extract<Source, { kind: 'indexScan' }>): Row {
  const name = g.relation()
  const row = node.output.map((ordinal, position) =>
    g.lazy(
      `${name}${ordinal}`,
      () => readColumn(node.table.column(ordinal), g.letter(ordinal), `columns[${ordinal}]`, `nulls[${ordinal}]`, 'i'),
      node.columns[position]?.name,
    ),
  )
  if (node.withRowId) {
    const rowId: Operand = { code: `cursor${cursor}.rowId`, atom: true, nulls: 'never', number: true }
    row.push(g.loops > 0 ? g.lazy('rowId', () => ({ ...rowId, atom: false })) : () => rowId)
  }
  return row
}

function openMorsel(g: PipelineGenerator, budget: string): void {
  if (g.signature !== null) {
    g.writer.line(`if (morsel.layout !== ${g.layoutSlot()}) return run.relayoutFetched(${budget})`)
  }
  g.writer.line('const { columns, nulls, start: i } = morsel')
}

/** True if each row that is found is written at once, whatever is in it, and keeps its unique keys. */
function replacesWhatItFinds({ operators, sink }: Pipeline): boolean {
  if (operators.length > 0 || sink.kind !== 'update' || sink.buffer !== null) return false
  const { table, set } = sink.plan
  return table.columnSet(set.map(({ column }) => column)).mode === RowMode.NO_KEY_UPDATE
}

/** One row, and rarely a second one: no budget. */
function lookup(g: PipelineGenerator, source: Extract<Source, { kind: 'indexScan' }>, consume: Consume): string {
  const { writer } = g
  const { node, scan, cursor } = source
  g.budgeted = false
  g.top('scan', `run.scans[${scan}]`)
  g.top('morsel', 'scan.morsel')
  const view = g.view(node.asOf)
  g.top(`cursor${cursor}`, `run.cursors[${cursor}]`)
  const key = g.compiler([]).compile(node.equals[0]!)
  const code = typeof key.nulls === 'string' ? key.code : 'null'
  const replaced = replacesWhatItFinds(g.pipeline) ? `, !${transaction(g)}.hasMarks` : ''
  writer.line(
    `if (!run.takeFetched() && !cursor${cursor}.lookup(${code}, scan, ${view}${replaced})) return run.end(0, run.budget)`,
  )
  writer.open('do')
  openMorsel(g, 'run.budget')
  consume(fetchedRow(g, source))
  writer.close(` while (cursor${cursor}.lookupNext(scan, ${view}))`)
  writer.line('return 0')
  return `look_up_${node.name}`
}

function indexScan(g: PipelineGenerator, source: Extract<Source, { kind: 'indexScan' }>, consume: Consume): string {
  const { writer } = g
  const { node, scan, cursor } = source
  g.top('scan', `run.scans[${scan}]`)
  g.top('morsel', 'scan.morsel')
  const view = g.view(node.asOf)
  g.top(`cursor${cursor}`, `run.cursors[${cursor}]`)
  g.topLine('let budget = run.budget')
  g.resumeAt = '0'
  writer.open('for (;;)')
  g.beginHead()
  writer.line('if (budget-- <= 0) return run.pause(0)')
  writer.line(`if (!run.takeFetched() && !cursor${cursor}.nextVisible(scan, ${view})) return run.end(0, budget)`)
  openMorsel(g, 'budget + 1')
  consume(fetchedRow(g, source))
  writer.close()
  return `scan_${node.name}_by_index`
}

// ------------------------------------------------------------------------------------------------ computed rows

/** More cells than this are data, not code. */
const mostInlineCells = 256

function values(g: PipelineGenerator, node: ValuesNode, consume: Consume): string {
  const { writer } = g
  const relation = g.relation()
  const only = node.rows[0]
  if (node.rows.length === 1 && only !== undefined && only.length <= mostInlineCells && g.loops === 0) {
    g.budgeted = false
    g.skip = 'return 0'
    const compiler = g.compiler([])
    const row = only.map((cell, i) => g.lazy(`${relation}${i}`, () => compiler.compile(cell), node.columns[i]?.name))
    consume(row)
    writer.line('return 0')
    return 'one_row'
  }
  const cells = writer.slots.name(node.rows)
  const read = writer.slots.name(evaluateRow)
  g.top('parameters', 'run.parameters')
  g.topLine('let budget = run.budget, i = run.from')
  resumeRound(g)
  g.resumeAt = 'i + 1'
  writer.open(`for (; i < end; i++)`)
  g.beginHead()
  writer.line('if (budget-- <= 0) return run.pause(i)')
  writer.line(`const row = ${read}(${cells}[i], parameters)`)
  const row = node.columns.map(({ nullable, type }, i) =>
    g.lazy(`${relation}${i}`, () => ({
      code: `row[${i}]`,
      atom: false,
      nulls: nullable ? 'inBand' : 'never',
      number: isNumberType(type),
    })),
  )
  consume(row)
  writer.close()
  writer.line('return run.leave(budget)')
  // The number of rows is known here; a resumed round must not end the loop early.
  g.top('end', `${cells}.length`)
  return 'values'
}

/** A position that a park has moved behind the row steps back for the round that goes on with that row. */
function resumeRound(g: PipelineGenerator): void {
  if (g.loops > 0) g.topLine('if (run.depth > 0) i--')
}

function evaluateRow(cells: readonly Expression[], parameters: readonly Value[]): Value[] {
  return cells.map((cell) => evaluate(cell, parameters))
}

function stored(g: PipelineGenerator, columns: readonly PlanColumn[], buffer: number, consume: Consume): string {
  const relation = g.relation()
  const row = columns.map(({ nullable, type }, i) =>
    g.lazy(`${relation}${i}`, () => ({
      code: `${g.readBuffer(buffer, i)}[i]`,
      atom: false,
      nulls: nullable ? 'inBand' : 'never',
      number: isNumberType(type),
    })),
  )
  return bufferLoop(g, `${g.buffer(buffer)}.count`, row, null, 'stored_rows', consume)
}

function groups(g: PipelineGenerator, node: Aggregate, buffer: number, consume: Consume): string {
  const name = g.buffer(buffer)
  const relation = g.relation()
  const keys = node.keys.map((key, i) =>
    g.lazy(`${relation}${i}`, () => ({
      code: `${g.readBuffer(buffer, i)}[i]`,
      atom: false,
      nulls: node.columns[i]?.nullable === false ? 'never' : 'inBand',
      number: isNumberType(key.type),
    })),
  )
  const aggregates = node.aggregates.map((call, i) => {
    const ordinal = keys.length + i
    return g.lazy(`${relation}${ordinal}`, () =>
      call.arg === null
        ? { code: `${name}.counts[${i}][i]`, atom: false, nulls: 'never', number: true }
        : {
            code: `${name}.states[${i}][i].final()`,
            atom: false,
            nulls: node.columns[ordinal]?.nullable === false ? 'never' : 'inBand',
            number: false,
          },
    )
  })
  return bufferLoop(g, `${name}.count`, [...keys, ...aggregates], null, 'groups', consume)
}

function sorted(g: PipelineGenerator, node: Sort, buffer: number, consume: Consume): string {
  const relation = g.relation()
  const order = `${g.buffer(buffer)}.order`
  const row = node.columns.map(({ nullable, type }, i) =>
    g.lazy(`${relation}${i}`, () => ({
      code: `${g.readBuffer(buffer, i)}[r]`,
      atom: false,
      nulls: nullable ? 'inBand' : 'never',
      number: isNumberType(type),
    })),
  )
  return bufferLoop(g, `${order}.length`, row, `const r = ${order}[i]`, 'sorted_rows', consume)
}

function bufferLoop(
  g: PipelineGenerator,
  count: string,
  row: Row,
  head: string | null,
  name: string,
  consume: Consume,
): string {
  const { writer } = g
  g.top('end', count)
  g.topLine('let budget = run.budget, i = run.from')
  resumeRound(g)
  g.resumeAt = 'i + 1'
  writer.open('for (; i < end; i++)')
  g.beginHead()
  writer.line('if (budget-- <= 0) return run.pause(i)')
  if (head !== null) writer.line(head)
  consume(row)
  writer.close()
  writer.line('return run.leave(budget)')
  return name
}
