/**
 * The sink of INSERT … ON CONFLICT. It always writes at once, row by row, because each row must meet the ones before it; what
 * reads tables is collected in a buffer first (pipeline.ts). The new row is checked before it is looked for, as in
 * PostgreSQL: a NULL that is not allowed is an error even where DO NOTHING would pass it over.
 */
import { Arbitration } from '../txn/onConflict.ts'
import type { Operand, Row } from './compileExpression.ts'
import { columnOfRow } from './compileJoin.ts'
import { checks, valuesOf, write } from './compileWrite.ts'
import { Step } from './outcome.ts'
import type { InsertPlan } from './pipeline.ts'
import type { ConflictPlan } from './plan.ts'
import { returning, transaction, type SinkContext } from './sinkContext.ts'

export function upsert(
  g: SinkContext,
  plan: InsertPlan,
  { indexes, update }: ConflictPlan,
  scan: number,
  row: Row,
): void {
  const { writer } = g
  const { slots } = writer
  const { table } = plan
  const bound = row.map((column) => column())
  checks(g, plan.checks, plan.name, table.descriptor.columns, () => row)
  const columnSet = update === null ? null : table.columnSet(update.set.map(({ column }) => column))
  const values = valuesOf(g, bound)
  const existing = g.top('existing', `run.scans[${scan}]`)
  const mode = columnSet === null ? 'null' : columnSet.mode
  const args = `${slots.name(table)}, ${slots.name(indexes)}, ${values}, ${mode}, ${existing}`
  writer.line(`const found = ${transaction(g)}.arbitrate(${args})`)
  if (update === null) writer.line(`if (found === ${Arbitration.PASS}) ${g.skip}`)
  writer.line(`if (found < ${Arbitration.PASS}) return ${slots.name(stepOfArbitration)}(found)`)
  const insert = (): void => {
    write(g, `insert(${slots.name(table)}, ${values})`)
    writer.line('run.rowCount++')
    returning(g, plan.returning, row)
  }
  if (update === null || columnSet === null) {
    insert()
    return
  }
  g.branch(`found === ${Arbitration.INSERT}`, () => {
    insert()
    writer.line(g.skip)
  })
  const old = existingRow(g, plan, existing)
  const both = [...old, ...bound.map((operand) => () => operand)]
  if (update.where !== null) writer.line(`if (!(${g.compiler(both).isTrue(update.where)})) ${g.skip}`)
  const set = update.set.map(({ column, value }) =>
    g.lazy(`new${column}`, () => g.compiler(both).compile(value), table.descriptor.columns[column]?.name),
  )
  const newValues = set.map((value) => value())
  const newRow = old.map((column, ordinal) => {
    const position = update.set.findIndex((each) => each.column === ordinal)
    return position < 0 ? column : set[position]!
  })
  checks(g, update.checks, plan.name, table.descriptor.columns, () => newRow)
  // What the row shows is read before it is written.
  if (plan.returning !== null) for (const column of newRow) column()
  write(g, `update(${slots.name(table)}, found, ${slots.name(columnSet)}, ${valuesOf(g, newValues)})`)
  writer.line('run.rowCount++')
  returning(g, plan.returning, newRow)
}

/** The row that `arbitrate` has fetched. */
function existingRow(g: SinkContext, { table }: InsertPlan, existing: string): Row {
  g.writer.line(`const { columns: olds, nulls: oldn, start: oldi } = ${existing}.morsel`)
  return Array.from({ length: table.columnCount }, (_, ordinal) => {
    const load = (): Operand => columnOfRow(table.column(ordinal), 'old', ordinal, null)
    return g.lazy(`old${ordinal}`, load, table.descriptor.columns[ordinal]?.name)
  })
}

const stepOfArbitration = (found: number): Step => (found === Arbitration.BLOCKED ? Step.BLOCKED : Step.RESTART)
