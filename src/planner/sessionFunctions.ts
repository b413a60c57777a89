/**
 * Functions that act upon the session that calls them: pg_notify, advisory locks. A plan is shared by all sessions, so it
 * cannot hold one; and what such a function does is no version that a rollback would take away. So:
 *
 * - The session layer runs every step of a statement that has such a function `on` its own port. Steps are atomic, so there
 *   is one port at a time.
 * - A function that has to wait throws `MustWait`. The session layer abandons the run, as after any wait (D2), and begins
 *   again when the wait is granted.
 * - What an abandoned run did is undone behind the port, by the session layer.
 */
import { featureNotSupported } from '../errors.ts'
import type { AdvisoryKey } from '../txn/locking/advisoryLock.ts'
import type { LockWait } from '../txn/lockWait.ts'
import { overload } from '../types/resolvedCall.ts'
import type { Overload, ResolvedCall } from '../types/resolvedCall.ts'
import { BOOLEAN, INT4, INT8, TEXT } from '../types/registry.ts'
import { resolveOverload } from '../types/overloadResolution.ts'
import type { SqlType } from '../types/sqlType.ts'
import type { Value } from '../types/value.ts'

export interface AdvisoryRequest {
  readonly key: AdvisoryKey
  readonly shared: boolean
  /** Until the end of the transaction, or of the session. */
  readonly scope: 'transaction' | 'session'
}

/** What the functions of this file do to their session. */
export interface SessionPort {
  readonly id: number
  notify(channel: string, payload: string): void
  /** False if it cannot be had now and `wait` is false. Throws MustWait, 40P01. */
  lockAdvisory(request: AdvisoryRequest, wait: boolean): boolean
  /** False, with a warning, if the session does not hold it. */
  unlockAdvisory(key: AdvisoryKey, shared: boolean): boolean
  /** Those of the session; those of the transaction stay. */
  unlockAllAdvisory(): void
}

/** Ends the run, which begins anew when the wait is over; no caller ever sees it. */
export class MustWait extends Error {
  readonly wait: LockWait

  constructor(wait: LockWait) {
    super('the run waits')
    this.wait = wait
  }
}

let current: SessionPort | null = null

/** Runs a step in which functions of the session may be called. */
export function on<T>(port: SessionPort, run: () => T): T {
  const before = current
  current = port
  try {
    return run()
  } finally {
    current = before
  }
}

function port(name: string): SessionPort {
  if (current === null) throw featureNotSupported(`${name}() in this place`)
  return current
}

/** PostgreSQL's void prints as nothing. */
const nothing = ''

type Definition = readonly [name: string, overloads: readonly Overload[]]

function define(
  name: string,
  parameters: readonly SqlType[],
  result: SqlType,
  call: (...args: never[]) => Value,
): Overload {
  return overload({ name, parameters, result, call, immutable: false })
}

/** As `define`, but called with nulls, too. */
function withNulls(...definition: Parameters<typeof define>): Overload {
  const { resolve, ...rest } = define(...definition)
  return { ...rest, resolve: (operands) => ({ ...resolve(operands), strict: false }) }
}

/** For one int8 and for two int4. */
function keyed(name: string, result: SqlType, call: (key: AdvisoryKey) => Value): Definition {
  return [
    name,
    [
      define(name, [INT8], result, (key: number | bigint) => call(BigInt(key))),
      define(name, [INT4, INT4], result, (high: number, low: number) => call([high, low])),
    ],
  ]
}

function advisory(scope: AdvisoryRequest['scope'], shared: boolean): Definition[] {
  const part = scope === 'session' ? '' : '_xact'
  const suffix = shared ? '_shared' : ''
  const lock = `pg_advisory${part}_lock${suffix}`
  const tryLock = `pg_try_advisory${part}_lock${suffix}`
  return [
    keyed(lock, TEXT, (key) => {
      port(lock).lockAdvisory({ key, shared, scope }, true)
      return nothing
    }),
    keyed(tryLock, BOOLEAN, (key) => port(tryLock).lockAdvisory({ key, shared, scope }, false)),
  ]
}

function unlock(shared: boolean): Definition {
  const name = `pg_advisory_unlock${shared ? '_shared' : ''}`
  return keyed(name, BOOLEAN, (key) => port(name).unlockAdvisory(key, shared))
}

const functions: ReadonlyMap<string, readonly Overload[]> = new Map<string, readonly Overload[]>([
  [
    'pg_notify',
    [
      // Not strict: without a channel it is an error, without a payload a message without one.
      withNulls('pg_notify', [TEXT, TEXT], TEXT, (channel: string | null, payload: string | null) => {
        port('pg_notify').notify(channel ?? '', payload ?? '')
        return nothing
      }),
    ],
  ],
  ['pg_backend_pid', [define('pg_backend_pid', [], INT4, () => port('pg_backend_pid').id)]],
  ...advisory('session', false),
  ...advisory('session', true),
  ...advisory('transaction', false),
  ...advisory('transaction', true),
  unlock(false),
  unlock(true),
  [
    'pg_advisory_unlock_all',
    [
      define('pg_advisory_unlock_all', [], TEXT, () => {
        port('pg_advisory_unlock_all').unlockAllAdvisory()
        return nothing
      }),
    ],
  ],
])

/** The call of a function of this file; null if the name is none of them, or the operands do not fit (42883 is said by others). */
export function resolveSessionFunction(name: string, operands: readonly SqlType[]): ResolvedCall | null {
  const overloads = functions.get(name)
  if (overloads === undefined) return null
  const found = resolveOverload(overloads, operands)
  return found === 'none' || found === 'ambiguous' ? null : found.resolve(operands)
}
