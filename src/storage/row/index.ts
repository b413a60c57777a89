/**
 * An ordered index (D4). Every index, unique ones too, physically holds (key, RowId): one entry for each key that any
 * version of a row has which somebody may still read. Entries come when a version is written, and go when no remaining
 * version of the row has their key: one rule for rollback, savepoints and pruning (`versionKeys` in versions.ts).
 */
import type { IndexDescriptor } from '../../catalog/index.ts'
import type { SqlType } from '../../types/sqlType.ts'
import type { Owner } from '../owner.ts'
import type { Intervals } from './intervals.ts'
import { KeyTree } from './keyTree.ts'
import type { RangeRead } from './readers.ts'

export class Index {
  readonly descriptor: IndexDescriptor
  readonly id: number
  readonly name: string
  readonly unique: boolean
  /** Ordinals of the table's columns. */
  readonly columns: readonly number[]
  readonly keys: KeyTree
  /** False once it has been dropped: it is kept up for older snapshots, and no longer enforced. */
  enforced = true
  /** Who has read which ranges of it under SSI; null if nobody has. */
  sireads: Intervals<RangeRead> | null = null

  constructor(descriptor: IndexDescriptor, keys: KeyTree) {
    this.descriptor = descriptor
    this.id = descriptor.id
    this.name = descriptor.name
    this.unique = descriptor.unique
    this.columns = descriptor.columns
    this.keys = keys
  }

  /** `types` are those of the table's columns, by ordinal. */
  static empty(descriptor: IndexDescriptor, types: readonly SqlType[]): Index {
    const { columns } = descriptor
    const keys = KeyTree.empty(
      columns,
      columns.map((column) => types[column]!),
    )
    return new Index(descriptor, keys)
  }

  /** A copy on write. */
  fork(mine: Owner, theirs: Owner): Index {
    return new Index(this.descriptor, this.keys.fork(mine, theirs))
  }

  /** Entries, those of older versions included. */
  get size(): number {
    return this.keys.size
  }
}
