/** What the session layer counts for `isolde_stats`: waits, restarts, and why statements and commits failed. */
import { DatabaseError } from '../errors.ts'
import type { Isolation } from '../txn/isolation.ts'

export interface FailureCount {
  /** `SERIALIZABLE USING SSI`. */
  readonly level: string
  readonly cause: string
  count: number
}

const causes: Readonly<Record<string, string>> = {
  '40001': 'serialization failure',
  '40P01': 'deadlock',
  '55P03': 'lock not available',
  '57014': 'cancelled',
  '25P03': 'transaction timeout',
  '25P04': 'transaction timeout',
  '08007': 'disk failure',
}

/** For people: why a transaction could not go on. */
function causeOf(error: unknown): string {
  if (!(error instanceof DatabaseError)) return 'other error'
  return causes[error.code] ?? (error.code.startsWith('23') ? 'constraint' : 'other error')
}

export class Statistics {
  /** Statements that had to wait for a lock. */
  waits = 0
  /** Runs of statements that were abandoned, and begun anew. */
  restarts = 0
  readonly #failures = new Map<string, FailureCount>()

  /** A statement or a commit of a transaction at this level failed. */
  failed({ title }: Isolation, error: unknown): void {
    const cause = causeOf(error)
    const key = `${title}: ${cause}`
    const known = this.#failures.get(key)
    if (known === undefined) this.#failures.set(key, { level: title, cause, count: 1 })
    else known.count++
  }

  get failures(): readonly FailureCount[] {
    return [...this.#failures.values()]
  }
}
