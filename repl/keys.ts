/** What the keys mean: those of readline, which psql's users have in their fingers. */
import type { Key } from 'ink'
import type { EditorCommand, EditorMotion } from './lineEditor.ts'

export type KeyMeaning =
  | { readonly kind: 'edit'; readonly command: EditorCommand }
  | { readonly kind: 'enter' }
  /** Ctrl-C. */
  | { readonly kind: 'interrupt' }
  /** Ctrl-D: the end of the input on an empty line, else delete. */
  | { readonly kind: 'end' }
  | { readonly kind: 'clear screen' }

const control: Readonly<Record<string, EditorMotion>> = {
  a: 'line start',
  b: 'left',
  e: 'line end',
  f: 'right',
  h: 'delete before',
  k: 'kill to line end',
  n: 'down',
  p: 'up',
  u: 'kill to line start',
  w: 'kill word before',
  y: 'yank',
}

const meta: Readonly<Record<string, EditorMotion>> = { b: 'word left', d: 'kill word after', f: 'word right' }

const edit = (kind: EditorMotion): KeyMeaning => ({ kind: 'edit', command: { kind } })
const insert = (text: string): KeyMeaning => ({ kind: 'edit', command: { kind: 'insert', text } })

/** One event of the terminal may be several keys: what is typed fast, or pasted where bracketed paste is unknown. */
export function meanings(input: string, key: Key): readonly KeyMeaning[] {
  const named = namedKey(key)
  if (named !== null) return [named]
  if (key.ctrl) return controlKey(input)
  if (key.meta) {
    const motion = meta[input]
    return motion === undefined ? [] : [edit(motion)]
  }
  // Text and the control characters between it.
  return (input.match(/[^\u0000-\u001f\u007f]+|\r\n|[\u0000-\u001f\u007f]/g) ?? []).flatMap(piece)
}

function namedKey(key: Key): KeyMeaning | null {
  if (key.return) return key.meta ? insert('\n') : { kind: 'enter' }
  if (key.upArrow) return edit('up')
  if (key.downArrow) return edit('down')
  if (key.leftArrow) return edit(key.ctrl || key.meta ? 'word left' : 'left')
  if (key.rightArrow) return edit(key.ctrl || key.meta ? 'word right' : 'right')
  if (key.home) return edit('line start')
  if (key.end) return edit('line end')
  if (key.backspace) return edit(key.meta ? 'kill word before' : 'delete before')
  if (key.delete) return edit('delete after')
  return null
}

function controlKey(letter: string): readonly KeyMeaning[] {
  if (letter === 'c') return [{ kind: 'interrupt' }]
  if (letter === 'd') return [{ kind: 'end' }]
  if (letter === 'l') return [{ kind: 'clear screen' }]
  if (letter === 'j' || letter === 'm') return [{ kind: 'enter' }]
  const motion = control[letter]
  return motion === undefined ? [] : [edit(motion)]
}

function piece(text: string): readonly KeyMeaning[] {
  const code = text.charCodeAt(0)
  if (text === '\r' || text === '\n' || text === '\r\n') return [{ kind: 'enter' }]
  if (text === '\t') return [insert(text)]
  if (code === 0x7f) return [edit('delete before')]
  return code < 0x20 ? controlKey(String.fromCharCode(code + 0x60)) : [insert(text)]
}
