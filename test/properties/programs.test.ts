/**
 * Whatever transactions do beside one another, each gets what its level promises. Random programs over random schemas, with
 * statements suspended at any row; the checker judges the recording of each run.
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { runs } from '../support/runs.ts'
import { judge, leftBehind, misbehaved, notSerial, violated } from './judge.ts'
import type { Program, ProgramSize } from './programs.ts'
import { describeProgram, levels, programs, serializableLevels } from './programs.ts'
import type { Execution } from './worlds.ts'
import { forsake, worldOf } from './worlds.ts'

const numRuns = runs(2000)

interface Tally {
  committed: number
  aborted: number
  phenomena: Map<string, number>
}

/** Runs programs until one is found wrong; the report is the shrunk program and what is wrong with it. */
async function hold(
  size: ProgramSize,
  stepBudget: number,
  wrong: (execution: Execution, program: Program, run: number) => Promise<string | null>,
  times = numRuns,
): Promise<Tally> {
  const tally: Tally = { committed: 0, aborted: 0, phenomena: new Map() }
  let run = 0
  await fc.assert(
    fc.asyncProperty(programs(size), async (program) => {
      const world = worldOf(program.schema, stepBudget)
      let found: string | null = 'the run failed'
      let execution: Execution
      try {
        execution = await world.run(program)
        found = misbehaved(execution) ?? leftBehind(world.engine) ?? (await wrong(execution, program, run++))
      } finally {
        if (found !== null) forsake(world)
      }
      for (const { committed } of execution.transactions) tally[committed ? 'committed' : 'aborted']++
      if (found !== null) throw new Error(`${found}\n\n${describeProgram(program)}\n\n${execution.history.describe()}`)
    }),
    { numRuns: times },
  )
  return tally
}

const size = { sessions: 4, transactions: 2, statements: 4 }

for (const stepBudget of [1, 10_000]) {
  const grain = stepBudget === 1 ? 'suspended after each row' : 'each in one step'
  it(`serializable transactions of all methods read and leave what some serial order does, statements ${grain}`, async () => {
    const tally = await hold({ ...size, levels: serializableLevels }, stepBudget, async (execution, program, run) => {
      const { verdict } = judge(execution)
      const world = worldOf(program.schema, stepBudget)
      return violated(verdict) ?? (await notSerial(world, execution, verdict, run % 20 === 0 ? 'fork' : 'here'))
    })
    expect(tally.committed).toBeGreaterThan(numRuns)
  })

  it(`levels and methods mixed: no level shows what it proscribes, statements ${grain}`, async () => {
    const tally = await hold({ ...size, levels }, stepBudget, async (execution) => violated(judge(execution).verdict))
    expect(tally.committed).toBeGreaterThan(numRuns)
  })
}

for (const level of levels) {
  it(`all at ${level}: nothing that it proscribes`, async () => {
    await hold(
      { ...size, sessions: 6, levels: [level] },
      1,
      async (execution) => violated(judge(execution).verdict),
      runs(500),
    )
  })
}
