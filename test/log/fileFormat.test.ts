import fs from 'node:fs'
import path from 'node:path'
import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { exampleLog, hexdump } from './hexdump.ts'

const page = fs.readFileSync(path.resolve(import.meta.dirname, '../../docs/file-format.md'), 'utf8')

test('the bytes that docs/file-format.md shows are the bytes of a log', () => {
  expect(page).toContain(`\`\`\`\n${hexdump(exampleLog())}\n\`\`\``)
})

/** A reader of its own, written from the page alone. */
test('the page is enough to read the example', () => {
  const bytes = exampleLog()
  const slot =
    bytes.subarray(0, 64).readUInt32LE(16) > bytes.readUInt32LE(4096 + 16)
      ? bytes.subarray(0, 64)
      : bytes.subarray(4096, 4160)
  expect(slot.toString('latin1', 0, 8)).toBe('ISOLDLOG')
  const checked = Buffer.from(slot)
  checked.fill(0, 12, 16)
  expect(crc32(checked)).toBe(slot.readUInt32LE(12))
  const salt = slot.readUInt32LE(28)
  expect(Number(slot.readBigUInt64LE(40))).toBe(bytes.length)

  const timestamps: number[] = []
  let at = 8192
  while (at < bytes.length) {
    const length = bytes.readUInt32LE(at + 4)
    expect(crc32(bytes.subarray(at + 4, at + 40 + length), salt)).toBe(bytes.readUInt32LE(at))
    expect(Number(bytes.readBigUInt64LE(at + 8))).toBe(at)
    expect(bytes[at + 36]).toBe(2)
    timestamps.push(Number(bytes.readBigUInt64LE(at + 24)))
    at += 40 + length
  }
  expect(at).toBe(bytes.length)
  expect(timestamps).toEqual([1, 2])
})
