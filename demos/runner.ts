/**
 * Runs a scenario at an isolation level, with real concurrent sessions on a database of its own, always in the same way.
 *
 * Statements are issued in the order of the file, each when everybody before it has come to rest: has finished, or
 * waits for a lock (the session says so; no clock is asked). The steps of a session that waits are held back, and are
 * issued as soon as its statement has finished, before the file goes on. A transaction that was aborted is rolled back
 * at once, as a client does, and the rest of it is not run. A plain BEGIN begins at the chosen level.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { DatabaseError, open, type Database, type QueryResult, type Session } from '../src/index.ts'
import type { Level } from './levels.ts'
import {
  namedValues,
  type FinalState,
  type IssuedStep,
  type Performance,
  type Run,
  type RunEvent,
  type StatementResult,
} from './run.ts'
import { ScenarioError, type Outcome, type Scenario, type ScenarioStep, type Script } from './scenario.ts'
import { holds, type Ending } from './witness.ts'

export async function runScenario(scenario: Scenario, level: Level): Promise<Run> {
  const db = await open()
  try {
    await db.exec(scenario.setup)
    const performance = await perform(db, scenario, level)
    return { ...judge(scenario, performance), ...performance, scenario, level }
  } finally {
    await db.close()
  }
}

/** Runs the steps and the last queries on a database that is set up. */
export async function perform(db: Database, script: Script, level: Level): Promise<Performance> {
  const stage = await Stage.open(db, script, level)
  for (const step of script.steps) await stage.perform(step)
  const endings = stage.close()
  return { events: stage.events, finalState: await finalQueries(db, script), endings }
}

/** One session of the scenario. */
interface Player {
  readonly name: string
  readonly session: Session
  /** Its statement that has not finished. */
  running: IssuedStep | null
  /** Steps that became due while it waited. */
  readonly held: ScenarioStep[]
  /** Its transaction was aborted; what is left of it is not run. */
  abandoned: boolean
}

class Stage {
  readonly events: RunEvent[] = []
  readonly #script: Script
  readonly #level: Level
  readonly #players: ReadonlyMap<string, Player>
  readonly #endings = new Map<string, Ending>()
  /** Who has finished a statement since the last rest, in that order. */
  readonly #finished: { readonly player: Player; readonly issued: IssuedStep }[] = []
  #issuedCount = 0

  private constructor(script: Script, level: Level, players: ReadonlyMap<string, Player>) {
    this.#script = script
    this.#level = level
    this.#players = players
  }

  static async open(db: Database, script: Script, level: Level): Promise<Stage> {
    const players = new Map<string, Player>()
    for (const name of script.sessions) {
      const session = await db.connect()
      players.set(name, { name, session, running: null, held: [], abandoned: false })
    }
    return new Stage(script, level, players)
  }

  async perform(step: ScenarioStep): Promise<void> {
    const player = this.#players.get(step.session)!
    if (player.running !== null) player.held.push(step)
    else await this.#issue(player, step)
  }

  /** How each session's transaction ended. Everybody must have finished by now. */
  close(): ReadonlyMap<string, Ending> {
    for (const { name, running } of this.#players.values()) {
      if (running !== null) throw this.#fault(`${name} still waits in "${running.step.sql}" when the steps are over`)
    }
    for (const { name, session } of this.#players.values()) {
      if (session.transactionStatus !== 'idle') throw this.#fault(`the transaction of ${name} is still open at the end`)
    }
    return this.#endings
  }

  async #issue(player: Player, step: ScenarioStep): Promise<void> {
    if (player.abandoned) {
      this.events.push({ kind: 'not run', step })
      if (endsTransaction(step.sql)) player.abandoned = false
      return
    }
    this.#issuedCount++
    const issued: IssuedStep = { number: this.#issuedCount, step, wait: null, result: null, failure: null }
    const sql = /^BEGIN$/i.test(step.sql) ? this.#level.begin : step.sql
    this.#start(player, issued, sql)
    this.events.push({ kind: 'issued', issued })
    await this.#rest()
    await this.#followUp()
  }

  /** The first step of the statement runs within this call, so a statement that meets a lock waits at its end. */
  #start(player: Player, issued: IssuedStep, sql: string): void {
    player.running = issued
    const end = (): void => {
      player.running = null
      this.#finished.push({ player, issued })
    }
    player.session.query<(string | null)[]>(sql, [], { rowMode: 'text' }).then(
      (result) => {
        issued.result = statementResult(result)
        end()
      },
      (error: unknown) => {
        if (!(error instanceof DatabaseError)) throw error
        issued.failure = { code: error.code, message: error.message, detail: error.detail ?? null }
        end()
      },
    )
    this.#noteWait(player)
  }

  /** Returns when every session has finished its statement or waits for a lock. */
  async #rest(): Promise<void> {
    const players = [...this.#players.values()]
    do await turn()
    while (players.some(({ running, session }) => running !== null && session.state !== 'waiting'))
    for (const player of players) this.#noteWait(player)
  }

  #noteWait({ running, session }: Player): void {
    if (running === null || session.state !== 'waiting' || running.wait !== null) return
    const waiting = session.waitingFor
    if (waiting === null) return
    running.wait = { lock: waiting.lock, holders: waiting.holders.map((id) => this.#nameOf(id)) }
  }

  /** Sessions are known to the engine by number, to the reader by letter. */
  #nameOf(id: number): string {
    const holder = [...this.#players.values()].find(({ session }) => session.id === id)
    return holder?.name ?? `session ${String(id)}`
  }

  /** What follows from the statements that have finished: rollbacks of the aborted, and the steps that were held back. */
  async #followUp(): Promise<void> {
    for (let next = this.#finished.shift(); next !== undefined; next = this.#finished.shift()) {
      const { player, issued } = next
      if (issued.wait !== null) this.events.push({ kind: 'finished', issued })
      this.#noteEnding(player, issued)
      if (issued.failure !== null) await this.#abandon(player, issued)
    }
    for (let due = this.#due(); due !== undefined; due = this.#due()) await this.#issue(due, due.held.shift()!)
  }

  /** Somebody who has stopped waiting and has steps that were held back. */
  #due(): Player | undefined {
    return [...this.#players.values()].find(({ running, held }) => running === null && held.length > 0)
  }

  async #abandon(player: Player, { step, failure }: IssuedStep): Promise<void> {
    if (failure?.code.startsWith('40') !== true) {
      throw this.#fault(`"${step.sql}" of ${player.name} failed: ${failure?.code ?? ''} ${failure?.message ?? ''}`)
    }
    this.#endings.set(player.name, 'rolled back')
    if (player.session.transactionStatus === 'idle') return
    player.abandoned = true
    await player.session.query('ROLLBACK')
    this.events.push({ kind: 'rolled back', session: player.name })
    await this.#rest()
  }

  #noteEnding({ name }: Player, { result, step }: IssuedStep): void {
    if (result === null || !endsTransaction(step.sql)) return
    this.#endings.set(name, result.command === 'COMMIT' ? 'committed' : 'rolled back')
  }

  #fault(message: string): ScenarioError {
    return new ScenarioError(`${this.#script.name} at ${this.#level.title}: ${message}`)
  }
}

const endsTransaction = (sql: string): boolean => /^(COMMIT|END|ROLLBACK|ABORT)\b(?!\s+TO\b)/i.test(sql)

function statementResult(result: QueryResult<(string | null)[]>): StatementResult {
  const { command, rowCount, fields, rows } = result
  return { command, rowCount, columns: fields.map(({ name }) => name), rows }
}

async function finalQueries(db: Database, script: Script): Promise<readonly FinalState[]> {
  const found: FinalState[] = []
  for (const query of script.finally) {
    found.push({
      ...query,
      result: statementResult(await db.query<(string | null)[]>(query.sql, [], { rowMode: 'text' })),
    })
  }
  return found
}

/** The outcome is what the witness says of this run; what prevented an anomaly is what the run shows. */
function judge(scenario: Scenario, { events, finalState, endings }: Performance): Outcome {
  const values = namedValues(events, finalState)
  const occurred = holds(scenario.witness.condition, {
    value: (name) => values.get(name) ?? null,
    ending: (session) => endings.get(session) ?? null,
  })
  if (occurred) return { outcome: 'occurs', by: null }
  const steps = events.flatMap((event) => (event.kind === 'issued' ? [event.issued] : []))
  const failure = steps.find((step) => step.failure !== null)?.failure
  if (failure) return { outcome: 'prevented', by: `abort ${failure.code}` }
  return { outcome: 'prevented', by: steps.some(({ wait }) => wait !== null) ? 'wait' : 'snapshot' }
}
