/**
 * The executor alone, over hand-written plans: what a statement costs below parser, plan cache and session. Run it with
 * `node bench/executor.ts [rows]`; medians of five rounds.
 */
import { performance } from 'node:perf_hooks'
import { CatalogRoot } from '../src/catalog/index.ts'
import type { TableDescriptor } from '../src/catalog/index.ts'
import { compile, type CompiledStatement } from '../src/executor/compile.ts'
import type { Expression } from '../src/executor/expression.ts'
import { MemoryAccount } from '../src/executor/memoryAccount.ts'
import { Step } from '../src/executor/outcome.ts'
import type { IndexScan, PlanColumn, StatementPlan } from '../src/executor/plan.ts'
import { ReadView } from '../src/storage/readView.ts'
import type { RowTable } from '../src/storage/row/table.ts'
import { Store } from '../src/storage/store.ts'
import { Trace } from '../src/trace.ts'
import { Isolations } from '../src/txn/isolation.ts'
import { TransactionManager } from '../src/txn/manager.ts'
import { modesOf } from '../src/txn/transactionRecord.ts'
import { resolveOperator } from '../src/types/operators.ts'
import { INT4, TEXT } from '../src/types/registry.ts'
import type { SqlType } from '../src/types/sqlType.ts'
import type { Value } from '../src/types/value.ts'

const rowCount = Number(process.argv[2] ?? 100_000)
const branches = rowCount / 100

const descriptor: TableDescriptor = {
  id: 1,
  schema: 'public',
  name: 'accounts',
  columns: [
    { name: 'id', type: INT4, notNull: true, default: null },
    { name: 'branch', type: INT4, notNull: true, default: null },
    { name: 'balance', type: INT4, notNull: true, default: null },
    { name: 'owner', type: TEXT, notNull: false, default: null },
  ],
  constraints: [],
  indexes: [
    { id: 2, name: 'accounts_pkey', unique: true, columns: [0], constraint: true },
    { id: 3, name: 'accounts_branch', unique: false, columns: [1], constraint: false },
  ],
}

const columns: PlanColumn[] = descriptor.columns.map(({ name, type, notNull }) => ({ name, type, nullable: !notNull }))
const parameter = (index: number, type: SqlType): Expression => ({ kind: 'parameter', index, type })
const columnOf = (ordinal: number): Expression => ({ kind: 'column', column: ordinal, ...columns[ordinal]! })

function scanBy(table: RowTable, index: number, withRowId: boolean): IndexScan {
  return {
    ...{ kind: 'indexScan', table, index: table.indexes[index]!, name: 'accounts', equals: [parameter(0, INT4)] },
    ...{ lower: null, upper: null, descending: false, output: [0, 1, 2, 3], filter: null, withRowId },
    ...{ columns, estimatedRows: 1 },
  }
}

const trace = new Trace()
const store = new Store()
const listener = { ready: () => undefined, published: () => undefined, unknown: () => undefined }
const manager = new TransactionManager(store, listener, trace, { catalog: CatalogRoot.empty, timestamp: 0 })
store.apply({ kind: 'createTable', table: descriptor })
const table = store.table(1)!

const plus: Expression = {
  ...resolveOperator('+', INT4, INT4),
  ...{ kind: 'call', name: '+', args: [columnOf(2), parameter(1, INT4)], strict: true, type: INT4, immutable: true },
  position: null,
}

const select = compile({ kind: 'select', input: scanBy(table, 0, false) })
const range = compile({ kind: 'select', input: scanBy(table, 1, false) })
const update = compile({
  ...{ kind: 'update', table, name: 'accounts', input: scanBy(table, 0, true), singleRow: true },
  ...{ set: [{ column: 2, value: plus }], checks: [], returning: null },
} satisfies StatementPlan)
const insert = compile({
  ...{ kind: 'insert', table, name: 'accounts', checks: [], returning: null },
  input: {
    ...{ kind: 'values', columns, estimatedRows: 1 },
    rows: [columns.map(({ type }, i) => parameter(i, type))],
  },
} satisfies StatementPlan)
const sum = compile({
  kind: 'select',
  input: {
    ...{ kind: 'tableScan', source: table, name: 'accounts', output: [0, 1, 2, 3], withRowId: false, columns },
    ...{
      estimatedRows: 1,
      filter: { ...plus, name: '<', intrinsic: 'native<', args: [columnOf(2), parameter(0, INT4)] },
    },
  },
})

const view = new ReadView()
const memory = new MemoryAccount()

function read(statement: CompiledStatement, parameters: readonly Value[]): unknown[] {
  manager.readView(view)
  const execution = statement.start({ transaction: null, view, parameters, memory })
  if (execution.step(Number.POSITIVE_INFINITY) !== Step.DONE) throw new Error('unfinished')
  const { rows } = execution
  execution.release()
  return rows
}

function write(statement: CompiledStatement, parameters: readonly Value[]): void {
  const transaction = manager.begin(1, modesOf(Isolations.readCommitted))
  const execution = statement.start({ transaction, view: transaction.beginStatement(), parameters, memory })
  if (execution.step(Number.POSITIVE_INFINITY) !== Step.DONE) throw new Error('unfinished')
  execution.release()
  transaction.endStatement()
  manager.commit(transaction)
}

function measure(name: string, count: number, body: (i: number) => void): void {
  const rounds: number[] = []
  for (let round = 0; round < 5; round++) {
    const start = performance.now()
    for (let i = 0; i < count; i++) body(i)
    rounds.push(((performance.now() - start) / count) * 1000)
  }
  rounds.sort((a, b) => a - b)
  console.log(`${name.padEnd(44)} ${rounds[2]!.toFixed(3).padStart(9)} µs`)
}

let state = 7
const random = (): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return Math.floor((state / 2 ** 32) * rowCount)
}

const loading = performance.now()
const load = manager.begin(1, modesOf(Isolations.readCommitted))
for (let i = 0; i < rowCount; i++) {
  const context = {
    transaction: load,
    view: load.beginStatement(),
    parameters: [i, i % branches, 100, `owner ${i}`],
    memory,
  }
  const execution = insert.start(context)
  execution.step(Number.POSITIVE_INFINITY)
  execution.release()
  load.endStatement()
}
manager.commit(load)
console.log(
  `${'prepared insert, one transaction'.padEnd(44)} ${(((performance.now() - loading) / rowCount) * 1000).toFixed(3).padStart(9)} µs`,
)

let next = rowCount
measure('point read by primary key', 200_000, () => read(select, [random()]))
measure('update by primary key, own transaction', 100_000, () => write(update, [random(), 1]))
measure('insert, own transaction', 20_000, () => write(insert, [next, next++ % branches, 100, 'new']))
measure('100 rows by secondary index', 5_000, () => read(range, [random() % branches]))
measure('scan with a filter that no row passes, a row', 20, () => read(sum, [-1]))
