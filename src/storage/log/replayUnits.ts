/**
 * Replay: the units of a log that is whole, first to last, handed on as committed transactions and nothing else.
 *
 * A prepared transaction is kept as bytes until its decision comes, and only then fed to the replay, in the place where
 * COMMIT PREPARED stands. So recovery never applies what is not committed and never takes anything back, also where others
 * committed between the two:
 *
 *     log      T1    P prepares    T2    COMMIT PREPARED P    Q prepares    T3
 *     replay   T1                  T2    P                                  T3, then Q in doubt
 *
 * The order is right because P kept its locks from its first write to its decision: nobody between touched its rows.
 * What waits takes the memory of its redo, as it took that of its versions in the engine that wrote it.
 */
import { logDamaged } from '../../errors.ts'
import type { LockSink, PreparedHead, RedoSink, Replay } from './commitLog.ts'
import * as kinds from './frame.ts'
import { endsUnit, FRAME_HEADER_BYTES, type Frame } from './frame.ts'
import type { FrameReader } from './frameReader.ts'
import { MalformedRedo, RedoReader } from './redoReader.ts'

/** Progress is reported about this often. */
const PROGRESS_BYTES = 1 << 20

/** Feeds all units between two LSNs to `replay`; returns the last commit's timestamp, 0 if there is none. Throws XX001. */
export function replayUnits(reader: FrameReader, path: string, start: number, end: number, replay: Replay): number {
  return new UnitReplay(reader, path, start, end, replay).run()
}

/** A prepared transaction, as bytes. */
interface Undecided {
  readonly head: PreparedHead
  readonly replayInto: (sink: RedoSink, locks: LockSink | null) => void
}

function readerOf(payloads: readonly Buffer[]): RedoReader {
  let next = 0
  return new RedoReader(() => payloads[next++] ?? null)
}

class UnitReplay {
  private readonly reader: FrameReader
  private readonly path: string
  private readonly start: number
  private readonly end: number
  private readonly replay: Replay
  /** Where the next frame stands, and where its unit began. */
  private at: number
  private first: number
  private lastTimestamp = 0
  /** By gid, in the order of their preparing. */
  private readonly undecided = new Map<string, Undecided>()

  constructor(reader: FrameReader, path: string, start: number, end: number, replay: Replay) {
    this.reader = reader
    this.path = path
    this.start = start
    this.end = end
    this.replay = replay
    this.at = start
    this.first = start
  }

  run(): number {
    let reported = this.start
    while (this.at < this.end) {
      this.first = this.at
      this.unit(this.frame())
      if (this.at === this.end || this.at - reported >= PROGRESS_BYTES) {
        this.replay.progress(this.at - this.start, this.end - this.start)
        reported = this.at
      }
    }
    for (const { head, replayInto } of this.undecided.values()) {
      this.replay.inDoubt({ ...head, replayInto: (sink) => replayInto(sink, sink) })
    }
    return this.lastTimestamp
  }

  private unit(first: Frame): void {
    switch (first.kind) {
      case kinds.CHUNK:
      case kinds.COMMIT:
        this.transaction(first)
        break
      case kinds.PREPARED_CHUNK:
      case kinds.PREPARE:
        this.prepared(first)
        break
      case kinds.COMMIT_PREPARED: {
        const { commitTimestamp } = first
        this.decided(first).replayInto(this.replay, null)
        this.commit(commitTimestamp)
        break
      }
      case kinds.ROLLBACK_PREPARED:
        this.decided(first)
        break
    }
  }

  private transaction(first: Frame): void {
    let last = first
    let frame: Frame | null = first
    const redo = new RedoReader(() => {
      if (frame === null && endsUnit(last.kind)) return null
      last = frame ?? this.frame()
      frame = null
      if (last.kind !== kinds.CHUNK && last.kind !== kinds.COMMIT) throw this.damage('the transaction has no end')
      return last.payload
    })
    this.reading(() => redo.replayInto(this.replay))
    this.commit(last.commitTimestamp)
  }

  private commit(timestamp: number): void {
    if (timestamp <= this.lastTimestamp) throw this.damage('commit timestamps do not rise')
    this.lastTimestamp = timestamp
    this.replay.commit(timestamp)
  }

  private prepared(first: Frame): void {
    const payloads = [Buffer.from(first.payload)]
    for (let { kind } = first; !endsUnit(kind);) {
      const frame = this.frame()
      kind = frame.kind
      if (kind !== kinds.PREPARED_CHUNK && kind !== kinds.PREPARE) throw this.damage('the transaction has no end')
      payloads.push(Buffer.from(frame.payload))
    }
    const unit = this.first
    const head = this.reading(() => readerOf(payloads).preparedHead())
    if (this.undecided.has(head.gid)) throw this.damage(`"${head.gid}" is prepared twice`)
    this.undecided.set(head.gid, {
      head,
      replayInto: (sink, locks) =>
        this.reading(() => {
          const reader = readerOf(payloads)
          reader.preparedHead()
          reader.replayInto(sink, locks)
        }, unit),
    })
  }

  /** Takes the transaction that the decision names out of the undecided ones. */
  private decided({ payload }: Frame): Undecided {
    const gid = this.reading(() => readerOf([payload]).name())
    const transaction = this.undecided.get(gid)
    if (transaction === undefined) throw this.damage(`"${gid}" is decided and was not prepared`)
    this.undecided.delete(gid)
    return transaction
  }

  private frame(): Frame {
    const frame = this.reader.frameAt(this.at)
    if (frame === null) throw logDamaged(this.path, this.reader.offset(this.at), 'the frame was whole a moment ago')
    this.at += FRAME_HEADER_BYTES + frame.payload.length
    return frame
  }

  private reading<T>(read: () => T, unit = this.first): T {
    try {
      return read()
    } catch (error) {
      throw error instanceof MalformedRedo ? this.damage(error.message, unit) : error
    }
  }

  private damage(message: string, unit = this.first): Error {
    return logDamaged(this.path, this.reader.offset(unit), message)
  }
}
