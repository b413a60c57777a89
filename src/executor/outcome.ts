/** What a generated function, and a step of any other phase of a run, returns. The first four are what a step tells the session. */
export const Step = {
  DONE: 0,
  /** The budget is used up, or rows wait to be taken: step again. */
  YIELD: 1,
  /** It waits for a lock; what this run wrote is undone. Run it again once the lock is granted. */
  BLOCKED: 2,
  /** READ COMMITTED met a newer version; what this run wrote is undone. Run it again at once, with a fresh view. */
  RESTART: 3,
  /** Within the executor: the source's pages have another layout than the function serves. */
  LAYOUT: 4,
} as const
export type Step = (typeof Step)[keyof typeof Step]

/** How the outcome of a write (transaction.ts) ends a step: BLOCKED and CHANGED follow DONE in the same order. */
export const stepOf = (outcome: number): Step =>
  outcome === 0 ? Step.DONE : outcome === 1 ? Step.BLOCKED : Step.RESTART
