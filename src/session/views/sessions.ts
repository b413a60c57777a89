/** `isolde_sessions`: who is connected, and what each does (PostgreSQL's pg_stat_activity). */
import type { SystemView } from '../../planner/index.ts'
import { BOOLEAN, INT8, TEXT } from '../../types/registry.ts'
import type { Value } from '../../types/value.ts'
import type { Engine } from '../engine.ts'
import { holderNames } from '../holderName.ts'
import type { SessionState } from '../sessionState.ts'

export function sessionsView(engine: Engine): SystemView {
  return {
    name: 'isolde_sessions',
    columns: [
      { name: 'id', type: INT8 },
      { name: 'application_name', type: TEXT },
      { name: 'state', type: TEXT },
      { name: 'isolation', type: TEXT },
      { name: 'read_only', type: BOOLEAN },
      { name: 'transaction', type: INT8 },
      { name: 'snapshot', type: INT8 },
      { name: 'commits_since', type: INT8 },
      { name: 'statement', type: TEXT },
      { name: 'waiting_for', type: TEXT },
      { name: 'blocked_by', type: TEXT },
    ],
    rows: () => engine.activeSessions().map((session) => rowOf(engine, session)),
  }
}

function rowOf({ transactions }: Engine, session: SessionState): Value[] {
  const { task, block } = session
  const { transaction } = block
  const wait = task?.wait ?? null
  const snapshot = transaction?.snapshotTimestamp ?? null
  return [
    session.id,
    session.settings.get('application_name'),
    stateOf(session),
    transaction === null ? null : transaction.isolation.title.toLowerCase(),
    transaction === null ? null : block.readOnly,
    transaction === null ? null : transaction.id,
    snapshot,
    snapshot === null ? null : transactions.publishedTimestamp - snapshot,
    // Of who waits in a block for its next statement: the last one, which may be what holds up others.
    task?.sql ?? (block.kind === 'explicit' ? session.lastStatement : null),
    wait === null ? null : (task?.waitDescription() ?? null),
    wait === null ? null : holderNames(wait.holders()),
  ]
}

function stateOf({ state, block }: SessionState): string {
  if (state !== 'idle' || block.kind !== 'explicit') return state
  return block.failed ? 'idle in transaction (aborted)' : 'idle in transaction'
}
