/** From an AST to a physical plan: bind, push predicates down, choose how to run it. */
import { assert, unreachable } from '../assert.ts'
import type { CatalogRoot, TableDescriptor } from '../catalog/index.ts'
import type { ConflictPlan, PhysicalPlan, Returning, StatementPlan } from '../executor/plan.ts'
import type { DataStatement } from '../parser/ast.ts'
import type { RowTable } from '../storage/row/table.ts'
import type { SqlType } from '../types/sqlType.ts'
import { BindContext } from './bindContext.ts'
import { bindDelete, bindInsert, bindUpdate } from './bindDml.ts'
import type { BoundDelete, BoundReturning, BoundUpdate } from './bindDml.ts'
import type { BoundOnConflict } from './bindOnConflict.ts'
import { bindQuery } from './bindQuery.ts'
import { arrange, planColumns, resolve, resolveAll } from './built.ts'
import { foreignKeyPlan } from './foreignKeyPlan.ts'
import type { Writing } from './foreignKeyPlan.ts'
import type { Get } from './logical.ts'
import type { Moments } from './moments.ts'
import { attributesOf } from './logical.ts'
import { numberParameters } from './numberParameters.ts'
import { Parameters } from './parameters.ts'
import type { ParameterSource } from './parameters.ts'
import { build, demandAll, physicalPlan } from './physical.ts'
import { columnsIn, conjuncts } from './expressionTree.ts'
import { pushDown } from './pushdown.ts'
import type { TableLookup } from './tableLookup.ts'

export interface Planned {
  readonly plan: StatementPlan
  /** Of $1 … $n. */
  readonly parameterTypes: readonly SqlType[]
  /** Of the parameters behind them. */
  readonly sources: readonly ParameterSource[]
  /** Indexes of the parameters that took the type of their value. */
  readonly untyped: readonly number[]
  readonly dependencies: readonly TableDescriptor[]
  /** Names for which there must be no relation. */
  readonly absent: readonly string[]
  /** True if it is good for one execution only. */
  readonly readsPast: boolean
  /** Tables whose size mattered to a choice. */
  readonly sized: readonly RowTable[]
  /** It calls a function that acts upon the session (sessionFunctions.ts). */
  readonly usesSession: boolean
}

export interface ParameterFacts {
  readonly parameterCount: number
  /** The types of the values to come, for parameters that no context types. */
  readonly hints: readonly SqlType[] | null
  /** JavaScript values of the execution to come; absent or null: not known. */
  readonly values?: readonly unknown[] | null
  /** The times of that execution, likewise. */
  readonly moments?: Moments | null
}

/** Throws what binding throws: class 42, 22 for constants, 0A000. */
export function planStatement(
  statement: DataStatement,
  root: CatalogRoot,
  tables: TableLookup,
  { parameterCount, hints, values, moments }: ParameterFacts,
): Planned {
  const parameters = new Parameters(parameterCount, hints)
  const context = new BindContext(root, tables, parameters, values ?? null, moments ?? null)
  const plan = planOf(context, statement)
  const sized = isSizeSensitive(plan) ? [...context.dependencies].map((descriptor) => context.table(descriptor)) : []
  const keys = plan.kind === 'select' ? null : foreignKeyPlan(context, root.tableById(plan.table.id)!, writingOf(plan))
  const numbered = numberParameters(plan, parameters)
  return {
    ...numbered,
    plan: keys === null ? numbered.plan : ({ ...numbered.plan, foreignKeys: keys } as StatementPlan),
    untyped: parameters.untyped(),
    dependencies: [...context.dependencies],
    absent: [...context.absent],
    sized,
    usesSession: context.usesSession,
    readsPast: context.readsPast,
  }
}

function writingOf(plan: Exclude<StatementPlan, { kind: 'select' }>): Writing {
  return {
    inserts: plan.kind === 'insert',
    deletes: plan.kind === 'delete',
    updates: setBy(plan).map(({ column }) => column),
  }
}

function setBy(plan: StatementPlan): readonly { readonly column: number }[] {
  if (plan.kind === 'update') return plan.set
  return (plan.kind === 'insert' ? plan.onConflict?.update?.set : null) ?? []
}

function planOf(context: BindContext, statement: DataStatement): StatementPlan {
  switch (statement.kind) {
    case 'select':
    case 'values': {
      const { plan, output } = bindQuery(context, statement)
      return { kind: 'select', input: physicalPlan(pushDown(plan), output).node }
    }
    case 'insert': {
      const { target, input, output, checks, onConflict, returning } = bindInsert(context, statement)
      return {
        kind: 'insert',
        table: target.table,
        name: target.descriptor.name,
        input: physicalPlan(pushDown(input), output).node,
        checks,
        ...(onConflict === null ? {} : { onConflict: conflictPlan(target, onConflict) }),
        returning: returningOf(target, returning),
      }
    }
    case 'update':
      return planUpdate(bindUpdate(context, statement))
    case 'delete':
      return planDelete(bindDelete(context, statement))
    default:
      return unreachable(statement)
  }
}

function conflictPlan({ table, attributes }: Get, { arbiters, update }: BoundOnConflict): ConflictPlan {
  const indexes = arbiters.map((id) => {
    const index = table.index(id)
    assert(index !== null, `index ${id} of the catalog is in the table`)
    return index
  })
  if (update === null) return { indexes, update }
  const both = [...attributes, ...update.excluded]
  const set = update.set.map(({ column, value }) => ({ column, value: resolve(value, both) }))
  const where = update.where === null ? null : resolve(update.where, both)
  return { indexes, update: { set, where, checks: update.checks } }
}

function planUpdate({ target, input, set, checks, returning }: BoundUpdate): StatementPlan {
  const output = attributesOf(target)
  const { node } = arrange(build(pushDown(input), demandAll(output)), output)
  return {
    kind: 'update',
    table: target.table,
    name: target.descriptor.name,
    input: node,
    set: set.map(({ column, value }) => ({ column, value: resolve(value, target.attributes) })),
    checks,
    returning: returningOf(target, returning),
    singleRow: isSingleRow(node),
  }
}

function planDelete({ target, input, returning }: BoundDelete): StatementPlan {
  const predicate = input.kind === 'selection' ? input.predicate : null
  const needed = returning === null ? columnsIn(conjuncts(predicate)) : new Set(target.attributes.map((a) => a.id))
  const output = attributesOf(target).filter((attribute) => needed.has(attribute.id) || attribute === target.rowId)
  const { node } = build(pushDown(input), demandAll(output))
  return {
    kind: 'delete',
    table: target.table,
    name: target.descriptor.name,
    input: node,
    returning: returningOf(target, returning),
    singleRow: isSingleRow(node),
  }
}

/** True if a unique key fixes the row. */
function isSingleRow(node: PhysicalPlan): boolean {
  return node.kind === 'indexScan' && node.index.unique && node.equals.length === node.index.columns.length
}

function returningOf(target: Get, returning: BoundReturning): Returning | null {
  if (returning === null) return null
  const expressions = resolveAll(
    returning.map((item) => item.expression),
    target.attributes,
  )
  return { expressions, columns: planColumns(returning.map((item) => item.attribute)) }
}

/** False where no table's size could have changed the choice: look-ups by a unique key, VALUES. */
function isSizeSensitive(plan: StatementPlan): boolean {
  let node: PhysicalPlan = plan.input
  while (node.kind === 'project' || node.kind === 'filter' || node.kind === 'limit' || node.kind === 'lockRows')
    node = node.input
  return node.kind !== 'values' && !isSingleRow(node)
}
