/**
 * A program on its way: the calls that its sessions make, and what an audience does while they run, who cancels, closes,
 * and decides about what was prepared. All of that happens at events of the trace, so that it can be repeated.
 */
import type { QueryResult, Session, TraceEvent } from '../../src/index.ts'
import { DatabaseError } from '../../src/index.ts'
import type { Database } from '../../src/session/database.ts'
import type { End, Program, ProgramLevel, Statement, Transaction } from './programs.ts'

/** What became of a statement. */
export interface Outcome {
  readonly statement: Statement
  /** Rows as text, in no particular order, and the row count; null if it failed. */
  readonly result: string | null
  /** Its SQLSTATE; null if it succeeded. */
  readonly error: string | null
}

/** What became of a transaction. */
export interface Executed {
  /** The engine's number. */
  readonly id: number
  readonly level: ProgramLevel
  readonly outcomes: readonly Outcome[]
  readonly committed: boolean
}

type Settled = QueryResult | Error | null

/** A call, and what became of it: null until then. */
export interface Call {
  settled: Settled
}

export function note(promise: Promise<unknown>): Call {
  const call: Call = { settled: null }
  promise.then(
    (result) => {
      call.settled = result as QueryResult
    },
    (error: unknown) => {
      call.settled = error instanceof Error ? error : new Error(String(error))
    },
  )
  return call
}

/** Lets promises report. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export function describeOutcome(outcome: Settled): { readonly result: string | null; readonly error: string | null } {
  if (outcome === null) return { result: null, error: 'hanging' }
  if (outcome instanceof Error)
    return { result: null, error: outcome instanceof DatabaseError ? outcome.code : 'broken' }
  const rows = outcome.rows.map((row) => JSON.stringify(row)).sort()
  return { result: `${outcome.command} ${outcome.rowCount ?? ''} ${rows.join(' ')}`, error: null }
}

interface SessionCall extends Call {
  readonly sql: string
  readonly patience: number | null
  readonly abort: AbortController | null
  /** The transaction that began with it; 0: none did. */
  began: number
}

/** The calls of one of the program's transactions. */
interface Part {
  readonly transaction: Transaction
  readonly begin: SessionCall
  readonly statements: readonly SessionCall[]
  readonly end: SessionCall | null
  readonly gid: string
}

/** One session of the program. */
class Player {
  readonly session: Session
  readonly parts: Part[] = []
  readonly #calls: SessionCall[] = []
  /** Of its calls the one that runs. */
  #current = -1

  constructor(session: Session) {
    this.session = session
  }

  get current(): SessionCall | null {
    return this.#calls[this.#current] ?? null
  }

  /** The session goes on to its next call. */
  next(): void {
    this.#current++
  }

  perform(transaction: Transaction, gid: string): void {
    const { level, access, statements, end } = transaction
    const alone = end === 'autocommit'
    const modes = access.endsWith('DEFERRABLE') ? access : `${access} NOT DEFERRABLE`
    const begin = alone ? 'SET SESSION CHARACTERISTICS AS TRANSACTION' : 'BEGIN'
    this.parts.push({
      transaction,
      gid,
      begin: this.#call({ sql: `${begin} ISOLATION LEVEL ${level} ${modes}`, values: [], patience: null }),
      statements: statements.map((statement) => this.#call(statement)),
      end: alone ? null : this.#call({ sql: ends[end](gid), values: [], patience: null }),
    })
  }

  #call({ sql, values, patience }: Statement): SessionCall {
    const abort = patience === null ? null : new AbortController()
    const promise = this.session.query(sql, [...values], abort === null ? {} : { signal: abort.signal })
    const call: SessionCall = Object.assign(note(promise), { sql, patience, abort, began: 0 })
    this.#calls.push(call)
    return call
  }
}

const ends: Record<Exclude<End, 'autocommit'>, (gid: string) => string> = {
  COMMIT: () => 'COMMIT',
  ROLLBACK: () => 'ROLLBACK',
  'PREPARE, COMMIT': (gid) => `PREPARE TRANSACTION '${gid}'`,
  'PREPARE, ROLLBACK': (gid) => `PREPARE TRANSACTION '${gid}'`,
}

/** What any statement may become: serialization failures, deadlocks, constraints, failed blocks, no such savepoint, writes of a reader. */
const expectedCodes: readonly string[] = ['40001', '40P01', '23505', '23503', '25P02', '3B001', '25006']
const cancelled = '57014'
const lockNotAvailable = '55P03'
const sessionClosed = '08003'
const failures: readonly string[] = ['40001', '40P01']

export class Performance {
  readonly #program: Program
  readonly #players: readonly Player[]
  readonly #bySession: ReadonlyMap<number, Player>
  readonly #byTransaction = new Map<number, Player>()
  readonly #decider: Session
  readonly #decisions = new Map<string, Call>()
  /** What is prepared and not decided, and with which event that will be. */
  #undecided: readonly { readonly gid: string; readonly at: number }[] = []
  /** Whose patience ends with which event. */
  #waiting: readonly { readonly call: SessionCall; readonly until: number }[] = []
  #events = 0

  constructor(db: Database, program: Program) {
    this.#program = program
    this.#decider = db.connectSync()
    this.#players = program.sessions.map(() => new Player(db.connectSync()))
    this.#bySession = new Map(this.#players.map((player) => [player.session.id, player]))
  }

  /** Makes all calls. They must queue: none of them may run before all are made. */
  begin(): void {
    for (const [i, player] of this.#players.entries()) {
      for (const [j, transaction] of this.#program.sessions[i]!.entries()) player.perform(transaction, `${i}.${j}`)
    }
  }

  /** Something has happened on the stage. */
  readonly attend = (event: TraceEvent): void => {
    this.#events++
    if (event.kind === 'statement') this.#bySession.get(event.session)?.next()
    else if (event.kind === 'begin') this.#began(event.session, event.transaction)
    else if (event.kind === 'wait') this.#waits(event.transaction)
    else if (event.kind === 'prepare') this.#prepared(event.gid)
    const { closed } = this.#program
    if (closed?.after === this.#events) this.#players[closed.session]?.session.close()
    if (this.#waiting.length > 0) this.#cancel()
    if (this.#undecided.length > 0) this.#decideUpTo(this.#events)
  }

  #began(session: number, transaction: number): void {
    const player = this.#bySession.get(session)
    if (player === undefined) return
    this.#byTransaction.set(transaction, player)
    if (player.current !== null) player.current.began = transaction
  }

  #waits(transaction: number): void {
    const call = this.#byTransaction.get(transaction)?.current ?? null
    if (call === null || call.patience === null) return
    this.#waiting = [...this.#waiting, { call, until: this.#events + call.patience }]
  }

  #cancel(): void {
    const tired = this.#waiting.filter(({ until }) => until <= this.#events)
    if (tired.length === 0) return
    this.#waiting = this.#waiting.filter(({ until }) => until > this.#events)
    for (const { call } of tired) call.abort?.abort()
  }

  #prepared(gid: string): void {
    this.#undecided = [...this.#undecided, { gid, at: this.#events + (this.#program.indecision ?? 0) }]
  }

  /** Nothing else will happen: decides what is still prepared. False if nothing is. */
  decideAll(): boolean {
    const some = this.#undecided.length > 0
    this.#decideUpTo(Infinity)
    return some
  }

  #decideUpTo(event: number): void {
    const due = this.#undecided.filter(({ at }) => at <= event)
    if (due.length === 0) return
    this.#undecided = this.#undecided.filter(({ at }) => at > event)
    for (const { gid } of due) this.#decide(gid)
  }

  #decide(gid: string): void {
    const part = this.#players.flatMap(({ parts }) => parts).find((each) => each.gid === gid)
    const decision = part?.transaction.end === 'PREPARE, COMMIT' ? 'COMMIT' : 'ROLLBACK'
    this.#decisions.set(gid, note(this.#decider.query(`${decision} PREPARED '${gid}'`)))
  }

  /** What became of the transactions. */
  executed(): Executed[] {
    return this.#players.flatMap(({ parts }) => parts.flatMap((part) => this.#executed(part)))
  }

  #executed({ transaction: { level, statements, end }, begin, statements: calls, end: last, gid }: Part): Executed[] {
    const outcomes = statements.map((statement, i): Outcome => ({ statement, ...describeOutcome(calls[i]!.settled) }))
    if (last === null) {
      return outcomes.map((outcome, i) => ({
        id: calls[i]!.began,
        level,
        outcomes: [outcome],
        committed: outcome.error === null,
      }))
    }
    const decision = end.startsWith('PREPARE') ? this.#decisions.get(gid)?.settled : last.settled
    const command = decision === undefined || decision === null || decision instanceof Error ? null : decision.command
    return [{ id: begin.began, level, outcomes, committed: command === 'COMMIT' || command === 'COMMIT PREPARED' }]
  }

  /** Calls that have not ended. */
  hanging(): string[] {
    const calls = this.#players.flatMap(({ parts }) =>
      parts.flatMap(({ begin, statements, end }) => [begin, ...statements, ...(end === null ? [] : [end])]),
    )
    const decisions = [...this.#decisions].filter(([, { settled }]) => settled === null)
    return [
      ...calls.filter(({ settled }) => settled === null).map(({ sql }) => sql),
      ...decisions.map(([gid]) => `the decision about ${gid}`),
    ]
  }

  /** Errors that these calls may not have. */
  broken(): Error[] {
    const errors: Error[] = []
    const judge = ({ settled }: Call, expected: readonly string[]): void => {
      if (!(settled instanceof Error)) return
      if (!(settled instanceof DatabaseError) || !expected.includes(settled.code)) errors.push(settled)
    }
    for (const [i, { parts }] of this.#players.entries()) {
      const always = this.#program.closed?.session === i ? [sessionClosed] : []
      for (const { transaction, begin, statements, end } of parts) {
        const timed = transaction.statements.some(({ sql }) => sql.startsWith('SET LOCAL lock_timeout'))
        const common = [...always, ...expectedCodes.filter((code) => !isSafe(transaction) || !failures.includes(code))]
        judge(begin, always)
        for (const call of statements) {
          const impatient = call.patience === null ? [] : [cancelled]
          const refused = timed || call.sql.endsWith('NOWAIT') ? [lockNotAvailable] : []
          judge(call, [...common, ...impatient, ...refused])
        }
        if (end !== null) judge(end, common)
      }
    }
    for (const decision of this.#decisions.values()) judge(decision, [])
    return errors
  }

  end(): void {
    this.#decider.close()
    for (const { session } of this.#players) session.close()
  }
}

/** It reads a safe snapshot: it cannot fail. */
const isSafe = ({ level, access }: Transaction): boolean =>
  level === 'serializable using ssi' && access === 'READ ONLY DEFERRABLE'
