/**
 * The text at the prompt and what keys do to it: a pure state machine over `Editor` values. The text may have several
 * lines; up and down move in it and, at its edges, through the history. The cursor is an index into the text and always
 * stands between characters as people see them (grapheme clusters).
 */
export interface Editor {
  readonly text: string
  readonly cursor: number
  /** What the last kill took, for yank. */
  readonly killed: string
  /** The place in the history, counted from its end; 0 is the text that is being written. */
  readonly recalled: number
  /** The text that was being written before the history was walked. */
  readonly draft: string
}

export type EditorCommand = { readonly kind: 'insert'; readonly text: string } | { readonly kind: EditorMotion }

export type EditorMotion =
  | 'left'
  | 'right'
  | 'word left'
  | 'word right'
  | 'line start'
  | 'line end'
  | 'up'
  | 'down'
  | 'delete before'
  | 'delete after'
  | 'kill word before'
  | 'kill word after'
  | 'kill to line start'
  | 'kill to line end'
  | 'yank'

export const emptyEditor: Editor = { text: '', cursor: 0, killed: '', recalled: 0, draft: '' }

export function edited(editor: Editor, command: EditorCommand, history: readonly string[]): Editor {
  const { text, cursor } = editor
  switch (command.kind) {
    case 'insert':
      return inserted(editor, command.text)
    case 'yank':
      return inserted(editor, editor.killed)
    case 'left':
      return at(editor, before(text, cursor))
    case 'right':
      return at(editor, after(text, cursor))
    case 'word left':
      return at(editor, wordBefore(text, cursor))
    case 'word right':
      return at(editor, wordAfter(text, cursor))
    case 'line start':
      return at(editor, lineStart(text, cursor))
    case 'line end':
      return at(editor, lineEnd(text, cursor))
    case 'up':
      return lineStart(text, cursor) === 0 ? recall(editor, history, editor.recalled + 1) : vertical(editor, -1)
    case 'down':
      return lineEnd(text, cursor) === text.length ? recall(editor, history, editor.recalled - 1) : vertical(editor, 1)
    case 'delete before':
      return removed(editor, before(text, cursor), cursor)
    case 'delete after':
      return removed(editor, cursor, after(text, cursor))
    case 'kill word before':
      return killed(editor, blankBefore(text, cursor), cursor)
    case 'kill word after':
      return killed(editor, cursor, wordAfter(text, cursor))
    case 'kill to line start':
      return killed(editor, lineStart(text, cursor), cursor)
    case 'kill to line end': {
      const end = lineEnd(text, cursor)
      // At the end of a line it takes the line end, so that repeated kills join lines.
      return killed(editor, cursor, end === cursor ? Math.min(text.length, end + 1) : end)
    }
  }
}

/** Line ends of any system become '\n'; other control characters would move the terminal's cursor, and go. */
function inserted(editor: Editor, piece: string): Editor {
  const clean = piece
    .replace(/\r\n?/g, '\n')
    .replaceAll('\t', '    ')
    .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, '')
  const text = editor.text.slice(0, editor.cursor) + clean + editor.text.slice(editor.cursor)
  return { ...editor, text, cursor: editor.cursor + clean.length }
}

const at = (editor: Editor, cursor: number): Editor => ({ ...editor, cursor })

function removed(editor: Editor, from: number, to: number): Editor {
  return { ...editor, text: editor.text.slice(0, from) + editor.text.slice(to), cursor: from }
}

function killed(editor: Editor, from: number, to: number): Editor {
  return from === to ? editor : { ...removed(editor, from, to), killed: editor.text.slice(from, to) }
}

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** Clusters are short: a window is enough to find the one that ends, or begins, at the cursor. */
const clusterMax = 64

function before(text: string, cursor: number): number {
  const from = Math.max(0, cursor - clusterMax)
  let last = from
  for (const { index } of segmenter.segment(text.slice(from, cursor))) last = from + index
  return last
}

function after(text: string, cursor: number): number {
  for (const { segment } of segmenter.segment(text.slice(cursor, cursor + clusterMax))) return cursor + segment.length
  return cursor
}

const wordCharacter = /[\p{L}\p{N}_]/u

function wordBefore(text: string, cursor: number): number {
  let to = cursor
  while (to > 0 && !wordCharacter.test(text[to - 1]!)) to--
  while (to > 0 && wordCharacter.test(text[to - 1]!)) to--
  return to
}

function wordAfter(text: string, cursor: number): number {
  let to = cursor
  while (to < text.length && !wordCharacter.test(text[to]!)) to++
  while (to < text.length && wordCharacter.test(text[to]!)) to++
  return to
}

/** Ctrl-W goes back to a blank, as in a shell. */
function blankBefore(text: string, cursor: number): number {
  let to = cursor
  while (to > 0 && /\s/.test(text[to - 1]!)) to--
  while (to > 0 && !/\s/.test(text[to - 1]!)) to--
  return to
}

const lineStart = (text: string, cursor: number): number => text.lastIndexOf('\n', cursor - 1) + 1

function lineEnd(text: string, cursor: number): number {
  const end = text.indexOf('\n', cursor)
  return end < 0 ? text.length : end
}

/** Keeps the distance from the start of the line as far as the other line is long. */
function vertical(editor: Editor, direction: 1 | -1): Editor {
  const { text, cursor } = editor
  const start = lineStart(text, cursor)
  const other = direction < 0 ? lineStart(text, start - 1) : lineEnd(text, cursor) + 1
  return at(editor, snapped(text, other, Math.min(other + cursor - start, lineEnd(text, other))))
}

/** The last border between characters that is not after `wanted`. */
function snapped(text: string, from: number, wanted: number): number {
  let border = from
  while (border < wanted) {
    const next = after(text, border)
    if (next > wanted) break
    border = next
  }
  return border
}

function recall(editor: Editor, history: readonly string[], recalled: number): Editor {
  if (recalled < 0 || recalled > history.length) return editor
  const draft = editor.recalled === 0 ? editor.text : editor.draft
  const text = recalled === 0 ? draft : history[history.length - recalled]!
  return { ...editor, text, cursor: text.length, recalled, draft }
}
