/**
 * Redo as bytes. A transaction is a sequence of records without separators; numbers are unsigned LEB128 varints.
 *
 *      record   1 insert   table rowId count value*
 *               2 update   table rowId count (column value)*
 *               3 delete   table rowId
 *               4 catalog  length utf8
 *               5 prepared gid isolation session micros, the first of a prepared transaction; both names: length utf8
 *               6 table lock   table mode; table 0 is the catalog
 *               7 row lock     table rowId mode
 *               8 read table   table
 *               9 read range   table index bounds low high; a key: count value*, count 0 for a value alone
 *              10 read row     table rowId
 *              11 advisory lock  exclusive (0, 1) key
 *
 *      value    0 null · 1 false · 2 true
 *               3 the integer n ≥ 0: varint n              4 the integer n < 0: varint -1 - n
 *               5 any other number: IEEE 754 double, little-endian
 *               6 bigint ≥ 0, 7 bigint < 0: length, magnitude little-endian
 *               8 string: length in bytes, UTF-8
 *               9 decimal: scale, then its digits as a value of tag 6 or 7
 *
 * The values are the canonical forms of D12, so equal values have equal bytes. The encoder fills one buffer of fixed
 * size; when that is full it is given away as a chunk and filled again, wherever that cuts a record or a value: a
 * transaction of any size is logged in constant memory.
 */
import type { Decimal } from '../../types/decimal.ts'
import type { Value } from '../../types/value.ts'
import type { LoggedKey, PreparedHead, PreparedSink } from './commitLog.ts'

export const INSERT = 1
export const UPDATE = 2
export const DELETE = 3
export const CATALOG = 4
export const PREPARED = 5
export const TABLE_LOCK = 6
export const ROW_LOCK = 7
export const READ_TABLE = 8
export const READ_RANGE = 9
export const READ_ROW = 10
export const ADVISORY_LOCK = 11

/** Stands for the catalog where a table is locked; no table has this id. */
export const CATALOG_ID = 0

export const NULL = 0
export const FALSE = 1
export const TRUE = 2
export const INTEGER = 3
export const NEGATIVE_INTEGER = 4
export const DOUBLE = 5
export const BIGINT = 6
export const NEGATIVE_BIGINT = 7
export const STRING = 8
export const DECIMAL = 9

const VARINT_BYTES_MAX = 8
/** Strings up to here are tried as ASCII, unit by unit, before the native encoder is asked. */
const SHORT_STRING = 40

const utf8 = new TextEncoder()

export class RedoEncoder implements PreparedSink {
  readonly buffer: Buffer
  /** The end of what is encoded in `buffer`. */
  end: number
  private readonly start: number
  private readonly chunkFull: () => void

  /** Payload goes to `buffer` from `start` to its end; `chunkFull` writes it elsewhere, and encoding begins again. */
  constructor(buffer: Buffer, start: number, chunkFull: () => void) {
    this.buffer = buffer
    this.start = start
    this.end = start
    this.chunkFull = chunkFull
  }

  reset(): void {
    this.end = this.start
  }

  insert(tableId: number, rowId: number, values: readonly Value[]): void {
    this.head(INSERT, tableId, rowId)
    this.varint(values.length)
    for (const value of values) this.value(value)
  }

  update(tableId: number, rowId: number, columns: readonly number[], values: readonly Value[]): void {
    this.head(UPDATE, tableId, rowId)
    this.varint(columns.length)
    for (let i = 0; i < columns.length; i++) {
      this.varint(columns[i]!)
      this.value(values[i]!)
    }
  }

  delete(tableId: number, rowId: number): void {
    this.head(DELETE, tableId, rowId)
  }

  catalog(payload: string): void {
    this.byte(CATALOG)
    this.text(payload)
  }

  prepared({ gid, isolation, session, preparedMicros }: PreparedHead): void {
    this.byte(PREPARED)
    this.text(gid)
    this.text(isolation)
    this.varint(session)
    this.varint(preparedMicros)
  }

  /** The whole payload of a decision. */
  name(gid: string): void {
    this.text(gid)
  }

  catalogLock(): void {
    this.tableLock(CATALOG_ID, 0)
  }

  tableLock(tableId: number, mode: number): void {
    this.head(TABLE_LOCK, tableId, mode)
  }

  rowLock(tableId: number, rowId: number, mode: number): void {
    this.head(ROW_LOCK, tableId, rowId)
    this.varint(mode)
  }

  advisoryLock(key: bigint | readonly [number, number], exclusive: boolean): void {
    this.byte(ADVISORY_LOCK)
    this.varint(exclusive ? 1 : 0)
    this.key(key)
  }

  readTable(tableId: number): void {
    this.byte(READ_TABLE)
    this.varint(tableId)
  }

  readRange(tableId: number, indexId: number, low: LoggedKey, high: LoggedKey, bounds: number): void {
    this.head(READ_RANGE, tableId, indexId)
    this.varint(bounds)
    this.key(low)
    this.key(high)
  }

  readRow(tableId: number, rowId: number): void {
    this.head(READ_ROW, tableId, rowId)
  }

  private key(key: LoggedKey): void {
    if (!isCompound(key)) {
      this.varint(0)
      this.value(key)
      return
    }
    this.varint(key.length)
    for (const value of key) this.value(value)
  }

  private head(kind: number, tableId: number, rowId: number): void {
    this.byte(kind)
    this.varint(tableId)
    this.varint(rowId)
  }

  private value(value: Value): void {
    if (typeof value === 'number') this.number(value)
    else if (typeof value === 'string') this.string(value)
    else if (value === null) this.byte(NULL)
    else if (typeof value === 'boolean') this.byte(value ? TRUE : FALSE)
    else if (typeof value === 'bigint') this.bigint(value)
    else this.decimal(value)
  }

  private number(value: number): void {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      this.reserve(9)
      this.buffer[this.end] = DOUBLE
      this.end = this.buffer.writeDoubleLE(value, this.end + 1)
    } else if (value >= 0) {
      this.byte(INTEGER)
      this.varint(value)
    } else {
      this.byte(NEGATIVE_INTEGER)
      this.varint(-1 - value)
    }
  }

  private bigint(value: bigint): void {
    this.byte(value < 0n ? NEGATIVE_BIGINT : BIGINT)
    const hex = (value < 0n ? -value : value).toString(16)
    const magnitude = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex').reverse()
    this.varint(magnitude.length)
    for (let from = 0; from < magnitude.length;) {
      this.reserve(1)
      const copied = magnitude.copy(this.buffer, this.end, from)
      this.end += copied
      from += copied
    }
  }

  private decimal(value: Decimal): void {
    this.byte(DECIMAL)
    this.varint(value.scale)
    this.bigint(value.digits)
  }

  private string(value: string): void {
    const length = value.length
    if (length < SHORT_STRING) {
      this.reserve(2 + length)
      const { buffer, end } = this
      let i = 0
      for (; i < length; i++) {
        const unit = value.charCodeAt(i)
        if (unit >= 0x80) break
        buffer[end + 2 + i] = unit
      }
      if (i === length) {
        buffer[end] = STRING
        buffer[end + 1] = length
        this.end = end + 2 + length
        return
      }
    }
    this.byte(STRING)
    this.text(value)
  }

  private text(value: string): void {
    this.varint(Buffer.byteLength(value, 'utf8'))
    for (let from = 0; from < value.length;) {
      this.reserve(4)
      const rest = from === 0 ? value : value.slice(from)
      const { read, written } = utf8.encodeInto(rest, this.buffer.subarray(this.end))
      this.end += written
      from += read
    }
  }

  private byte(value: number): void {
    this.reserve(1)
    this.buffer[this.end++] = value
  }

  private varint(value: number): void {
    this.reserve(VARINT_BYTES_MAX)
    const { buffer } = this
    while (value >= 0x80) {
      buffer[this.end++] = (value % 0x80) | 0x80
      value = Math.floor(value / 0x80)
    }
    buffer[this.end++] = value
  }

  private reserve(bytes: number): void {
    if (this.end + bytes <= this.buffer.length) return
    this.chunkFull()
    this.end = this.start
  }
}

const isCompound = (key: LoggedKey): key is readonly Value[] => Array.isArray(key)
