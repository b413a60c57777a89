/**
 * One planned statement on its way through a transaction: plan, lock its tables, run, and run again when it had to wait
 * or met a newer version (D2: waiting is a statement restart).
 *
 *     plan ─► lock tables ─► run ──DONE──► end of statement
 *       ▲          │ wait      │ BLOCKED: what this run wrote is undone, its locks stay; wait for the grant
 *       └──────────┴───────────┤ CHANGED (READ COMMITTED): undone likewise
 *                              └─► run again with a fresh snapshot, exclusively if it writes
 *
 * A read that waits (2PL) waits in place: nothing is undone, and the run goes on where it stands. What it has read until
 * then is locked.
 *
 * A wait for a table may end with another catalog: then the statement is planned again.
 */
import { assert } from '../assert.ts'
import type { CompiledStatement, Execution, OutputForm } from '../executor/index.ts'
import { MemoryAccount, Step } from '../executor/index.ts'
import { MustWait, on } from '../planner/index.ts'
import type { Value } from '../types/value.ts'
import type { LockWait } from '../txn/lockWait.ts'
import type { Transaction } from '../txn/transaction.ts'
import type { Core, Task } from './core.ts'
import { TaskStep } from './core.ts'
import type { Engine } from './engine.ts'
import { resultOf } from './output.ts'
import type { QueryResult } from './result.ts'
import type { SessionEffects } from './sessionEffects.ts'

/** A statement bound to its values, under the catalog of the transaction it will run in. */
export interface BoundStatement {
  readonly compiled: CompiledStatement
  readonly parameters: Value[]
  /** It calls functions that act upon the session. */
  readonly usesSession: boolean
}

export interface RunOptions {
  readonly output: (compiled: CompiledStatement) => OutputForm
  readonly memoryLimit: number
  readonly effects: SessionEffects
}

export class StatementRun {
  /** The lock it waits for; null while it runs. */
  wait: LockWait | null = null
  execution: Execution | null = null
  compiled: CompiledStatement | null = null
  readonly #engine: Engine
  readonly #core: Core
  readonly #task: Task
  readonly #transaction: Transaction
  readonly #bind: (transaction: Transaction) => BoundStatement
  readonly #options: RunOptions
  #bound: BoundStatement | null = null
  #runs = 0
  /** Why the last run was not the last. */
  #cause: 'lock' | 'newer version' = 'lock'
  /** True if the run calls functions that act upon the session. */
  #usesSession = false
  /** True between the begin and the end of the transaction's statement. */
  #begun = false

  constructor(
    engine: Engine,
    task: Task,
    transaction: Transaction,
    bind: (transaction: Transaction) => BoundStatement,
    options: RunOptions,
  ) {
    this.#engine = engine
    this.#core = engine.core
    this.#task = task
    this.#transaction = transaction
    this.#bind = bind
    this.#options = options
  }

  /** DONE, YIELD or BLOCKED. Throws what the statement throws; the caller then undoes the statement. */
  step(budget: number): TaskStep {
    if (this.wait !== null) {
      const { wait } = this
      if (wait.error !== null) throw wait.error
      assert(wait.granted, 'a statement that waits was stepped before its lock was granted')
      this.wait = null
    }
    const execution = this.execution ?? this.#start()
    if (execution === null) return this.#blocked()
    switch (this.#run(execution, budget)) {
      case Step.DONE:
        this.#core.endExclusive(this.#task)
        this.#transaction.endStatement()
        if (this.#usesSession) this.#options.effects.endStatement(this.#transaction)
        this.#begun = false
        return TaskStep.DONE
      case Step.YIELD:
        return TaskStep.YIELD
      case Step.BLOCKED:
        if (!execution.waitsInPlace) this.#again('lock')
        this.wait = this.#transaction.waitingFor
        // The wait may be over already, if it made a deadlock that a new order of the queue dissolved.
        if (this.wait === null) return TaskStep.YIELD
        return this.#blocked()
      case Step.RESTART:
        this.#again('newer version')
        return TaskStep.YIELD
    }
  }

  /** A step of the run. A function that has to wait ends it. */
  #run(execution: Execution, budget: number): Step {
    if (!this.#usesSession) return execution.step(budget)
    try {
      return on(this.#options.effects, () => execution.step(budget))
    } catch (thrown) {
      if (!(thrown instanceof MustWait)) throw thrown
      this.#transaction.abandon()
      return Step.BLOCKED
    }
  }

  /** Gives up: what was written is undone, and no lock is waited for any more. */
  abandon(): void {
    this.#core.endExclusive(this.#task)
    this.wait?.cancel()
    this.wait = null
    this.execution = null
    if (this.#begun) {
      this.#transaction.undoStatement()
      if (this.#usesSession) this.#options.effects.endStatement(this.#transaction)
    }
    this.#begun = false
  }

  result(): QueryResult<unknown> {
    assert(this.execution !== null && this.compiled !== null, 'only what has run has a result')
    return resultOf(this.compiled, this.execution)
  }

  /** Null if it waits for a table. */
  #start(): Execution | null {
    const transaction = this.#transaction
    for (;;) {
      const bound = (this.#bound ??= this.#bind(transaction))
      const { catalog } = transaction
      const wait = this.#lockTables(bound.compiled)
      if (wait !== null) {
        this.#bound = null
        this.wait = wait
        return null
      }
      if (catalog === transaction.catalog) break
      this.#bound = null
    }
    const { trace } = this.#engine
    if (trace.on && this.#runs > 0)
      trace.emit({ kind: 'restart', session: this.#task.session, run: this.#runs + 1, cause: this.#cause })
    const view = this.#begun ? transaction.restartStatement() : transaction.beginStatement()
    this.#begun = true
    const { compiled, parameters, usesSession } = this.#bound
    if (this.#runs > 0 && compiled.writes && transaction.isolation.level === 'read committed')
      this.#core.beginExclusive(this.#task)
    this.#usesSession = usesSession
    if (usesSession) this.#options.effects.beginRun()
    this.compiled = compiled
    this.execution = compiled.start(
      { transaction, view, parameters, memory: new MemoryAccount(this.#options.memoryLimit) },
      this.#options.output(compiled),
    )
    return this.execution
  }

  #lockTables(compiled: CompiledStatement): LockWait | null {
    const { tables, tableModes, tableModesOfLockers } = compiled
    const modes = this.#transaction.isolation.locksReads ? tableModesOfLockers : tableModes
    for (let i = 0; i < tables.length; i++) {
      const wait = this.#transaction.lockTable(tables[i]!, modes[i]!)
      if (wait !== null) return wait
    }
    return null
  }

  #again(cause: 'lock' | 'newer version'): void {
    this.#core.endExclusive(this.#task)
    this.#engine.statistics.restarts++
    if (this.#usesSession) this.#options.effects.undoRun()
    this.execution = null
    this.#runs++
    this.#cause = cause
  }

  #blocked(): TaskStep {
    const { wait } = this
    assert(wait !== null, 'a blocked statement waits for a lock')
    // A wait that made a deadlock may have been chosen as its victim, or granted by reordering the queue, on the spot.
    if (wait.granted || wait.error !== null) return TaskStep.YIELD
    this.#engine.awaitLock(wait, this.#task)
    return TaskStep.BLOCKED
  }
}
