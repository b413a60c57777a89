/**
 * Which foreign keys a statement may break, found by following it: a DELETE concerns all keys that refer to the table, an
 * UPDATE those of the columns that it sets, and an action that writes another table goes on from there.
 */
import type { ForeignKey, ReferentialAction, TableDescriptor } from '../catalog/index.ts'
import { foreignKeys, foreignKeysTo } from '../catalog/index.ts'
import { assert } from '../assert.ts'
import { DatabaseError } from '../errors.ts'
import type { ForeignKeyEdge, ForeignKeyPlan, TableForeignKeys } from '../executor/foreignKeyPlan.ts'
import type { RowTable } from '../storage/row/table.ts'
import type { VersionedTable } from '../storage/undo.ts'
import { castFunction, resolveCast } from '../types/casts.ts'
import type { Decimal } from '../types/decimal.ts'
import { DECIMAL, isInteger, isText } from '../types/registry.ts'
import type { SqlType } from '../types/sqlType.ts'
import type { Value } from '../types/value.ts'
import type { BindContext } from './bindContext.ts'
import { rowChecks } from './storedExpression.ts'

/** What a statement does to its table. */
export interface Writing {
  readonly inserts: boolean
  readonly deletes: boolean
  /** Columns that it sets. */
  readonly updates: readonly number[]
}

/** Null if no foreign key is concerned. */
export function foreignKeyPlan(context: BindContext, table: TableDescriptor, writing: Writing): ForeignKeyPlan | null {
  // Told apart before anything is made: nearly all tables are of this kind.
  if (table.referencedBy === undefined && foreignKeys(table).length === 0) return null
  const planner = new ForeignKeyPlanner(context)
  planner.follow(table, writing)
  return planner.plan(table)
}

/** A table that the statement writes, by itself or by actions. */
interface Reached {
  /** By table and name. */
  readonly keys: Map<string, ForeignKey>
  readonly updates: Set<number>
  deletes: boolean
}

const nameOf = ({ table, constraint }: ForeignKey): string => `${table.id}/${constraint.name}`

class ForeignKeyPlanner {
  readonly #context: BindContext
  readonly #reached = new Map<TableDescriptor, Reached>()
  readonly #written = new Set<TableDescriptor>()
  readonly #read = new Set<TableDescriptor>()
  readonly #edges = new Map<string, ForeignKeyEdge>()

  constructor(context: BindContext) {
    this.#context = context
  }

  follow(table: TableDescriptor, { inserts, deletes, updates }: Writing): void {
    const reached = this.#reached.get(table) ?? { keys: new Map(), updates: new Set(), deletes: false }
    this.#reached.set(table, reached)
    for (const constraint of foreignKeys(table)) {
      if (!inserts && !constraint.columns.some((column) => updates.includes(column))) continue
      const key = { table, constraint }
      reached.keys.set(nameOf(key), key)
      this.#read.add(this.#referenced(key))
    }
    // What was followed before is not followed again: foreign keys may lead in circles.
    const fresh = updates.filter((column) => !reached.updates.has(column))
    const deletesNow = deletes && !reached.deletes
    if (deletesNow) reached.deletes = true
    for (const column of fresh) reached.updates.add(column)
    for (const key of foreignKeysTo(this.#context.root, table)) {
      const { onDelete, onUpdate, referencedColumns } = key.constraint
      const changesKey = referencedColumns.some((column) => fresh.includes(column))
      if (!deletesNow && !changesKey) continue
      reached.keys.set(nameOf(key), key)
      this.#read.add(key.table)
      if (deletesNow && acts(onDelete)) this.#act(key, onDelete === 'cascade')
      if (changesKey && acts(onUpdate)) this.#act(key, false)
    }
  }

  #act({ table, constraint: { columns } }: ForeignKey, deletes: boolean): void {
    this.#written.add(table)
    this.follow(table, { inserts: false, deletes, updates: deletes ? [] : columns })
  }

  plan(target: TableDescriptor): ForeignKeyPlan | null {
    if ([...this.#reached.values()].every(({ keys }) => keys.size === 0)) return null
    const tables = new Map<VersionedTable, TableForeignKeys>()
    for (const [descriptor, reached] of this.#reached) {
      const keys = [...reached.keys.values()]
      tables.set(this.#table(descriptor), {
        table: this.#table(descriptor),
        outgoing: keys.filter((key) => foreignKeys(descriptor).includes(key.constraint)).map((key) => this.#edge(key)),
        incoming: keys
          .filter((key) => key.constraint.referencedTableId === descriptor.id)
          .map((key) => this.#edge(key)),
        checks: this.#written.has(descriptor) ? rowChecks(this.#context, descriptor) : [],
      })
    }
    for (const descriptor of [...this.#written, ...this.#read]) this.#context.dependencies.add(descriptor)
    const others = (all: ReadonlySet<TableDescriptor>): RowTable[] =>
      [...all].filter((descriptor) => descriptor !== target).map((descriptor) => this.#table(descriptor))
    return { tables, written: others(this.#written), read: others(this.#read) }
  }

  #table(descriptor: TableDescriptor): RowTable {
    return this.#context.table(descriptor)
  }

  #referenced({ constraint }: ForeignKey): TableDescriptor {
    const referenced = this.#context.root.tableById(constraint.referencedTableId)
    assert(referenced !== null, 'a foreign key refers to a table that exists')
    return referenced
  }

  #edge(key: ForeignKey): ForeignKeyEdge {
    const name = nameOf(key)
    let edge = this.#edges.get(name)
    if (edge === undefined) {
      edge = this.#makeEdge(key)
      this.#edges.set(name, edge)
    }
    return edge
  }

  #makeEdge(key: ForeignKey): ForeignKeyEdge {
    const { table, constraint } = key
    const parent = this.#referenced(key)
    const referenced = this.#table(parent)
    const index = referenced.index(constraint.referencedIndexId)
    assert(index !== null, 'a foreign key refers to a unique index that exists')
    const { columns, referencedColumns } = constraint
    const types = columns.map(
      (column, i) => [table.columns[column]!.type, parent.columns[referencedColumns[i]!]!.type] as const,
    )
    const converts = types.some(([from, to]) => !sameForm(from, to))
    return {
      name: constraint.name,
      referencing: this.#table(table),
      columns,
      referenced,
      referencedColumns,
      index,
      onDelete: constraint.onDelete,
      onUpdate: constraint.onUpdate,
      toReferenced: converts ? types.map(([from, to]) => conversion(from, to)) : null,
      toReferencing: types.map(([to, from]) => {
        const cast = resolveCast(from, to, 'assignment')
        return cast === null ? (value: Value) => value : (cast.call as (value: Value) => Value)
      }),
    }
  }
}

const acts = (action: ReferentialAction): boolean => action === 'cascade' || action === 'set null'

/** True if equal values of both types have equal forms. */
function sameForm(a: SqlType, b: SqlType): boolean {
  if (a.kind === 'numeric' && b.kind === 'numeric') return a.scale === b.scale
  return a.kind === b.kind || (isInteger(a) && isInteger(b)) || (isText(a) && isText(b))
}

function conversion(from: SqlType, to: SqlType): (value: Value) => Value | undefined {
  if (sameForm(from, to)) return (value) => value
  const cast = castFunction(from, to)
  // A numeric of more digits than the other column keeps is rounded by the cast: then it equals no value there.
  const exact =
    from.kind === 'numeric' && to.kind === 'numeric' ? [castFunction(from, DECIMAL), castFunction(to, DECIMAL)] : null
  return (value) => {
    try {
      const converted = cast(value)
      if (exact === null) return converted
      const [a, b] = [exact[0]!(value) as Decimal, exact[1]!(converted) as Decimal]
      return a.compare(b) === 0 ? converted : undefined
    } catch (error) {
      if (error instanceof DatabaseError) return undefined
      throw error
    }
  }
}
