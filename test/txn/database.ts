/** A small database without SQL, for tests that drive storage and transactions through their own interface. */
import type { IndexDescriptor, TableDescriptor } from '../../src/catalog/index.ts'
import { CatalogRoot } from '../../src/catalog/index.ts'
import type { DatabaseError } from '../../src/errors.ts'
import type { ReadView } from '../../src/storage/readView.ts'
import type { RowTable } from '../../src/storage/row/table.ts'
import { Store } from '../../src/storage/store.ts'
import { Trace } from '../../src/trace.ts'
import type { LockWait } from '../../src/txn/lockWait.ts'
import type { IsolationLevel } from '../../src/txn/isolation.ts'
import { isolationOf } from '../../src/txn/isolation.ts'
import { TransactionManager } from '../../src/txn/manager.ts'
import type { Transaction } from '../../src/txn/transaction.ts'
import { modesOf } from '../../src/txn/transactionRecord.ts'
import type { Value } from '../../src/types/value.ts'

export const index = (id: number, name: string, columns: number[], unique = false): IndexDescriptor => ({
  id,
  name,
  unique,
  columns,
  constraint: unique,
})

/** id integer PRIMARY KEY, k integer (indexed, nullable), s text (indexed together with k). */
export const descriptor = (id: number, indexes: IndexDescriptor[] = allIndexes): TableDescriptor => ({
  id,
  schema: 'public',
  name: `t${id}`,
  columns: [
    { name: 'id', type: { kind: 'int4' }, notNull: true, default: null },
    { name: 'k', type: { kind: 'int4' }, notNull: false, default: null },
    { name: 's', type: { kind: 'text' }, notNull: false, default: null },
  ],
  constraints: [],
  indexes,
})

export const allIndexes = [index(101, 't_pkey', [0], true), index(102, 't_k', [1]), index(103, 't_s_k', [2, 1])]

export class TestDatabase {
  readonly store = new Store()
  readonly trace = new Trace()
  readonly ready: LockWait[] = []
  readonly published: Transaction[] = []
  readonly lost: DatabaseError[] = []
  readonly manager: TransactionManager

  constructor() {
    this.manager = new TransactionManager(
      this.store,
      {
        ready: (wait) => this.ready.push(wait),
        published: (transaction) => this.published.push(transaction),
        unknown: (_transaction, error) => this.lost.push(error),
      },
      this.trace,
      { catalog: CatalogRoot.empty, timestamp: 0 },
    )
  }

  createTable(table: TableDescriptor = descriptor(1)): RowTable {
    const transaction = this.begin()
    transaction.changeCatalog({ kind: 'createTable', table })
    this.manager.commit(transaction)
    return this.store.table(table.id)!
  }

  begin(level: IsolationLevel = 'read committed', session = 1): Transaction {
    return this.manager.begin(session, modesOf(isolationOf(level, 'ssi')))
  }
}

export interface TestRow {
  readonly rowId: number
  readonly values: readonly Value[]
}

/** What a view sees, by a scan. */
export function scanRows(table: RowTable, view: ReadView): TestRow[] {
  const rows: TestRow[] = []
  const scan = table.scan(Array.from({ length: table.columnCount }, (_, column) => column))
  const { morsel } = scan
  for (let from = 0; scan.next(from, view); from = morsel.baseRowId + morsel.end) {
    for (let slot = morsel.start; slot < morsel.end; slot++) {
      if (morsel.live === null || morsel.live[slot] === 1) {
        rows.push({ rowId: morsel.baseRowId + slot, values: rowAt(morsel, slot) })
      }
    }
  }
  return rows
}

export function rowAt(morsel: ReturnType<RowTable['scan']>['morsel'], slot: number): readonly Value[] {
  return morsel.columns.map((column, ordinal) => {
    const nulls = morsel.nulls[ordinal]!
    return nulls !== null && nulls[slot] === 1 ? null : column[slot]!
  })
}
