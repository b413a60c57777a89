/**
 * A statement in the plan cache, and its plan once it has one. Parameters come in as JavaScript values and literals as
 * the parser's, both become canonical values here (D12).
 */
import { assert, unreachable } from '../assert.ts'
import type { CatalogRoot, TableDescriptor } from '../catalog/index.ts'
import { DatabaseError, featureNotSupported, parameterCountMismatch } from '../errors.ts'
import { compile } from '../executor/compile.ts'
import type { CompiledStatement } from '../executor/compile.ts'
import type { Call, DataStatement, NormalisedText, ParsedStatement, Select, Statement } from '../parser/ast.ts'
import type { RowTable } from '../storage/row/table.ts'
import { fromJs, inferJsType } from '../types/javascript.ts'
import { sameType } from '../types/registry.ts'
import type { SqlType } from '../types/sqlType.ts'
import type { Value } from '../types/value.ts'
import type { Moments } from './moments.ts'
import { momentOf } from './moments.ts'
import type { ParameterSource } from './parameters.ts'
import type { ParameterFacts } from './planStatement.ts'
import { planStatement } from './planStatement.ts'
import type { TableLookup } from './tableLookup.ts'

export class CachedStatement {
  readonly statement: Statement
  /** The statement's text is `sql.slice(start, end)` of the text that was parsed first; another text of the same key may differ. */
  readonly start: number
  readonly end: number
  /** The highest n of `$n`. */
  readonly parameterCount: number
  readonly #tables: TableLookup
  #planned: PlannedStatement | null = null

  constructor(parsed: ParsedStatement, tables: TableLookup) {
    this.statement = parsed.statement
    this.start = parsed.start
    this.end = parsed.end
    this.parameterCount = parsed.parameterCount
    this.#tables = tables
  }

  /**
   * The plan of a SELECT, VALUES, INSERT, UPDATE or DELETE, or of the arguments of a CALL, under this catalog, made now if there is none or it is not
   * good any more. `values` are those of the execution to come: they give a type to parameters that no context types;
   * null: such parameters are text. `moments` as for `bind`, where a moment of the past counts from them. Throws the binder's errors.
   */
  plan(root: CatalogRoot, values: readonly unknown[] | null, moments: Moments | null = null): PlannedStatement {
    const planned = this.#planned
    if (planned !== null && planned.isGood(root, values)) return planned
    const { statement, parameterCount } = this
    return (this.#planned = PlannedStatement.make(statement, root, this.#tables, { parameterCount, values, moments }))
  }
}

/** How far a table may grow or shrink before plans that chose between ways are made again. */
const GROWTH = 4
const SMALL_TABLE = 100

export class PlannedStatement {
  readonly compiled: CompiledStatement
  /** Of $1 … $n. */
  readonly parameterTypes: readonly SqlType[]
  /** It calls a function that acts upon the session: its steps run `on` a port, in a transaction. */
  readonly usesSession: boolean
  #root: CatalogRoot
  readonly #dependencies: readonly TableDescriptor[]
  readonly #absent: readonly string[]
  readonly #readsPast: boolean
  /** The tables whose size mattered to the optimiser, and the size they had. */
  readonly #sized: readonly RowTable[]
  readonly #sizes: readonly number[]
  /** Indexes of the parameters whose type was taken from the value, as no context gave one. */
  readonly #untyped: readonly number[]
  readonly #sources: readonly ParameterSource[]

  private constructor(
    compiled: CompiledStatement,
    root: CatalogRoot,
    facts: {
      readonly parameterTypes: readonly SqlType[]
      readonly dependencies: readonly TableDescriptor[]
      readonly absent: readonly string[]
      readonly readsPast: boolean
      readonly sized: readonly RowTable[]
      readonly untyped: readonly number[]
      readonly sources: readonly ParameterSource[]
      readonly usesSession: boolean
    },
  ) {
    this.compiled = compiled
    this.parameterTypes = facts.parameterTypes
    this.usesSession = facts.usesSession
    this.#root = root
    this.#dependencies = facts.dependencies
    this.#absent = facts.absent
    this.#readsPast = facts.readsPast
    this.#sized = facts.sized
    this.#sizes = facts.sized.map((table) => table.estimatedRows())
    this.#untyped = facts.untyped
    this.#sources = facts.sources
  }

  static make(
    statement: Statement,
    root: CatalogRoot,
    tables: TableLookup,
    facts: Pick<ParameterFacts, 'parameterCount' | 'values' | 'moments'>,
  ): PlannedStatement {
    const planned = statement.kind === 'call' ? argumentsOf(statement) : statement
    assert(isDataStatement(planned), `a ${statement.kind} statement has no plan`)
    const hints = facts.values?.map(typeOfParameter) ?? null
    const { plan, ...others } = planStatement(planned, root, tables, { ...facts, hints })
    return new PlannedStatement(compile(plan), root, others)
  }

  isGood(root: CatalogRoot, values: readonly unknown[] | null): boolean {
    if (this.#readsPast) return false
    if (root !== this.#root) {
      for (const table of this.#dependencies) if (root.table(table.name) !== table) return false
      for (const name of this.#absent) if (root.relation(name) !== null) return false
      this.#root = root
    }
    for (let i = 0; i < this.#sized.length; i++) {
      const now = this.#sized[i]!.estimatedRows()
      const then = this.#sizes[i]!
      if (now > (then + SMALL_TABLE) * GROWTH || then > (now + SMALL_TABLE) * GROWTH) return false
    }
    return this.#untyped.length === 0 || values === null || this.#fits(values)
  }

  #fits(values: readonly unknown[]): boolean {
    return this.#untyped.every((index) => {
      const value = values[index]
      return value === null || value === undefined || sameType(inferJsType(value), this.parameterTypes[index]!)
    })
  }

  /**
   * The execution's parameters: $1 … $n, then the lifted literals of the text and whatever else the plan asks for.
   * `literals` is what the text's `find` gave; `moments` tells the time to `now()` and its kin. Throws 08P01 for a wrong
   * number of parameters, and what the conversion throws. `spare`: an array of an execution that is over, to be filled anew.
   */
  bind(
    values: readonly unknown[],
    literals: NormalisedText | null,
    moments: Moments | null = null,
    spare: Value[] | null = null,
  ): Value[] {
    const types = this.parameterTypes
    if (values.length !== types.length) throw parameterCountMismatch(values.length, types.length)
    const sources = this.#sources
    const length = types.length + sources.length
    // Of its final length: an array that grows by `push` takes room for seventeen.
    const bound = spare?.length === length ? spare : new Array<Value>(length)
    let i = 0
    try {
      for (; i < types.length; i++) bound[i] = fromJs(types[i]!, values[i])
    } catch (error) {
      throw ofParameter(error, i + 1)
    }
    for (i = 0; i < sources.length; i++) bound[types.length + i] = valueOf(sources[i]!, values, literals, moments)
    return bound
  }
}

/** The error says which parameter it is about. */
function ofParameter(error: unknown, number: number): unknown {
  if (error instanceof DatabaseError) error.message = error.message.replace(/^a parameter/, `parameter $${number}`)
  return error
}

function typeOfParameter(value: unknown, index: number): SqlType {
  try {
    return inferJsType(value)
  } catch (error) {
    throw ofParameter(error, index + 1)
  }
}

function valueOf(
  source: ParameterSource,
  values: readonly unknown[],
  literals: NormalisedText | null,
  moments: Moments | null,
): Value {
  switch (source.kind) {
    case 'literal': {
      assert(literals !== null, 'a plan with lifted literals is run with a text')
      try {
        return source.convert(literals.literals[source.slot]!)
      } catch (error) {
        if (error instanceof DatabaseError) error.position ??= literals.positions[source.slot]! + 1
        throw error
      }
    }
    case 'value':
      try {
        return fromJs(source.type, values[source.index])
      } catch (error) {
        throw ofParameter(error, source.index + 1)
      }
    case 'moment':
      if (moments === null) throw featureNotSupported('the current time in this place')
      return momentOf(source.moment, moments)
    default:
      return unreachable(source)
  }
}

/** CALL as a query whose one row is the arguments. */
function argumentsOf({ arguments: expressions, position }: Call): Select {
  const items = expressions.map((expression) => ({ expression, alias: null, position: expression.position }))
  return {
    ...{ kind: 'select', distinct: false, items, from: [], asOf: null, where: null, groupBy: [], having: null },
    ...{ orderBy: [], limit: null, offset: null, locking: [], position },
  }
}

export function isDataStatement(statement: Statement): statement is DataStatement {
  switch (statement.kind) {
    case 'select':
    case 'values':
    case 'insert':
    case 'update':
    case 'delete':
      return true
    default:
      return false
  }
}
