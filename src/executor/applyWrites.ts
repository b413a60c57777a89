/**
 * The second half of DML (D2): writes what collect has found and locked. A wait for a unique key ends the run: the
 * transaction has undone its writes, and the statement runs again once the wait is over.
 */
import type { ColumnSet } from '../storage/row/columnSet.ts'
import type { Transaction } from '../txn/transaction.ts'
import { Step, stepOf } from './outcome.ts'
import type { DeletePlan, InsertPlan, UpdatePlan } from './pipeline.ts'
import type { RowBuffer } from './rowBuffer.ts'
import type { Phase, Run } from './run.ts'

type WritePlan = InsertPlan | UpdatePlan | DeletePlan

export class ApplyPhase implements Phase {
  readonly #plan: WritePlan
  readonly #buffer: number
  readonly #set: ColumnSet | null

  constructor(plan: WritePlan, buffer: number) {
    this.#plan = plan
    this.#buffer = buffer
    this.#set = plan.kind === 'update' ? plan.table.columnSet(plan.set.map(({ column }) => column)) : null
  }

  start(): void {
    // `run.from` is the next row of the buffer.
  }

  step(run: Run): Step {
    const buffer = run.buffers[this.#buffer] as RowBuffer
    const transaction = run.transaction!
    const { count } = buffer
    let { from } = run
    for (; from < count; from++) {
      if (run.budget-- <= 0) return run.pause(from)
      const outcome = this.#write(run, transaction, buffer, from)
      if (outcome !== Step.DONE) return outcome
    }
    return Step.DONE
  }

  #write(run: Run, transaction: Transaction, { columns }: RowBuffer, row: number): Step {
    const plan = this.#plan
    const { values } = run
    switch (plan.kind) {
      case 'insert':
        for (let i = 0; i < columns.length; i++) values[i] = columns[i]![row]!
        return stepOf(transaction.insert(plan.table, values))
      case 'update': {
        const width = columns.length - 1
        for (let i = 0; i < width; i++) values[i] = columns[i]![row]!
        return stepOf(transaction.update(plan.table, columns[width]![row] as number, this.#set!, values))
      }
      case 'delete':
        transaction.delete(plan.table, columns[0]![row] as number)
        return Step.DONE
    }
  }
}

/** All rows stand: unique keys that met an equal on the way are probed again. */
export class FinishWrites implements Phase {
  start(): void {
    // There is nothing to prepare.
  }

  step(run: Run): Step {
    return stepOf(run.transaction!.finishWrites())
  }
}
