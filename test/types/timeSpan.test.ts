import { expect, test } from 'vitest'
import { parseTimeSpan } from '../../src/types/timeSpan.ts'

const second = 1_000_000

test.each([
  ['10s', 10 * second],
  ['10 seconds', 10 * second],
  ['1.5 Hours', 5400 * second],
  ['1h30m', 5400 * second],
  ['2 days 01:30:00.25', 2 * 86_400 * second + 5_400_250_000],
  ['1 week', 7 * 86_400 * second],
  ['1h -30m', 1800 * second],
  ['-00:00:01', -second],
  ['250 µs', 250],
  ['0.0000004s', 0],
])('%s', (text, micros) => {
  expect(parseTimeSpan(text)).toBe(micros)
})

test.each([
  '',
  ' ',
  '10',
  's',
  '10 s s',
  '1 month',
  '1:2:3:4',
  '1:60',
  '0:00:60',
  '--1s',
  '1..5s',
  '1e3s',
  '9'.repeat(30) + 's',
])('not %j', (text) => {
  expect(parseTimeSpan(text)).toBeNull()
})
