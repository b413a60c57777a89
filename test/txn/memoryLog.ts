/** A log in memory, whose disk the test controls: nothing is durable before `complete` or `syncNow`. */
import { DatabaseError } from '../../src/errors.ts'
import type { CommitLog, LogListener, Lsn, RedoSink, Replay } from '../../src/storage/log/log.ts'

type Record = (sink: Replay) => void

export class MemoryLog implements CommitLog {
  readonly id = '0'.repeat(32)
  readonly epoch = 1
  readonly transactions: Record[][] = []
  appendedLsn = 0 as Lsn
  durableLsn = 0 as Lsn
  requests = 0
  syncs = 0
  broken = false
  readonly #listener: LogListener

  constructor(listener: LogListener) {
    this.#listener = listener
  }

  append(timestamp: number, describe: (sink: RedoSink) => void): Lsn {
    if (this.broken) this.#fail()
    const records: Record[] = []
    describe({
      insert: (tableId, rowId, values) => records.push((sink) => sink.insert(tableId, rowId, values)),
      update: (tableId, rowId, columns, values) => records.push((sink) => sink.update(tableId, rowId, columns, values)),
      delete: (tableId, rowId) => records.push((sink) => sink.delete(tableId, rowId)),
      catalog: (payload) => records.push((sink) => sink.catalog(payload)),
    })
    records.push((sink) => sink.commit(timestamp))
    this.transactions.push(records)
    return (this.appendedLsn = (this.appendedLsn + 10) as Lsn)
  }

  // Prepared transactions are tested on the real log (test/prepared).
  prepare(): Lsn {
    throw new Error('not in these tests')
  }

  commitPrepared(): Lsn {
    throw new Error('not in these tests')
  }

  rollbackPrepared(): Lsn {
    throw new Error('not in these tests')
  }

  syncNow(): void {
    this.syncs++
    if (this.broken) this.#fail()
    this.complete()
  }

  requestSync(): void {
    this.requests++
  }

  /** The disk has it. */
  complete(lsn = this.appendedLsn): void {
    this.durableLsn = lsn
    this.#listener.durable(lsn)
  }

  close(): void {
    this.complete()
  }

  #fail(): never {
    const error = new DatabaseError('58030', 'the disk is gone')
    this.#listener.failed(error)
    throw error
  }
}
