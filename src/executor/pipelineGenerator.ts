/**
 * The text of one pipeline's function while it is written: names, variables and the frame of its loops. What stands in
 * the loops is the business of compileSource.ts, compileJoin.ts and compileSink.ts.
 *
 * A row is a list of columns that are loaded where they are first asked for. Variables of a row around an inner loop are
 * declared at the function's top (`hoisted`): they are what a park saves.
 */
import type { Layout } from '../storage/scanSource.ts'
import type { Value } from '../types/value.ts'
import { CodeWriter, identifier, unparenthesised } from './codeWriter.ts'
import { ExpressionCompiler, type Operand, type Row, type Scope } from './compileExpression.ts'
import { bufferName, describePipeline } from './describePipeline.ts'
import type { Expression } from './expression.ts'
import type { OutputForm } from './output.ts'
import { innerLoops, limitsAt, type Pipeline, type Program } from './pipeline.ts'
import type { SinkContext } from './sinkContext.ts'

export interface GeneratedCode {
  readonly text: string
  readonly slots: readonly unknown[]
}

/** Stands for the variables that a park saves, until all of them are known. */
const savedVariables = '/* saved */'

export class PipelineGenerator implements Scope, SinkContext {
  readonly writer = new CodeWriter()
  readonly program: Program
  readonly pipeline: Pipeline
  readonly signature: string | null
  readonly layout: Layout | null
  readonly output: OutputForm
  /** Loops nested in the loop over the source. */
  readonly loops: number
  /** The loop whose body is being written; 0 is the one over the source. */
  level = 0
  /** The statement that gives up the current row. */
  skip = 'continue'
  /** True if the function counts rows; a look-up of one row does not. */
  budgeted = true
  /** The source's position behind the current row. */
  resumeAt = 'i + 1'
  readonly #top: string[] = []
  /** Variables that an inner loop may outlive: declared at the top, saved when it parks. */
  readonly #hoisted: string[] = []
  /** Inside of a branch: how to forget what it has bound. */
  #boundInBranch: (() => void)[] | null = null
  #relations = 0
  /** Columns of rows, numbered as they are made: those whose value was asked for, in this pass and in the one before. */
  readonly used = new Set<number>()
  /** The columns of buffers that the pipeline reads. */
  readonly reads: { readonly buffer: number; readonly column: number }[] = []
  readonly #usedBefore: ReadonlySet<number> | null
  #columns = 0
  readonly #numbers = new Map<() => Operand, number>()

  constructor(
    program: Program,
    pipeline: Pipeline,
    signature: string | null,
    layout: Layout | null,
    output: OutputForm,
    usedBefore: ReadonlySet<number> | null,
  ) {
    this.#usedBefore = usedBefore
    this.program = program
    this.pipeline = pipeline
    this.signature = signature
    this.layout = layout
    this.output = output
    this.loops = innerLoops(pipeline)
  }

  /** The whole function, when its body is written. */
  finish(name: string): GeneratedCode {
    const variables = this.#hoisted.join(', ')
    const resume = this.#hoisted.length === 0 ? [] : [`let ${variables}`]
    if (this.loops > 0) resume.push('let resume = run.depth')
    if (this.#hoisted.length > 0) resume.push(`if (resume > 0) [${variables}] = run.saved`)
    const comment = describePipeline(this.program, this.pipeline)
    const text = this.writer
      .text(identifier(name), 'run', comment, [...this.#top, ...resume])
      .replaceAll(savedVariables, variables)
    return { text, slots: this.writer.slots.values }
  }

  // ------------------------------------------------------------------------------------------------ names

  /** Declares a constant at the function's top, once. */
  top(name: string, value: string): string {
    const line = `const ${name} = ${value}`
    if (!this.#top.includes(line)) this.#top.push(line)
    return name
  }

  topLine(line: string): void {
    this.#top.push(line)
  }

  /** The representation of a column of the source, null if the code serves any. */
  letter(ordinal: number): string | null {
    return this.signature === null ? null : (this.signature[ordinal] ?? null)
  }

  /** The slot of the layout which the function serves. */
  layoutSlot(): string {
    return this.writer.slots.name(this.layout ?? { signature: this.signature })
  }

  parameter(index: number): string {
    return this.top(`p${index}`, `run.parameters[${index}]`)
  }

  runSet(build: (parameters: readonly Value[]) => ReadonlySet<unknown>): string {
    const number = this.writer.fresh()
    return this.top(`set${number}`, `run.set(${this.writer.slots.name(build)})`)
  }

  buffer(number: number): string {
    return this.top(bufferName(this.program, number), `run.buffers[${number}]`)
  }

  /** The array of a buffer's column. */
  bufferColumn(buffer: number, column: number): string {
    const name = this.buffer(buffer)
    return this.top(`${name}c${column}`, `${name}.columns[${column}]`)
  }

  /** The same, in a pipeline that reads the buffer. */
  readBuffer(buffer: number, column: number): string {
    this.reads.push({ buffer, column })
    return this.bufferColumn(buffer, column)
  }

  /** False if no later pipeline reads the column. */
  isKept(buffer: number, column: number): boolean {
    return this.program.reads[buffer]?.has(column) ?? true
  }

  /** The view by which a table is read. */
  view(asOf: number | null | undefined): string {
    if (asOf === null || asOf === undefined) return this.top('view', 'run.view')
    const moment = this.writer.slots.name(asOf)
    return this.top(`past_${moment}`, `run.past(${moment})`)
  }

  /** A letter for each relation, so that names are short: `a2` is column 2 of the first one. */
  relation(): string {
    const letters = 'abcdfgh'
    const number = this.#relations++
    return letters[number] ?? `r${number}_`
  }

  /** Assigns `code` to a variable of the current row. */
  variable(name: string, code: string, comment = ''): void {
    const end = comment === '' ? '' : ` // ${identifier(comment)}`
    if (this.level < this.loops) {
      this.#hoisted.push(name)
      this.writer.line(`${name} = ${code}${end}`)
    } else {
      this.writer.line(`const ${name} = ${code}${end}`)
    }
  }

  /** A variable that changes and must survive a park. */
  hoisted(name: string, code: string): void {
    this.#hoisted.push(name)
    this.writer.line(`${name} = ${code}`)
  }

  /** A column of a row that is bound to variables when it is first needed. */
  lazy(name: string, load: () => Operand, comment = ''): () => Operand {
    const column = this.#columns++
    let bound: Operand | null = null
    const operand = (): Operand => {
      this.used.add(column)
      if (bound === null) {
        bound = this.#bind(name, load(), comment)
        this.#boundInBranch?.push(() => (bound = null))
      }
      return bound
    }
    this.#numbers.set(operand, column)
    return operand
  }

  /** A branch that leaves the row. The columns that it loads are its own: the way of most rows does not pay for them. */
  branch(condition: string, body: () => void): void {
    const outer = this.#boundInBranch
    const bound: (() => void)[] = []
    this.#boundInBranch = bound
    this.writer.open(`if (${condition})`)
    body()
    this.writer.close()
    this.#boundInBranch = outer
    for (const unbind of bound) unbind()
  }

  /** Loads, before a loop, the columns of the row that are used within it. */
  loadUsed(row: Row): void {
    if (this.#usedBefore === null) return
    for (const operand of row) {
      const column = this.#numbers.get(operand)
      if (column !== undefined && this.#usedBefore.has(column)) operand()
    }
  }

  #bind(name: string, o: Operand, comment: string): Operand {
    if (o.atom && typeof o.nulls === 'string') return o
    const { nulls } = o
    if (typeof nulls === 'string') {
      this.variable(name, unparenthesised(o.code), comment)
      return { ...o, code: name, atom: true }
    }
    this.variable(`${name}null`, nulls.flag)
    this.variable(name, o.code, comment)
    return { ...o, code: name, atom: true, nulls: { flag: `${name}null` } }
  }

  local(code: string): string {
    const name = `x${this.writer.fresh()}`
    this.writer.line(`const ${name} = ${code}`)
    return name
  }

  compiler(row: Row, conditional = false): ExpressionCompiler {
    return new ExpressionCompiler(this, row, conditional)
  }

  /** The row of some expressions over `row`. */
  project(expressions: readonly Expression[], row: Row, comments: readonly string[]): Row {
    return expressions.map((e, i) => {
      if (e.kind === 'column') return row[e.column]!
      const number = this.writer.fresh()
      return this.lazy(`e${number}`, () => this.compiler(row).compile(e), comments[i])
    })
  }

  // ----------------------------------------------------------------------------------------------- loops

  /** Opens the part of a loop's body that is skipped when the function resumes in a loop further in. */
  beginHead(): void {
    if (this.loops === 0) return
    if (this.level < this.loops) {
      // A limit counts a row when the loops inside are through with it, or were left: its block holds head and loops.
      for (const limit of limitsAt(this.pipeline, this.level)) this.writer.open(`row${limit}:`)
      this.writer.open(this.level === 0 ? 'if (resume === 0)' : `if (resume <= ${this.level})`)
    }
    if (this.level > 0) this.writer.line('resume = 0')
  }

  endHead(): void {
    if (this.level < this.loops) this.writer.close()
  }

  /** Opens the next loop; `advance` writes the statements that move to its next row, and leave the loop behind the last. */
  innerLoop(comment: string, advance: () => void, body: () => void): void {
    const { writer } = this
    this.endHead()
    this.level++
    const outer = this.skip
    this.skip = 'continue'
    writer.line(`// ${comment}`)
    writer.open('for (;;)')
    this.beginHead()
    advance()
    body()
    writer.close()
    this.skip = outer
    this.level--
  }

  parkIfSpent(): void {
    const { level } = this
    this.writer.line(`if (budget-- <= 0) return run.park(${level}, ${this.resumeAt}, [${savedVariables}])`)
  }

  /** Where a read of the loop has yielded nothing: it may be because it must wait. */
  holdIf(condition: string | null): void {
    const guarded = this.top('guarded', 'run.guarded')
    const test = `${condition === null ? '' : `${condition} && `}${guarded} && run.mustWait`
    this.writer.line(`if (${test}) return run.hold(${this.level}, ${this.resumeAt}, [${savedVariables}])`)
  }

  /** One test a conjunct, so that each loads only what it needs. */
  filter(predicate: Expression, row: Row): void {
    for (const conjunct of ExpressionCompiler.conjuncts(predicate)) {
      const condition = this.compiler(row).isTrue(conjunct)
      if (condition === 'true') continue
      this.writer.line(`if (!(${unparenthesised(condition)})) ${this.skip}`)
    }
  }
}
