/** Kills a process in the midst of its commits, again and again, and looks at what the database holds afterwards. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import path from 'node:path'
import { open, type Database } from '../../src/index.ts'

const child = path.resolve(import.meta.dirname, 'killChild.ts')
const NUMBERS_PER_RUN = 100_000

export interface KillReport {
  readonly kills: number
  /** Transactions whose commit was acknowledged before the kill; all of them were found. */
  readonly acknowledged: number
  /** Transactions found of which no acknowledgement arrived: their commit was on its way. */
  readonly unacknowledged: number
}

/** Runs the child on `directory` and kills it `kills` times, each time after some acknowledgements. Throws if a check fails. */
export async function killLoop(directory: string, kills: number, report?: (line: string) => void): Promise<KillReport> {
  const acknowledged = new Set<number>()
  let found = 0
  for (let kill = 0; kill < kills; kill++) {
    for (const number of await runUntilKilled(directory, kill * NUMBERS_PER_RUN, 1 + ((kill * 37) % 90))) {
      acknowledged.add(number)
    }
    found = await check(directory, acknowledged)
    report?.(
      `kill ${kill + 1}: ${acknowledged.size} transactions acknowledged, ${found} found, all whole, indexes agree`,
    )
  }
  return { kills, acknowledged: acknowledged.size, unacknowledged: found - acknowledged.size }
}

/** The numbers that the child acknowledged; it is killed when it has acknowledged `enough`, wherever it is by then. */
function runUntilKilled(directory: string, first: number, enough: number): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const running = spawn(process.execPath, ['--no-warnings', child, directory, String(first)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    let complaint = ''
    running.stderr.on('data', (data: Buffer) => (complaint += data.toString()))
    running.stdout.on('data', (data: Buffer) => {
      output += data.toString()
      if (output.split('\n').length > enough) running.kill('SIGKILL')
    })
    running.once('close', (_code, signal) => {
      // The last line may be cut off: it counts only with its end.
      if (signal === 'SIGKILL') resolve(output.split('\n').slice(0, -1).map(Number))
      else reject(new Error(`the child ended by itself: ${complaint}`))
    })
  })
}

async function check(directory: string, acknowledged: ReadonlySet<number>): Promise<number> {
  const db = await open(directory)
  try {
    const marks = new Map(
      (await rows(db, 'SELECT number, session FROM mark')).map((row) => [row['number']!, row['session']!]),
    )
    for (const number of acknowledged)
      assert.ok(marks.has(number), `transaction ${number} was acknowledged and is lost`)

    const entries = await rows(db, 'SELECT id, number, key FROM entry ORDER BY id')
    const sizes = new Map<number, number>()
    for (const entry of entries) sizes.set(entry['number']!, (sizes.get(entry['number']!) ?? 0) + 1)
    assert.deepEqual(
      [...sizes.keys()].sort(),
      [...marks.keys()].sort(),
      'marks and entries come from the same transactions',
    )
    for (const [number, size] of sizes)
      assert.equal(size, number % 40 === 0 ? 60 : 2, `transaction ${number} is half there`)

    for (const counter of await rows(db, 'SELECT session, commits FROM counter')) {
      assert.equal([...marks.values()].filter((session) => session === counter['session']).length, counter['commits'])
    }
    await checkIndexes(db, entries)
    return marks.size
  } finally {
    await db.close()
  }
}

async function checkIndexes(db: Database, entries: readonly NumberRow[]): Promise<void> {
  for (let key = 0; key < 7; key++) {
    const found = await rows(db, 'SELECT id, number, key FROM entry WHERE key = $1 ORDER BY id', [key])
    assert.deepEqual(
      found,
      entries.filter((entry) => entry['key'] === key),
    )
  }
  const byId = db.prepare('SELECT id, number, key FROM entry WHERE id = $1')
  for (const entry of entries) assert.deepEqual(byId.all(entry['id']), [entry])
}

type NumberRow = Record<string, number>

async function rows(db: Database, sql: string, parameters: readonly number[] = []): Promise<NumberRow[]> {
  return (await db.query<NumberRow>(sql, [...parameters])).rows
}
