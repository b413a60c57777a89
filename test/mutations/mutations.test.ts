/**
 * The engine broken on purpose: are the properties of test/properties able to fail? Each mutation must be caught within the
 * runs that `npm test` gives a property; the table says by which, and how soon.
 */
import { writeSync } from 'node:fs'
import { afterAll, expect, it } from 'vitest'
import { withMutant } from './mutant.ts'
import { mutations } from './mutations.ts'
import type { survey, Survey } from './properties.ts'
import type { Row } from './table.ts'
import { tableOf } from './table.ts'

const entry = 'test/mutations/properties.ts'
const seed = 1
const timeout = 300_000

const surveyOf = (module: unknown): typeof survey => (module as { readonly survey: typeof survey }).survey

const rows: Row[] = []

it(
  'an engine without a mistake passes',
  async () => {
    const { caught } = await withMutant(null, entry, (module) => surveyOf(module)(seed, 50))
    expect(caught).toBeNull()
  },
  timeout,
)

for (const mutation of mutations) {
  it(
    mutation.name,
    async () => {
      const { caught }: Survey = await withMutant(mutation, entry, (module) => surveyOf(module)(seed))
      rows.push({ mutation: mutation.name, caught })
      expect(caught, 'nothing has caught it').not.toBeNull()
    },
    timeout,
  )
}

afterAll(() => {
  // Past the reporter: what tests that pass have logged, some reporters leave out.
  if (rows.length > 0) writeSync(1, tableOf(rows))
})
