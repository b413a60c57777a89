/** A physical node on its way: which attribute stands at which ordinal of its rows. */
import { assert } from '../assert.ts'
import type { Expression } from '../executor/expression.ts'
import type { IndexScan, PhysicalPlan, PlanColumn, TableScan } from '../executor/plan.ts'
import { mapColumns } from './expressionTree.ts'
import type { Attribute } from './logical.ts'
import { columnOf } from './logical.ts'

export interface Built {
  readonly node: PhysicalPlan
  /** By ordinal. */
  readonly attributes: readonly Attribute[]
  /** True if the rows come in the order that was wanted. */
  readonly ordered: boolean
}

export function planColumns(attributes: readonly Attribute[]): readonly PlanColumn[] {
  return attributes.map(({ name, type, nullable }) => ({ name, type, nullable }))
}

/** `e` over rows of these attributes: attribute numbers become ordinals. */
export function resolve(e: Expression, attributes: readonly Attribute[]): Expression {
  const ordinals = new Map<number, number>()
  for (let i = attributes.length - 1; i >= 0; i--) ordinals.set(attributes[i]!.id, i)
  return mapColumns(e, (column) => {
    const ordinal = ordinals.get(column.column)
    assert(ordinal !== undefined, `column ${column.name} is in the input of its expression`)
    return { ...column, column: ordinal, nullable: column.nullable || attributes[ordinal]!.nullable }
  })
}

export function resolveAll(list: readonly Expression[], attributes: readonly Attribute[]): readonly Expression[] {
  return list.map((e) => resolve(e, attributes))
}

/** The same rows with exactly these columns, in this order, under these names. */
export function arrange(built: Built, output: readonly Attribute[]): Built {
  const { node, attributes } = built
  if (output.length === attributes.length && output.every((attribute, i) => attribute.id === attributes[i]!.id)) {
    const named = output.every(({ name, type }, i) => name === attributes[i]!.name && type === attributes[i]!.type)
    return named ? built : { ...built, attributes: output, node: { ...node, columns: renamedColumns(node, output) } }
  }
  if ((node.kind === 'tableScan' || node.kind === 'indexScan') && !node.withRowId) {
    const scan = permuted(node, attributes, output)
    if (scan !== null) return { ...built, node: scan, attributes: output }
  }
  return {
    ordered: built.ordered,
    attributes: output,
    node: {
      kind: 'project',
      columns: planColumns(output),
      estimatedRows: node.estimatedRows,
      input: node,
      expressions: output.map((attribute) => resolve(columnOf(attribute), attributes)),
    },
  }
}

function renamedColumns(node: PhysicalPlan, output: readonly Attribute[]): readonly PlanColumn[] {
  return node.columns.map((column, i) => ({ ...column, name: output[i]!.name, type: output[i]!.type }))
}

/** A scan yields its columns in any order for free, if it needs no others for its filter. */
function permuted<Scan extends TableScan | IndexScan>(
  scan: Scan,
  attributes: readonly Attribute[],
  output: readonly Attribute[],
): Scan | null {
  if (output.length !== attributes.length) return null
  const from = output.map((attribute) => attributes.findIndex((candidate) => candidate.id === attribute.id))
  if (from.includes(-1) || new Set(from).size !== from.length) return null
  const filter =
    scan.filter === null
      ? null
      : mapColumns(scan.filter, (column) => ({ ...column, column: from.indexOf(column.column) }))
  return {
    ...scan,
    columns: from.map((ordinal, i) => ({ ...scan.columns[ordinal]!, name: output[i]!.name, type: output[i]!.type })),
    output: from.map((ordinal) => scan.output[ordinal]!),
    filter,
  }
}
