/**
 * The aggregates of one SELECT, and the rule that what stands beside them must be grouped (42803).
 *
 * Expressions are bound over the rows *before* grouping, an aggregate becoming a column of its own. Then `regroup` turns
 * each into an expression over the rows *after* grouping: a part that equals a GROUP BY expression becomes that key's
 * column, aggregates stay, and a column that is left over is an error — unless its table's primary key is grouped by,
 * which determines it (SQL's functional dependency): then it becomes one more key.
 */
import type { ColumnExpression, Expression } from '../executor/expression.ts'
import type { AggregateCall } from '../executor/plan.ts'
import { primaryKey } from '../catalog/index.ts'
import { ungroupedColumn } from '../errors.ts'
import { sameType } from '../types/registry.ts'
import type { BindContext } from './bindContext.ts'
import { equalExpressions, mapChildren } from './expressionTree.ts'
import type { AggregationCall, ProjectionItem } from './logical.ts'
import { columnOf } from './logical.ts'
import type { Scope } from './scope.ts'

export class AggregateCollector {
  readonly calls: AggregationCall[] = []
  readonly #context: BindContext
  readonly #ids = new Set<number>()
  /** Where each column stands that was written outside an aggregate: the first such place of each. */
  readonly #places = new Map<number, { readonly name: string; readonly position: number }>()

  constructor(context: BindContext) {
    this.#context = context
  }

  add(call: AggregateCall): ColumnExpression {
    for (const known of this.calls) if (sameCall(known.call, call)) return columnOf(known.attribute)
    const nullable = call.name !== 'count'
    const attribute = this.#context.attribute(call.name, call.type, nullable)
    this.calls.push({ attribute, call })
    this.#ids.add(attribute.id)
    return columnOf(attribute)
  }

  /** Notes where a column was written. */
  place(column: ColumnExpression, name: string, position: number, insideAggregate: boolean): void {
    if (!insideAggregate && !this.#places.has(column.column)) this.#places.set(column.column, { name, position })
  }

  isAggregate(id: number): boolean {
    return this.#ids.has(id)
  }

  placeOf(id: number): { readonly name: string; readonly position: number | null } {
    return this.#places.get(id) ?? { name: 'a column', position: null }
  }
}

function sameCall(a: AggregateCall, b: AggregateCall): boolean {
  if (a.name !== b.name || a.distinct !== b.distinct || a.type.kind !== b.type.kind) return false
  if (a.arg === null || b.arg === null) return a.arg === b.arg
  return equalExpressions(a.arg, b.arg)
}

export class Grouping {
  readonly keys: ProjectionItem[]
  readonly #collector: AggregateCollector
  readonly #scope: Scope

  constructor(keys: readonly ProjectionItem[], collector: AggregateCollector, scope: Scope) {
    this.keys = [...keys]
    this.#collector = collector
    this.#scope = scope
  }

  regroup(e: Expression): Expression {
    for (const key of this.keys) if (equalExpressions(key.expression, e)) return columnOf(key.attribute)
    if (e.kind !== 'column') return mapChildren(e, (child) => this.regroup(child))
    if (this.#collector.isAggregate(e.column)) return e
    const relabelled = this.#relabelled(e)
    if (relabelled !== null) return relabelled
    const attribute = this.#determined(e.column)
    if (attribute === null) {
      const { name, position } = this.#collector.placeOf(e.column)
      throw ungroupedColumn(name, position)
    }
    return { ...e, nullable: attribute.nullable }
  }

  /** A key that is a column as its table has it, and is read here as a binary-compatible type: varchar as text. */
  #relabelled(e: ColumnExpression): ColumnExpression | null {
    const declared = this.#scope.tables.flatMap(({ attributes }) => attributes).find(({ id }) => id === e.column)
    for (const { expression, attribute } of this.keys) {
      if (expression.kind !== 'column' || expression.column !== e.column) continue
      if (declared !== undefined && sameType(expression.type, declared.type)) {
        return { ...columnOf(attribute), type: e.type }
      }
    }
    return null
  }

  /** Adds the column as a key if its table's primary key is among the keys. */
  #determined(id: number) {
    for (const table of this.#scope.tables) {
      const attribute = table.attributes.find((candidate) => candidate.id === id)
      const key = table.descriptor === null ? null : primaryKey(table.descriptor)
      if (attribute === undefined || key?.kind !== 'primaryKey') continue
      const grouped = key.columns.every((ordinal) =>
        this.keys.some(
          ({ expression }) => expression.kind === 'column' && expression.column === table.attributes[ordinal]!.id,
        ),
      )
      if (!grouped) continue
      this.keys.push({ attribute, expression: columnOf(attribute) })
      return attribute
    }
    return null
  }
}
