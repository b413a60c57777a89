/**
 * Reads a row table for one operator: page by page, or single rows by RowId.
 *
 * The table keeps the newest versions in place, so what a reader must not see has to be undone for it. That happens on a
 * scratch copy, before any row is looked at: typed arrays are copied as blocks of memory, and only pages that hold a
 * version which this view does not see are copied at all. A single row is rolled back into a scratch row.
 */
import type { Value } from '../../types/value.ts'
import { PAGE_ROWS, pageOf } from '../ids.ts'
import type { GuardedScan, GuardedTable, RowPredicate } from '../guardedTable.ts'
import type { ReadView } from '../readView.ts'
import type { ColumnArray, Layout, Morsel, SourceScan } from '../scanSource.ts'
import type { RowPage, UndoEntry } from '../undo.ts'
import { Representation } from './layout.ts'
import { emptyColumn } from './page.ts'

class PageMorsel implements Morsel {
  layout: Layout
  columns: readonly ColumnArray[] = []
  nulls: readonly (Uint8Array | null)[] = []
  live: Uint8Array | null = null
  start = 0
  end = 0
  baseRowId = 0

  constructor(layout: Layout) {
    this.layout = layout
  }

  lend(page: RowPage, start: number, end: number): void {
    // Rows that an index finds often lie side by side; to compare is cheaper than the collector's write barrier.
    if (this.columns !== page.columns) {
      this.columns = page.columns
      this.nulls = page.nulls
      this.baseRowId = page.baseRowId
    }
    if (this.layout !== page.layout) this.layout = page.layout
    if (this.live !== page.live) this.live = page.live
    this.start = start
    this.end = end
  }
}

export class RowScan implements SourceScan, GuardedScan {
  readonly morsel: PageMorsel
  readonly table: GuardedTable
  /** True if the fetched row has a chain, so that other versions of it may exist. */
  versioned = false
  /** What its reader looks for; null: every row. Set only where a guard asks for it. */
  predicate: RowPredicate | null = null
  readonly #needed: readonly number[]
  readonly #columnCount: number
  /** Scratch space, made when the first page needs it. */
  #image: Image | null = null
  #rowImage: Image | null = null

  constructor(table: GuardedTable, needed: readonly number[]) {
    this.table = table
    this.morsel = new PageMorsel(table.layout)
    this.#needed = needed
    this.#columnCount = table.columnCount
  }

  next(from: number, view: ReadView): boolean {
    const { pages } = this.table
    const { guard } = view
    if (guard !== null && !guard.readTable(this.table, view, this)) return false
    let slot = from % PAGE_ROWS
    for (let number = pageOf(from); number < pages.length; number++, slot = 0) {
      const page = pages[number]!
      if (page === null || slot >= page.used) continue
      if (guard !== null) guard.readPage(this.table, page, slot, view, this)
      if (page.undo === null || seesAll(page, page.undo, slot, view)) {
        if (page.liveCount === 0) continue
        this.morsel.lend(page, slot, page.used)
      } else {
        this.#image ??= new Image(this.#columnCount, this.#needed, PAGE_ROWS)
        this.#image.copy(page, slot, view)
        this.#image.lend(this.morsel, page.layout, slot, page.used, page.baseRowId)
      }
      return true
    }
    return false
  }

  fetch(rowId: number, view: ReadView): boolean {
    const number = pageOf(rowId)
    const page = this.table.pages[number]
    if (page === null || page === undefined) return false
    const slot = rowId - page.baseRowId
    if (page.undo !== null) {
      const head = page.undo[slot]!
      if (head !== null) return this.#fetchVersion(page, slot, head, view)
    }
    if (page.live !== null && page.live[slot] === 0) return false
    if (slot >= page.used) return false
    this.versioned = false
    this.morsel.lend(page, slot, slot + 1)
    return true
  }

  #fetchVersion(page: RowPage, slot: number, head: UndoEntry, view: ReadView): boolean {
    this.versioned = true
    if (view.sees(head)) {
      if (!page.exists(slot)) return false
      this.morsel.lend(page, slot, slot + 1)
      return true
    }
    this.#rowImage ??= new Image(this.#columnCount, ordinals(this.#columnCount), 1)
    if (!this.#rowImage.copyRow(page, slot, head, view)) return false
    this.#rowImage.lend(this.morsel, page.layout, 0, 1, page.baseRowId + slot)
    return true
  }
}

function ordinals(count: number): readonly number[] {
  return Array.from({ length: count }, (_, ordinal) => ordinal)
}

/** True if what stands in place is what the view sees, for all rows from `slot` on. */
function seesAll(page: RowPage, undo: readonly (UndoEntry | null)[], slot: number, view: ReadView): boolean {
  for (let at = slot; at < page.used; at++) {
    const head = undo[at]!
    if (head !== null && !view.sees(head)) return false
  }
  return true
}

/** A copy of some columns of a page, or of one row, in which the versions that a view does not see have been undone. */
class Image {
  readonly #columns: ColumnArray[]
  readonly #nulls: (Uint8Array | null)[]
  /** Null maps that are lent only while the page has nulls in the column. */
  readonly #spareNulls: (Uint8Array | null)[]
  readonly #needed: readonly number[]
  readonly #isNeeded: readonly boolean[]
  readonly #representations: Representation[]
  readonly #live: Uint8Array
  readonly #capacity: number

  constructor(columnCount: number, needed: readonly number[], capacity: number) {
    this.#columns = Array.from({ length: columnCount }, () => [])
    this.#nulls = Array.from({ length: columnCount }, () => null)
    this.#spareNulls = Array.from({ length: columnCount }, () => null)
    this.#representations = Array.from({ length: columnCount }, () => Representation.VALUES)
    this.#needed = needed
    this.#isNeeded = Array.from({ length: columnCount }, (_, ordinal) => needed.includes(ordinal))
    this.#live = new Uint8Array(capacity)
    this.#capacity = capacity
  }

  lend(morsel: PageMorsel, layout: Layout, start: number, end: number, baseRowId: number): void {
    morsel.layout = layout
    morsel.columns = this.#columns
    morsel.nulls = this.#nulls
    morsel.live = this.#live
    morsel.start = start
    morsel.end = end
    morsel.baseRowId = baseRowId
  }

  /** Takes the slots [from, used) of a page. */
  copy(page: RowPage, from: number, view: ReadView): void {
    const { used } = page
    for (const column of this.#needed) {
      const target = this.#prepare(page, column)
      const source = page.columns[column]!
      if (this.#representations[column] === Representation.VALUES) {
        for (let slot = from; slot < used; slot++) target[slot] = source[slot]!
      } else {
        ;(target as Int32Array | Float64Array).set(source as Int32Array | Float64Array)
      }
      const nulls = page.nulls[column]!
      if (nulls !== null) this.#nulls[column]!.set(nulls)
    }
    if (page.live === null) this.#live.fill(1, 0, used)
    else this.#live.set(page.live)
    for (let slot = from; slot < used; slot++) {
      const head = page.undo![slot]!
      if (head !== null) this.#rollBack(slot, head, view)
    }
  }

  /** Takes one row into slot 0; false if the view sees no row there. */
  copyRow(page: RowPage, slot: number, head: UndoEntry, view: ReadView): boolean {
    for (const column of this.#needed) {
      const target = this.#prepare(page, column)
      const nulls = page.nulls[column]!
      target[0] = page.columns[column]![slot]!
      if (nulls !== null) this.#nulls[column]![0] = nulls[slot]!
    }
    this.#live[0] = page.exists(slot) ? 1 : 0
    this.#rollBack(0, head, view)
    return this.#live[0] === 1
  }

  /** Makes the column's array fit the page's representation, without nulls unless the page has some. */
  #prepare(page: RowPage, column: number): ColumnArray {
    const representation = page.layout.representations[column]!
    if (this.#columns[column]!.length === 0 || this.#representations[column] !== representation) {
      this.#representations[column] = representation
      this.#columns[column] = emptyColumn(representation, this.#capacity)
    }
    this.#nulls[column] = null
    if (page.nulls[column] !== null) this.#mapNulls(column)
    return this.#columns[column]!
  }

  #mapNulls(column: number): Uint8Array {
    const map = (this.#spareNulls[column] ??= new Uint8Array(this.#capacity))
    map.fill(0)
    this.#nulls[column] = map
    return map
  }

  #rollBack(slot: number, head: UndoEntry, view: ReadView): void {
    let entry: UndoEntry | null = head
    while (entry !== null && !view.sees(entry)) {
      const { columns, before } = entry
      if (before !== null) {
        for (let i = 0; i < columns.length; i++) {
          if (this.#isNeeded[columns[i]!]!) this.#restore(columns[i]!, slot, before[i]!)
        }
      }
      this.#live[slot] = entry.existed ? 1 : 0
      entry = entry.older
    }
  }

  #restore(column: number, slot: number, value: Value): void {
    if (this.#representations[column] === Representation.VALUES) {
      ;(this.#columns[column] as Value[])[slot] = value
    } else if (value === null) {
      const nulls = this.#nulls[column] ?? this.#mapNulls(column)
      nulls[slot] = 1
    } else {
      this.#columns[column]![slot] = value
      const nulls = this.#nulls[column]!
      if (nulls !== null) nulls[slot] = 0
    }
  }
}
