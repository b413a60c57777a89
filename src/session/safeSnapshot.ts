/**
 * READ ONLY DEFERRABLE at SERIALIZABLE by SSI: before its first statement the transaction waits for a snapshot on which it
 * can neither fail nor make another fail (Ports, Grittner, VLDB 2012, section 4.3). A snapshot is safe once the writers that
 * were open when it was taken have ended, and none of them with an edge to somebody whom it sees; as soon as one has, the
 * snapshot is given up and a newer one is taken.
 */
import type { Transaction } from '../txn/transaction.ts'
import type { Task } from './core.ts'
import { TaskStep } from './core.ts'
import type { Engine } from './engine.ts'

export class SafeSnapshot {
  readonly #engine: Engine
  readonly #task: Task
  readonly #transaction: Transaction
  #verdict: 'none' | 'open' | 'safe' | 'unsafe' = 'none'

  constructor(engine: Engine, task: Task, transaction: Transaction) {
    this.#engine = engine
    this.#task = task
    this.#transaction = transaction
  }

  /** DONE when the transaction reads by a safe snapshot; BLOCKED until it is known what became of one. */
  step(): TaskStep {
    if (this.#verdict === 'open') return TaskStep.BLOCKED
    if (this.#verdict === 'safe') {
      this.#transaction.awaitsSafety = false
      return TaskStep.DONE
    }
    this.#verdict = 'open'
    if (this.#transaction.takeSafeSnapshot(this.#decided)) return TaskStep.DONE
    // Told on the spot, it takes another in a step of its own.
    if (!this.#isOpen) return TaskStep.YIELD
    this.#engine.awaitDecision(this.#task)
    return TaskStep.BLOCKED
  }

  get #isOpen(): boolean {
    return this.#verdict === 'open'
  }

  /** Called in the middle of another transaction's end. */
  readonly #decided = (safe: boolean): void => {
    this.#verdict = safe ? 'safe' : 'unsafe'
    this.#engine.decided(this.#task)
  }
}
