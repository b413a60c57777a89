/**
 * The precision of SSI: of the transactions that it aborts, how many would have closed no cycle? Everything is recorded, in
 * batches at whose ends nobody is in a transaction, and each victim is put back among those that finally committed.
 */
import { check, DatabaseError, type Database } from '../../src/index.ts'
import type { Judgement } from '../../src/checker/hindsight.ts'
import { Hindsight } from '../../src/checker/hindsight.ts'
import { attempt } from './drivers.ts'
import { bodyOf, Random, type Workload } from './workload.ts'

export interface Precision {
  readonly commits: number
  /** By what the error says. */
  readonly causes: ReadonlyMap<string, number>
  /** Of a dangerous structure. */
  readonly ssi: Readonly<Record<Judgement, number>>
}

export interface Sample {
  readonly workload: Workload
  readonly rows: number
  readonly sessions: number
  readonly begin: string
  readonly batches: number
  /** Transactions that commit in a batch. */
  readonly batch: number
}

const ofSsi = 'read/write dependencies'

export async function measurePrecision(db: Database, sample: Sample): Promise<Precision> {
  const causes = new Map<string, number>()
  let commits = 0
  const ssi = { needed: 0, "another's": 0, false: 0 }
  for (let batch = 1; batch <= sample.batches; batch++) {
    const recording = db.history.record()
    const victims = await runBatch(db, sample, batch, causes)
    const history = recording.stop()
    if (!check(history).ok) throw new Error('the batch was not serializable')
    commits += history.transactions.filter(({ status }) => status === 'committed').length
    const hindsight = new Hindsight(history)
    for (const victim of victims) ssi[hindsight.judge(victim)]++
  }
  return { commits, causes, ssi }
}

/** Runs until everybody has committed their share. Returns the transactions that SSI aborted. */
async function runBatch(
  db: Database,
  { workload, rows, sessions, begin, batch }: Sample,
  seed: number,
  causes: Map<string, number>,
): Promise<number[]> {
  const victims: number[] = []
  const current = new Map<number, number>()
  const stop = db.trace.listen((event) => {
    if (event.kind === 'begin') current.set(event.session, event.transaction)
  })
  const handles = await Promise.all(Array.from({ length: sessions }, () => db.connect()))
  await Promise.all(
    handles.map(async (session, i) => {
      const random = new Random(seed * 1000 + i)
      const aborted = (error: unknown): void => {
        if (!(error instanceof DatabaseError) || !/^40/.test(error.code)) throw error
        const cause = `${error.code} ${error.message}`
        causes.set(cause, (causes.get(cause) ?? 0) + 1)
        if (error.message.includes(ofSsi)) victims.push(current.get(session.id)!)
      }
      for (let n = 0; n < batch / sessions; n++) {
        const choice = workload.next(random, rows)
        while (!(await attempt(session, workload, begin, bodyOf(workload, choice), aborted)));
      }
    }),
  )
  stop()
  for (const session of handles) session.close()
  return victims
}
