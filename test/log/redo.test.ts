import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FRAME_HEADER_BYTES, PAYLOAD_BYTES_MAX } from '../../src/storage/log/frame.ts'
import { Decimal } from '../../src/types/decimal.ts'
import type { Value } from '../../src/types/value.ts'
import { runs } from '../support/runs.ts'
import { LogFile } from './logFile.ts'

const text = fc.string({ unit: fc.oneof(fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }), fc.constant('x')) })
const value: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom(
    null,
    true,
    false,
    0,
    -0,
    NaN,
    Infinity,
    -Infinity,
    2 ** 53 - 1,
    1 - 2 ** 53,
    2 ** 53,
    -1,
    127,
    128,
    0.5,
  ),
  fc.maxSafeInteger(),
  fc.double(),
  fc.bigInt(),
  text,
  fc.tuple(fc.bigInt(), fc.nat(40)).map(([digits, scale]) => Decimal.of(digits, scale)),
)

function logged(values: readonly Value[]): readonly Value[] {
  const file = new LogFile()
  const { log } = file.open()
  log.append(1, (sink) => sink.insert(1, 2 ** 53 - 1, values))
  log.close()
  const record = file.open().replay.transactions[0]!.records[0]!
  expect(record.slice(0, 3)).toEqual(['insert', 1, 2 ** 53 - 1])
  return record[3] as Value[]
}

describe('redo', () => {
  test('gives every value back as it was', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 20 }), (values) => {
        const back = logged(values)
        expect(back).toHaveLength(values.length)
        values.forEach((each, i) => expect(back[i]).toStrictEqual(each))
      }),
      { numRuns: runs(200) },
    )
  })

  test('of values that straddle chunks, at every byte of the border', () => {
    const payload: Value[] = [
      'é😀'.repeat(20),
      2 ** 40 + 1,
      -(2 ** 45),
      0.1,
      123456789012345678901234567890n,
      true,
      'z',
      Decimal.of(12345n, 3),
    ]
    for (let missing = 0; missing < 260; missing += 1) {
      const filler = 'x'.repeat(PAYLOAD_BYTES_MAX - missing)
      expect(logged([filler, ...payload])).toEqual([filler, ...payload])
    }
  }, 60_000)

  test('of a value of many chunks', () => {
    const large = 'äöü€😀'.repeat(400_000)
    expect(logged([large, 1n << 70n])).toEqual([large, 1n << 70n])
  })

  test('of a large transaction is written and read in frames of a bounded size', () => {
    const file = new LogFile()
    const { log } = file.open()
    log.append(1, (sink) => {
      for (let row = 0; row < 200_000; row++) sink.update(3, row, [0, 2], [row, 'some text'])
    })
    log.close()
    for (let at = 8192; at < file.bytes.length;) {
      const length = file.image.bytes.readUInt32LE(at + 4)
      expect(length).toBeLessThanOrEqual(PAYLOAD_BYTES_MAX)
      at += FRAME_HEADER_BYTES + length
      if (at === file.bytes.length) expect(file.image.bytes[at - FRAME_HEADER_BYTES - length + 36]).toBe(2)
    }
    const { replay } = file.open()
    expect(replay.transactions).toHaveLength(1)
    expect(replay.transactions[0]!.records).toHaveLength(200_000)
    expect(replay.lastProgress![0]).toBe(replay.lastProgress![1])
  })

  test('of a transaction whose description failed is not there', () => {
    const file = new LogFile()
    const { log } = file.open()
    const boom = new Error('boom')
    const failing = (): unknown =>
      log.append(1, (sink) => {
        sink.delete(1, 1)
        throw boom
      })
    expect(failing).toThrow(boom)
    log.append(2, (sink) => sink.delete(1, 2))
    log.close()
    expect(file.open().replay.transactions).toEqual([{ timestamp: 2, records: [['delete', 1, 2]] }])
  })
})
