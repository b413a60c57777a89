/** Random transactions of several sessions, step by step against the model; reads and invariants are checked after every step. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DatabaseError } from '../../src/errors.ts'
import { ReadView } from '../../src/storage/readView.ts'
import type { RowTable } from '../../src/storage/row/table.ts'
import { RowMode } from '../../src/storage/undo.ts'
import { IsolationLevels } from '../../src/txn/isolation.ts'
import type { Mark, Transaction } from '../../src/txn/transaction.ts'
import { Outcome } from '../../src/txn/transaction.ts'
import type { Value } from '../../src/types/value.ts'
import { runs } from '../support/runs.ts'
import { rowAt, scanRows, TestDatabase } from './database.ts'
import { checkQuiet, checkTable } from './invariants.ts'
import type { ModelRow, State } from './model.ts'
import { Model, ModelTransaction } from './model.ts'
import { IndexCursor } from '../../src/storage/row/cursor.ts'

const SESSIONS = 3
const KEYS = 5

type Statement =
  | { readonly kind: 'insert'; readonly row: ModelRow }
  | {
      readonly kind: 'update'
      readonly where: (row: ModelRow) => boolean
      readonly set: (row: ModelRow) => ModelRow
      readonly columns: number[]
    }
  | { readonly kind: 'delete'; readonly where: (row: ModelRow) => boolean }
  | { readonly kind: 'lock'; readonly where: (row: ModelRow) => boolean }

interface Session {
  readonly number: number
  engine: Transaction | null
  model: ModelTransaction | null
  marks: { readonly engine: Mark; readonly writes: number }[]
  waiting: Statement | null
  /** A statement that has its view and has not gone on: others write meanwhile. */
  suspended: { readonly statement: Statement; readonly view: ReadView; readonly visible: State } | null
}

interface Cursor {
  readonly view: ReadView
  readonly state: State
}

class World {
  readonly database = new TestDatabase()
  readonly table: RowTable = this.database.createTable()
  readonly model = new Model()
  readonly sessions: Session[] = Array.from({ length: SESSIONS }, (_, number) => ({
    number,
    engine: null,
    model: null,
    marks: [],
    waiting: null,
    suspended: null,
  }))
  readonly cursors: Cursor[] = []
  readonly counts = { done: 0, blocked: 0, changed: 0, failed: 0 }
  /** The model's states by timestamp: creating the table was the first commit. */
  readonly #firstTimestamp = this.database.manager.publishedTimestamp

  timestampOf(state: number): number {
    return this.#firstTimestamp + state
  }

  /** The rows with which every run begins. */
  fill(): void {
    const session = this.sessions[0]!
    this.begin(session, 1)
    for (let id = 0; id < KEYS - 1; id++) this.execute(session, { kind: 'insert', row: { id, k: id % 2, s: null } })
    this.commit(session)
  }

  begin(session: Session, level: number): void {
    session.engine = this.database.begin(IsolationLevels[level % 3], session.number)
    session.model = new ModelTransaction(session.engine.isolation.level)
    session.marks = []
    this.model.open.add(session.model)
  }

  commit(session: Session): void {
    this.database.manager.commit(session.engine!)
    this.model.commit(session.model!)
    this.#leave(session)
  }

  rollback(session: Session): void {
    this.database.manager.rollback(session.engine!)
    this.model.rollback(session.model!)
    this.#leave(session)
  }

  #leave(session: Session): void {
    session.engine = null
    session.model = null
    session.waiting = null
    session.suspended = null
  }

  /** Runs a statement, and whatever becomes ready by it. */
  execute(session: Session, statement: Statement): void {
    this.#run(session, statement, session.engine!.beginStatement(), null)
    this.serveReady()
  }

  /** Takes the view of a statement, and leaves it at that. */
  suspend(session: Session, statement: Statement): void {
    const view = session.engine!.beginStatement()
    if (session.model!.level === 'repeatable read') session.model!.snapshot ??= this.model.states.length - 1
    session.suspended = { statement, view, visible: this.model.visible(session.model!) }
  }

  resume(session: Session): void {
    const { statement, view, visible } = session.suspended!
    session.suspended = null
    this.#run(session, statement, view, session.model!.level === 'read uncommitted' ? null : visible)
    this.serveReady()
  }

  serveReady(): void {
    for (let wait = this.database.ready.shift(); wait !== undefined; wait = this.database.ready.shift()) {
      const session = this.sessions.find(({ engine }) => engine === wait.owner)
      if (session === undefined || session.waiting === null) continue
      const statement = session.waiting
      session.waiting = null
      if (wait.error !== null) this.#fail(session, wait.error)
      else this.#run(session, statement, session.engine!.restartStatement(), null)
    }
  }

  /** `visible`: what the first run must see; null for what the model sees now. */
  #run(session: Session, statement: Statement, view: ReadView, visible: State | null): void {
    const engine = session.engine!
    const model = session.model!
    if (model.level === 'repeatable read') model.snapshot ??= this.model.states.length - 1
    for (let run = 0; ; run++) {
      expect(run).toBeLessThan(5)
      const writes: { rowId: number; row: ModelRow | null }[] = []
      let outcome: Outcome
      try {
        outcome = this.#apply(engine, statement, view, visible ?? this.model.visible(model), writes)
      } catch (error) {
        this.#fail(session, error)
        return
      }
      if (outcome === Outcome.CHANGED) {
        this.counts.changed++
        expect(model.level).toBe('read committed')
        view = engine.restartStatement()
        visible = null
        continue
      }
      if (outcome === Outcome.BLOCKED) {
        this.counts.blocked++
        expect(engine.waitingFor!.holders().length).toBeGreaterThan(0)
        expect(engine.waitingFor!.holders()).not.toContain(engine)
        session.waiting = statement
        return
      }
      this.#checkAllowed(model, writes)
      // Its own view does not see what it has written.
      this.checkReads(view, visible ?? this.model.visible(model), true)
      engine.endStatement()
      model.writes.push(...writes)
      this.counts.done++
      return
    }
  }

  #apply(
    engine: Transaction,
    statement: Statement,
    view: ReadView,
    visible: State,
    writes: { rowId: number; row: ModelRow | null }[],
  ): Outcome {
    const { table } = this
    if (statement.kind === 'insert') {
      const outcome = engine.insert(table, toValues(statement.row))
      if (outcome !== Outcome.DONE) return outcome
      writes.push({ rowId: engine.insertedRowId, row: statement.row })
      return engine.finishWrites()
    }
    const expected = [...visible].filter(([, row]) => statement.where(row)).map(([rowId]) => rowId)
    const matched = scanRows(table, view)
      .map(({ rowId, values }) => ({ rowId, row: toRow(values) }))
      .filter(({ row }) => statement.where(row))
    expect(matched.map(({ rowId }) => rowId)).toEqual(expected.sort((a, b) => a - b))
    for (const { rowId } of matched) {
      const outcome = engine.lockRow(table, rowId, RowMode.UPDATE, statement.kind === 'lock')
      if (outcome !== Outcome.DONE) return outcome
    }
    for (const { rowId, row } of matched) {
      if (statement.kind === 'delete') {
        engine.delete(table, rowId)
        writes.push({ rowId, row: null })
      } else if (statement.kind === 'update') {
        const next = statement.set(row)
        const values = toValues(next)
        const outcome = engine.update(
          table,
          rowId,
          table.columnSet(statement.columns),
          statement.columns.map((column) => values[column]!),
        )
        if (outcome !== Outcome.DONE) return outcome
        writes.push({ rowId, row: next })
      }
    }
    return engine.finishWrites()
  }

  /** A write that went through wrote no row of another open transaction, none newer than its snapshot, and left ids unique. */
  #checkAllowed(me: ModelTransaction, writes: readonly { rowId: number; row: ModelRow | null }[]): void {
    for (const { rowId } of writes) {
      expect(this.model.heldByOther(rowId, me)).toBe(false)
      if (me.snapshot !== null && !me.wrote(rowId)) expect(this.model.changedSince(rowId, me.snapshot)).toBe(false)
    }
    const mine = new Map(me.overlay(this.model.latest))
    for (const { rowId, row } of writes)
      if (row === null) mine.delete(rowId)
      else mine.set(rowId, row)
    const written = new Set(writes.filter(({ row }) => row !== null).map(({ row }) => row!.id))
    for (const id of written) expect([...mine.values()].filter((row) => row.id === id)).toHaveLength(1)
  }

  #fail(session: Session, error: unknown): void {
    if (!(error instanceof DatabaseError)) throw error
    this.counts.failed++
    session.engine!.undoStatement()
    if (error.code === '23505') {
      const id = Number(/\(id\)=\((-?\d+)\)/.exec(error.detail!)![1])
      const others = session.model!.overlay(this.model.latest)
      expect([...others.values()].some((row) => row.id === id || row.id === id - 1)).toBe(true)
      return
    }
    expect(['40001', '40P01']).toContain(error.code)
    if (error.code === '40001') expect(session.model!.level).toBe('repeatable read')
    this.rollback(session)
  }

  openCursor(): void {
    const view = new ReadView()
    this.database.manager.readView(view)
    this.database.manager.retain(view)
    this.cursors.push({ view, state: this.model.latest })
  }

  closeCursor(at: number): void {
    const [cursor] = this.cursors.splice(at % this.cursors.length, 1)
    this.database.manager.release(cursor!.view)
  }

  check(): void {
    checkTable(this.table, this.database.manager)
    const view = new ReadView()
    this.database.manager.readView(view)
    this.checkReads(view, this.model.latest)
    view.timestamp = Infinity
    this.checkReads(view, this.model.inPlace, true)
    for (const cursor of this.cursors) this.checkReads(cursor.view, cursor.state)
    for (const { engine, model } of this.sessions) {
      if (engine === null || model === null) continue
      view.writer = engine
      view.command = engine.command + 1
      view.timestamp =
        model.level === 'read uncommitted' ? Infinity : this.timestampOf(model.snapshot ?? this.model.states.length - 1)
      this.checkReads(view, this.model.visible(model), model.level === 'read uncommitted')
    }
  }

  /** By scan, by each index in both directions, by key. */
  checkReads(view: ReadView, state: State, dirty = false): void {
    const expected = [...state]
      .map(([rowId, row]) => ({ rowId, values: toValues(row) }))
      .sort((a, b) => a.rowId - b.rowId)
    expect(scanRows(this.table, view)).toEqual(expected)
    const scan = this.table.scan([])
    for (const index of this.table.indexes) {
      const cursor = new IndexCursor(index)
      for (const descending of [false, true]) {
        cursor.seekRange([], undefined, false, undefined, false, descending)
        const found: { rowId: number; values: readonly Value[]; key: readonly Value[] }[] = []
        while (cursor.nextVisible(scan, view)) {
          const values = rowAt(scan.morsel, scan.morsel.start)
          found.push({ rowId: cursor.rowId, values, key: index.columns.map((column) => values[column]!) })
        }
        for (let i = 1; i < found.length; i++) {
          const order =
            index.columns.length === 1
              ? index.keys.order(found[i - 1]!.key[0]!, found[i]!.key[0]!)
              : index.keys.order(found[i - 1]!.key, found[i]!.key)
          expect(descending ? order >= 0 : order <= 0).toBe(true)
        }
        expect(found.sort((a, b) => a.rowId - b.rowId).map(({ rowId, values }) => ({ rowId, values }))).toEqual(
          expected,
        )
      }
    }
    if (dirty) return
    const cursor = new IndexCursor(this.table.index(101)!)
    for (let id = 0; id < KEYS + 2; id++) {
      const row = [...state].find(([, { id: other }]) => other === id)
      expect(cursor.lookup(id, scan, view)).toBe(row !== undefined)
      if (row !== undefined) expect(cursor.rowId).toBe(row[0])
    }
  }
}

const toValues = ({ id, k, s }: ModelRow): Value[] => [id, k, s]
const toRow = ([id, k, s]: readonly Value[]): ModelRow => ({
  id: id as number,
  k: k as number | null,
  s: s as string | null,
})

const step = fc.record({
  session: fc.nat(SESSIONS - 1),
  action: fc.constantFrom(
    'begin',
    'insert',
    'insert',
    'setK',
    'setId',
    'setAll',
    'shift',
    'delete',
    'deleteByK',
    'lock',
    'mark',
    'rollbackTo',
    'commit',
    'commit',
    'rollback',
    'cancel',
    'openCursor',
    'closeCursor',
  ),
  a: fc.nat(KEYS - 1),
  b: fc.nat(KEYS - 1),
  slow: fc.nat(2).map((n) => n === 0),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

function statementOf({ action, a, b }: Step): Statement | null {
  const k = b === 0 ? null : b % 3
  const s = a % 2 === 0 ? null : 'x'.repeat(b)
  switch (action) {
    case 'insert':
      return { kind: 'insert', row: { id: a, k, s } }
    case 'setK':
      return { kind: 'update', where: ({ id }) => id === a, set: (row) => ({ ...row, k }), columns: [1] }
    case 'setId':
      return { kind: 'update', where: ({ id }) => id === a, set: (row) => ({ ...row, id: b }), columns: [0] }
    case 'setAll':
      return { kind: 'update', where: (row) => row.id >= a, set: (row) => ({ ...row, k, s }), columns: [1, 2] }
    case 'shift':
      return { kind: 'update', where: () => true, set: (row) => ({ ...row, id: row.id + 1 }), columns: [0] }
    case 'delete':
      return { kind: 'delete', where: ({ id }) => id === a }
    case 'deleteByK':
      return { kind: 'delete', where: (row) => row.k === k }
    case 'lock':
      return { kind: 'lock', where: ({ id }) => id === a }
    default:
      return null
  }
}

function perform(world: World, each: Step): void {
  const session = world.sessions[each.session]!
  if (each.action === 'openCursor') {
    if (world.cursors.length < 3) world.openCursor()
    return
  }
  if (each.action === 'closeCursor') {
    if (world.cursors.length > 0) world.closeCursor(each.a)
    return
  }
  if (session.waiting !== null) {
    if (each.action === 'cancel') {
      session.waiting = null
      session.engine!.undoStatement()
      world.serveReady()
    }
    return
  }
  if (session.suspended !== null) {
    if (each.action === 'cancel') {
      session.suspended = null
      session.engine!.undoStatement()
      world.serveReady()
    } else if (each.b % 3 === 0) world.resume(session)
    return
  }
  if (session.engine === null) world.begin(session, each.a)
  const { engine, model } = session
  const statement = statementOf(each)
  if (statement !== null) {
    if (each.slow) world.suspend(session, statement)
    else world.execute(session, statement)
  } else if (each.action === 'mark') session.marks.push({ engine: engine!.mark(), writes: model!.writes.length })
  else if (each.action === 'rollbackTo' && session.marks.length > 0) {
    const mark = session.marks[each.a % session.marks.length]!
    session.marks.length = (each.a % session.marks.length) + 1
    engine!.rollbackTo(mark.engine)
    model!.writes.length = mark.writes
    world.serveReady()
  } else if (each.action === 'commit') {
    world.commit(session)
    world.serveReady()
  } else if (each.action === 'rollback') {
    world.rollback(session)
    world.serveReady()
  }
}

test('random transactions read what the model reads, and leave nothing behind', () => {
  const totals = { done: 0, blocked: 0, changed: 0, failed: 0 }
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }), (steps) => {
      const world = new World()
      world.fill()
      for (const each of steps) {
        perform(world, each)
        world.check()
      }
      while (world.cursors.length > 0) world.closeCursor(0)
      for (const session of world.sessions) {
        if (session.engine === null) continue
        if (session.waiting !== null || session.suspended !== null) session.engine.undoStatement()
        world.rollback(session)
        world.serveReady()
        world.check()
      }
      checkQuiet(world.table, world.database.manager)
      for (const kind of ['done', 'blocked', 'changed', 'failed'] as const) totals[kind] += world.counts[kind]
    }),
    { numRuns: runs(120) },
  )
  expect(totals.done).toBeGreaterThan(totals.failed)
  // Restarts for a newer version are rare in a short run; writes.test.ts has one.
  for (const kind of ['done', 'blocked', 'failed'] as const) expect(totals[kind]).toBeGreaterThan(0)
})
