/**
 * A recording while it runs: who takes part, what happened so far, and the versions of each row.
 *
 * A statement that had to wait or met a newer version runs again from its beginning (D2), and only its last run counts: the
 * reads of an abandoned run are dropped when the next one begins. What it wrote was undone, and stays in the history only if
 * somebody at READ UNCOMMITTED read it.
 */
import type { Level, WriteEvent } from '../../checker/model.ts'
import type { KeyRange } from '../../storage/row/keyRange.ts'
import type { ReadView } from '../../storage/readView.ts'
import type { Index } from '../../storage/row/index.ts'
import { RowScan } from '../../storage/row/rowScan.ts'
import type { GuardedScan, GuardedTable } from '../../storage/guardedTable.ts'
import type { RowPage, UndoEntry, Writer } from '../../storage/undo.ts'
import type { Value } from '../../types/value.ts'
import { assert } from '../../assert.ts'
import type { Isolation } from '../isolation.ts'
import { PredicateRead } from './predicateRead.ts'
import type { RecordedVersion } from './recordedVersions.ts'
import { Moment, RecordedRow, valuesBefore, valuesInPlace } from './recordedVersions.ts'

/** What a recording needs to know of a transaction. */
export interface RecordedTransaction extends Writer {
  readonly session: number
  readonly isolation: Isolation
}

export class Participant {
  readonly transaction: RecordedTransaction
  status: 'committed' | 'aborted' | 'open' = 'open'
  /** The statement that was announced and has not taken its view yet. */
  announced: string | null = null
  /** The number of the statement that runs; 0 if none was announced. */
  statement = 0
  begun = false
  /** Predicate reads of the run that wait for writers, and so are done when the statement is. */
  view: ReadView | null = null
  readonly unsettled: PredicateRead[] = []
  readonly versions: RecordedVersion[] = []
  /** Where the events of the statement's run begin. */
  runStart = 0
  /** True until the run is complete, abandoned, or has failed. */
  running = false

  constructor(transaction: RecordedTransaction) {
    this.transaction = transaction
  }

  get level(): Level {
    const { level } = this.transaction.isolation
    return level === 'repeatable read' ? 'snapshot' : level
  }
}

interface Draft {
  readonly participant: Participant
  readonly statement: number
  /** True if it belongs to a run that does not count. */
  dropped: boolean
}

export interface RowRead extends Draft {
  readonly kind: 'read'
  readonly row: RecordedRow
  readonly version: RecordedVersion
}

export interface RowWrite extends Draft {
  readonly kind: 'write'
  readonly row: RecordedRow
  readonly version: RecordedVersion
  readonly operation: WriteEvent['operation']
}

export type DraftEvent =
  | (Draft & { readonly kind: 'begin' | 'commit' | 'abort' })
  | (Draft & { readonly kind: 'statement'; readonly sql: string })
  | (Draft & { readonly kind: 'predicate'; readonly read: PredicateRead })
  | RowRead
  | RowWrite

/** What one scan is doing in the run that is under way. */
interface ScanState {
  readonly participant: Participant
  readonly runStart: number
  /** The predicate read that its rows belong to; null while a look-up has not told its key. */
  predicate: PredicateRead | null
  /** Rows of the page that it read last: those from where it goes on are read again. */
  pageReads: RowRead[]
}

export class OpenRecording {
  readonly events: DraftEvent[] = []
  readonly participants: Participant[] = []
  readonly tables = new Map<GuardedTable, Map<number, RecordedRow>>()
  /** False once it is stopped. */
  on = true
  /** True if there was more than `limit`. */
  overflown = false
  readonly limit: number
  readonly #byTransaction = new Map<Writer, Participant>()
  readonly #scans = new WeakMap<GuardedScan, ScanState>()
  /** Readers of ours, by table: they see what a scan sees. */
  readonly #readers = new Map<GuardedTable, RowScan>()
  #statements = 0
  /** Ticks at every read, write and undoing, so that no two of them are at the same time. */
  #clock = 0

  constructor(limit: number) {
    this.limit = limit
  }

  #push(event: DraftEvent): void {
    if (this.events.length >= this.limit) {
      this.overflown = true
      this.on = false
    } else this.events.push(event)
  }

  participant(transaction: RecordedTransaction): Participant {
    let participant = this.#byTransaction.get(transaction)
    if (participant === undefined) {
      participant = new Participant(transaction)
      this.#byTransaction.set(transaction, participant)
      this.participants.push(participant)
    }
    return participant
  }

  // The life of a transaction.

  beginStatement(transaction: RecordedTransaction): void {
    const participant = this.participant(transaction)
    participant.runStart = this.events.length
  }

  /** The transaction takes the view of a statement, or of the statement's next run. */
  beginRun(transaction: RecordedTransaction): void {
    const participant = this.participant(transaction)
    this.#dropRun(participant)
    participant.unsettled.length = 0
    if (!participant.begun) {
      participant.begun = true
      this.#push({ kind: 'begin', participant, statement: 0, dropped: false })
    }
    const { announced } = participant
    if (announced !== null) {
      participant.announced = null
      participant.statement = ++this.#statements
      const { statement } = participant
      this.#push({ kind: 'statement', participant, statement, dropped: false, sql: announced })
    }
    participant.runStart = this.events.length
    participant.running = true
  }

  /** The statement is complete. */
  endStatement(transaction: RecordedTransaction): void {
    const participant = this.#byTransaction.get(transaction)
    if (participant === undefined) return
    participant.running = false
    if (participant.unsettled.length === 0) return
    const moment = new Moment(participant.view!, ++this.#clock, true)
    for (const read of participant.unsettled) read.settle(moment)
    participant.unsettled.length = 0
  }

  #dropRun(participant: Participant): void {
    for (let i = participant.runStart; i < this.events.length; i++) {
      const event = this.events[i]!
      if (event.participant === participant) event.dropped = true
    }
  }

  ended(transaction: RecordedTransaction, committed: boolean): void {
    const participant = this.#byTransaction.get(transaction)
    if (participant === undefined) return
    this.#byTransaction.delete(transaction)
    participant.status = committed ? 'committed' : 'aborted'
    const at = ++this.#clock
    if (committed) for (const version of participant.versions) version.publishedAt = at
    this.#push({ kind: committed ? 'commit' : 'abort', participant, statement: 0, dropped: false })
  }

  // Writes.

  wrote(
    transaction: RecordedTransaction,
    table: GuardedTable,
    rowId: number,
    operation: WriteEvent['operation'],
  ): void {
    const participant = this.participant(transaction)
    const values = operation === 'delete' ? null : valuesInPlace(table, rowId)
    const row = this.#row(table, rowId, () => (operation === 'insert' ? null : valuesBefore(table, rowId)))
    const { command } = transaction
    const last = row.versions.at(-1)!
    if (last.writer === transaction && last.command === command && last.undoneAt === Infinity) {
      // Several writes of one command to a row are one version.
      last.values = values
      return
    }
    const at = ++this.#clock
    const number = last.number + 1
    const version: RecordedVersion = {
      number,
      writer: transaction,
      command,
      at,
      values,
      undoneAt: Infinity,
      unfinished: false,
      publishedAt: Infinity,
    }
    row.versions.push(version)
    participant.versions.push(version)
    this.#push({
      kind: 'write',
      participant,
      statement: participant.statement,
      dropped: false,
      row,
      version,
      operation,
    })
  }

  /** The transaction is about to undo its writes behind `start`. */
  undoing(transaction: RecordedTransaction, start: UndoEntry | null): void {
    const at = ++this.#clock
    const participant = this.participant(transaction)
    const unfinished = participant.running
    participant.running = false
    if (unfinished) this.#dropPredicates(participant)
    for (let entry = transaction.lastEntry; entry !== null && entry !== start; entry = entry.previous) {
      if (!entry.wrote) continue
      for (const [table, rows] of this.tables) {
        if (table.id !== entry.table.id) continue
        const version = rows.get(entry.rowId)?.madeBy(transaction, entry.command)
        if (version === undefined || version.undoneAt !== Infinity) continue
        version.undoneAt = at
        version.unfinished = unfinished
      }
    }
  }

  /** A statement that fails stops where it is: it has not looked at all that its predicates cover. */
  #dropPredicates(participant: Participant): void {
    for (let i = participant.runStart; i < this.events.length; i++) {
      const event = this.events[i]!
      if (event.participant === participant && event.kind === 'predicate') event.dropped = true
    }
  }

  // Reads.

  scanTable(transaction: RecordedTransaction, view: ReadView, scan: GuardedScan): void {
    const state = this.#scan(transaction, scan)
    if (state.predicate === null) this.#lookFor(state, view, scan, null)
  }

  scanPage(transaction: RecordedTransaction, view: ReadView, scan: GuardedScan, page: RowPage, from: number): void {
    const state = this.#scan(transaction, scan)
    const first = page.baseRowId + from
    for (const read of state.pageReads) if (read.row.rowId >= first) read.dropped = true
    state.pageReads = state.pageReads.filter(({ dropped }) => !dropped)
    for (let slot = from; slot < page.used; slot++) {
      const isGone = !page.exists(slot) && (page.undo === null || page.undo[slot] === null)
      const read = isGone ? null : this.#meet(state, view, scan, page.baseRowId + slot)
      if (read !== null) state.pageReads.push(read)
    }
  }

  scanRange(transaction: RecordedTransaction, view: ReadView, scan: GuardedScan, index: Index, range: KeyRange): void {
    this.#lookFor(this.#scan(transaction, scan), view, scan, { index, range })
  }

  scanEntry(transaction: RecordedTransaction, view: ReadView, scan: GuardedScan, rowId: number): void {
    const state = this.#scan(transaction, scan)
    if (state.predicate !== null) this.#meet(state, view, scan, rowId)
  }

  /** A look-up found its row: it was about the key that the row has. */
  foundUnique(
    transaction: RecordedTransaction,
    view: ReadView,
    scan: GuardedScan,
    index: Index,
    range: KeyRange,
    rowId: number,
  ): void {
    const state = this.#scan(transaction, scan)
    this.#lookFor(state, view, scan, { index, range })
    this.#meet(state, view, scan, rowId)
    state.predicate = null
  }

  /** The values that the view sees of a row; null if it sees none. */
  valuesSeen(table: GuardedTable, rowId: number, view: ReadView): Value[] | null {
    let reader = this.#readers.get(table)
    if (reader === undefined) {
      reader = new RowScan(
        table,
        table.descriptor.columns.map((_, ordinal) => ordinal),
      )
      this.#readers.set(table, reader)
    }
    if (!reader.fetch(rowId, view)) return null
    const { columns, nulls, start } = reader.morsel
    return table.descriptor.columns.map(({ type }, column) => {
      const map = nulls[column] ?? null
      const value = map !== null && map[start] === 1 ? null : columns[column]![start]!
      return type.kind === 'boolean' && value !== null ? value === 1 || value === true : value
    })
  }

  #scan(transaction: RecordedTransaction, scan: GuardedScan): ScanState {
    const participant = this.participant(transaction)
    let state = this.#scans.get(scan)
    if (state === undefined || state.participant !== participant || state.runStart !== participant.runStart) {
      state = { participant, runStart: participant.runStart, predicate: null, pageReads: [] }
      this.#scans.set(scan, state)
    }
    return state
  }

  #lookFor(
    state: ScanState,
    view: ReadView,
    scan: GuardedScan,
    keys: { readonly index: Index; readonly range: KeyRange } | null,
  ): void {
    const { participant } = state
    const { locksReads, alone } = participant.transaction.isolation
    const waits = locksReads || alone
    const read = new PredicateRead(scan.table, keys, scan.predicate, new Moment(view, ++this.#clock, waits))
    if (waits) {
      participant.view = view
      participant.unsettled.push(read)
    }
    state.predicate = read
    this.#push({ kind: 'predicate', participant, statement: participant.statement, dropped: false, read })
  }

  /** The scan comes by a row: it reads it if it finds there what it looks for. */
  #meet(state: ScanState, view: ReadView, scan: GuardedScan, rowId: number): RowRead | null {
    const { predicate, participant } = state
    const { table } = scan
    const values = this.valuesSeen(table, rowId, view)
    const row = this.#row(table, rowId, () => values)
    const version = row.metBy(view, ++this.#clock)
    assert(equal(version.values, values), 'a recording knows which version a reader meets')
    if (predicate === null) return null
    if (view.timestamp === Infinity) predicate.met(row, this.#standing(predicate, participant, row, version))
    if (predicate.filter?.existence === true || !predicate.matches(values)) return null
    const { statement } = participant
    const read: RowRead = { kind: 'read', participant, statement, dropped: false, row, version }
    this.#push(read)
    return read
  }

  /**
   * A reference asks only whether the key is there, and holds it FOR KEY SHARE beside an open transaction that writes the
   * other columns: that one has not changed what was asked for.
   */
  #standing(
    predicate: PredicateRead,
    { transaction }: Participant,
    row: RecordedRow,
    met: RecordedVersion,
  ): RecordedVersion {
    const isForeign = met.writer !== transaction && met.publishedAt === Infinity
    if (predicate.filter?.existence !== true || !isForeign) return met
    return row.versions.findLast(
      ({ writer, publishedAt, undoneAt }) =>
        undoneAt === Infinity && (writer === transaction || publishedAt < Infinity),
    )!
  }

  #row(table: GuardedTable, rowId: number, initial: () => readonly Value[] | null): RecordedRow {
    let rows = this.tables.get(table)
    if (rows === undefined) {
      rows = new Map()
      this.tables.set(table, rows)
    }
    let row = rows.get(rowId)
    if (row === undefined) {
      row = new RecordedRow(table, rowId, initial())
      rows.set(rowId, row)
    }
    return row
  }
}

function equal(a: readonly Value[] | null, b: readonly Value[] | null): boolean {
  if (a === null || b === null) return a === b
  return a.every((value, i) => Object.is(value, b[i]) || String(value) === String(b[i]))
}
