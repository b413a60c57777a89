/** Shows where in its text an error is, as psql does: the line, and a caret below the place. */

export interface ErrorPosition {
  /** Both count from 1; the column in characters. */
  readonly line: number
  readonly column: number
  /** `LINE 2: … where x = 1`: the line, cut to a width around the place if it is long. */
  readonly text: string
  /** Spaces and a caret, to be shown below `text`. */
  readonly caret: string
}

/** Columns of a terminal that the excerpt of a line may take, and how many of them stay free behind the caret. */
const maxWidth = 60
const minRight = 10

/** The terminal's columns of a character: 0 for combining marks, 2 for East Asian wide ones and emoji. */
function widthOf(character: string): number {
  const code = character.codePointAt(0) ?? 0
  if (code < 0x300) return 1
  if (/\p{Mn}|\p{Me}|\p{Cf}/u.test(character)) return 0
  const wide =
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0x303e) ||
    (code >= 0x3041 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd)
  return wide ? 2 : 1
}

/** Tabs are shown as a space, and other control characters too: the caret must stay below its place. */
const shown = (character: string): string => ((character.codePointAt(0) ?? 0) < 32 ? ' ' : character)

/** `position` is an error's: it counts from 1, and one behind the text is its end. */
export function renderErrorPosition(sql: string, position: number): ErrorPosition {
  const offset = Math.max(0, Math.min(position - 1, sql.length))
  const start = Math.max(sql.lastIndexOf('\n', offset - 1), sql.lastIndexOf('\r', offset - 1)) + 1
  const rest = sql.slice(offset).search(/[\r\n]/)
  const end = rest < 0 ? sql.length : offset + rest
  const line = sql.slice(0, start).split(/\r\n|\r|\n/).length
  // Only so much of a long line is looked at as can be shown.
  const before = Array.from(sql.slice(Math.max(start, offset - 4 * maxWidth), offset), shown)
  const behind = Array.from(sql.slice(offset, Math.min(end, offset + 4 * maxWidth)), shown)
  const column = Array.from(sql.slice(start, offset)).length + 1

  const tail = take(behind, Math.max(minRight, maxWidth - width(before)))
  const head = take(before.reverse(), maxWidth - Math.min(width(tail), maxWidth)).reverse()
  const cutLeft = head.length < before.length || start < offset - 4 * maxWidth
  const cutRight = tail.length < behind.length || end > offset + 4 * maxWidth
  const prefix = `LINE ${String(line)}: ${cutLeft ? '…' : ''}`
  return {
    line,
    column,
    text: `${prefix}${head.join('')}${tail.join('')}${cutRight ? '…' : ''}`,
    caret: `${' '.repeat(prefix.length + width(head))}^`,
  }
}

const width = (characters: readonly string[]): number =>
  characters.reduce((sum, character) => sum + widthOf(character), 0)

/** The first characters that fit in `columns`. */
function take(characters: readonly string[], columns: number): string[] {
  let used = 0
  let count = 0
  for (const character of characters) {
    used += widthOf(character)
    if (used > columns) break
    count++
  }
  return characters.slice(0, count)
}
