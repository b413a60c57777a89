/** `isolde_locks`: who holds what in which mode, and who waits for it (PostgreSQL's pg_locks). */
import type { SystemView } from '../../planner/index.ts'
import { BOOLEAN, INT8, TEXT } from '../../types/registry.ts'
import type { Engine } from '../engine.ts'
import { holderNames } from '../holderName.ts'

export function locksView({ transactions }: Engine): SystemView {
  return {
    name: 'isolde_locks',
    columns: [
      { name: 'session', type: INT8 },
      { name: 'transaction', type: INT8 },
      { name: 'kind', type: TEXT },
      { name: 'table', type: TEXT },
      { name: 'index', type: TEXT },
      { name: 'row', type: INT8 },
      { name: 'key', type: TEXT },
      { name: 'mode', type: TEXT },
      { name: 'granted', type: BOOLEAN },
      { name: 'blocked_by', type: TEXT },
    ],
    rows: () =>
      transactions.locks
        .describe(transactions.active(), (id) => transactions.store.table(id))
        .map(({ session, transaction, kind, table, index, rowId, key, mode, granted, blockedBy }) => [
          // A prepared transaction is no session's.
          session === 0 ? null : session,
          transaction,
          kind,
          table,
          index,
          rowId,
          key,
          mode,
          granted,
          granted ? null : holderNames(blockedBy),
        ]),
  }
}
