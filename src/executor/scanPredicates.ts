/**
 * What the scans of a statement look for, as functions over rows: where a history is recorded, they decide which rows a
 * scan read and which later writes would have changed its answer. The generated code tests the same expressions inline; here
 * a tree walk does, because a row is asked about again long after it was scanned, in other versions.
 */
import type { RowPredicate } from '../storage/guardedTable.ts'
import type { SourceScan } from '../storage/scanSource.ts'
import { RowScan } from '../storage/row/rowScan.ts'
import type { Value } from '../types/value.ts'
import { evaluate } from './evaluate.ts'
import type { Expression } from './expression.ts'
import type { Pipeline } from './pipeline.ts'

/** The conditions that stand right behind a scan. */
export interface ScanCondition {
  /** The number of the scan. */
  readonly scan: number
  readonly output: readonly number[]
  /** Over the output columns. */
  readonly filters: readonly Expression[]
}

/** The scans of the pipelines that are sources; what an index join reads besides its key depends on the row around it. */
export function scanConditions(pipelines: readonly Pipeline[]): ScanCondition[] {
  const conditions: ScanCondition[] = []
  for (const { source, operators } of pipelines) {
    if (source.kind !== 'tableScan' && source.kind !== 'indexScan') continue
    const filters: Expression[] = []
    for (const operator of operators) {
      if (operator.kind !== 'filter') break
      filters.push(operator.predicate)
    }
    conditions.push({ scan: source.scan, output: source.node.output, filters })
  }
  return conditions
}

/** Tells the scans of a run, each with its parameters. */
export function tellPredicates(
  scans: readonly SourceScan[],
  conditions: readonly ScanCondition[],
  parameters: readonly Value[],
): void {
  const kept = [...parameters]
  for (const { scan, output, filters } of conditions) {
    const reader = scans[scan]
    if (reader instanceof RowScan) reader.predicate = new FilterPredicate(output, filters, kept)
  }
}

class FilterPredicate implements RowPredicate {
  readonly #output: readonly number[]
  readonly #filters: readonly Expression[]
  readonly #parameters: readonly Value[]

  constructor(output: readonly number[], filters: readonly Expression[], parameters: readonly Value[]) {
    this.#output = output
    this.#filters = filters
    this.#parameters = parameters
  }

  get selective(): boolean {
    return this.#filters.length > 0
  }

  /** A condition that fails with an error (division by zero) was not false. */
  matches(values: readonly Value[]): boolean {
    const row = this.#output.map((ordinal) => values[ordinal] ?? null)
    try {
      return this.#filters.every((filter) => evaluate(filter, this.#parameters, row) === true)
    } catch {
      return true
    }
  }
}
