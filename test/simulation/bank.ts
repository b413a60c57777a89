/**
 * A small workload through the public door, on a simulated disk, and the check that goes with it.
 *
 * Three sessions commit transactions, each with a number of its own: it inserts its number once into `mark` and twice
 * into `entry`, adds one to its session's row of `counter`, and some of them delete the entries of an earlier one and
 * note that in `gone`. Whatever the disk lost, afterwards each transaction is there whole or not at all, and those whose
 * COMMIT returned are there.
 */
import { expect } from 'vitest'
import { open, type Database, type DatabaseError, type Session } from '../../src/index.ts'
import { Disk, type Fate } from './disk.ts'
import { SimulatedEnv, type Fault } from './env.ts'
import { SeededRandom } from './random.ts'

const SESSIONS = 3
const TRANSACTIONS = 4
const KEYS = 4

const schema = `
  CREATE TABLE mark (number int PRIMARY KEY, session int NOT NULL);
  CREATE TABLE entry (id int PRIMARY KEY, number int NOT NULL, key int NOT NULL, note text);
  CREATE INDEX entry_key ON entry (key);
  CREATE TABLE gone (number int PRIMARY KEY);
  CREATE TABLE counter (session int PRIMARY KEY, commits int NOT NULL);
  INSERT INTO counter VALUES (0, 0), (1, 0), (2, 0)`

export type Durability = 'full' | 'relaxed' | 'none'

export class Bank {
  readonly disk = new Disk()
  env: SimulatedEnv
  /** The numbers of the transactions whose COMMIT returned, and of those that were begun. */
  readonly acknowledged = new Set<number>()
  readonly begun = new Set<number>()
  /** The set-up was acknowledged: its tables must be there. */
  ready = false
  readonly errors: DatabaseError[] = []
  private database: Database | null = null
  private readonly random: SeededRandom
  private readonly durability: Durability

  constructor(seed: number, durability: Durability, fault?: Fault) {
    this.random = new SeededRandom(seed)
    this.durability = durability
    const delays = new SeededRandom(~seed)
    this.env = new SimulatedEnv(this.disk, {
      seed,
      ...(fault === undefined ? {} : { fault }),
      deliver: (complete) => laterBy(delays.below(8), complete),
    })
  }

  /** Runs until all is done, an error ended it, or the power was cut. */
  async run(): Promise<void> {
    await this.untilPowerCut(async () => {
      this.database = await open('bank', { env: this.env, durability: this.durability })
      await this.database.exec(schema)
      this.ready = true
      await Promise.all(Array.from({ length: SESSIONS }, (_, session) => this.session(session)))
    })
  }

  /** Closes; a database whose log failed closes too. */
  async close(): Promise<void> {
    await this.untilPowerCut(async () => this.database?.close())
  }

  /** Another process opens what is left, checks it, and closes it in order. */
  async reopenAndCheck(how: 'kill' | 'power cut', fate: Fate): Promise<void> {
    if (!this.env.isOff) {
      this.env.turnOff()
      if (how === 'kill') this.disk.kill()
      else this.disk.powerCut(this.random, fate)
    }
    this.env = new SimulatedEnv(this.disk, { seed: 1 })
    const database = await open('bank', { env: this.env })
    try {
      await this.check(database)
    } finally {
      await database.close()
    }
  }

  private async session(number: number): Promise<void> {
    const session = await this.database!.connect()
    for (let i = 0; i < TRANSACTIONS; i++) {
      const transaction = number * 100 + i
      this.begun.add(transaction)
      await this.transaction(session, number, transaction, i)
      this.acknowledged.add(transaction)
    }
  }

  private async transaction(session: Session, number: number, transaction: number, i: number): Promise<void> {
    const work = this.statements(number, transaction, i)
    if (i === 3 && number === 1) {
      // One of the commits goes through the synchronous pipeline, between the asynchronous ones.
      session.transactionSync((tx) => {
        for (const [sql, parameters] of work) tx.prepare(sql).run(...parameters)
      })
      return
    }
    await session.query('BEGIN')
    for (const [sql, parameters] of work) await session.query(sql, [...parameters])
    await session.query('COMMIT')
  }

  private statements(number: number, transaction: number, i: number): [string, (number | string)[]][] {
    const key = (): number => this.random.below(KEYS)
    const note = i === 1 && number === 0 ? 'long '.repeat(220_000) : `note ${transaction}`
    const insert = 'INSERT INTO entry VALUES ($1, $2, $3, $4)'
    const work: [string, (number | string)[]][] = [
      ['INSERT INTO mark VALUES ($1, $2)', [transaction, number]],
      [insert, [transaction * 2, transaction, key(), note]],
      [insert, [transaction * 2 + 1, transaction, key(), 'second']],
      ['UPDATE counter SET commits = commits + 1 WHERE session = $1', [number]],
    ]
    if (i === 2) {
      work.push(
        ['DELETE FROM entry WHERE number = $1', [transaction - 2]],
        ['INSERT INTO gone VALUES ($1)', [transaction - 2]],
        ['UPDATE entry SET key = ($1 - key) WHERE number = $2', [KEYS - 1, transaction - 1]],
      )
    }
    return work
  }

  private async check(database: Database): Promise<void> {
    if (!this.ready) {
      const tables = database.describe().length
      expect([0, 4]).toContain(tables)
      if (tables === 0) return
    }
    const marks = new Map<number, number>()
    for (const { number, session } of await rows(database, 'SELECT number, session FROM mark'))
      marks.set(number!, session!)
    for (const number of this.acknowledged) expect(marks.has(number)).toBe(true)
    for (const number of marks.keys()) expect(this.begun.has(number)).toBe(true)

    const gone = new Set((await rows(database, 'SELECT number FROM gone')).map(({ number }) => number!))
    for (const number of [0, 100, 200]) expect(gone.has(number)).toBe(marks.has(number + 2))

    const entries = await rows(database, 'SELECT id, number, key FROM entry ORDER BY id')
    const expected = [...marks.keys()]
      .filter((number) => !gone.has(number))
      .flatMap((number) => [number * 2, number * 2 + 1])
    expect(entries.map(({ id }) => id)).toEqual(expected.sort((a, b) => a - b))

    const counts = await rows(database, 'SELECT session, commits FROM counter ORDER BY session')
    expect(counts).toEqual(
      [0, 1, 2].map((session) => ({ session, commits: [...marks.values()].filter((each) => each === session).length })),
    )
    await this.checkIndexes(database, entries)
  }

  private async checkIndexes(database: Database, entries: readonly NumberRow[]): Promise<void> {
    for (let key = 0; key < KEYS; key++) {
      const found = await rows(database, 'SELECT id FROM entry WHERE key = $1 ORDER BY id', [key])
      expect(found.map(({ id }) => id)).toEqual(entries.filter((entry) => entry['key'] === key).map(({ id }) => id))
    }
    for (const entry of entries) {
      expect(await rows(database, 'SELECT id, number, key FROM entry WHERE id = $1', [entry['id']!])).toEqual([entry])
    }
  }

  /** An error of the database ends the work and is noted; the promises of a machine that is off never settle. */
  private async untilPowerCut(work: () => Promise<unknown>): Promise<void> {
    let done = false
    const running = work()
      .catch((error: unknown) => {
        if (!this.env.isOff) this.errors.push(error as DatabaseError)
      })
      .finally(() => (done = true))
    while (!done && !this.env.isOff) await new Promise((resolve) => setImmediate(resolve))
    if (done) await running
  }
}

/** After that many turns of the event loop: slow fsyncs gather more commits. */
function laterBy(turns: number, complete: () => void): void {
  setImmediate(() => (turns > 0 ? laterBy(turns - 1, complete) : complete()))
}

type NumberRow = Record<string, number>

async function rows(database: Database, sql: string, parameters: readonly number[] = []): Promise<NumberRow[]> {
  return (await database.query<NumberRow>(sql, [...parameters])).rows
}
