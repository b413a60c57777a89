/**
 * A frame is the unit of the log that is whole or not there. Its fixed header of 40 bytes, all numbers little-endian:
 *
 *      0 crc32      u32  of everything behind it, bytes 4 … 40 + length, seeded with the salt of the log
 *      4 length     u32  of the payload that follows the header, at most 1 MiB
 *      8 lsn        u64  where this frame begins in the stream of all frames ever written
 *     16 durable    u64  the LSN up to which the log was known to be durable when this frame was written
 *     24 timestamp  u64  of the commit; 0 where there is none
 *     32 epoch      u32  which opener of the log wrote it
 *     36 kind       u8   below; three zero bytes follow
 *
 * Frames come in units, contiguous, and a unit counts once its last frame is whole:
 *
 *     chunk* commit                    a transaction; the payloads joined are its redo (redo.ts)
 *     preparedChunk* prepare           a prepared transaction: its head, its locks and its redo, joined
 *     commitPrepared, rollbackPrepared a decision; the payload is the gid
 *
 * `lsn` ties a frame to its place, the salt to its log, so that no other bytes are taken for a frame. `durable` is what
 * lets recovery tell a torn tail from damage (recovery.ts).
 */
import { crc32 } from 'node:zlib'
import { readU64, writeU64 } from './bytes.ts'
import type { Lsn } from './commitLog.ts'

export const FRAME_HEADER_BYTES = 40
export const PAYLOAD_BYTES_MAX = 1 << 20

export const CHUNK = 1
export const COMMIT = 2
export const PREPARED_CHUNK = 3
export const PREPARE = 4
export const COMMIT_PREPARED = 5
export const ROLLBACK_PREPARED = 6
export type FrameKind = 1 | 2 | 3 | 4 | 5 | 6

/** True for the last frame of a unit. */
export const endsUnit = (kind: FrameKind): boolean => kind !== CHUNK && kind !== PREPARED_CHUNK

const isFrameKind = (kind: number): kind is FrameKind => kind >= CHUNK && kind <= ROLLBACK_PREPARED

export interface Frame {
  readonly kind: FrameKind
  readonly lsn: Lsn
  readonly durableLsn: Lsn
  readonly commitTimestamp: number
  readonly epoch: number
  /** A view of the reader's window: dead after the next read. */
  readonly payload: Buffer
}

/** Writes the header of `frame` into `buffer`, whose bytes from 40 to `end` are the payload already. */
export function sealFrame(buffer: Buffer, end: number, frame: Omit<Frame, 'payload'>, salt: number): void {
  buffer.writeUInt32LE(end - FRAME_HEADER_BYTES, 4)
  writeU64(buffer, 8, frame.lsn)
  writeU64(buffer, 16, frame.durableLsn)
  writeU64(buffer, 24, frame.commitTimestamp)
  buffer.writeUInt32LE(frame.epoch, 32)
  buffer.writeUInt32LE(frame.kind, 36)
  buffer.writeUInt32LE(crc32(buffer.subarray(4, end), salt), 0)
}

/** The bytes of the whole frame whose header begins at `at`, or null if that cannot be a header. */
export function frameLength(window: Buffer, at: number): number | null {
  const length = window.readUInt32LE(at + 4)
  return length <= PAYLOAD_BYTES_MAX ? FRAME_HEADER_BYTES + length : null
}

/** The frame that begins at `at` of `window` and should be the one at `lsn`; null if it is not, or is not whole. */
export function readFrame(window: Buffer, at: number, lsn: number, salt: number): Frame | null {
  if (at + FRAME_HEADER_BYTES > window.length || readU64(window, at + 8) !== lsn) return null
  const length = frameLength(window, at)
  if (length === null || at + length > window.length) return null
  const kind = window.readUInt32LE(at + 36)
  if (!isFrameKind(kind)) return null
  if (crc32(window.subarray(at + 4, at + length), salt) !== window.readUInt32LE(at)) return null
  return {
    kind,
    lsn: lsn as Lsn,
    durableLsn: readU64(window, at + 16) as Lsn,
    commitTimestamp: readU64(window, at + 24),
    epoch: window.readUInt32LE(at + 32),
    payload: window.subarray(at + FRAME_HEADER_BYTES, at + length),
  }
}
