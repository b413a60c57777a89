/**
 * Forks against a model: random histories on a database, on forks of it and on forks of those. Each side must hold what its
 * own model holds, whatever the others do, and its chains and indexes must be in order.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DatabaseError } from '../../src/errors.ts'
import { ReadView } from '../../src/storage/readView.ts'
import type { RowTable } from '../../src/storage/row/table.ts'
import type { Store } from '../../src/storage/store.ts'
import { RowMode } from '../../src/storage/undo.ts'
import { Trace } from '../../src/trace.ts'
import { Isolations } from '../../src/txn/isolation.ts'
import type { TransactionManager } from '../../src/txn/manager.ts'
import type { Mark, Transaction } from '../../src/txn/transaction.ts'
import { Outcome } from '../../src/txn/transaction.ts'
import { modesOf } from '../../src/txn/transactionRecord.ts'
import type { Value } from '../../src/types/value.ts'
import { runs } from '../support/runs.ts'
import { rowAt, scanRows, TestDatabase } from '../txn/database.ts'
import { checkQuiet, checkTable } from '../txn/invariants.ts'
import { IndexCursor } from '../../src/storage/row/cursor.ts'

type Row = readonly Value[]
type State = Map<number, Row>

interface Open {
  readonly transaction: Transaction
  /** What it has written; null for a row that it deleted. */
  writes: Map<number, Row | null>
  marks: { readonly mark: Mark; readonly writes: Map<number, Row | null> }[]
}

interface Pinned {
  readonly view: ReadView
  readonly state: State
}

const nothing = (): void => undefined
const listener = { ready: nothing, published: nothing, unknown: nothing }

/** A database, and what it must hold. */
class Side {
  readonly store: Store
  readonly manager: TransactionManager
  readonly table: RowTable
  readonly committed: State
  readonly open: (Open | null)[] = [null, null]
  pinned: Pinned[] = []

  constructor(store: Store, manager: TransactionManager, committed: State) {
    this.store = store
    this.manager = manager
    this.table = store.table(1)!
    this.committed = committed
  }

  fork(): Side {
    const store = this.manager.forkStore()
    return new Side(store, this.manager.fork(store, listener, new Trace()), new Map(this.committed))
  }

  pin(): void {
    const view = new ReadView()
    this.manager.readView(view)
    this.manager.retain(view)
    this.pinned.push({ view, state: new Map(this.committed) })
  }

  unpin(which = 0): void {
    const [pinned] = this.pinned.splice(which % Math.max(this.pinned.length, 1), 1)
    if (pinned !== undefined) this.manager.release(pinned.view)
  }

  begin(session: number): Open {
    const modes = modesOf(Isolations.readCommitted)
    return (this.open[session] ??= { transaction: this.manager.begin(session, modes), writes: new Map(), marks: [] })
  }

  /** Runs one statement; what would have to wait, or fails, is undone. */
  statement(
    session: number,
    body: (open: Open, view: ReadView) => readonly (readonly [number, Row | null])[] | null,
  ): void {
    const open = this.begin(session)
    const view = open.transaction.beginStatement()
    let writes = null
    try {
      writes = body(open, view)
      if (writes !== null && open.transaction.finishWrites() !== Outcome.DONE) writes = null
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error
      writes = null
    }
    if (writes === null) open.transaction.undoStatement()
    else for (const [rowId, row] of writes) open.writes.set(rowId, row)
    open.transaction.endStatement()
  }

  insert(session: number, row: Row): void {
    this.statement(session, ({ transaction }) =>
      transaction.insert(this.table, row) === Outcome.DONE ? [[transaction.insertedRowId, row]] : null,
    )
  }

  insertMany(session: number, count: number, [first, ...rest]: Row): void {
    this.statement(session, ({ transaction }) => {
      const writes: [number, Row][] = []
      for (let i = 0; i < count; i++) {
        const row = [Number(first) + i, ...rest]
        if (transaction.insert(this.table, row) !== Outcome.DONE) return null
        writes.push([transaction.insertedRowId, row])
      }
      return writes
    })
  }

  /** Updates (`k`) or deletes the rows that it sees and that `which` picks. */
  write(session: number, which: number, k: number | null, remove: boolean): void {
    this.statement(session, ({ transaction }, view) => {
      const rows = scanRows(this.table, view).filter(({ rowId }) => rowId % 7 === which % 7)
      // Different columns, so that entries that are taken in overlap in part.
      const columns = [[1], [2], [1, 2]][which % 3]!
      const after = [k, k === null ? null : `v${k}`]
      const set = this.table.columnSet(columns)
      const values = columns.map((column) => after[column - 1]!)
      const writes: [number, Row | null][] = []
      for (const { rowId, values: row } of rows) {
        if (transaction.lockRow(this.table, rowId, RowMode.UPDATE, false) !== Outcome.DONE) return null
        if (remove) transaction.delete(this.table, rowId)
        else if (transaction.update(this.table, rowId, set, values) !== Outcome.DONE) return null
        writes.push([
          rowId,
          remove ? null : row.map((old, column) => (columns.includes(column) ? after[column - 1]! : old)),
        ])
      }
      return writes
    })
  }

  savepoint(session: number): void {
    const open = this.open[session]!
    if (open === null) return
    open.marks.push({ mark: open.transaction.mark(), writes: new Map(open.writes) })
  }

  rollbackTo(session: number): void {
    const open = this.open[session]!
    const last = open?.marks.pop()
    if (open === null || last === undefined) return
    open.transaction.rollbackTo(last.mark)
    open.writes = last.writes
  }

  end(session: number, commit: boolean): void {
    const open = this.open[session]!
    if (open === null) return
    this.open[session] = null
    if (!commit) this.manager.rollback(open.transaction)
    else {
      this.manager.commit(open.transaction)
      apply(this.committed, open.writes)
    }
  }

  check(): void {
    checkTable(this.table, this.manager)
    const view = new ReadView()
    this.manager.readView(view)
    this.#checkView(view, this.committed)
    for (const { view: old, state } of this.pinned) this.#checkView(old, state)
    view.timestamp = Infinity
    const inPlace = new Map(this.committed)
    for (const open of this.open) if (open !== null) apply(inPlace, open.writes)
    this.#checkView(view, inPlace)
  }

  #checkView(view: ReadView, state: State): void {
    const expected = [...state].sort(([a], [b]) => a - b)
    expect(scanRows(this.table, view).map(({ rowId, values }) => [rowId, values])).toEqual(expected)
    const scan = this.table.scan([0, 1, 2])
    for (const index of this.table.indexes) {
      const cursor = new IndexCursor(index)
      const found: [number, Row][] = []
      cursor.seekRange([], undefined, false, undefined, false, false)
      while (cursor.nextVisible(scan, view)) found.push([cursor.rowId, rowAt(scan.morsel, scan.morsel.start)])
      expect(found.sort(([a], [b]) => a - b)).toEqual(expected)
    }
  }

  close(): void {
    this.end(0, false)
    this.end(1, true)
    while (this.pinned.length > 0) this.unpin()
  }
}

function apply(state: State, writes: Map<number, Row | null>): void {
  for (const [rowId, row] of writes) {
    if (row === null) state.delete(rowId)
    else state.set(rowId, row)
  }
}

const operation = fc.record({
  kind: fc.constantFrom(
    ...['insert', 'insert', 'update', 'update', 'update', 'delete', 'savepoint', 'rollbackTo'],
    ...['commit', 'commit', 'rollback', 'pin', 'unpin', 'fork', 'many'],
  ),
  side: fc.nat(7),
  session: fc.nat(1),
  n: fc.nat(30),
})

function run(
  sides: Side[],
  { kind, side: number, session, n }: { kind: string; side: number; session: number; n: number },
): void {
  const side = sides[number % sides.length]!
  const k = n % 5 === 0 ? null : n % 5
  if (kind === 'insert') side.insert(session, [n, k, n % 2 === 0 ? null : `s${n % 3}`])
  else if (kind === 'update') side.write(session, n, k, false)
  else if (kind === 'delete') side.write(session, n, k, true)
  else if (kind === 'savepoint') side.savepoint(session)
  else if (kind === 'rollbackTo') side.rollbackTo(session)
  else if (kind === 'commit') side.end(session, true)
  else if (kind === 'rollback') side.end(session, false)
  else if (kind === 'pin') side.pin()
  else if (kind === 'unpin') side.unpin(n)
  else if (kind === 'fork') {
    if (sides.length < 6) sides.push(side.fork())
  } else {
    // Enough for pages to fill up, so that whole ones are dropped when their rows go.
    side.insertMany(session, 300, [1000 * n, k, null])
  }
}

function origin(): Side {
  const database = new TestDatabase()
  database.createTable()
  return new Side(database.store, database.manager, new Map())
}

test('a fork and its origin go their own ways', () => {
  fc.assert(
    fc.property(fc.array(operation, { minLength: 20, maxLength: 60, size: 'max' }), (operations) => {
      const sides = [origin()]
      operations.forEach((each, at) => {
        run(sides, each)
        // A change on one side must not show on another; all are looked at in turns, to save time.
        if (at % 10 === 9) for (const side of sides) side.check()
      })
      for (const side of sides) {
        side.check()
        side.close()
      }
      for (const side of sides) side.check()
      checkQuiet(sides[0]!.table, sides[0]!.manager)
    }),
    { numRuns: runs(25) },
  )
})

test('a fork of a database with nothing open copies no page and no node', () => {
  const side = origin()
  for (let i = 0; i < 3000; i++) side.insert(0, [i, i % 7, null])
  side.end(0, true)
  const fork = side.fork()
  expect(fork.table.pages).toBe(side.table.pages)
  fork.write(0, 3, 1, false)
  fork.end(0, true)
  expect(fork.table.pages).not.toBe(side.table.pages)
  fork.check()
  side.check()
  const again = side.fork()
  again.insert(0, [5000, 1, null])
  again.end(0, true)
  expect(again.table.pages.slice(0, 2)).toEqual(side.table.pages.slice(0, 2))
  expect(again.table.pages[0]).toBe(side.table.pages[0])
  expect(again.table.pages[2]).not.toBe(side.table.pages[2])
})

test('what was not published at the fork is not there, nor does it come later', () => {
  const side = origin()
  side.insert(0, [1, 1, 'a'])
  side.end(0, true)
  side.write(0, 0, 2, false)
  side.insert(0, [2, 2, 'b'])
  const fork = side.fork()
  side.end(0, true)
  side.check()
  fork.check()
  // The row's lock and its unique key were the origin's.
  fork.insert(0, [2, 9, 'c'])
  fork.write(0, 0, 3, false)
  fork.end(0, true)
  expect(fork.committed.size).toBe(2)
  fork.check()
  side.check()
})

test('what a fork inherits stays as it was, whatever the origin prunes', () => {
  const side = origin()
  side.insert(0, [1, 1, 'a'])
  side.end(0, true)
  for (const k of [2, 3]) {
    side.pin()
    side.write(0, 0, k, false)
    side.end(0, true)
  }
  const fork = side.fork()
  side.unpin()
  side.check()
  fork.check()
  side.unpin()
  fork.write(0, 0, 4, false)
  fork.end(0, true)
  fork.check()
  side.check()
  for (const { table, manager } of [side, fork]) checkQuiet(table, manager)
})
