/** (Signatures first; the body follows.) A table in rows: pages of typed arrays, undo chains, ordered indexes (D4). */
import type { TableDescriptor } from '../../catalog/index.ts'
import type { ColumnDescription, ScanSource } from '../scanSource.ts'
import type { ColumnSet } from './columnSet.ts'
import type { Index } from './index.ts'
import type { RowScan } from './rowScan.ts'

export declare class RowTable implements ScanSource {
  constructor(descriptor: TableDescriptor)
  readonly id: number
  readonly name: string
  readonly columns: readonly (ColumnDescription & { readonly name: string })[]
  readonly columnCount: number
  /** All indexes that writes keep up; find one of the catalog with `index(id)`. */
  readonly indexes: readonly Index[]
  index(id: number): Index | null
  column(ordinal: number): ColumnDescription
  /** Rows that exist in place now, uncommitted ones too. */
  estimatedRows(): number
  scan(needed: readonly number[]): RowScan
  /** Interned: make it when a statement is compiled, hand it to `Transaction.update`. */
  columnSet(columns: readonly number[]): ColumnSet
}
