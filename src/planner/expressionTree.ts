/** Walks over bound expressions: children, rewriting, equality, the attributes that an expression reads. */
import { unreachable } from '../assert.ts'
import type { ColumnExpression, Expression } from '../executor/expression.ts'
import { Decimal } from '../types/decimal.ts'
import { BOOLEAN, sameType } from '../types/registry.ts'
import type { Value } from '../types/value.ts'

export function children(e: Expression): readonly Expression[] {
  switch (e.kind) {
    case 'column':
    case 'constant':
    case 'parameter':
      return []
    case 'call':
    case 'and':
    case 'or':
    case 'coalesce':
    case 'greatest':
    case 'least':
      return e.args
    case 'not':
    case 'nullTest':
    case 'booleanTest':
      return [e.arg]
    case 'distinctFrom':
      return [e.left, e.right]
    case 'case':
      return [
        ...e.branches.flatMap((branch) => [branch.when, branch.then]),
        ...(e.otherwise === null ? [] : [e.otherwise]),
      ]
    case 'inList':
      return [e.arg, ...e.list]
    default:
      return unreachable(e)
  }
}

/** The list with each item mapped; null if none changed. A wide condition that stays as it is allocates nothing. */
function mapList(list: readonly Expression[], map: (child: Expression) => Expression): readonly Expression[] | null {
  let mapped: Expression[] | null = null
  for (let i = 0; i < list.length; i++) {
    const child = list[i]!
    const changed = map(child)
    if (mapped !== null) mapped.push(changed)
    else if (changed !== child) {
      mapped = list.slice(0, i)
      mapped.push(changed)
    }
  }
  return mapped
}

/** The same expression over other children; itself if none changed. */
export function mapChildren(e: Expression, map: (child: Expression) => Expression): Expression {
  switch (e.kind) {
    case 'column':
    case 'constant':
    case 'parameter':
      return e
    case 'call':
    case 'and':
    case 'or':
    case 'coalesce':
    case 'greatest':
    case 'least': {
      const args = mapList(e.args, map)
      return args === null ? e : { ...e, args }
    }
    case 'not':
    case 'nullTest':
    case 'booleanTest': {
      const arg = map(e.arg)
      return arg === e.arg ? e : { ...e, arg }
    }
    case 'distinctFrom': {
      const left = map(e.left)
      const right = map(e.right)
      return left === e.left && right === e.right ? e : { ...e, left, right }
    }
    case 'case': {
      const branches = e.branches.map(({ when, then }) => ({ when: map(when), then: map(then) }))
      return { ...e, branches, otherwise: e.otherwise === null ? null : map(e.otherwise) }
    }
    case 'inList': {
      const arg = map(e.arg)
      const list = mapList(e.list, map)
      return arg === e.arg && list === null ? e : { ...e, arg, list: list ?? e.list }
    }
    default:
      return unreachable(e)
  }
}

/** Replaces each column. */
export function mapColumns(e: Expression, map: (column: ColumnExpression) => Expression): Expression {
  return e.kind === 'column' ? map(e) : mapChildren(e, (child) => mapColumns(child, map))
}

/** Adds the attributes that `e` reads. */
export function collectColumns(e: Expression, into: Set<number>): void {
  if (e.kind === 'column') into.add(e.column)
  else for (const child of children(e)) collectColumns(child, into)
}

export function columnsIn(expressions: Expression | readonly (Expression | null)[]): Set<number> {
  const columns = new Set<number>()
  if ('kind' in expressions) {
    collectColumns(expressions, columns)
    return columns
  }
  for (const e of expressions) if (e !== null) collectColumns(e, columns)
  return columns
}

export function some(e: Expression, test: (node: Expression) => boolean): boolean {
  return test(e) || children(e).some((child) => some(child, test))
}

export function hasColumns(e: Expression): boolean {
  return some(e, (node) => node.kind === 'column')
}

/** True if two evaluations over the same row may differ. */
export function isVolatile(e: Expression): boolean {
  return some(e, (node) => node.kind === 'call' && !node.immutable)
}

/** Structural equality; two lifted literals are never equal. */
export function equalExpressions(a: Expression, b: Expression): boolean {
  if (a === b) return true
  if (a.kind !== b.kind || !sameType(a.type, b.type)) return false
  switch (a.kind) {
    case 'column':
      return b.kind === 'column' && a.column === b.column
    case 'constant':
      return b.kind === 'constant' && equalConstants(a.value, b.value)
    case 'parameter':
      return b.kind === 'parameter' && a.index === b.index
    case 'call':
      // The name and the types say which operation it is: casts are made anew for each use.
      if (b.kind !== 'call' || a.name !== b.name || !a.immutable) return false
      break
    case 'nullTest':
      if (b.kind !== 'nullTest' || a.negated !== b.negated) return false
      break
    case 'booleanTest':
      if (b.kind !== 'booleanTest' || a.negated !== b.negated || a.value !== b.value) return false
      break
    case 'distinctFrom':
      if (b.kind !== 'distinctFrom' || a.negated !== b.negated) return false
      break
    case 'inList':
      if (b.kind !== 'inList' || a.negated !== b.negated) return false
      break
    case 'case':
      if (b.kind !== 'case' || (a.otherwise === null) !== (b.otherwise === null)) return false
      break
    default:
      break
  }
  const left = children(a)
  const right = children(b)
  return left.length === right.length && left.every((child, i) => equalExpressions(child, right[i]!))
}

function equalConstants(a: Value, b: Value): boolean {
  if (Object.is(a, b)) return true
  return a instanceof Decimal && b instanceof Decimal && a.scale === b.scale && a.digits === b.digits
}

/** The operands of a conjunction, nested ones too. */
export function conjuncts(e: Expression | null): readonly Expression[] {
  if (e === null) return []
  if (e.kind !== 'and') return [e]
  const found: Expression[] = []
  collectConjuncts(e.args, found)
  return found
}

function collectConjuncts(args: readonly Expression[], into: Expression[]): void {
  for (const arg of args) {
    if (arg.kind === 'and') collectConjuncts(arg.args, into)
    else into.push(arg)
  }
}

/** Null for none. */
export function conjunction(predicates: readonly Expression[]): Expression | null {
  if (predicates.length <= 1) return predicates[0] ?? null
  return { kind: 'and', args: predicates, type: BOOLEAN }
}
