/**
 * The anomalies of the textbooks, found by random search and shrunk to the shortest schedule that shows them. The pictures
 * under golden/ are what came out: `npx vitest run test/properties/found.test.ts -u` writes them again.
 */
import { describe, expect, it } from 'vitest'
import type { Mutation } from '../mutations/mutant.ts'
import { withMutant } from '../mutations/mutant.ts'
import type { Anomaly } from './found/anomalies.ts'
import { anomalies, dirtyWrite } from './found/anomalies.ts'
import * as sound from './found/search.ts'

const numRuns = 3000

/** No level lets a dirty write through: it takes an engine that writes over what others have not committed. */
const withoutWriteLocks: Mutation = {
  name: 'no write locks',
  file: 'src/txn/rowLocks.ts',
  find: '!head.writer.published && rowModesExclude(head.mode, mode)',
  replace: 'false',
}

async function expectFound(anomaly: Anomaly, engine: typeof sound): Promise<void> {
  const { schedule, transactions, reads, writes, picture } = await engine.find(anomaly, numRuns)
  await expect(picture).toMatchFileSnapshot(`golden/${anomaly.name}.txt`)
  expect({ transactions, reads, writes }).toEqual(anomaly.minimal)
  for (const left of schedule) {
    const shorter = schedule.filter((turn) => turn !== left)
    expect(await engine.shows(anomaly, shorter, anomaly.level), `without "${left.act.sql}"`).toBe(false)
  }
  expect(await sound.shows(anomaly, schedule, anomaly.stoppedAt), `at ${anomaly.stoppedAt}`).toBe(false)
}

describe('found, and shrunk to the smallest', () => {
  it.each(anomalies)('$name', (anomaly) => expectFound(anomaly, sound))

  it('dirty-write, where writers take no locks', () =>
    withMutant(withoutWriteLocks, 'test/properties/found/search.ts', (engine) =>
      expectFound(dirtyWrite, engine as typeof sound),
    ))
})
