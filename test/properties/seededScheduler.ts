import type { Scheduler, TaskInfo } from '../../src/index.ts'

/** Picks the next statement at random, the same ones for the same seed (mulberry32). */
export class SeededScheduler implements Scheduler {
  #state = 0

  restart(seed: number): void {
    this.#state = seed | 0
  }

  pick(ready: readonly TaskInfo[]): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % ready.length
  }
}
