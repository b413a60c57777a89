/**
 * How the columns of a page are represented (D4). A column begins in the narrowest representation of its type; the first
 * value that does not fit (an infinite date, a bigint) widens it *in that page*, which then has another layout. A layout
 * is interned by table, so generated code checks which one it serves with one comparison a page.
 */
import type { SqlType } from '../../types/sqlType.ts'
import type { Value } from '../../types/value.ts'

/**
 * A letter a column: 'i' Int32Array (boolean as 0 and 1, int2, int4, date), 'd' Float64Array (int8, timestamp, float8,
 * numeric with a static scale; date once an infinite one has come), 'v' an array of canonical values (everything else, and
 * what holds a bigint). Interned by table: compare by `===`.
 */
export interface Layout {
  readonly signature: string
}

export type ColumnArray = Int32Array | Float64Array | Value[]

/** Int32Array, Float64Array, array of values: each can hold what the ones before it can. */
export const Representation = { INT32: 0, FLOAT64: 1, VALUES: 2 } as const
export type Representation = (typeof Representation)[keyof typeof Representation]

const LETTERS = ['i', 'd', 'v'] as const

export function representationOf(type: SqlType): Representation {
  switch (type.kind) {
    case 'boolean':
    case 'int2':
    case 'int4':
    case 'date':
      return Representation.INT32
    case 'int8':
    case 'float8':
    case 'timestamp':
      return Representation.FLOAT64
    case 'numeric':
      return type.scale === null ? Representation.VALUES : Representation.FLOAT64
    case 'text':
    case 'varchar':
    case 'unknown':
      return Representation.VALUES
  }
}

export class PageLayout implements Layout {
  readonly signature: string
  readonly representations: readonly Representation[]
  readonly #interned: Map<string, PageLayout>

  private constructor(representations: readonly Representation[], interned: Map<string, PageLayout>) {
    this.signature = representations.map((representation) => LETTERS[representation]).join('')
    this.representations = representations
    this.#interned = interned
    interned.set(this.signature, this)
  }

  /** The layout with which the pages of a new table begin. */
  static initial(types: readonly SqlType[]): PageLayout {
    return new PageLayout(types.map(representationOf), new Map())
  }

  /** This layout, with one column in a wider representation. */
  widened(column: number, representation: Representation): PageLayout {
    const representations = this.representations.with(column, representation)
    const signature = representations.map((each) => LETTERS[each]).join('')
    return this.#interned.get(signature) ?? new PageLayout(representations, this.#interned)
  }
}
