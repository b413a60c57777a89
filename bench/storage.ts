/**
 * Storage and transactions by themselves, without SQL: the operations of the table in docs/storage.md, in microseconds of processor
 * time (so that a busy machine disturbs less), and the heap that a row takes. `node bench/storage.ts [rows]`.
 */
import type { TableDescriptor } from '../src/catalog/index.ts'
import { CatalogRoot } from '../src/catalog/index.ts'
import { ReadView } from '../src/storage/readView.ts'
import { Store } from '../src/storage/store.ts'
import { RowMode } from '../src/storage/undo.ts'
import { Trace } from '../src/trace.ts'
import { Isolations } from '../src/txn/isolation.ts'
import { TransactionManager } from '../src/txn/manager.ts'
import { modesOf } from '../src/txn/transactionRecord.ts'
import { TableMode } from '../src/txn/lockModes.ts'
import type { Value } from '../src/types/value.ts'
import { IndexCursor } from '../src/storage/row/cursor.ts'

const ROWS = Number(process.argv[2] ?? 100_000)

const table: TableDescriptor = {
  id: 1,
  schema: 'public',
  name: 'accounts',
  columns: [
    { name: 'id', type: { kind: 'int4' }, notNull: true, default: null },
    { name: 'branch', type: { kind: 'int4' }, notNull: true, default: null },
    { name: 'balance', type: { kind: 'int8' }, notNull: true, default: null },
    { name: 'owner', type: { kind: 'text' }, notNull: false, default: null },
    { name: 'rate', type: { kind: 'float8' }, notNull: false, default: null },
    { name: 'opened', type: { kind: 'date' }, notNull: false, default: null },
  ],
  constraints: [],
  indexes: [
    { id: 2, name: 'accounts_pkey', unique: true, columns: [0], constraint: true },
    { id: 3, name: 'accounts_branch', unique: false, columns: [1], constraint: false },
  ],
}

const store = new Store()
const nothing = (): void => undefined
const manager = new TransactionManager(store, { ready: nothing, published: nothing, unknown: nothing }, new Trace(), {
  catalog: CatalogRoot.empty,
  timestamp: 0,
})
const modes = modesOf(Isolations.readCommitted)
const ddl = manager.begin(1, modes)
ddl.changeCatalog({ kind: 'createTable', table })
manager.commit(ddl)
const accounts = store.table(1)!
const primary = accounts.index(2)!
const branches = accounts.index(3)!

let state = 12345
function random(below: number): number {
  state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
  return state % below
}

function heap(): number {
  globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

function measure(name: string, count: number, unit: number, run: (count: number) => void): void {
  run(count >> 2)
  const times: number[] = []
  for (let round = 0; round < 5; round++) {
    const start = process.cpuUsage()
    run(count)
    const { user, system } = process.cpuUsage(start)
    times.push(user + system)
  }
  times.sort((a, b) => a - b)
  const micros = times[2]! / count / unit
  console.log(`${name.padEnd(28)} ${micros.toFixed(3).padStart(9)} µs`)
}

const before = heap()
const loadStart = performance.now()
const load = manager.begin(1, modes)
load.beginStatement()
const row: Value[] = [0, 0, 0, '', 0, 0]
for (let id = 0; id < ROWS; id++) {
  row[0] = id
  row[1] = Math.floor(id / 100)
  row[2] = 1000
  row[3] = `owner ${id % 1000}`
  row[4] = 0.5
  row[5] = 19000
  load.insert(accounts, row)
}
load.finishWrites()
load.endStatement()
const loaded = performance.now()
manager.commit(load)
console.log(
  `${ROWS} rows: insert ${(((loaded - loadStart) * 1000) / ROWS).toFixed(3)} µs, commit ${(((performance.now() - loaded) * 1000) / ROWS).toFixed(3)} µs a row`,
)
console.log(`heap ${((heap() - before) / ROWS).toFixed(0)} B a row, two indexes included`)

let sum = 0
const view = new ReadView()
const pointScan = accounts.scan([0, 1, 2])
const pointCursor = new IndexCursor(primary)
const set = accounts.columnSet([2])
const values: Value[] = [0]

measure('fetch by RowId', 1_000_000, 1, (count) => {
  for (let i = 0; i < count; i++) {
    manager.readView(view)
    if (pointScan.fetch(random(ROWS), view))
      sum += (pointScan.morsel.columns[2] as Float64Array)[pointScan.morsel.start]!
  }
})

measure('point read by key', 1_000_000, 1, (count) => {
  for (let i = 0; i < count; i++) {
    manager.readView(view)
    if (manager.mayRead(accounts) && pointCursor.lookup(random(ROWS), pointScan, view)) {
      sum += (pointScan.morsel.columns[2] as Float64Array)[pointScan.morsel.start]!
    }
  }
})

function addTo(transaction: ReturnType<typeof manager.begin>, id: number, amount: number): void {
  const statementView = transaction.beginStatement()
  if (pointCursor.lookup(id, pointScan, statementView)) {
    values[0] = (pointScan.morsel.columns[2] as Float64Array)[pointScan.morsel.start]! + amount
    transaction.lockRow(accounts, pointCursor.rowId, RowMode.NO_KEY_UPDATE, false)
    transaction.update(accounts, pointCursor.rowId, set, values)
  }
  transaction.finishWrites()
  transaction.endStatement()
}

measure('update in autocommit', 500_000, 1, (count) => {
  for (let i = 0; i < count; i++) {
    const transaction = manager.begin(1, modes)
    transaction.lockTable(accounts, TableMode.ROW_EXCLUSIVE)
    addTo(transaction, random(ROWS), 1)
    manager.commit(transaction)
  }
})

measure('transfer (two updates)', 500_000, 1, (count) => {
  for (let i = 0; i < count; i++) {
    const transaction = manager.begin(1, modes)
    transaction.lockTable(accounts, TableMode.ROW_EXCLUSIVE)
    addTo(transaction, random(ROWS), -1)
    transaction.lockTable(accounts, TableMode.ROW_EXCLUSIVE)
    addTo(transaction, random(ROWS), 1)
    manager.commit(transaction)
  }
})

const rangeCursor = new IndexCursor(branches)
const equals: Value[] = [0]
measure('100 rows by index', 20_000, 1, (count) => {
  for (let i = 0; i < count; i++) {
    manager.readView(view)
    equals[0] = random(ROWS / 100)
    rangeCursor.seekEquals(equals)
    while (rangeCursor.nextVisible(pointScan, view))
      sum += (pointScan.morsel.columns[2] as Float64Array)[pointScan.morsel.start]!
  }
})

measure('scan, a row', 20, ROWS, (count) => {
  const scan = accounts.scan([2])
  const { morsel } = scan
  for (let i = 0; i < count; i++) {
    manager.readView(view)
    let total = 0
    for (let from = 0; scan.next(from, view); from = morsel.baseRowId + morsel.end) {
      const balance = morsel.columns[2] as Float64Array
      for (let slot = morsel.start; slot < morsel.end; slot++) total += balance[slot]!
    }
    sum += total
  }
})

let nextId = ROWS
measure('insert in autocommit', 200_000, 1, (count) => {
  for (let i = 0; i < count; i++) {
    const transaction = manager.begin(1, modes)
    transaction.lockTable(accounts, TableMode.ROW_EXCLUSIVE)
    transaction.beginStatement()
    row[0] = nextId++
    row[1] = random(1000)
    transaction.insert(accounts, row)
    transaction.finishWrites()
    transaction.endStatement()
    manager.commit(transaction)
  }
})
console.log(sum > 0 ? '' : 'nothing was read')
