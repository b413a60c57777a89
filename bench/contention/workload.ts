/**
 * Transactions that get in each other's way, written as generators: each `yield` is one statement, whose rows come back,
 * so that a driver can interleave any number of sessions at the grain of statements, synchronously or not.
 */
export type Row = Record<string, number>

/** A statement by its number in `Workload.statements`, with its parameters. */
export interface Call {
  readonly statement: number
  readonly parameters: readonly number[]
}

export type Body = Generator<Call, void, readonly Row[]>

/** The transaction of a workload, by name. */
export interface Choice {
  readonly name: string
  readonly parameters: readonly number[]
}

export interface Workload {
  readonly name: string
  readonly statements: readonly string[]
  /** Creates and fills the tables; `rows` are the accounts, or items. */
  readonly schema: string
  readonly fill: (rows: number) => readonly { readonly sql: string; readonly parameters: readonly number[] }[]
  readonly transactions: Readonly<Record<string, (...parameters: number[]) => Body>>
  /** The next transaction: by name, because a retry begins the same one again. */
  next(random: Random, rows: number): Choice
}

export const bodyOf = ({ transactions }: Workload, { name, parameters }: Choice): Body =>
  transactions[name]!(...parameters)

/** xorshift32: every level meets the same transactions. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed * 2654435761 + 1
  }

  below(bound: number): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x
    return (x >>> 0) % bound
  }
}
