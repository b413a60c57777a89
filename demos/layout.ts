/** Text set in columns of a fixed display width. */
import stringWidth from 'string-width'

/** Columns that a terminal needs; nearly all text is ASCII, whose width is its length. */
export const displayWidth = (text: string): number => (/^[ -~]*$/.test(text) ? text.length : stringWidth(text))

/** Words set into lines of at most `width` columns; a word that is longer than a line is cut. Continuation lines begin with `indent`. */
export function wrap(text: string, width: number, indent = ''): string[] {
  const lines: string[] = []
  const room = (): number => width - (lines.length === 0 ? 0 : indent.length)
  const end = (line: string): void => void lines.push(lines.length === 0 ? line : indent + line)
  let line = ''
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    const extended = line === '' ? word : `${line} ${word}`
    if (displayWidth(extended) <= room()) {
      line = extended
      continue
    }
    if (line !== '') end(line)
    line = word
    while (displayWidth(line) > room()) {
      const head = cut(line, room())
      if (head === line) break
      end(head)
      line = line.slice(head.length)
    }
  }
  if (line !== '' || lines.length === 0) end(line)
  return lines
}

/** A statement in lines of at most `width` columns, broken before a clause rather than within one. */
export function wrapSql(sql: string, width: number): string[] {
  const lines: string[] = []
  for (const clause of sql.trim().split(/\s+(?=(?:FROM|WHERE|SET|VALUES|GROUP BY|ORDER BY|RETURNING)\b)/i)) {
    const last = lines.at(-1)
    const joined = last === undefined ? clause : `${last} ${clause}`
    if (displayWidth(joined) <= width) lines.splice(-1, 1, joined)
    else lines.push(...wrap(clause, width - 2, '  ').map((line) => (last === undefined ? line : `  ${line}`)))
  }
  return lines
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** The longest beginning of `text` that is at most `width` columns wide, never less than one character. */
export function cut(text: string, width: number): string {
  let end = 0
  let used = 0
  for (const { segment } of graphemes.segment(text)) {
    used += displayWidth(segment)
    if (used > width && end > 0) break
    end += segment.length
  }
  return text.slice(0, end)
}

/** `text` filled up with blanks to `width` columns. */
export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)))
}
