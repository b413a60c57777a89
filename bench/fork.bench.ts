/**
 * `npm run bench -- fork [--rows N] [--rounds N]`: a fresh database for a test. `db.fork()` of a database of a million rows
 * in three tables with two indexes each; a thousand forks that each change ten rows and are dropped, with the memory before
 * and after. Beside it what others offer: PGlite's clone, and a new in-memory SQLite into which the same rows are loaded.
 * The others are measured with fewer rows where a million would take minutes; the row count stands in the table.
 */
import { spawnSync } from 'node:child_process'
import { open } from '../src/index.ts'
import type { Database } from '../src/index.ts'
import { machine, median, micros, table } from './harness.ts'

export const what = 'db.fork() beside a clone of PGlite and a reloaded SQLite; memory of a thousand forks'
export const peers = true

const FORKS = 1000
const CHANGES = 10
/** Microseconds, and bytes that may be left of a thousand forks. */
const bars = { fork: 100, left: 5e6 }

const columns = 'id integer PRIMARY KEY, k integer NOT NULL, name text'
const names = ['customer', 'product', 'purchase']

export async function run(args: readonly string[]): Promise<boolean> {
  const option = (name: string, otherwise: number): number => {
    const at = args.indexOf(`--${name}`)
    return at < 0 ? otherwise : Number(args[at + 1])
  }
  const rows = option('rows', 1_000_000)
  console.log(`${machine()}, ${rows.toLocaleString('en')} rows in ${names.length} tables, two indexes each\n`)
  const own = inProcess('isolde', rows) as ForkFigures
  const others = [
    ['PGlite clone()', 'pglite', Math.min(rows, 10_000)],
    ['better-sqlite3, reloaded', 'better-sqlite3', rows],
    ['node:sqlite, reloaded', 'node:sqlite', rows],
  ] as const
  const lines = [
    ['Isolde fork()', rows.toLocaleString('en'), micros(own.fork * 1000), '1'],
    ...others.map(([title, name, count]) => {
      const { fork } = inProcess(name, count) as Figures
      return [title, count.toLocaleString('en'), micros(fork * 1000), (fork / own.fork).toFixed(0)]
    }),
  ]
  console.log(table(['a fresh database', 'rows', 'µs', 'times'], lines))
  const left = own.after - own.before
  console.log(`
first fork ${micros(own.first * 1000)} µs, p99 ${micros(own.p99 * 1000)} µs
fork, first change (plan and page) and nine more: ${micros(own.changed * 1000)} µs
memory before ${megabytes(own.before)}, after ${FORKS} forks of ${CHANGES} changes each ${megabytes(own.after)}`)
  const met = own.fork < bars.fork && left < bars.left
  console.log(`bars: under ${bars.fork} µs, nothing left: ${met ? 'met' : 'MISSED'}`)
  return met
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`

interface Figures {
  /** Microseconds for a fresh database. */
  readonly fork: number
}

interface ForkFigures extends Figures {
  readonly first: number
  readonly p99: number
  readonly changed: number
  readonly before: number
  readonly after: number
}

function inProcess(name: string, rows: number): unknown {
  const args = ['--expose-gc', '--disable-warning=ExperimentalWarning', import.meta.filename, name, String(rows)]
  const child = spawnSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
  if (child.status !== 0) throw new Error(`${name} ended with ${String(child.status)}`)
  return JSON.parse(child.stdout)
}

/** The row `n` of each table. */
const row = (n: number): [number, number, string] => [n, (n * 7919) % 100_003, `name ${n}`]

const schema = names.map((name) => `CREATE TABLE ${name} (${columns}); CREATE INDEX ${name}_k ON ${name} (k)`).join(';')

function timed(work: () => void): number {
  const start = performance.now()
  work()
  return (performance.now() - start) * 1000
}

function memory(): number {
  globalThis.gc!()
  globalThis.gc!()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

async function isolde(rows: number): Promise<ForkFigures> {
  const db = await open()
  await db.exec(schema)
  for (const name of names) {
    const session = db.connectSync()
    const insert = session.prepare(`INSERT INTO ${name} VALUES ($1, $2, $3)`)
    session.transactionSync(() => {
      for (let n = 0; n < rows / names.length; n++) insert.run(...row(n))
    })
  }
  const change = (fork: Database, from: number): void => {
    const update = fork.prepare('UPDATE product SET k = k + 1 WHERE id = $1')
    for (let i = 0; i < CHANGES; i++) update.run(((from + i) * 9973) % Math.floor(rows / names.length))
  }
  const first = timed(() => db.fork())
  change(db.fork(), 0)
  const before = memory()
  const forks: number[] = []
  const changed: number[] = []
  for (let n = 0; n < FORKS; n++) {
    let fork = db
    const time = timed(() => (fork = db.fork()))
    forks.push(time)
    changed.push(time + timed(() => change(fork, n)))
  }
  const p99 = forks.toSorted((a, b) => a - b)[Math.floor(FORKS * 0.99)]!
  return { first, fork: median(forks), p99, changed: median(changed), before, after: memory() }
}

/** A new database in memory with the same rows, as test suites do it that have no fork. */
async function sqlite(rows: number, name: 'better-sqlite3' | 'node:sqlite'): Promise<Figures> {
  const times: number[] = []
  const Sqlite =
    name === 'node:sqlite' ? (await import('node:sqlite')).DatabaseSync : (await import('better-sqlite3')).default
  for (let round = 0; round < 3; round++) {
    times.push(
      timed(() => {
        const db = new Sqlite(':memory:')
        db.exec(schema)
        db.exec('BEGIN')
        for (const name of names) {
          const insert = db.prepare(`INSERT INTO ${name} VALUES (?, ?, ?)`)
          for (let n = 0; n < rows / names.length; n++) insert.run(...row(n))
        }
        db.exec('COMMIT')
      }),
    )
  }
  return { fork: median(times) }
}

async function pglite(rows: number): Promise<Figures> {
  const { PGlite } = await import('@electric-sql/pglite')
  const db = await PGlite.create()
  await db.exec(schema)
  for (const name of names) {
    await db.exec(
      `INSERT INTO ${name} SELECT n, n * 7919 % 100003, 'name ' || n FROM generate_series(0, ${Math.floor(rows / names.length) - 1}) AS g (n)`,
    )
  }
  const times: number[] = []
  for (let round = 0; round < 3; round++) {
    const start = performance.now()
    const clone = await db.clone()
    await clone.query(`SELECT count(*) FROM product`)
    times.push((performance.now() - start) * 1000)
    await clone.close()
  }
  return { fork: median(times) }
}

if (import.meta.main) {
  const [name, rows] = process.argv.slice(2)
  const figures =
    name === 'isolde'
      ? await isolde(Number(rows))
      : name === 'pglite'
        ? await pglite(Number(rows))
        : await sqlite(Number(rows), name === 'node:sqlite' ? name : 'better-sqlite3')
  process.stdout.write(JSON.stringify(figures))
}
