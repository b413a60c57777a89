/**
 * Cuts lines of text into statements as they are typed or read: a statement ends at a `;` that stands in no string,
 * quoted name, dollar quote or comment. It knows only so much of PostgreSQL's lexical structure, needs no engine (the
 * prompt is there before the engine is loaded), and looks at every character once, however long a statement is.
 */
export type Input =
  | { readonly kind: 'statement'; readonly sql: string; readonly line: number }
  /** A line that begins with a backslash where a statement could begin. */
  | { readonly kind: 'command'; readonly text: string; readonly line: number }

/** What is open at the end of the text, as psql's prompt shows it: '=' nothing, '-' a statement, else a quote, a comment, a parenthesis. */
export type Pending = '=' | '-' | "'" | '"' | '$' | '*' | '('

type Mode =
  | { readonly kind: 'plain' }
  | { readonly kind: 'quoted'; readonly quote: "'" | '"'; readonly escapes: boolean }
  | { readonly kind: 'dollar'; readonly tag: string }
  | { readonly kind: 'comment'; depth: number }

const plain: Mode = { kind: 'plain' }
const dollarTag = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y
/** A name or key word: whole, so that the $ in `a$b$` begins nothing, and the e of `note'…'` is no prefix. */
const word = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y

export class StatementReader {
  #mode: Mode = plain
  #parentheses = 0
  /** Pieces of the current statement, and the line on which it began. */
  #pieces: string[] = []
  #firstLine = 0
  /** The statement has something that is no blank and no comment. */
  #meaningful = false
  #lineNumber = 0

  /** Takes one line, its line end included (the last one may have none). */
  push(line: string): readonly Input[] {
    this.#lineNumber++
    if (this.#pieces.length === 0 && /^\s*\\/.test(line)) {
      return [{ kind: 'command', text: line.trim(), line: this.#lineNumber }]
    }
    const inputs: Input[] = []
    let from = 0
    let at = 0
    while (at < line.length) {
      if (this.#mode.kind === 'plain' && line[at] === ';') {
        this.#keep(line.slice(from, at + 1))
        this.#complete(inputs)
        from = at + 1
      }
      at = this.#advance(line, at)
    }
    this.#keep(line.slice(from))
    return inputs
  }

  /** At the end of the input, what has no `;` is a statement all the same. */
  end(): readonly Input[] {
    const inputs: Input[] = []
    this.#complete(inputs)
    return inputs
  }

  get pending(): Pending {
    switch (this.#mode.kind) {
      case 'quoted':
        return this.#mode.quote
      case 'dollar':
        return '$'
      case 'comment':
        return '*'
      case 'plain':
        if (this.#parentheses > 0) return '('
        return this.#meaningful ? '-' : '='
    }
  }

  #keep(piece: string): void {
    if (this.#pieces.length === 0) {
      if (piece.trim() === '') return
      this.#firstLine = this.#lineNumber
    }
    this.#pieces.push(piece)
  }

  #complete(inputs: Input[]): void {
    if (this.#meaningful) inputs.push({ kind: 'statement', sql: this.#pieces.join('').trim(), line: this.#firstLine })
    this.#pieces = []
    this.#meaningful = false
    this.#parentheses = 0
    this.#mode = plain
  }

  /** The position after the character, or after the mark that begins there. */
  #advance(line: string, at: number): number {
    const mode = this.#mode
    switch (mode.kind) {
      case 'plain':
        return this.#advancePlain(line, at)
      case 'quoted':
        if (mode.escapes && line[at] === '\\') return at + 2
        if (line[at] !== mode.quote) return at + 1
        if (line[at + 1] === mode.quote) return at + 2
        this.#mode = plain
        return at + 1
      case 'dollar':
        if (!line.startsWith(mode.tag, at)) return at + 1
        this.#mode = plain
        return at + mode.tag.length
      case 'comment':
        if (line.startsWith('/*', at)) mode.depth++
        else if (!line.startsWith('*/', at)) return at + 1
        else if (--mode.depth === 0) this.#mode = plain
        return at + 2
    }
  }

  #advancePlain(line: string, at: number): number {
    const character = line[at]!
    if (character === '-' && line[at + 1] === '-') return line.length
    if (character === '/' && line[at + 1] === '*') {
      this.#mode = { kind: 'comment', depth: 1 }
      return at + 2
    }
    if (character.trim() !== '' && character !== ';') this.#meaningful = true
    const name = matchAt(word, line, at)
    if (name !== null) {
      const isPrefix = /^e$/i.test(name) && line[at + 1] === "'"
      if (isPrefix) this.#mode = { kind: 'quoted', quote: "'", escapes: true }
      return at + name.length + (isPrefix ? 1 : 0)
    }
    if (character === "'" || character === '"') this.#mode = { kind: 'quoted', quote: character, escapes: false }
    else if (character === '(') this.#parentheses++
    else if (character === ')') this.#parentheses = Math.max(0, this.#parentheses - 1)
    else if (character === '$') {
      const tag = matchAt(dollarTag, line, at)
      if (tag !== null) this.#mode = { kind: 'dollar', tag }
      return at + (tag?.length ?? 1)
    }
    return at + 1
  }
}

function matchAt(sticky: RegExp, text: string, at: number): string | null {
  sticky.lastIndex = at
  return sticky.exec(text)?.[0] ?? null
}
