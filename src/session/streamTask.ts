/**
 * A statement whose rows are taken as they come: at most a chunk of them is held, and while nobody asks for more the
 * task is parked. Behind `session.stream` and `statement.iterate`.
 */
import type { Engine } from './engine.ts'
import { TaskStep } from './core.ts'
import type { OutputChoice } from './output.ts'
import type { SessionState } from './sessionState.ts'
import { StatementRun } from './statementRun.ts'
import { StatementsTask } from './statementsTask.ts'
import type { Run, StatementSource } from './statementsTask.ts'

/** Rows that may lie ready before the statement is parked, and rows that it may visit to find them. */
const chunkRows = 256
const visitedRows = 1024

export class StreamTask extends StatementsTask {
  #rows: unknown[] = []
  #parked = false
  /** True when the statement is at its end, and its last rows are with the consumer. */
  #rowsTakenLast = false
  #started = false
  #wanted: (() => void) | null = null

  constructor(engine: Engine, state: SessionState, source: StatementSource, output: OutputChoice) {
    super(engine, state, source, output)
    this.onSettled(() => this.#deliver())
  }

  protected override stepRun(run: Run, budget: number): TaskStep {
    if (this.#rowsTakenLast) return TaskStep.DONE
    const outcome = super.stepRun(run, Math.min(budget, visitedRows))
    const last = outcome === TaskStep.DONE
    // The rows of what writes are its rows only when it is done: an abandoned run takes its own with it.
    const rows = run instanceof StatementRun && (last || !this.writes) ? (run.execution?.take() ?? []) : []
    if (rows.length > 0) this.#rows = this.#rows.length === 0 ? rows : this.#rows.concat(rows)
    const pause = last || (outcome === TaskStep.YIELD && this.#rows.length >= chunkRows)
    // The session of a stream is busy until its consumer has seen the end. But what writes, writes whole, whoever reads on.
    if (pause && this.#rows.length > 0 && !this.writes) {
      this.#rowsTakenLast = last
      this.#parked = true
      this.#deliver()
      return TaskStep.PARKED
    }
    return outcome
  }

  /** The next rows, at least one; null at the end. */
  async next(): Promise<unknown[] | null> {
    if (this.#rows.length === 0 && !this.settled) {
      await new Promise<void>((resolve) => {
        this.#wanted = resolve
        if (!this.#started) {
          this.#started = true
          this.state.submit(this)
        } else if (this.#parked) {
          this.#parked = false
          this.engine.core.wake(this)
        }
      })
    }
    return this.#take()
  }

  /** As `next`, within this call. */
  nextSync(): unknown[] | null {
    while (this.#rows.length === 0 && !this.settled) {
      this.#parked = false
      if (this.#started) this.engine.core.drive(this)
      else {
        this.#started = true
        this.state.runNow(this)
      }
    }
    return this.#take()
  }

  /** Its consumer has gone. */
  finish(): void {
    this.#rows = []
    if (this.#started) this.endEarly()
  }

  #take(): unknown[] | null {
    if (this.#rows.length > 0) {
      const rows = this.#rows
      this.#rows = []
      return rows
    }
    if (this.error !== null) throw this.error
    return null
  }

  #deliver(): void {
    const wanted = this.#wanted
    this.#wanted = null
    wanted?.()
  }
}
