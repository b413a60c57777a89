/**
 * The code of hash keys: what a Map or Set of a join, an aggregation or a DISTINCT is asked for. One column whose values are
 * Map keys as they are is its own key; several columns make one string from which each of them could be read back, so that
 * different rows never share a key: ('a', 'bc') is `1:a2:bc`, ('ab', 'c') is `2:ab1:c`.
 */
import { hashKey } from '../types/comparison.ts'
import type { SqlType } from '../types/sqlType.ts'
import type { Value } from '../types/value.ts'
import type { CodeWriter } from './codeWriter.ts'
import { boxed, isPlainKey, type Operand } from './compileExpression.ts'

/** An expression for the key of `operands`; nulls are equal to each other. */
export function keyCode(writer: CodeWriter, operands: readonly Operand[], types: readonly SqlType[]): string {
  if (operands.length === 0) return `''`
  if (operands.length === 1) return singleKey(writer, operands[0]!, types[0]!)
  const parts = operands.map((o, i) => {
    const type = types[i]!
    const part = hasFixedAlphabet(type) ? boxed(o) : `${writer.slots.name(prefixed(type))}(${boxed(o)})`
    return '${' + part + '}'
  })
  return '`' + parts.join(',') + '`'
}

function singleKey(writer: CodeWriter, o: Operand, type: SqlType): string {
  if (isPlainKey(type)) return boxed(o)
  const key = writer.slots.name(hashKey(type))
  return o.nulls === 'never' ? `${key}(${o.code})` : `${writer.slots.name(nullSafe(type))}(${boxed(o)})`
}

/** True if no value's text contains a comma, nor is the text of null that of another value. */
const hasFixedAlphabet = (type: SqlType): boolean => isPlainKey(type) && type.kind !== 'text' && type.kind !== 'varchar'

const functions = new Map<string, (value: Value) => unknown>()

function interned(name: string, make: () => (value: Value) => unknown): (value: Value) => unknown {
  const known = functions.get(name) ?? make()
  functions.set(name, known)
  return known
}

const nullSafe = (type: SqlType): ((value: Value) => unknown) =>
  interned(`key ${type.kind}`, () => {
    const key = hashKey(type)
    return (value) => (value === null ? null : key(value))
  })

const prefixed = (type: SqlType): ((value: Value) => unknown) =>
  interned(`prefixed ${type.kind}`, () => {
    const key = hashKey(type)
    return (value) => {
      if (value === null) return '~'
      const text = String(key(value))
      return `${text.length}:${text}`
    }
  })
