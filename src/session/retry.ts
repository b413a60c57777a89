/**
 * Transactions as callbacks: begin, call, commit; and again from the beginning when another transaction was in the way.
 *
 * What is retried is what PostgreSQL says is safe to retry as a whole: 40001 and 40P01. Between two attempts passes a
 * random time that doubles at most with each one ("full jitter"), so that two transactions that collided do not collide
 * for ever; and a retry keeps the age of its first attempt, so that a deadlock's victim is in the end another.
 */
import { atLeastZero } from '../argumentChecks.ts'
import type { Env } from '../env/env.ts'
import { DatabaseError } from '../errors.ts'

const defaultRetries = 10
const firstDelayMillis = 1
const longestDelayMillis = 200

export interface RetryOptions {
  /** How often a transaction that failed with 40001 or 40P01 is tried again; 10 by default. */
  readonly retries?: number
}

/** Calls `attempt` until it succeeds; the last error is thrown. `failed` is told of each error that will be retried. */
export async function withRetries<T>(env: Env, options: RetryOptions, attempt: () => Promise<T>): Promise<T> {
  const retries = atLeastZero('retries', options.retries, defaultRetries)
  for (let tried = 0; ; tried++) {
    try {
      return await attempt()
    } catch (error) {
      if (!isRetryable(error) || tried >= retries) throw error
      await pause(env, backoffMillis(env, tried))
    }
  }
}

/** As `withRetries`, at once: a synchronous caller lets nobody else move, so waiting would bring nothing. */
export function withRetriesSync<T>(options: RetryOptions, attempt: () => T): T {
  const retries = atLeastZero('retries', options.retries, defaultRetries)
  for (let tried = 0; ; tried++) {
    try {
      return attempt()
    } catch (error) {
      if (!isRetryable(error) || tried >= retries) throw error
    }
  }
}

const isRetryable = (error: unknown): boolean => error instanceof DatabaseError && error.retryable

function backoffMillis(env: Env, tried: number): number {
  return env.random.next() * Math.min(longestDelayMillis, firstDelayMillis * 2 ** tried)
}

function pause(env: Env, millis: number): Promise<void> {
  return new Promise((resolve) => {
    env.timers.set(millis, resolve, true)
  })
}
