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
import type { Value } from '../types/value.ts'
import { CodeWriter, identifier } from './codeWriter.ts'
import { boxed, ExpressionCompiler, nullTest, type Operand, type Row, type Scope } from './compileExpression.ts'
import { compileSink } from './compileSink.ts'
import { compileSource } from './compileSource.ts'
import type { Expression } from './expression.ts'
import { keyCode } from './keys.ts'
import type { OutputForm } from './output.ts'
import type { SinkContext } from './sinkContext.ts'
import { innerLoops, type Operator, type Pipeline, type Program } from './pipeline.ts'

export interface GeneratedCode {
  readonly text: string
  readonly slots: readonly unknown[]
}

/** What the pipeline's variables are called when they are saved; replaced when all of them are known. */
const savedVariables = '/* saved */'

export function generatePipeline(
  program: Program,
  pipeline: Pipeline,
  signature: string | null,
  layout: Layout | null,
  output: OutputForm,
): GeneratedCode {
  // Before a loop, what it needs of the row around it must be loaded. A first pass, whose code is thrown away, finds out.
  const draft = new PipelineGenerator(program, pipeline, signature, layout, output, null)
  const code = draft.generate()
  if (draft.loops === 0) return code
  return new PipelineGenerator(program, pipeline, signature, layout, output, draft.used).generate()
}

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
  readonly #top: string[] = []
  /** Variables that an inner loop may outlive: declared at the top, saved when it parks. */
  readonly #hoisted: string[] = []
  #relations = 0
  /** Columns of rows, numbered as they are made: those whose value was asked for, in this pass and in the one before. */
  readonly used = new Set<number>()
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

  generate(): GeneratedCode {
    this.#limits()
    const name = compileSource(this)
    const resume = this.#hoisted.length === 0 ? [] : [`let ${this.#hoisted.join(', ')}`]
    if (this.loops > 0) {
      resume.push(`let resume = run.depth`)
      if (this.#hoisted.length > 0) resume.push(`if (resume > 0) [${this.#hoisted.join(', ')}] = run.saved`)
    }
    const text = this.writer
      .text(identifier(name), 'run', this.#description(), [...this.#top, ...resume])
      .replaceAll(savedVariables, this.#hoisted.join(', '))
    return { text, slots: this.writer.slots.values }
  }

  #description(): string {
    const { source, operators, sink } = this.pipeline
    const name = (buffer: number): string => bufferName(this.program, buffer)
    const steps = [
      describeSource(source, name),
      ...operators.map((operator) => describeOperator(operator, name)),
      describeSink(sink, name),
    ]
    return steps.join(' → ')
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
      return (bound ??= this.#bind(name, load(), comment))
    }
    this.#numbers.set(operand, column)
    return operand
  }

  /** Loads, before a loop, the columns of the row that are used within it. */
  #loadUsed(row: Row): void {
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

  compiler(row: Row): ExpressionCompiler {
    return new ExpressionCompiler(this, row)
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
    if (this.level < this.loops) this.writer.open(`if (resume <= ${this.level})`)
    if (this.level > 0) this.writer.line('resume = 0')
  }

  endHead(): void {
    if (this.level < this.loops) this.writer.close()
  }

  /** Writes operators from `index` on, and the sink; the head of the current loop is open, and is closed here. */
  operators(index: number, row: Row): void {
    const operator = this.pipeline.operators[index]
    if (operator === undefined) {
      compileSink(this, this.pipeline.sink, row)
      this.endHead()
      return
    }
    switch (operator.kind) {
      case 'filter':
        this.filter(operator.predicate, row)
        this.operators(index + 1, row)
        break
      case 'project':
        this.operators(
          index + 1,
          this.project(
            operator.expressions,
            row,
            operator.columns.map(({ name }) => name),
          ),
        )
        break
      case 'distinct': {
        const types = operator.columns.map(({ type }) => type)
        const operands = row.map((column) => column())
        const key = keyCode(this.writer, operands, types)
        this.writer.line(`if (!${this.buffer(operator.buffer)}.add(${key})) ${this.skip}`)
        this.operators(index + 1, row)
        break
      }
      case 'limit':
        this.#limit(operator.limit, () => this.operators(index + 1, row))
        break
      case 'hashProbe':
        this.#hashProbe(operator, index, row)
        break
      case 'nestedLoop':
        this.#nestedLoop(operator, index, row)
        break
      case 'indexJoin':
        this.#indexJoin(operator, index, row)
        break
    }
  }

  /** One test a conjunct, so that each loads only what it needs. */
  filter(predicate: Expression, row: Row): void {
    for (const conjunct of ExpressionCompiler.conjuncts(predicate)) {
      const condition = this.compiler(row).isTrue(conjunct)
      if (condition === 'true') continue
      this.writer.line(`if (!(${unparenthesised(condition)})) ${this.skip}`)
    }
  }

  /** A limit of no rows ends the pipeline before its first one. */
  #limits(): void {
    for (const operator of this.pipeline.operators) {
      if (operator.kind !== 'limit') continue
      const name = this.top(`limit${operator.limit}`, `run.limits[${operator.limit}]`)
      this.topLine(`if (${name}.remaining === 0) return run.leave(run.budget)`)
    }
  }

  #limit(number: number, rest: () => void): void {
    const { writer } = this
    const name = `limit${number}`
    writer.open(`if (${name}.skip > 0)`)
    writer.line(`${name}.skip--`)
    writer.line(this.skip)
    writer.close()
    this.endHead()
    const outer = this.skip
    this.skip = `break row${number}`
    writer.open(`row${number}:`)
    this.beginHead()
    rest()
    writer.close()
    this.skip = outer
    writer.line(`if (--${name}.remaining === 0) return run.leave(${this.budgeted ? 'budget' : 'run.budget'})`)
  }

  /** Opens the next loop; `advance` writes the statements that move to its next row, and leave the loop behind the last. */
  #innerLoop(comment: string, advance: () => void, body: () => void): void {
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

  #parkIfSpent(): void {
    const { level } = this
    this.writer.line(`if (budget-- <= 0) return run.park(${level}, ${this.resumeAt}, [${savedVariables}])`)
  }

  /** The source's position behind the current row. */
  resumeAt = 'i + 1'

  /** Nulls for the right side of a left join. */
  #joined(row: Row, name: string, count: number, load: (column: number) => Operand): Row {
    const right = Array.from({ length: count }, (_, column) => this.lazy(`${name}${column}`, () => load(column)))
    return [...row, ...right]
  }

  /** Walks numbered rows of a buffer: `first` begins, `next` follows `row`; -1 is the end. */
  #bufferLoop(
    operator: Extract<Operator, { kind: 'hashProbe' | 'nestedLoop' }>,
    index: number,
    row: Row,
    walk: { first: string; end: (at: string) => string; next: (at: string) => string; residual: Expression | null },
  ): void {
    const { node, buffer } = operator
    const { writer } = this
    const name = this.relation()
    const at = `${name}At`
    const outer = node.join === 'left'
    const columns = node.right.columns
    this.#loadUsed(row)
    this.hoisted(at, walk.first)
    if (outer) this.hoisted(`${name}Matched`, 'false')
    const advance = (): void => {
      this.#parkIfSpent()
      if (outer) {
        writer.line(`const none = ${walk.end(at)} // without any match, one row of nulls`)
        writer.line(`if (none && ${name}Matched) break`)
      } else {
        writer.line(`if (${walk.end(at)}) break`)
      }
      writer.line(`const ${name}Row = ${at}`)
      writer.line(outer ? `if (!none) ${at} = ${walk.next(at)}` : `${at} = ${walk.next(at)}`)
    }
    const comment = node.kind === 'hashJoin' ? `matches in ${this.buffer(buffer)}` : `rows of ${this.buffer(buffer)}`
    this.#innerLoop(comment, advance, () => {
      const joined = this.#joined(row, name, columns.length, (column) => {
        const code = `${this.bufferColumn(buffer, column)}[${name}Row]`
        const { nullable, type } = columns[column]!
        const number = type.kind === 'int2' || type.kind === 'int4' || type.kind === 'float8' || type.kind === 'date'
        if (outer) return { code: `none ? null : ${code}`, atom: false, nulls: 'inBand', number }
        return { code, atom: false, nulls: nullable ? 'inBand' : 'never', number }
      })
      this.#residual(walk.residual, joined, outer ? `${name}Matched` : null)
      this.operators(index + 1, joined)
    })
  }

  /** The rest of a join's condition. A left row has a match only when all of it holds; null-extension skips it. */
  #residual(residual: Expression | null, joined: Row, matched: string | null): void {
    if (residual !== null) {
      const condition = this.compiler(joined).isTrue(residual)
      const test = unparenthesised(condition)
      this.writer.line(`if (${matched === null ? '' : '!none && '}!(${test})) ${this.skip}`)
    }
    if (matched !== null) this.writer.line(`${matched} = true`)
  }

  #hashProbe(operator: Extract<Operator, { kind: 'hashProbe' }>, index: number, row: Row): void {
    const { node, buffer } = operator
    const keys = node.leftKeys.map((e) => this.compiler(row).compile(e)).map((o) => this.#atom(o))
    const table = this.buffer(buffer)
    const nullTests = keys.map(nullTest).filter((test) => test !== 'false')
    const key = keyCode(
      this.writer,
      keys.map((o) => ({ ...o, nulls: 'never' as const })),
      node.leftKeys.map((e) => e.type),
    )
    const head = `${table}.head(${key})`
    if (nullTests.length > 0 && node.join === 'inner') {
      this.writer.line(`if (${nullTests.join(' || ')}) ${this.skip}`)
    }
    const first = nullTests.length > 0 && node.join === 'left' ? `${nullTests.join(' || ')} ? -1 : ${head}` : head
    const next = this.top(`next${buffer}`, `${table}.next`)
    this.#bufferLoop(operator, index, row, {
      first,
      end: (at) => `${at} < 0`,
      next: (at) => `${next}[${at}]`,
      residual: node.residual,
    })
  }

  #nestedLoop(operator: Extract<Operator, { kind: 'nestedLoop' }>, index: number, row: Row): void {
    const count = this.top(`count${operator.buffer}`, `${this.buffer(operator.buffer)}.count`)
    this.#bufferLoop(operator, index, row, {
      first: '0',
      end: (at) => `${at} === ${count}`,
      next: (at) => `${at} + 1`,
      residual: operator.node.predicate,
    })
  }

  #indexJoin(operator: Extract<Operator, { kind: 'indexJoin' }>, index: number, row: Row): void {
    const { node, scan, cursor } = operator
    const { writer } = this
    const name = this.relation()
    const outer = node.join === 'left'
    this.#loadUsed(row)
    const values = node.equals.map((e) => boxed(this.compiler(row).compile(e)))
    const scanName = this.top(`scan${scan}`, `run.scans[${scan}]`)
    const cursorName = this.top(`cursor${cursor}`, `run.cursors[${cursor}]`)
    const view = this.top('view', 'run.view')
    writer.line(`${cursorName}.seekEquals([${values.join(', ')}])`)
    if (outer) this.hoisted(`${name}Matched`, 'false')
    const advance = (): void => {
      this.#parkIfSpent()
      const next = `${cursorName}.nextVisible(${scanName}, ${view})`
      if (outer) {
        writer.line(`const none = !${next} // without any match, one row of nulls`)
        writer.line(`if (none && ${name}Matched) break`)
      } else {
        writer.line(`if (!${next}) break`)
      }
      writer.line(`const { columns: ${name}s, nulls: ${name}n, start: ${name}i } = ${scanName}.morsel`)
    }
    this.#innerLoop(`rows of the index by the outer row`, advance, () => {
      const joined = this.#joined(row, name, node.output.length, (position) => {
        const ordinal = node.output[position]!
        const description = node.table.column(ordinal)
        const value = (code: string): string => (description.type.kind === 'boolean' ? `${code} === 1` : code)
        const code = value(`${name}s[${ordinal}][${name}i]`)
        const tests = [
          ...(outer ? ['none'] : []),
          ...(description.nullable ? [`(${name}n[${ordinal}] !== null && ${name}n[${ordinal}][${name}i] === 1)`] : []),
        ]
        const number = ['int2', 'int4', 'float8', 'date'].includes(description.type.kind)
        if (tests.length === 0) return { code, atom: false, nulls: 'never', number }
        return { code: `(${tests.join(' || ')} ? null : ${code})`, atom: false, nulls: 'inBand', number }
      })
      this.#residual(node.residual, joined, outer ? `${name}Matched` : null)
      this.operators(index + 1, joined)
    })
  }

  /** An operand that may be repeated. */
  #atom(o: Operand): Operand {
    return o.atom ? o : this.lazy(`e${this.writer.fresh()}`, () => o)()
  }
}

/** `(a < b)` without its parentheses, if they are one pair and hold no list. */
export function unparenthesised(code: string): string {
  if (!code.startsWith('(') || !code.endsWith(')')) return code
  let depth = 0
  for (let i = 0; i < code.length - 1; i++) {
    if (code[i] === '(') depth++
    else if (code[i] === ')') depth--
    if (depth === 0 || (depth === 1 && code[i] === ',')) return code
  }
  return code.slice(1, -1)
}

/** What buffers are called in the code. */
function bufferName(program: Program, number: number): string {
  return `${bufferNames[program.buffers[number]!.kind]}${number}`
}

const bufferNames = { rows: 'stored', hashTable: 'table', groups: 'groups', sorter: 'sorter', seen: 'seen' } as const

type Naming = (buffer: number) => string

function describeSource(source: Pipeline['source'], name: Naming): string {
  switch (source.kind) {
    case 'tableScan':
      return `scan ${identifier(source.node.name)}`
    case 'indexScan':
      return `${source.lookup ? 'look up' : 'scan'} ${identifier(source.node.name)} by ${identifier(source.node.index.name)}`
    case 'values':
      return 'values'
    case 'groups':
      return `groups of ${name(source.buffer)}`
    case 'sorted':
      return `sorted rows of ${name(source.buffer)}`
  }
}

function describeOperator(operator: Operator, name: Naming): string {
  switch (operator.kind) {
    case 'filter':
    case 'project':
      return operator.kind
    case 'hashProbe':
    case 'nestedLoop':
      return `${operator.node.join} join with ${name(operator.buffer)}`
    case 'indexJoin':
      return `${operator.node.join} join with ${identifier(operator.node.name)} by ${identifier(operator.node.index.name)}`
    case 'distinct':
      return 'distinct'
    case 'limit':
      return 'limit'
  }
}

function describeSink(sink: Pipeline['sink'], name: Naming): string {
  switch (sink.kind) {
    case 'output':
      return 'result'
    case 'hashBuild':
      return `hash table ${name(sink.buffer)}`
    case 'materialise':
      return name(sink.buffer)
    case 'aggregate':
      return `aggregate into ${name(sink.buffer)}`
    case 'sort':
      return name(sink.buffer)
    case 'insert':
    case 'update':
    case 'delete':
      return sink.buffer === null ? sink.kind : `${sink.kind}, collected in ${name(sink.buffer)}`
  }
}
