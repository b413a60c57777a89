/**
 * What each level lets through and what it does not, by random schedules of concurrent transactions through SQL. Each
 * property runs twice: statement after statement, and with steps of one row in a random order, so that statements
 * overlap. `VERBOSE=1` prints the shortest schedules that show an anomaly.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Database, IsolationName } from '../../src/index.ts'
import { openSync } from '../../src/index.ts'
import { dirtyRead, lostUpdate, nonRepeatableRead, writeSkew } from './anomalies.ts'
import { runs } from '../support/runs.ts'
import { Model } from './model.ts'
import type { Action, History, Step } from './schedule.ts'
import { createTable, describeSchedule, runSchedule, schedules, takeover } from './schedule.ts'
import { SeededScheduler } from './seededScheduler.ts'

const numRuns = runs(500)
/** Of keys that are taken over: what two rows of one key need is rare. */
const takeoverRuns = runs(2000)
const sessions = 3

interface Setting {
  readonly name: string
  readonly indexed: boolean
  readonly overlapping: boolean
}

const settings: readonly Setting[] = [
  { name: 'with indexes', indexed: true, overlapping: false },
  { name: 'without indexes', indexed: false, overlapping: false },
  { name: 'with indexes, statements overlapping', indexed: true, overlapping: true },
  { name: 'without indexes, statements overlapping', indexed: false, overlapping: true },
]

async function withDatabase<T>(
  { indexed, overlapping }: Setting,
  body: (db: Database, scheduler: SeededScheduler) => Promise<T>,
): Promise<T> {
  const scheduler = new SeededScheduler()
  const db = openSync(undefined, overlapping ? { stepBudget: 1, scheduler } : {})
  try {
    await createTable(db, indexed)
    return await body(db, scheduler)
  } finally {
    await db.close()
  }
}

type Anomaly = (history: History) => string | null

/** No schedule shows the anomaly at this level. */
function neverShows(title: string, anomaly: Anomaly, isolation: IsolationName): void {
  for (const setting of settings) {
    it(`${title}, ${setting.name}`, () =>
      withDatabase(setting, (db, scheduler) =>
        fc.assert(
          fc.asyncProperty(schedules(sessions, 24), fc.nat(), async (steps, seed) => {
            scheduler.restart(seed)
            expect(anomaly(await runSchedule(db, steps, { sessions, isolation, ...setting }))).toBeNull()
          }),
          { numRuns },
        ),
      ))
  }
}

/** Some schedule shows it: the shortest that shrinking finds, and the witness. */
async function shortest(
  anomaly: Anomaly,
  isolation: IsolationName,
): Promise<{ steps: readonly Step[]; witness: string }> {
  const setting = { name: '', indexed: true, overlapping: false }
  const options = { sessions: 2, isolation, ...setting }
  return withDatabase(setting, async (db) => {
    const details = await fc.check(
      fc.asyncProperty(schedules(2, 24), async (steps) => anomaly(await runSchedule(db, steps, options)) === null),
      { numRuns: 5000 },
    )
    const [steps] = details.counterexample ?? []
    if (steps === undefined) throw new Error(`no schedule shows ${anomaly.name} at ${isolation}`)
    const witness = anomaly(await runSchedule(db, steps, options))
    return { steps, witness: witness ?? 'the shrunk schedule shows nothing' }
  })
}

async function shows(anomaly: Anomaly, isolation: IsolationName, atMostSteps: number): Promise<void> {
  const { steps, witness } = await shortest(anomaly, isolation)
  if (process.env['VERBOSE'] === '1')
    process.stdout.write(`${anomaly.name} at ${isolation}:\n${describeSchedule(steps)}\n${witness}\n\n`)
  expect(witness).toMatch(/^T\d/)
  expect(steps.length).toBeLessThanOrEqual(atMostSteps)
}

describe('dirty reads', () => {
  it('occur at READ UNCOMMITTED', () => shows(dirtyRead, 'read uncommitted', 4))
  neverShows('never occur at READ COMMITTED', dirtyRead, 'read committed')
  neverShows('never occur at REPEATABLE READ', dirtyRead, 'repeatable read')
})

describe('non-repeatable reads', () => {
  it('occur at READ COMMITTED', () => shows(nonRepeatableRead, 'read committed', 7))
  neverShows('never occur at SNAPSHOT', nonRepeatableRead, 'snapshot')
})

describe('lost updates', () => {
  it('occur at READ COMMITTED', () => shows(lostUpdate, 'read committed', 7))
  neverShows('never occur at SNAPSHOT', lostUpdate, 'snapshot')
})

describe('write skew', () => {
  it('occurs at SNAPSHOT', () => shows(writeSkew, 'snapshot', 8))
})

/** Each read is one that the model allows, and the last state is the model's. */
function modelAgrees(
  isolation: IsolationName,
  setting: Setting,
  numRuns: number,
  actions?: fc.Arbitrary<Action>,
): Promise<void> {
  return withDatabase(setting, async (db, scheduler) => {
    let reads = 0
    await fc.assert(
      fc.asyncProperty(schedules(sessions, 30, actions), fc.nat(), async (steps, seed) => {
        scheduler.restart(seed)
        const model = new Model(isolation)
        const { final } = await runSchedule(db, steps, { sessions, isolation, ...setting }, model)
        expect(final).toEqual(model.committed)
        reads += model.checkedReads
      }),
      { numRuns },
    )
    expect(reads).toBeGreaterThan(numRuns)
  })
}

describe('the model agrees with every read', () => {
  for (const isolation of ['read uncommitted', 'read committed', 'repeatable read'] as const) {
    for (const setting of settings) {
      // What READ UNCOMMITTED sees of statements that are half done is anybody's guess.
      if (isolation === 'read uncommitted' && setting.overlapping) continue
      it(`at ${isolation}, ${setting.name}`, () => modelAgrees(isolation, setting, numRuns))
      if (setting.indexed) {
        it(`at ${isolation}, ${setting.name}, of keys that are taken over`, () =>
          modelAgrees(isolation, setting, takeoverRuns, takeover))
      }
    }
  }
})
