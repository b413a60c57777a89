/** The entry that is bundled over a mutant: the properties of test/properties, run until the first failure. */
import fc from 'fast-check'
import type { Finding, Property } from '../properties/properties.ts'
import { examine, properties } from '../properties/properties.ts'
import { programs } from '../properties/programs.ts'

/** Who caught the mutant: the property, at which of its runs (from 1), by which check. */
export interface Caught {
  readonly property: string
  readonly run: number
  readonly finding: Finding
}

export interface Survey {
  /** Null if it survived. */
  readonly caught: Caught | null
  /** Of all properties together. */
  readonly runs: number
}

/** Programs are made a batch at a time. */
const BATCH = 50

/** Gives each property a run in turn, at most `most` of each, until one fails. The programs follow from the seed. */
export async function survey(seed: number, most = Infinity): Promise<Survey> {
  const series = properties.map((property, i) => ({ property, programs: seriesOf(property, seed + i) }))
  let runs = 0
  for (let run = 0; run < most; run++) {
    const going = series.filter(({ property }) => run < property.runs)
    if (going.length === 0) break
    for (const { property, programs } of going) {
      runs++
      const { finding } = await examine(property, programs.next().value!, run)
      if (finding !== null) return { caught: { property: property.name, run: run + 1, finding }, runs }
    }
  }
  return { caught: null, runs }
}

function* seriesOf({ size }: Property, seed: number) {
  const arbitrary = programs(size)
  for (let batch = 0; ; batch++) yield* fc.sample(arbitrary, { seed: seed + 1000 * batch, numRuns: BATCH })
}
