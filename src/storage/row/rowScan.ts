/** (Signatures first; the body follows.) Reads a row table: pages or single rows, in place or from a scratch copy. */
import type { Morsel, SourceScan } from '../scanSource.ts'
import type { ReadView } from '../readView.ts'

export declare class RowScan implements SourceScan {
  readonly morsel: Morsel
  next(from: number, view: ReadView): boolean
  fetch(rowId: number, view: ReadView): boolean
}
