import type { Key } from './keyTree.ts'

/** An interval of an index's keys; `bounds` are the bits of `Bound` (treeCursor.ts): which sides are closed, and how. */
export interface KeyRange {
  readonly low: Key
  readonly high: Key
  readonly bounds: number
}
