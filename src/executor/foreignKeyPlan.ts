/**
 * What a statement that writes needs to know of foreign keys: those of its table in both directions, and those of each
 * table that actions (CASCADE, SET NULL) may write on its behalf. A statement that can break none has no such plan, and
 * runs as if there were no foreign keys.
 */
import type { ReferentialAction } from '../catalog/index.ts'
import type { Index } from '../storage/row/index.ts'
import type { RowTable } from '../storage/row/table.ts'
import type { VersionedTable } from '../storage/undo.ts'
import type { Value } from '../types/value.ts'
import type { RowCheck } from './rowCheck.ts'

export interface ForeignKeyEdge {
  readonly name: string
  readonly referencing: RowTable
  readonly columns: readonly number[]
  readonly referenced: RowTable
  /** Column by column those that `columns` equal. */
  readonly referencedColumns: readonly number[]
  /** The unique index over them, perhaps in another order. */
  readonly index: Index
  readonly onDelete: ReferentialAction
  readonly onUpdate: ReferentialAction
  /** By column: a referencing value in the referenced column's type, undefined if none equals it. Null: all are as they stand. */
  readonly toReferenced: readonly ((value: Value) => Value | undefined)[] | null
  /** By column: a referenced value as it is assigned to the referencing column. */
  readonly toReferencing: readonly ((value: Value) => Value)[]
}

export interface TableForeignKeys {
  readonly table: RowTable
  /** Keys of this table. */
  readonly outgoing: readonly ForeignKeyEdge[]
  /** Keys that refer to it. */
  readonly incoming: readonly ForeignKeyEdge[]
  /** NOT NULL and CHECK, for what actions write; the predicates have no parameters. */
  readonly checks: readonly RowCheck[]
}

export interface ForeignKeyPlan {
  readonly tables: ReadonlyMap<VersionedTable, TableForeignKeys>
  /** The tables that actions may write, and those that checks read. */
  readonly written: readonly RowTable[]
  readonly read: readonly RowTable[]
}
