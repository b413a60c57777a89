/**
 * `npm run bench -- contention [--rounds N] [--millis N] [--rows N]`: what each level and method costs when transactions
 * get in each other's way. Throughput and abort rate of SmallBank and SIBENCH, with 2, 8 and 32 sessions, over a million
 * accounts and over ten.
 *
 * The bars: SSI within 10 % of SNAPSHOT at low contention (synchronous API, 8 sessions, uniform over a million accounts), and
 * less than a third of the aborts by SSI false in the hot case. `--precision` measures only the second.
 */
import { openSync, type Database } from '../src/index.ts'
import { register, runAsync, runProcedures, runSync, type Outcome } from './contention/drivers.ts'
import { measurePrecision } from './contention/falseAborts.ts'
import { sibench } from './contention/sibench.ts'
import { smallBank } from './contention/smallbank.ts'
import type { Workload } from './contention/workload.ts'
import { machine, median, table } from './harness.ts'

export const what = 'levels and methods under contention: throughput and aborts of SmallBank and SIBENCH'

const levels = [
  { name: 'READ COMMITTED', begin: 'BEGIN ISOLATION LEVEL READ COMMITTED' },
  { name: 'SNAPSHOT', begin: 'BEGIN ISOLATION LEVEL SNAPSHOT' },
  { name: 'SSI', begin: 'BEGIN ISOLATION LEVEL SERIALIZABLE USING SSI' },
  { name: '2PL', begin: 'BEGIN ISOLATION LEVEL SERIALIZABLE USING 2PL' },
  { name: 'SERIAL', begin: 'BEGIN ISOLATION LEVEL SERIALIZABLE USING SERIAL' },
] as const
const procedures = 'SERIAL, by procedures'

const sessionCounts = [2, 8, 32]
/** The first table compares numbers that lie close together: more rounds, and shorter ones, so that the machine's moods meet all alike. */
const finer = 5
const bar = 0.9
const falseBar = 1 / 3

export async function run(args: readonly string[]): Promise<boolean> {
  const option = (name: string, otherwise: number): number => {
    const at = args.indexOf(`--${name}`)
    return at < 0 ? otherwise : Number(args[at + 1])
  }
  const rounds = option('rounds', 5)
  const millis = option('millis', 300)
  const million = option('rows', 1_000_000)
  if (args.includes('--precision')) return precision()
  console.log(`${machine()}. Medians of ${String(rounds)} interleaved rounds of ${String(millis)} ms.\n`)
  const bank = open(smallBank, million)
  const met = lowContention(bank, { rounds: finer * rounds, millis: millis / finer, rows: million })
  for (const { title, rows } of [
    { title: `uniform over ${million.toLocaleString('en')} customers`, rows: million },
    { title: 'hot: 10 customers', rows: 10 },
  ]) {
    await contended(`SmallBank, ${title}`, bank, smallBank, rows, rounds, millis)
  }
  await contended('SIBENCH, 100 items', open(sibench, 100), sibench, 100, rounds, millis)
  return (await precision()) && met
}

/** The aborts of SSI, each judged by what the others finally did. Recorded, so these are no figures of speed. */
async function precision(): Promise<boolean> {
  const customers = 10
  const db = open(smallBank, customers)
  const begin = 'BEGIN ISOLATION LEVEL SERIALIZABLE USING SSI'
  const rows: string[][] = []
  let met = true
  for (const sessions of sessionCounts) {
    const sample = { workload: smallBank, rows: customers, sessions, begin, batches: 20, batch: 320 }
    const { commits, causes, ssi } = await measurePrecision(db, sample)
    const aborts = ssi.needed + ssi["another's"] + ssi.false
    const others = [...causes.values()].reduce((sum, n) => sum + n, 0) - aborts
    const share = aborts === 0 ? 0 : ssi.false / aborts
    met &&= share < falseBar
    const counts = [commits, others, aborts, ssi.needed, ssi["another's"], ssi.false]
    rows.push([String(sessions), ...counts.map((n) => n.toLocaleString('en')), share.toFixed(2)])
  }
  console.log('SmallBank, hot: 10 customers, SSI: which of its aborts were needed\n')
  console.log(
    table(['sessions', 'commits', 'other aborts', 'by SSI', 'needed', "in another's place", 'false', 'share'], rows),
  )
  console.log(`\nThe bar: less than ${falseBar.toFixed(2)} false ${met ? '✓' : '✗'}\n`)
  return met
}

function open(workload: Workload, rows: number): Database {
  const db = openSync()
  const session = db.connectSync()
  for (const sql of workload.schema.split(';')) if (sql.trim() !== '') void db.exec(sql)
  session.transactionSync(() => {
    const prepared = new Map<string, ReturnType<typeof session.prepare>>()
    for (const { sql, parameters } of workload.fill(rows)) {
      let statement = prepared.get(sql)
      if (statement === undefined) prepared.set(sql, (statement = session.prepare(sql)))
      statement.run(...parameters)
    }
  })
  session.close()
  return db
}

interface Sizes {
  readonly rounds: number
  readonly millis: number
  readonly rows: number
}

/**
 * The synchronous API: sessions take turns by statement, and nothing but the engine takes time. Where transactions exclude
 * each other as a whole and nobody can wait, turns by statement would only be refused: SERIAL takes turns by transaction.
 */
function lowContention(db: Database, { rounds, millis, rows }: Sizes): boolean {
  const names = [...levels.map(({ name }) => name), procedures]
  const outcomes = new Map<string, Outcome[]>(names.map((name) => [name, []]))
  register(db, smallBank)
  for (let round = 1; round <= finer + rounds; round++) {
    const order = { workload: smallBank, rows, sessions: 8, millis, seed: round }
    const note = (name: string, outcome: Outcome): void => {
      // The first rounds warm up.
      if (round > finer) outcomes.get(name)!.push(outcome)
    }
    for (const { name, begin } of levels) {
      note(name, runSync(db, { ...order, begin, giveWay: name === 'SERIAL' ? 'transaction' : 'statement' }))
    }
    note(procedures, runProcedures(db, order))
  }
  const share = ofSnapshot(outcomes, 'SSI')
  console.log(
    `SmallBank, synchronous API, 8 sessions, uniform over ${rows.toLocaleString('en')} customers. ${String(rounds)} rounds of ${String(millis)} ms.\n`,
  )
  console.log(
    table(
      ['', 'transactions/s', 'of SNAPSHOT', 'aborts'],
      names.map((name) => {
        const of = outcomes.get(name)!
        return [name, perSecond(throughput(of)), ofSnapshot(outcomes, name).toFixed(2), abortShare(of)]
      }),
    ),
  )
  console.log('\nSERIAL: one open transaction at a time; a session gives way to the next one when it has committed.')
  console.log(
    `\nThe bar: SSI at least ${bar.toFixed(2)} of SNAPSHOT: ${share.toFixed(3)} ${share >= bar ? '✓' : '✗'}\n`,
  )
  return share >= bar
}

/** The asynchronous API: who meets a lock waits for it. */
async function contended(
  title: string,
  db: Database,
  workload: Workload,
  rows: number,
  rounds: number,
  millis: number,
): Promise<void> {
  const outcomes = new Map<string, Outcome[]>()
  for (let round = 0; round <= rounds; round++) {
    for (const sessions of sessionCounts) {
      for (const { name, begin } of levels) {
        const key = `${name} ${String(sessions)}`
        const outcome = await runAsync(db, { workload, rows, sessions, begin, millis, seed: round + 1 })
        if (round > 0) outcomes.set(key, [...(outcomes.get(key) ?? []), outcome])
      }
    }
  }
  console.log(`${title}, asynchronous API\n`)
  const heads = sessionCounts.flatMap((sessions) => [`${String(sessions)} sessions: tx/s`, 'aborts'])
  console.log(
    table(
      ['', ...heads],
      levels.map(({ name }) => [
        name,
        ...sessionCounts.flatMap((sessions) => {
          const of = outcomes.get(`${name} ${String(sessions)}`)!
          return [perSecond(throughput(of)), abortShare(of)]
        }),
      ]),
    ),
  )
  console.log('')
}

const rate = ({ commits, nanos }: Outcome): number => (commits * 1e9) / nanos

const throughput = (outcomes: readonly Outcome[]): number => median(outcomes.map(rate))

/** Round by round, against the neighbour in time. */
const ofSnapshot = (outcomes: ReadonlyMap<string, readonly Outcome[]>, name: string): number =>
  median(outcomes.get(name)!.map((outcome, round) => rate(outcome) / rate(outcomes.get('SNAPSHOT')![round]!)))

const perSecond = (value: number): string => Math.round(value).toLocaleString('en')

/** Aborted attempts of all attempts, and of which kind most were. */
function abortShare(outcomes: readonly Outcome[]): string {
  const byCode = new Map<string, number>()
  let attempts = 0
  for (const { commits, aborts } of outcomes) {
    attempts += commits
    for (const [code, n] of aborts) {
      byCode.set(code, (byCode.get(code) ?? 0) + n)
      attempts += n
    }
  }
  const parts = [...byCode].map(([code, n]) => `${((100 * n) / attempts).toFixed(1)} % ${code}`)
  return parts.length === 0 ? '0' : parts.sort().join(', ')
}
