/**
 * EXPLAIN: a physical plan as PostgreSQL would draw it, a line a node, what it does below it, its inputs indented. The
 * numbers of rows are the optimiser's estimates. EXPLAIN (CODE) prints the JavaScript that the plan becomes.
 */
import { unreachable } from '../assert.ts'
import type { CatalogRoot } from '../catalog/index.ts'
import { featureNotSupported } from '../errors.ts'
import { compile } from '../executor/compile.ts'
import type { Expression } from '../executor/expression.ts'
import type {
  AggregateCall,
  ConflictPlan,
  IndexJoin,
  IndexScan,
  LockRowsNode,
  PhysicalPlan,
  SortKey,
  StatementPlan,
} from '../executor/plan.ts'
import type * as ast from '../parser/ast.ts'
import type { RowTable } from '../storage/row/table.ts'
import { conjuncts } from './expressionTree.ts'
import { planStatement } from './planStatement.ts'
import { printExpression } from './printExpression.ts'
import { lockingWords } from './rowLocks.ts'
import type { TableLookup } from './tableLookup.ts'

/** The lines of EXPLAIN's result. Throws the binder's errors; 0A000 for ANALYZE. */
export function explain(statement: ast.Explain, root: CatalogRoot, tables: TableLookup): readonly string[] {
  if (statement.analyze) throw featureNotSupported('EXPLAIN ANALYZE', { position: statement.position + 1 })
  const facts = { parameterCount: highestParameter(statement.statement), hints: null }
  const { plan } = planStatement(statement.statement, root, tables, facts)
  if (statement.code) return compile(plan).code().split('\n')
  return explainPlan(plan)
}

/** The greatest n of `$n` in a tree. */
function highestParameter(node: unknown): number {
  if (typeof node !== 'object' || node === null) return 0
  if ('kind' in node && node.kind === 'parameter' && 'index' in node) return Number(node.index)
  return Object.values(node).reduce<number>((highest, child) => Math.max(highest, highestParameter(child)), 0)
}

export function explainPlan(plan: StatementPlan): readonly string[] {
  const writer = new PlanWriter(countTables(plan.input) > 1)
  if (plan.kind === 'select') writer.node(plan.input, 0)
  else {
    const verb = plan.kind === 'insert' ? 'Insert' : plan.kind === 'update' ? 'Update' : 'Delete'
    writer.line(0, `${verb} on ${plan.name}${plan.kind !== 'insert' && plan.singleRow ? '  (single row)' : ''}`)
    if (plan.kind === 'insert' && plan.onConflict !== undefined) writer.conflict(plan.table, plan.onConflict)
    writer.node(plan.input, 1)
  }
  return writer.lines
}

function inputsOf(plan: PhysicalPlan): readonly PhysicalPlan[] {
  switch (plan.kind) {
    case 'tableScan':
    case 'indexScan':
    case 'viewScan':
    case 'values':
      return []
    case 'hashJoin':
    case 'nestedLoopJoin':
      return [plan.left, plan.right]
    case 'indexJoin':
      return [plan.left]
    default:
      return [plan.input]
  }
}

const readsTable: ReadonlySet<string> = new Set(['tableScan', 'indexScan', 'indexJoin', 'viewScan'])

function countTables(plan: PhysicalPlan): number {
  const own = readsTable.has(plan.kind) ? 1 : 0
  return inputsOf(plan).reduce((sum, input) => sum + countTables(input), own)
}

/** What the columns of a node's rows are called, by ordinal. */
type Labels = readonly string[]

class PlanWriter {
  readonly lines: string[] = []
  readonly #qualified: boolean

  constructor(qualified: boolean) {
    this.#qualified = qualified
  }

  line(depth: number, text: string): void {
    this.lines.push(depth === 0 ? text : `${' '.repeat(6 * depth - 4)}->  ${text}`)
  }

  /** A line about the node above it. */
  #detail(depth: number, name: string, text: string | null): void {
    if (text !== null) this.lines.push(`${' '.repeat(6 * depth + 2)}${name}: ${text}`)
  }

  conflict({ descriptor: { columns } }: RowTable, { indexes, update }: ConflictPlan): void {
    this.#detail(0, 'Conflict Resolution', update === null ? 'NOTHING' : 'UPDATE')
    this.#detail(0, 'Conflict Arbiter Indexes', indexes.map(({ name }) => name).join(', '))
    const names = columns.map(({ name }) => name)
    const labels = [...names, ...names.map((name) => `excluded.${name}`)]
    this.#detail(0, 'Conflict Filter', textOf(update?.where ?? null, labels))
  }

  #head(plan: PhysicalPlan, depth: number, text: string): void {
    this.line(depth, `${text}  (rows=${Math.round(plan.estimatedRows)})`)
  }

  node(plan: PhysicalPlan, depth: number): Labels {
    switch (plan.kind) {
      case 'tableScan': {
        this.#head(plan, depth, `Seq Scan on ${plan.name}${asOf(plan)}`)
        const labels = this.#labelsOf(plan.name, plan)
        this.#detail(depth, 'Filter', textOf(plan.filter, labels))
        return labels
      }
      case 'indexScan':
        return this.#indexScan(plan, depth)
      case 'viewScan':
        this.#head(plan, depth, `${plan.argument === null ? 'View' : 'Function'} Scan on ${plan.name}`)
        return this.#labelsOf(plan.name, plan)
      case 'values':
        this.#head(plan, depth, plan.columns.length === 0 ? 'Result' : 'Values Scan')
        return plan.columns.map((column) => column.name)
      case 'filter':
        return this.#unary(plan, depth, 'Filter', (labels) => [['Filter', textOf(plan.predicate, labels)]])
      case 'project':
        return this.#project(plan, depth)
      case 'hashJoin':
      case 'nestedLoopJoin':
        return this.#join(plan, depth)
      case 'indexJoin':
        return this.#indexJoin(plan, depth)
      case 'aggregate':
        return this.#aggregate(plan, depth)
      case 'distinct':
        return this.#unary(plan, depth, 'HashAggregate', (labels) => [['Group Key', labels.join(', ')]])
      case 'sort':
        return this.#unary(plan, depth, plan.limit === null ? 'Sort' : 'Top-N Sort', (labels) => [
          ['Sort Key', plan.keys.map((key) => sortKey(key, labels)).join(', ')],
        ])
      case 'lockRows':
        return this.#unary(plan, depth, 'LockRows', () => [['Locks', plan.locks.map(lockText).join(', ')]])
      case 'limit':
        return this.#unary(plan, depth, 'Limit', () => [])
      default:
        return unreachable(plan)
    }
  }

  #labelsOf(table: string, plan: PhysicalPlan): Labels {
    return plan.columns.map((column) => (this.#qualified ? `${table}.${column.name}` : column.name))
  }

  /** The node, its details in terms of its input, then the input below it. */
  #unary(
    plan: Extract<PhysicalPlan, { readonly input: PhysicalPlan }>,
    depth: number,
    head: string,
    details: (labels: Labels) => readonly (readonly [string, string | null])[],
  ): Labels {
    this.#head(plan, depth, head)
    const below = new PlanWriter(this.#qualified)
    const labels = below.node(plan.input, depth + 1)
    for (const [name, text] of details(labels)) this.#detail(depth, name, text)
    this.lines.push(...below.lines)
    return labels
  }

  #project(plan: Extract<PhysicalPlan, { kind: 'project' }>, depth: number): Labels {
    let labels: Labels = []
    this.#unary(plan, depth, 'Project', (input) => {
      labels = plan.expressions.map((e) => printExpression(e, input))
      return [['Output', labels.join(', ')]]
    })
    return labels
  }

  #indexScan(plan: IndexScan, depth: number): Labels {
    const direction = plan.descending ? ' Backward' : ''
    this.#head(plan, depth, `Index Scan${direction} using ${plan.index.name} on ${plan.name}${asOf(plan)}`)
    const conditions = indexConditions(plan, [])
    this.#detail(depth, 'Index Cond', conditions.length === 0 ? null : conditions.join(' AND '))
    const labels = this.#labelsOf(plan.name, plan)
    this.#detail(depth, 'Filter', textOf(plan.filter, labels))
    return labels
  }

  #join(plan: Extract<PhysicalPlan, { kind: 'hashJoin' | 'nestedLoopJoin' }>, depth: number): Labels {
    const name = plan.kind === 'hashJoin' ? 'Hash' : 'Nested Loop'
    const kind = plan.join === 'left' ? `${name} Left Join` : plan.kind === 'hashJoin' ? 'Hash Join' : name
    this.#head(plan, depth, kind)
    const below = new PlanWriter(this.#qualified)
    const left = below.node(plan.left, depth + 1)
    const inner = plan.kind === 'hashJoin' ? 'Hash' : 'Materialize'
    below.#head(plan.right, depth + 1, inner)
    const right = below.node(plan.right, depth + 2)
    if (plan.kind === 'hashJoin') {
      const keys = plan.leftKeys.map(
        (key, i) => `(${printExpression(key, left)} = ${printExpression(plan.rightKeys[i]!, right)})`,
      )
      this.#detail(depth, 'Hash Cond', keys.join(' AND '))
      this.#detail(depth, 'Join Filter', textOf(plan.residual, [...left, ...right]))
    } else this.#detail(depth, 'Join Filter', textOf(plan.predicate, [...left, ...right]))
    this.lines.push(...below.lines)
    return [...left, ...right]
  }

  #indexJoin(plan: IndexJoin, depth: number): Labels {
    this.#head(
      plan,
      depth,
      `Index ${plan.join === 'left' ? 'Left ' : ''}Join using ${plan.index.name} on ${plan.name}${asOf(plan)}`,
    )
    const below = new PlanWriter(this.#qualified)
    const left = below.node(plan.left, depth + 1)
    const right = plan.columns.slice(left.length).map((column) => `${plan.name}.${column.name}`)
    this.#detail(depth, 'Index Cond', indexConditions({ ...plan, lower: null, upper: null }, left).join(' AND '))
    this.#detail(depth, 'Join Filter', textOf(plan.residual, [...left, ...right]))
    this.lines.push(...below.lines)
    return [...left, ...right]
  }

  #aggregate(plan: Extract<PhysicalPlan, { kind: 'aggregate' }>, depth: number): Labels {
    let labels: Labels = []
    this.#unary(plan, depth, plan.keys.length === 0 ? 'Aggregate' : 'HashAggregate', (input) => {
      const keys = plan.keys.map((key) => printExpression(key, input))
      labels = [...keys, ...plan.aggregates.map((call) => aggregateText(call, input))]
      return keys.length === 0 ? [] : [['Group Key', keys.join(', ')]]
    })
    return labels
  }
}

function textOf(e: Expression | null, labels: Labels): string | null {
  if (e === null) return null
  return conjuncts(e)
    .map((part) => printExpression(part, labels))
    .join(' AND ')
}

/** Where a table is read as it was. */
const asOf = ({ asOf: commit }: { readonly asOf?: number | null }): string =>
  commit === null || commit === undefined ? '' : ` as of commit ${commit}`

/** `jobs FOR UPDATE SKIP LOCKED` */
function lockText({ name, strength, wait }: LockRowsNode['locks'][number]): string {
  return `${name} ${lockingWords(strength)}${wait === 'wait' ? '' : ` ${wait.toUpperCase()}`}`
}

function sortKey({ expression, descending, nullsFirst }: SortKey, labels: Labels): string {
  const direction = descending ? ' DESC' : ''
  const nulls = nullsFirst === descending ? '' : nullsFirst ? ' NULLS FIRST' : ' NULLS LAST'
  return `${printExpression(expression, labels)}${direction}${nulls}`
}

function aggregateText({ name, arg, distinct }: AggregateCall, labels: Labels): string {
  if (arg === null) return `${name}(*)`
  return `${name}(${distinct ? 'DISTINCT ' : ''}${withoutOuterParentheses(printExpression(arg, labels))})`
}

function withoutOuterParentheses(text: string): string {
  if (!text.startsWith('(')) return text
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '(') depth++
    else if (text[i] === ')' && --depth === 0) return i === text.length - 1 ? text.slice(1, -1) : text
  }
  return text
}

function indexConditions(
  { index, table, equals, lower, upper }: Pick<IndexScan, 'index' | 'table' | 'equals' | 'lower' | 'upper'>,
  labels: Labels,
): string[] {
  const column = (i: number): string => table.descriptor.columns[index.columns[i]!]!.name
  const conditions = equals.map((value, i) => `(${column(i)} = ${printExpression(value, labels)})`)
  for (const [side, operator] of [[lower, '>'] as const, [upper, '<'] as const]) {
    if (side === null) continue
    const sign = `${operator}${side.inclusive ? '=' : ''}`
    conditions.push(`(${column(equals.length)} ${sign} ${printExpression(side.value, labels)})`)
  }
  return conditions
}
