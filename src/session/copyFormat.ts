/**
 * COPY's two formats, read record by record from bytes that arrive in pieces.
 *
 * Works on bytes and decodes field by field, for two reasons: in UTF-8 no byte of a multi-byte character equals a
 * delimiter, a quote or a newline (all ASCII); and a decoded field is a string of its own, where a slice of a decoded
 * chunk would keep the whole chunk alive for as long as the table holds the value.
 *
 * Memory is bounded by one record and one chunk; a record longer than `maxRecordBytes` is error 54000.
 */
import type { CopyOptions } from '../parser/ast.ts'
import { copyRecordTooLong, invalidCopyOption, unterminatedCsvQuote } from '../errors.ts'

const maxRecordBytes = 1 << 28

const newline = 10
const carriageReturn = 13
const backslash = 92

export type CopyField = string | null

interface Format {
  readonly csv: boolean
  readonly delimiter: number
  readonly quote: number
  readonly escape: number
  readonly nullText: string
}

export class CopyReader {
  /** The line, counted from 1, on which the record that `next` gave last begins. */
  line = 0
  readonly #format: Format
  #buffer: Buffer = Buffer.alloc(0)
  #position = 0
  /** True once `end` was called: there are no more bytes. */
  ended = false
  #skipHeader: boolean
  #nextLine = 1

  constructor(options: CopyOptions) {
    this.#format = formatOf(options)
    this.#skipHeader = options.header
  }

  /** Gives the reader more bytes. Call it when `next` asked for more. */
  feed(bytes: Uint8Array): void {
    const rest = this.#buffer.subarray(this.#position)
    if (rest.length + bytes.length > maxRecordBytes && rest.length > 0) throw copyRecordTooLong(maxRecordBytes)
    this.#buffer =
      rest.length === 0 ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) : Buffer.concat([rest, bytes])
    this.#position = 0
  }

  /** There are no more bytes: what is left is the last record. */
  end(): void {
    this.ended = true
  }

  /** The next record's fields; null if it needs more bytes, or has none after `end`. Throws 22P04. */
  next(): CopyField[] | null {
    for (;;) {
      if (this.#position >= this.#buffer.length) return null
      this.line = this.#nextLine
      const fields = this.#format.csv ? this.#csvRecord() : this.#textRecord()
      if (fields === null) return null
      if (this.#skipHeader) {
        this.#skipHeader = false
        continue
      }
      if (fields.length === 1 && fields[0] === endOfData) {
        this.#position = this.#buffer.length
        return null
      }
      return fields
    }
  }

  /** The end of the line that begins at `from`: the newline's index, the buffer's end on the last line, or -1. */
  #lineEnd(from: number): number {
    const at = this.#buffer.indexOf(newline, from)
    if (at >= 0) return at
    return this.ended ? this.#buffer.length : -1
  }

  #takeLine(end: number): void {
    this.#position = end + 1
    this.#nextLine++
  }

  #textRecord(): CopyField[] | null {
    const buffer = this.#buffer
    const end = this.#lineEnd(this.#position)
    if (end < 0) return null
    const stop = withoutCarriageReturn(buffer, this.#position, end)
    const fields: CopyField[] = []
    const { delimiter, nullText } = this.#format
    for (let from = this.#position; ;) {
      let to = from
      let escaped = false
      while (to < stop && buffer[to] !== delimiter) {
        if (buffer[to] === backslash) {
          escaped = true
          to++
        }
        to++
      }
      to = Math.min(to, stop)
      const raw = buffer.toString('utf8', from, to)
      if (raw === nullText) fields.push(null)
      else if (escaped) fields.push(raw === endOfData ? raw : unescapeText(raw))
      else fields.push(raw)
      if (to >= stop) break
      from = to + 1
    }
    this.#takeLine(end)
    return fields
  }

  #csvRecord(): CopyField[] | null {
    const buffer = this.#buffer
    const { delimiter, quote, nullText } = this.#format
    const end = this.#lineEnd(this.#position)
    if (end < 0) return null
    // Most lines hold no quote at all: then the line is the record and every field a plain run of bytes.
    const firstQuote = buffer.indexOf(quote, this.#position)
    if (firstQuote >= 0 && firstQuote < end) return this.#quotedRecord()
    const stop = withoutCarriageReturn(buffer, this.#position, end)
    const fields: CopyField[] = []
    for (let from = this.#position; ;) {
      let to = buffer.indexOf(delimiter, from)
      if (to < 0 || to > stop) to = stop
      const text = buffer.toString('utf8', from, to)
      fields.push(text === nullText ? null : text)
      if (to === stop) break
      from = to + 1
    }
    this.#takeLine(end)
    return fields
  }

  /** A record with quotes, in which newlines and delimiters may be data. Reads from the start again when bytes run out. */
  #quotedRecord(): CopyField[] | null {
    const buffer = this.#buffer
    const { delimiter, quote, escape, nullText } = this.#format
    const fields: CopyField[] = []
    let pieces = ''
    let wasQuoted = false
    let quoted = false
    let lines = 1
    let from = this.#position
    for (let at = from; ; at++) {
      const ended = at >= buffer.length
      if (ended && !this.ended) return null
      if (ended && quoted) throw unterminatedCsvQuote()
      const byte = ended ? newline : buffer[at]
      if (quoted) {
        if (byte === newline) lines++
        if (byte === escape && (buffer[at + 1] === quote || (escape !== quote && buffer[at + 1] === escape))) {
          pieces += buffer.toString('utf8', from, at)
          from = at + 1
          at++
        } else if (byte === quote) {
          // The closing quote may be the first half of an escaped one that has not arrived yet.
          if (at + 1 >= buffer.length && !this.ended) return null
          pieces += buffer.toString('utf8', from, at)
          from = at + 1
          quoted = false
        }
        continue
      }
      if (byte === quote) {
        pieces += buffer.toString('utf8', from, at)
        from = at + 1
        quoted = wasQuoted = true
      } else if (byte === delimiter || byte === newline) {
        const stop = byte === newline ? withoutCarriageReturn(buffer, from, at) : at
        const text = pieces + buffer.toString('utf8', from, stop)
        fields.push(text === nullText && !wasQuoted ? null : text)
        pieces = ''
        wasQuoted = false
        from = at + 1
        if (byte === newline) {
          this.#position = at + 1
          this.#nextLine += lines
          return fields
        }
      }
    }
  }
}

/** A line of these two characters ends the data, as in psql scripts. */
const endOfData = '\\.'

function withoutCarriageReturn(buffer: Buffer, from: number, end: number): number {
  return end > from && buffer[end - 1] === carriageReturn ? end - 1 : end
}

function formatOf(options: CopyOptions): Format {
  const csv = options.format === 'csv'
  const byte = (name: string, text: string): number => {
    const code = text.length === 1 ? text.charCodeAt(0) : 256
    if (code > 127) throw invalidCopyOption(`COPY ${name} must be a single one-byte character`)
    if (code === newline || code === carriageReturn)
      throw invalidCopyOption(`COPY ${name} cannot be newline or carriage return`)
    return code
  }
  const delimiter = byte('delimiter', options.delimiter ?? (csv ? ',' : '\t'))
  if (!csv && (options.quote !== null || options.escape !== null))
    throw invalidCopyOption('COPY QUOTE and ESCAPE require CSV mode')
  if (!csv && /[\\.a-z0-9]/.test(String.fromCharCode(delimiter))) {
    throw invalidCopyOption(`COPY delimiter cannot be "${String.fromCharCode(delimiter)}"`)
  }
  const quote = byte('quote', options.quote ?? '"')
  if (csv && quote === delimiter) throw invalidCopyOption('COPY delimiter and quote must be different')
  return {
    csv,
    delimiter,
    quote,
    escape: options.escape === null ? quote : byte('escape', options.escape),
    nullText: options.null ?? (csv ? '' : '\\N'),
  }
}

const textEscapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

/** Backslash sequences of the text format: named controls, octal, hexadecimal, and any other character as itself. */
function unescapeText(raw: string): string {
  return raw.replace(/\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|[^])/g, (_, sequence: string) => {
    if (sequence.length > 1 && sequence.startsWith('x')) return String.fromCharCode(parseInt(sequence.slice(1), 16))
    if (/^[0-7]/.test(sequence)) return String.fromCharCode(parseInt(sequence, 8) & 255)
    return textEscapes[sequence] ?? sequence
  })
}
