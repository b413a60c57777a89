/** Reads the redo of one transaction (redo.ts) from its chunks, in the memory of one chunk and one value. */
import { Decimal } from '../../types/decimal.ts'
import type { Value } from '../../types/value.ts'
import type { LockSink, LoggedKey, PreparedHead, RedoSink } from './commitLog.ts'
import * as tag from './redo.ts'

/** Gives the payload of the transaction's next frame, null behind the last. The payload before is dead then. */
export type NextPayload = () => Buffer | null

/** The bytes are whole (their checksum is right) and yet are no redo: a newer version wrote them, or a bug did. */
export class MalformedRedo extends Error {
  override readonly name = 'MalformedRedo'
}

export class RedoReader {
  private readonly next: NextPayload
  private payload: Buffer = Buffer.alloc(0)
  private at = 0

  constructor(next: NextPayload) {
    this.next = next
  }

  /** The record that a prepared transaction begins with. Throws `MalformedRedo`. */
  preparedHead(): PreparedHead {
    if (this.byte() !== tag.PREPARED) throw new MalformedRedo('a prepared transaction begins with its name')
    return { gid: this.text(), isolation: this.text(), session: this.varint(), preparedMicros: this.varint() }
  }

  /** The gid that a decision consists of. Throws `MalformedRedo`. */
  name(): string {
    return this.text()
  }

  /** Feeds every record of the transaction to `sink`, what it holds to `locks`, if that is asked for. Throws `MalformedRedo`. */
  replayInto(sink: RedoSink, locks: LockSink | null = null): void {
    while (this.more()) this.record(sink, locks)
  }

  private record(sink: RedoSink, locks: LockSink | null): void {
    const kind = this.byte()
    switch (kind) {
      case tag.CATALOG:
        sink.catalog(this.text())
        break
      case tag.INSERT:
        sink.insert(this.varint(), this.varint(), this.values())
        break
      case tag.UPDATE:
        this.update(sink)
        break
      case tag.DELETE:
        sink.delete(this.varint(), this.varint())
        break
      case tag.ADVISORY_LOCK:
        this.advisoryLock(locks)
        break
      default:
        this.lock(kind, locks)
    }
  }

  private lock(kind: number, locks: LockSink | null): void {
    const tableId = this.varint()
    switch (kind) {
      case tag.TABLE_LOCK: {
        const mode = this.varint()
        if (tableId === tag.CATALOG_ID) locks?.catalogLock()
        else locks?.tableLock(tableId, mode)
        break
      }
      case tag.ROW_LOCK: {
        const rowId = this.varint()
        const mode = this.varint()
        locks?.rowLock(tableId, rowId, mode)
        break
      }
      case tag.READ_TABLE:
        locks?.readTable(tableId)
        break
      case tag.READ_RANGE: {
        const index = this.varint()
        const bounds = this.varint()
        const low = this.key()
        const high = this.key()
        locks?.readRange(tableId, index, low, high, bounds)
        break
      }
      case tag.READ_ROW: {
        const rowId = this.varint()
        locks?.readRow(tableId, rowId)
        break
      }
      default:
        throw new MalformedRedo(`unknown record kind ${kind}`)
    }
  }

  private advisoryLock(locks: LockSink | null): void {
    const exclusive = this.varint() === 1
    const key = this.key()
    if (typeof key === 'bigint') locks?.advisoryLock(key, exclusive)
    else if (Array.isArray(key)) locks?.advisoryLock([Number(key[0]), Number(key[1])], exclusive)
    else throw new MalformedRedo('the key of an advisory lock is one number or two')
  }

  private key(): LoggedKey {
    const count = this.varint()
    if (count === 0) return this.value()
    const values: Value[] = []
    for (let i = 0; i < count; i++) values.push(this.value())
    return values
  }

  private update(sink: RedoSink): void {
    const tableId = this.varint()
    const rowId = this.varint()
    const columns: number[] = []
    const values: Value[] = []
    for (let count = this.varint(); count > 0; count--) {
      columns.push(this.varint())
      values.push(this.value())
    }
    sink.update(tableId, rowId, columns, values)
  }

  private values(): Value[] {
    const values: Value[] = []
    for (let count = this.varint(); count > 0; count--) values.push(this.value())
    return values
  }

  private value(): Value {
    const kind = this.byte()
    switch (kind) {
      case tag.NULL:
        return null
      case tag.FALSE:
        return false
      case tag.TRUE:
        return true
      case tag.INTEGER:
        return this.varint()
      case tag.NEGATIVE_INTEGER:
        return -1 - this.varint()
      case tag.DOUBLE:
        return this.bytes(8).readDoubleLE(0)
      case tag.BIGINT:
      case tag.NEGATIVE_BIGINT:
        return this.bigint(kind)
      case tag.STRING:
        return this.text()
      case tag.DECIMAL: {
        const scale = this.varint()
        return Decimal.of(this.bigint(this.byte()), scale)
      }
      default:
        throw new MalformedRedo(`unknown value tag ${kind}`)
    }
  }

  private bigint(kind: number): bigint {
    if (kind !== tag.BIGINT && kind !== tag.NEGATIVE_BIGINT) throw new MalformedRedo(`tag ${kind} is not a bigint`)
    const magnitude = Buffer.from(this.bytes(this.varint())).reverse()
    const value = BigInt(`0x${magnitude.toString('hex')}`)
    return kind === tag.BIGINT ? value : -value
  }

  private text(): string {
    return this.bytes(this.varint()).toString('utf8')
  }

  private varint(): number {
    let value = 0
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      if (scale >= 2 ** 49) throw new MalformedRedo('a number of more than 8 bytes')
    }
  }

  private byte(): number {
    if (this.at === this.payload.length && !this.more()) throw new MalformedRedo('the last record is cut off')
    return this.payload[this.at++]!
  }

  /** The next `count` bytes, as a view where they lie in one chunk, else gathered. */
  private bytes(count: number): Buffer {
    const from = this.at
    if (from + count <= this.payload.length) {
      this.at = from + count
      return this.payload.subarray(from, this.at)
    }
    const pieces: Buffer[] = []
    for (let missing = count; missing > 0;) {
      if (!this.more()) throw new MalformedRedo('the last value is cut off')
      const piece = Buffer.from(this.payload.subarray(this.at, this.at + missing))
      pieces.push(piece)
      this.at += piece.length
      missing -= piece.length
    }
    return Buffer.concat(pieces)
  }

  /** Moves to the next chunk if this one is used up; false behind the last. */
  private more(): boolean {
    while (this.at === this.payload.length) {
      const payload = this.next()
      if (payload === null) return false
      this.payload = payload
      this.at = 0
    }
    return true
  }
}
