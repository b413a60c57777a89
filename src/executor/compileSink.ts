/** The end of a pipeline: what becomes of each of its rows. */
import { comparator } from '../types/comparison.ts'
import type { SqlType } from '../types/sqlType.ts'
import { identifier, unparenthesised, type CodeWriter } from './codeWriter.ts'
import { boxed, isPlainKey, nullTest, type Row } from './compileExpression.ts'
import { keyCode } from './keys.ts'
import { atom, output, store, type SinkContext } from './sinkContext.ts'
import { upsert } from './compileUpsert.ts'
import { insert, remove, update } from './compileWrite.ts'
import type { Sink } from './pipeline.ts'
import type { Aggregate, AggregateCall, Sort, SortKey } from './plan.ts'

export function compileSink(g: SinkContext, sink: Sink, row: Row): void {
  switch (sink.kind) {
    case 'output':
      output(g, row, sink.columns)
      break
    case 'hashBuild': {
      const keys = sink.node.rightKeys.map((e) => atom(g, g.compiler(row).compile(e)))
      const nullTests = keys.map(nullTest).filter((test) => test !== 'false')
      if (nullTests.length > 0) g.writer.line(`if (${nullTests.join(' || ')}) ${g.skip}`)
      store(g, sink.buffer, row)
      const types = sink.node.rightKeys.map((e) => e.type)
      const key = keyCode(
        g.writer,
        keys.map((o) => ({ ...o, nulls: 'never' as const })),
        types,
      )
      g.writer.line(`${g.buffer(sink.buffer)}.insert(${key})`)
      break
    }
    case 'materialise':
      store(g, sink.buffer, row)
      g.writer.line(`${g.buffer(sink.buffer)}.add()`)
      break
    case 'aggregate':
      aggregate(g, sink.node, sink.buffer, row)
      break
    case 'sort':
      sort(g, sink.node, sink.buffer, row)
      break
    case 'insert':
      insert(g, sink.plan, sink.buffer, row)
      break
    case 'upsert':
      upsert(g, sink.plan, sink.onConflict, sink.scan, row)
      break
    case 'update':
      update(g, sink.plan, sink.buffer, row)
      break
    case 'delete':
      remove(g, sink.plan, sink.buffer, row)
      break
  }
}

// ------------------------------------------------------------------------------------------------ aggregation

function aggregate(g: SinkContext, node: Aggregate, buffer: number, row: Row): void {
  const { writer } = g
  const name = g.buffer(buffer)
  const compiler = g.compiler(row)
  const keys = node.keys.map((e) => atom(g, compiler.compile(e)))
  if (keys.length === 0) {
    writer.line('const group = 0')
  } else {
    const key = keyCode(
      writer,
      keys,
      node.keys.map((e) => e.type),
    )
    writer.line(`const groupKey = ${key}`)
    writer.line(`let group = ${name}.find(groupKey)`)
    writer.open('if (group < 0)')
    writer.line(`group = ${name}.create(groupKey)`)
    keys.forEach((o, i) => writer.line(`${g.bufferColumn(buffer, i)}.push(${boxed(o)})`))
    writer.close()
  }
  node.aggregates.forEach((call, i) => aggregateStep(g, call, i, name, row))
}

function aggregateStep(g: SinkContext, call: AggregateCall, number: number, name: string, row: Row): void {
  const { writer } = g
  const compiler = g.compiler(row)
  // Compiled before the block of the filter is opened: columns that it loads are wanted behind it, too.
  const filtered = call.filter === null ? null : compiler.isTrue(call.filter)
  const operand = call.arg === null ? null : g.compiler(row, filtered !== null).compile(call.arg)
  if (filtered !== null) writer.open(`if (${filtered})`)
  if (operand === null) {
    const counts = g.top(`counts${number}`, `${name}.counts[${number}]`)
    writer.line(`${counts}[group]++ // ${identifier(call.name)}`)
  } else {
    const states = g.top(`states${number}`, `${name}.states[${number}]`)
    const o = operand
    const arg = o.atom
      ? { code: o.code, isNull: nullTest(o) }
      : { code: `arg${number}`, isNull: o.nulls === 'never' ? 'false' : `arg${number} === null` }
    if (!o.atom) writer.line(`const arg${number} = ${o.code}`)
    const step = `${states}[group].step(${arg.code}) // ${identifier(call.name)}`
    writer.line(arg.isNull === 'false' ? step : `if (!(${arg.isNull})) ${step}`)
  }
  if (filtered !== null) writer.close()
}

// ------------------------------------------------------------------------------------------------ sort

function sort(g: SinkContext, node: Sort, buffer: number, row: Row): void {
  const { writer } = g
  const name = g.buffer(buffer)
  const keys = node.keys
    .filter(({ expression }) => expression.kind !== 'column')
    .map(({ expression }) => g.compiler(row).compile(expression))
  const columns = [...row, ...keys.map((key) => () => key)].map((column, i) => (g.isKept(buffer, i) ? column() : null))
  writer.line(`const slot = ${name}.slot`)
  columns.forEach((o, i) => {
    if (o !== null) writer.line(`${g.bufferColumn(buffer, i)}[slot] = ${unparenthesised(boxed(o))}`)
  })
  writer.line(`${name}.accept()`)
}

/** The columns of the sorter that hold the keys: a key that is a column of the row is not kept twice. */
export function sortColumns(node: Sort): number[] {
  let computed = node.input.columns.length
  return node.keys.map(({ expression }) => (expression.kind === 'column' ? expression.column : computed++))
}

/** The text of `(buffer) => (a, b) => number`, which orders two rows of the buffer by the sort keys. */
export function generateOrder(writer: CodeWriter, node: Sort): string {
  sortColumns(node).forEach((column, i) => writer.line(`const keys${i} = buffer.columns[${column}]`))
  writer.open('return (a, b) =>')
  node.keys.forEach((key, i) => orderByKey(writer, key, i))
  writer.line('return 0')
  writer.close()
  return writer.text('order', 'buffer', 'the order of the sort keys', [])
}

function orderByKey(writer: CodeWriter, key: SortKey, i: number): void {
  const [x, y] = [`x${i}`, `y${i}`]
  writer.line(`const ${x} = keys${i}[a], ${y} = keys${i}[b]`)
  const [less, more] = key.descending ? ['1', '-1'] : ['-1', '1']
  writer.open(`if (${x} !== ${y})`)
  const [first, last] = key.nullsFirst ? ['-1', '1'] : ['1', '-1']
  if (key.expression.kind !== 'column' || key.expression.nullable) {
    writer.line(`if (${x} === null) return ${first}`)
    writer.line(`if (${y} === null) return ${last}`)
  }
  if (isNative(key.expression.type)) {
    writer.line(`return ${x} < ${y} ? ${less} : ${more}`)
  } else {
    const compare = writer.slots.name(comparator(key.expression.type))
    writer.line(`const order = ${compare}(${x}, ${y})`)
    writer.line(`if (order !== 0) return order < 0 ? ${less} : ${more}`)
  }
  writer.close()
}

/** True if JavaScript orders the type's values as SQL does. */
const isNative = (type: SqlType): boolean =>
  type.kind !== 'text' && type.kind !== 'varchar' && type.kind !== 'float8' && isPlainKey(type)
