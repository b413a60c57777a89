/**
 * Storage: rows in pages of typed arrays, the undo chains behind them, ordered indexes, and the log. Guarantees what
 * docs/storage.md says; may import the catalog, types and the ground; knows no SQL and takes no lock.
 *
 * - undo.ts, readView.ts  versions and who sees them: read these first; guardedTable.ts: what those see who watch reads
 * - scanSource.ts         the seam to the executor; row/table.ts and rowsSource.ts implement it
 * - row/                  pages, tables, indexes
 * - store.ts              all tables of a database, and recovery
 * - log/                  the redo log
 */
export { ReadView } from './readView.ts'
export { RowsSource } from './rowsSource.ts'
export type { ColumnArray, ColumnDescription, Layout, Morsel, ScanSource, SourceScan } from './scanSource.ts'
export { Store } from './store.ts'
export { RowMode } from './undo.ts'
