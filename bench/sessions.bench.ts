/**
 * `npm run bench -- sessions [--sessions N]`: what a wait, a deadlock and a cancellation take while a thousand sessions
 * hold a transaction each. Every figure is the time between the call that ends the wait and the answer to who waited.
 */
import { open, type Database, type Session } from '../src/index.ts'
import { machine, table } from './harness.ts'

export const what = 'a thousand open transactions: how soon waits, deadlocks and cancellations are answered'

/** Milliseconds that the slowest of a hundred may take. */
const bar = 5

export async function run(args: readonly string[]): Promise<boolean> {
  const at = args.indexOf('--sessions')
  const count = at < 0 ? 1000 : Number(args[at + 1])
  const db = await open()
  const crowd = await gather(db, count)
  const measures = [
    { name: 'a lock is released, the waiter has its row', samples: await waits(crowd) },
    { name: 'a wait closes a circle, the victim has 40P01', samples: await deadlocks(crowd) },
    { name: 'a wait is cancelled, the waiter has 57014', samples: await cancellations(crowd) },
    { name: `a queue of ${String(count / 2)} for one row, per waiter`, samples: await queue(crowd) },
  ]
  await db.close()
  const rows = measures.map(({ name, samples }) => [
    name,
    String(samples.length),
    ...[0.5, 0.99, 1].map((share) => quantile(samples, share).toFixed(3)),
  ])
  console.log(`${String(count)} sessions, each in a transaction that has changed a row. ${machine()}. Milliseconds.\n`)
  console.log(table(['', 'times', 'p50', 'p99', 'worst'], rows))
  const met = measures.every(({ samples }) => quantile(samples, 0.99) < bar)
  console.log(`\nThe bar: p99 below ${String(bar)} ms ${met ? '✓' : '✗'}`)
  return met
}

/** Session i holds row i. */
interface Crowd {
  readonly sessions: readonly Session[]
}

const change = 'UPDATE t SET v = v + 1 WHERE id = $1'

async function gather(db: Database, count: number): Promise<Crowd> {
  await db.exec('CREATE TABLE t (id integer PRIMARY KEY, v integer NOT NULL)')
  const sessions: Session[] = []
  for (let i = 0; i < count; i++) {
    await db.query('INSERT INTO t VALUES ($1, 0)', [i])
    sessions.push(await db.connect())
  }
  const crowd = { sessions }
  for (let i = 0; i < count; i++) await hold(crowd, i)
  return crowd
}

async function hold({ sessions }: Crowd, i: number): Promise<void> {
  await sessions[i]!.query('BEGIN')
  await sessions[i]!.query(change, [i])
}

const now = (): number => Number(process.hrtime.bigint()) / 1e6

/** Runs `end`, which makes `waiting` settle; the time until it has. */
async function timed(waiting: Promise<unknown>, end: () => unknown): Promise<number> {
  let settled = 0
  const noted = waiting.then(
    () => (settled = now()),
    () => (settled = now()),
  )
  const start = now()
  const ending = end()
  await noted
  await ending
  return settled - start
}

async function waits(crowd: Crowd): Promise<number[]> {
  const { sessions } = crowd
  const samples: number[] = []
  for (let i = 0; i + 1 < sessions.length; i += 2) {
    const [holder, waiter] = [sessions[i]!, sessions[i + 1]!]
    samples.push(await timed(waiter.query(change, [i]), () => holder.query('COMMIT')))
    await waiter.query('COMMIT')
    await hold(crowd, i)
    await hold(crowd, i + 1)
  }
  return samples
}

async function deadlocks(crowd: Crowd): Promise<number[]> {
  const { sessions } = crowd
  const samples: number[] = []
  for (let i = 0; i + 1 < sessions.length; i += 2) {
    const [first, second] = [sessions[i]!, sessions[i + 1]!]
    const { promise: victim, resolve } = Promise.withResolvers<unknown>()
    const calls = [first.query(change, [i + 1]).then(undefined, resolve)]
    samples.push(await timed(victim, () => void calls.push(second.query(change, [i]).then(undefined, resolve))))
    await Promise.all([...calls, first.query('ROLLBACK'), second.query('ROLLBACK')])
    await hold(crowd, i)
    await hold(crowd, i + 1)
  }
  return samples
}

async function cancellations({ sessions }: Crowd): Promise<number[]> {
  const samples: number[] = []
  for (let i = 0; i + 1 < sessions.length; i += 2) {
    const waiter = sessions[i + 1]!
    const controller = new AbortController()
    await waiter.query('SAVEPOINT s')
    const waiting = waiter.query(change, [i], { signal: controller.signal })
    samples.push(await timed(waiting, () => controller.abort()))
    await waiter.query('ROLLBACK TO s')
  }
  return samples
}

/** Half of the sessions wait for one row; each has it in turn. */
async function queue(crowd: Crowd): Promise<number[]> {
  const { sessions } = crowd
  const waiters = sessions.slice(1, 1 + sessions.length / 2)
  const samples: number[] = []
  let previous = 0
  const done = waiters.map(async (waiter) => {
    await waiter.query(change, [0])
    samples.push(now() - previous)
    previous = now()
    await waiter.query('COMMIT')
  })
  previous = now()
  await sessions[0]!.query('COMMIT')
  await Promise.all(done)
  return samples
}

function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
}
