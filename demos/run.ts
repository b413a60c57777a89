/** What a run of a scenario leaves behind: the events in the order they happened, for the timeline, JSON and tests. */
import type { Level } from './levels.ts'
import type { NamedQuery, Outcome, Scenario, ScenarioStep } from './scenario.ts'
import type { Ending } from './witness.ts'

/** Values are PostgreSQL's text forms, as psql prints them; null is NULL. */
export interface StatementResult {
  readonly command: string
  readonly rowCount: number | null
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | null)[])[]
}

export interface Wait {
  /** The sessions of the scenario that hold the lock, or stand in front of it. */
  readonly holders: readonly string[]
  /** As the engine names it. */
  readonly lock: string
}

export interface Failure {
  readonly code: string
  readonly message: string
  readonly detail: string | null
}

/** A statement that was issued. Its result and its failure are filled in when it has finished. */
export interface IssuedStep {
  /** Counts from 1 in the order of issue. */
  readonly number: number
  readonly step: ScenarioStep
  wait: Wait | null
  result: StatementResult | null
  failure: Failure | null
}

export type RunEvent =
  /** Issued; it has finished within the same event unless `wait` is set. */
  | { readonly kind: 'issued'; readonly issued: IssuedStep }
  /** A statement that had waited has finished. */
  | { readonly kind: 'finished'; readonly issued: IssuedStep }
  /** A failed transaction is rolled back, as a client does. */
  | { readonly kind: 'rolled back'; readonly session: string }
  /** The rest of a transaction that was rolled back. */
  | { readonly kind: 'not run'; readonly step: ScenarioStep }

export interface FinalState extends NamedQuery {
  readonly result: StatementResult
}

/** What happened when a script was run. */
export interface Performance {
  readonly events: readonly RunEvent[]
  readonly finalState: readonly FinalState[]
  readonly endings: ReadonlyMap<string, Ending>
}

/** A performance that its scenario's witness has judged. */
export type Run = Outcome & Performance & { readonly scenario: Scenario; readonly level: Level }

/** The issued statements of a run, in order. */
export function issuedSteps(run: Run): readonly IssuedStep[] {
  return run.events.flatMap((event) => (event.kind === 'issued' ? [event.issued] : []))
}

/** The named results of a run with the single value each returned: what the witness was judged on. */
export function namedValues(
  events: readonly RunEvent[],
  finalState: readonly FinalState[],
): ReadonlyMap<string, string | null> {
  const values = new Map<string, string | null>()
  for (const event of events) {
    if (event.kind !== 'issued' || event.issued.result === null) continue
    addValue(values, event.issued.step.name, event.issued.result)
  }
  for (const { name, result } of finalState) addValue(values, name, result)
  return values
}

function addValue(values: Map<string, string | null>, name: string | null, { rows }: StatementResult): void {
  const [row, second] = rows
  if (name !== null && row?.length === 1 && second === undefined) values.set(name, row[0] ?? null)
}
