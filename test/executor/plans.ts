/** Plans written by hand, short enough to read in a test. */
import type { Expression, CallExpression } from '../../src/executor/expression.ts'
import type {
  Aggregate,
  AggregateCall,
  Distinct,
  Filter,
  HashJoin,
  Limit,
  NestedLoopJoin,
  PhysicalPlan,
  PlanColumn,
  Project,
  Sort,
  SortKey,
  TableScan,
  ValuesNode,
} from '../../src/executor/plan.ts'
import { compile, type CompiledStatement } from '../../src/executor/compile.ts'
import { MemoryAccount } from '../../src/executor/memoryAccount.ts'
import { Step } from '../../src/executor/outcome.ts'
import { ReadView } from '../../src/storage/readView.ts'
import type { ScanSource } from '../../src/storage/scanSource.ts'
import { hashKey } from '../../src/types/comparison.ts'
import { equalityOf, resolveOperator } from '../../src/types/operators.ts'
import { BOOLEAN } from '../../src/types/registry.ts'
import type { SqlType } from '../../src/types/sqlType.ts'
import type { Value } from '../../src/types/value.ts'

export const constant = (value: Value, type: SqlType): Expression => ({ kind: 'constant', value, type })

export const parameter = (index: number, type: SqlType): Expression => ({ kind: 'parameter', index, type })

export const column = (ordinal: number, type: SqlType, nullable = true): Expression => ({
  kind: 'column',
  column: ordinal,
  type,
  nullable,
  name: `c${ordinal}`,
})

/** Column `ordinal` of a plan's rows. */
export const columnOf = (plan: PhysicalPlan, ordinal: number): Expression => {
  const { type, nullable } = plan.columns[ordinal]!
  return column(ordinal, type, nullable)
}

/** An operator over operands that need no cast. */
export function call(name: string, ...args: Expression[]): CallExpression {
  const resolved = resolveOperator(name, args[0]!.type, args[1]!.type)
  return {
    kind: 'call',
    name,
    intrinsic: resolved.intrinsic,
    call: resolved.call,
    args,
    strict: true,
    type: resolved.resultType,
    immutable: true,
    position: 6,
  }
}

export const and = (...args: Expression[]): Expression => ({ kind: 'and', args, type: BOOLEAN })
export const or = (...args: Expression[]): Expression => ({ kind: 'or', args, type: BOOLEAN })
export const not = (arg: Expression): Expression => ({ kind: 'not', arg, type: BOOLEAN })

export const inList = (arg: Expression, list: Expression[], negated = false): Expression => ({
  kind: 'inList',
  arg,
  list,
  negated,
  hashKey: hashKey(arg.type),
  equals: equalityOf(arg.type),
  type: BOOLEAN,
})

// ---------------------------------------------------------------------------------------------------- plans

const estimatedRows = 1

export function scan(source: ScanSource, name: string, names: string[], filter: Expression | null = null): TableScan {
  const output = names.map((_, ordinal) => ordinal)
  const columns = names.map((each, i) => ({ name: each, ...source.column(i) }))
  return { kind: 'tableScan', source, name, output, filter, withRowId: false, columns, estimatedRows }
}

export const values = (rows: Expression[][], columns: PlanColumn[]): ValuesNode => ({
  kind: 'values',
  rows,
  columns,
  estimatedRows,
})

export const filter = (input: PhysicalPlan, predicate: Expression): Filter => ({
  kind: 'filter',
  input,
  predicate,
  columns: input.columns,
  estimatedRows,
})

export const project = (input: PhysicalPlan, expressions: Expression[], names?: string[]): Project => ({
  kind: 'project',
  input,
  expressions,
  columns: expressions.map(({ type }, i) => ({ name: names?.[i] ?? `c${i}`, type, nullable: true })),
  estimatedRows,
})

const joined = (join: 'inner' | 'left', left: PhysicalPlan, right: PhysicalPlan): PlanColumn[] => [
  ...left.columns,
  ...right.columns.map((each) => (join === 'left' ? { ...each, nullable: true } : each)),
]

export const hashJoin = (
  join: 'inner' | 'left',
  left: PhysicalPlan,
  right: PhysicalPlan,
  leftKeys: Expression[],
  rightKeys: Expression[],
  residual: Expression | null = null,
): HashJoin => ({
  ...{ kind: 'hashJoin', join, left, right, leftKeys, rightKeys, residual },
  ...{ columns: joined(join, left, right), estimatedRows },
})

export const nestedLoop = (
  join: 'inner' | 'left',
  left: PhysicalPlan,
  right: PhysicalPlan,
  predicate: Expression | null,
): NestedLoopJoin => ({
  ...{ kind: 'nestedLoopJoin', join, left, right, predicate },
  ...{ columns: joined(join, left, right), estimatedRows },
})

export const aggregate = (
  input: PhysicalPlan,
  keys: Expression[],
  aggregates: AggregateCall[],
  names?: string[],
): Aggregate => ({
  ...{ kind: 'aggregate', input, keys, aggregates, estimatedRows },
  columns: [...keys, ...aggregates].map(({ type }, i) => ({ name: names?.[i] ?? `g${i}`, type, nullable: true })),
})

export const distinct = (input: PhysicalPlan): Distinct => ({
  kind: 'distinct',
  input,
  columns: input.columns,
  estimatedRows,
})

export const sort = (input: PhysicalPlan, keys: SortKey[], limit: Expression | null = null): Sort => ({
  ...{ kind: 'sort', input, keys, limit, columns: input.columns, estimatedRows },
})

export const limit = (input: PhysicalPlan, count: Expression | null, offset: Expression | null = null): Limit => ({
  ...{ kind: 'limit', input, count, offset, columns: input.columns, estimatedRows },
})

// ------------------------------------------------------------------------------------------------------ runs

/** All rows of a SELECT, as arrays of canonical values; `budget` rows a step. */
export function rowsOf(
  plan: PhysicalPlan | CompiledStatement,
  parameters: Value[] = [],
  budget = Number.POSITIVE_INFINITY,
  memory = new MemoryAccount(),
): Value[][] {
  const statement = 'start' in plan ? plan : compile({ kind: 'select', input: plan })
  const execution = statement.start({ transaction: null, view: new ReadView(), parameters, memory }, 'values')
  const rows: Value[][] = []
  for (;;) {
    const step = execution.step(budget)
    rows.push(...(execution.take() as Value[][]))
    if (step === Step.DONE) return rows
    if (step !== Step.YIELD) throw new Error(`a read ended its step with ${step}`)
  }
}
