/** The log of docs/file-format.md's example, and the picture of its bytes that the page shows. */
import { Decimal } from '../../src/types/decimal.ts'
import { openLog } from '../../src/storage/log/log.ts'
import { Disk } from '../simulation/disk.ts'
import { SimulatedEnv } from '../simulation/env.ts'
import { RecordingReplay } from '../simulation/logWorld.ts'

/** Two transactions in a new log whose salt is 0x80000000, closed in order. */
export function exampleLog(): Buffer {
  const disk = new Disk()
  const env = new SimulatedEnv(disk, { seed: 1 })
  env.random.next = () => 0.5
  const log = openLog(env, 'data', { durable: () => undefined, failed: () => undefined }, new RecordingReplay())
  log.append(1, (sink) => sink.insert(7, 0, [1, 'Zoë', null, true, -300]))
  log.syncNow()
  log.append(2, (sink) => {
    sink.update(7, 0, [1, 4], ['Ada', 0.5])
    sink.insert(7, 1, [2n ** 64n, Decimal.of(-125n, 2)])
    sink.delete(7, 0)
  })
  log.close()
  return disk.entries.get('data/redo.log')!.cached.bytes
}

/** Sixteen bytes a line: offset, hexadecimal, ASCII; lines of zeros only are left out. */
export function hexdump(bytes: Buffer): string {
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += 16) {
    const line = bytes.subarray(at, at + 16)
    if (line.every((byte) => byte === 0)) continue
    const hex = Array.from(line, (byte) => byte.toString(16).padStart(2, '0'))
    const left = hex.slice(0, 8).join(' ')
    const ascii = Array.from(line, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('')
    lines.push(`${at.toString().padStart(5)}  ${`${left}  ${hex.slice(8).join(' ')}`.padEnd(48)}  ${ascii}`)
  }
  return lines.join('\n')
}
