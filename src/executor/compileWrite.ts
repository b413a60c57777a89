/**
 * The sinks of INSERT, UPDATE and DELETE (D2). *Collect*: the row is locked, its new values are evaluated and checked, and
 * go into a buffer; *apply* (applyWrites.ts) writes them when all rows have been found, so a wait or a failure in collect
 * has no data to undo. Where no row can be met twice (one row by a unique key, rows that were read from no table)
 * both are fused, and the sink writes at once.
 *
 * The lock comes before the evaluation: values of a version that turns out to be outdated must not raise errors.
 */
import { RowMode } from '../storage/undo.ts'
import { boxed, nullTest, type Operand, type Row } from './compileExpression.ts'
import { lockToWrite } from './compileLock.ts'
import { stepOf } from './outcome.ts'
import type { DeletePlan, InsertPlan, UpdatePlan } from './pipeline.ts'
import type { RowCheck } from './plan.ts'
import { checkFailure, notNullFailure } from './rowFailure.ts'
import { returning, store, transaction, type SinkContext } from './sinkContext.ts'

export function insert(g: SinkContext, plan: InsertPlan, buffer: number | null, row: Row): void {
  const bound = row.map((column) => column())
  checks(g, plan.checks, plan.name, plan.table.descriptor.columns, () => row)
  if (buffer === null) {
    const values = valuesOf(g, bound)
    write(g, `insert(${g.writer.slots.name(plan.table)}, ${values})`)
  } else {
    store(g, buffer, row)
    g.writer.line(`${g.buffer(buffer)}.add()`)
  }
  g.writer.line('run.rowCount++')
  returning(g, plan.returning, row)
}

export function update(g: SinkContext, plan: UpdatePlan, buffer: number | null, row: Row): void {
  const rowId = row[plan.table.columnCount]!().code
  const { mode } = plan.table.columnSet(plan.set.map(({ column }) => column))
  lockToWrite(g, plan.table, rowId, mode)
  const compiler = g.compiler(row)
  const set = plan.set.map(({ column, value }) =>
    g.lazy(`new${column}`, () => compiler.compile(value), plan.table.descriptor.columns[column]?.name),
  )
  const values = set.map((value) => value())
  const newRow = row.map((old, column) => {
    const position = plan.set.findIndex((each) => each.column === column)
    return position < 0 ? old : set[position]!
  })
  const changed = plan.checks.filter(({ column }) => column === null || plan.set.some((each) => each.column === column))
  checks(g, changed, plan.name, plan.table.descriptor.columns, () => newRow.slice(0, plan.table.columnCount))
  if (buffer === null) {
    const slots = g.writer.slots
    const columns = slots.name(plan.table.columnSet(plan.set.map(({ column }) => column)))
    write(g, `update(${slots.name(plan.table)}, ${rowId}, ${columns}, ${valuesOf(g, values)})`)
  } else {
    store(g, buffer, [...set, () => ({ code: rowId, atom: true, nulls: 'never', number: true })])
    g.writer.line(`${g.buffer(buffer)}.add()`)
  }
  g.writer.line('run.rowCount++')
  returning(g, plan.returning, newRow)
}

export function remove(g: SinkContext, plan: DeletePlan, buffer: number | null, row: Row): void {
  const rowId = row[row.length - 1]!().code
  // The returned row is read before it goes.
  if (plan.returning !== null) for (const column of row) column()
  lockToWrite(g, plan.table, rowId, RowMode.UPDATE)
  if (buffer === null) {
    g.writer.line(`${transaction(g)}.delete(${g.writer.slots.name(plan.table)}, ${rowId})`)
  } else {
    g.writer.line(`${g.bufferColumn(buffer, 0)}.push(${rowId})`)
    g.writer.line(`${g.buffer(buffer)}.add()`)
  }
  g.writer.line('run.rowCount++')
  returning(g, plan.returning, row)
}

/** The values in an array that belongs to the run and is filled anew for each row: storage copies them. */
export function valuesOf(g: SinkContext, values: readonly Operand[]): string {
  const name = g.top('values', 'run.values')
  values.forEach((o, i) => g.writer.line(`${name}[${i}] = ${boxed(o)}`))
  return name
}

export function write(g: SinkContext, call: string): void {
  const written = `written${g.writer.fresh()}`
  g.writer.line(`const ${written} = ${transaction(g)}.${call}`)
  g.writer.line(`if (${written} !== 0) return ${g.writer.slots.name(stepOf)}(${written})`)
}

/** Tests the constraints of a new row in PostgreSQL's order: NOT NULL by column, then CHECK. */
export function checks(
  g: SinkContext,
  all: readonly RowCheck[],
  table: string,
  columns: Parameters<typeof notNullFailure>[1],
  newRow: () => Row,
): void {
  const row = newRow()
  const failIf = (condition: string, failure: (...values: never[]) => Error): void => {
    if (condition === 'false') return
    g.branch(condition, () => {
      const shown = row.map((column) => boxed(column())).join(', ')
      g.writer.line(`throw ${g.writer.slots.name(failure)}(${shown})`)
    })
  }
  for (const check of all) {
    if (check.kind !== 'notNull') continue
    const ordinal = check.column!
    failIf(nullTest(row[ordinal]!()), notNullFailure(table, columns, ordinal))
  }
  for (const check of all) {
    if (check.kind !== 'check') continue
    failIf(g.compiler(row).isFalse(check.predicate!), checkFailure(table, columns, check.constraint))
  }
}
