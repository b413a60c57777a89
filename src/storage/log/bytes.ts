/** Unsigned 64-bit little-endian numbers that are safe integers: LSNs, timestamps, counters. */

const HIGH = 2 ** 32

export function writeU64(buffer: Buffer, at: number, value: number): void {
  buffer.writeUInt32LE(value % HIGH, at)
  buffer.writeUInt32LE(Math.floor(value / HIGH), at + 4)
}

export function readU64(buffer: Buffer, at: number): number {
  return buffer.readUInt32LE(at) + buffer.readUInt32LE(at + 4) * HIGH
}
