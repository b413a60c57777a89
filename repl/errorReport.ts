/** An error as psql reports it: severity and message, the line of the statement with a caret, detail and hint. */
import { displayWidth } from '../demos/layout.ts'
import { visible } from './resultFormat.ts'

export interface ReportedError {
  readonly severity: string
  readonly message: string
  readonly detail?: string
  readonly hint?: string
  readonly where?: string
  /** Counts the characters of the statement from 1. */
  readonly position?: number
}

/** At most this much of a long line is shown around the caret. */
const shownWidth = 70

/** Several lines, each with its line end. `sql` is the statement that was sent. */
export function errorReport(error: ReportedError, sql: string): string {
  const lines = [`${error.severity}:  ${error.message}`]
  if (error.position !== undefined) lines.push(...caret(sql, error.position))
  if (error.detail !== undefined) lines.push(`DETAIL:  ${error.detail}`)
  if (error.hint !== undefined) lines.push(`HINT:  ${error.hint}`)
  if (error.where !== undefined) lines.push(`CONTEXT:  ${error.where}`)
  return lines.map((line) => visible(line) + '\n').join('')
}

function caret(sql: string, position: number): string[] {
  const offset = offsetOf(sql, position)
  const before = sql.slice(0, offset)
  const lineNumber = before.split('\n').length
  const lineStart = before.lastIndexOf('\n') + 1
  const lineEnd = sql.indexOf('\n', offset)
  const line = blanked(sql.slice(lineStart, lineEnd < 0 ? sql.length : lineEnd))
  const column = blanked(sql.slice(lineStart, offset)).length
  const { text, at } = window(line, column)
  const head = `LINE ${String(lineNumber)}: `
  return [head + text, ' '.repeat(displayWidth(head + text.slice(0, at))) + '^']
}

/** The index into the string: positions count characters, and one outside the basic plane takes two units. */
function offsetOf(sql: string, position: number): number {
  let offset = 0
  for (let character = 1; character < position && offset < sql.length; character++) {
    offset += sql.codePointAt(offset)! > 0xffff ? 2 : 1
  }
  return offset
}

/** One unit for one unit, so that positions stay: control characters become blanks. */
const blanked = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ')

function window(line: string, column: number): { text: string; at: number } {
  if (line.length <= shownWidth) return { text: line, at: column }
  const from = Math.max(0, Math.min(column - Math.floor(shownWidth / 2), line.length - shownWidth))
  const head = from > 0 ? '...' : ''
  const tail = from + shownWidth < line.length ? '...' : ''
  return { text: head + line.slice(from, from + shownWidth) + tail, at: head.length + column - from }
}
