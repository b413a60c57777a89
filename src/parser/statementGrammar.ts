/** The grammar of the statements that run all day: queries, DML, EXPLAIN of them, transactions. Built on first use. */
import { invalidSyntax, unsupportedSyntax } from '../errors.ts'
import type { DataStatement, Explain, Statement } from './ast.ts'
import { TransactionGrammar } from './transactions.ts'
import { Comma, LParen, Label, IntegerToken, RParen, StringToken, keyword } from './tokens.ts'
import type { Token, TokenValue } from './tokens.ts'

/** PostgreSQL's options that are not built. */
const knownOptions = new Set(
  'verbose costs settings generic_plan buffers serialize wal timing summary memory format'.split(' '),
)

const Analyze = keyword('analyze')

export class StatementGrammar extends TransactionGrammar {
  constructor(validate: boolean) {
    super(validate)
    this.performSelfAnalysis()
  }

  readonly statement = this.RULE('statement', (): Statement =>
    this.OR([
      { ALT: () => this.SUBRULE1(this.data) },
      { ALT: () => this.SUBRULE(this.begin) },
      { ALT: () => this.SUBRULE(this.commit) },
      { ALT: () => this.SUBRULE(this.rollback) },
      { ALT: () => this.SUBRULE(this.prepareTransaction) },
      { ALT: () => this.SUBRULE(this.savepoint) },
      { ALT: () => this.SUBRULE(this.release) },
      { ALT: () => this.SUBRULE(this.setTransaction) },
      { ALT: () => this.SUBRULE(this.explain) },
    ]),
  )

  private readonly data = this.RULE('data', (): DataStatement =>
    this.OR([
      { ALT: () => this.SUBRULE(this.query) },
      { ALT: () => this.SUBRULE(this.insert) },
      { ALT: () => this.SUBRULE(this.update) },
      { ALT: () => this.SUBRULE(this.delete) },
    ]),
  )

  private readonly explain = this.RULE('explain', (): Explain => {
    const position = this.CONSUME(keyword('explain')).startOffset
    const options = { analyze: false, code: false }
    this.OPTION1({
      // A query may stand in parentheses too.
      GATE: () => !['select', 'values', 'with', 'table'].some((word) => this.atWord(word, 2)) && !this.at(LParen, 2),
      DEF: () => this.SUBRULE(this.explainOptions, { ARGS: [options] }),
    })
    this.OPTION2(() => {
      this.CONSUME(Analyze)
      options.analyze = true
    })
    if (this.atWord('verbose')) this.refuse('EXPLAIN VERBOSE')
    this.refuseStatement()
    const statement = this.SUBRULE(this.data)
    return { kind: 'explain', analyze: options.analyze, code: options.code, statement, position }
  })

  private refuseStatement(): void {
    for (const word of ['create', 'execute', 'declare', 'merge', 'refresh']) {
      if (this.atWord(word)) this.refuse(`EXPLAIN ${word.toUpperCase()}`)
    }
  }

  private readonly explainOptions = this.RULE('explainOptions', (options: { analyze: boolean; code: boolean }) => {
    this.CONSUME(LParen)
    this.AT_LEAST_ONE_SEP({
      SEP: Comma,
      DEF: () => {
        const name = this.take(1, Label)
        const on =
          this.OPTION(() =>
            this.OR([
              { ALT: () => this.take(2, Label).value },
              { ALT: () => this.take(3, IntegerToken).value },
              { ALT: () => this.take(4, StringToken).value },
            ]),
          ) ?? 'on'
        if (!this.RECORDING_PHASE) this.explainOption(name, on, options)
      },
    })
    this.CONSUME(RParen)
  })

  private explainOption(option: Token, value: TokenValue, options: { analyze: boolean; code: boolean }): void {
    const name = option.name
    const on = ['on', 'true', 1].includes(value as string | number)
    if (!on && !['off', 'false', 0].includes(value as string | number) && name !== 'format') {
      throw invalidSyntax(`${name} requires a Boolean value`, option.startOffset)
    }
    if (name === 'analyze' || name === 'code') options[name] = on
    else if (!knownOptions.has(name)) throw invalidSyntax(`unrecognized EXPLAIN option "${name}"`, option.startOffset)
    // What is off by default may be said; a text is the only format.
    else if (name === 'format' ? value !== 'text' : on)
      throw unsupportedSyntax(`EXPLAIN (${name.toUpperCase()})`, option.startOffset)
  }
}
