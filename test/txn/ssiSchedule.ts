/**
 * Runs random schedules of transactions against storage and transactions without SQL, and judges them without a graph: the
 * committed transactions must read what they would have read one after another in some order, and leave the same rows.
 */
import type { DatabaseError } from '../../src/errors.ts'
import type { RowTable } from '../../src/storage/row/table.ts'
import type { SireadLimits } from '../../src/txn/ssi/sireads.ts'
import type { Isolation } from '../../src/txn/isolation.ts'
import { Outcome } from '../../src/txn/transaction.ts'
import type { Transaction } from '../../src/txn/transaction.ts'
import { modesOf } from '../../src/txn/transactionRecord.ts'
import { RowMode } from '../../src/storage/undo.ts'
import { rowAt, scanRows, TestDatabase } from './database.ts'
import type { TestRow } from './database.ts'
import { IndexCursor } from '../../src/storage/row/cursor.ts'

export type Operation =
  | { readonly kind: 'get'; readonly id: number }
  | { readonly kind: 'range'; readonly from: number; readonly to: number }
  | { readonly kind: 'scan' }
  | { readonly kind: 'put'; readonly id: number }
  | { readonly kind: 'move'; readonly id: number; readonly k: number }
  | { readonly kind: 'moveRange'; readonly from: number; readonly to: number; readonly k: number }
  | { readonly kind: 'insert'; readonly id: number; readonly k: number }
  | { readonly kind: 'delete'; readonly id: number }
  | { readonly kind: 'savepoint' }
  | { readonly kind: 'rollbackTo' }

export interface Script {
  readonly isolation: Isolation
  readonly readOnly: boolean
  readonly operations: readonly Operation[]
  readonly commits: boolean
}

/** What a transaction did, and what it was answered. A write's answer is what it changed; a blind one's is not compared. */
interface Step {
  readonly operation: Operation
  readonly value: string
  readonly answer: string
}

interface Committed {
  readonly name: number
  readonly steps: readonly Step[]
  /** Its answers are promised nothing. */
  readonly blind: boolean
}

type Row = readonly [id: number, k: number, s: string]

interface Running {
  readonly script: Script
  readonly name: number
  readonly transaction: Transaction
  next: number
  /** True while the operation has begun and waits. */
  begun: boolean
  steps: Step[]
  mark: { readonly mark: ReturnType<Transaction['mark']>; readonly steps: number } | null
  done: boolean
}

export interface Outcomes {
  readonly committed: number
  /** SQLSTATEs of those that failed. */
  readonly failures: readonly string[]
}

export const initialRows: readonly Row[] = [
  [1, 1, 'a'],
  [2, 2, 'b'],
  [3, 3, 'c'],
]

/**
 * `turns`: which transaction steps next: an operation, or its end; `exact`: by its number, else among those that can. Throws
 * if the committed ones are not serializable, or if something stays behind.
 */
export function runSchedule(
  scripts: readonly Script[],
  turns: readonly number[],
  limits: Partial<SireadLimits>,
  exact = false,
): Outcomes {
  const database = new TestDatabase()
  const { manager } = database
  Object.assign(manager.conflicts.sireads.limits, limits)
  const table = database.createTable()
  const setup = database.begin()
  setup.beginStatement()
  for (const row of initialRows) setup.insert(table, [...row])
  setup.endStatement()
  manager.commit(setup)

  const running = scripts.map((script, name): Running => {
    const { isolation, readOnly } = script
    const transaction = manager.begin(name, modesOf(isolation, readOnly))
    return { script, name, transaction, next: 0, begun: false, steps: [], mark: null, done: false }
  })
  const committed: Committed[] = []
  const failures: string[] = []
  const step = (each: Running): void => {
    try {
      advance(database, table, each, committed)
    } catch (error) {
      failures.push(codeOf(error))
      if (each.transaction.state === 'active') manager.rollback(each.transaction)
      each.done = true
    }
  }
  for (const turn of turns) {
    const open = running.filter((each) => !each.done && each.transaction.waitingFor === null)
    const next = exact ? open.find(({ name }) => name === turn) : open[turn % open.length]
    if (next !== undefined) step(next)
  }
  for (;;) {
    const open = running.filter((each) => !each.done)
    if (open.length === 0) break
    step(open.find((each) => each.transaction.waitingFor === null)!)
  }
  requireQuiet(database, table)
  const last = database.begin()
  const final = rowsOf(scanRows(table, last.beginStatement()))
  manager.rollback(last)
  if (!isSerializable(committed, final)) {
    throw new Error(
      `no serial order gives these answers:\n${JSON.stringify(committed, null, 1)}\nand ${JSON.stringify(final)}`,
    )
  }
  return { committed: committed.length, failures }
}

function codeOf(error: unknown): string {
  const { code } = error as DatabaseError
  if (typeof code !== 'string') throw error
  return code
}

/** One operation of a transaction, or its end. */
function advance(database: TestDatabase, table: RowTable, each: Running, committed: Committed[]): void {
  const { transaction, script } = each
  const operation = script.operations[each.next]
  if (operation === undefined) {
    each.done = true
    if (!script.commits) {
      database.manager.rollback(transaction)
      return
    }
    database.manager.commit(transaction)
    committed.push({ name: each.name, steps: each.steps, blind: script.isolation.method === null })
    return
  }
  if (operation.kind === 'savepoint') each.mark = { mark: transaction.mark(), steps: each.steps.length }
  else if (operation.kind === 'rollbackTo') {
    if (each.mark !== null) {
      transaction.rollbackTo(each.mark.mark)
      // What was read stays read.
      each.steps = each.steps.filter(({ operation: { kind } }, at) => at < each.mark!.steps || isRead(kind))
    }
  } else {
    const value = `${each.name}.${each.next}`
    const answer = runStatement(table, each, operation, value)
    if (answer === null) return
    // Behind a rollback, what was read of its own writes is nobody's business.
    if (!(each.mark !== null && isRead(operation.kind) && each.steps.length > each.mark.steps)) {
      each.steps.push({ operation, value, answer })
    }
  }
  each.next++
}

const isRead = (kind: Operation['kind']): boolean => kind === 'get' || kind === 'range' || kind === 'scan'

/** Null if it has to wait. */
function runStatement(table: RowTable, each: Running, operation: Operation, value: string): string | null {
  const { transaction } = each
  for (;;) {
    const view = each.begun ? transaction.restartStatement() : transaction.beginStatement()
    each.begun = true
    const outcome = { of: Outcome.DONE as Outcome }
    const answer = apply(table, transaction, view, operation, value, outcome)
    if (outcome.of === Outcome.BLOCKED) return null
    if (outcome.of === Outcome.CHANGED) continue
    transaction.endStatement()
    each.begun = false
    return answer
  }
}

type View = ReturnType<Transaction['beginStatement']>

function apply(
  table: RowTable,
  transaction: Transaction,
  view: View,
  operation: Operation,
  value: string,
  outcome: { of: Outcome },
): string {
  switch (operation.kind) {
    case 'get':
      return rowsOf(lookup(table, operation.id, view))
    case 'range':
      return rowsOf(range(table, operation.from, operation.to, view))
    case 'scan':
      return rowsOf(scanRows(table, view))
    case 'insert':
      outcome.of = transaction.insert(table, [operation.id, operation.k, value])
      if (outcome.of === Outcome.DONE) outcome.of = transaction.finishWrites()
      return ''
    case 'put':
      return write(table, transaction, lookup(table, operation.id, view), [2], [value], outcome)
    case 'move':
      return write(table, transaction, lookup(table, operation.id, view), [1, 2], [operation.k, value], outcome)
    case 'moveRange': {
      const rows = range(table, operation.from, operation.to, view)
      return write(table, transaction, rows, [1, 2], [operation.k, value], outcome)
    }
    case 'delete':
      return write(table, transaction, lookup(table, operation.id, view), null, [], outcome)
    case 'savepoint':
    case 'rollbackTo':
      throw new Error('a savepoint is no statement')
  }
}

function write(
  table: RowTable,
  transaction: Transaction,
  rows: readonly TestRow[],
  columns: readonly number[] | null,
  values: readonly (number | string)[],
  outcome: { of: Outcome },
): string {
  for (const { rowId } of rows) {
    outcome.of = transaction.lockRow(table, rowId, RowMode.UPDATE, false)
    if (outcome.of !== Outcome.DONE) return ''
  }
  for (const { rowId } of rows) {
    if (columns === null) transaction.delete(table, rowId)
    else outcome.of = transaction.update(table, rowId, table.columnSet(columns), values)
    if (outcome.of !== Outcome.DONE) return ''
  }
  outcome.of = transaction.finishWrites()
  return rows
    .map(({ values: [id] }) => id)
    .sort()
    .join()
}

function lookup(table: RowTable, id: number, view: View): TestRow[] {
  const scan = table.scan([0, 1, 2])
  const cursor = new IndexCursor(table.indexes[0]!)
  if (!cursor.lookup(id, scan, view)) return []
  return [{ rowId: cursor.rowId, values: rowAt(scan.morsel, scan.morsel.start) }]
}

function range(table: RowTable, from: number, to: number, view: View): TestRow[] {
  const scan = table.scan([0, 1, 2])
  const cursor = new IndexCursor(table.indexes[1]!)
  cursor.seekRange([], from, true, to, true, false)
  const rows: TestRow[] = []
  while (cursor.nextVisible(scan, view)) {
    rows.push({ rowId: cursor.rowId, values: rowAt(scan.morsel, scan.morsel.start) })
  }
  return rows
}

const rowsOf = (rows: readonly TestRow[]): string =>
  rows
    .map(({ values }) => values.join(':'))
    .sort()
    .join(' ')

/** Nothing of the graph outlives the transactions. */
export function requireQuiet(database: TestDatabase, table: RowTable): void {
  const { conflicts } = database.manager
  const left = [
    conflicts.sireads.count,
    table.sireads,
    table.indexes.filter(({ sireads }) => sireads !== null).length,
    [...conflicts.nodes()].length,
  ]
  if (left.some((count) => count !== 0)) throw new Error(`SIREADs stayed behind: ${left.join()}`)
}

// The judge.

type State = ReadonlyMap<number, readonly [k: number, s: string]>

function isSerializable(committed: readonly Committed[], final: string): boolean {
  const initial: State = new Map(initialRows.map(([id, k, s]) => [id, [k, s]]))
  const extend = (state: State, rest: readonly Committed[]): boolean => {
    if (rest.length === 0) return shown(state, () => true) === final
    return rest.some((next) => {
      const after = replay(state, next)
      return (
        after !== null &&
        extend(
          after,
          rest.filter((each) => each !== next),
        )
      )
    })
  }
  return extend(initial, committed)
}

const shown = (state: State, wanted: (id: number, k: number) => boolean): string =>
  [...state]
    .filter(([id, [k]]) => wanted(id, k))
    .map(([id, [k, s]]) => `${id}:${k}:${s}`)
    .sort()
    .join(' ')

/** The state behind the transaction; null if it would have been answered otherwise. */
function replay(before: State, { steps, blind }: Committed): State | null {
  const state = new Map(before)
  for (const { operation, value, answer } of steps) {
    const expected = replayStep(state, operation, value)
    if (expected === null || (!blind && expected !== answer)) return null
  }
  return state
}

function replayStep(state: Map<number, readonly [number, string]>, operation: Operation, value: string): string | null {
  const change = (wanted: (id: number, k: number) => boolean, k: number | null): string => {
    const met = [...state].filter(([id, [old]]) => wanted(id, old))
    for (const [id, [old]] of met) state.set(id, [k ?? old, value])
    return met
      .map(([id]) => id)
      .sort()
      .join()
  }
  switch (operation.kind) {
    case 'get':
      return shown(state, (id) => id === operation.id)
    case 'range':
      return shown(state, (_id, k) => k >= operation.from && k <= operation.to)
    case 'scan':
      return shown(state, () => true)
    case 'insert':
      if (state.has(operation.id)) return null
      state.set(operation.id, [operation.k, value])
      return ''
    case 'put':
      return change((id) => id === operation.id, null)
    case 'move':
      return change((id) => id === operation.id, operation.k)
    case 'moveRange':
      return change((_id, k) => k >= operation.from && k <= operation.to, operation.k)
    case 'delete':
      return state.delete(operation.id) ? String(operation.id) : ''
    case 'savepoint':
    case 'rollbackTo':
      return ''
  }
}
