/**
 * A page: up to 1,024 rows, one array a column (PAX: Ailamaki, DeWitt, Hill, Skounakis, Weaving Relations for Cache
 * Performance, VLDB 2001). It holds the newest version of each row, updated in place; what lies behind it hangs in
 * `undo`, which is null while the page is quiet.
 *
 *     slot     0    1    2    3   used           Slots are handed out once, in order. A slot whose row is gone stays
 *     live     1    1    0    1   .              empty; the table drops a full page when its last row is dead to
 *     id     [ 17 | 18 |    | 20 | . ]           everyone. (Packing sparse pages behind a slot map is not built.)
 *     name   [ 'a'| 'b'|    | ∅  | . ]
 *     undo     ·    ●→●  ·    ·   .
 *
 * Null maps exist only where there are nulls, and the live map only once a row is gone.
 */
import type { Value } from '../../types/value.ts'
import { PAGE_ROWS } from '../ids.ts'
import type { Owner } from '../owner.ts'
import { arrayOfNulls } from './arrayOfNulls.ts'
import type { ColumnArray, PageLayout } from './layout.ts'
import { Representation } from './layout.ts'

/** The first page of a table begins small, so that small tables stay small; the others are full-sized at once. */
const FIRST_CAPACITY = 16

/** `Entry` is the undo entry, whose definition needs the page's. */
export class Page<Entry> {
  /** Who may write to it; anybody else copies it first (fork.ts). */
  owner: Owner
  readonly number: number
  readonly baseRowId: number
  layout: PageLayout
  readonly columns: ColumnArray[] = []
  /** By column: 1 = null, by slot. Always null for an array of values, which holds its nulls itself. */
  readonly nulls: (Uint8Array | null)[] = []
  /** 1 = the row exists in place, by slot; null = all of [0, used) do. */
  live: Uint8Array | null = null
  /** Slots handed out. */
  used = 0
  liveCount = 0
  capacity: number
  /** Heads of the chains by slot, always of length 1,024; null if the page is quiet. */
  undo: (Entry | null)[] | null = null
  /** Slots with a chain. */
  undoCount = 0

  constructor(number: number, layout: PageLayout, owner: Owner) {
    this.owner = owner
    this.number = number
    this.baseRowId = number * PAGE_ROWS
    this.layout = layout
    this.capacity = number === 0 ? FIRST_CAPACITY : PAGE_ROWS
  }

  static empty<Entry>(number: number, layout: PageLayout, owner: Owner): Page<Entry> {
    const page = new Page<Entry>(number, layout, owner)
    for (const representation of layout.representations) {
      page.columns.push(emptyColumn(representation, page.capacity))
      page.nulls.push(null)
    }
    return page
  }

  /** A copy of the newest versions; the chains behind them are the caller's business. */
  copy(owner: Owner): Page<Entry> {
    const copy = new Page<Entry>(this.number, this.layout, owner)
    for (const column of this.columns) copy.columns.push(column.slice())
    for (const map of this.nulls) copy.nulls.push(map === null ? null : map.slice())
    copy.live = this.live === null ? null : this.live.slice()
    copy.used = this.used
    copy.liveCount = this.liveCount
    copy.capacity = this.capacity
    return copy
  }

  /** Makes a row, whose values are still to be written, and returns its slot. */
  append(): number {
    if (this.used === this.capacity) this.#grow()
    const slot = this.used++
    if (this.live !== null) this.live[slot] = 1
    this.liveCount++
    return slot
  }

  /** Whether the row exists in place. */
  exists(slot: number): boolean {
    return this.live === null || this.live[slot] === 1
  }

  setLive(slot: number, alive: boolean): void {
    if (this.exists(slot) === alive) return
    this.live ??= new Uint8Array(this.capacity).fill(1, 0, this.used)
    this.live[slot] = alive ? 1 : 0
    this.liveCount += alive ? 1 : -1
  }

  /** The newest value as the page represents it: a boolean is 0 or 1. */
  read(column: number, slot: number): Value {
    const nulls = this.nulls[column]!
    return nulls !== null && nulls[slot] === 1 ? null : this.columns[column]![slot]!
  }

  write(column: number, slot: number, value: Value): void {
    if (value === null) {
      this.#writeNull(column, slot)
      return
    }
    const array = this.columns[column]!
    switch (this.layout.representations[column]!) {
      case Representation.INT32: {
        const integer = value === true ? 1 : value === false ? 0 : value
        if (typeof integer !== 'number' || (integer | 0) !== integer) {
          this.#widen(column, typeof integer === 'number' ? Representation.FLOAT64 : Representation.VALUES)
          this.write(column, slot, value)
          return
        }
        array[slot] = integer
        break
      }
      case Representation.FLOAT64:
        if (typeof value !== 'number') {
          this.#widen(column, Representation.VALUES)
          this.write(column, slot, value)
          return
        }
        array[slot] = value
        break
      case Representation.VALUES:
        array[slot] = value
        return
    }
    const nulls = this.nulls[column]!
    if (nulls !== null) nulls[slot] = 0
  }

  /** Lets go of what a row that is dead to everyone holds on the heap. */
  clear(slot: number): void {
    const { representations } = this.layout
    for (let column = 0; column < representations.length; column++) {
      if (representations[column] === Representation.VALUES) this.columns[column]![slot] = null
    }
  }

  #writeNull(column: number, slot: number): void {
    if (this.layout.representations[column] === Representation.VALUES) {
      ;(this.columns[column] as Value[])[slot] = null
      return
    }
    const nulls = (this.nulls[column] ??= new Uint8Array(this.capacity))
    nulls[slot] = 1
  }

  #grow(): void {
    const capacity = Math.min(this.capacity * 4, PAGE_ROWS)
    const { representations } = this.layout
    for (let column = 0; column < representations.length; column++) {
      const representation = representations[column]!
      const old = this.columns[column]!
      const wider = emptyColumn(representation, capacity)
      if (representation !== Representation.VALUES) {
        ;(wider as Int32Array | Float64Array).set(old as Int32Array | Float64Array)
      } else for (let slot = 0; slot < this.used; slot++) wider[slot] = old[slot]!
      this.columns[column] = wider
      const nulls = this.nulls[column]!
      if (nulls !== null) this.nulls[column] = enlarged(nulls, capacity)
    }
    if (this.live !== null) this.live = enlarged(this.live, capacity)
    this.capacity = capacity
  }

  #widen(column: number, representation: Representation): void {
    const wider = emptyColumn(representation, this.capacity)
    for (let slot = 0; slot < this.used; slot++) wider[slot] = this.read(column, slot)!
    this.columns[column] = wider
    if (representation === Representation.VALUES) this.nulls[column] = null
    this.layout = this.layout.widened(column, representation)
  }
}

export function emptyColumn(representation: Representation, capacity: number): ColumnArray {
  switch (representation) {
    case Representation.INT32:
      return new Int32Array(capacity)
    case Representation.FLOAT64:
      return new Float64Array(capacity)
    case Representation.VALUES:
      return arrayOfNulls<Value>(capacity)
  }
}

function enlarged(map: Uint8Array, capacity: number): Uint8Array {
  const larger = new Uint8Array(capacity)
  larger.set(map)
  return larger
}
