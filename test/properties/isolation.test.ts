/** What each level lets through and what it does not, by random schedules of concurrent transactions through SQL. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Database, IsolationName } from '../../src/index.ts'
import { openSync } from '../../src/index.ts'
import { dirtyRead, lostUpdate, nonRepeatableRead, writeSkew } from './anomalies.ts'
import { runs } from '../support/runs.ts'
import { Model } from './model.ts'
import type { History, Step } from './schedule.ts'
import { createTable, describeSchedule, runSchedule, schedules } from './schedule.ts'

const numRuns = runs(300)
const sessions = 3

async function withDatabase<T>(indexed: boolean, body: (db: Database) => Promise<T>): Promise<T> {
  const db = openSync()
  try {
    await createTable(db, indexed)
    return await body(db)
  } finally {
    await db.close()
  }
}

type Anomaly = (history: History) => string | null

/** No schedule shows the anomaly at this level. */
async function neverShows(anomaly: Anomaly, isolation: IsolationName): Promise<void> {
  for (const indexed of [true, false]) {
    await withDatabase(indexed, (db) =>
      fc.assert(
        fc.asyncProperty(schedules(sessions, 24), async (steps) => {
          expect(anomaly(await runSchedule(db, steps, sessions, isolation))).toBeNull()
        }),
        { numRuns },
      ),
    )
  }
}

/** Some schedule shows it: the shortest that shrinking finds, and the witness. */
async function shortest(
  anomaly: Anomaly,
  isolation: IsolationName,
): Promise<{ steps: readonly Step[]; witness: string }> {
  return withDatabase(true, async (db) => {
    const details = await fc.check(
      fc.asyncProperty(schedules(2, 24), async (steps) => anomaly(await runSchedule(db, steps, 2, isolation)) === null),
      { numRuns: 5000 },
    )
    const [steps] = details.counterexample ?? []
    if (steps === undefined) throw new Error(`no schedule shows ${anomaly.name} at ${isolation}`)
    const witness = anomaly(await runSchedule(db, steps, 2, isolation))
    return { steps, witness: witness ?? 'the shrunk schedule shows nothing' }
  })
}

async function shows(anomaly: Anomaly, isolation: IsolationName, atMostSteps: number): Promise<void> {
  const { steps, witness } = await shortest(anomaly, isolation)
  console.log(
    `${anomaly.name} at ${isolation}, shrunk to ${steps.length} steps:\n${describeSchedule(steps)}\n${witness}\n`,
  )
  expect(witness).toMatch(/^T\d/)
  expect(steps.length).toBeLessThanOrEqual(atMostSteps)
}

describe('dirty reads', () => {
  it('occur at READ UNCOMMITTED', () => shows(dirtyRead, 'read uncommitted', 2))
  it('never occur at READ COMMITTED', () => neverShows(dirtyRead, 'read committed'))
  it('never occur at REPEATABLE READ', () => neverShows(dirtyRead, 'repeatable read'))
})

describe('non-repeatable reads', () => {
  it('occur at READ COMMITTED', () => shows(nonRepeatableRead, 'read committed', 5))
  it('never occur at SNAPSHOT', () => neverShows(nonRepeatableRead, 'snapshot'))
})

describe('lost updates', () => {
  it('occur at READ COMMITTED', () => shows(lostUpdate, 'read committed', 4))
  it('never occur at SNAPSHOT', () => neverShows(lostUpdate, 'snapshot'))
})

describe('write skew', () => {
  it('occurs at SNAPSHOT', () => shows(writeSkew, 'snapshot', 5))
})

describe('the model', () => {
  for (const isolation of ['read uncommitted', 'read committed', 'repeatable read'] as const) {
    for (const indexed of [true, false]) {
      it(`agrees with every read at ${isolation}, ${indexed ? 'with' : 'without'} indexes`, () =>
        withDatabase(indexed, async (db) => {
          let reads = 0
          await fc.assert(
            fc.asyncProperty(schedules(sessions, 30), async (steps) => {
              const model = new Model(isolation)
              const { final } = await runSchedule(db, steps, sessions, isolation, model)
              expect(final).toEqual(model.committed)
              reads += model.checkedReads
            }),
            { numRuns },
          )
          expect(reads).toBeGreaterThan(numRuns)
        }))
    }
  }
})
