import type { LockOwner } from '../txn/lockWait.ts'
import { Transaction } from '../txn/transaction.ts'

/** Who is in the way of a wait, for people. A prepared transaction is no session's: by its gid one can decide it. */
export const holderName = (owner: LockOwner): string => preparedName(owner) ?? `session ${owner.session}`

/** For a column: the numbers of sessions, and prepared transactions by name. */
export const holderNames = (owners: readonly LockOwner[]): string =>
  [...new Set(owners.map((owner) => preparedName(owner) ?? String(owner.session)))].join(', ')

function preparedName(owner: LockOwner): string | null {
  if (owner.session !== 0) return null
  const gid = owner instanceof Transaction ? owner.preparation?.gid : undefined
  return gid === undefined ? 'a prepared transaction' : `prepared transaction "${gid}"`
}
