/**
 * Who has read the rows of a table and must hear of whoever writes them: the SIREADs of serializable snapshot isolation
 * on rows and on whole tables (those on key ranges hang at their index). Nobody waits for them.
 *
 *     pages     [ · | ● | · ]              a page of heads, null until somebody reads by key there
 *                     ↓
 *     heads     [ · | · | ● | · … ]        by slot: the newest reader first, both ways linked, so that each goes in O(1)
 *                         ●─●─●
 *
 * They hang at the table and not at its pages, which a fork may share. To register one is an allocation and a link, and
 * a writer's probe of a row a null check.
 */
import { PAGE_ROWS, pageOf } from '../ids.ts'

/** A transaction as storage knows it here. */
export interface Reader {
  /** For people: the number of the transaction. */
  readonly id: number
}

export class RowRead {
  reader: Reader
  readonly page: ReadPage
  readonly slot: number
  /** The statement that read, for people. */
  readonly statement: string | null
  /** Of the same row. */
  newer: RowRead | null = null
  older: RowRead | null
  /** The next one of the same reader. */
  next: RowRead | null = null

  constructor(reader: Reader, page: ReadPage, slot: number, statement: string | null, older: RowRead | null) {
    this.reader = reader
    this.page = page
    this.slot = slot
    this.statement = statement
    this.older = older
  }
}

/** Who has read single rows of one page. */
interface ReadPage {
  number: number
  /** Always of length 1,024. */
  readonly heads: (RowRead | null)[]
  /** Entries of all its rows. */
  count: number
}

/** A reader of the whole table: embed it in what else is to be known of it. */
export interface TableRead {
  newer: TableRead | null
  older: TableRead | null
  readonly reader: Reader
  readonly statement: string | null
}

/** What owns an interval of `Index.sireads`. */
export interface RangeRead {
  readonly reader: Reader
  readonly statement: string | null
}

/** Pages that nobody reads any more, for the next ones that somebody does. */
const sparePages: ReadPage[] = []
const MAX_SPARE_PAGES = 64

const emptyPage = (): ReadPage => ({
  number: 0,
  heads: Array.from<RowRead | null>({ length: PAGE_ROWS }).fill(null),
  count: 0,
})

export class TableReaders {
  readonly #pages: (ReadPage | null)[] = []
  /** The newest reader of the whole table. */
  whole: TableRead | null = null

  /** Null if the reader was the last one to read the row: it stands there already. */
  addRow(rowId: number, reader: Reader, statement: string | null): RowRead | null {
    const number = pageOf(rowId)
    while (this.#pages.length <= number) this.#pages.push(null)
    let page = this.#pages[number]!
    if (page === null) {
      page = sparePages.pop() ?? emptyPage()
      page.number = number
      this.#pages[number] = page
    }
    const slot = rowId % PAGE_ROWS
    const head = page.heads[slot]!
    if (head !== null && head.reader === reader) return null
    const read = new RowRead(reader, page, slot, statement, head)
    if (head !== null) head.newer = read
    page.heads[slot] = read
    page.count++
    return read
  }

  removeRow(read: RowRead): void {
    const { page, newer, older } = read
    if (older !== null) older.newer = newer
    if (newer !== null) newer.older = older
    else page.heads[read.slot] = older
    if (--page.count > 0) return
    this.#pages[page.number] = null
    if (sparePages.length < MAX_SPARE_PAGES) sparePages.push(page)
  }

  /** The newest reader of the row; the others hang behind it. */
  row(rowId: number): RowRead | null {
    const page = this.#pages[pageOf(rowId)]
    return page === null || page === undefined ? null : page.heads[rowId % PAGE_ROWS]!
  }

  addWhole(read: TableRead): void {
    read.older = this.whole
    if (this.whole !== null) this.whole.newer = read
    this.whole = read
  }

  removeWhole(read: TableRead): void {
    const { newer, older } = read
    if (older !== null) older.newer = newer
    if (newer !== null) newer.older = older
    else this.whole = older
  }
}
