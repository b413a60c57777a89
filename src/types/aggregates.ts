/**
 * Aggregates: their signatures and result types (PostgreSQL's). A state is one object per group, made by `createState`,
 * fed by `step` with values that are not null (only count(*) counts rows), read once by `final`.
 */
import { ambiguousFunction, undefinedFunction } from '../errors.ts'
import { BoolAndState, BoolOrState, CountState } from './aggregates/count.ts'
import { extremumState } from './aggregates/extremum.ts'
import type { AggregateState } from './aggregates/state.ts'
import {
  AverageDecimalState,
  AverageExactState,
  AverageFloat8State,
  SumDecimalState,
  SumExactState,
  SumFloat8State,
  SumInt8State,
} from './aggregates/sum.ts'
import { functionSignature } from './functions.ts'
import { scaleAsNumeric } from './operators/numericForms.ts'
import { resolveOverload } from './overloadResolution.ts'
import { BOOLEAN, DATE, DECIMAL, fixedNumeric, FLOAT8, INT2, INT4, INT8, TEXT, TIMESTAMP } from './registry.ts'
import type { Overload } from './resolvedCall.ts'
import type { SqlType } from './sqlType.ts'

export interface ResolvedAggregate {
  readonly name: string
  /** The argument must be cast to this first; null for count(*). */
  readonly argumentType: SqlType | null
  readonly resultType: SqlType
  createState(): AggregateState
}

type AggregateOverload = Overload<ResolvedAggregate>

function aggregate(
  name: string,
  parameter: SqlType,
  resultType: SqlType,
  createState: () => AggregateState,
): AggregateOverload {
  const resolved: ResolvedAggregate = { name, argumentType: parameter, resultType, createState }
  return { parameters: [parameter], variadic: false, resolve: () => resolved }
}

const SUM: readonly AggregateOverload[] = [
  aggregate('sum', INT2, INT8, () => new SumInt8State()),
  aggregate('sum', INT4, INT8, () => new SumInt8State()),
  aggregate('sum', INT8, fixedNumeric(0), () => new SumExactState()),
  aggregate('sum', FLOAT8, FLOAT8, () => new SumFloat8State()),
  {
    parameters: [DECIMAL],
    variadic: false,
    resolve: ([operand]) => {
      const scale = scaleAsNumeric(operand!)
      return scale === null
        ? { name: 'sum', argumentType: DECIMAL, resultType: DECIMAL, createState: () => new SumDecimalState() }
        : numericAggregate('sum', scale, fixedNumeric(scale), () => new SumExactState())
    },
  },
]

const AVG: readonly AggregateOverload[] = [
  ...[INT2, INT4, INT8].map((type) => aggregate('avg', type, DECIMAL, () => new AverageExactState(0))),
  aggregate('avg', FLOAT8, FLOAT8, () => new AverageFloat8State()),
  {
    parameters: [DECIMAL],
    variadic: false,
    resolve: ([operand]) => {
      const scale = scaleAsNumeric(operand!)
      return scale === null
        ? { name: 'avg', argumentType: DECIMAL, resultType: DECIMAL, createState: () => new AverageDecimalState() }
        : numericAggregate('avg', scale, DECIMAL, () => new AverageExactState(scale))
    },
  },
]

/** An aggregate over scaled integers: the argument keeps its scale and loses its precision. */
function numericAggregate(
  name: string,
  scale: number,
  resultType: SqlType,
  createState: () => AggregateState,
): ResolvedAggregate {
  return { name, argumentType: { kind: 'numeric', precision: null, scale }, resultType, createState }
}

/** min and max exist for every ordered type but boolean; a numeric keeps its scale. */
function extremum(name: 'min' | 'max'): readonly AggregateOverload[] {
  return [INT2, INT4, INT8, FLOAT8, DECIMAL, TEXT, DATE, TIMESTAMP].map((type) => ({
    parameters: [type],
    variadic: false,
    resolve: ([operand]) => {
      const scale = operand === undefined ? null : scaleAsNumeric(operand)
      const form = type.kind === 'numeric' && scale !== null ? fixedNumeric(scale) : type
      return { name, argumentType: form, resultType: form, createState: extremumState(form, name) }
    },
  }))
}

const AGGREGATES: ReadonlyMap<string, readonly AggregateOverload[]> = new Map([
  ['sum', SUM],
  ['avg', AVG],
  ['min', extremum('min')],
  ['max', extremum('max')],
  ...['bool_and', 'every'].map(
    (name) => [name, [aggregate(name, BOOLEAN, BOOLEAN, () => new BoolAndState())]] as const,
  ),
  ['bool_or', [aggregate('bool_or', BOOLEAN, BOOLEAN, () => new BoolOrState())]],
])

/** True for the name of an aggregate. */
export function isAggregateName(name: string): boolean {
  return name === 'count' || AGGREGATES.has(name)
}

/** The aggregate over these operands; `'*'` is count(*). Throws 42883 and 42725. */
export function resolveAggregate(name: string, operands: readonly SqlType[] | '*'): ResolvedAggregate {
  if (operands === '*') {
    if (name !== 'count') throw undefinedFunction(`${name}()`)
    return { name, argumentType: null, resultType: INT8, createState: () => new CountState() }
  }
  if (name === 'count' && operands.length === 1) {
    const type = operands[0]!
    const argumentType = type.kind === 'unknown' ? TEXT : type
    return { name, argumentType, resultType: INT8, createState: () => new CountState() }
  }
  const found = resolveOverload(AGGREGATES.get(name) ?? [], operands)
  if (found === 'none') throw undefinedFunction(functionSignature(name, operands))
  if (found === 'ambiguous') throw ambiguousFunction(functionSignature(name, operands))
  return found.resolve(operands)
}
