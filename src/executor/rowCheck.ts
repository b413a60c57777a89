import type { Expression } from './expression.ts'

/** A CHECK or NOT NULL to be tested on each new row, over the table's columns. */
export interface RowCheck {
  readonly kind: 'notNull' | 'check'
  readonly constraint: string
  readonly column: number | null
  readonly predicate: Expression | null
}
