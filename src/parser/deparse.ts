/**
 * Writes an expression back as SQL, with no more parentheses than the grammar needs: for messages, for CHECK and
 * DEFAULT in `\d`, for EXPLAIN. Reading the text again gives the same tree (but for positions and slots); a test
 * holds it to that. Types are written by their SQL names, keywords in upper case.
 */
import { unreachable } from '../assert.ts'
import type { Expression, FunctionCall, NumericLiteral, TypeName, UnaryExpression } from './ast.ts'
import { columnWords, functionWords, reservedWords } from './keywords.ts'
import { bindingPower, operatorPower } from './precedence.ts'

const restricted: ReadonlySet<string> = new Set([...reservedWords, ...columnWords, ...functionWords])
const notFunctions: ReadonlySet<string> = new Set([...reservedWords, ...columnWords])

const plainName = /^[a-z_][a-z0-9_$]*$/

/** A name as it must be written: quoted if it would fold, or is a keyword. */
export const quoteIdentifier = (name: string): string =>
  plainName.test(name) && !restricted.has(name) ? name : `"${name.replaceAll('"', '""')}"`

export const quoteString = (value: string): string => `'${value.replaceAll("'", "''")}'`

const typeNames: Readonly<Record<string, readonly [before: string, behind: string]>> = {
  bool: ['boolean', ''],
  int2: ['smallint', ''],
  int4: ['integer', ''],
  int8: ['bigint', ''],
  float4: ['real', ''],
  float8: ['double precision', ''],
  numeric: ['numeric', ''],
  varchar: ['character varying', ''],
  bpchar: ['character', ''],
  time: ['time', ' without time zone'],
  timetz: ['time', ' with time zone'],
  timestamp: ['timestamp', ' without time zone'],
  timestamptz: ['timestamp', ' with time zone'],
}

/** A type as PostgreSQL's format_type writes it. */
export function deparseType({ schema, name, modifiers }: TypeName): string {
  const list = modifiers.length === 0 ? '' : `(${modifiers.join(',')})`
  const known = schema === null && Object.hasOwn(typeNames, name) ? typeNames[name] : undefined
  if (known !== undefined) return `${known[0]}${list}${known[1]}`
  return `${schema === null ? '' : `${quoteIdentifier(schema)}.`}${quoteIdentifier(name)}${list}`
}

/** How tightly the text of an expression holds together. */
function powerOf(expression: Expression): number {
  switch (expression.kind) {
    case 'null':
    case 'boolean':
    case 'string':
    case 'parameter':
    case 'column':
    case 'case':
    case 'function':
      return bindingPower.primary
    case 'integer':
      return expression.value < 0 ? bindingPower.sign : bindingPower.primary
    case 'numeric':
      return expression.unscaled < 0 ? bindingPower.sign : bindingPower.primary
    case 'cast':
      return bindingPower.typecast
    case 'unary':
      return isSign(expression) ? bindingPower.sign : bindingPower.operator
    case 'binary':
      return operatorPower(expression.operator)
    case 'between':
    case 'in':
    case 'like':
      return bindingPower.pattern
    case 'is':
    case 'is_distinct':
      return bindingPower.is
    case 'not':
      return bindingPower.not
    case 'logical':
      return expression.operator === 'and' ? bindingPower.and : bindingPower.or
    default:
      return unreachable(expression)
  }
}

const isSign = ({ operator }: UnaryExpression): boolean => operator === '-' || operator === '+'

/** In parentheses unless it binds at least as tightly as `minimum`. */
const within = (expression: Expression, minimum: number): string =>
  powerOf(expression) >= minimum ? deparse(expression) : `(${deparse(expression)})`

const tighter = (expression: Expression, power: number): string => within(expression, power + 1)

/** The SQL text of an expression. */
export function deparse(expression: Expression): string {
  switch (expression.kind) {
    case 'null':
      return 'NULL'
    case 'boolean':
      return expression.value ? 'TRUE' : 'FALSE'
    case 'integer':
      return expression.value.toString()
    case 'numeric':
      return numericText(expression)
    case 'string':
      return quoteString(expression.value)
    case 'parameter':
      return `$${String(expression.index)}`
    case 'column':
      return [expression.schema, expression.table, expression.name]
        .filter((part) => part !== null)
        .map(quoteIdentifier)
        .join('.')
    case 'unary':
      return unaryText(expression)
    case 'binary': {
      const power = operatorPower(expression.operator)
      const left = within(expression.left, power === bindingPower.comparison ? power + 1 : power)
      return `${left} ${expression.operator} ${tighter(expression.right, power)}`
    }
    case 'logical': {
      const power = powerOf(expression)
      const operands = expression.operands.map((operand) => tighter(operand, power))
      return operands.join(expression.operator === 'and' ? ' AND ' : ' OR ')
    }
    case 'not':
      return `NOT ${within(expression.operand, bindingPower.not)}`
    case 'is':
      return `${tighter(expression.operand, bindingPower.is)} IS ${not(expression)}${expression.test.toUpperCase()}`
    case 'is_distinct': {
      const [left, right] = [expression.left, expression.right].map((side) => tighter(side, bindingPower.is))
      return `${left} IS ${not(expression)}DISTINCT FROM ${right}`
    }
    default:
      return deparseForm(expression)
  }
}

type Simple = 'null' | 'boolean' | 'integer' | 'numeric' | 'string' | 'parameter' | 'column'
type Operation = 'unary' | 'binary' | 'logical' | 'not' | 'is' | 'is_distinct'

/** What is written with words of its own. */
function deparseForm(expression: Exclude<Expression, { readonly kind: Simple | Operation }>): string {
  switch (expression.kind) {
    case 'between': {
      const [operand, low, high] = [expression.operand, expression.low, expression.high].map((part) =>
        tighter(part, bindingPower.pattern),
      )
      return `${operand} ${not(expression)}BETWEEN ${expression.symmetric ? 'SYMMETRIC ' : ''}${low} AND ${high}`
    }
    case 'in': {
      const items = expression.items.map(deparse).join(', ')
      return `${tighter(expression.operand, bindingPower.pattern)} ${not(expression)}IN (${items})`
    }
    case 'like': {
      const [operand, pattern] = [expression.operand, expression.pattern].map((part) =>
        tighter(part, bindingPower.pattern),
      )
      const escape = expression.escape === null ? '' : ` ESCAPE ${tighter(expression.escape, bindingPower.escape)}`
      return `${operand} ${not(expression)}${expression.caseInsensitive ? 'ILIKE' : 'LIKE'} ${pattern}${escape}`
    }
    case 'case': {
      const branches = expression.branches.map((b) => ` WHEN ${deparse(b.condition)} THEN ${deparse(b.result)}`)
      const operand = expression.operand === null ? '' : ` ${deparse(expression.operand)}`
      const otherwise = expression.otherwise === null ? '' : ` ELSE ${deparse(expression.otherwise)}`
      return `CASE${operand}${branches.join('')}${otherwise} END`
    }
    case 'cast':
      return `${within(expression.operand, bindingPower.typecast)}::${deparseType(expression.type)}`
    case 'function':
      return callText(expression)
    default:
      return unreachable(expression)
  }
}

const not = ({ negated }: { readonly negated: boolean }): string => (negated ? 'NOT ' : '')

/** Digits with the point in its place. A scale of 0 keeps the point, where the digits alone would be an integer. */
function numericText({ unscaled, scale }: NumericLiteral): string {
  const value = BigInt(unscaled)
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0')
  const sign = value < 0n ? '-' : ''
  if (scale > 0) return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
  return `${sign}${digits}${value <= 9223372036854775807n ? '.' : ''}`
}

/** `--` would begin a comment, and two operators side by side would be one. */
function unaryText(expression: UnaryExpression): string {
  if (!isSign(expression)) return `${expression.operator} ${tighter(expression.operand, bindingPower.operator)}`
  const operand = within(expression.operand, bindingPower.sign)
  return `${expression.operator}${/^[-+]/.test(operand) ? ' ' : ''}${operand}`
}

const niladic = new Set(
  'current_date current_time current_timestamp localtime localtimestamp current_user current_role session_user system_user user current_catalog'.split(
    ' ',
  ),
)

/** Keywords that are called like functions. */
const forms = new Set(['coalesce', 'nullif', 'greatest', 'least', 'substring'])

function callText({ schema, name, arguments: args, distinct, star }: FunctionCall): string {
  const [first, second] = args
  if (schema === null && !distinct) {
    if (args.length === 0 && !star && niladic.has(name)) return name.toUpperCase()
    if (name === 'extract' && first?.kind === 'string' && second !== undefined && args.length === 2) {
      const field = quoteIdentifier(first.value) === first.value ? first.value : quoteString(first.value)
      return `EXTRACT(${field} FROM ${deparse(second)})`
    }
    if (name === 'position' && first !== undefined && second !== undefined && args.length === 2) {
      return `POSITION(${tighter(second, bindingPower.pattern)} IN ${tighter(first, bindingPower.pattern)})`
    }
  }
  const list = star ? '*' : `${distinct ? 'DISTINCT ' : ''}${args.map(deparse).join(', ')}`
  if (schema === null && forms.has(name) && !(name === 'substring' && distinct))
    return `${name === 'substring' ? name : name.toUpperCase()}(${list})`
  const called = plainName.test(name) && !notFunctions.has(name) ? name : `"${name.replaceAll('"', '""')}"`
  return `${schema === null ? '' : `${quoteIdentifier(schema)}.`}${called}(${list})`
}
