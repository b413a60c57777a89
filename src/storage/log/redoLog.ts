/**
 * The writing end of the log: appends in LSN order, and makes what was appended durable.
 *
 * Appends are synchronous writes through one descriptor; they are complete, in order, when `append` returns. Durability
 * comes in groups. At most one asynchronous fdatasync is in flight; it covers what was appended before it started, and
 * everybody who asks meanwhile shares the next one (DeWitt, Katz, Olken, Shapiro, Stonebraker, Wood, SIGMOD 1984).
 * A synchronous fdatasync goes through a descriptor of its own and overtakes the one in flight, whose success is then no
 * news, but whose failure still is: Linux reports a failed writing-back once to each open descriptor, so either of the
 * two may be the only one to hear of it.
 *
 * States: open → failed | closed, and failed → closed. A failed write or sync is never tried again (fsyncgate: after a
 * failure the pages count as clean, and the next fsync would lie). Invariants: durableLsn ≤ appendedLsn; both are ends of
 * transactions; bytes behind appendedLsn are zero or part of the transaction being written.
 */
import { assert } from '../../assert.ts'
import type { DirectoryLock, Env, File } from '../../env/env.ts'
import { DatabaseError, fileFailed, logClosed, logHasForeignEpoch } from '../../errors.ts'
import type { CommitLog, LogListener, Lsn, PreparedHead, PreparedSink, RedoSink } from './commitLog.ts'
import * as frame from './frame.ts'
import { FRAME_HEADER_BYTES, PAYLOAD_BYTES_MAX, sealFrame, type FrameKind } from './frame.ts'
import { HEADER_BYTES, readSlot, writeHeader, type LogHeader } from './header.ts'
import type { Recovered } from './recovery.ts'
import { RedoEncoder } from './redo.ts'

/** What a log owns while it is open. */
export interface LogFiles {
  readonly path: string
  /** Takes the writes and the asynchronous syncs. */
  readonly writing: File
  /** Takes the synchronous syncs. */
  readonly syncing: File
  readonly lock: DirectoryLock
}

export class RedoLog implements CommitLog {
  private readonly env: Env
  private readonly files: LogFiles
  private readonly listener: LogListener
  private readonly header: LogHeader
  private readonly encoder: RedoEncoder
  /** The slot that somebody else would write first, as it was when we opened the log, and room to read it again. */
  private readonly otherSlot: Buffer
  private readonly otherSlotNow: Buffer

  private appended: Lsn
  private durable: Lsn
  /** Where the next frame goes: `appended`, except between the chunks of one transaction. */
  private writeLsn: Lsn
  private lastTimestamp: number
  /** What a chunk of the unit that is being written is called. */
  private chunkKind: FrameKind = frame.CHUNK
  private failure: DatabaseError | null = null
  private closed = false
  private asyncSyncInFlight = false
  private asyncSyncWanted = false

  /** `header` is the newest one, written by this opener; everything up to the recovered end is durable. */
  constructor(env: Env, files: LogFiles, header: LogHeader, recovered: Recovered, listener: LogListener) {
    this.env = env
    this.files = files
    this.header = header
    this.listener = listener
    this.appended = recovered.end
    this.durable = recovered.end
    this.writeLsn = recovered.end
    this.lastTimestamp = recovered.lastTimestamp
    this.otherSlot = readSlot(files.writing, header.sequence + 1)
    this.otherSlotNow = Buffer.alloc(this.otherSlot.length)
    const space = Buffer.allocUnsafeSlow(FRAME_HEADER_BYTES + PAYLOAD_BYTES_MAX)
    this.encoder = new RedoEncoder(space, FRAME_HEADER_BYTES, () => this.writeFrame(this.chunkKind, 0))
  }

  get appendedLsn(): Lsn {
    return this.appended
  }

  get durableLsn(): Lsn {
    return this.durable
  }

  get id(): string {
    return this.header.id
  }

  get epoch(): number {
    return this.header.epoch
  }

  append(commitTimestamp: number, describe: (sink: RedoSink) => void): Lsn {
    this.checkTimestamp(commitTimestamp)
    return this.writeUnit(frame.CHUNK, frame.COMMIT, commitTimestamp, describe)
  }

  prepare(head: PreparedHead, describe: (sink: PreparedSink) => void): Lsn {
    return this.writeUnit(frame.PREPARED_CHUNK, frame.PREPARE, 0, (encoder) => {
      encoder.prepared(head)
      describe(encoder)
    })
  }

  commitPrepared(gid: string, commitTimestamp: number): Lsn {
    this.checkTimestamp(commitTimestamp)
    return this.writeUnit(frame.CHUNK, frame.COMMIT_PREPARED, commitTimestamp, (encoder) => encoder.name(gid))
  }

  rollbackPrepared(gid: string): Lsn {
    return this.writeUnit(frame.CHUNK, frame.ROLLBACK_PREPARED, 0, (encoder) => encoder.name(gid))
  }

  private checkTimestamp(commitTimestamp: number): void {
    assert(commitTimestamp > this.lastTimestamp, 'commit timestamps rise')
    this.lastTimestamp = commitTimestamp
  }

  /** Chunks while there are more than one holds, then the frame that makes the unit count. */
  private writeUnit(
    chunk: FrameKind,
    last: FrameKind,
    commitTimestamp: number,
    describe: (encoder: RedoEncoder) => void,
  ): Lsn {
    this.checkUsable()
    this.checkEpoch()
    this.encoder.reset()
    this.chunkKind = chunk
    try {
      describe(this.encoder)
    } catch (error) {
      // Chunks that no last frame ends would be taken for the beginning of the next unit.
      if (this.writeLsn !== this.appended && this.failure === null) this.fail(error)
      throw error
    }
    this.writeFrame(last, commitTimestamp)
    this.appended = this.writeLsn
    return this.appended
  }

  syncNow(): void {
    this.checkUsable()
    if (this.durable === this.appended) return
    const target = this.appended
    try {
      this.files.syncing.sync()
    } catch (error) {
      throw this.fail(error, 'sync')
    }
    this.reached(target)
  }

  requestSync(): void {
    this.checkUsable()
    if (this.asyncSyncInFlight) this.asyncSyncWanted = true
    else if (this.durable < this.appended) this.startAsyncSync()
  }

  close(): void {
    if (this.closed) return
    try {
      if (this.failure === null) {
        this.syncNow()
        this.writeFinalHeader()
      }
    } finally {
      this.closed = true
      this.files.syncing.close()
      // A descriptor must not be closed, and its number given to another file, under an fdatasync in flight.
      if (!this.asyncSyncInFlight) this.files.writing.close()
      this.files.lock.release()
    }
  }

  private startAsyncSync(): void {
    const target = this.appended
    this.asyncSyncInFlight = true
    this.asyncSyncWanted = false
    this.files.writing.syncAsync().then(
      () => this.asyncSyncEnded(target, null),
      (error: unknown) => this.asyncSyncEnded(target, { error }),
    )
  }

  private asyncSyncEnded(target: Lsn, failed: { readonly error: unknown } | null): void {
    this.asyncSyncInFlight = false
    if (this.closed) {
      this.files.writing.close()
      // The synchronous sync of `close` succeeded meanwhile, and everybody has been told so.
      if (failed !== null) this.env.warn(fileFailed('sync', this.files.path, failed.error).message)
      return
    }
    if (failed !== null) {
      if (this.failure === null) this.fail(failed.error, 'sync')
      return
    }
    if (this.failure !== null) return
    if (this.asyncSyncWanted && Math.max(target, this.durable) < this.appended) this.startAsyncSync()
    if (target > this.durable) this.reached(target)
  }

  private reached(target: Lsn): void {
    this.durable = target
    this.listener.durable(target)
  }

  /** Writes what the encoder holds as one frame behind the last. */
  private writeFrame(kind: FrameKind, commitTimestamp: number): void {
    const { buffer, end } = this.encoder
    const { salt, epoch } = this.header
    sealFrame(buffer, end, { kind, lsn: this.writeLsn, durableLsn: this.durable, commitTimestamp, epoch }, salt)
    try {
      this.files.writing.write(this.writeLsn - this.header.startLsn + HEADER_BYTES, buffer.subarray(0, end))
    } catch (error) {
      throw this.fail(error)
    }
    this.writeLsn = (this.writeLsn + end) as Lsn
  }

  /** The header that vouches for every byte, written when the last of them is durable. */
  private writeFinalHeader(): void {
    this.checkEpoch()
    try {
      writeHeader(this.files.writing, {
        ...this.header,
        sequence: this.header.sequence + 1,
        durableLsn: this.durable,
      })
      this.files.syncing.sync()
    } catch (error) {
      throw this.fail(error)
    }
  }

  private checkUsable(): void {
    if (this.failure !== null) throw this.failure
    if (this.closed) throw logClosed(this.files.path)
  }

  private checkEpoch(): void {
    let same
    try {
      same = readSlot(this.files.writing, this.header.sequence + 1, this.otherSlotNow).equals(this.otherSlot)
    } catch (error) {
      throw this.fail(error, 'read')
    }
    if (!same) throw this.fail(logHasForeignEpoch(this.files.path))
  }

  /** Ends the log for good and tells the listener, once. */
  private fail(cause: unknown, action = 'write'): DatabaseError {
    assert(this.failure === null, 'the log fails once')
    this.failure = cause instanceof DatabaseError ? cause : fileFailed(action, this.files.path, cause)
    this.listener.failed(this.failure)
    return this.failure
  }
}
