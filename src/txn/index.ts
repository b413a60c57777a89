/**
 * Transactions: begin, snapshots, row and table locks, the way of a commit. Guarantees what docs/isolation.md says of the
 * levels; may import storage, the catalog, types, the checker's model and the ground; knows no SQL and never awaits.
 *
 * - manager.ts      the way of a commit, pruning: the entry of the room; commitQueue.ts: its way over the disk
 * - transaction.ts  statements, writes, savepoints
 * - snapshots.ts    which older versions are still needed
 * - lockManager.ts  what can be locked and who holds what; lockQueues.ts, lockModes.ts, lockWait.ts, deadlock.ts
 * - prepared.ts     two-phase commit
 * - ssi/            serializable snapshot isolation: SIREADs and the graph of rw-conflicts
 * - history/        what happened, for the checker
 * - locking/        two-phase locking, key ranges, serial execution, advisory locks
 */
export { isolationNamed, isolationOf, IsolationLevels, Isolations } from './isolation.ts'
export type { Isolation, IsolationLevel, SerializableMethod } from './isolation.ts'
export { TableMode } from './lockModes.ts'
export type { LockOwner, LockWait } from './lockWait.ts'
export { TransactionManager } from './manager.ts'
export type { Durability } from './commitQueue.ts'
export type { TransactionListener } from './manager.ts'
export { Outcome, Transaction } from './transaction.ts'
export type { Mark, TransactionModes } from './transaction.ts'
