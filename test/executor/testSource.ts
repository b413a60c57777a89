/**
 * A source of rows that is as awkward as the seam allows: morsels of one to a few rows, dead slots between them, and
 * columns whose representation changes from morsel to morsel. What the executor says of it must be what it says of a
 * table with the same rows.
 */
import { Representation, representationOf } from '../../src/storage/row/layout.ts'
import type {
  ColumnArray,
  ColumnDescription,
  Layout,
  Morsel,
  ScanSource,
  SourceScan,
} from '../../src/storage/scanSource.ts'
import type { Value } from '../../src/types/value.ts'

interface TestMorsel {
  readonly layout: Layout
  readonly columns: readonly ColumnArray[]
  readonly nulls: readonly (Uint8Array | null)[]
  readonly live: Uint8Array
  readonly base: number
  readonly size: number
}

export class TestSource implements ScanSource {
  readonly columnCount: number
  readonly rows: readonly (readonly Value[])[]
  readonly morsels: readonly TestMorsel[]
  readonly #columns: readonly ColumnDescription[]

  /** `seed` decides sizes, dead slots and representations. */
  constructor(columns: readonly ColumnDescription[], rows: readonly (readonly Value[])[], seed = 1) {
    this.columnCount = columns.length
    this.#columns = columns
    this.rows = rows
    this.morsels = makeMorsels(columns, rows, seed)
  }

  column(ordinal: number): ColumnDescription {
    return this.#columns[ordinal]!
  }

  estimatedRows(): number {
    return this.rows.length
  }

  scan(): SourceScan {
    return new TestScan(this)
  }
}

class TestScan implements SourceScan {
  readonly morsel: Morsel
  readonly #source: TestSource

  constructor(source: TestSource) {
    this.#source = source
    const layout = source.morsels[0]?.layout ?? { signature: '' }
    this.morsel = { layout, columns: [], nulls: [], live: null, start: 0, end: 0, baseRowId: 0 }
  }

  next(from: number): boolean {
    const found = this.#source.morsels.find(({ base, size }) => from < base + size)
    if (found === undefined) return false
    const { layout, columns, nulls, live, base, size } = found
    Object.assign(this.morsel, {
      ...{ layout, columns, nulls, live, start: Math.max(0, from - base), end: size, baseRowId: base },
    })
    return true
  }

  fetch(): boolean {
    throw new Error('a test source has no index')
  }
}

function makeMorsels(
  columns: readonly ColumnDescription[],
  rows: readonly (readonly Value[])[],
  seed: number,
): TestMorsel[] {
  const layouts = new Map<string, Layout>()
  const layoutOf = (signature: string): Layout => {
    const layout = layouts.get(signature) ?? { signature }
    layouts.set(signature, layout)
    return layout
  }
  let state = seed
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state >>> 8) % below
  }
  const morsels: TestMorsel[] = []
  let base = 0
  for (let at = 0; at < rows.length;) {
    const slots: (readonly Value[] | null)[] = []
    for (let size = 1 + random(5); slots.length < size;) slots.push(random(4) === 0 ? null : (rows[at++] ?? null))
    const representations = columns.map(({ type }, column) =>
      widened(type.kind, representationOf(type), slots, column, random),
    )
    morsels.push({
      layout: layoutOf(representations.map((each) => 'idv'[each]).join('')),
      columns: columns.map((_, column) => arrayOf(representations[column]!, slots, column)),
      nulls: columns.map((_, column) => nullsOf(representations[column]!, slots, column)),
      live: Uint8Array.from(slots, (slot) => (slot === null ? 0 : 1)),
      base,
      size: slots.length,
    })
    base += slots.length + random(3)
  }
  return morsels
}

function widened(
  kind: string,
  initial: Representation,
  slots: readonly (readonly Value[] | null)[],
  column: number,
  random: (below: number) => number,
): Representation {
  if (kind === 'boolean') return initial
  const fits = slots.every((row) => row === null || row[column] === null || typeof row[column] === 'number')
  return initial !== Representation.VALUES && fits && random(3) > 0 ? initial : Representation.VALUES
}

function arrayOf(
  representation: Representation,
  slots: readonly (readonly Value[] | null)[],
  column: number,
): ColumnArray {
  const value = (row: readonly Value[] | null): Value => row?.[column] ?? null
  if (representation === Representation.VALUES) return slots.map(value)
  const numbers = slots.map((row) => Number(value(row) ?? 0))
  return representation === Representation.INT32 ? Int32Array.from(numbers) : Float64Array.from(numbers)
}

function nullsOf(
  representation: Representation,
  slots: readonly (readonly Value[] | null)[],
  column: number,
): Uint8Array | null {
  if (representation === Representation.VALUES) return null
  const nulls = Uint8Array.from(slots, (row) => (row !== null && row[column] === null ? 1 : 0))
  return nulls.includes(1) ? nulls : null
}
