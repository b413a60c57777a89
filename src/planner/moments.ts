/** The times that a statement may ask for. */
import type { Value } from '../types/value.ts'

/** The start of the transaction, or of the statement; `date` is the transaction's day. */
export type Moment = 'transaction' | 'statement' | 'date'

/** In microseconds since the epoch. */
export interface Moments {
  readonly transactionMicros: number
  readonly statementMicros: number
}

const MICROS_PER_DAY = 86_400_000_000

export function momentOf(moment: Moment, moments: Moments): Value {
  if (moment === 'date') return Math.floor(moments.transactionMicros / MICROS_PER_DAY)
  return moment === 'transaction' ? moments.transactionMicros : moments.statementMicros
}
