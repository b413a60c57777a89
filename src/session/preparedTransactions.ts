/** What a database tells of its prepared transactions. */
import type { Transaction } from '../txn/transaction.ts'
import type { Engine } from './engine.ts'

export interface PreparedTransaction {
  /** The name by which COMMIT PREPARED and ROLLBACK PREPARED decide it. */
  readonly gid: string
  /** The transaction's number, as traces and lock views have it; a new one after a recovery. */
  readonly transaction: number
  readonly preparedAt: Date
  /** The session that prepared it, perhaps of a process that is gone. */
  readonly session: number
  /** `READ COMMITTED`, `SERIALIZABLE USING 2PL` … */
  readonly isolation: string
  /** 'deciding': its COMMIT PREPARED or ROLLBACK PREPARED waits for the disk; 'preparing': its PREPARE TRANSACTION does. */
  readonly state: 'preparing' | 'prepared' | 'deciding'
}

/** In the order of their preparing. */
export function preparedTransactions({ transactions }: Engine): readonly PreparedTransaction[] {
  return [...transactions.prepared.all()].flatMap((transaction) => {
    const { preparation, id, isolation } = transaction
    if (preparation === null) return []
    const { gid, session, preparedMicros } = preparation
    const preparedAt = new Date(preparedMicros / 1000)
    return [{ gid, transaction: id, preparedAt, session, isolation: isolation.title, state: stateOf(transaction) }]
  })
}

function stateOf({ state }: Transaction): PreparedTransaction['state'] {
  return state === 'preparing' || state === 'prepared' ? state : 'deciding'
}
