/** PREPARE TRANSACTION, COMMIT PREPARED, ROLLBACK PREPARED, as statements of a session (src/txn/prepared.ts). */
import { notInTransactionBlock } from '../errors.ts'
import type { CommitPrepared, PrepareTransaction, RollbackPrepared, Statement } from '../parser/ast.ts'
import type { Transaction } from '../txn/transaction.ts'
import type { Engine } from './engine.ts'
import type { SessionState } from './sessionState.ts'

export type TwoPhaseStatement = PrepareTransaction | CommitPrepared | RollbackPrepared

const commands = {
  prepare_transaction: 'PREPARE TRANSACTION',
  commit_prepared: 'COMMIT PREPARED',
  rollback_prepared: 'ROLLBACK PREPARED',
} as const

export function isTwoPhaseStatement(statement: Statement): statement is TwoPhaseStatement {
  return Object.hasOwn(commands, statement.kind)
}

export const twoPhaseCommand = ({ kind }: TwoPhaseStatement): string => commands[kind]

/** A decision is made outside of every block: it is another transaction's. `among`: it stands among others in one text. Throws 25001. */
export function requireNoBlock(
  state: SessionState,
  statement: CommitPrepared | RollbackPrepared,
  among: boolean,
): void {
  if (among || state.block.kind !== 'none') throw notInTransactionBlock(commands[statement.kind])
}

/** Returns the transaction that the statement is about, which may wait for the disk now (`awaitsDisk`). */
export function runTwoPhase(
  engine: Engine,
  state: SessionState,
  statement: TwoPhaseStatement,
  synchronously: boolean,
): Transaction {
  const { transactions, env } = engine
  switch (statement.kind) {
    case 'prepare_transaction':
      return state.block.prepare(statement.gid, env.clock.nowMicros(), synchronously)
    case 'commit_prepared':
      return transactions.commitPrepared(statement.gid, synchronously)
    case 'rollback_prepared':
      return transactions.rollbackPrepared(statement.gid, synchronously)
  }
}
