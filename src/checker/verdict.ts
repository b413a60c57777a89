/** What the checker found, as data and in words. */
import type { EdgeKind } from './serializationGraph.ts'
import type { Level } from './model.ts'

/** Adya's names, with Berenson's P4, and OTV and PMP of Bailis et al.; the cycle classes are disjoint (cycles.ts). */
export type PhenomenonName =
  'internal' | 'G0' | 'G1a' | 'G1b' | 'G1c' | 'OTV' | 'P4' | 'G-single' | 'PMP' | 'G-SIa' | 'G-SIb' | 'G2-item' | 'G2'

export const phenomenonTitles: Readonly<Record<PhenomenonName, string>> = {
  internal: 'a transaction misses its own write',
  G0: 'dirty write',
  G1a: 'aborted read',
  G1b: 'intermediate read',
  G1c: 'circular information flow',
  OTV: 'observed transaction vanishes',
  P4: 'lost update',
  'G-single': 'read skew',
  PMP: 'phantom',
  'G-SIa': 'a snapshot saw what was committed after it was taken',
  'G-SIb': 'a snapshot missed what was committed before it was taken',
  'G2-item': 'write skew',
  G2: 'phantom write skew',
}

/** A statement behind one end of a conflict. */
export interface StatementReference {
  readonly transaction: number
  readonly statement: number
  readonly sql: string
}

/** A direct conflict: in every serial order that explains the history, `from` stands before `to`. */
export interface Conflict {
  readonly kind: EdgeKind
  readonly from: number
  readonly to: number
  /** The predicate of the reader; null if it read the object itself. */
  readonly predicate: string | null
  readonly object: string
  readonly fromStatement: StatementReference | null
  readonly toStatement: StatementReference | null
  /** What happened, in words. */
  readonly description: string
}

export interface Phenomenon {
  readonly name: PhenomenonName
  readonly title: string
  /** The transactions of the witness, in the order of the cycle. */
  readonly transactions: readonly number[]
  /** The cycle; of a wrong read, the one conflict that it is. */
  readonly conflicts: readonly Conflict[]
}

export interface Violation {
  /** The level that proscribes it. */
  readonly level: Level
  readonly phenomenon: Phenomenon
}

/** Which phenomena each one is a case of. */
const includes: Readonly<Partial<Record<PhenomenonName, readonly PhenomenonName[]>>> = {
  P4: ['G-single', 'G2-item', 'G2'],
  'G-single': ['G2-item', 'G2'],
  PMP: ['G2'],
  'G2-item': ['G2'],
}

export class Verdict {
  /** One of each kind that occurs, the gravest first, whatever the levels. */
  readonly phenomena: readonly Phenomenon[]
  /** What the transactions' own levels proscribe; empty if the database kept its promises. */
  readonly violations: readonly Violation[]
  /**
   * Ids of the committed transactions in an order that explains all that they read and the final state; null if there is none.
   */
  readonly serialOrder: readonly number[] | null

  constructor(
    phenomena: readonly Phenomenon[],
    violations: readonly Violation[],
    serialOrder: readonly number[] | null,
  ) {
    this.phenomena = phenomena
    this.violations = violations
    this.serialOrder = serialOrder
  }

  get ok(): boolean {
    return this.violations.length === 0
  }

  /** True if the phenomenon, or one that is a case of it in Adya's definitions, occurs. */
  has(name: PhenomenonName): boolean {
    return this.phenomena.some((each) => each.name === name || includes[each.name]?.includes(name) === true)
  }

  describe(): string {
    const lines: string[] = []
    if (this.violations.length === 0) lines.push('No level was violated.')
    for (const { level, phenomenon } of this.violations) {
      lines.push(`${level.toUpperCase()} was violated: ${describePhenomenon(phenomenon)}`)
    }
    const others = this.phenomena.filter(
      ({ name }) => !this.violations.some(({ phenomenon }) => phenomenon.name === name),
    )
    for (const phenomenon of others) lines.push(`Permitted, and found: ${describePhenomenon(phenomenon)}`)
    lines.push(
      this.serialOrder === null
        ? 'No serial order explains this history.'
        : `Serial order: ${this.serialOrder.map((id) => `T${id}`).join(', ') || 'nothing was committed'}.`,
    )
    return lines.join('\n')
  }
}

/** Conflicts of one phenomenon that are described: nobody reads a circle of thousands, and its ends tell what it is. */
const mostDescribed = 24

/** `G-single (read skew): T1 →rw T2 →wr T1`, and a line for each conflict; of a long circle, for those at its ends. */
export function describePhenomenon({ name, title, conflicts }: Phenomenon): string {
  const [first] = conflicts
  const path = shortened(
    conflicts.map(({ kind, to }) => ` →${kind} T${to}`),
    (left) => ` → … ${left} more …`,
  ).join('')
  const lines = shortened(
    conflicts.map(({ description }) => `  ${description}`),
    (left) => `  … and ${left} more`,
  )
  return [`${name} (${title}): T${first?.from ?? 0}${path}`, ...lines].join('\n')
}

function shortened(parts: readonly string[], gap: (left: number) => string): readonly string[] {
  if (parts.length <= mostDescribed) return parts
  const half = mostDescribed / 2
  return [...parts.slice(0, half), gap(parts.length - mostDescribed), ...parts.slice(-half)]
}
