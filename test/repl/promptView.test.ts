import fc from 'fast-check'
import stringWidth from 'string-width'
import { expect, test } from 'vitest'
import { promptLines, promptView } from '../../repl/promptView.ts'
import { runs } from '../support/runs.ts'

const prompts = (text: string, status: 'idle' | 'transaction' | 'failed'): string[] =>
  promptLines(text, status).map(({ prompt }) => prompt)

test('the prompt shows the transaction and what is open', () => {
  expect(prompts('', 'idle')).toEqual(['isolde=> '])
  expect(prompts('', 'transaction')).toEqual(['isolde=*> '])
  expect(prompts('', 'failed')).toEqual(['isolde=!> '])
  expect(prompts("select\n(1,\n'a\nb', $$\n$$) /*\n*/", 'idle')).toEqual([
    'isolde=> ',
    'isolde-> ',
    'isolde(> ',
    "isolde'> ",
    'isolde$> ',
    'isolde*> ',
  ])
})

test('a line that is too long goes on below, and the cursor with it', () => {
  const view = promptView('select 日本語', 10, 'idle', { width: 20, height: 10 })
  expect(view.rows).toEqual([
    { prompt: 'isolde=> ', text: 'select 日' },
    { prompt: '', text: '本語' },
  ])
  expect(view.cursor).toEqual({ x: 4, y: 1 })
})

test('of a text that is taller than the screen the part around the cursor is shown', () => {
  const text = Array.from({ length: 50 }, (_, line) => `line${String(line)}`).join('\n')
  const view = promptView(text, text.length, 'idle', { width: 80, height: 10 })
  expect(view.rows.map((row) => row.text)).toEqual(text.split('\n').slice(40))
  expect(view.cursor).toEqual({ x: 'isolde-> line49'.length, y: 9 })
})

test('no row is wider than the screen, and the cursor is always on it', () => {
  const piece = fc.constantFrom('a', ' ', '日', '\n', "'", '👩‍👩‍👧')
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 120 }),
      fc.integer({ min: 14, max: 40 }),
      fc.nat(),
      (parts, width, seed) => {
        const text = parts.join('')
        const borders = [...[...new Intl.Segmenter().segment(text)].map(({ index }) => index), text.length]
        const cursor = borders[seed % borders.length]!
        const { rows, cursor: place } = promptView(text, cursor, 'transaction', { width, height: 8 })
        expect(rows.length).toBeLessThanOrEqual(8)
        for (const { prompt, text: row } of rows) expect(stringWidth(prompt + row)).toBeLessThan(width)
        expect(place.y).toBeLessThan(rows.length)
        expect(place.x).toBeLessThan(width)
      },
    ),
    { numRuns: runs(200) },
  )
})
