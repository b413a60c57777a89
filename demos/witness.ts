/**
 * The condition under `occurs when`: what must be true of a finished run for its anomaly to have happened. It is judged
 * here, on what the statements of the run returned, and never by the engine that is on trial.
 *
 *   seen = 500 and B rolled back
 *   checking + savings <> 200 and A committed
 *
 * A name stands for the single value that the step of that name returned. A step that was never run, failed, or did
 * not return one row of one column has no value; like NULL it makes every comparison false.
 */
export interface Witness {
  readonly text: string
  readonly condition: Condition
  /** The names of results and of sessions that the condition asks for. */
  readonly results: readonly string[]
  readonly sessions: readonly string[]
}

export type Ending = 'committed' | 'rolled back'

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly left: Condition; readonly right: Condition }
  | { readonly kind: 'not'; readonly operand: Condition }
  | { readonly kind: 'ended'; readonly session: string; readonly ending: Ending }
  | { readonly kind: 'compare'; readonly operator: Comparison; readonly left: Term; readonly right: Term }

export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>='

export type Term =
  | { readonly kind: 'literal'; readonly value: number | string }
  | { readonly kind: 'result'; readonly name: string }
  | { readonly kind: 'sum'; readonly sign: 1 | -1; readonly left: Term; readonly right: Term }

/** What a run has to offer to its witness. */
export interface Evidence {
  /** The single value of the named result as text; null if it is NULL or there is none. */
  value(name: string): string | null
  ending(session: string): Ending | null
}

export function holds(condition: Condition, evidence: Evidence): boolean {
  switch (condition.kind) {
    case 'and':
      return holds(condition.left, evidence) && holds(condition.right, evidence)
    case 'or':
      return holds(condition.left, evidence) || holds(condition.right, evidence)
    case 'not':
      return !holds(condition.operand, evidence)
    case 'ended':
      return evidence.ending(condition.session) === condition.ending
    case 'compare':
      return compare(condition.operator, evaluate(condition.left, evidence), evaluate(condition.right, evidence))
  }
}

type Operand = number | string | null

function evaluate(term: Term, evidence: Evidence): Operand {
  switch (term.kind) {
    case 'literal':
      return term.value
    case 'result':
      return operand(evidence.value(term.name))
    case 'sum': {
      const [left, right] = [evaluate(term.left, evidence), evaluate(term.right, evidence)]
      return left === null || right === null ? null : Number(left) + term.sign * Number(right)
    }
  }
}

/** Numbers reach us as text; what looks like one compares as one. */
function operand(value: string | null): Operand {
  if (value === null) return null
  return /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value
}

function compare(operator: Comparison, left: Operand, right: Operand): boolean {
  if (left === null || right === null) return false
  const order =
    typeof left === 'string' && typeof right === 'string'
      ? Number(left > right) - Number(left < right)
      : Math.sign(Number(left) - Number(right))
  switch (operator) {
    case '=':
      return order === 0
    case '<>':
      return order !== 0
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
  }
}

/** `fault` makes the error of a text that is no condition. */
export function parseWitness(text: string, fault: (message: string) => Error): Witness {
  const parser = new Parser(text, fault)
  const condition = parser.disjunction()
  parser.end()
  return { text, condition, results: [...parser.results], sessions: [...parser.sessions] }
}

const token = /\s*(?:(\d+)|'([^']*)'|([A-Za-z_]\w*)|(<>|<=|>=|[=<>+()-]))/y

interface Token {
  readonly kind: 'number' | 'string' | 'word' | 'sign' | 'end'
  readonly text: string
}

/** Recursive descent: or < and < not < comparison < sum < operand. */
class Parser {
  readonly results = new Set<string>()
  readonly sessions = new Set<string>()
  readonly #tokens: readonly Token[]
  readonly #fault: (message: string) => Error
  #at = 0

  constructor(text: string, fault: (message: string) => Error) {
    this.#fault = fault
    this.#tokens = tokens(text, fault)
  }

  end(): void {
    if (this.#peek().kind !== 'end') throw this.#unexpected('"and", "or" or the end')
  }

  disjunction(): Condition {
    let left = this.#conjunction()
    while (this.#take('word', 'or')) left = { kind: 'or', left, right: this.#conjunction() }
    return left
  }

  #conjunction(): Condition {
    let left = this.#negation()
    while (this.#take('word', 'and')) left = { kind: 'and', left, right: this.#negation() }
    return left
  }

  #negation(): Condition {
    if (this.#take('word', 'not')) return { kind: 'not', operand: this.#negation() }
    if (this.#take('sign', '(')) {
      const inner = this.disjunction()
      if (!this.#take('sign', ')')) throw this.#unexpected('")"')
      return inner
    }
    const next = this.#peek()
    return next.kind === 'word' && /^[A-Z]/.test(next.text) ? this.#ended() : this.#comparison()
  }

  #ended(): Condition {
    const session = this.#next().text
    this.sessions.add(session)
    if (this.#take('word', 'committed')) return { kind: 'ended', session, ending: 'committed' }
    if (this.#take('word', 'rolled') && this.#take('word', 'back')) {
      return { kind: 'ended', session, ending: 'rolled back' }
    }
    throw this.#unexpected('"committed" or "rolled back"')
  }

  #comparison(): Condition {
    const left = this.#sum()
    const operator = this.#next().text
    if (!isComparison(operator)) throw this.#fault('a comparison (=, <>, <, <=, >, >=) was expected')
    return { kind: 'compare', operator, left, right: this.#sum() }
  }

  #sum(): Term {
    let left = this.#operand()
    for (;;) {
      if (this.#take('sign', '+')) left = { kind: 'sum', sign: 1, left, right: this.#operand() }
      else if (this.#take('sign', '-')) left = { kind: 'sum', sign: -1, left, right: this.#operand() }
      else return left
    }
  }

  #operand(): Term {
    if (this.#take('sign', '-')) {
      if (this.#peek().kind !== 'number') throw this.#unexpected('a number')
      return { kind: 'literal', value: -Number(this.#next().text) }
    }
    const { kind, text } = this.#peek()
    if (kind === 'number' || kind === 'string' || (kind === 'word' && /^[a-z]/.test(text))) this.#at++
    else throw this.#unexpected("a name, a number or a 'text'")
    if (kind === 'word') this.results.add(text)
    return kind === 'word'
      ? { kind: 'result', name: text }
      : { kind: 'literal', value: kind === 'number' ? Number(text) : text }
  }

  #peek(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', text: '' }
  }

  #next(): Token {
    const next = this.#peek()
    this.#at++
    return next
  }

  #take(kind: Token['kind'], text: string): boolean {
    const next = this.#peek()
    if (next.kind !== kind || next.text !== text) return false
    this.#at++
    return true
  }

  #unexpected(expected: string): Error {
    const { kind, text } = this.#peek()
    return this.#fault(`${expected} was expected, ${kind === 'end' ? 'the condition ends there' : `not "${text}"`}`)
  }
}

const isComparison = (text: string): text is Comparison => ['=', '<>', '<', '<=', '>', '>='].includes(text)

function tokens(text: string, fault: (message: string) => Error): readonly Token[] {
  const found: Token[] = []
  const trimmed = text.trimEnd()
  token.lastIndex = 0
  while (token.lastIndex < trimmed.length) {
    const from = token.lastIndex
    const match = token.exec(trimmed)
    if (match === null) throw fault(`"${trimmed.slice(from).trim()}" cannot be read`)
    const [, number, string, word, sign] = match
    if (number !== undefined) found.push({ kind: 'number', text: number })
    else if (string !== undefined) found.push({ kind: 'string', text: string })
    else if (word !== undefined) found.push({ kind: 'word', text: word })
    else found.push({ kind: 'sign', text: sign! })
  }
  return found
}
