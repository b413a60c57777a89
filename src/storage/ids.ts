/**
 * Row identities. A RowId is page number × 1,024 + slot: it rises with every insert of a table, is never reused, and
 * stays the same across updates, so that locks, log and suspended scans can name a row by (table, RowId). Page numbers
 * stay below 2³¹: two thousand thousand million inserts a table.
 */
export type RowId = number

/** Rows of a full page. */
export const PAGE_ROWS = 1024

export const pageOf = (rowId: RowId): number => (rowId / PAGE_ROWS) | 0

export const slotOf = (rowId: RowId, page: number): number => rowId - page * PAGE_ROWS
