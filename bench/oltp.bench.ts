/**
 * `npm run bench -- oltp [--rounds N] [--only name,…] [--cpu]`: one small statement after another, in memory.
 *
 * `--cpu` measures the processor time of each contender's main thread instead of the clock on the wall: for a machine on
 * which others work too.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { machine, median, micros, ratio, Remote, table } from './harness.ts'
import { cases, itemCount, type CaseName } from './workload.ts'

export const what = 'short statements in memory: Isolde, better-sqlite3, node:sqlite, PGlite'
export const peers = true

const others = ['isolde-async', 'better-sqlite3', 'node-sqlite', 'pglite'] as const
const stricter = ['isolde-snapshot', 'isolde-ssi', 'isolde-2pl', 'isolde-serial'] as const
const contenders = ['isolde-sync', ...others, ...stricter] as const
type ContenderName = (typeof contenders)[number]
type Times = ReadonlyMap<CaseName, ReadonlyMap<ContenderName, number>>

/** The bar: the synchronous API at READ COMMITTED and SNAPSHOT at least as fast as the faster SQLite, the asynchronous one 30 times PGlite. */
const bars = { sqlite: 1, pglite: 30 }

/** How long one loop of one round should take; bulk insert always takes its 100,000 rows. */
const roundMillis = 150

export async function run(args: readonly string[]): Promise<boolean> {
  const option = (name: string): string | undefined => {
    const at = args.indexOf(`--${name}`)
    return at < 0 ? undefined : args[at + 1]
  }
  const rounds = Number(option('rounds') ?? 5)
  const clock = args.includes('--cpu') ? 'cpu' : 'wall'
  const wanted = option('only')?.split(',') ?? contenders
  const chosen = contenders.filter((name) => wanted.includes(name) && existsSync(file(name)))

  console.log(
    `OLTP in memory, ${itemCount.toLocaleString('en')} rows. ${machine()}. Medians of ${String(rounds)} interleaved rounds, µs${clock === 'cpu' ? ' of processor time' : ''} per operation.\n`,
  )
  const remotes = new Map<ContenderName, Remote>()
  for (const name of chosen) remotes.set(name, await Remote.start(file(name)))
  const times = new Map<CaseName, Map<ContenderName, number>>()
  for (const { name } of cases) times.set(name, await measure(name, remotes, rounds, clock))
  await agree(remotes)
  for (const remote of remotes.values()) remote.stop()
  return report(times, remotes)
}

const file = (name: ContenderName): string => join(import.meta.dirname, 'contenders', `${name}.ts`)

async function measure(
  name: CaseName,
  remotes: ReadonlyMap<ContenderName, Remote>,
  rounds: number,
  clock: 'wall' | 'cpu',
): Promise<Map<ContenderName, number>> {
  const samples = new Map<ContenderName, number[]>()
  const counts = new Map<ContenderName, number>()
  const first = new Map<ContenderName, number>()
  const once = async (contender: ContenderName, remote: Remote, count: number): Promise<number> => {
    const from = first.get(contender) ?? 0
    first.set(contender, from + count)
    const { nanos } = await remote.ask({ kind: 'run', name, count, first: from, clock }, 'ran')
    return nanos / count
  }
  for (const [contender, remote] of remotes) {
    // Warm-up, which also tells how many operations fill a round.
    counts.set(contender, name === 'bulk insert' ? itemCount : await filling(contender, remote, once))
    samples.set(contender, [])
  }
  for (let round = 0; round < rounds; round++) {
    for (const [contender, remote] of remotes)
      samples.get(contender)!.push(await once(contender, remote, counts.get(contender)!))
  }
  return new Map([...samples].map(([contender, values]) => [contender, median(values)]))
}

async function filling(
  contender: ContenderName,
  remote: Remote,
  once: (contender: ContenderName, remote: Remote, count: number) => Promise<number>,
): Promise<number> {
  let count = 200
  for (;;) {
    const millis = ((await once(contender, remote, count)) * count) / 1e6
    if (millis >= roundMillis / 2) return Math.max(1, Math.round((count * roundMillis) / millis))
    count = millis < 1 ? count * 20 : Math.round((count * roundMillis) / millis)
  }
}

/** Every contender that did the same work has the same state; the stock differs, because the number of updates does. */
async function agree(remotes: ReadonlyMap<ContenderName, Remote>): Promise<void> {
  const states = new Map<string, string>()
  for (const [contender, remote] of remotes) {
    const { values } = await remote.ask({ kind: 'checksum' }, 'checksum')
    states.set(contender, values.slice(1).join(' '))
  }
  if (new Set(states.values()).size > 1) throw new Error(`the contenders disagree: ${JSON.stringify([...states])}`)
}

/** The two tables; false if a bar was missed. */
function report(times: Times, remotes: ReadonlyMap<ContenderName, Remote>): boolean {
  let allMet = true
  const bar = (mine: number | undefined, theirs: number, least: number): string => {
    if (mine === undefined || !Number.isFinite(theirs)) return ''
    const met = theirs / mine >= least
    allMet &&= met
    return `${ratio(theirs / mine)} ${met ? '✓' : '✗'}`
  }
  const sqlite = (of: ReadonlyMap<ContenderName, number>): number =>
    Math.min(of.get('better-sqlite3') ?? Infinity, of.get('node-sqlite') ?? Infinity)
  show(times, remotes, ['isolde-sync', ...others], ['sync : SQLite', 'async : PGlite'], (of) => [
    bar(of.get('isolde-sync'), sqlite(of), bars.sqlite),
    bar(of.get('isolde-async'), of.get('pglite') ?? Infinity, bars.pglite),
  ])
  console.log('\nIsolde, sync, which runs at READ COMMITTED, beside the other levels:\n')
  show(times, remotes, ['isolde-sync', ...stricter], ['SNAPSHOT : SQLite'], (of) => [
    bar(of.get('isolde-snapshot'), sqlite(of), bars.sqlite),
  ])
  console.log(
    `\nThe bar: READ COMMITTED and SNAPSHOT, sync, at least ${ratio(bars.sqlite)} the faster SQLite; async at least ${ratio(bars.pglite)} PGlite.`,
  )
  for (const { name, what: meaning } of cases) console.log(`  ${name.padEnd(14)} ${meaning}`)
  return allMet
}

function show(
  times: Times,
  remotes: ReadonlyMap<ContenderName, Remote>,
  columns: readonly ContenderName[],
  titles: readonly string[],
  bars: (of: ReadonlyMap<ContenderName, number>) => readonly string[],
): void {
  const shown = columns.filter((column) => remotes.has(column))
  const rows = cases.map(({ name }) => {
    const of = times.get(name)!
    return [name, ...shown.map((column) => micros(of.get(column)!)), ...bars(of)]
  })
  console.log(table(['', ...shown.map((column) => remotes.get(column)!.name), ...titles], rows))
}
