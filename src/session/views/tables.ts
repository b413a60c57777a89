/** `isolde_tables`: the published tables, how many rows each of them has, and by which indexes they are found. */
import type { SystemView } from '../../planner/index.ts'
import { INT8, TEXT } from '../../types/registry.ts'
import type { Engine } from '../engine.ts'

export function tablesView(engine: Engine): SystemView {
  return {
    name: 'isolde_tables',
    columns: [
      { name: 'name', type: TEXT },
      { name: 'rows', type: INT8 },
      { name: 'indexes', type: TEXT },
    ],
    rows: () =>
      engine.transactions.catalog.tables().map((descriptor) => {
        const indexes = descriptor.indexes.map(({ name }) => name).join(', ')
        return [descriptor.name, engine.store.table(descriptor.id)?.estimatedRows() ?? null, indexes]
      }),
  }
}
