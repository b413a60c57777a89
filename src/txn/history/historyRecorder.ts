/**
 * The recorder of histories (D11): what transactions, the manager and the session tell it while a recording is on. Off, it
 * costs one look at `on` a statement and one a write.
 */
import { positive } from '../../argumentChecks.ts'
import { History } from '../../checker/history.ts'
import type { WriteEvent } from '../../checker/model.ts'
import { historyTooLong, recordingRuns } from '../../errors.ts'
import type { ReadView } from '../../storage/readView.ts'
import type { GuardedTable } from '../../storage/guardedTable.ts'
import type { UndoEntry } from '../../storage/undo.ts'
import { assemble } from './assemble.ts'
import type { RecordedTransaction } from './recording.ts'
import { OpenRecording } from './recording.ts'
import { RecordingGuard } from './recordingGuard.ts'

export interface RecordingOptions {
  /** The most events it holds: 1,000,000 by default. `stop` throws 54000 if there were more. */
  readonly limit?: number
}

/** A recording that runs. */
export interface Recording {
  /** Ends it. Transactions that are open then are in the history as far as they came. @throws DatabaseError 54000 */
  stop(): History
}

const defaultLimit = 1_000_000

export class HistoryRecorder {
  /** True while a recording runs: ask before anything else here. */
  on = false
  #open: OpenRecording | null = null

  /** @throws DatabaseError 55006 if one runs already, 22023 for a limit that is none */
  start(options: RecordingOptions = {}): Recording {
    // What is no number would never be reached, and the recording would grow for ever.
    const limit = positive('limit', options.limit, defaultLimit)
    if (this.#open !== null) throw recordingRuns()
    const open = new OpenRecording(limit)
    this.#open = open
    this.on = true
    return { stop: () => this.#stop(open) }
  }

  #stop(open: OpenRecording): History {
    open.on = false
    if (this.#open === open) {
      this.#open = null
      this.on = false
    }
    if (open.overflown) throw historyTooLong(open.limit)
    return new History(assemble(open))
  }

  #recording(): OpenRecording | null {
    return this.#open?.on === true ? this.#open : null
  }

  /** A statement is about to begin in the transaction. */
  statement(transaction: RecordedTransaction, sql: string): void {
    const open = this.#recording()
    if (open !== null) open.participant(transaction).announced = sql
  }

  /** A statement begins: what the transaction read before stands. */
  beginStatement(transaction: RecordedTransaction): void {
    this.#recording()?.beginStatement(transaction)
  }

  /** The transaction has taken its view for a run of a statement: its reads are noted from here on. */
  wrap(transaction: RecordedTransaction, view: ReadView): void {
    const open = this.#recording()
    if (open === null) return
    const { guard } = view
    const known = guard instanceof RecordingGuard
    if (!known || guard.recording !== open) {
      view.guard = new RecordingGuard(open, transaction, view, known ? guard.inner : guard)
    }
    open.beginRun(transaction)
  }

  /** The statement is complete. */
  endStatement(transaction: RecordedTransaction): void {
    this.#recording()?.endStatement(transaction)
  }

  /** A write stands in place. */
  wrote(
    transaction: RecordedTransaction,
    table: GuardedTable,
    rowId: number,
    operation: WriteEvent['operation'],
  ): void {
    this.#recording()?.wrote(transaction, table, rowId, operation)
  }

  /** The transaction is about to undo its entries back to `start`. */
  undoing(transaction: RecordedTransaction, start: UndoEntry | null): void {
    this.#recording()?.undoing(transaction, start)
  }

  /** The transaction is over: published, or rolled back. */
  ended(transaction: RecordedTransaction, committed: boolean): void {
    this.#recording()?.ended(transaction, committed)
  }
}
