/**
 * Replays answers recorded from PostgreSQL 15 (postgresql-answers.tsv, tab-separated): literals and their errors, casts,
 * operators, functions. An operand is `type:text`; `num:` is a numeric literal with the scale of its text, `lit:` an
 * integer constant, `u:` a string literal of unknown type. An answer is the output form, NULL, or ERR and the message.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { DatabaseError } from '../../src/errors.ts'
import { resolveCast } from '../../src/types/casts.ts'
import { resolveFunction } from '../../src/types/functions.ts'
import { resolveOperator, resolvePrefixOperator } from '../../src/types/operators.ts'
import { fixedNumeric, INT4, resolveTypeName, UNKNOWN } from '../../src/types/registry.ts'
import type { ResolvedCall } from '../../src/types/resolvedCall.ts'
import type { SqlType } from '../../src/types/sqlType.ts'
import { parseValue } from '../../src/types/textInput.ts'
import { formatValue } from '../../src/types/textOutput.ts'
import type { Value } from '../../src/types/value.ts'

interface Operand {
  readonly type: SqlType
  readonly value: Value
  readonly literal: Value | undefined
}

function typeOf(written: string): SqlType {
  const match = /^(\w+)(?:\(([\d,]+)\))?$/.exec(written)
  return resolveTypeName(match?.[1] ?? '', match?.[2]?.split(',').map(Number) ?? [])
}

function operand(written: string): Operand {
  const colon = written.indexOf(':')
  const kind = written.slice(0, colon)
  const text = written.slice(colon + 1)
  if (kind === 'lit') return { type: INT4, value: Number(text), literal: Number(text) }
  if (kind === 'u') return { type: UNKNOWN, value: text, literal: text }
  const point = text.indexOf('.')
  const type = kind === 'num' ? fixedNumeric(point < 0 ? 0 : text.length - point - 1) : typeOf(kind)
  return { type, value: parseValue(type, text), literal: undefined }
}

function castTo(type: SqlType, { type: from, value }: Operand): Value {
  const cast = resolveCast(from, type, 'explicit')
  return cast === null ? value : (cast.call as (value: Value) => Value)(value)
}

function format(type: SqlType, value: Value): string {
  return value === null ? 'NULL' : formatValue(type, value)
}

function apply(resolved: ResolvedCall, operands: readonly Operand[]): string {
  const args = operands.map((item, i) => castTo(resolved.argumentTypes[i]!, item))
  return format(resolved.resultType, (resolved.call as (...args: readonly Value[]) => Value)(...args))
}

const types = (operands: readonly Operand[]): SqlType[] => operands.map(({ type }) => type)

function answer(form: string, fields: readonly string[]): string {
  const [first = '', second = '', third = ''] = fields
  switch (form) {
    case 'input':
      return format(typeOf(first), parseValue(typeOf(first), second))
    case 'cast':
      return format(typeOf(second), castTo(typeOf(second), operand(first)))
    case 'prefix':
      return apply(resolvePrefixOperator(first, operand(second).type), [operand(second)])
    case 'operator': {
      const operands = [operand(first), operand(third)]
      return apply(resolveOperator(second, operands[0]!.type, operands[1]!.type), operands)
    }
    case 'function': {
      const operands = fields.slice(1).map(operand)
      const literals = operands.map(({ literal }) => literal)
      return apply(resolveFunction(first, types(operands), literals), operands)
    }
    default:
      throw new Error(`unknown form ${form}`)
  }
}

function ours(form: string, fields: readonly string[]): string {
  try {
    return answer(form, fields)
  } catch (error) {
    if (error instanceof DatabaseError) return `ERR ${error.code} ${error.message}`
    throw error
  }
}

const lines = readFileSync(join(import.meta.dirname, 'postgresql-answers.tsv'), 'utf8')
  .trimEnd()
  .split('\n')

describe('PostgreSQL 15 gives the same answer to', () => {
  for (const wanted of ['input', 'cast', 'prefix', 'operator', 'function']) {
    test(`each ${wanted} recorded`, () => {
      const chosen = lines.map((line) => line.split('\t')).filter(([form]) => form === wanted)
      expect(chosen.length).toBeGreaterThan(10)
      const differing = chosen
        .map(([form = '', ...fields]) => ({ fields, expected: fields.pop(), actual: ours(form, fields) }))
        .filter(({ expected, actual }) => expected !== actual)
      expect(differing).toEqual([])
    })
  }
})
