import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { edited, emptyEditor, type Editor, type EditorCommand, type EditorMotion } from '../../repl/lineEditor.ts'
import { runs } from '../support/runs.ts'

/** A text with `|` for the cursor. */
function editor(marked: string): Editor {
  const cursor = marked.indexOf('|')
  return { ...emptyEditor, text: marked.replace('|', ''), cursor }
}

const shown = ({ text, cursor }: Editor): string => `${text.slice(0, cursor)}|${text.slice(cursor)}`

test.each<[EditorMotion, string, string]>([
  ['left', 'ab|c', 'a|bc'],
  ['left', '|abc', '|abc'],
  ['left', 'a👩‍👩‍👧|', 'a|👩‍👩‍👧'],
  ['right', 'a|👩‍👩‍👧', 'a👩‍👩‍👧|'],
  ['word left', 'select foo_bar, |x', 'select |foo_bar, x'],
  ['word right', 'select| foo_bar, x', 'select foo_bar|, x'],
  ['line start', 'a\nbc|d', 'a\n|bcd'],
  ['line end', 'a|b\ncd', 'ab|\ncd'],
  ['up', 'abc\nde|f', 'ab|c\ndef'],
  ['up', 'a\ndef|', 'a|\ndef'],
  ['down', 'ab|c\nd\nef', 'abc\nd|\nef'],
  ['delete before', 'aé|b', 'a|b'],
  ['delete after', 'a|日b', 'a|b'],
  ['kill word before', "where name = 'x'|", 'where name = |'],
  ['kill word after', 'a| foo, b', 'a|, b'],
  ['kill to line start', 'a\nbc|d', 'a\n|d'],
  ['kill to line end', 'a|b\nc', 'a|\nc'],
  ['kill to line end', 'a|\nc', 'a|c'],
])('%s: %j becomes %j', (kind, from, to) => {
  expect(shown(edited(editor(from), { kind }, []))).toBe(to)
})

test('what was killed comes back', () => {
  const killed = edited(editor('a |b c'), { kind: 'kill to line end' }, [])
  expect(shown(edited(edited(killed, { kind: 'line start' }, []), { kind: 'yank' }, []))).toBe('b c|a ')
})

test('pasted line ends become line ends, and nothing pasted can move the terminal’s cursor', () => {
  expect(edited(emptyEditor, { kind: 'insert', text: 'a\r\nb\rc\td\u001b[2J\u0007' }, []).text).toBe('a\nb\nc    d[2J')
})

describe('the history', () => {
  const history = ['one', 'two\nlines']
  const press = (from: Editor, ...kinds: EditorMotion[]): Editor =>
    kinds.reduce((now, kind) => edited(now, { kind }, history), from)

  test('is walked by up and down, and the draft is kept', () => {
    const draft = editor('dra|ft')
    expect(press(draft, 'up').text).toBe('two\nlines')
    // The first `up` moves within the recalled text of two lines.
    expect(press(draft, 'up', 'up').text).toBe('two\nlines')
    expect(press(draft, 'up', 'up', 'up').text).toBe('one')
    expect(press(draft, 'up', 'up', 'up', 'up').text).toBe('one')
    expect(press(draft, 'up', 'up', 'up', 'down').text).toBe('two\nlines')
    expect(press(draft, 'up', 'up', 'up', 'down', 'down').text).toBe('draft')
    expect(press(draft, 'down').text).toBe('draft')
  })
})

test('whatever is pressed, the cursor stands in the text and between characters', () => {
  const motions: EditorMotion[] = [
    ...(['left', 'right', 'word left', 'word right', 'line start', 'line end', 'up', 'down', 'delete before'] as const),
    ...([
      'delete after',
      'kill word before',
      'kill word after',
      'kill to line start',
      'kill to line end',
      'yank',
    ] as const),
  ]
  const command: fc.Arbitrary<EditorCommand> = fc.oneof(
    fc.constantFrom(...motions).map((kind) => ({ kind })),
    fc.constantFrom('a', '日', '\n', '👩‍👩‍👧', 'x y', '  ').map((text) => ({ kind: 'insert' as const, text })),
  )
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
      let state = emptyEditor
      for (const next of commands) {
        state = edited(state, next, ['recalled\n日本', '👩‍👩‍👧'])
        expect(state.cursor).toBeGreaterThanOrEqual(0)
        expect(state.cursor).toBeLessThanOrEqual(state.text.length)
        const borders = [...new Intl.Segmenter().segment(state.text)].map(({ index }) => index)
        expect([...borders, state.text.length]).toContain(state.cursor)
      }
    }),
    { numRuns: runs(300) },
  )
})
