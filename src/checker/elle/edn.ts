/**
 * EDN, the notation in which Jepsen and Elle keep histories: as much of it as they write. Maps, vectors, lists, sets,
 * keywords, strings, numbers, nil, booleans, comments and discards; a tag (`#jepsen.history.Op{…}`) is read as what it tags.
 *
 *     {:type :ok, :f :txn, :process 0, :value [[:append 1 2] [:r 1 [1 2]]]}
 */
import { invalidHistory } from '../../errors.ts'

export class Keyword {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}

export class EdnMap {
  readonly entries: readonly (readonly [Edn, Edn])[]

  constructor(entries: readonly (readonly [Edn, Edn])[]) {
    this.entries = entries
  }

  /** The value behind a keyword; undefined if there is none. */
  get(keyword: string): Edn | undefined {
    return this.entries.find(([key]) => key instanceof Keyword && key.name === keyword)?.[1]
  }
}

/** A bigint where the number is no safe integer; symbols are strings like the rest of texts. */
export type Edn = null | boolean | number | bigint | string | Keyword | EdnMap | readonly Edn[]

const mostDepth = 100

/** All forms of a text, one after the other. @throws DatabaseError 22023 with the line */
export function readEdn(text: string): Edn[] {
  const reader = new Reader(text)
  const forms: Edn[] = []
  for (;;) {
    const form = reader.next(0)
    if (form === undefined) return forms
    forms.push(form)
  }
}

const delimiters = new Set(['(', ')', '[', ']', '{', '}', '"', ';', ' ', '\n', '\t', '\r', ','])
const closers: Readonly<Record<string, string>> = { '[': ']', '(': ')', '{': '}' }
const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '"': '"', '\\': '\\' }

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  /** Undefined at the end of the text. */
  next(depth: number): Edn | undefined {
    if (depth > mostDepth) throw this.#error(`nested more than ${mostDepth} deep`)
    this.#skipBlanks(depth)
    const first = this.#text[this.#at]
    switch (first) {
      case undefined:
        return undefined
      case '[':
      case '(':
        return this.#sequence(closers[first]!, depth)
      case '{':
        return this.#map(depth)
      case '"':
        return this.#string()
      case '#':
        return this.#dispatch(depth)
      case ']':
      case ')':
      case '}':
        throw this.#error(`"${first}" closes nothing`)
      default:
        return this.#atom()
    }
  }

  /** Comments and what `#_` discards, too: in a loop, for there may be any number in a row. */
  #skipBlanks(depth: number): void {
    for (;;) {
      const char = this.#text[this.#at]
      if (char === ';') {
        const end = this.#text.indexOf('\n', this.#at)
        this.#at = end < 0 ? this.#text.length : end
      } else if (char === '#' && this.#text[this.#at + 1] === '_') {
        this.#at += 2
        if (this.next(depth + 1) === undefined) throw this.#error('#_ discards nothing')
      } else if (char === ' ' || char === '\n' || char === '\t' || char === '\r' || char === ',') this.#at++
      else return
    }
  }

  #sequence(closer: string, depth: number): Edn[] {
    this.#at++
    const items: Edn[] = []
    for (;;) {
      this.#skipBlanks(depth)
      if (this.#text[this.#at] === closer) {
        this.#at++
        return items
      }
      const item = this.next(depth + 1)
      if (item === undefined) throw this.#error(`"${closer}" is missing`)
      items.push(item)
    }
  }

  #map(depth: number): EdnMap {
    const items = this.#sequence('}', depth)
    if (items.length % 2 === 1) throw this.#error('a map has a key without a value')
    const entries: [Edn, Edn][] = []
    for (let i = 0; i < items.length; i += 2) entries.push([items[i]!, items[i + 1]!])
    return new EdnMap(entries)
  }

  #string(): string {
    let result = ''
    for (let at = this.#at + 1; at < this.#text.length; at++) {
      const char = this.#text[at]!
      if (char === '"') {
        this.#at = at + 1
        return result
      }
      if (char !== '\\') {
        result += char
        continue
      }
      const escape = this.#text[++at] ?? ''
      if (escape === 'u') {
        const code = this.#text.slice(at + 1, at + 5)
        if (!/^[0-9a-fA-F]{4}$/.test(code)) throw this.#error('a \\u escape has four hexadecimal digits')
        result += String.fromCharCode(parseInt(code, 16))
        at += 4
        continue
      }
      const known = escapes[escape]
      if (known === undefined) throw this.#error(`unknown escape \\${escape}`)
      result += known
    }
    throw this.#error('a string does not end')
  }

  #dispatch(depth: number): Edn | undefined {
    this.#at++
    if (this.#text[this.#at] === '{') return this.#sequence('}', depth)
    if (this.#token() === '') throw this.#error('"#" tags nothing')
    return this.next(depth + 1)
  }

  #token(): string {
    const start = this.#at
    while (this.#at < this.#text.length && !delimiters.has(this.#text[this.#at]!)) this.#at++
    return this.#text.slice(start, this.#at)
  }

  #atom(): Edn {
    const token = this.#token()
    if (token === 'nil') return null
    if (token === 'true' || token === 'false') return token === 'true'
    if (token.startsWith(':')) return new Keyword(token.slice(1))
    if (/^[+-]?\d+N?$/.test(token)) {
      const digits = token.replace('N', '')
      const number = Number(digits)
      return Number.isSafeInteger(number) ? number : BigInt(digits)
    }
    if (/^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?M?$/.test(token)) return Number(token.replace('M', ''))
    return token
  }

  #error(message: string): Error {
    const line = this.#text.slice(0, this.#at).split('\n').length
    return invalidHistory(`line ${line}: ${message}`)
  }
}

export function writeEdn(form: Edn): string {
  if (form === null) return 'nil'
  if (form instanceof Keyword) return `:${form.name}`
  if (form instanceof EdnMap) {
    return `{${form.entries.map(([key, value]) => `${writeEdn(key)} ${writeEdn(value)}`).join(', ')}}`
  }
  if (Array.isArray(form)) return `[${form.map((item: Edn) => writeEdn(item)).join(' ')}]`
  if (typeof form === 'string') return JSON.stringify(form)
  return (form as number | bigint | boolean).toString()
}
