/**
 * From text to statements: split at semicolons, choose a grammar, assign slots, turn a failure into an error.
 * The grammars are built when a statement first needs them and serve one parse at a time: nothing here awaits.
 */
import { EOF } from 'chevrotain'
import { commandsInPreparedStatement, statementTooComplex, syntaxError } from '../errors.ts'
import type { NormalisedText, ParsedStatement } from './ast.ts'
import { GrammarFailure } from './grammar.ts'
import { tokenise } from './lexer.ts'
import { StatementGrammar } from './statementGrammar.ts'
import { explainFailure } from './syntaxError.ts'
import type { Attempt } from './syntaxError.ts'
import { ParameterToken, Semicolon, keyword } from './tokens.ts'
import type { Token } from './tokens.ts'
import { refuseUnsupported } from './unsupported.ts'
import { UtilityGrammar } from './utilityGrammar.ts'

/** One statement's tokens and the offset where its text is over: its semicolon's, or the end of the whole. */
interface Run {
  readonly tokens: Token[]
  readonly semicolon: number | null
}

let statementGrammar: StatementGrammar | null = null
let utilityGrammar: UtilityGrammar | null = null

const utilityWords = new Set(
  'create drop copy set show reset truncate lock listen unlisten notify call'
    .split(' ')
    .map((word) => keyword(word).tokenTypeIdx),
)
const SetWord = keyword('set')
const Transaction = keyword('transaction')

/** SET TRANSACTION and SET SESSION CHARACTERISTICS are about transactions, the other SETs about variables. */
function isUtility(tokens: readonly Token[]): boolean {
  const [first, second, third] = tokens
  if (first === undefined || !utilityWords.has(first.tokenTypeIdx)) return false
  if (first.tokenTypeIdx !== SetWord.tokenTypeIdx) return true
  const characteristics = second?.value === 'session' && third?.value === 'characteristics'
  return !characteristics && second?.tokenTypeIdx !== Transaction.tokenTypeIdx
}

type AnyGrammar = StatementGrammar | UtilityGrammar

const grammarFor = (tokens: readonly Token[]): AnyGrammar =>
  isUtility(tokens)
    ? (utilityGrammar ??= new UtilityGrammar(false))
    : (statementGrammar ??= new StatementGrammar(false))

/** The statement, or where the text stops being one (null: at its end). Errors of other kinds are thrown. */
function attempt(tokens: Token[]): Attempt {
  const grammar = grammarFor(tokens)
  try {
    grammar.input = tokens
    const statement = grammar.statement()
    const error = grammar.errors[0]
    if (error === undefined) return statement
    const { token } = error
    return { kind: 'failure', offset: token.tokenTypeIdx === EOF.tokenTypeIdx ? null : token.startOffset }
  } catch (error) {
    if (error instanceof GrammarFailure) return { kind: 'failure', offset: error.offset }
    // The bound on depth is chosen for an ordinary stack; a caller that has used most of it gets the same answer.
    if (error instanceof RangeError) throw statementTooComplex()
    throw error
  }
}

function parseRun(sql: string, run: Run): ParsedStatement {
  try {
    return readRun(sql, run)
  } finally {
    // A grammar that kept its tokens would keep the text.
    grammarFor(run.tokens).input = []
  }
}

function readRun(sql: string, { tokens, semicolon }: Run): ParsedStatement {
  refuseUnsupported(tokens)
  const statement = attempt(tokens)
  if (statement.kind === 'failure') throw explainFailure({ sql, tokens, semicolon, offset: statement.offset, attempt })
  const grammar = grammarFor(tokens)
  let parameterCount = 0
  for (const token of tokens) {
    if (token.tokenTypeIdx === ParameterToken.tokenTypeIdx)
      parameterCount = Math.max(parameterCount, Number(token.value))
  }
  return {
    statement,
    start: tokens[0]?.startOffset ?? 0,
    end: (tokens.at(-1)?.endOffset ?? -1) + 1,
    parameterCount,
    pinned: [...grammar.pinned].sort((a, b) => a - b),
  }
}

/** The statements' tokens; empty statements are left out. */
function split(tokens: readonly Token[]): Run[] {
  const runs: Run[] = []
  let run: Token[] = []
  for (const token of tokens) {
    if (token.tokenTypeIdx !== Semicolon.tokenTypeIdx) run.push(token)
    else {
      if (run.length > 0) runs.push({ tokens: run, semicolon: token.startOffset })
      run = []
    }
  }
  if (run.length > 0) runs.push({ tokens: run, semicolon: null })
  return runs
}

/** Each literal's token gets its slot; the scan and the lexer agree on where literals are. */
function assignSlots(tokens: readonly Token[], { positions }: NormalisedText): void {
  let slot = 0
  for (const token of tokens) {
    if (token.startOffset !== positions[slot]) continue
    token.slot = slot
    slot++
  }
}

/**
 * The statements of a text, in order; empty ones are skipped. Nothing is known yet about any name in them.
 * Errors: 42601 and the lexer's 22021, 22025, 22003; 0A000 for what is known and not built; 54001.
 */
export function parseStatements(sql: string): readonly ParsedStatement[] {
  return split(tokenise(sql)).map((run) => parseRun(sql, run))
}

/**
 * The one statement of a text. With `normalised` (of this very text), literals carry their slots and the result says
 * which are pinned. Errors: as parseStatements; 42601 for none or several statements.
 */
export function parseStatement(sql: string, normalised: NormalisedText | null = null): ParsedStatement {
  const tokens = tokenise(sql)
  if (normalised !== null) assignSlots(tokens, normalised)
  const [run, another] = split(tokens)
  if (run === undefined) throw syntaxError('syntax error', null, sql.length, { detail: 'Expected a statement.' })
  if (another !== undefined) throw commandsInPreparedStatement(another.tokens[0]?.startOffset ?? 0)
  return parseRun(sql, run)
}
