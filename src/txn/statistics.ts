/** How transactions ended, by level: plain numbers, bumped where it happens. The session layer adds why (session/statistics.ts). */
import type { Isolation } from './isolation.ts'
import { Isolations } from './isolation.ts'

export interface EndCounts {
  readonly isolation: Isolation
  commits: number
  rollbacks: number
}

export class EndStatistics {
  readonly counts: readonly EndCounts[] = Object.values(Isolations).map((isolation) => ({
    isolation,
    commits: 0,
    rollbacks: 0,
  }))

  ended(isolation: Isolation, committed: boolean): void {
    const counts = this.counts[isolation.ordinal]!
    if (committed) counts.commits++
    else counts.rollbacks++
  }
}
