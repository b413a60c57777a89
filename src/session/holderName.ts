import type { LockOwner } from '../txn/lockWait.ts'

/** Who is in the way of a wait, for people. A prepared transaction is no session's. */
export const holderName = ({ session }: LockOwner): string =>
  session === 0 ? 'a prepared transaction' : `session ${session}`
