/**
 * Expressions to JavaScript.
 *
 * Each SQL expression becomes *one* JavaScript expression, so that SQL's conditional evaluation (CASE, AND, COALESCE)
 * is JavaScript's own: what stands behind `&&` or `?:` runs, and fails, only when SQL says so. An intermediate value is a
 * constant in a statement before it where it is needed in any case, else a temporary assigned inside of the expression.
 *
 * Three-valued logic costs nothing where no null can occur: an `Operand` says how null shows (`nulls`), and a test is
 * emitted only where it can. A condition is compiled twice-sided: `isTrue` and `isFalse` give JavaScript conditions, so
 * that `NOT (a < b AND c = d)` in a WHERE clause needs no third value at all.
 */
import type { SqlType } from '../types/sqlType.ts'
import type { Value } from '../types/value.ts'
import type {
  CallExpression,
  CaseExpression,
  DistinctFromExpression,
  Expression,
  ExtremumExpression,
  InListExpression,
  LogicalExpression,
} from './expression.ts'
import { statementTooComplex } from '../errors.ts'
import { extremum, positioned } from './calls.ts'
import { maximumDepth, unparenthesised, type CodeWriter } from './codeWriter.ts'
import { evaluate } from './evaluate.ts'
import { intrinsicNamed } from './intrinsics.ts'

/** A compiled expression. */
export interface Operand {
  readonly code: string
  /** An identifier or a literal: it may be repeated. */
  readonly atom: boolean
  /** 'never'; 'inBand': `code` is null itself; else an identifier that is true if the value is null (`code` is an atom). */
  readonly nulls: 'never' | 'inBand' | { readonly flag: string }
  /** Statically a JavaScript number, never a bigint. */
  readonly number: boolean
}

/** What the expressions of one pipeline refer to. */
export interface Scope {
  readonly writer: CodeWriter
  /** A constant of the block that is being written; its name. */
  local(code: string): string
  /** The identifier of a parameter, loaded at the function's top. */
  parameter(index: number): string
  /** The identifier of a Set that is built once a run from the values of `build`. */
  runSet(build: (parameters: readonly Value[]) => ReadonlySet<unknown>): string
}

/** The current row. A column is loaded where it is first asked for, so that a filter runs before what only its survivors need. */
export type Row = readonly (() => Operand)[]

const alwaysTrue = 'true'
const alwaysFalse = 'false'

/** True if canonical values of the type are Map keys as they are (all but Decimals). */
export const isPlainKey = (type: SqlType): boolean => type.kind !== 'numeric' || type.scale !== null

/** True if every value of the type is a JavaScript number. */
export const isNumberType = (type: SqlType): boolean =>
  type.kind === 'int2' || type.kind === 'int4' || type.kind === 'float8' || type.kind === 'date'

/** The operand as one JavaScript expression that is null where SQL is. */
export const boxed = (o: Operand): string =>
  typeof o.nulls === 'string' ? o.code : `(${o.nulls.flag} ? null : ${o.code})`

const notNull = (code: string, number = false): Operand => ({ code, atom: false, nulls: 'never', number })
const nullable = (code: string, number = false): Operand => ({ code, atom: false, nulls: 'inBand', number })

/** The text of a condition that is true if the atom is null. */
export function nullTest(o: Operand): string {
  if (o.nulls === 'never') return alwaysFalse
  return o.nulls === 'inBand' ? `${o.code} === null` : o.nulls.flag
}

const notNullTest = (o: Operand): string =>
  o.nulls === 'never' ? alwaysTrue : o.nulls === 'inBand' ? `${o.code} !== null` : `!${o.nulls.flag}`

const conjunction = (conditions: readonly string[]): string => {
  const needed = conditions.filter((condition) => condition !== alwaysTrue)
  return needed.length === 0 ? alwaysTrue : needed.join(' && ')
}

const disjunction = (conditions: readonly string[]): string => {
  const needed = conditions.filter((condition) => condition !== alwaysFalse)
  return needed.length === 0 ? alwaysFalse : needed.length === 1 ? needed[0]! : `(${needed.join(' || ')})`
}

const negation = (condition: string): string =>
  condition === alwaysTrue ? alwaysFalse : condition === alwaysFalse ? alwaysTrue : `!(${condition})`

/** A strict call in parts: assignments first, then null tests of atoms, then the operation. */
interface StrictCall {
  readonly assignments: readonly string[]
  readonly operands: readonly Operand[]
  readonly operation: string
  readonly number: boolean
  readonly mayReturnNull: boolean
}

export class ExpressionCompiler {
  readonly #scope: Scope
  readonly #row: Row
  #depth = 0
  /** Above 0 where what is compiled runs only under a condition: then its parts cannot be statements before it. */
  #conditional: number

  constructor(scope: Scope, row: Row, conditional = false) {
    this.#scope = scope
    this.#row = row
    this.#conditional = conditional ? 1 : 0
  }

  #conditionally<T>(compile: () => T): T {
    this.#conditional++
    const result = compile()
    this.#conditional--
    return result
  }

  compile(e: Expression): Operand {
    if (++this.#depth > maximumDepth) throw statementTooComplex()
    const operand = this.#compile(e)
    this.#depth--
    return operand
  }

  #compile(e: Expression): Operand {
    switch (e.kind) {
      case 'column':
        return this.#row[e.column]!()
      case 'constant':
        return this.#constant(e.value, e.type)
      case 'parameter':
        return { code: this.#scope.parameter(e.index), atom: true, nulls: 'inBand', number: isNumberType(e.type) }
      case 'call':
        return this.#call(e)
      case 'and':
      case 'or':
        return this.#logical(e)
      case 'not':
        return this.#not(e.arg)
      case 'nullTest':
        return notNull(this.#nullTest(e.arg, e.negated))
      case 'booleanTest':
        return notNull(this.isTrue(e))
      case 'distinctFrom':
        return notNull(this.#distinctFrom(e))
      case 'case':
        return this.#case(e)
      case 'coalesce':
        return this.#coalesce(e.args)
      case 'greatest':
      case 'least':
        return this.#extremum(e)
      case 'inList':
        return this.#inList(e)
    }
  }

  /** A JavaScript condition: true if, and only if, the boolean expression is true. */
  isTrue(e: Expression): string {
    if (++this.#depth > maximumDepth) throw statementTooComplex()
    const condition = this.#condition(e, true)
    this.#depth--
    return condition
  }

  /** True if, and only if, the boolean expression is false. */
  isFalse(e: Expression): string {
    if (++this.#depth > maximumDepth) throw statementTooComplex()
    const condition = this.#condition(e, false)
    this.#depth--
    return condition
  }

  /** The parts of a conjunction, so that each can be tested on its own. */
  static conjuncts(e: Expression): readonly Expression[] {
    return e.kind === 'and' ? flatten(e) : [e]
  }

  #condition(e: Expression, wanted: boolean): string {
    switch (e.kind) {
      case 'and':
      case 'or': {
        const args = this.#conditionally(() => flatten(e).map((arg) => (wanted ? this.isTrue(arg) : this.isFalse(arg))))
        return (e.kind === 'and') === wanted ? conjunctionOfAll(args) : disjunction(args)
      }
      case 'not':
        return wanted ? this.isFalse(e.arg) : this.isTrue(e.arg)
      case 'nullTest':
        return this.#nullTest(e.arg, e.negated === wanted)
      case 'booleanTest': {
        if (e.value === null) return this.#nullTest(e.arg, e.negated === wanted)
        const test = e.value ? this.isTrue(e.arg) : this.isFalse(e.arg)
        return e.negated === wanted ? negation(test) : test
      }
      case 'call':
        return e.strict ? this.#strictCondition(this.#strictCall(e), wanted) : this.#test(this.#call(e), wanted)
      case 'column':
      case 'constant':
      case 'parameter':
      case 'distinctFrom':
      case 'case':
      case 'coalesce':
      case 'greatest':
      case 'least':
      case 'inList':
        return this.#test(this.#compile(e), wanted)
    }
  }

  /** Whether a boolean operand is `wanted`. */
  #test(o: Operand, wanted: boolean): string {
    if (o.nulls === 'never') return wanted ? o.code : negation(o.code)
    if (o.nulls === 'inBand') return o.code === 'null' ? alwaysFalse : `(${o.code}) === ${wanted}`
    return `!${o.nulls.flag} && ${wanted ? o.code : negation(o.code)}`
  }

  #constant(value: Value, type: SqlType): Operand {
    const number = typeof value === 'number'
    if (value === null) return { code: 'null', atom: true, nulls: 'inBand', number: isNumberType(type) }
    const literal = typeof value === 'boolean' || (number && value === (value | 0))
    const code = literal ? `${value}` : this.#scope.writer.slots.name(value)
    return { code, atom: true, nulls: 'never', number }
  }

  /** The operand as an atom, and what must be evaluated first (null: nothing). */
  #bind(o: Operand): { readonly assignment: string | null; readonly atom: Operand } {
    if (o.atom) return { assignment: null, atom: o }
    if (this.#conditional === 0) {
      return { assignment: null, atom: { ...o, code: this.#scope.local(unparenthesised(o.code)), atom: true } }
    }
    const name = this.#scope.writer.temporary()
    return { assignment: `(${name} = ${o.code})`, atom: { ...o, code: name, atom: true } }
  }

  #strictCall(e: CallExpression): StrictCall {
    const operands = e.args.map((arg) => this.compile(arg))
    const intrinsic = intrinsicNamed(e.intrinsic)
    const inline = intrinsic !== undefined && operands.length === intrinsic.arity
    // With a null among them the operation is spared, but not the evaluation of the others, which may fail.
    const bind = inline || operands.some((o) => o.nulls !== 'never')
    const bound = operands.map((o) => (bind ? this.#bind(o) : { assignment: null, atom: o }))
    const assignments = bound.map((b) => b.assignment).filter((a) => a !== null)
    const atoms = bound.map((b) => b.atom)
    const slow = this.#scope.writer.slots.name(positioned(e.call as (...args: Value[]) => Value, e.position))
    if (!inline) {
      const operation = `${slow}(${atoms.map((o) => o.code).join(', ')})`
      const number = isNumberType(e.type)
      return { assignments, operands: atoms, operation, number, mayReturnNull: intrinsic === undefined }
    }
    const [a, b] = [atoms[0]!, atoms[1]]
    const operation = intrinsic.emit({
      a: a.code,
      b: b?.code ?? '',
      aIsNumber: a.number,
      bIsNumber: b?.number ?? false,
      slow,
      temporary: () => this.#scope.writer.temporary(),
    })
    return { assignments, operands: atoms, operation, number: intrinsic.number, mayReturnNull: false }
  }

  #call(e: CallExpression): Operand {
    if (!e.strict) {
      const args = e.args.map((arg) => boxed(this.compile(arg)))
      const slot = this.#scope.writer.slots.name(positioned(e.call as (...args: Value[]) => Value, e.position))
      return nullable(`${slot}(${args.join(', ')})`, isNumberType(e.type))
    }
    const { assignments, operands, operation, number, mayReturnNull } = this.#strictCall(e)
    const isNull = disjunction(operands.map(nullTest))
    if (isNull === alwaysFalse) {
      const code = assignments.length === 0 ? operation : `(${[...assignments, operation].join(', ')})`
      return mayReturnNull ? nullable(code, number) : notNull(code, number)
    }
    return nullable(`(${[...assignments, `${isNull} ? null : ${operation}`].join(', ')})`, number)
  }

  #strictCondition(call: StrictCall, wanted: boolean): string {
    const test = call.mayReturnNull
      ? `${call.operation} === ${wanted}`
      : wanted
        ? call.operation
        : negation(call.operation)
    const condition = conjunction([...call.operands.map(notNullTest), test])
    return call.assignments.length === 0 ? condition : `(${[...call.assignments, condition].join(', ')})`
  }

  #logical(e: LogicalExpression): Operand {
    const decisive = e.kind === 'or'
    const args = this.#conditionally(() => flatten(e).map((arg) => this.compile(arg)))
    if (args.every((o) => o.nulls === 'never')) {
      return notNull(`(${args.map((o) => o.code).join(decisive ? ' || ' : ' && ')})`)
    }
    const bound = args.map((o) => ({ ...this.#conditionally(() => this.#bind(o)), o }))
    const decided = bound.map(({ assignment, atom, o }) => {
      if (o.nulls === 'never') return decisive ? o.code : negation(o.code)
      return typeof o.nulls === 'string'
        ? `${assignment ?? o.code} === ${decisive}`
        : `!${o.nulls.flag} && ${decisive ? atom.code : negation(atom.code)}`
    })
    const unknown = disjunction(bound.filter(({ o }) => o.nulls !== 'never').map(({ atom }) => nullTest(atom)))
    return nullable(`(${decided.join(' || ')} ? ${decisive} : ${unknown} ? null : ${!decisive})`)
  }

  #not(arg: Expression): Operand {
    const o = this.compile(arg)
    if (o.nulls === 'never') return notNull(negation(o.code))
    const { assignment, atom } = this.#bind(o)
    const isNull = assignment === null ? nullTest(atom) : `${assignment} === null`
    return nullable(`(${isNull} ? null : !${atom.code})`)
  }

  #nullTest(arg: Expression, negated: boolean): string {
    const o = this.compile(arg)
    // An operand that is never null is still evaluated: it may fail.
    if (o.nulls === 'never') return o.atom ? `${negated}` : `(${o.code}, ${negated})`
    if (o.nulls === 'inBand') return `${o.atom ? o.code : `(${o.code})`} ${negated ? '!==' : '==='} null`
    return negated ? `!${o.nulls.flag}` : o.nulls.flag
  }

  #distinctFrom(e: DistinctFromExpression): string {
    const left = this.#bind(this.compile(e.left))
    const right = this.#bind(this.compile(e.right))
    const equals = this.#scope.writer.slots.name(e.equals)
    const same = `${equals}(${left.atom.code}, ${right.atom.code})`
    const isSame = `(${nullTest(left.atom)} ? ${nullTest(right.atom)} : ${conjunction([notNullTest(right.atom), same])})`
    const assignments = [left.assignment, right.assignment].filter((a) => a !== null)
    const result = e.negated ? isSame : `!${isSame}`
    return assignments.length === 0 ? result : `(${[...assignments, result].join(', ')})`
  }

  #case(e: CaseExpression): Operand {
    return this.#conditionally(() => this.#branches(e))
  }

  #branches(e: CaseExpression): Operand {
    const branches = e.branches.map(({ when, then }) => ({ when: this.isTrue(when), then: this.compile(then) }))
    const otherwise = e.otherwise === null ? null : this.compile(e.otherwise)
    const values = [...branches.map(({ then }) => then), ...(otherwise === null ? [] : [otherwise])]
    const code = branches.map(({ when, then }) => `${when} ? ${boxed(then)} : `).join('')
    const neverNull = otherwise !== null && values.every((o) => o.nulls === 'never')
    const number = values.every((o) => o.number)
    const whole = `(${code}${otherwise === null ? 'null' : boxed(otherwise)})`
    return neverNull ? notNull(whole, number) : nullable(whole, number)
  }

  #coalesce(args: readonly Expression[]): Operand {
    const operands = this.#conditionally(() => args.map((arg) => this.compile(arg)))
    const end = operands.findIndex((o) => o.nulls === 'never')
    const used = end < 0 ? operands : operands.slice(0, end + 1)
    const code = used.length === 1 ? boxed(used[0]!) : `(${used.map(wrapped).join(' ?? ')})`
    const number = used.every((o) => o.number)
    return end < 0 ? nullable(code, number) : notNull(code, number)
  }

  #extremum(e: ExtremumExpression): Operand {
    const slot = this.#scope.writer.slots.name(extremum(e))
    return nullable(`${slot}(${e.args.map((arg) => boxed(this.compile(arg))).join(', ')})`, isNumberType(e.type))
  }

  #inList(e: InListExpression): Operand {
    const { assignment, atom } = this.#bind(this.compile(e.arg))
    const plain = isPlainKey(e.arg.type)
    const { found, hasNull } =
      e.list.length > 8 && e.list.every(isWithoutColumns)
        ? this.#inSet(e, atom, plain)
        : this.#conditionally(() => this.#inItems(e, atom, plain))
    const argNull = nullTest(atom)
    const [yes, no] = e.negated ? ['false', 'true'] : ['true', 'false']
    const missed = hasNull === alwaysFalse ? no : `${hasNull} ? null : ${no}`
    const result =
      hasNull === alwaysFalse ? (e.negated ? negation(found) : `(${found})`) : `(${found} ? ${yes} : ${missed})`
    const whole = argNull === alwaysFalse ? result : `(${argNull} ? null : ${result})`
    const code = assignment === null ? whole : `(${assignment}, ${whole})`
    return argNull === alwaysFalse && hasNull === alwaysFalse ? notNull(code) : nullable(code)
  }

  /** A long list is data, not code: a set in a slot if it is constant, else one that is built once a run. */
  #inSet(e: InListExpression, atom: Operand, plain: boolean): { found: string; hasNull: string } {
    const hashKey = e.hashKey as (value: Value) => unknown
    const key = plain ? atom.code : `${this.#scope.writer.slots.name(e.hashKey)}(${atom.code})`
    const build = (parameters: readonly Value[]): Set<unknown> =>
      new Set(
        e.list.map((item) => {
          const value = evaluate(item, parameters)
          return value === null ? null : plain ? value : hashKey(value)
        }),
      )
    if (e.list.every((item) => item.kind === 'constant')) {
      const set = build([])
      const hasNull = set.delete(null)
      return { found: `${this.#scope.writer.slots.name(set)}.has(${key})`, hasNull: `${hasNull}` }
    }
    const set = this.#scope.runSet(build)
    return { found: `${set}.has(${key})`, hasNull: `${set}.has(null)` }
  }

  #inItems(e: InListExpression, atom: Operand, plain: boolean): { found: string; hasNull: string } {
    const equals = this.#scope.writer.slots.name(e.equals)
    const items = e.list.map((item) => this.#bind(this.compile(item)))
    // Each item is evaluated once, in order; behind a match none is.
    const tests = items.map(({ assignment, atom: item }) => {
      const same = plain ? `${atom.code} === ${item.code}` : `${equals}(${atom.code}, ${item.code})`
      const test = plain && typeof item.nulls === 'string' ? same : conjunction([notNullTest(item), same])
      return assignment === null ? test : `(${assignment}, ${test})`
    })
    if (plain && e.arg.type.kind === 'float8') {
      const test = items.map(({ assignment, atom: item }) => {
        const same = conjunction([notNullTest(item), `${equals}(${atom.code}, ${item.code})`])
        return assignment === null ? same : `(${assignment}, ${same})`
      })
      return { found: test.join(' || '), hasNull: disjunction(items.map((item) => nullTest(item.atom))) }
    }
    return { found: tests.join(' || '), hasNull: disjunction(items.map((item) => nullTest(item.atom))) }
  }
}

/** An operand of `??` must be an atom, a call or in parentheses. */
const wrapped = (o: Operand): string => {
  const code = boxed(o)
  return o.atom || code.startsWith('(') ? code : `(${code})`
}

const conjunctionOfAll = (conditions: readonly string[]): string =>
  conditions.length === 0 ? alwaysTrue : conditions.length === 1 ? conditions[0]! : `(${conditions.join(' && ')})`

/** The arguments of nested ANDs (or ORs) as one list, without recursion. */
function flatten(e: LogicalExpression): Expression[] {
  const flat: Expression[] = []
  const pending: Expression[] = [...e.args].reverse()
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.kind === e.kind) for (const arg of [...next.args].reverse()) pending.push(arg)
    else flat.push(next)
  }
  return flat
}

/** True if the expression refers to constants and parameters only, as a bound or an item of a long IN list does. */
export function isWithoutColumns(e: Expression): boolean {
  switch (e.kind) {
    case 'constant':
    case 'parameter':
      return true
    case 'call':
      return e.args.every(isWithoutColumns)
    case 'column':
    case 'and':
    case 'or':
    case 'not':
    case 'nullTest':
    case 'booleanTest':
    case 'distinctFrom':
    case 'case':
    case 'coalesce':
    case 'greatest':
    case 'least':
    case 'inList':
      return false
  }
}
