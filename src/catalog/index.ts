/**
 * The catalog: what tables there are. Descriptors are immutable and JSON-able; the root maps names to them and is
 * versioned by transaction (D14). It imports types and the ground only; expressions stay text here.
 */
export type { CatalogChange } from './change.ts'
export { decodeChange, encodeChange } from './change.ts'
export type { Relation } from './catalogRoot.ts'
export { applyCatalogPayload, CatalogRoot } from './catalogRoot.ts'
export type {
  ColumnDescriptor,
  ConstraintDescriptor,
  ForeignKeyDescriptor,
  IndexDescriptor,
  ReferentialAction,
  TableDescriptor,
} from './descriptors.ts'
export { columnOrdinal, foreignKeys, primaryKey } from './descriptors.ts'
export type { ForeignKey } from './foreignKeys.ts'
export { foreignKeysTo } from './foreignKeys.ts'
