import type { Env } from '../../src/index.ts'
import { nodeEnv } from '../../src/index.ts'

interface FakeTimer {
  readonly delayMillis: number
  readonly callback: () => void
  readonly keepAlive: boolean
}

/** Node's env with timers that fire when the test says so, random numbers that it chose, and warnings that it can read. */
export class FakeEnv implements Env {
  readonly clock = nodeEnv.clock
  readonly files = nodeEnv.files
  readonly warnings: string[] = []
  readonly pending: FakeTimer[] = []
  randomNumber = 0.5
  readonly random = { next: () => this.randomNumber }
  readonly timers = {
    soon: nodeEnv.timers.soon,
    set: (delayMillis: number, callback: () => void, keepAlive: boolean) => {
      const timer = { delayMillis, callback, keepAlive }
      this.pending.push(timer)
      return { cancel: () => this.#forget(timer) }
    },
  }

  warn(message: string): void {
    this.warnings.push(message)
  }

  /** Fires the timers that are set now; gives their delays. */
  fire(): number[] {
    const due = [...this.pending]
    for (const timer of due) {
      this.#forget(timer)
      timer.callback()
    }
    return due.map(({ delayMillis }) => delayMillis)
  }

  #forget(timer: FakeTimer): void {
    const at = this.pending.indexOf(timer)
    if (at >= 0) this.pending.splice(at, 1)
  }
}

/** Lets promises and slices of steps go on. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** The fields that `expect(…).toMatchObject` needs of a refused call. */
export async function errorOf(call: Promise<unknown>): Promise<Record<string, unknown>> {
  try {
    await call
  } catch (error) {
    return error as Record<string, unknown>
  }
  throw new Error('expected an error')
}
