/**
 * Rows that are computed anew for each scan, such as a system view's. `compute` comes before the first `next` of a run;
 * the rows then stay as they are until the next one, so that a scan can stop anywhere and go on.
 */
import type { Value } from '../types/value.ts'
import type { ReadView } from './readView.ts'
import { PageLayout } from './row/layout.ts'
import { pagesOf, RowsScan } from './rowsSource.ts'
import type { ColumnDescription, ScanSource } from './scanSource.ts'

type Compute = (argument: Value) => readonly (readonly Value[])[]

/** The optimiser's guess. */
const ROWS = 100

export class ComputedSource implements ScanSource {
  readonly columnCount: number
  readonly #columns: readonly ColumnDescription[]
  readonly #compute: Compute
  readonly #layout: PageLayout

  constructor(columns: readonly ColumnDescription[], compute: Compute) {
    this.columnCount = columns.length
    this.#columns = columns
    this.#compute = compute
    this.#layout = PageLayout.initial(columns.map(({ type }) => type))
  }

  column(ordinal: number): ColumnDescription {
    return this.#columns[ordinal]!
  }

  estimatedRows(): number {
    return ROWS
  }

  scan(_needed: readonly number[]): ComputedScan {
    return new ComputedScan(this.#compute, this.#layout)
  }
}

export class ComputedScan extends RowsScan {
  readonly #compute: Compute
  readonly #layout: PageLayout

  constructor(compute: Compute, layout: PageLayout) {
    super([], layout)
    this.#compute = compute
    this.#layout = layout
  }

  compute(argument: Value): void {
    this.pages = pagesOf(this.#compute(argument), this.#layout)
  }

  override next(from: number, view: ReadView): boolean {
    const found = super.next(from, view)
    // The rows of a scan that is over need not wait for the next one.
    if (!found) this.pages = []
    return found
  }
}
