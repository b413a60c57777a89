/** Reads the frames of a log file through one window of fixed size, so that a log of any length is read in constant memory. */
import type { File } from '../../env/env.ts'
import { FRAME_HEADER_BYTES, frameLength, PAYLOAD_BYTES_MAX, readFrame, type Frame } from './frame.ts'
import { HEADER_BYTES, type LogHeader } from './header.ts'
import { readU64 } from './bytes.ts'

const WINDOW_BYTES = 2 * (FRAME_HEADER_BYTES + PAYLOAD_BYTES_MAX)

export class FrameReader {
  /** The LSN at the end of the file. */
  readonly fileEnd: number
  private readonly file: File
  private readonly header: LogHeader
  private readonly space: Buffer
  private window: Buffer
  private windowLsn: number

  constructor(file: File, header: LogHeader) {
    this.file = file
    this.header = header
    this.fileEnd = header.startLsn + Math.max(0, file.size() - HEADER_BYTES)
    this.space = Buffer.allocUnsafeSlow(Math.min(WINDOW_BYTES, this.fileEnd - header.startLsn))
    this.window = this.space.subarray(0, 0)
    this.windowLsn = header.startLsn
  }

  /** The offset in the file of the byte at `lsn`. */
  offset(lsn: number): number {
    return lsn - this.header.startLsn + HEADER_BYTES
  }

  /** The whole frame at `lsn`, or null if there is none. */
  frameAt(lsn: number): Frame | null {
    if (!this.see(lsn, FRAME_HEADER_BYTES)) return null
    const length = frameLength(this.window, lsn - this.windowLsn)
    if (length === null || !this.see(lsn, length)) return null
    const frame = readFrame(this.window, lsn - this.windowLsn, lsn, this.header.salt)
    return frame !== null && frame.epoch <= this.header.epoch ? frame : null
  }

  /** The first whole frame that begins at or behind `lsn`, at whatever byte; every frame names its own place. */
  nextFrame(lsn: number): Frame | null {
    for (let at = lsn; this.see(at, FRAME_HEADER_BYTES); at++) {
      if (readU64(this.window, at - this.windowLsn + 8) !== at) continue
      const frame = this.frameAt(at)
      if (frame !== null) return frame
    }
    return null
  }

  /** The bytes from `lsn` on, at most `end` - `lsn` and at least one: for copying a stretch of the file. */
  bytesAt(lsn: number, end: number): Buffer {
    this.see(lsn, Math.min(end - lsn, this.space.length))
    const from = lsn - this.windowLsn
    return this.window.subarray(from, Math.min(this.window.length, from + end - lsn))
  }

  /** Moves the window so that `count` bytes at `lsn` are in it; false if the file ends before. */
  private see(lsn: number, count: number): boolean {
    if (lsn >= this.windowLsn && lsn + count <= this.windowLsn + this.window.length) return true
    if (lsn + count > this.fileEnd) return false
    this.windowLsn = lsn
    this.window = this.space.subarray(0, this.file.read(this.offset(lsn), this.space))
    return count <= this.window.length
  }
}
