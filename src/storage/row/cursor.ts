/**
 * (Signatures first; the body follows.) A cursor over an index. Keys are canonical values (booleans may be 0 and 1, as in
 * pages). It keeps (key, RowId) of where it stands and seeks again if the index changed, so it survives any step.
 */
import type { ReadView } from '../readView.ts'
import type { RowScan } from './rowScan.ts'
import type { Value } from '../../types/value.ts'

export declare class IndexCursor {
  /**
   * One-column look-up, the hot path: fetches the visible row whose *first index column* equals `value` into the scan's
   * morsel; false if there is none, or `value` is null. With a unique one-column index it is the only one; else the
   * others follow by `nextVisible`.
   */
  lookup(value: Value, scan: RowScan, view: ReadView): boolean
  /** All entries whose first columns equal `values`; a null among them matches nothing. The array is not kept. */
  seekEquals(values: readonly Value[]): void
  /**
   * Entries whose first columns equal `equals`, and whose next column lies in the range. `undefined` leaves a side open;
   * a null bound matches nothing; with a bound, nulls of that column do not match. With both sides open, nulls come
   * last ascending, first descending.
   */
  seekRange(
    equals: readonly Value[],
    lower: Value | undefined,
    lowerInclusive: boolean,
    upper: Value | undefined,
    upperInclusive: boolean,
    descending: boolean,
  ): void
  /**
   * Goes on to the next entry whose *visible* version has the entry's key and fetches that row into the scan's morsel
   * (all its columns, slot `start`); false at the end. Each visible row comes once, in the order of the index.
   */
  nextVisible(scan: RowScan, view: ReadView): boolean
  /** The RowId of the entry on which `lookup` or `nextVisible` stands. */
  readonly rowId: number
}
