/**
 * All tables of a database, by id. It follows the changes of the catalog, forwards when DDL or recovery makes them and
 * backwards when DDL is rolled back; which table a name means is the catalog's business.
 *
 * What is dropped stays until no snapshot can reach it: the transaction manager says when (`forget`).
 */
import { assert, unreachable } from '../assert.ts'
import type { CatalogChange, CatalogRoot } from '../catalog/index.ts'
import type { Value } from '../types/value.ts'
import type { InDoubt, Replay } from './log/log.ts'
import { replayDelete, replayInsert, replayUpdate } from './row/replayRows.ts'
import { Owners } from './owner.ts'
import { RowTable } from './row/table.ts'
import type { Writer } from './undo.ts'

export class Store {
  readonly #tables = new Map<number, RowTable>()
  readonly #owners: Owners

  constructor(owners = new Owners()) {
    this.#owners = owners
  }

  table(id: number): RowTable | null {
    return this.#tables.get(id) ?? null
  }

  tables(): IterableIterator<RowTable> {
    return this.#tables.values()
  }

  /** Makes what the change makes. What it drops goes by `forget`, later. */
  apply(change: CatalogChange): void {
    switch (change.kind) {
      case 'createTable':
        this.#tables.set(change.table.id, new RowTable(change.table))
        break
      case 'createIndex':
        this.#existing(change.tableId).addIndex(change.index)
        break
      case 'dropTable':
        break
      case 'dropIndex':
        this.#enforce(change, false)
        break
      case 'dropForeignKey':
        // A constraint without an index is the catalog's business alone.
        break
      default:
        unreachable(change)
    }
  }

  /** Takes back what `apply` made. */
  revert(change: CatalogChange): void {
    if (change.kind === 'createTable') this.#tables.delete(change.table.id)
    else if (change.kind === 'createIndex') this.#tables.get(change.tableId)?.removeIndex(change.index.id)
    else if (change.kind === 'dropIndex') this.#enforce(change, true)
  }

  /** A dropped index no longer keeps keys apart, but is kept up for older snapshots and for a rollback of the drop. */
  #enforce({ tableId, indexId }: Extract<CatalogChange, { kind: 'dropIndex' }>, enforced: boolean): void {
    const index = this.#tables.get(tableId)?.index(indexId)
    if (index !== null && index !== undefined) index.enforced = enforced
  }

  /** No snapshot is older than the drop any more. */
  forget(change: CatalogChange): void {
    if (change.kind === 'dropTable') this.#tables.delete(change.tableId)
    else if (change.kind === 'dropIndex') this.#tables.get(change.tableId)?.removeIndex(change.indexId)
  }

  /**
   * A copy on write of the published state (row/fork.ts): the tables of the published root, without what these writers, all
   * that have begun and are not published, have written.
   */
  fork(published: CatalogRoot, unpublished: Iterable<Writer>): Store {
    const fork = new Store(this.#owners)
    for (const descriptor of published.tables()) {
      fork.#tables.set(descriptor.id, this.#existing(descriptor.id).fork(descriptor, this.#owners))
    }
    for (const writer of unpublished) {
      for (let entry = writer.lastEntry; entry !== null; entry = entry.previous) {
        const { id } = entry.table
        fork.#tables.get(id)?.disown(entry.page, this.#existing(id))
      }
    }
    return fork
  }

  /** What the log's recovery fills; `decode` applies the payload to the catalog and returns the change. */
  replay(
    decode: (payload: string) => CatalogChange,
    progress: (bytesDone: number, bytesTotal: number) => void,
  ): StoreReplay {
    return new StoreReplay(this, decode, progress)
  }

  #existing(id: number): RowTable {
    const table = this.#tables.get(id)
    assert(table !== undefined, `table ${id} is in the store`)
    return table
  }
}

/** Rebuilds tables and indexes from the log. Recovery hands over whole transactions only, in commit order. */
export class StoreReplay implements Replay {
  /** The commit timestamp of the last transaction that was replayed. */
  timestamp = 0
  /** Prepared transactions that nobody has decided, for the transaction manager to take up again. */
  readonly undecided: InDoubt[] = []
  readonly progress: (bytesDone: number, bytesTotal: number) => void
  readonly #store: Store
  readonly #decode: (payload: string) => CatalogChange

  constructor(
    store: Store,
    decode: (payload: string) => CatalogChange,
    progress: (bytesDone: number, bytesTotal: number) => void,
  ) {
    this.#store = store
    this.#decode = decode
    this.progress = progress
  }

  insert(tableId: number, rowId: number, values: readonly Value[]): void {
    replayInsert(this.#table(tableId), rowId, values)
  }

  update(tableId: number, rowId: number, columns: readonly number[], values: readonly Value[]): void {
    replayUpdate(this.#table(tableId), rowId, columns, values)
  }

  delete(tableId: number, rowId: number): void {
    replayDelete(this.#table(tableId), rowId)
  }

  catalog(payload: string): void {
    const change = this.#decode(payload)
    this.#store.apply(change)
    this.#store.forget(change)
  }

  commit(timestamp: number): void {
    this.timestamp = timestamp
  }

  inDoubt(transaction: InDoubt): void {
    this.undecided.push(transaction)
  }

  #table(id: number): RowTable {
    const table = this.#store.table(id)
    assert(table !== null, `the log creates table ${id} before it writes to it`)
    return table
  }
}
