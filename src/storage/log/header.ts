/**
 * The header of the log file: two slots of 64 bytes at offsets 0 and 4096; the frames begin at 8192. A header is written
 * into the slot that does *not* hold the newest one, and never before the newest one is durable, so a power cut that
 * tears the write leaves the other slot whole. The newest whole slot counts.
 *
 *      0 magic      8 bytes  "ISOLDLOG"
 *      8 version    u32  of the format: 2; a file of version 1 is one of version 2 that has no id and no prepared transaction
 *     12 crc32      u32  of the slot, these four bytes taken as zero
 *     16 sequence   u64  of header writes; the newest slot has the greater one; its parity is the slot's number
 *     24 epoch      u32  raised by everyone who opens the log
 *     28 salt       u32  drawn when the log was created; seeds the checksums of all frames
 *     32 start      u64  LSN of the first frame of this file (offset = LSN - start + 8192)
 *     40 durable    u64  LSN up to which the log was durable when the header was written
 *     48 id         16 bytes, drawn when the log was created: names the database
 *
 * The owner remembers the bytes of the slot that it did not write. A second opener, should the lock of the directory
 * have failed (a copy tool closed a descriptor of the lock file, a network file system), writes its raised epoch there,
 * and the owner, who compares before every append, stops instead of writing between the other's frames.
 */
import { crc32 } from 'node:zlib'
import type { File, Random } from '../../env/env.ts'
import { logDamaged, logVersionUnknown } from '../../errors.ts'
import { readU64, writeU64 } from './bytes.ts'
import type { Lsn } from './commitLog.ts'

export const HEADER_BYTES = 8192
const SLOT_BYTES = 64
const SLOT_OFFSETS = [0, 4096] as const
const MAGIC = Buffer.from('ISOLDLOG', 'latin1')
const FORMAT_VERSION = 2
const OLDEST_VERSION = 1
const NO_ID = '0'.repeat(32)

export interface LogHeader {
  readonly sequence: number
  readonly epoch: number
  readonly salt: number
  readonly startLsn: Lsn
  readonly durableLsn: Lsn
  /** 32 hexadecimal digits; all zero in a file of version 1. */
  readonly id: string
}

export function slotOffset(sequence: number): number {
  return SLOT_OFFSETS[(sequence % 2) as 0 | 1]
}

export function encodeHeader(header: LogHeader): Buffer {
  const slot = Buffer.alloc(SLOT_BYTES)
  MAGIC.copy(slot)
  slot.writeUInt32LE(FORMAT_VERSION, 8)
  writeU64(slot, 16, header.sequence)
  slot.writeUInt32LE(header.epoch, 24)
  slot.writeUInt32LE(header.salt, 28)
  writeU64(slot, 32, header.startLsn)
  writeU64(slot, 40, header.durableLsn)
  slot.write(header.id, 48, 16, 'hex')
  slot.writeUInt32LE(crc32(slot), 12)
  return slot
}

/** Writes the header into its slot; the caller syncs before the next one is written. */
export function writeHeader(file: File, header: LogHeader): void {
  file.write(slotOffset(header.sequence), encodeHeader(header))
}

/** The whole header area of a new log, both slots filled, so that a slot is unreadable only by tear or damage. */
export function newHeaderArea(salt: number, id: string): Buffer {
  const area = Buffer.alloc(HEADER_BYTES)
  const start = HEADER_BYTES as Lsn
  for (const sequence of [0, 1]) {
    const header = { sequence, epoch: 0, salt, startLsn: start, durableLsn: start, id }
    encodeHeader(header).copy(area, slotOffset(sequence))
  }
  return area
}

/** The bytes of a slot, for comparing. */
export function readSlot(file: File, sequence: number, into: Buffer = Buffer.alloc(SLOT_BYTES)): Buffer {
  return into.subarray(0, file.read(slotOffset(sequence), into))
}

function decodeSlot(slot: Buffer, parity: number, path: string): LogHeader | null {
  if (slot.length < SLOT_BYTES || !slot.subarray(0, 8).equals(MAGIC)) return null
  const blank = Buffer.from(slot)
  blank.writeUInt32LE(0, 12)
  if (crc32(blank) !== slot.readUInt32LE(12)) return null
  const version = slot.readUInt32LE(8)
  if (version < OLDEST_VERSION || version > FORMAT_VERSION) throw logVersionUnknown(path, version, FORMAT_VERSION)
  const header = {
    sequence: readU64(slot, 16),
    epoch: slot.readUInt32LE(24),
    salt: slot.readUInt32LE(28),
    startLsn: readU64(slot, 32) as Lsn,
    durableLsn: readU64(slot, 40) as Lsn,
    id: slot.toString('hex', 48, 64),
  }
  return header.sequence % 2 === parity ? header : null
}

/** The id of a new log, or of one that has none. */
export function idOf(header: LogHeader | null, random: Random): string {
  return header !== null && header.id !== NO_ID ? header.id : randomId(random)
}

/** 128 random bits, as 32 hexadecimal digits. */
export function randomId(random: Random): string {
  const words = Array.from({ length: 4 }, () => Math.floor(random.next() * 2 ** 32))
  return words.map((word) => word.toString(16).padStart(8, '0')).join('')
}

/** The newest whole header. Throws XX001 if there is none, 22023 if another version of Isolde wrote it. */
export function readHeader(file: File, path: string): LogHeader {
  const size = file.size()
  if (size < HEADER_BYTES) throw logDamaged(path, size, 'the file ends within its headers')
  const slots = [0, 1].map((parity) => decodeSlot(readSlot(file, parity), parity, path))
  const whole = slots.filter((header) => header !== null).sort((a, b) => b.sequence - a.sequence)
  const newest = whole[0]
  if (newest === undefined) throw logDamaged(path, 0, 'neither of the two headers is readable')
  return newest
}
