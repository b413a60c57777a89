/**
 * What the database knows of its tables (D14): immutable descriptors without JavaScript behind them, so that the log can
 * write them down as JSON and a plan can compare them by identity. A changed table is a new descriptor.
 *
 * Expressions (defaults and checks) are kept as SQL text and bound again by whoever needs them: the catalog lies below
 * the parser.
 */
import type { SqlType } from '../types/sqlType.ts'

export interface ColumnDescriptor {
  readonly name: string
  readonly type: SqlType
  readonly notNull: boolean
  /** SQL text of the default expression; null if there is none. */
  readonly default: string | null
}

/** What becomes of referencing rows when the row that they refer to goes, or gets another key. */
export type ReferentialAction = 'no action' | 'restrict' | 'cascade' | 'set null'

export interface ForeignKeyDescriptor {
  readonly kind: 'foreignKey'
  readonly name: string
  readonly columns: readonly number[]
  readonly referencedTableId: number
  /** Column by column those that `columns` must equal: a unique key of that table. */
  readonly referencedColumns: readonly number[]
  /** The unique index that keeps them apart; it cannot be dropped while the constraint stands. */
  readonly referencedIndexId: number
  readonly onDelete: ReferentialAction
  readonly onUpdate: ReferentialAction
}

/** PRIMARY KEY and UNIQUE are kept by a unique index of the constraint's name; CHECK by an expression. */
export type ConstraintDescriptor =
  | { readonly kind: 'primaryKey' | 'unique'; readonly name: string; readonly columns: readonly number[] }
  | { readonly kind: 'check'; readonly name: string; readonly expression: string }
  | ForeignKeyDescriptor

export interface IndexDescriptor {
  /** Unique in the database, never used again. */
  readonly id: number
  readonly name: string
  readonly unique: boolean
  /** Ordinals of the table's columns, the most significant first. */
  readonly columns: readonly number[]
  /** True if it belongs to the constraint of the same name, and goes only with it. */
  readonly constraint: boolean
}

export interface TableDescriptor {
  /** Unique in the database, never used again. */
  readonly id: number
  readonly schema: 'public'
  readonly name: string
  readonly columns: readonly ColumnDescriptor[]
  readonly constraints: readonly ConstraintDescriptor[]
  readonly indexes: readonly IndexDescriptor[]
  /** Absent if there are none: the tables whose foreign keys refer to this one, in the order in which they came, itself perhaps too. */
  readonly referencedBy?: readonly number[]
}

export function foreignKeys(table: TableDescriptor): readonly ForeignKeyDescriptor[] {
  return table.constraints.filter((constraint) => constraint.kind === 'foreignKey')
}

export function columnOrdinal(table: TableDescriptor, name: string): number {
  return table.columns.findIndex((column) => column.name === name)
}

export function primaryKey(table: TableDescriptor): ConstraintDescriptor | null {
  return table.constraints.find((constraint) => constraint.kind === 'primaryKey') ?? null
}
