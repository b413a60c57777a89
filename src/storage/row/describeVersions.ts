/** The chains of a table as data, for people: which versions of which rows are kept, and by whose writes. */
import type { Value } from '../../types/value.ts'
import type { UndoEntry } from '../undo.ts'
import type { Page } from './page.ts'
import type { RowTable } from './table.ts'

/** A version of a row that has a chain. */
export interface VersionRow {
  readonly rowId: number
  /** 0 is the newest, which stands in place. */
  readonly version: number
  /** By column; null if the row does not exist in this version. */
  readonly values: readonly Value[] | null
  /** The write that made it; null for what is older than every chain. */
  readonly entry: UndoEntry | null
}

/** Chains whose rows everybody sees alike are cut, so only rows about which somebody may disagree, or that are locked, are here. */
export function* describeVersions(table: RowTable): Generator<VersionRow> {
  for (const page of table.pages) {
    const chains = page?.undo ?? null
    if (page === null || chains === null) continue
    for (let slot = 0; slot < page.used; slot++) {
      const head = chains[slot] ?? null
      if (head !== null) yield* versionsOf(table, page, slot, head)
    }
  }
}

function* versionsOf(table: RowTable, page: Page<UndoEntry>, slot: number, head: UndoEntry): Generator<VersionRow> {
  const rowId = page.baseRowId + slot
  const values = Array.from({ length: table.columnCount }, (_, column) => table.read(rowId, column))
  let exists = page.exists(slot)
  let version = 0
  for (let entry: UndoEntry | null = head; entry !== null; entry = entry.older) {
    if (!entry.wrote) continue
    yield { rowId, version: version++, values: exists ? [...values] : null, entry }
    exists = entry.existed
    entry.columns.forEach((column, i) => (values[column] = asStored(table, column, entry?.before?.[i] ?? null)))
  }
  yield { rowId, version, values: exists ? [...values] : null, entry: null }
}

/** A page keeps booleans as 0 and 1. */
function asStored(table: RowTable, column: number, value: Value): Value {
  return table.column(column).type.kind === 'boolean' && value !== null ? value === 1 || value === true : value
}

/** Undo entries and the rows that have some, over all tables: what old snapshots and open writers cost. */
export function countVersions(tables: Iterable<RowTable>): { readonly rows: number; readonly entries: number } {
  let rows = 0
  let entries = 0
  for (const table of tables) {
    for (const page of table.pages) {
      if (page === null || page.undo === null) continue
      for (const head of page.undo) {
        if (head !== null) rows++
        for (let entry: UndoEntry | null = head; entry !== null; entry = entry.older) entries++
      }
    }
  }
  return { rows, entries }
}
