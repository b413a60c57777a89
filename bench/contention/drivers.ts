/** Runs a workload with many sessions at once: synchronously, statement by statement in turns, or by promises that wait. */
import type { Database, ProcedureTransaction, Session, Statement } from '../../src/index.ts'
import type { Body, Choice, Row, Workload } from './workload.ts'
import { bodyOf, Random } from './workload.ts'

export interface Outcome {
  readonly commits: number
  /** By SQLSTATE: transactions that were aborted and tried again. */
  readonly aborts: ReadonlyMap<string, number>
  readonly nanos: number
}

/** What a transaction may be told so that it tries again: serialization, deadlock, and (synchronous API) a held lock. */
const retried = new Set(['40001', '40P01', '55P03'])

const codeOf = (error: unknown): string => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (!retried.has(code)) throw error
  return code
}

const count = (aborts: Map<string, number>, code: string): Map<string, number> =>
  aborts.set(code, (aborts.get(code) ?? 0) + 1)

/** One session of the synchronous driver; a turn is one statement. */
class Client {
  commits = 0
  readonly aborts = new Map<string, number>()
  readonly #begin: Statement
  readonly #commit: Statement
  readonly #rollback: Statement
  readonly #statements: readonly Statement<Row>[]
  readonly #workload: Workload
  readonly #next: () => Choice
  #choice: Choice
  #body: Body | null = null
  #rows: readonly Row[] = []

  constructor(session: Session, workload: Workload, begin: string, next: () => Choice) {
    this.#begin = session.prepare(begin)
    this.#commit = session.prepare('COMMIT')
    this.#rollback = session.prepare('ROLLBACK')
    this.#statements = workload.statements.map((sql) => session.prepare<Row>(sql))
    this.#workload = workload
    this.#next = next
    this.#choice = next()
  }

  turn(): void {
    try {
      if (this.#body === null) {
        this.#begin.run()
        this.#body = bodyOf(this.#workload, this.#choice)
        this.#rows = []
      }
      const step = this.#body.next(this.#rows)
      if (step.done !== true) {
        this.#rows = this.#statements[step.value.statement]!.all(...step.value.parameters)
        return
      }
      this.#body = null
      this.#commit.run()
      this.commits++
      this.#choice = this.#next()
    } catch (error) {
      count(this.aborts, codeOf(error))
      this.#rollback.run()
      this.#body = null
    }
  }

  /** Until it has committed or was aborted. */
  transaction(): void {
    do this.turn()
    while (this.#body !== null)
  }

  /** Between two measurements nothing is left open. */
  end(): void {
    if (this.#body !== null) this.#rollback.run()
    this.#body = null
  }
}

export interface Order {
  readonly workload: Workload
  /** Rows to choose from: few are hot. */
  readonly rows: number
  readonly sessions: number
  /** The statement that begins each transaction. */
  readonly begin: string
  /** Synchronous API: whether a session gives way to the next one after each statement, or when its transaction has ended. */
  readonly giveWay?: 'statement' | 'transaction'
  readonly millis: number
  readonly seed: number
}

const now = (): number => Number(process.hrtime.bigint())

/** Turns between two looks at the clock. */
const turnsBetween = 512

export function runSync(db: Database, order: Order): Outcome {
  const { workload, rows, sessions, begin, giveWay = 'statement', millis, seed } = order
  const handles = Array.from({ length: sessions }, () => db.connectSync())
  const clients = handles.map((session, i) => {
    const random = new Random(seed * 1000 + i)
    return new Client(session, workload, begin, () => workload.next(random, rows))
  })
  const start = now()
  const end = start + millis * 1e6
  do {
    for (let turn = 0; turn < turnsBetween; turn++) {
      const client = clients[turn % sessions]!
      if (giveWay === 'statement') client.turn()
      else client.transaction()
    }
  } while (now() < end)
  const nanos = now() - start
  for (const client of clients) client.end()
  for (const session of handles) session.close()
  return sum(clients, nanos)
}

/** The workload's transactions become stored procedures. */
export function register(db: Database, workload: Workload): void {
  for (const [name, begin] of Object.entries(workload.transactions)) {
    db.procedure(name, (tx: ProcedureTransaction, ...parameters: number[]) => {
      const body = begin(...parameters)
      let rows: readonly Row[] = []
      for (let step = body.next(rows); step.done !== true; step = body.next(rows)) {
        const { statement, parameters } = step.value
        rows = tx.all<Row>(workload.statements[statement]!, ...parameters)
      }
    })
  }
}

/** The same by stored procedures: a call a transaction. */
export function runProcedures(db: Database, { workload, rows, millis, seed }: Omit<Order, 'begin'>): Outcome {
  const random = new Random(seed * 1000)
  let commits = 0
  const start = now()
  const end = start + millis * 1e6
  do {
    for (let turn = 0; turn < turnsBetween; turn++) {
      const { name, parameters } = workload.next(random, rows)
      db.callSync(name, ...parameters)
    }
    commits += turnsBetween
  } while (now() < end)
  return { commits, aborts: new Map(), nanos: now() - start }
}

export async function runAsync(db: Database, order: Order): Promise<Outcome> {
  const { workload, rows, sessions, begin, millis, seed } = order
  const handles = await Promise.all(Array.from({ length: sessions }, () => db.connect()))
  const start = now()
  const end = start + millis * 1e6
  const tallies = await Promise.all(
    handles.map(async (session, i) => {
      const random = new Random(seed * 1000 + i)
      const tally = { commits: 0, aborts: new Map<string, number>() }
      while (now() < end) {
        const choice = workload.next(random, rows)
        const aborted = (error: unknown): unknown => count(tally.aborts, codeOf(error))
        while (!(await attempt(session, workload, begin, bodyOf(workload, choice), aborted)) && now() < end);
        tally.commits++
      }
      return tally
    }),
  )
  const nanos = now() - start
  for (const session of handles) session.close()
  return sum(tallies, nanos)
}

/** False if it was aborted; `aborted` is told why, before it is rolled back, and throws what is no reason to try again. */
export async function attempt(
  session: Session,
  workload: Workload,
  begin: string,
  body: Body,
  aborted: (error: unknown) => unknown,
): Promise<boolean> {
  try {
    await session.query(begin)
    let rows: readonly Row[] = []
    for (let step = body.next(rows); step.done !== true; step = body.next(rows)) {
      const { statement, parameters } = step.value
      rows = (await session.query<Row>(workload.statements[statement]!, parameters)).rows
    }
    await session.query('COMMIT')
    return true
  } catch (error) {
    aborted(error)
    await session.query('ROLLBACK')
    return false
  }
}

function sum(
  parts: readonly { readonly commits: number; readonly aborts: ReadonlyMap<string, number> }[],
  nanos: number,
): Outcome {
  const aborts = new Map<string, number>()
  let commits = 0
  for (const part of parts) {
    commits += part.commits
    for (const [code, n] of part.aborts) aborts.set(code, (aborts.get(code) ?? 0) + n)
  }
  return { commits, aborts, nanos }
}
