/** Time and turns as a test wants them: nothing goes on by itself, and the clock counts what happens, not milliseconds. */
import type { Env, Scheduler, TaskInfo, Timer } from '../../src/index.ts'
import { nodeEnv } from '../../src/index.ts'

/** More than any program needs: who takes more goes round in circles. */
const mostSteps = 20_000

export class ManualEnv implements Env {
  readonly clock = { nowMicros: () => 0, monotonicMillis: () => this.#now }
  readonly random = { next: () => 0.5 }
  readonly files = nodeEnv.files
  readonly timers = {
    soon: (callback: () => void) => {
      this.#soon.push(callback)
    },
    set: (delay: number, callback: () => void): Timer => {
      const timer = { due: this.#now + delay, callback }
      this.#timers.add(timer)
      return { cancel: () => void this.#timers.delete(timer) }
    },
  }
  readonly #soon: (() => void)[] = []
  readonly #timers = new Set<{ readonly due: number; readonly callback: () => void }>()
  #now = 0

  warn(): void {
    // Nobody reads it.
  }

  /** A millisecond is over. */
  tick(): void {
    this.#now++
    for (const timer of this.#timers) {
      if (timer.due > this.#now) continue
      this.#timers.delete(timer)
      timer.callback()
    }
  }

  /** Runs what was put off until nothing is left. Throws when there is no end to it. */
  drain(): void {
    let count = 0
    for (let callback = this.#soon.shift(); callback !== undefined; callback = this.#soon.shift()) {
      if (++count > mostSteps) throw new Error('the program does not come to an end')
      callback()
    }
  }
}

/** Takes its picks from a list, and then the task that has been ready longest. */
export class ScriptedScheduler implements Scheduler {
  #picks: readonly number[] = []
  #next = 0

  restart(picks: readonly number[]): void {
    this.#picks = picks
    this.#next = 0
  }

  /** Throws when there is no end to it. */
  pick(ready: readonly TaskInfo[]): number {
    if (this.#next > mostSteps) throw new Error(`never ended: ${ready.map(({ sql }) => sql).join('; ')}`)
    return (this.#picks[this.#next++] ?? 0) % ready.length
  }
}
