/**
 * What breakers keep, column by column in plain arrays, so that a column of small integers or of doubles stays unboxed.
 * A row is a number.
 */
import type { MemoryAccount } from './memoryAccount.ts'
import type { AggregateState } from './plan.ts'
import type { Value } from '../types/value.ts'

/** Estimated bytes of one value in a column, its share of strings included. */
export const valueBytes = 16
/** A Map or Set entry with its key. */
export const entryBytes = 48
/** The state of one aggregate of one group. */
const stateBytes = 64
/** Rows between two charges of the memory account. */
const chargeInterval = 256

/** Rows that one pipeline wrote and others read. */
export class RowBuffer {
  readonly columns: Value[][]
  count = 0
  readonly #memory: MemoryAccount
  readonly #rowBytes: number

  constructor(width: number, memory: MemoryAccount, extraBytes = 0) {
    this.columns = Array.from({ length: width }, () => [])
    this.#memory = memory
    this.#rowBytes = width * valueBytes + extraBytes
  }

  /** Counts a row; its columns are pushed by the caller. */
  add(): number {
    if (this.count % chargeInterval === 0) this.#memory.charge(chargeInterval * this.#rowBytes)
    return this.count++
  }
}

/** The build side of a hash join: the rows of one key form a chain, in the order in which they came. */
export class HashTable extends RowBuffer {
  readonly #heads = new Map<unknown, number>()
  /** By row: the next row of the same key, -1 at the end. */
  readonly next: number[] = []
  /** By first row of a chain: its last row. */
  readonly #last: number[] = []

  constructor(width: number, memory: MemoryAccount) {
    super(width, memory, entryBytes + 16)
  }

  insert(key: unknown): void {
    const row = this.add()
    const head = this.#heads.get(key)
    this.next.push(-1)
    this.#last.push(row)
    if (head === undefined) {
      this.#heads.set(key, row)
    } else {
      this.next[this.#last[head]!] = row
      this.#last[head] = row
    }
  }

  /** The first row of the key, -1 if there is none. */
  head(key: unknown): number {
    return this.#heads.get(key) ?? -1
  }
}

/** The groups of an aggregation: key columns, and for each aggregate a state or a count a group. */
export class Groups extends RowBuffer {
  readonly #rows = new Map<unknown, number>()
  readonly #createStates: readonly (() => AggregateState)[]
  readonly states: AggregateState[][]
  /** What count(*) has counted. */
  readonly counts: number[][]

  constructor(keys: number, createStates: readonly (() => AggregateState)[], memory: MemoryAccount) {
    super(keys, memory, entryBytes + createStates.length * stateBytes)
    this.#createStates = createStates
    this.states = createStates.map(() => [])
    this.counts = createStates.map(() => [])
  }

  /** The group of the key, -1 if it is new. */
  find(key: unknown): number {
    return this.#rows.get(key) ?? -1
  }

  create(key: unknown): number {
    const group = this.add()
    this.#rows.set(key, group)
    for (let i = 0; i < this.#createStates.length; i++) {
      this.states[i]!.push(this.#createStates[i]!())
      this.counts[i]!.push(0)
    }
    return group
  }
}

/** DISTINCT within an aggregate: passes each value on once. */
export class DistinctState implements AggregateState {
  readonly #state: AggregateState
  readonly #hashKey: ((value: Value) => unknown) | null
  readonly #seen: Seen

  constructor(state: AggregateState, hashKey: ((value: Value) => unknown) | null, memory: MemoryAccount) {
    this.#state = state
    this.#hashKey = hashKey
    this.#seen = new Seen(memory)
  }

  step(value: Value): void {
    if (this.#seen.add(this.#hashKey === null ? value : this.#hashKey(value))) this.#state.step(value)
  }

  final(): Value {
    return this.#state.final()
  }
}

/** The rows that DISTINCT has let through. */
export class Seen {
  readonly #keys = new Set<unknown>()
  readonly #memory: MemoryAccount

  constructor(memory: MemoryAccount) {
    this.#memory = memory
  }

  /** True if the key is new. */
  add(key: unknown): boolean {
    const { size } = this.#keys
    this.#keys.add(key)
    if (this.#keys.size === size) return false
    if (size % chargeInterval === 0) this.#memory.charge(chargeInterval * entryBytes)
    return true
  }
}
