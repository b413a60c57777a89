/** (Signatures first; the body follows.) An ordered index: a B+tree over (key, RowId) with an entry for each key of each version. */
import type { IndexDescriptor } from '../../catalog/index.ts'
import type { IndexCursor } from './cursor.ts'

export declare class Index {
  readonly descriptor: IndexDescriptor
  readonly id: number
  readonly name: string
  readonly unique: boolean
  /** Ordinals of the table's columns. */
  readonly columns: readonly number[]
  /** Entries, those of older versions included. */
  readonly size: number
  /** Reusable; make one when a statement is compiled or started. */
  cursor(): IndexCursor
}
