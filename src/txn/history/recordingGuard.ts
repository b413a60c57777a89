/** Notes every access, around whatever guard the level has: what that one makes wait is not read yet. */
import type { ReadGuard, ReadView } from '../../storage/readView.ts'
import type { KeyRange } from '../../storage/row/keyRange.ts'
import type { Index } from '../../storage/row/index.ts'
import type { GuardedScan, GuardedTable } from '../../storage/guardedTable.ts'
import { CLOSED } from '../../storage/row/treeCursor.ts'
import { keyOf } from './predicateRead.ts'
import type { OpenRecording, RecordedTransaction } from './recording.ts'
import type { RowPage } from '../../storage/undo.ts'

export class RecordingGuard implements ReadGuard {
  readonly onlyNotes = false
  readonly recording: OpenRecording
  /** The guard of the transaction's level. */
  readonly inner: ReadGuard | null
  readonly #transaction: RecordedTransaction
  readonly #view: ReadView

  constructor(recording: OpenRecording, transaction: RecordedTransaction, view: ReadView, inner: ReadGuard | null) {
    this.recording = recording
    this.inner = inner
    this.#transaction = transaction
    this.#view = view
  }

  get mayWait(): boolean {
    return this.inner?.mayWait ?? false
  }

  get records(): boolean {
    return this.recording.on
  }

  readTable(table: GuardedTable, view: ReadView, scan: GuardedScan): boolean {
    if (this.inner !== null && !this.inner.readTable(table, view, scan)) return false
    if (this.recording.on) this.recording.scanTable(this.#transaction, this.#view, scan)
    return true
  }

  readPage(table: GuardedTable, page: RowPage, from: number, view: ReadView, scan: GuardedScan): void {
    this.inner?.readPage(table, page, from, view, scan)
    if (!this.recording.on) return
    this.recording.scanPage(this.#transaction, view, scan, page, from)
  }

  readRange(table: GuardedTable, index: Index, range: KeyRange, view: ReadView, scan: GuardedScan): boolean {
    if (this.inner !== null && !this.inner.readRange(table, index, range, view, scan)) return false
    if (this.recording.on) this.recording.scanRange(this.#transaction, view, scan, index, range)
    return true
  }

  readEntry(table: GuardedTable, rowId: number, view: ReadView, scan: GuardedScan): boolean {
    if (this.inner !== null && !this.inner.readEntry(table, rowId, view, scan)) return false
    if (this.recording.on) this.recording.scanEntry(this.#transaction, view, scan, rowId)
    return true
  }

  readUnique(
    table: GuardedTable,
    index: Index,
    rowId: number,
    view: ReadView,
    scan: GuardedScan,
    replaced?: boolean,
  ): boolean {
    if (this.inner !== null && !this.inner.readUnique(table, index, rowId, view, scan, replaced)) return false
    this.foundUnique(table, index, rowId, view, scan)
    return true
  }

  foundUnique(table: GuardedTable, index: Index, rowId: number, view: ReadView, scan: GuardedScan): void {
    if (!this.recording.on) return
    const values = this.recording.valuesSeen(table, rowId, view)
    if (values === null) return
    const key = keyOf(index, values)
    const range = { low: key, high: key, bounds: CLOSED }
    this.recording.foundUnique(this.#transaction, view, scan, index, range, rowId)
  }
}
