/**
 * The short way (src/session/immediate.ts) leads to where the long way does: the same calls are made to two databases, and to
 * the trace of one of them somebody listens, so every statement goes the long way there. What is recorded goes the long
 * way, too, so that no other program covers the short one.
 */
import { expect, it } from 'vitest'
import { runs } from '../support/runs.ts'
import { levels, programs } from './programs.ts'
import type { Way } from './twins.ts'
import { expectSame } from './twins.ts'

const numRuns = runs(600)

const short: Way = { traced: false, words: (sql) => sql }
const long: Way = { ...short, traced: true }

it('the short way leads to where the long way does', async () => {
  const { calls, waits } = await expectSame({
    title: 'the short way and the long way',
    ways: [short, long],
    programs: programs({ levels, sessions: 3, transactions: 3, statements: 5 }),
    numRuns,
  })
  expect(waits).toBeGreaterThan(numRuns / 8)
  expect(calls).toBeGreaterThan(5 * numRuns)
})
