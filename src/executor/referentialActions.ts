/** CASCADE and SET NULL: what they write to a row that refers. Its own constraints are checked as for any write. */
import { unreachable } from '../assert.ts'
import { RowMode } from '../storage/undo.ts'
import { valuesInPlace } from '../storage/row/versionValues.ts'
import { Outcome, type Transaction } from '../txn/transaction.ts'
import type { Value } from '../types/value.ts'
import { evaluate } from './evaluate.ts'
import type { ForeignKeyEdge } from './foreignKeyPlan.ts'
import type { RowCheck } from './rowCheck.ts'
import { checkFailure, notNullFailure } from './rowFailure.ts'

/** `next`: the new key of the row that is referred to; null if it was deleted. Throws 23502, 23514, 22xxx, 40001, 40P01. */
export function actOn(
  transaction: Transaction,
  edge: ForeignKeyEdge,
  checks: readonly RowCheck[],
  rowId: number,
  action: 'cascade' | 'set null',
  next: readonly Value[] | null,
): Outcome {
  const { referencing: table, columns } = edge
  // Another action of this wave may have deleted it.
  if (!table.existsInPlace(rowId)) return Outcome.DONE
  if (action === 'cascade' && next === null) {
    const outcome = transaction.lockRow(table, rowId, RowMode.UPDATE, false)
    if (outcome === Outcome.DONE) transaction.delete(table, rowId)
    return outcome
  }
  const set = table.columnSet([...columns].sort((a, b) => a - b))
  const outcome = transaction.lockRow(table, rowId, set.mode, false)
  if (outcome !== Outcome.DONE) return outcome
  const values = set.columns.map((column) => {
    const at = columns.indexOf(column)
    const value = action === 'cascade' ? next![at]! : null
    return value === null ? null : edge.toReferencing[at]!(value)
  })
  check(edge, checks, rowId, set.columns, values)
  return transaction.update(table, rowId, set, values)
}

function check(
  { referencing: table }: ForeignKeyEdge,
  checks: readonly RowCheck[],
  rowId: number,
  changed: readonly number[],
  values: readonly Value[],
): void {
  const { columns } = table.descriptor
  const row = [
    ...valuesInPlace(
      table,
      rowId,
      columns.map((_, ordinal) => ordinal),
    ).values,
  ]
  for (const [i, column] of changed.entries()) row[column] = values[i]!
  for (const [i, { type }] of columns.entries()) {
    if (type.kind === 'boolean' && row[i] !== null) row[i] = row[i] === 1 || row[i] === true
  }
  for (const { kind, constraint, column, predicate } of checks) {
    switch (kind) {
      case 'notNull':
        if (row[column!] === null) throw notNullFailure(table.name, columns, column!)(...row)
        break
      case 'check':
        if (evaluate(predicate!, [], row) === false) throw checkFailure(table.name, columns, constraint)(...row)
        break
      default:
        unreachable(kind)
    }
  }
}
