/**
 * Joins as inner loops: for each row around it, the rows of the right side that match. A left join has one more round for
 * a row without a match, in which the right side is null. (`none`); the code behind it is written once.
 */
import type { ColumnDescription } from '../storage/scanSource.ts'
import { boxed, isNumberType, nullTest, type Operand, type Row } from './compileExpression.ts'
import { unparenthesised } from './codeWriter.ts'
import type { Expression } from './expression.ts'
import { keyCode } from './keys.ts'
import type { Operator } from './pipeline.ts'
import type { PipelineGenerator } from './pipelineGenerator.ts'

/** Writes what becomes of a joined row. */
type Consume = (row: Row) => void

/** Nulls for the right side of a left join. */
function joinedRow(
  g: PipelineGenerator,
  row: Row,
  name: string,
  count: number,
  load: (column: number) => Operand,
): Row {
  const right = Array.from({ length: count }, (_, column) => g.lazy(`${name}${column}`, () => load(column)))
  return [...row, ...right]
}

/** Walks numbered rows of a buffer: `first` begins, `next` follows `row`; -1 is the end. */
function bufferLoop(
  g: PipelineGenerator,
  operator: Extract<Operator, { kind: 'hashProbe' | 'nestedLoop' }>,
  row: Row,
  consume: Consume,
  walk: { first: string; end: (at: string) => string; next: (at: string) => string; residual: Expression | null },
): void {
  const { node, buffer } = operator
  const { writer } = g
  const name = g.relation()
  const at = `${name}At`
  const outer = node.join === 'left'
  const columns = node.right.columns
  g.loadUsed(row)
  g.hoisted(at, walk.first)
  if (outer) g.hoisted(`${name}Matched`, 'false')
  const advance = (): void => {
    g.parkIfSpent()
    if (outer) {
      writer.line(`const none = ${walk.end(at)} // without any match, one row of nulls`)
      writer.line(`if (none && ${name}Matched) break`)
    } else {
      writer.line(`if (${walk.end(at)}) break`)
    }
    writer.line(`const ${name}Row = ${at}`)
    writer.line(outer ? `if (!none) ${at} = ${walk.next(at)}` : `${at} = ${walk.next(at)}`)
  }
  const comment = node.kind === 'hashJoin' ? `matches in ${g.buffer(buffer)}` : `rows of ${g.buffer(buffer)}`
  g.innerLoop(comment, advance, () => {
    const joined = joinedRow(g, row, name, columns.length, (column) => {
      const code = `${g.readBuffer(buffer, column)}[${name}Row]`
      const { nullable, type } = columns[column]!
      const number = isNumberType(type)
      if (outer) return { code: `none ? null : ${code}`, atom: false, nulls: 'inBand', number }
      return { code, atom: false, nulls: nullable ? 'inBand' : 'never', number }
    })
    testResidual(g, walk.residual, joined, outer ? `${name}Matched` : null)
    consume(joined)
  })
}

/** The rest of a join's condition. A left row has a match only when all of it holds; null-extension skips it. */
function testResidual(g: PipelineGenerator, residual: Expression | null, joined: Row, matched: string | null): void {
  if (residual !== null) {
    const condition = g.compiler(joined).isTrue(residual)
    const test = unparenthesised(condition)
    g.writer.line(`if (${matched === null ? '' : '!none && '}!(${test})) ${g.skip}`)
  }
  if (matched !== null) g.writer.line(`${matched} = true`)
}

export function hashProbe(
  g: PipelineGenerator,
  operator: Extract<Operator, { kind: 'hashProbe' }>,
  row: Row,
  consume: Consume,
): void {
  const { node, buffer } = operator
  const keys = node.leftKeys.map((e) => g.compiler(row).compile(e)).map((o) => atom(g, o))
  const table = g.buffer(buffer)
  const nullTests = keys.map(nullTest).filter((test) => test !== 'false')
  const key = keyCode(
    g.writer,
    keys.map((o) => ({ ...o, nulls: 'never' as const })),
    node.leftKeys.map((e) => e.type),
  )
  const head = `${table}.head(${key})`
  if (nullTests.length > 0 && node.join === 'inner') {
    g.writer.line(`if (${nullTests.join(' || ')}) ${g.skip}`)
  }
  const first = nullTests.length > 0 && node.join === 'left' ? `${nullTests.join(' || ')} ? -1 : ${head}` : head
  const next = g.top(`next${buffer}`, `${table}.next`)
  bufferLoop(g, operator, row, consume, {
    first,
    end: (at) => `${at} < 0`,
    next: (at) => `${next}[${at}]`,
    residual: node.residual,
  })
}

export function nestedLoop(
  g: PipelineGenerator,
  operator: Extract<Operator, { kind: 'nestedLoop' }>,
  row: Row,
  consume: Consume,
): void {
  const count = g.top(`count${operator.buffer}`, `${g.buffer(operator.buffer)}.count`)
  bufferLoop(g, operator, row, consume, {
    first: '0',
    end: (at) => `${at} === ${count}`,
    next: (at) => `${at} + 1`,
    residual: operator.node.predicate,
  })
}

/**
 * A column of the row that a scan has fetched, whatever the layout of its page; `name`s, `name`n and `name`i are the
 * morsel's columns, its nulls and the row's slot. Null where the condition `none` holds.
 */
export function columnOfRow(
  { type, nullable }: ColumnDescription,
  name: string,
  ordinal: number,
  none: string | null,
): Operand {
  const cell = `${name}s[${ordinal}][${name}i]`
  const code = type.kind === 'boolean' ? `${cell} === 1` : cell
  const tests = [
    ...(none === null ? [] : [none]),
    ...(nullable ? [`(${name}n[${ordinal}] !== null && ${name}n[${ordinal}][${name}i] === 1)`] : []),
  ]
  const number = isNumberType(type)
  if (tests.length === 0) return { code, atom: false, nulls: 'never', number }
  return { code: `(${tests.join(' || ')} ? null : ${code})`, atom: false, nulls: 'inBand', number }
}

export function indexJoin(
  g: PipelineGenerator,
  operator: Extract<Operator, { kind: 'indexJoin' }>,
  row: Row,
  consume: Consume,
): void {
  const { node, scan, cursor } = operator
  const { writer } = g
  const name = g.relation()
  const outer = node.join === 'left'
  g.loadUsed(row)
  const values = node.equals.map((e) => boxed(g.compiler(row).compile(e)))
  const scanName = g.top(`scan${scan}`, `run.scans[${scan}]`)
  const cursorName = g.top(`cursor${cursor}`, `run.cursors[${cursor}]`)
  const view = g.view(node.asOf)
  writer.line(`${cursorName}.seekEquals([${values.join(', ')}])`)
  if (outer) g.hoisted(`${name}Matched`, 'false')
  const advance = (): void => {
    g.parkIfSpent()
    const next = `${cursorName}.nextVisible(${scanName}, ${view})`
    if (outer) {
      writer.line(`const none = !${next} // without any match, one row of nulls`)
      g.holdIf('none')
      writer.line(`if (none && ${name}Matched) break`)
    } else {
      writer.open(`if (!${next})`)
      g.holdIf(null)
      writer.line('break')
      writer.close()
    }
    writer.line(`const { columns: ${name}s, nulls: ${name}n, start: ${name}i } = ${scanName}.morsel`)
  }
  g.innerLoop(`rows of the index by the outer row`, advance, () => {
    const right = joinedRow(g, row, name, node.output.length, (position) => {
      const ordinal = node.output[position]!
      return columnOfRow(node.table.column(ordinal), name, ordinal, outer ? 'none' : null)
    })
    const rowId = (): Operand => ({ code: `${cursorName}.rowId`, atom: false, nulls: 'never', number: true })
    const joined = node.withRowId ? [...right, g.lazy(`${name}RowId`, rowId)] : right
    testResidual(g, node.residual, joined, outer ? `${name}Matched` : null)
    consume(joined)
  })
}

/** An operand that may be repeated. */
function atom(g: PipelineGenerator, o: Operand): Operand {
  return o.atom ? o : g.lazy(`e${g.writer.fresh()}`, () => o)()
}
