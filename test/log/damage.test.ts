import { beforeEach, describe, expect, test } from 'vitest'
import { DatabaseError } from '../../src/errors.ts'
import { LogFile } from './logFile.ts'

const FRAMES_START = 8192

/** Three transactions, each made durable before the next. Returns where each ends. */
function writeThree(file: LogFile): number[] {
  const { log } = file.open()
  return [1, 2, 3].map((timestamp) => {
    const end = log.append(timestamp, (sink) => sink.insert(7, timestamp, ['abc', timestamp]))
    log.syncNow()
    if (timestamp === 3) log.close()
    return end
  })
}

function errorOf(work: () => unknown): DatabaseError {
  try {
    work()
  } catch (error) {
    if (error instanceof DatabaseError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('damage', () => {
  let file: LogFile
  let ends: number[]
  let whole: Buffer

  beforeEach(() => {
    file = new LogFile()
    ends = writeThree(file)
    whole = file.bytes
  })

  test('of any one byte of a log that was closed is refused, with file and offset', () => {
    for (let at = FRAMES_START; at < whole.length; at++) {
      const damaged = Buffer.from(whole)
      damaged[at]! ^= 0x10
      file.bytes = damaged
      const error = errorOf(() => file.open())
      const frame = [FRAMES_START, ...ends].findLast((start) => start <= at)!
      expect(error.code).toBe('XX001')
      expect(error.message).toContain(`"data/redo.log" is damaged at offset ${frame}`)
      expect(file.bytes.subarray(FRAMES_START)).toEqual(damaged.subarray(FRAMES_START))
    }
  })

  test('of any one byte of the headers loses nothing', () => {
    for (let at = 0; at < FRAMES_START; at += at % 4096 < 64 ? 1 : 500) {
      const damaged = Buffer.from(whole)
      damaged[at]! ^= 0x10
      file.bytes = damaged
      const { log, replay } = file.open()
      expect(replay.transactions).toHaveLength(3)
      log.close()
    }
  })

  test('of both headers is refused', () => {
    const damaged = Buffer.from(whole)
    damaged[3]! ^= 1
    damaged[4096 + 20]! ^= 1
    file.bytes = damaged
    expect(errorOf(() => file.open()).message).toContain('damaged at offset 0')
  })

  test('by a cut of a log that was closed is refused, at whatever length', () => {
    for (let length = 0; length < whole.length; length++) {
      file.bytes = whole.subarray(0, length)
      expect(errorOf(() => file.open()).code).toBe('XX001')
      // Between the two headers nothing can be changed that matters.
      if (length > 5000 && length < FRAMES_START - 10) length += 97
    }
  })

  test('in the middle is refused after a crash too, because later frames vouch for what lies before them', () => {
    file.open().log.append(4, (sink) => sink.delete(7, 1))
    file.kill()
    const { log } = file.open()
    log.append(5, (sink) => sink.delete(7, 2))
    file.kill()
    const crashed = file.bytes
    for (let at = FRAMES_START; at < ends[2]!; at += 5) {
      const damaged = Buffer.from(crashed)
      damaged[at]! ^= 1
      file.bytes = damaged
      expect(errorOf(() => file.open()).code).toBe('XX001')
    }
  })

  test('is refused where frames changed places, or came from another log', () => {
    const first = whole.subarray(FRAMES_START, ends[0])
    const second = whole.subarray(ends[0], ends[1])
    expect(first.length).toBe(second.length)
    file.bytes = Buffer.concat([whole.subarray(0, FRAMES_START), second, first, whole.subarray(ends[1])])
    expect(errorOf(() => file.open()).code).toBe('XX001')

    const other = new LogFile()
    other.open(2).log.append(1, (sink) => sink.insert(7, 1, ['abc', 1]))
    file.bytes = Buffer.concat([
      whole.subarray(0, FRAMES_START),
      other.bytes.subarray(FRAMES_START),
      whole.subarray(ends[0]),
    ])
    expect(errorOf(() => file.open()).code).toBe('XX001')
  })

  test('does not leave the directory locked', () => {
    file.bytes = whole.subarray(0, whole.length - 1)
    expect(errorOf(() => file.open()).code).toBe('XX001')
    file.bytes = whole
    expect(file.open().replay.transactions).toHaveLength(3)
  })
})

describe('a torn tail', () => {
  test('is cut off, wherever it is torn, and the log goes on', () => {
    const file = new LogFile()
    const { log } = file.open()
    log.append(1, (sink) => sink.insert(7, 1, ['abc']))
    const end = log.append(2, (sink) => sink.insert(7, 2, ['d'.repeat(50)]))
    file.kill()
    const crashed = file.bytes
    expect(crashed.length).toBe(end)
    for (let length = FRAMES_START; length <= crashed.length; length++) {
      file.bytes = Buffer.concat([crashed.subarray(0, length), Buffer.alloc(length % 3 === 0 ? 300 : 0)])
      const { log: again, replay } = file.open()
      const survivors = replay.transactions.length
      expect(survivors).toBe(length === crashed.length ? 2 : length >= FRAMES_START + 40 + 9 ? 1 : 0)
      again.append(3, (sink) => sink.delete(7, 1))
      again.close()
      const last = file.open()
      expect(last.replay.transactions.map((transaction) => transaction.timestamp)).toEqual(
        [1, 2].slice(0, survivors).concat(3),
      )
      last.log.close()
    }
  })

  test('of a transaction in chunks takes the whole transaction with it', () => {
    const file = new LogFile()
    const { log } = file.open()
    const end = log.append(1, (sink) => sink.insert(1, 1, ['x']))
    log.append(2, (sink) => sink.insert(1, 2, ['y'.repeat(3_000_000)]))
    file.kill()
    file.bytes = file.bytes.subarray(0, file.bytes.length - 1)
    const { replay } = file.open()
    expect(replay.transactions).toHaveLength(1)
    expect(replay.unfinished).toBe(0)
    expect(file.bytes.length).toBe(end)
  })
})

test('a log of another version is refused, and says which', () => {
  const file = new LogFile()
  file.open().log.close()
  const bytes = file.bytes
  const { crc32 } = process.getBuiltinModule('node:zlib')
  for (const slot of [0, 4096]) {
    bytes.writeUInt32LE(3, slot + 8)
    bytes.writeUInt32LE(0, slot + 12)
    bytes.writeUInt32LE(crc32(bytes.subarray(slot, slot + 64)), slot + 12)
  }
  file.bytes = bytes
  const error = errorOf(() => file.open())
  expect([error.code, error.message]).toEqual([
    '22023',
    'log file "data/redo.log" has format version 3; this Isolde knows version 2',
  ])
})

test('an owner whose epoch was raised by another opener stops before it writes', () => {
  const file = new LogFile()
  const first = file.open()
  first.log.append(1, (sink) => sink.delete(1, 1))
  file.disk.locks.clear()
  const second = file.open()
  expect(second.replay.transactions).toHaveLength(1)
  expect(errorOf(() => first.log.append(2, (sink) => sink.delete(1, 2))).message).toContain(
    'was opened by somebody else',
  )
  second.log.append(2, (sink) => sink.delete(1, 3))
  first.log.close()
  second.log.close()
  expect(file.open().replay.transactions.map(({ records }) => records)).toEqual([
    [['delete', 1, 1]],
    [['delete', 1, 3]],
  ])
})
