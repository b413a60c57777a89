/**
 * Two forks of one database to which the same calls are made, one way and another. After each call both have given the same
 * answers, sessions are in the same states and wait for the same, and at the end the same locks are held and the same rows
 * are there.
 */
import fc from 'fast-check'
import { expect } from 'vitest'
import type { Database, Session } from '../../src/index.ts'
import { DatabaseError, openSync } from '../../src/index.ts'
import { turn } from './performance.ts'
import type { Program, Schema, Transaction } from './programs.ts'
import { createTables, fillTables, schemaName } from './programs.ts'

interface Call {
  readonly sql: string
  readonly values: readonly (number | null)[]
}

/** How a transaction of the program is run here. */
interface Manner {
  /** Each statement is a transaction. */
  readonly alone: boolean
  /** Also if it writes, which is an error then. */
  readonly readOnly: boolean
  /** The level is changed behind the first statement, which is an error. */
  readonly late: boolean
}

const manners: fc.Arbitrary<Manner> = fc.record({
  alone: fc.boolean(),
  readOnly: fc.nat({ max: 9 }).map((n) => n === 0),
  late: fc.nat({ max: 9 }).map((n) => n === 0),
})

const plain = (sql: string): Call => ({ sql, values: [] })

const asWritten: Manner = { alone: false, readOnly: false, late: false }

/** What a transaction's session calls, without what sets timeouts. */
export function callsOf(
  { level, access, statements, end }: Transaction,
  { alone, readOnly, late }: Manner = asWritten,
): Call[] {
  if (alone || end === 'autocommit') {
    const inNoBlock = statements.filter(({ sql }) => !/^(SET|SAVEPOINT|ROLLBACK|LOCK)/.test(sql))
    const set = plain(`SET default_transaction_isolation = '${level}'`)
    return [set, plain(`SET default_transaction_read_only = ${readOnly ? 'on' : 'off'}`), ...inNoBlock]
  }
  const [first, ...others] = statements.filter(({ sql }) => !sql.startsWith('SET'))
  const modes = readOnly ? 'READ ONLY' : access === 'READ ONLY DEFERRABLE' ? 'READ ONLY, DEFERRABLE' : access
  return [
    plain(`BEGIN ISOLATION LEVEL ${level.toUpperCase()}, ${modes}`),
    ...(first === undefined ? [] : [first]),
    ...(late ? [plain('SET TRANSACTION ISOLATION LEVEL READ COMMITTED')] : []),
    ...others,
    plain(end.endsWith('ROLLBACK') ? 'ROLLBACK' : 'COMMIT'),
  ]
}

const openSchemas = new Map<string, Database>()

async function filled(schema: Schema): Promise<Database> {
  const name = schemaName(schema)
  let db = openSchemas.get(name)
  if (db === undefined) {
    openSchemas.set(name, (db = openSync()))
    await db.exec([createTables(schema), ...fillTables(schema)].join(';'))
  }
  return db
}

/** How one of the two runs. */
export interface Way {
  /** Somebody listens to the trace, so every statement goes the long way. */
  readonly traced: boolean
  /** What it says instead of a statement. */
  readonly words: (sql: string) => string
}

/** One of the two databases, with its sessions. */
class Side {
  readonly #db: Database
  readonly #way: Way
  readonly #sessions: readonly Session[]
  /** By call: what it gave; null while it runs. */
  readonly answers: (string | null)[] = []

  constructor(origin: Database, sessions: number, way: Way) {
    this.#way = way
    this.#db = origin.fork()
    if (way.traced) this.#db.trace.listen(() => undefined)
    this.#sessions = Array.from({ length: sessions }, () => this.#db.connectSync())
  }

  isIdle(session: number): boolean {
    return this.#sessions[session]!.state === 'idle'
  }

  get isBusy(): boolean {
    return this.#sessions.some(({ state }) => state === 'active')
  }

  call(number: number, call: Call, synchronously: boolean): void {
    const session = this.#sessions[number]!
    const { values } = call
    const sql = this.#way.words(call.sql)
    const at = this.answers.push(null) - 1
    const note = (answer: string): void => {
      this.answers[at] = answer
    }
    if (synchronously) {
      try {
        note(JSON.stringify(session.prepare(sql).all(...values)))
      } catch (error) {
        note(describe(error))
      }
      return
    }
    session.query(sql, values).then(
      ({ rows, rowCount, command }) => note(JSON.stringify([command, rowCount, rows])),
      (error: unknown) => note(describe(error)),
    )
  }

  /** What can be seen of the sessions from outside. */
  get states(): unknown {
    return this.#sessions.map(({ state, transactionStatus, waitingFor }) => [
      state,
      transactionStatus,
      waitingFor && { ...waitingFor, lock: comparable(waitingFor.lock) },
    ])
  }

  get locks(): unknown {
    const sql =
      'SELECT session, kind, "table", index, row, key, mode, granted, blocked_by FROM isolde_locks ORDER BY 1, 2, 3, 4, 6, 7, 8, 5'
    return this.#db
      .prepare(sql)
      .all()
      .map((lock) => ({
        ...lock,
        row: typeof lock['row'] === 'number' && lock['row'] >= firstNew ? null : lock['row'],
      }))
  }

  rows(table: string): unknown {
    return this.#db.prepare(`SELECT * FROM ${table} ORDER BY 1, 2`).all()
  }

  close(): void {
    for (const session of this.#sessions) session.close()
  }

  async end(): Promise<void> {
    await this.#db.close()
  }
}

function describe(error: unknown): string {
  if (!(error instanceof DatabaseError)) throw error
  const { code, message, detail, hint } = error
  return [code, message, detail, hint].map((part) => comparable(part ?? '')).join('\n')
}

/** The number of the first row that is not there at the beginning. */
const firstNew = 3

/**
 * The two number transactions and new rows differently: a statement that has to wait has begun the short way by then, and begins
 * again.
 */
function comparable(text: string): string {
  return text
    .replaceAll(/transaction \d+/g, 'transaction …')
    .replaceAll(/row (\d+)/g, (whole, row) => (Number(row) >= firstNew ? 'row …' : whole))
}

/** Until every statement is done or waits. */
async function settle(sides: readonly Side[]): Promise<void> {
  do await turn()
  while (sides.some(({ isBusy }) => isBusy))
}

/** What two ways are compared over. */
export interface Comparison {
  /** What the two ways are. */
  readonly title: string
  readonly ways: readonly [Way, Way]
  readonly programs: fc.Arbitrary<Program>
  readonly numRuns: number
}

/** Holds that both ways lead to the same, and tells how many calls were made, and how many had to wait. */
export async function expectSame({
  title,
  ways,
  programs,
  numRuns,
}: Comparison): Promise<{ readonly calls: number; readonly waits: number }> {
  let [calls, waits] = [0, 0]
  await fc.assert(
    fc.asyncProperty(
      programs,
      fc.array(manners, { minLength: 1, maxLength: 9, size: 'max' }),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 20, size: 'max' }),
      async (program, manner, synchronous) => {
        const made = await compare(title, ways, program, manner, synchronous)
        calls += made.calls
        waits += made.waits
      },
    ),
    { numRuns },
  )
  return { calls, waits }
}

async function compare(
  title: string,
  ways: readonly [Way, Way],
  program: Program,
  manner: readonly Manner[],
  synchronous: readonly boolean[],
): Promise<{ calls: number; waits: number }> {
  const { schema } = program
  const count = program.sessions.length
  const origin = await filled(schema)
  const [one, other] = [new Side(origin, count, ways[0]), new Side(origin, count, ways[1])]
  const sides = [one, other]
  const left = program.sessions.map((transactions, session) =>
    transactions.flatMap((transaction, i) => callsOf(transaction, manner[(3 * session + i) % manner.length])),
  )
  const made: string[] = []
  let waits = 0
  const agree = (what: string, of: (side: Side) => unknown): void => {
    expect(of(one), `${what}, ${title}\n${made.join('\n')}`).toEqual(of(other))
  }
  try {
    for (let turn = 0; ; turn++) {
      const ready = left.flatMap((calls, session) => (calls.length > 0 && other.isIdle(session) ? [session] : []))
      if (ready.length === 0) break
      const session = ready[(program.picks[turn] ?? turn) % ready.length]!
      const call = left[session]!.shift()!
      const synchronously = synchronous[turn % synchronous.length]! && !call.sql.startsWith('SET')
      made.push(`${'ABCDEF'[session]!}: ${call.sql}  -- ${call.values.join()}${synchronously ? ', synchronously' : ''}`)
      for (const side of sides) side.call(session, call, synchronously)
      await settle(sides)
      agree('answers', ({ answers }) => answers)
      agree('states', ({ states }) => states)
      if (!other.isIdle(session)) waits++
    }
    agree('locks', ({ locks }) => locks)
    for (const side of sides) side.close()
    await settle(sides)
    agree('locks at the end', ({ locks }) => locks)
    agree('rows', (side) => side.rows('t'))
    if (schema.child !== 'none') agree('rows', (side) => side.rows('c'))
    return { calls: made.length, waits }
  } finally {
    for (const side of sides) await side.end()
  }
}
