/** What a step of a run tells the session. */
export const Step = {
  DONE: 0,
  /** The budget is used up, or rows wait to be taken: step again. */
  YIELD: 1,
  /**
   * It waits for a lock. If a read waits in place (`Execution.waitsInPlace`), step again once it is granted; else what this
   * run wrote is undone, and a new one begins.
   */
  BLOCKED: 2,
  /** READ COMMITTED met a newer version; what this run wrote is undone. Run it again at once, with a fresh view. */
  RESTART: 3,
} as const
export type Step = (typeof Step)[keyof typeof Step]

/** Within the executor: a generated function met pages of another layout than it serves. */
export const LAYOUT = 4
export type PipelineStep = Step | typeof LAYOUT

/** How the outcome of a write (transaction.ts) ends a step: BLOCKED and CHANGED follow DONE in the same order. */
export const stepOf = (outcome: number): Step =>
  outcome === 0 ? Step.DONE : outcome === 1 ? Step.BLOCKED : Step.RESTART
