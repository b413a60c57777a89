/** LOCK TABLE on its way: the tables in the order in which they are named, and again from the first when a wait is over. */
import { assert } from '../assert.ts'
import type { LockTable } from '../parser/ast.ts'
import { TableLockModes } from '../parser/ast.ts'
import { lookUpTable } from '../planner/index.ts'
import type { TableMode } from '../txn/lockModes.ts'
import { LockPolicy, TABLE_MODES } from '../txn/lockModes.ts'
import type { LockWait } from '../txn/lockWait.ts'
import type { Transaction } from '../txn/transaction.ts'
import type { Task } from './core.ts'
import { TaskStep } from './core.ts'
import type { Engine } from './engine.ts'
import { emptyResult } from './output.ts'
import type { QueryResult } from './result.ts'

assert(TABLE_MODES.names.length === TableLockModes.length, 'the modes of the grammar are those of the lock manager')

export class LockTableRun {
  wait: LockWait | null = null
  readonly #engine: Engine
  readonly #task: Task
  readonly #transaction: Transaction
  readonly #statement: LockTable

  constructor(engine: Engine, task: Task, transaction: Transaction, statement: LockTable) {
    this.#engine = engine
    this.#task = task
    this.#transaction = transaction
    this.#statement = statement
  }

  step(): TaskStep {
    if (this.wait !== null) {
      if (this.wait.error !== null) throw this.wait.error
      assert(this.wait.granted, 'LOCK TABLE that waits was stepped before its lock was granted')
    }
    const wait = (this.wait = this.#lockAll())
    if (wait === null) return TaskStep.DONE
    if (wait.granted || wait.error !== null) return TaskStep.YIELD
    this.#engine.awaitLock(wait, this.#task)
    return TaskStep.BLOCKED
  }

  /** Null if all are held. A wait may end with another catalog, so the names are looked up each time. */
  #lockAll(): LockWait | null {
    const { store } = this.#engine
    const { tables, mode, nowait } = this.#statement
    const modeNumber = TableLockModes.indexOf(mode) as TableMode
    for (const name of tables) {
      const table = store.table(lookUpTable(this.#transaction.catalog, name).id)
      assert(table !== null, `table ${name.name} of the catalog is in the store`)
      const wait = this.#transaction.lockTable(table, modeNumber, nowait ? LockPolicy.NOWAIT : LockPolicy.WAIT)
      if (wait !== null) return wait
    }
    return null
  }

  /** What is held is given up with the transaction, or with the savepoint before it. */
  abandon(): void {
    this.wait?.cancel()
    this.wait = null
  }

  result(): QueryResult<unknown> {
    return emptyResult('LOCK TABLE')
  }
}
