/**
 * Text of one generated function, and the slots it reads.
 *
 * The rule that keeps generated code safe (D8): **no text that a user controls is spliced into it**. Whatever comes from
 * a statement or from data (strings, names, converters, functions, big constants) goes into a *slot* and the code names
 * the slot: `k3`. Only small integers and `true`, `false`, `null` are written as literals, as JavaScript prints them.
 * Names appear in comments and in the function's name, reduced to letters, digits and underscores.
 *
 * The factory that `new Function` makes takes the slots as parameters and returns the function, so that a slot is a
 * constant of its closure, which V8's optimising compiler folds.
 */
import { statementTooComplex } from '../errors.ts'

/** Nested deeper than this, an expression is refused: the recursion here and in V8's parser stays far from its stack's end. */
export const maximumDepth = 1000

/** Constants of a generated function by the names under which its code reads them. */
export class Slots {
  readonly values: unknown[] = []
  readonly #names = new Map<unknown, string>()

  /** The code's name for `value`; equal values share a slot. */
  name(value: unknown): string {
    const known = this.#names.get(value)
    if (known !== undefined) return known
    const name = `k${this.values.length}`
    this.values.push(value)
    this.#names.set(value, name)
    return name
  }
}

export class CodeWriter {
  readonly slots = new Slots()
  readonly #lines: string[] = []
  #indent = 1
  readonly #temporaries: string[] = []
  #fresh = 0

  line(text: string): void {
    this.#lines.push('  '.repeat(this.#indent) + text)
  }

  /** `head {`; what follows is indented until `close`. */
  open(head: string): void {
    this.line(`${head} {`)
    this.#indent++
  }

  close(tail = ''): void {
    this.#indent--
    this.line(`}${tail}`)
  }

  /** A temporary that lives within one expression: declared at the top of the function, never saved when it parks. */
  temporary(): string {
    const name = `t${this.#temporaries.length}`
    this.#temporaries.push(name)
    return name
  }

  /** A number that no other name of this function bears. */
  fresh(): number {
    return this.#fresh++
  }

  /** The whole function as text, as EXPLAIN (CODE) shows it. */
  text(name: string, parameters: string, comment: string, prologue: readonly string[]): string {
    const temporaries = this.#temporaries.length === 0 ? [] : [`let ${this.#temporaries.join(', ')}`]
    const top = [...temporaries, ...prologue].map((line) => `  ${line}`)
    return [`// ${comment}`, `function ${name}(${parameters}) {`, ...top, ...this.#lines, '}'].join('\n')
  }
}

/** `text` reduced to what may stand in an identifier or a comment. */
export function identifier(text: string): string {
  const plain = text.replace(/[^A-Za-z0-9_]/g, '_').slice(0, 40)
  return /^[A-Za-z_]/.test(plain) ? plain : `_${plain}`
}

/** `(a < b)` without its parentheses, if they are one pair and hold no list. */
export function unparenthesised(code: string): string {
  if (!code.startsWith('(') || !code.endsWith(')')) return code
  let depth = 0
  for (let i = 0; i < code.length - 1; i++) {
    if (code[i] === '(') depth++
    else if (code[i] === ')') depth--
    if (depth === 0 || (depth === 1 && code[i] === ',')) return code
  }
  return code.slice(1, -1)
}

/** Makes the function whose text is `text`; its slots are `slots`. The only place of the engine that evaluates text. */
export function instantiate(text: string, slots: readonly unknown[]): unknown {
  try {
    const names = slots.map((_, index) => `k${index}`)
    // The parentheses make V8 compile the function at once, so that a stack overflow of its parser shows here.
    const body = `'use strict'\nreturn (${text.replace(/^(\/\/[^\n]*\n)+/, '')})`
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- code generation is this file's purpose
    const factory: unknown = new Function(...names, body)
    return (factory as (...values: readonly unknown[]) => unknown)(...slots)
  } catch (error) {
    if (error instanceof RangeError) throw statementTooComplex()
    throw error
  }
}
