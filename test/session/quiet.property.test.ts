/**
 * Sessions do what they like — statements, streams, COPY and DDL, cancelled, closed and abandoned at any step, with a
 * slow disk and without — and when all is over nothing is left: no lock, no wait, no view, no version, and indexes
 * agree with their tables. What a reopened database holds is what the others saw last.
 */
import { expect, test } from 'vitest'
import type { OpenOptions, Session } from '../../src/index.ts'
import { DatabaseError, nodeEnv } from '../../src/index.ts'
import { Database } from '../../src/session/database.ts'
import type { Engine } from '../../src/session/engine.ts'
import { openEngine } from '../../src/session/open.ts'
import { settle } from '../api/fakeEnv.ts'
import { SeededScheduler } from '../properties/seededScheduler.ts'
import { Disk } from '../simulation/disk.ts'
import { SimulatedEnv } from '../simulation/env.ts'
import { SeededRandom } from '../simulation/random.ts'
import { long } from '../support/runs.ts'
import { checkQuiet, checkTable } from '../txn/invariants.ts'

const seeds = Array.from({ length: long ? 300 : 10 }, (_, seed) => seed + 1)
const STEPS = 300

const setUp = `
  CREATE TABLE t (id int PRIMARY KEY, k int, s text);
  CREATE INDEX t_k ON t (k);
  CREATE UNIQUE INDEX t_s ON t (s);
  INSERT INTO t VALUES (1, 1, 'a'), (2, 2, 'b'), (3, 3, NULL), (4, 4, 'd'), (5, 5, NULL);
  CREATE TABLE u (id int PRIMARY KEY, k int)`

class Fuzz {
  readonly #random: SeededRandom
  readonly #db: Database
  readonly #sessions: Session[] = []
  readonly #calls: Promise<unknown>[] = []
  readonly #iterators: AsyncGenerator[] = []
  readonly #aborts: AbortController[] = []
  readonly internal: unknown[] = []

  constructor(db: Database, seed: number) {
    this.#db = db
    this.#random = new SeededRandom(seed)
  }

  #n(below: number): number {
    return this.#random.below(below)
  }

  #pick<T>(of: readonly T[]): T {
    return of[this.#n(of.length)]!
  }

  #statement(): string {
    const [id, other, text] = [1 + this.#n(8), 1 + this.#n(8), this.#pick(['a', 'b', 'c', 'd', 'e'])]
    return this.#pick([
      `INSERT INTO t VALUES (${id}, ${other}, '${text}')`,
      `INSERT INTO t SELECT id + ${10 * other}, k, NULL FROM t WHERE k = ${id} RETURNING id`,
      `UPDATE t SET k = k + 1 WHERE id = ${id}`,
      `UPDATE t SET k = ${other} WHERE k = ${id} RETURNING id`,
      'UPDATE t SET id = id + 1',
      `UPDATE t SET s = '${text}' WHERE id = ${id}`,
      `UPDATE t SET k = 10 / (k - ${id}) WHERE id <= ${other}`,
      `DELETE FROM t WHERE id = ${id}`,
      `DELETE FROM t WHERE id > 20 AND k = ${other}`,
      'SELECT * FROM t ORDER BY k',
      `SELECT * FROM t WHERE s = '${text}'`,
      `INSERT INTO u VALUES (${id}, ${other})`,
      `DELETE FROM u WHERE k > ${id}`,
      'CREATE INDEX u_k ON u (k)',
      'CREATE UNIQUE INDEX u_k ON u (k)',
      'DROP INDEX u_k',
      'DROP TABLE u',
      'CREATE TABLE u (id int PRIMARY KEY, k int)',
      'CREATE INDEX t_k2 ON t (k, s)',
      'DROP INDEX IF EXISTS t_k2',
    ])
  }

  #control(status: string): string {
    const begin = ['BEGIN', 'BEGIN ISOLATION LEVEL REPEATABLE READ', 'BEGIN ISOLATION LEVEL READ UNCOMMITTED']
    if (status === 'idle') return this.#pick(begin)
    return this.#pick(['SAVEPOINT s', 'SAVEPOINT s', 'ROLLBACK TO s', 'RELEASE s', 'COMMIT', 'COMMIT', 'ROLLBACK'])
  }

  #note(call: Promise<unknown>): void {
    this.#calls.push(
      call.catch((error: unknown) => {
        if (!(error instanceof DatabaseError)) this.internal.push(error)
      }),
    )
  }

  #signal(): { signal?: AbortSignal } {
    if (this.#n(3) > 0) return {}
    const controller = new AbortController()
    this.#aborts.push(controller)
    return { signal: controller.signal }
  }

  act(): void {
    while (this.#sessions.length < 4) this.#sessions.push(this.#db.connectSync())
    const session = this.#pick(this.#sessions)
    // A busy session mostly goes on with what it does; a failed block is mostly left.
    const turn = this.#n(10)
    if (session.state !== 'idle' && turn > 0) {
      if (turn === 1) this.#aborts.pop()?.abort()
      return
    }
    if (session.transactionStatus === 'failed' && turn > 1) {
      this.#note(session.query(turn > 5 ? 'ROLLBACK' : 'ROLLBACK TO s'))
      return
    }
    switch (this.#n(14)) {
      case 0:
      case 1:
      case 2:
      case 3: {
        this.#note(session.query(this.#statement(), [], this.#signal()))
        return
      }
      case 4:
      case 5:
      case 6: {
        this.#note(session.query(this.#control(session.transactionStatus)))
        return
      }
      case 7: {
        this.#note(
          session.exec(
            `${this.#statement()}; ${this.#control(session.transactionStatus)}; ${this.#statement()}`,
            this.#signal(),
          ),
        )
        return
      }
      case 8: {
        const rows = session.stream(this.#statement(), [], this.#signal())
        this.#iterators.push(rows)
        this.#note(rows.next())
        return
      }
      case 9: {
        const rows = this.#iterators.pop()
        if (rows !== undefined) this.#note(this.#n(2) === 0 ? rows.next() : rows.return(undefined))
        return
      }
      case 10:
        return this.#aborts.pop()?.abort()
      case 11: {
        this.#synchronously(session)
        return
      }
      case 12: {
        this.#note(
          session.copyFrom(
            `COPY ${this.#pick(['t (id, k)', 'u'])} FROM STDIN (FORMAT csv)`,
            this.#data(),
            this.#signal(),
          ),
        )
        return
      }
      case 13:
        if (this.#n(4) > 0) return
        session.close()
        this.#sessions.splice(this.#sessions.indexOf(session), 1)
    }
  }

  async *#data(): AsyncGenerator<string> {
    for (let row = 0; row < 3; row++) {
      await settle()
      yield `${10 + this.#n(20)},${this.#n(9)}\n`
    }
  }

  #synchronously(session: Session): void {
    try {
      if (this.#n(3) === 0) {
        session.transactionSync((tx) => {
          for (let i = 0; i < 2; i++) tx.prepare(this.#statement()).run()
        })
      } else {
        const iterator = (this.#n(2) === 0 ? session : this.#db).prepare(this.#statement()).iterate()
        iterator.next()
        iterator.return?.()
      }
    } catch (error) {
      if (!(error instanceof DatabaseError)) this.internal.push(error)
    }
  }

  /** Ends what is under way: some sessions roll back, the others are closed. */
  async end(): Promise<void> {
    for (const controller of this.#aborts) controller.abort()
    for (const rows of this.#iterators) this.#note(rows.return(undefined))
    for (const session of this.#sessions) session.close()
    await Promise.all(this.#calls)
  }
}

async function run(engine: Engine, seed: number): Promise<Database> {
  const db = new Database(engine)
  await db.exec(setUp)
  const fuzz = new Fuzz(db, seed)
  for (let step = 0; step < STEPS; step++) {
    fuzz.act()
    if (step % 2 === 0) await new Promise((resolve) => setImmediate(resolve))
    for (const table of engine.store.tables()) checkTable(table, engine.transactions)
  }
  await fuzz.end()
  expect(fuzz.internal).toEqual([])
  await settle()
  for (const table of engine.store.tables()) {
    checkTable(table, engine.transactions)
    checkQuiet(table, engine.transactions)
  }
  // No table is kept that is not in the catalog.
  const { catalog } = engine.transactions
  expect([...engine.store.tables()].map(({ id }) => id).sort()).toEqual(
    catalog
      .tables()
      .map(({ id }) => id)
      .sort(),
  )
  return db
}

const options = (seed: number): OpenOptions => {
  const scheduler = new SeededScheduler()
  scheduler.restart(seed)
  return { scheduler, stepBudget: 1 + (seed % 5) }
}

test.each(seeds)('nothing is left in memory (seed %i)', async (seed) => {
  await run(openEngine(nodeEnv, undefined, options(seed)), seed)
})

test.each(seeds)('nothing is left, and all is there after reopening (seed %i)', async (seed) => {
  const disk = new Disk()
  const random = new SeededRandom(~seed)
  const later = (turns: number, complete: () => void): void => {
    if (turns === 0) complete()
    else setImmediate(() => later(turns - 1, complete))
  }
  const env = new SimulatedEnv(disk, { seed, deliver: (complete) => later(random.below(12), complete) })
  const durability = seed % 3 === 0 ? 'relaxed' : seed % 7 === 0 ? 'none' : 'full'
  const engine = openEngine(env, 'db', { ...options(seed), durability })
  const db = await run(engine, seed)
  const contents = async (from: Database): Promise<unknown> => {
    const tables = from.describe().map(({ name }) => name)
    return Promise.all(tables.map(async (name) => [name, (await from.query(`SELECT * FROM ${name} ORDER BY id`)).rows]))
  }
  const before = [db.describe(), await contents(db)]
  await db.close()
  const again = openEngine(new SimulatedEnv(disk, { seed }), 'db', {})
  const reopened = new Database(again)
  expect([reopened.describe(), await contents(reopened)]).toEqual(before)
  for (const table of again.store.tables()) checkTable(table, again.transactions)
  await reopened.close()
})
