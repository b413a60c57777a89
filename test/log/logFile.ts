/** A log on a simulated disk whose bytes a test can look at and change. */
import { openLog, type CommitLog } from '../../src/storage/log/log.ts'
import type { Image } from '../simulation/disk.ts'
import { Disk } from '../simulation/disk.ts'
import { SimulatedEnv } from '../simulation/env.ts'
import { RecordingReplay } from '../simulation/logWorld.ts'

export interface OpenedLog {
  readonly log: CommitLog
  readonly replay: RecordingReplay
}

export class LogFile {
  readonly disk = new Disk()

  open(seed = 1): OpenedLog {
    const replay = new RecordingReplay()
    const env = new SimulatedEnv(this.disk, { seed })
    const log = openLog(env, 'data', { durable: () => undefined, failed: () => undefined }, replay)
    return { log, replay }
  }

  /** The process dies. */
  kill(): void {
    this.disk.kill()
  }

  get image(): Image {
    return this.disk.entries.get('data/redo.log')!.cached
  }

  get bytes(): Buffer {
    return Buffer.from(this.image.bytes)
  }

  set bytes(bytes: Buffer) {
    this.image.truncate(0)
    this.image.write(0, bytes)
  }
}
