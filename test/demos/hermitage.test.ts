import { readFileSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { DatabaseError } from '../../src/index.ts'
import { open, type QueryResult, type Session } from '../../src/index.ts'
import { describeWithShared } from '../support/shared.ts'

// Hermitage (Martin Kleppmann, 2014) recorded what PostgreSQL answers, blocks and refuses in each of its cases, statement by
// statement. Isolde must answer, block and refuse the same, but where it is stronger on purpose.

interface Step {
  readonly session: string
  readonly sql: string
  readonly blocks?: boolean
  readonly error?: { readonly session: string; readonly text: string }
  /** Rows (id, value); only some of them unless `showsComplete`. */
  readonly shows?: readonly (readonly number[])[]
  readonly showsComplete?: boolean
  readonly rows?: readonly (readonly number[])[]
}

interface Case {
  readonly id: string
  readonly db: string
  readonly level: string
  readonly steps: readonly Step[]
}

interface Issued {
  readonly step: Step
  results: QueryResult<number[]>[] | null
  error: DatabaseError | null
}

/** Where a statement answers something else than PostgreSQL's, by case, level and number of the step. */
const stronger: Readonly<Record<string, string>> = {
  'PMP-write, read committed, step 6':
    'the DELETE that waited runs again with a new snapshot and finds the row; PostgreSQL judges again only the row it waited for',
}

class Stage {
  readonly #sessions = new Map<string, Session>()
  readonly #issued = new Map<string, Issued>()

  async run({ id, level, steps }: Case, setup: readonly string[]): Promise<void> {
    const db = await open()
    for (const sql of setup) await db.exec(sql)
    for (const { session } of steps) if (session !== 'any') this.#sessions.set(session, await db.connect())
    for (const [index, step] of steps.entries()) {
      const where = `${id}, ${level}, step ${String(index + 1)}`
      if (!(where in stronger)) await this.#perform(step, where)
    }
    await db.close()
  }

  async #perform(step: Step, where: string): Promise<void> {
    const name = step.session === 'any' ? 'T1' : step.session
    const session = this.#sessions.get(name)!
    const issued: Issued = { step, results: null, error: null }
    this.#issued.set(name, issued)
    session.exec(step.sql, { rowMode: 'array' }).then(
      (results) => (issued.results = results as unknown[] as QueryResult<number[]>[]),
      (error: unknown) => (issued.error = error as DatabaseError),
    )
    await this.#rest()
    expect(session.state, `${where}: ${step.sql}`).toBe(step.blocks === true ? 'waiting' : 'idle')
    if (step.error !== undefined) {
      const failed = this.#issued.get(step.error.session)!
      expect(failed.error?.message, where).toBe(step.error.text.replace('ERROR: ', ''))
    } else expect(issued.error, where).toBeNull()
    const rows = issued.results?.at(-1)?.rows
    if (step.rows !== undefined) expect(rows, where).toEqual(step.rows)
    if (step.shows === undefined) return
    if (step.showsComplete === true) expect(rows, where).toEqual(step.shows)
    else expect(rows, where).toEqual(expect.arrayContaining([...step.shows]))
  }

  /** Until every session has answered or waits for a lock. */
  async #rest(): Promise<void> {
    do await turn()
    while ([...this.#sessions.values()].some(({ state }) => state === 'active'))
    await turn()
  }
}

describeWithShared('Hermitage, as PostgreSQL answers it', 'isolation/hermitage.json', (path) => {
  const { cases, setup } = JSON.parse(readFileSync(path || '/dev/null', 'utf8') || '{"cases":[],"setup":[]}') as {
    cases: readonly Case[]
    setup: readonly string[]
  }
  test.each(cases.filter(({ db }) => db === 'postgres'))('$id at $level', (each) => new Stage().run(each, setup))
})
