/**
 * The model against which the engine runs: a plain Map of rows for each committed state, and for each open transaction
 * the versions that it wrote, newest last. No chains, no indexes, no pages.
 */
import type { IsolationLevel } from '../../src/txn/isolation.ts'

export interface ModelRow {
  readonly id: number
  readonly k: number | null
  readonly s: string | null
}

export type State = ReadonlyMap<number, ModelRow>

interface Write {
  readonly rowId: number
  readonly row: ModelRow | null
}

export class ModelTransaction {
  readonly level: IsolationLevel
  /** Index into the committed states; null until the first statement at REPEATABLE READ. */
  snapshot: number | null = null
  readonly writes: Write[] = []

  constructor(level: IsolationLevel) {
    this.level = level
  }

  overlay(base: State): State {
    const state = new Map(base)
    for (const { rowId, row } of this.writes) {
      if (row === null) state.delete(rowId)
      else state.set(rowId, row)
    }
    return state
  }

  wrote(rowId: number): boolean {
    return this.writes.some((write) => write.rowId === rowId)
  }
}

export class Model {
  /** By commit timestamp. */
  readonly states: State[] = [new Map()]
  readonly open = new Set<ModelTransaction>()

  get latest(): State {
    return this.states.at(-1)!
  }

  /** The newest versions, committed or not. */
  get inPlace(): State {
    let state = this.latest
    for (const transaction of this.open) state = transaction.overlay(state)
    return state
  }

  /** What the next statement of the transaction sees. */
  visible(transaction: ModelTransaction): State {
    switch (transaction.level) {
      case 'read uncommitted':
        return this.inPlace
      case 'read committed':
        return transaction.overlay(this.latest)
      case 'repeatable read':
      case 'serializable':
        return transaction.overlay(this.states[transaction.snapshot ?? this.states.length - 1]!)
    }
  }

  /** True if somebody else wrote the row and has not ended. */
  heldByOther(rowId: number, me: ModelTransaction): boolean {
    return [...this.open].some((other) => other !== me && other.wrote(rowId))
  }

  /** True if the row has been committed in another version since the snapshot. */
  changedSince(rowId: number, snapshot: number): boolean {
    return this.states.slice(snapshot).some((state) => state.get(rowId) !== this.states[snapshot]!.get(rowId))
  }

  commit(transaction: ModelTransaction): void {
    this.open.delete(transaction)
    if (transaction.writes.length > 0) this.states.push(transaction.overlay(this.latest))
  }

  rollback(transaction: ModelTransaction): void {
    this.open.delete(transaction)
  }
}
