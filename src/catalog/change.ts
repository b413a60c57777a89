/**
 * A change of the catalog, as DDL makes it, as the log writes it down (one JSON text each) and as recovery applies it
 * again. Whoever keeps tables beside the catalog (the store) follows the same changes.
 */
import type { IndexDescriptor, TableDescriptor } from './descriptors.ts'

export type CatalogChange =
  /** With the indexes that the descriptor names. */
  | { readonly kind: 'createTable'; readonly table: TableDescriptor }
  | { readonly kind: 'dropTable'; readonly tableId: number }
  | { readonly kind: 'createIndex'; readonly tableId: number; readonly index: IndexDescriptor }
  | { readonly kind: 'dropIndex'; readonly tableId: number; readonly indexId: number }
  /** A foreign key; those of a dropped table go with it. */
  | { readonly kind: 'dropForeignKey'; readonly tableId: number; readonly name: string }

export function encodeChange(change: CatalogChange): string {
  return JSON.stringify(change)
}

/** Reads what `encodeChange` wrote: the log has checked its bytes, so the form is trusted. */
export function decodeChange(payload: string): CatalogChange {
  return JSON.parse(payload) as CatalogChange
}
