/** Bound expressions as SQL, for EXPLAIN. Operators stand in parentheses, as PostgreSQL prints them. */
import { unreachable } from '../assert.ts'
import type { CallExpression, ConstantExpression, Expression } from '../executor/expression.ts'
import { quoteString } from '../parser/index.ts'
import { formatType, isNumber } from '../types/registry.ts'
import { formatValue } from '../types/textOutput.ts'

/** `labels`: what the columns of the input row are called. */
export function printExpression(e: Expression, labels: readonly string[]): string {
  const print = (child: Expression): string => printExpression(child, labels)
  switch (e.kind) {
    case 'column':
      return labels[e.column] ?? e.name
    case 'constant':
      return printConstant(e)
    case 'parameter':
      return `$${e.index + 1}`
    case 'call':
      return printCall(e, print)
    case 'and':
    case 'or':
      return `(${e.args.map(print).join(e.kind === 'and' ? ' AND ' : ' OR ')})`
    case 'not':
      return `(NOT ${print(e.arg)})`
    case 'nullTest':
      return `(${print(e.arg)} IS ${e.negated ? 'NOT ' : ''}NULL)`
    case 'booleanTest': {
      const value = e.value === null ? 'UNKNOWN' : e.value ? 'TRUE' : 'FALSE'
      return `(${print(e.arg)} IS ${e.negated ? 'NOT ' : ''}${value})`
    }
    case 'distinctFrom':
      return `(${print(e.left)} IS ${e.negated ? 'NOT ' : ''}DISTINCT FROM ${print(e.right)})`
    case 'case': {
      const branches = e.branches.map(({ when, then }) => ` WHEN ${print(when)} THEN ${print(then)}`).join('')
      return `CASE${branches}${e.otherwise === null ? '' : ` ELSE ${print(e.otherwise)}`} END`
    }
    case 'coalesce':
    case 'greatest':
    case 'least':
      return `${e.kind.toUpperCase()}(${e.args.map(print).join(', ')})`
    case 'inList':
      return `(${print(e.arg)} ${e.negated ? 'NOT ' : ''}IN (${e.list.map(print).join(', ')}))`
    default:
      return unreachable(e)
  }
}

function printConstant({ value, type }: ConstantExpression): string {
  if (value === null) return 'NULL'
  if (type.kind === 'boolean') return value === true ? 'true' : 'false'
  const text = formatValue(type, value)
  if (isNumber(type)) return text
  return `${quoteString(text)}::${formatType(type)}`
}

function printCall({ name, args, type }: CallExpression, print: (e: Expression) => string): string {
  const [first, second] = args
  if (name.includes('→')) return `(${print(first!)})::${formatType(type)}`
  if (name === 'bound') return print(first!)
  if (/^[^a-z0-9_]+$/i.test(name)) {
    if (args.length === 1) return `(${name} ${print(first!)})`
    if (args.length === 2) return `(${print(first!)} ${name} ${print(second!)})`
  }
  return `${name}(${args.map(print).join(', ')})`
}
