import type { UndoEntry } from './undo.ts'

/** Who wrote a version: what storage needs to know of a transaction. */
export interface Writer {
  readonly id: number
  /** +Infinity while it may still be rolled back; then the timestamp that every later snapshot compares with. */
  readonly commitTimestamp: number
  /** True once its versions are visible to others. Until then the head of a row's chain is the lock on that row. */
  readonly published: boolean
  /** The command that its writes now belong to. */
  readonly command: number
  /** Its newest undo entry; the others hang behind it by `previous`. */
  lastEntry: UndoEntry | null
}
