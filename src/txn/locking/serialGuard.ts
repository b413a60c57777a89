/**
 * A transaction that runs alone reads without asking. The tables that it reads are noted, because snapshots of transactions
 * by SSI may be older than its commit: for them it is a reader like any other (D7).
 */
import type { KeyRange } from '../../storage/row/keyRange.ts'
import type { Index } from '../../storage/row/index.ts'
import type { GuardedTable } from '../../storage/guardedTable.ts'
import type { ReadLocks } from './readLocks.ts'

export class SerialGuard implements ReadLocks {
  readonly onlyNotes = false
  readonly mayWait = false
  /** The first table that it reads; often there is no other. */
  #first: GuardedTable | null = null
  #others: Set<GuardedTable> | null = null

  readTable(table: GuardedTable): boolean {
    return this.#note(table)
  }

  readPage(): void {
    // The table is noted.
  }

  readRange(table: GuardedTable): boolean {
    return this.#note(table)
  }

  readEntry(table: GuardedTable): boolean {
    return this.#note(table)
  }

  readUnique(table: GuardedTable): boolean {
    return this.#note(table)
  }

  #note(table: GuardedTable): true {
    if (table === this.#first) return true
    if (this.#first === null) this.#first = table
    else if (this.#others === null) this.#others = new Set([table])
    else this.#others.add(table)
    return true
  }

  givesUpKeys(table: GuardedTable): void {
    this.#note(table)
  }

  noteTarget(): void {
    // It needs no locks.
  }

  endStatement(): void {
    // Nothing is kept by statement.
  }

  end(): void {
    this.#first = null
    this.#others = null
  }

  tables(): Iterable<GuardedTable> {
    return this.#first === null ? [] : [this.#first, ...(this.#others ?? [])]
  }

  ranges(): Iterable<{ readonly table: GuardedTable; readonly index: Index; readonly range: KeyRange }> {
    return []
  }

  rows(): Iterable<{ readonly table: GuardedTable; readonly rowId: number }> {
    return []
  }
}
