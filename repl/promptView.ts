/**
 * The text at the prompt laid out for the screen: every line with its prompt, as psql shows it, cut at the right edge,
 * and where that puts the cursor.
 */
import { displayWidth } from '../demos/layout.ts'
import type { TransactionStatus } from './client.ts'
import { StatementReader, type Pending } from './statementReader.ts'

export interface PromptRow {
  /** Empty on a row that continues the one above it. */
  readonly prompt: string
  readonly text: string
}

export interface PromptView {
  readonly rows: readonly PromptRow[]
  readonly cursor: { readonly x: number; readonly y: number }
}

const marks: Readonly<Record<TransactionStatus, string>> = { idle: '', transaction: '*', failed: '!' }

/** `isolde=> `, in a transaction `isolde=*> `, in a failed one `isolde=!> `; '-', a quote … instead of '=' in a statement that goes on. */
export const promptText = (pending: Pending, status: TransactionStatus): string => `isolde${pending}${marks[status]}> `

/** The lines of the text with the prompt of each. */
export function promptLines(text: string, status: TransactionStatus): readonly PromptRow[] {
  const reader = new StatementReader()
  return text.split('\n').map((line, index) => {
    const prompt = promptText(index === 0 ? '=' : reader.pending === '=' ? '-' : reader.pending, status)
    reader.push(line + '\n')
    return { prompt, text: line }
  })
}

/** At most `height` rows of at most `width` columns, those around the cursor. */
export function promptView(
  text: string,
  cursor: number,
  status: TransactionStatus,
  { width, height }: { readonly width: number; readonly height: number },
): PromptView {
  const rows: PromptRow[] = []
  const place = { x: 0, y: 0 }
  let offset = 0
  for (const { prompt, text: line } of promptLines(text, status)) {
    for (const piece of pieces(line, prompt.length, width)) {
      const row = { prompt: piece.from === 0 ? prompt : '', text: line.slice(piece.from, piece.to) }
      const here = cursor - offset
      if (here >= piece.from && here <= piece.to) {
        place.x = row.prompt.length + displayWidth(line.slice(piece.from, here))
        place.y = rows.length
      }
      rows.push(row)
    }
    offset += line.length + 1
  }
  const top = Math.max(0, Math.min(place.y - Math.floor(height / 2), rows.length - height))
  return { rows: rows.slice(top, top + height), cursor: { x: place.x, y: place.y - top } }
}

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** Where a line is cut, so that no row is wider than the screen; the last column stays free for the cursor. */
function pieces(line: string, promptWidth: number, width: number): { from: number; to: number }[] {
  const cut: { from: number; to: number }[] = []
  let from = 0
  let used = promptWidth
  for (const { segment, index } of segmenter.segment(line)) {
    const columns = displayWidth(segment)
    if (used + columns > width - 1 && index > from) {
      cut.push({ from, to: index })
      from = index
      used = 0
    }
    used += columns
  }
  cut.push({ from, to: line.length })
  return cut
}
