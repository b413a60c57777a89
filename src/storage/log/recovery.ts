/**
 * Recovery: which transactions the log holds, and what must be done to the file before it may grow again.
 *
 * **A torn tail or damage?** Frames that were written after the last fdatasync that returned may survive a power cut in
 * any subset and in any state, since a file system orders nothing between two syncs. So a bad frame followed by whole
 * ones proves nothing yet. But every frame carries `durable`, the LSN up to which the log was known to be durable when
 * the frame was written, and so do the headers. Let D be the greatest `durable` of the headers and of every whole frame
 * of the file, those behind the bad place included, and let E be the end of the last whole unit before the bad place.
 *
 * - E ≥ D: nobody ever saw a byte behind E become durable; no commit behind E was acknowledged on the strength of any
 *   fsync that we know of. It is a tear, and is cut off. After a power cut it is always so: what is durable is whole.
 * - E < D: the transaction behind E was durable once and is not whole now. No power cut does this. It is damage, the
 *   open is refused, and the error names the file and the offset of the first bad frame.
 *
 * What cannot be told apart: damage of the transactions that shared the last fsync before a crash, because no later
 * frame vouches for them. A clean `close` writes D into the header, so after it even the last byte is vouched for.
 *
 * **What is done to the file.** The tail is cut at E; then the bytes between D and E are written *again* and synced. They
 * may be in the page cache only: the process was killed before its fsync, or its fsync failed, and Linux then marks the
 * pages clean, so that the next fsync succeeds without having written them (Rebello et al., "Can Applications Recover
 * from fsync Failures?", USENIX ATC 2020). Only now is E durable, and the log may be appended to: a frame of ours is
 * never followed by one of an earlier epoch.
 */
import type { File } from '../../env/env.ts'
import { logDamaged } from '../../errors.ts'
import type { Lsn, Replay } from './commitLog.ts'
import { endsUnit, FRAME_HEADER_BYTES, type Frame } from './frame.ts'
import { FrameReader } from './frameReader.ts'
import type { LogHeader } from './header.ts'
import { replayUnits } from './replayUnits.ts'

/** What the frames of a file say: E and D above. */
interface Extent {
  /** The end of the last whole unit. */
  readonly end: Lsn
  /** What is known to have been durable; at most `end`. */
  readonly durable: Lsn
}

export interface Recovered {
  readonly end: Lsn
  /** The commit timestamp of the last transaction; 0 if there is none. */
  readonly lastTimestamp: number
}

/** Makes the log whole and durable, then replays it. Throws XX001 if it is damaged. */
export function recover(file: File, path: string, header: LogHeader, replay: Replay): Recovered {
  const reader = new FrameReader(file, header)
  const { end, durable } = measure(reader, path, header)
  if (end < reader.fileEnd) file.truncate(reader.offset(end))
  rewrite(file, reader, durable, end)
  file.sync()
  return { end, lastTimestamp: replayUnits(reader, path, header.startLsn, end, replay) }
}

/** Checks every frame of the file and decides between tear and damage. */
function measure(reader: FrameReader, path: string, header: LogHeader): Extent {
  let end = header.startLsn
  let at: number = header.startLsn
  let durable: number = header.durableLsn
  let epoch = 0
  for (let frame = reader.frameAt(at); frame !== null; frame = reader.frameAt(at)) {
    if (frame.epoch < epoch || frame.durableLsn > end) break
    epoch = frame.epoch
    durable = Math.max(durable, frame.durableLsn)
    at += bytesOf(frame)
    if (endsUnit(frame.kind)) end = at as Lsn
  }
  for (let next = at + 1; durable <= end;) {
    const frame = reader.nextFrame(next)
    if (frame === null) break
    if (frame.epoch >= epoch) durable = Math.max(durable, frame.durableLsn)
    next = frame.lsn + bytesOf(frame)
  }
  if (end < durable) {
    throw logDamaged(path, reader.offset(at), `what was durable reached to offset ${reader.offset(durable)}`)
  }
  return { end, durable: durable as Lsn }
}

function bytesOf(frame: Frame): number {
  return FRAME_HEADER_BYTES + frame.payload.length
}

/** Writes the bytes from `from` to `end` once more, so that the next sync really writes them. */
function rewrite(file: File, reader: FrameReader, from: number, end: number): void {
  for (let at = from; at < end;) {
    const bytes = reader.bytesAt(at, end)
    file.write(reader.offset(at), bytes)
    at += bytes.length
  }
}
