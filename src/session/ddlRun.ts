/** CREATE and DROP on their way: they wait for the catalog's lock and for their tables, and then run in one step. */
import { assert } from '../assert.ts'
import { executeDdl } from '../executor/ddl.ts'
import type { Statement } from '../parser/ast.ts'
import { planDdl } from '../planner/index.ts'
import type { LockWait } from '../txn/lockWait.ts'
import type { Transaction } from '../txn/transaction.ts'
import type { Task } from './core.ts'
import { TaskStep } from './core.ts'
import type { Engine } from './engine.ts'
import { commandOf, emptyResult } from './output.ts'
import type { QueryResult } from './result.ts'
import type { SessionState } from './sessionState.ts'

export class DdlRun {
  wait: LockWait | null = null
  readonly #engine: Engine
  readonly #task: Task
  readonly #state: SessionState
  readonly #transaction: Transaction
  readonly #statement: Statement

  constructor(engine: Engine, task: Task, state: SessionState, transaction: Transaction, statement: Statement) {
    this.#engine = engine
    this.#task = task
    this.#state = state
    this.#transaction = transaction
    this.#statement = statement
  }

  step(): TaskStep {
    if (this.wait !== null) {
      if (this.wait.error !== null) throw this.wait.error
      assert(this.wait.granted, 'DDL that waits was stepped before its lock was granted')
    }
    const { wait, notices } = executeDdl(this.#transaction, this.#engine.store, (root) =>
      planDdl(this.#statement, root),
    )
    this.wait = wait
    if (wait !== null) {
      if (wait.granted || wait.error !== null) return TaskStep.YIELD
      this.#engine.awaitLock(wait, this.#task)
      return TaskStep.BLOCKED
    }
    for (const message of notices) this.#state.notice({ severity: 'NOTICE', code: '00000', message })
    return TaskStep.DONE
  }

  /** What it changed is undone with its transaction, or to the savepoint before it. */
  abandon(): void {
    this.wait?.cancel()
    this.wait = null
  }

  result(): QueryResult<unknown> {
    return emptyResult(commandOf(this.#statement))
  }
}
