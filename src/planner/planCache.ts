/**
 * The plan cache (D9). Lexing, parsing, binding and compiling a statement cost some hundred microseconds, running it
 * often one. So a text is looked up by what is left of it when each literal is replaced by its kind ("normalised"):
 * an ad-hoc statement with fresh literals hits.
 *
 * Two levels. The first key is the normalised text. Some literals belong to the plan (a LIKE pattern, ORDER BY 1,
 * `date '1994-01-01'`): they are *pinned*, and their values are the second key. Which ones are pinned depends on the
 * first key alone. The others are *lifted*: the plan reads them as parameters behind $1 … $n, of the type that the binder
 * gave them, and each execution converts the literals of its own text.
 *
 * A plan is good as long as the names it used find the same descriptors (catalog/catalogRoot.ts), and its tables have
 * not grown or shrunk so far that the optimiser would choose otherwise. Both are checked at each use, by identity and
 * by number.
 *
 * Texts with DDL or utility statements are parsed each time. Statements of one text are bound one after another, when
 * each is about to run: `CREATE TABLE t …; INSERT INTO t …` must see its own table.
 *
 * The least recently used texts go when the estimated bytes of all exceed the bound.
 */
import { requireText } from '../argumentChecks.ts'
import { normalise, parseStatement, parseStatements } from '../parser/index.ts'
import type { LiteralValue, NormalisedText, ParsedStatement } from '../parser/ast.ts'
import { CachedStatement } from './cachedStatement.ts'
import { comparesExpressions } from './pinning.ts'
import type { TableLookup } from './tableLookup.ts'

export interface PlanCacheOptions {
  /** Estimated bytes of all cached texts and plans together. */
  readonly maxBytes: number
}

/** The statements of one text. */
export interface CachedText {
  readonly statements: readonly CachedStatement[]
}

/** What `find` gives: the statements, and the literals of this very text (null if none was lifted). */
export interface FoundText {
  readonly text: CachedText
  readonly literals: NormalisedText | null
}

interface Shape {
  /** The slots whose values are the second key. */
  readonly pinned: readonly number[]
  /** True if no literal was lifted: all are pinned. */
  readonly constant: boolean
  /** By the pinned values; those of a shape without pinned literals stand under ''. */
  readonly texts: Map<string, CachedText>
  bytes: number
}

/** By the normalised text: something behind a semicolon, or nothing at all. */
const SEVERAL_OR_NONE = /;\s*[^;\s]|^[;\s]*$/
/** Beyond this many literals (a bulk VALUES), the statement is planned with its constants, and not kept. */
const MAX_LIFTED = 1000
/** A text whose pinned literals are always fresh (a LIKE pattern that a user types) must not push all others out. */
const MAX_PINNED_VARIANTS = 200
/** Texts that are found without a scan. */
const MAX_EXACT = 1000
/** What a parsed, bound and compiled statement weighs per character of its text, by measurement of the heap. */
const BYTES_PER_CHARACTER = 150
const BYTES_PER_TEXT = 4000

export class PlanCache {
  readonly #tables: TableLookup
  readonly #maxBytes: number
  readonly #shapes = new Map<string, Shape>()
  readonly #prepared = new Map<string, CachedText>()
  /** By the text as it stands, of those without literals: a text with parameters is the same string each time, and is not scanned. */
  readonly #exact = new Map<string, FoundText>()
  #bytes = 0

  constructor(tables: TableLookup, options: PlanCacheOptions) {
    this.#tables = tables
    this.#maxBytes = options.maxBytes
  }

  /** Estimated bytes of what is cached. */
  get bytes(): number {
    return this.#bytes
  }

  /** The statements of an ad-hoc text. Throws the parser's errors. */
  find(sql: string): FoundText {
    const exact = this.#exact.get(sql)
    if (exact !== undefined && this.#hasRoom) return exact
    const found = this.#findNormalised(sql)
    if (found.literals?.literals.length === 0 && this.#hasRoom) {
      if (this.#exact.size >= MAX_EXACT) this.#exact.clear()
      this.#exact.set(sql, found)
    }
    return found
  }

  #findNormalised(sql: string): FoundText {
    requireText('the SQL text', sql)
    const literals = normalise(sql)
    if (literals === null) return this.#once(sql)
    const shape = this.#shapes.get(literals.key)
    if (shape === undefined) return this.#miss(sql, literals)
    const text = shape.texts.get(pinnedKey(shape.pinned, literals.literals))
    if (text === undefined) return this.#miss(sql, literals)
    this.#touch(literals.key, shape)
    return shape.constant ? { text, literals: null } : { text, literals }
  }

  /** The statements of a text that is to be prepared: its literals are constants. */
  prepare(sql: string): CachedText {
    const known = this.#prepared.get(sql)
    if (known !== undefined) {
      this.#prepared.delete(sql)
      this.#prepared.set(sql, known)
      return known
    }
    requireText('the SQL text', sql)
    const parsed = parseStatements(sql)
    const text = this.#textOf(parsed)
    if (isCacheable(parsed)) {
      this.#prepared.set(sql, text)
      this.#bytes += weightOf(sql)
      this.#evict()
    }
    return text
  }

  #once(sql: string): FoundText {
    return { text: this.#textOf(parseStatements(sql)), literals: null }
  }

  /** One statement alone is cached; a script is most often a different one each time. */
  #miss(sql: string, literals: NormalisedText): FoundText {
    if (literals.literals.length > MAX_LIFTED || SEVERAL_OR_NONE.test(literals.key)) return this.#once(sql)
    const parsed = parseStatement(sql, literals)
    if (!isCacheable([parsed])) return this.#once(sql)
    const constant = comparesExpressions(parsed.statement)
    const pinned = constant ? literals.literals.map((_, slot) => slot) : parsed.pinned
    const text = this.#textOf([constant ? parseStatement(sql) : parsed])
    let shape = this.#shapes.get(literals.key)
    if (shape === undefined) {
      shape = { pinned, constant, texts: new Map(), bytes: 0 }
      this.#shapes.set(literals.key, shape)
    }
    if (shape.texts.size >= MAX_PINNED_VARIANTS) this.#forget(shape)
    shape.texts.set(pinnedKey(pinned, literals.literals), text)
    shape.bytes += weightOf(sql)
    this.#bytes += weightOf(sql)
    this.#evict()
    return { text, literals: constant ? null : literals }
  }

  #textOf(parsed: readonly ParsedStatement[]): CachedText {
    return { statements: parsed.map((statement) => new CachedStatement(statement, this.#tables)) }
  }

  #forget(shape: Shape): void {
    shape.texts.clear()
    this.#bytes -= shape.bytes
    shape.bytes = 0
  }

  /** Maps keep the order of insertion: the last is the most recently used. */
  #touch(key: string, shape: Shape): void {
    if (this.#hasRoom) return
    this.#shapes.delete(key)
    this.#shapes.set(key, shape)
  }

  /** While the cache is half empty, nobody needs to know what was used last. */
  get #hasRoom(): boolean {
    return this.#bytes < this.#maxBytes / 2
  }

  #evict(): void {
    if (this.#bytes > this.#maxBytes) this.#exact.clear()
    for (const [key, shape] of this.#shapes) {
      if (this.#bytes <= this.#maxBytes) return
      this.#shapes.delete(key)
      this.#bytes -= shape.bytes
    }
    for (const sql of this.#prepared.keys()) {
      if (this.#bytes <= this.#maxBytes) return
      this.#prepared.delete(sql)
      this.#bytes -= weightOf(sql)
    }
  }
}

function weightOf(sql: string): number {
  return BYTES_PER_TEXT + sql.length * BYTES_PER_CHARACTER
}

/** Only statements that are planned, and those of transaction control, are worth keeping. */
function isCacheable(parsed: readonly ParsedStatement[]): boolean {
  return parsed.every(({ statement }) => cacheable.has(statement.kind))
}

const cacheable: ReadonlySet<string> = new Set([
  ...['select', 'values', 'insert', 'update', 'delete', 'call'],
  ...['begin', 'set_transaction', 'commit', 'rollback', 'savepoint', 'rollback_to', 'release'],
])

/** Different values have different keys: each says its kind, and strings their length. */
function pinnedKey(pinned: readonly number[], literals: readonly LiteralValue[]): string {
  let key = ''
  for (const slot of pinned) {
    const value = literals[slot]!
    if (typeof value === 'string') key += `s${value.length}:${value}`
    else if (typeof value === 'object') key += `d${value.unscaled}/${value.scale};`
    else key += `${typeof value === 'bigint' ? 'b' : 'n'}${value};`
  }
  return key
}
