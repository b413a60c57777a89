/**
 * The engine broken on purpose: are the properties of test/properties able to fail? Each mutation must be caught within the
 * runs that `npm test` gives a property; the table says by which, and how soon.
 */
import { afterAll, expect, it } from 'vitest'
import { withMutant } from './mutant.ts'
import { mutations } from './mutations.ts'
import type { survey, Survey } from './properties.ts'

const entry = 'test/mutations/properties.ts'
const seed = 1
const timeout = 300_000

const surveyOf = (module: unknown): typeof survey => (module as { readonly survey: typeof survey }).survey

const table: string[] = []

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
      expect(caught, 'nothing has caught it').not.toBeNull()
      table.push(`${mutation.name} → ${caught!.finding.check}, after ${caught!.run} runs of "${caught!.property}"`)
    },
    timeout,
  )
}

afterAll(() => {
  console.log(table.join('\n'))
})
