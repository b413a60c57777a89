/**
 * Who has read the rows of a table and must hear of whoever writes them: the SIREADs of serializable snapshot isolation
 * on rows and on whole tables (those on key ranges hang at their index). Nobody waits for them.
 *
 *     buckets   [ · | ● | · | ● ]          by a hash of the RowId, about as many as there are entries
 *                     ↓
 *               row 7 ─ row 7 ─ row 12     the newest first, both ways linked, so that each goes in O(1)
 *
 * They hang at the table and not at its pages, which a fork may share. There are few of them at a time whatever the size of
 * the table, so the buckets stay in the cache: to register one is an allocation and a link, and a writer's probe finds
 * an empty bucket or compares a few numbers.
 */
import { arrayOfNulls } from './arrayOfNulls.ts'

/** A transaction as storage knows it here. */
export interface Reader {
  /** For people: the number of the transaction. */
  readonly id: number
}

/** A table as its readers know it. */
interface ReadTable {
  sireads: number
}

export class RowRead<Table extends ReadTable> {
  reader: Reader
  readonly readers: TableReaders<Table>
  readonly rowId: number
  /** The statement that read, for people. */
  readonly statement: string | null
  /** In the same bucket, so perhaps of other rows. */
  newer: RowRead<Table> | null = null
  older: RowRead<Table> | null
  /** The next one of the same reader, perhaps in another table. */
  next: RowRead<Table> | null = null

  constructor(
    reader: Reader,
    readers: TableReaders<Table>,
    rowId: number,
    statement: string | null,
    older: RowRead<Table> | null,
  ) {
    this.reader = reader
    this.readers = readers
    this.rowId = rowId
    this.statement = statement
    this.older = older
  }

  /** The reader of the same row before this one. */
  get olderOfRow(): RowRead<Table> | null {
    return newestOf(this.rowId, this.older)
  }
}

/** From `read` on, the newest of the row. */
function newestOf<Table extends ReadTable>(rowId: number, from: RowRead<Table> | null): RowRead<Table> | null {
  let read = from
  while (read !== null && read.rowId !== rowId) read = read.older
  return read
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

/** As many buckets as a table without readers keeps; always a power of two. */
const FEWEST_BUCKETS = 64
/** 2^32 divided by the golden ratio: neighbours come to stand far apart, and multiples of a power of two as well. */
const SPREAD = 0x9e3779b1

export class TableReaders<Table extends ReadTable> {
  readonly table: Table
  #buckets = arrayOfNulls<RowRead<Table>>(FEWEST_BUCKETS)
  /** How far a hash of 32 bits is shifted to become the number of a bucket. */
  #shift = Math.clz32(FEWEST_BUCKETS - 1)
  #count = 0
  /** The newest reader of the whole table. */
  whole: TableRead | null = null

  constructor(table: Table) {
    this.table = table
  }

  /** Null if the reader was the last one to read the row: it stands there already. */
  addRow(rowId: number, reader: Reader, statement: string | null): RowRead<Table> | null {
    const newest = this.row(rowId)
    if (newest !== null && newest.reader === reader) return null
    if (this.#count === this.#buckets.length) this.#rehash(2 * this.#count)
    const bucket = this.#bucketOf(rowId)
    const head = this.#buckets[bucket]!
    const read = new RowRead(reader, this, rowId, statement, head)
    if (head !== null) head.newer = read
    this.#buckets[bucket] = read
    this.#count++
    return read
  }

  removeRow(read: RowRead<Table>): void {
    const { newer, older } = read
    if (older !== null) older.newer = newer
    if (newer !== null) newer.older = older
    else this.#buckets[this.#bucketOf(read.rowId)] = older
    if (--this.#count === 0 && this.#buckets.length > FEWEST_BUCKETS) this.#rehash(FEWEST_BUCKETS)
  }

  /** The newest reader of the row; `olderOfRow` leads to the others. */
  row(rowId: number): RowRead<Table> | null {
    return newestOf(rowId, this.#buckets[this.#bucketOf(rowId)]!)
  }

  #bucketOf(rowId: number): number {
    return Math.imul(rowId, SPREAD) >>> this.#shift
  }

  /** Readers of the same row keep their order: each bucket is moved from its oldest entry on. */
  #rehash(count: number): void {
    const before = this.#buckets
    this.#buckets = arrayOfNulls<RowRead<Table>>(count)
    this.#shift = Math.clz32(count - 1)
    for (const newest of before) {
      let oldest = newest
      while (oldest !== null && oldest.older !== null) oldest = oldest.older
      for (let read = oldest; read !== null;) {
        const { newer } = read
        const bucket = this.#bucketOf(read.rowId)
        const head = this.#buckets[bucket]!
        read.older = head
        read.newer = null
        if (head !== null) head.newer = read
        this.#buckets[bucket] = read
        read = newer
      }
    }
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
