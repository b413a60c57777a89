/**
 * A transaction that runs alone reads without asking. The tables that it reads are noted, because snapshots of transactions
 * by SSI may be older than its commit: for them it is a reader like any other (D7).
 */
import type { KeyRange } from '../../storage/readGuard.ts'
import type { Index } from '../../storage/row/index.ts'
import type { RowTable } from '../../storage/row/table.ts'
import type { ReadLocks } from './readLocks.ts'

export class SerialGuard implements ReadLocks {
  readonly #tables = new Set<RowTable>()
  /** Of two reads of the same table in a row the second is free. */
  #last: RowTable | null = null

  readTable(table: RowTable): boolean {
    return this.#note(table)
  }

  readPage(): void {
    // The table is noted.
  }

  readRange(table: RowTable): boolean {
    return this.#note(table)
  }

  readEntry(table: RowTable): boolean {
    return this.#note(table)
  }

  readUnique(table: RowTable): boolean {
    return this.#note(table)
  }

  #note(table: RowTable): true {
    if (table !== this.#last) {
      this.#last = table
      this.#tables.add(table)
    }
    return true
  }

  noteTarget(): void {
    // It needs no locks.
  }

  endStatement(): void {
    // Nothing is kept by statement.
  }

  end(): void {
    this.#tables.clear()
    this.#last = null
  }

  tables(): Iterable<RowTable> {
    return this.#tables
  }

  ranges(): Iterable<{ readonly table: RowTable; readonly index: Index; readonly range: KeyRange }> {
    return []
  }

  rows(): Iterable<{ readonly table: RowTable; readonly rowId: number }> {
    return []
  }
}
