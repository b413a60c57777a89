/**
 * The versions of rows, as a recording knows them: every write makes one, and its number is its place in the order of the
 * writes to the row. Writers of a row exclude each other until the first is published, so among committed writes this *is* the
 * version order.
 *
 *     number    0             1             2             3
 *     writer    (before)      T4            T7, undone    T9
 *     values    k = 1         k = 5         k = 6         no row
 *
 * Which version a reader meets is read off the engine's own chain: the first entry that the reader's view sees is the
 * write that made it. Behind the end of the chain lies the newest version that the view sees by its rule.
 */
import type { ReadView } from '../../storage/readView.ts'
import type { GuardedTable } from '../../storage/guardedTable.ts'
import type { UndoEntry, Writer } from '../../storage/undo.ts'
import type { Value } from '../../types/value.ts'

export interface RecordedVersion {
  readonly number: number
  /** Null: it is older than the recording. */
  readonly writer: Writer | null
  readonly command: number
  /** When it was made, by the recording's clock. */
  readonly at: number
  /** Canonical values of all columns; null: no row. */
  values: readonly Value[] | null
  /** When its writer took it back; +Infinity if it never did. */
  undoneAt: number
  /** True if it was taken back by the statement that made it, which failed or was run again. */
  unfinished: boolean
  /** When its writer was published; +Infinity if it never was. */
  publishedAt: number
}

/** A row of a table: an object of the history. */
export class RecordedRow {
  readonly table: GuardedTable
  readonly rowId: number
  readonly versions: RecordedVersion[]

  constructor(table: GuardedTable, rowId: number, initial: readonly Value[] | null) {
    this.table = table
    this.rowId = rowId
    this.versions = [
      {
        number: 0,
        writer: null,
        command: 0,
        at: -1,
        values: initial,
        undoneAt: Infinity,
        unfinished: false,
        publishedAt: 0,
      },
    ]
  }

  get name(): string {
    return `${this.table.name}/${this.rowId}`
  }

  /** True if somebody wrote it during the recording. */
  get written(): boolean {
    return this.versions.length > 1
  }

  /** The version that this write made; undefined if the recording does not know it. */
  madeBy(writer: Writer, command: number): RecordedVersion | undefined {
    return this.versions.findLast((version) => version.writer === writer && version.command === command)
  }

  /** The version that a reader meets now. */
  metBy(view: ReadView, now: number): RecordedVersion {
    let entry: UndoEntry | null = this.table.head(this.rowId)
    while (entry !== null && !view.sees(entry)) entry = entry.older
    while (entry !== null && !entry.wrote) entry = entry.older
    const made = entry === null ? undefined : this.madeBy(entry.writer, entry.command)
    return made ?? this.seenBy(new Moment(view, now, false))
  }

  /** The newest version that a view saw at a moment, by the rule of visibility alone. */
  seenBy(moment: Moment): RecordedVersion {
    return this.versions.findLast((version) => moment.sees(version)) ?? this.versions[0]!
  }
}

/** What a view saw at some moment of the recording. `waits`: it waits for open writers, so it sees nothing unpublished of others. */
export class Moment {
  readonly #writer: Writer | null
  readonly #command: number
  readonly #timestamp: number
  readonly #at: number
  readonly #waits: boolean

  constructor({ writer, command, timestamp }: ReadView, at: number, waits: boolean) {
    this.#writer = writer
    this.#command = command
    this.#timestamp = timestamp
    this.#at = at
    this.#waits = waits
  }

  sees({ writer, command, at, undoneAt, publishedAt }: RecordedVersion): boolean {
    if (writer === null) return true
    if (at > this.#at || undoneAt < this.#at) return false
    if (writer === this.#writer) return command < this.#command
    if (this.#waits) return publishedAt <= this.#at
    return writer.commitTimestamp <= this.#timestamp
  }
}

/** The values of a row in place, as SQL has them. */
export function valuesInPlace(table: GuardedTable, rowId: number): Value[] {
  return table.descriptor.columns.map(({ type }, column) => {
    const value = table.read(rowId, column)
    return type.kind === 'boolean' && value !== null ? value === 1 || value === true : value
  })
}

/** The values of a row before the write at its head; null if there was no row. */
export function valuesBefore(table: GuardedTable, rowId: number): Value[] | null {
  const entry = table.head(rowId)
  if (entry === null || !entry.existed) return null
  const values = valuesInPlace(table, rowId)
  const { columns, before } = entry
  if (before === null) return values
  for (const [i, column] of columns.entries()) {
    const old = before[i] ?? null
    const isBoolean = table.descriptor.columns[column]!.type.kind === 'boolean'
    values[column] = isBoolean && old !== null ? old === 1 || old === true : old
  }
  return values
}
