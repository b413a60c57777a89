/** `isolde_prepared`: transactions that wait for COMMIT PREPARED or ROLLBACK PREPARED (PostgreSQL's pg_prepared_xacts). */
import type { SystemView } from '../../planner/index.ts'
import { INT8, TEXT, TIMESTAMP } from '../../types/registry.ts'
import type { Engine } from '../engine.ts'
import { preparedTransactions } from '../preparedTransactions.ts'

export function preparedView(engine: Engine): SystemView {
  return {
    name: 'isolde_prepared',
    columns: [
      { name: 'transaction', type: INT8 },
      { name: 'gid', type: TEXT },
      { name: 'prepared', type: TIMESTAMP },
      { name: 'session', type: INT8 },
      { name: 'isolation', type: TEXT },
      { name: 'state', type: TEXT },
    ],
    rows: () =>
      preparedTransactions(engine).map(({ transaction, gid, preparedAt, session, isolation, state }) => [
        transaction,
        gid,
        preparedAt.getTime() * 1000,
        session,
        isolation,
        state,
      ]),
  }
}
