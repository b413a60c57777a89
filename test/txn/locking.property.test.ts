/**
 * Two-phase locking under random schedules, beside transactions of other levels: what a transaction has read is still so when
 * it commits, whoever else writes; deadlocks end; and when all are idle nothing is locked.
 *
 * At the commit of a 2PL transaction its statements are run again, in their order, over what is committed just before:
 * every read must give what it gave, and the outcome must be what the commit leaves behind. As this holds for each of them,
 * they are serializable in the order of their commits. (SERIAL likewise.)
 */
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { DatabaseError } from '../../src/errors.ts'
import { ReadView } from '../../src/storage/readView.ts'
import type { RowTable } from '../../src/storage/row/table.ts'
import { RowMode } from '../../src/storage/undo.ts'
import { Isolations } from '../../src/txn/isolation.ts'
import { TableMode } from '../../src/txn/lockModes.ts'
import { lockLimits } from '../../src/txn/locking/lockingGuard.ts'
import type { LockWait } from '../../src/txn/lockWait.ts'
import type { Mark, Transaction } from '../../src/txn/transaction.ts'
import { Outcome } from '../../src/txn/transaction.ts'
import { modesOf } from '../../src/txn/transactionRecord.ts'
import type { Value } from '../../src/types/value.ts'
import { runs } from '../support/runs.ts'
import { rowAt, scanRows, TestDatabase } from './database.ts'
import { checkQuiet } from './invariants.ts'
import { IndexCursor } from '../../src/storage/row/cursor.ts'

const levels = [
  Isolations.twoPhaseLocking,
  Isolations.twoPhaseLocking,
  Isolations.twoPhaseLocking,
  Isolations.serial,
  Isolations.readCommitted,
  Isolations.repeatableRead,
] as const

type Statement =
  | { readonly kind: 'lookUp'; readonly id: number }
  | { readonly kind: 'range'; readonly low: number; readonly high: number }
  | { readonly kind: 'scan' }
  | { readonly kind: 'insert'; readonly id: number; readonly k: number }
  | { readonly kind: 'update'; readonly id: number; readonly k: number }
  | { readonly kind: 'updateRange'; readonly low: number; readonly high: number; readonly k: number }
  | { readonly kind: 'delete'; readonly id: number }

type Action = Statement | { readonly kind: 'mark' | 'rollbackTo' | 'commit' | 'rollback' }

const key = fc.integer({ min: 0, max: 6 })
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('lookUp' as const), id: key }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('range' as const), low: key, high: key }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('scan' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('insert' as const), id: key, k: key }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('update' as const), id: key, k: key }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('updateRange' as const), low: key, high: key, k: key }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), id: key }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('mark' as const, 'rollbackTo' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom('commit' as const, 'commit' as const, 'rollback' as const) }),
  },
)

/** Rows by id: their k. */
type State = ReadonlyMap<number, number>
type Rows = readonly (readonly [number, number])[]

const sorted = (rows: Iterable<readonly [number, number]>): Rows => [...rows].sort((a, b) => a[0] - b[0])

/** What a statement gives and leaves, if it runs alone. */
function model(state: State, statement: Statement): { readonly result: Rows | 'duplicate'; readonly after: State } {
  const after = new Map(state)
  switch (statement.kind) {
    case 'lookUp':
      return { result: [...state].filter(([id]) => id === statement.id), after }
    case 'range':
      return { result: sorted([...state].filter(([, k]) => k >= statement.low && k <= statement.high)), after }
    case 'scan':
      return { result: sorted(state), after }
    case 'insert':
      if (state.has(statement.id)) return { result: 'duplicate', after }
      after.set(statement.id, statement.k)
      return { result: [], after }
    case 'update':
      if (!state.has(statement.id)) return { result: [], after }
      after.set(statement.id, statement.k)
      return { result: [[statement.id, state.get(statement.id)!]], after }
    case 'updateRange': {
      const met = sorted([...state].filter(([, k]) => k >= statement.low && k <= statement.high))
      for (const [id] of met) after.set(id, statement.k)
      return { result: met, after }
    }
    case 'delete':
      after.delete(statement.id)
      return { result: [...state].filter(([id]) => id === statement.id), after }
  }
}

interface Done {
  readonly statement: Statement
  readonly result: Rows | 'duplicate'
}

class Session {
  transaction: Transaction | null = null
  done: Done[] = []
  marks: { readonly mark: Mark; readonly done: number }[] = []
  pending: { readonly statement: Statement; begun: boolean; wait: LockWait } | null = null
}

class Bench {
  readonly db = new TestDatabase()
  readonly table: RowTable
  readonly sessions: Session[]
  readonly seen = { waits: 0, deadlocks: 0, checked: 0, failures: 0 }

  constructor(count: number) {
    this.table = this.db.createTable()
    const transaction = this.db.begin()
    transaction.lockTable(this.table, TableMode.ROW_EXCLUSIVE)
    transaction.beginStatement()
    for (const id of [0, 1, 2, 3]) transaction.insert(this.table, [id, id + 1, null])
    transaction.endStatement()
    this.db.manager.commit(transaction)
    this.sessions = Array.from({ length: count }, () => new Session())
  }

  committed(): State {
    const view = new ReadView()
    this.db.manager.readView(view)
    return new Map(scanRows(this.table, view).map(({ values }) => [values[0] as number, values[1] as number]))
  }

  act(session: Session, action: Action, level: number): void {
    if (session.pending !== null) {
      this.resume(session)
      return
    }
    session.transaction ??= this.db.manager.begin(
      this.sessions.indexOf(session) + 1,
      modesOf(levels[level % levels.length]!),
    )
    const { transaction } = session
    switch (action.kind) {
      case 'commit':
        this.commit(session)
        break
      case 'rollback':
        this.rollback(session)
        break
      case 'mark':
        session.marks.push({ mark: transaction.mark(), done: session.done.length })
        break
      case 'rollbackTo': {
        const mark = session.marks.at(-1)
        if (mark === undefined) break
        transaction.rollbackTo(mark.mark)
        // What was read since, before anything was written, must still be so.
        const wrote = session.done.findIndex(({ statement }, i) => i >= mark.done && !isRead(statement))
        if (wrote >= 0) session.done.length = wrote
        break
      }
      default:
        this.run(session, action, false)
    }
  }

  resume(session: Session): void {
    const { statement, begun, wait } = session.pending!
    if (!wait.granted && wait.error === null) return
    session.pending = null
    if (wait.error !== null) this.fail(session, wait.error)
    else this.run(session, statement, begun)
  }

  run(session: Session, statement: Statement, begun: boolean): void {
    const transaction = session.transaction!
    let started = begun
    try {
      for (;;) {
        const writes = !isRead(statement)
        let wait = transaction.lockTable(this.table, writes ? TableMode.ROW_EXCLUSIVE : TableMode.ACCESS_SHARE)
        if (wait === null) {
          if (started) transaction.restartStatement()
          else transaction.beginStatement()
          started = true
          const result = execute(transaction, this.table, statement)
          if (result === Outcome.CHANGED) continue
          if (result !== Outcome.BLOCKED) {
            transaction.endStatement()
            session.done.push({ statement, result })
            return
          }
          wait = transaction.waitingFor
          // Granted on the spot.
          if (wait === null) continue
        }
        this.seen.waits++
        session.pending = { statement, begun: started, wait }
        return
      }
    } catch (error) {
      this.fail(session, error)
    }
  }

  fail(session: Session, error: unknown): void {
    if (!(error instanceof DatabaseError)) throw error
    expect(['40P01', '40001', '23505']).toContain(error.code)
    if (error.code === '40P01') this.seen.deadlocks++
    this.seen.failures++
    this.rollback(session)
  }

  rollback(session: Session): void {
    this.db.manager.rollback(session.transaction!)
    this.forget(session)
  }

  commit(session: Session): void {
    const { transaction, done } = session
    const { locksReads, alone } = transaction!.isolation
    const before = locksReads || alone ? this.committed() : null
    this.db.manager.commit(transaction!)
    if (before !== null) {
      let state = before
      for (const { statement, result } of done) {
        const expected = model(state, statement)
        expect({ statement, result }).toEqual({ statement, result: expected.result })
        state = expected.after
      }
      expect(sorted(this.committed())).toEqual(sorted(state))
      this.seen.checked++
    }
    this.forget(session)
  }

  forget(session: Session): void {
    session.transaction = null
    session.done = []
    session.marks = []
  }

  /** Lets everybody come to an end. */
  finish(): void {
    for (let round = 0; this.sessions.some(({ transaction }) => transaction !== null); round++) {
      expect(round).toBeLessThan(200)
      for (const session of this.sessions) {
        if (session.pending !== null) this.resume(session)
        else if (session.transaction !== null) this.commit(session)
      }
    }
    checkQuiet(this.table, this.db.manager)
    expect(this.table.rangeLocks).toBe(0)
    expect([this.db.manager.locks.fineLocks, this.db.manager.locks.serials]).toEqual([0, 0])
  }
}

const isRead = ({ kind }: Statement): boolean => kind === 'lookUp' || kind === 'range' || kind === 'scan'

type Result = Rows | typeof Outcome.BLOCKED | typeof Outcome.CHANGED

function execute(transaction: Transaction, table: RowTable, statement: Statement): Result {
  if (statement.kind === 'insert') {
    const outcome = transaction.insert(table, [statement.id, statement.k, null])
    return outcome === Outcome.DONE ? finish(transaction, []) : (outcome as Result)
  }
  const met = find(transaction, table, statement)
  if (transaction.waitingFor !== null) {
    transaction.abandon()
    return Outcome.BLOCKED
  }
  const result = sorted(met.map(({ values }) => [values[0] as number, values[1] as number] as const))
  if (isRead(statement)) return result
  const mode = statement.kind === 'delete' ? RowMode.UPDATE : RowMode.NO_KEY_UPDATE
  for (const { rowId } of met) {
    const locked = transaction.lockRow(table, rowId, mode, false)
    if (locked !== Outcome.DONE) return locked as Result
  }
  for (const { rowId } of met) {
    if (statement.kind === 'delete') transaction.delete(table, rowId)
    else {
      const k = (statement as { readonly k: number }).k
      const written = transaction.update(table, rowId, table.columnSet([1]), [k])
      if (written !== Outcome.DONE) return written as Result
    }
  }
  return finish(transaction, result)
}

function finish(transaction: Transaction, result: Rows): Result {
  const outcome = transaction.finishWrites()
  return outcome === Outcome.DONE ? result : (outcome as Result)
}

interface Met {
  readonly rowId: number
  readonly values: readonly Value[]
}

function find(transaction: Transaction, table: RowTable, statement: Exclude<Statement, { kind: 'insert' }>): Met[] {
  const { view } = transaction
  if (statement.kind === 'scan') return scanRows(table, view)
  const scan = table.scan([0, 1, 2])
  const byRange = statement.kind === 'range' || statement.kind === 'updateRange'
  const cursor = new IndexCursor(table.indexes[byRange ? 1 : 0]!)
  const met: Met[] = []
  const note = (): void => {
    met.push({ rowId: cursor.rowId, values: rowAt(scan.morsel, scan.morsel.start) })
  }
  if (!byRange) {
    if (cursor.lookup(statement.id, scan, view)) note()
    return met
  }
  cursor.seekRange([], statement.low, true, statement.high, true, false)
  while (cursor.nextVisible(scan, view)) note()
  return met
}

const { perTable } = lockLimits
afterEach(() => {
  lockLimits.perTable = perTable
})

const step = fc.record({
  session: fc.integer({ min: 0, max: 3 }),
  level: fc.integer({ min: 0, max: levels.length - 1 }),
  action,
})

test('what was read under 2PL is still so at the commit; deadlocks end; nothing stays locked', () => {
  const seen = { waits: 0, deadlocks: 0, checked: 0, failures: 0 }
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: 'max' }), fc.constantFrom(1, 2, perTable), (steps, limit) => {
      lockLimits.perTable = limit
      const bench = new Bench(4)
      for (const { session, action, level } of steps) bench.act(bench.sessions[session]!, action, level)
      bench.finish()
      for (const name of ['waits', 'deadlocks', 'checked', 'failures'] as const) seen[name] += bench.seen[name]
    }),
    { numRuns: runs(600) },
  )
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(20)
})
