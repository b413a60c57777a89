/**
 * ON CONFLICT: which unique indexes are meant ("arbiters"), and what DO UPDATE sets. Columns must be just those of a unique
 * index, in any order; without a target, every unique index is meant. In DO UPDATE the row that is there has the table's
 * name, the one that was not inserted is `excluded`; a bare name that both have is ambiguous.
 */
import { columnOrdinal } from '../catalog/index.ts'
import type { TableDescriptor } from '../catalog/index.ts'
import {
  conflictTargetMissing,
  noConflictArbiter,
  notAnArbiter,
  undefinedColumn,
  undefinedConstraint,
} from '../errors.ts'
import type { Expression } from '../executor/expression.ts'
import type { RowCheck } from '../executor/plan.ts'
import type * as ast from '../parser/ast.ts'
import type { Assignments } from './bindAssignments.ts'
import { bindAssignments, checksAfter, scopeOf } from './bindAssignments.ts'
import type { BindContext } from './bindContext.ts'
import { ExpressionBinder } from './bindExpression.ts'
import type { Attribute, Get } from './logical.ts'
import { Scope } from './scope.ts'

export interface BoundOnConflict {
  /** Ids of unique indexes. */
  readonly arbiters: readonly number[]
  /** Null: DO NOTHING. Expressions are over the attributes of the target and `excluded`. */
  readonly update: {
    readonly set: Assignments
    readonly where: Expression | null
    readonly checks: readonly RowCheck[]
    readonly excluded: readonly Attribute[]
  } | null
}

/** Throws 42P10, 42703, 42704, 42809 and what the expressions throw. */
export function bindOnConflict(
  context: BindContext,
  target: Get,
  clause: ast.OnConflict,
  checks: readonly RowCheck[],
): BoundOnConflict {
  const { descriptor } = target
  const arbiters = arbitersOf(descriptor, clause)
  if (clause.update === null) return { arbiters, update: null }
  const excluded = descriptor.columns.map(({ name, type, notNull }) => context.attribute(name, type, !notNull))
  const both = Scope.join(
    scopeOf(target),
    Scope.ofTable({ name: 'excluded', attributes: excluded, descriptor: null }),
    clause.position,
  )
  const set = bindAssignments(context, descriptor, both, clause.update.assignments)
  const binder = new ExpressionBinder(context, both, { clause: 'WHERE', aggregates: null })
  const where = clause.update.where === null ? null : binder.boolean(clause.update.where, 'WHERE')
  return { arbiters, update: { set, where, checks: checksAfter(set, checks), excluded } }
}

function arbitersOf(table: TableDescriptor, { target, update, position }: ast.OnConflict): readonly number[] {
  const unique = table.indexes.filter((index) => index.unique)
  if (target === null) {
    if (update !== null) throw conflictTargetMissing(position)
    return unique.map(({ id }) => id)
  }
  if (target.kind === 'constraint') {
    const { name, position: at } = target.constraint
    if (!table.constraints.some((constraint) => constraint.name === name)) {
      throw undefinedConstraint(name, table.name, at)
    }
    const index = unique.find((candidate) => candidate.constraint && candidate.name === name)
    if (index === undefined) throw notAnArbiter(at)
    return [index.id]
  }
  const wanted = new Set<number>()
  for (const { name, position: at } of target.columns) {
    const ordinal = columnOrdinal(table, name)
    if (ordinal < 0) throw undefinedColumn(null, name, null, at)
    wanted.add(ordinal)
  }
  const arbiters = unique.filter(
    ({ columns }) => columns.length === wanted.size && columns.every((ordinal) => wanted.has(ordinal)),
  )
  if (arbiters.length === 0) throw noConflictArbiter(position)
  return arbiters.map(({ id }) => id)
}
