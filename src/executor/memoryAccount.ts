/**
 * What one statement holds in memory, estimated: breakers and result buffers charge it as they grow. It bounds what a
 * statement may take; it does not measure V8's heap. Over the limit the statement fails with 53200.
 */
import { memoryLimitExceeded } from '../errors.ts'

export class MemoryAccount {
  usedBytes = 0
  readonly limitBytes: number

  constructor(limitBytes = Number.POSITIVE_INFINITY) {
    this.limitBytes = limitBytes
  }

  /** @throws 53200 */
  charge(bytes: number): void {
    this.usedBytes += bytes
    if (this.usedBytes > this.limitBytes) throw memoryLimitExceeded(this.limitBytes)
  }

  release(bytes: number): void {
    this.usedBytes -= bytes
  }
}
