/**
 * Rows that were computed, as a source like any other: a system view, or what a test makes up. They are given once, as
 * arrays of canonical values, and lent in morsels of a page; every view sees them all.
 */
import type { Value } from '../types/value.ts'
import { PAGE_ROWS, pageOf } from './ids.ts'
import { UNFORKED } from './owner.ts'
import type { ReadView } from './readView.ts'
import { PageLayout } from './row/layout.ts'
import { Page } from './row/page.ts'
import type { ColumnDescription, Morsel, ScanSource, SourceScan } from './scanSource.ts'

/** Its pages have no versions. */
type RowsPage = Page<never>

export class RowsSource implements ScanSource {
  readonly columnCount: number
  readonly #columns: readonly ColumnDescription[]
  readonly #pages: readonly RowsPage[]
  readonly #layout: PageLayout
  readonly #rowCount: number

  constructor(columns: readonly ColumnDescription[], rows: readonly (readonly Value[])[]) {
    this.columnCount = columns.length
    this.#columns = columns
    this.#rowCount = rows.length
    this.#layout = PageLayout.initial(columns.map(({ type }) => type))
    this.#pages = pagesOf(rows, this.#layout)
  }

  column(ordinal: number): ColumnDescription {
    return this.#columns[ordinal]!
  }

  estimatedRows(): number {
    return this.#rowCount
  }

  scan(_needed: readonly number[]): SourceScan {
    return new RowsScan(this.#pages, this.#layout)
  }
}

export function pagesOf(rows: readonly (readonly Value[])[], layout: PageLayout): RowsPage[] {
  const pages: RowsPage[] = []
  for (let start = 0; start < rows.length; start += PAGE_ROWS) {
    const page = Page.empty<never>(pages.length, layout, UNFORKED)
    for (const row of rows.slice(start, start + PAGE_ROWS)) {
      const slot = page.append()
      for (let column = 0; column < row.length; column++) page.write(column, slot, row[column]!)
    }
    pages.push(page)
  }
  return pages
}

export class RowsScan implements SourceScan {
  readonly morsel: Morsel
  protected pages: readonly RowsPage[]

  constructor(pages: readonly RowsPage[], layout: PageLayout) {
    this.pages = pages
    this.morsel = { layout, columns: [], nulls: [], live: null, start: 0, end: 0, baseRowId: 0 }
  }

  next(from: number, _view: ReadView): boolean {
    for (let number = pageOf(from); number < this.pages.length; number++) {
      const page = this.pages[number]!
      const start = Math.max(from - page.baseRowId, 0)
      if (start >= page.used) continue
      this.#lend(page, start, page.used)
      return true
    }
    return false
  }

  fetch(rowId: number, _view: ReadView): boolean {
    const page = this.pages[pageOf(rowId)]
    if (page === undefined || rowId - page.baseRowId >= page.used) return false
    this.#lend(page, rowId - page.baseRowId, rowId - page.baseRowId + 1)
    return true
  }

  #lend(page: RowsPage, start: number, end: number): void {
    const { morsel } = this
    morsel.layout = page.layout
    morsel.columns = page.columns
    morsel.nulls = page.nulls
    morsel.start = start
    morsel.end = end
    morsel.baseRowId = page.baseRowId
  }
}
