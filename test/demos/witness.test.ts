import { expect, test } from 'vitest'
import { holds, parseWitness, type Ending } from '../../demos/witness.ts'

const values: Record<string, string | null> = { one: '1', two: '2', ten: '10', name: 'Alice', nothing: null }
const endings: Record<string, Ending> = { A: 'committed', B: 'rolled back' }

const judge = (text: string): boolean =>
  holds(parseWitness(text, (message) => new Error(message)).condition, {
    value: (name) => values[name] ?? null,
    ending: (session) => endings[session] ?? null,
  })

test.each([
  ['one = 1', true],
  ['one <> 1', false],
  ['two < ten', true],
  ["name = 'Alice'", true],
  ["name <> 'Bob'", true],
  ['one + two = 3', true],
  ['ten - two - one = 7', true],
  ['ten - (two)', null],
  ['one - two = -1', true],
  ['one - two = - two', null],
  ['A committed', true],
  ['B committed', false],
  ['B rolled back and not A rolled back', true],
  ['one = 2 and one = 1 or two = 2', true],
  ['one = 2 and (one = 1 or two = 2)', false],
  ['not one = 2 and one = 1', true],
  // What has no value makes every comparison false, also the one that asks for a difference.
  ['nothing = 1', false],
  ['nothing <> 1', false],
  ['never_run <> 1', false],
  ['never_run + 1 <> 1', false],
  ['one = 1 one = 1', null],
  ['one ; 1', null],
])('%s', (text, expected) => {
  if (expected === null) expect(() => judge(text)).toThrow(Error)
  else expect(judge(text)).toBe(expected)
})
