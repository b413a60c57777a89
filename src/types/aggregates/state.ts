import type { Value } from '../value.ts'

/** What the executor drives: one state a group. */
export interface AggregateState {
  /** Takes one value; null only for count(*), which ignores it. */
  step(value: Value): void
  /** The result; null for most aggregates of no value. */
  final(): Value
}
