/** FROM: tables, derived tables and joins, to a plan and the scope that the other clauses see. */
import {
  lockingNotApplicable,
  tooManyColumnAliases,
  undefinedFunction,
  unsupportedSyntax,
  usingColumnAmbiguous,
  usingColumnMissing,
  usingColumnTwice,
} from '../errors.ts'
import type { Expression } from '../executor/expression.ts'
import type * as ast from '../parser/ast.ts'
import type { PastState } from '../txn/timeTravel.ts'
import { commonType } from '../types/commonType.ts'
import { resolveOperator } from '../types/operators.ts'
import { INT8, TEXT, typeName } from '../types/registry.ts'
import { at, lookUpTable } from './bindContext.ts'
import type { BindContext } from './bindContext.ts'
import { ExpressionBinder } from './bindExpression.ts'
import { Coercion, logical } from './coerce.ts'
import type { Attribute, BoundQuery, Get, LogicalPlan, ProjectionItem, RowLock } from './logical.ts'
import { attributesOf, columnOf } from './logical.ts'
import type { NamedItem } from './rowLocks.ts'
import { clausesFor, lockingWords, rowLock } from './rowLocks.ts'
import type { ScopeColumn } from './scope.ts'
import { Scope } from './scope.ts'
import type { SystemView } from './systemViews.ts'
import { sourceOf } from './systemViews.ts'
import { pastState } from './systemTime.ts'

interface Relation {
  readonly plan: LogicalPlan
  readonly scope: Scope
}

export interface From extends Relation {
  /** The rows that the locking clauses lock. */
  readonly locks: readonly RowLock[]
  readonly names: readonly NamedItem[]
}

/** Binds the query of a derived table, whose rows these clauses lock too. */
type BindInner = (query: ast.Query, locking: readonly ast.LockingClause[], past: PastState | null) => BoundQuery

export function bindFrom(
  context: BindContext,
  items: readonly ast.FromItem[],
  locking: readonly ast.LockingClause[],
  past: PastState | null,
  bindInner: BindInner,
): From {
  const binder = new FromBinder(context, namesIn(items), locking, past, bindInner)
  let result: Relation | null = null
  for (const item of items) {
    const next = binder.bind(item)
    result = result === null ? next : cross(result, next, item.position)
  }
  const { locks, named: names } = binder
  return { ...(result ?? { plan: { kind: 'rows', rows: [[]], attributes: [] }, scope: Scope.empty }), locks, names }
}

function cross(left: Relation, right: Relation, position: number): Relation {
  const plan: LogicalPlan = { kind: 'join', join: 'inner', left: left.plan, right: right.plan, condition: null }
  return { plan, scope: Scope.join(left.scope, right.scope, position) }
}

/** The state that AS OF SYSTEM TIME names. */
export function readPast(context: BindContext, moment: ast.Expression): PastState | null {
  context.readsPast = true
  return pastState(context, moment)
}

/** Names of all tables of a FROM. */
function namesIn(items: readonly ast.FromItem[]): ReadonlySet<string> {
  const names = new Set<string>()
  const visit = (item: ast.FromItem): void => {
    if (item.kind === 'join') {
      visit(item.left)
      visit(item.right)
    } else if (item.kind === 'table_function') names.add(item.alias ?? item.name.name)
    else names.add(item.alias ?? (item.kind === 'table' ? item.table.name : ''))
  }
  items.forEach(visit)
  return names
}

/** What a statement does with the table's rows; to lock and to write them it must know their RowIds. */
type Use = 'read' | 'lock' | 'write'

export function getTable(
  context: BindContext,
  name: ast.TableName,
  alias: string | null,
  use: Use,
  past: PastState | null = null,
): Get {
  const descriptor = past === null ? context.descriptor(name) : lookUpTable(past.catalog, name)
  return {
    kind: 'get',
    descriptor,
    table: context.table(descriptor),
    name: alias ?? descriptor.name,
    attributes: descriptor.columns.map((column) => context.attribute(column.name, column.type, !column.notNull)),
    rowId: use === 'read' ? null : context.attribute('rowid', INT8, false),
    written: use === 'write',
    asOf: past?.timestamp ?? null,
  }
}

interface Using {
  readonly condition: Expression
  readonly columns: readonly ScopeColumn[]
  /** Merged columns that the left side must compute first: its own in the type that both sides have in common. */
  readonly computed: readonly ProjectionItem[]
}

class FromBinder {
  readonly #context: BindContext
  readonly #names: ReadonlySet<string>
  readonly #locking: readonly ast.LockingClause[]
  /** What the tables are read as of that say nothing themselves. */
  readonly #past: PastState | null
  readonly #bindInner: BindInner
  readonly locks: RowLock[] = []
  readonly named: NamedItem[] = []

  constructor(
    context: BindContext,
    names: ReadonlySet<string>,
    locking: readonly ast.LockingClause[],
    past: PastState | null,
    bindInner: BindInner,
  ) {
    this.#past = past
    this.#context = context
    this.#names = names
    this.#locking = locking
    this.#bindInner = bindInner
  }

  bind(item: ast.FromItem): Relation {
    switch (item.kind) {
      case 'table_function':
        return this.#tableFunction(item)
      case 'table': {
        const past = item.asOf === null ? this.#past : readPast(this.#context, item.asOf)
        const view = this.#context.view(item.table, false)
        if (view !== null && item.asOf !== null) throw unsupportedSyntax('a system view as of a time', item.position)
        if (view !== null) return this.#view(view, item.alias, null, item)
        const clauses = clausesFor(this.#locking, item.alias ?? item.table.name)
        const [clause] = clauses
        if (clause !== undefined && past !== null) {
          throw lockingNotApplicable(lockingWords(clause.strength), 'a table as of a time', clause.position)
        }
        const get = getTable(this.#context, item.table, item.alias, clause === undefined ? 'read' : 'lock', past)
        if (clause !== undefined) this.locks.push(rowLock(get, clauses))
        this.named.push({ name: get.name, kind: 'table' })
        const attributes = renamed(get.name, get.attributes, item)
        return { plan: get, scope: Scope.ofTable({ name: get.name, attributes, descriptor: get.descriptor }) }
      }
      case 'derived': {
        const name = item.alias ?? `unnamed_subquery_${item.position}`
        const clauses = clausesFor(this.#locking, name).map((clause) => ({ ...clause, of: [] }))
        const { plan, output } = this.#bindInner(item.query, clauses, this.#past)
        this.named.push({ name, kind: 'derived' })
        const attributes = renamed(name, output, item)
        return { plan, scope: Scope.ofTable({ name, attributes, descriptor: null }) }
      }
      case 'join':
        return this.#join(item)
    }
  }

  /** Throws 42883; 0A000 for functions that PostgreSQL has. */
  #tableFunction(item: ast.TableFunction): Relation {
    const { name, arguments: args, alias, position } = item
    const view = this.#context.view(name, true)
    if (view === null && !name.name.startsWith('isolde_')) throw unsupportedSyntax('a function in FROM', position)
    const binder = new ExpressionBinder(this.#context, Scope.empty, { clause: 'functions in FROM', aggregates: null })
    const [argument] = args
    if (view === null || argument === undefined || args.length > 1) {
      const types = args.map((arg) => typeName(binder.bind(arg).type)).join(', ')
      return at(position, () => {
        throw undefinedFunction(`${name.name}(${types})`)
      })
    }
    return this.#view(view, alias, binder.assigned(argument, TEXT, name.name), item)
  }

  #view(
    view: SystemView,
    alias: string | null,
    argument: Expression | null,
    item: ast.TableItem | ast.TableFunction,
  ): Relation {
    const name = alias ?? view.name
    const attributes = view.columns.map((column) => this.#context.attribute(column.name, column.type, true))
    this.named.push({ name, kind: item.kind === 'table' ? 'system view' : 'table_function' })
    const plan: LogicalPlan = { kind: 'view', source: sourceOf(view), name, argument, attributes }
    return { plan, scope: Scope.ofTable({ name, attributes: renamed(name, attributes, item), descriptor: null }) }
  }

  #join(join: ast.Join): Relation {
    const left = this.bind(join.left)
    const right = this.bind(join.right)
    const both = Scope.join(left.scope, right.scope, join.position)
    const kind = join.type === 'left' ? 'left' : 'inner'
    let condition: Expression | null = null
    let columns = both.columns
    let leftPlan = left.plan
    if (join.using.length > 0) {
      const using = this.#using(join, kind, left.scope, right.scope)
      condition = using.condition
      columns = using.columns
      if (using.computed.length > 0) {
        const kept = attributesOf(leftPlan).map((attribute) => ({ attribute, expression: columnOf(attribute) }))
        leftPlan = { kind: 'projection', input: leftPlan, items: [...kept, ...using.computed] }
      }
    } else if (join.on !== null) {
      const scope = both.hiding(this.#names)
      const binder = new ExpressionBinder(this.#context, scope, { clause: 'JOIN conditions', aggregates: null })
      condition = binder.boolean(join.on, 'JOIN/ON')
    }
    const plan: LogicalPlan = { kind: 'join', join: kind, left: leftPlan, right: right.plan, condition }
    if (kind === 'inner') return { plan, scope: new Scope(both.tables, columns) }
    const nullable = right.scope.nullable()
    const ids = new Set(nullable.columns.map(({ attribute }) => attribute.id))
    const shown = columns.map((column) =>
      ids.has(column.attribute.id) ? { ...column, attribute: { ...column.attribute, nullable: true } } : column,
    )
    return { plan, scope: new Scope([...left.scope.tables, ...nullable.tables], shown) }
  }

  /** The merged columns come first, then the rest of the left side, then that of the right. */
  #using(join: ast.Join, kind: 'inner' | 'left', left: Scope, right: Scope): Using {
    const coercion = new Coercion(this.#context.parameters)
    const merged: ScopeColumn[] = []
    const gone: ScopeColumn[] = []
    const conditions: Expression[] = []
    const computed: ProjectionItem[] = []
    const seen = new Set<string>()
    for (const { name, position } of join.using) {
      if (seen.has(name)) throw usingColumnTwice(name, position)
      seen.add(name)
      const a = usingColumn(left, name, 'left', position)
      const b = usingColumn(right, name, 'right', position)
      const operands = [columnOf(a.attribute), columnOf(b.attribute)] as const
      const common = commonType([a.attribute.type, b.attribute.type], 'JOIN/USING')
      const equal = at(position, () => resolveOperator('=', operands[0].type, operands[1].type))
      conditions.push(coercion.call(equal, operands, [position, position]))
      if (a.attribute.type.kind === common.kind) merged.push(a)
      else if (kind === 'inner' && b.attribute.type.kind === common.kind) merged.push(b)
      else {
        const expression = coercion.cast(operands[0], common, 'implicit', position)
        const attribute = this.#context.attribute(name, common, a.attribute.nullable)
        computed.push({ attribute, expression })
        merged.push({ attribute, table: a.table })
      }
      gone.push(a, b)
    }
    const rest = [...left.columns, ...right.columns].filter((column) => !gone.includes(column))
    return { condition: logical('and', conditions), columns: [...merged, ...rest], computed }
  }
}

function usingColumn(scope: Scope, name: string, side: 'left' | 'right', position: number): ScopeColumn {
  const found = scope.find(name)
  const [column] = found
  if (column === undefined) throw usingColumnMissing(name, side, position)
  if (found.length > 1) throw usingColumnAmbiguous(name, side, position)
  return column
}

/** The attributes under the names of `AS t (a, b)`. */
function renamed(
  table: string,
  attributes: readonly Attribute[],
  { columnAliases, position }: { readonly columnAliases: readonly string[]; readonly position: number },
): readonly Attribute[] {
  if (columnAliases.length > attributes.length) {
    throw tooManyColumnAliases(table, attributes.length, columnAliases.length, position)
  }
  return attributes.map((attribute, i) => ({ ...attribute, name: columnAliases[i] ?? attribute.name }))
}
