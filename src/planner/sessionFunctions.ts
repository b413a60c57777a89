/**
 * Functions that act upon the session that calls them: pg_notify. A plan is shared by all sessions, so it
 * cannot hold one; and what such a function does is no version that a rollback would take away. So:
 *
 * - The session layer runs every step of a statement that has such a function `on` its own port. Steps are atomic, so there
 *   is one port at a time.
 * - What an abandoned run did is undone behind the port, by the session layer.
 */
import { featureNotSupported } from '../errors.ts'
import { overload } from '../types/resolvedCall.ts'
import type { Overload, ResolvedCall } from '../types/resolvedCall.ts'
import { INT4, TEXT } from '../types/registry.ts'
import { resolveOverload } from '../types/overloadResolution.ts'
import type { SqlType } from '../types/sqlType.ts'
import type { Value } from '../types/value.ts'

/** What the functions of this file do to their session. */
export interface SessionPort {
  readonly id: number
  notify(channel: string, payload: string): void
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

function define(
  name: string,
  parameters: readonly SqlType[],
  result: SqlType,
  call: (...args: never[]) => Value,
): Overload {
  return overload({ name, parameters, result, call, immutable: false })
}

const functions: ReadonlyMap<string, readonly Overload[]> = new Map<string, readonly Overload[]>([
  [
    'pg_notify',
    [
      define('pg_notify', [TEXT, TEXT], TEXT, (channel: string, payload: string) => {
        port('pg_notify').notify(channel, payload)
        return nothing
      }),
    ],
  ],
  ['pg_backend_pid', [define('pg_backend_pid', [], INT4, () => port('pg_backend_pid').id)]],
])

/** The call of a function of this file; null if the name is none of them, or the operands do not fit (42883 is said by others). */
export function resolveSessionFunction(name: string, operands: readonly SqlType[]): ResolvedCall | null {
  const overloads = functions.get(name)
  if (overloads === undefined) return null
  const found = resolveOverload(overloads, operands)
  return found === 'none' || found === 'ambiguous' ? null : found.resolve(operands)
}
