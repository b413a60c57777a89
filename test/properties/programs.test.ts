/**
 * Whatever transactions do beside one another, each gets what its level promises. Random programs over random schemas, with
 * statements suspended at any row; the checker judges the recording of each run.
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { runs } from '../support/runs.ts'
import { describeProgram } from './programs.ts'
import { examine, properties } from './properties.ts'

for (const property of properties) {
  const numRuns = runs(property.runs)
  it(property.name, async () => {
    let run = 0
    let committed = 0
    await fc.assert(
      fc.asyncProperty(property.programs, async (program) => {
        const { execution, finding } = await examine(property, program, run++)
        for (const each of execution?.transactions ?? []) if (each.committed) committed++
        if (finding === null) return
        const history = execution === null ? '' : execution.history.describe()
        throw new Error(`${finding.what}\n\n${describeProgram(program)}\n\n${history}`)
      }),
      { numRuns },
    )
    expect(committed).toBeGreaterThan(numRuns)
  })
}
