/**
 * The anomalies of the textbooks, found by random search and shrunk to the shortest schedule that shows them. The pictures
 * under golden/ are what came out: `npx vitest run test/properties/found.test.ts -u` writes them again.
 */
import { describe, expect, it } from 'vitest'
import { anomalies } from './found/anomalies.ts'
import { find, shows } from './found/search.ts'

const numRuns = 3000

describe.each(anomalies)('$name', (anomaly) => {
  it('is found, and shrunk to its smallest', async () => {
    const { schedule, transactions, reads, writes, picture } = await find(anomaly, numRuns)
    await expect(picture).toMatchFileSnapshot(`golden/${anomaly.name}.txt`)
    expect({ transactions, reads, writes }).toEqual(anomaly.minimal)
    for (const left of schedule) {
      const shorter = schedule.filter((turn) => turn !== left)
      expect(await shows(anomaly, shorter, anomaly.level), `without "${left.act.sql}"`).toBe(false)
    }
    expect(await shows(anomaly, schedule, anomaly.stoppedAt), `at ${anomaly.stoppedAt}`).toBe(false)
  })
})
