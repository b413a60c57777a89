/** The entry that is bundled over a mutant: the properties of test/properties, run until the first failure. */
import fc from 'fast-check'
import type { Finding, Property } from '../properties/properties.ts'
import { examine, properties, themes } from '../properties/properties.ts'

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

/** Programs on one theme are short, and find what the others seldom do: they get so many runs a turn, the others one. */
const RUNS_ON_A_THEME = 4

/** Gives each property its runs in turn, at most `most` turns, until one fails. The programs follow from the seed. */
export async function survey(seed: number, most = Infinity): Promise<Survey> {
  const series = properties.map((property, i) => ({ property, programs: seriesOf(property, seed + i), run: 0 }))
  let runs = 0
  for (let turn = 0; turn < most && series.some(({ property, run }) => run < property.runs); turn++) {
    for (const each of series) {
      const { property, programs } = each
      const end = Math.min(property.runs, each.run + (themes.includes(property) ? RUNS_ON_A_THEME : 1))
      for (; each.run < end; each.run++) {
        runs++
        const { finding } = await examine(property, programs.next().value!, each.run)
        if (finding !== null) return { caught: { property: property.name, run: each.run + 1, finding }, runs }
      }
    }
  }
  return { caught: null, runs }
}

function* seriesOf({ programs }: Property, seed: number) {
  for (let batch = 0; ; batch++) yield* fc.sample(programs, { seed: seed + 1000 * batch, numRuns: BATCH })
}
