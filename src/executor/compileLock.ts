/**
 * Row locks in a pipeline. What is to be written is locked by the sink of UPDATE and DELETE; FOR UPDATE and its kin are an
 * operator that passes on the rows it has locked. A row that must be waited for, or that has become another since, ends the
 * run in both cases; SKIP LOCKED passes over the former instead.
 */
import { RowMode } from '../storage/undo.ts'
import { LockPolicy } from '../txn/lockModes.ts'
import { Outcome } from '../txn/transaction.ts'
import type { Row } from './compileExpression.ts'
import { stepOf } from './outcome.ts'
import type { LockRowsNode } from './plan.ts'
import { transaction, type SinkContext } from './sinkContext.ts'

type RowLock = LockRowsNode['locks'][number]

const modes: Readonly<Record<RowLock['strength'], RowMode>> = {
  'key share': RowMode.KEY_SHARE,
  share: RowMode.SHARE,
  'no key update': RowMode.NO_KEY_UPDATE,
  update: RowMode.UPDATE,
}

const policies: Readonly<Record<RowLock['wait'], LockPolicy>> = {
  wait: LockPolicy.WAIT,
  nowait: LockPolicy.NOWAIT,
  'skip locked': LockPolicy.SKIP,
}

export function lockToWrite(g: SinkContext, table: object, rowId: string, mode: RowMode): void {
  const { writer } = g
  const args = `${writer.slots.name(table)}, ${rowId}, ${mode}, false, ${LockPolicy.WAIT}`
  writer.line(`const locked = ${transaction(g)}.lockRow(${args})`)
  writer.line(`if (locked !== 0) return ${writer.slots.name(stepOf)}(locked)`)
}

/** A result row may be made of rows of several tables: it is passed on when all of them are locked. */
export function lockRows(g: SinkContext, { locks }: LockRowsNode, row: Row): void {
  const { writer } = g
  for (const { table, rowId, strength, wait } of locks) {
    const locked = `locked${writer.fresh()}`
    const args = `${writer.slots.name(table)}, ${row[rowId]!().code}, ${modes[strength]}, true, ${policies[wait]}`
    writer.line(`const ${locked} = ${transaction(g)}.lockRow(${args})`)
    if (wait === 'skip locked') writer.line(`if (${locked} === ${Outcome.SKIPPED}) ${g.skip}`)
    writer.line(`if (${locked} !== 0) return ${writer.slots.name(stepOf)}(${locked})`)
  }
}
