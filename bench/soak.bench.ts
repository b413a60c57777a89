/**
 * `npm run bench -- soak [--transactions N]`: a million transactions on a database that stays the same size, with and without
 * a snapshot that stays open for the whole run. The heap is looked at ten times; it must not grow over the last half.
 */
import { spawnSync } from 'node:child_process'
import { open } from '../src/index.ts'
import { machine, table } from './harness.ts'

export const what = 'a million transactions in bounded memory, also with an idle snapshot'

const POINTS = 10
const ACCOUNTS = 10_000
/** Jobs that wait at a time. */
const JOBS = 1000
/** What the heap of the last point may have above that of the middle. */
const TOLERANCE_BYTES = 2e6

interface Point {
  readonly transactions: number
  readonly bytes: number
  readonly kept: number
}

export function run(args: readonly string[]): Promise<boolean> {
  const at = args.indexOf('--transactions')
  const transactions = at < 0 ? 1_000_000 : Number(args[at + 1])
  console.log(`${machine()}, ${transactions} transactions\n`)
  const [without, idle] = [false, true].map((withIdle) => inProcess(transactions, withIdle))
  const rows = without!.map((point, i) => {
    const { bytes, kept } = idle![i]!
    return [String(point.transactions), megabytes(point.bytes), megabytes(bytes), String(kept)]
  })
  console.log(table(['transactions', 'heap', 'heap, idle snapshot', 'undo entries then'], rows))
  const grown = [without!, idle!].map((points) => points.at(-1)!.bytes - points[POINTS / 2 - 1]!.bytes)
  const held = grown.every((bytes) => bytes < TOLERANCE_BYTES)
  console.log(`\ngrowth over the last half: ${grown.map(megabytes).join(', ')}: ${held ? 'none' : 'MISSED'}`)
  return Promise.resolve(held)
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`

/** In a process of its own, whose collector can be called. */
function inProcess(transactions: number, idle: boolean): Point[] {
  const args = ['--expose-gc', import.meta.filename, String(transactions), String(idle)]
  const child = spawnSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
  if (child.status !== 0) throw new Error(`the soak ended with ${String(child.status)}`)
  return JSON.parse(child.stdout) as Point[]
}

/** Accounts whose index keys move, a queue of jobs that come and go, transactions that are rolled back whole or to a savepoint. */
async function soak(transactions: number, withIdle: boolean): Promise<Point[]> {
  const db = await open()
  const session = db.connectSync()
  await db.exec(schema)
  const statement = (sql: string): ((...values: number[]) => unknown) => {
    const prepared = session.prepare(sql)
    return (...values) => prepared.run(...values)
  }
  const [begin, commit, rollback, savepoint, back, account, move, insertJob, takeJob, deleteJob] = [
    ...['BEGIN', 'COMMIT', 'ROLLBACK', 'SAVEPOINT s', 'ROLLBACK TO s'],
    `INSERT INTO account VALUES ($1, 0, 'an account')`,
    'UPDATE account SET balance = balance + $2 WHERE id = $1',
    'INSERT INTO job VALUES ($1, 0)',
    'UPDATE job SET state = 1 WHERE id = $1',
    'DELETE FROM job WHERE id = $1',
  ].map(statement)
  begin!()
  for (let id = 0; id < ACCOUNTS; id++) account!(id)
  commit!()
  const idle = db.connectSync()
  if (withIdle)
    for (const sql of ['BEGIN ISOLATION LEVEL SNAPSHOT', 'SELECT count(*) FROM account']) idle.prepare(sql).all()
  const undo = db.prepare<{ value: number }>(`SELECT value FROM isolde_stats WHERE statistic = 'undo entries'`)
  const points: Point[] = []
  let state = 7
  const random = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return (state >>> 4) % below
  }
  for (let n = 1; n <= transactions; n++) {
    begin!()
    insertJob!(n)
    if (n > JOBS) deleteJob!(n - JOBS)
    move!(random(ACCOUNTS), 1)
    if (n % 4 === 0) {
      savepoint!()
      takeJob!(n)
      move!(random(ACCOUNTS), 100)
      back!()
    }
    commit!()
    if (n % 10 === 0) {
      begin!()
      move!(random(ACCOUNTS), 7)
      rollback!()
    }
    if (n % (transactions / POINTS) === 0) {
      globalThis.gc!()
      const { heapUsed, arrayBuffers } = process.memoryUsage()
      points.push({ transactions: n, bytes: heapUsed + arrayBuffers, kept: undo.get()!.value })
    }
  }
  db.closeSync()
  return points
}

const schema = `
  CREATE TABLE account (id integer PRIMARY KEY, balance integer NOT NULL, note text);
  CREATE INDEX account_balance ON account (balance);
  CREATE TABLE job (id integer PRIMARY KEY, state integer NOT NULL);
  CREATE INDEX job_state ON job (state)
`

if (import.meta.main) {
  const [transactions, idle] = process.argv.slice(2)
  process.stdout.write(JSON.stringify(await soak(Number(transactions), idle === 'true')))
}
