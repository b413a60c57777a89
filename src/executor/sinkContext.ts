/** What sinks share: the pipeline around them as they see it, and the rows that they hand out or keep. */
import { unparenthesised, type CodeWriter } from './codeWriter.ts'
import { boxed, nullTest, type ExpressionCompiler, type Operand, type Row } from './compileExpression.ts'
import type { Expression } from './expression.ts'
import type { OutputForm } from './output.ts'
import type { PlanColumn, Returning } from './plan.ts'

/** What a sink needs of the pipeline around it. */
export interface SinkContext {
  readonly writer: CodeWriter
  readonly output: OutputForm
  readonly skip: string
  readonly budgeted: boolean
  compiler(row: Row, conditional?: boolean): ExpressionCompiler
  project(expressions: readonly Expression[], row: Row, comments: readonly string[]): Row
  top(name: string, value: string): string
  buffer(number: number): string
  bufferColumn(buffer: number, column: number): string
  isKept(buffer: number, column: number): boolean
  branch(condition: string, body: () => void): void
  lazy(name: string, load: () => Operand, comment?: string): () => Operand
}

/** The transaction, in a variable of the function. */
export const transaction = (g: SinkContext): string => g.top('transaction', 'run.transaction')

/** An operand that may be repeated. */
export const atom = (g: SinkContext, o: Operand): Operand => (o.atom ? o : g.lazy(`key${g.writer.fresh()}`, () => o)())

/** Appends the row to the columns of a buffer, without those that nobody reads. */
export function store(g: SinkContext, buffer: number, row: Row): void {
  row.forEach((column, i) => {
    if (!g.isKept(buffer, i)) return
    const value = boxed(column())
    g.writer.line(`${g.bufferColumn(buffer, i)}.push(${unparenthesised(value)})`)
  })
}

export function output(g: SinkContext, row: Row, columns: readonly PlanColumn[]): void {
  const { writer } = g
  const { mode, converters } = g.output
  const cells = row.map((column, i) => {
    const o = column()
    const convert = converters[i] ?? null
    if (convert === null) return boxed(o)
    const name = writer.slots.name(convert)
    if (o.nulls === 'never') return `${name}(${o.code})`
    return `${nullTest(o)} ? null : ${name}(${o.code})`
  })
  const entries =
    mode === 'objects'
      ? cells.map((cell, i) => `[${writer.slots.name(propertyKey(columns[i]!.name))}]: ${cell}`)
      : cells
  const rows = g.top('rows', 'run.rows')
  const result = rowLiteral(writer, entries, mode === 'objects')
  if (!g.budgeted) writer.line(`${rows}.push(${result})`)
  else writer.line(`if ((${rows}.push(${result}) & 255) === 0) budget = run.rowsGrew(budget)`)
}

/**
 * The same string, interned by the JavaScript engine. Names come out of SQL texts, and of a computed key that is not interned
 * an object literal makes a call into the runtime: ten times the cost of the whole row.
 */
function propertyKey(name: string): string {
  return Object.keys({ [name]: true })[0] ?? name
}

/** An object or array of these entries; a long one becomes a constant of several lines before its use. */
function rowLiteral(writer: CodeWriter, entries: readonly string[], isObject: boolean): string {
  const [open, close] = isObject ? ['{', '}'] : ['[', ']']
  const space = isObject && entries.length > 0 ? ' ' : ''
  const literal = `${open}${space}${entries.join(', ')}${space}${close}`
  if (literal.length < 60) return literal
  writer.line(`const result = ${open}`)
  for (const entry of entries) writer.line(`  ${entry},`)
  writer.line(close)
  return 'result'
}

/** Rows of RETURNING wait in `run.rows` until the statement is complete. */
export function returning(g: SinkContext, clause: Returning | null, row: Row): void {
  if (clause === null) return
  const projected = g.project(
    clause.expressions,
    row,
    clause.columns.map(({ name }) => name),
  )
  output(g, projected, clause.columns)
}
