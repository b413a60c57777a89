/** The grammar of SET, SHOW, RESET and COPY: statements whose words are mostly values. */
import { invalidCopyFormat, invalidSyntax, unsupportedSyntax } from '../errors.ts'
import type { ColumnName, Copy, CopyOptions, Reset, SetVariable, Show } from './ast.ts'
import { OperandGrammar } from './operands.ts'
import {
  ColumnId,
  Comma,
  Dot,
  Equal,
  IntegerToken,
  LParen,
  Label,
  NumericToken,
  RParen,
  Sign,
  StringToken,
  Word,
  keyword,
} from './tokens.ts'
import type { Token } from './tokens.ts'

const All = keyword('all')
const As = keyword('as')
const Default = keyword('default')
const From = keyword('from')
const To = keyword('to')
const Where = keyword('where')
const With = keyword('with')

type WritableCopyOptions = { -readonly [K in keyof CopyOptions]: CopyOptions[K] }

/** Names that PostgreSQL spells as several words. */
const spelledNames: readonly (readonly [words: readonly string[], name: string])[] = [
  [['time', 'zone'], 'timezone'],
  [['transaction', 'isolation', 'level'], 'transaction_isolation'],
  [['names'], 'client_encoding'],
]

export abstract class SettingGrammar extends OperandGrammar {
  // --------------------------------------------------------------------------------------------- SET, SHOW, RESET

  readonly set = this.RULE('set', (): SetVariable => {
    const position = this.CONSUME(keyword('set')).startOffset
    const local = this.atWord('local') && !this.at(To, 2) && !this.at(Equal, 2)
    const scoped = local || (this.atWord('session') && !this.at(To, 2) && !this.at(Equal, 2))
    this.OPTION1({ GATE: () => scoped, DEF: () => this.take(1, Word) })
    if (this.atWord('constraints')) this.refuse('SET CONSTRAINTS')
    if (this.atWord('role') || this.atWord('authorization')) this.refuse(`SET ${this.upperAt(1)}`)
    if (this.atWord('schema')) this.refuse('SET SCHEMA')
    // TIME ZONE and NAMES are followed by the value itself.
    const zone = (this.atWord('time') && this.atWord('zone', 2)) || this.atWord('names')
    const name = this.SUBRULE(this.variableName)
    this.OPTION2({
      GATE: () => !zone,
      DEF: () => {
        if (this.at(From)) this.refuse('SET … FROM CURRENT')
        this.OR([{ ALT: () => this.CONSUME(To) }, { ALT: () => this.CONSUME(Equal) }])
      },
    })
    if (!zone && !this.RECORDING_PHASE && !this.at(To, 0) && !this.at(Equal, 0)) this.fail()
    if (this.atWord('interval')) this.refuse('an interval literal')
    const isDefault = this.at(Default) || (zone && name === 'timezone' && this.atWord('local'))
    const values: string[] = []
    this.AT_LEAST_ONE_SEP({ SEP: Comma, DEF: () => values.push(this.SUBRULE(this.settingValue)) })
    return { kind: 'set', name, values: isDefault ? null : values, local, position }
  })

  private readonly variableName = this.RULE('variableName', (): string => {
    const spelled = spelledNames.find(([words]) => words.every((word, i) => this.atWord(word, i + 1)))
    let name = this.take(1, ColumnId).name
    let missing = (spelled?.[0].length ?? 1) - 1
    this.MANY1({
      GATE: () => missing-- > 0,
      DEF: () => this.take(2, ColumnId),
    })
    this.MANY2(() => {
      this.CONSUME(Dot)
      name += `.${this.take(3, Label).name}`
    })
    return spelled?.[1] ?? name
  })

  /** A value as text: numbers as they are written, names folded. */
  private readonly settingValue = this.RULE('settingValue', (): string => {
    const sign = this.OPTION(() => this.take(1, Sign).value)
    const token = this.OR([
      { ALT: () => this.take(2, Label) },
      { ALT: () => this.take(3, StringToken) },
      { ALT: () => this.take(4, IntegerToken) },
      { ALT: () => this.take(5, NumericToken) },
    ])
    this.pinToken(token)
    const text = typeof token.value === 'string' ? token.value : token.image
    return sign === '-' ? `-${text}` : text
  })

  readonly show = this.RULE('show', (): Show => {
    const position = this.CONSUME(keyword('show')).startOffset
    return { kind: 'show', name: this.allOrName(), position }
  })

  readonly resetVariable = this.RULE('resetVariable', (): Reset => {
    const position = this.CONSUME(keyword('reset')).startOffset
    return { kind: 'reset', name: this.allOrName(), position }
  })

  private allOrName(): string | null {
    return this.or(9, [
      {
        ALT: (): null => {
          this.CONSUME9(All)
          return null
        },
      },
      { ALT: (): string => this.subrule(9, this.variableName) },
    ])
  }

  // --------------------------------------------------------------------------------------------------------- COPY

  readonly copy = this.RULE('copy', (): Copy => {
    const position = this.CONSUME(keyword('copy')).startOffset
    if (this.at(LParen)) this.refuse('COPY (query) TO')
    const table = this.SUBRULE(this.tableName)
    const columns: readonly ColumnName[] | undefined = this.OPTION1(() => this.SUBRULE(this.columnNames))
    if (this.at(To)) this.refuse('COPY … TO')
    this.CONSUME(From)
    if (this.atWord('program')) this.refuse('COPY … FROM PROGRAM')
    const file = this.OR([
      {
        ALT: (): string | null => {
          this.takeWord(1, 'stdin')
          return null
        },
      },
      {
        ALT: (): string | null => {
          const token = this.take(1, StringToken)
          this.pinToken(token)
          return token.name
        },
      },
    ])
    const options: WritableCopyOptions = {
      format: 'text',
      delimiter: null,
      header: false,
      null: null,
      quote: null,
      escape: null,
    }
    this.OPTION2(() => this.CONSUME(With))
    this.OPTION3(() => this.SUBRULE(this.copyOptions, { ARGS: [options] }))
    this.MANY({
      GATE: () =>
        ['csv', 'header', 'delimiter', 'null', 'quote', 'escape', 'binary', 'encoding', 'force', 'freeze'].some(
          (word) => this.atWord(word),
        ),
      DEF: () => this.SUBRULE(this.legacyCopyOption, { ARGS: [options] }),
    })
    if (this.at(Where)) this.refuse('COPY … WHERE')
    return { kind: 'copy', table, columns: columns ?? null, file, options: { ...options }, position }
  })

  /** `(FORMAT csv, HEADER, NULL '')` */
  private readonly copyOptions = this.RULE('copyOptions', (options: WritableCopyOptions): void => {
    this.CONSUME(LParen)
    this.AT_LEAST_ONE_SEP({
      SEP: Comma,
      DEF: () => {
        const name = this.take(1, Label)
        const value = this.OPTION(() =>
          this.OR([
            { ALT: () => this.take(2, Label) },
            { ALT: () => this.take(3, StringToken) },
            { ALT: () => this.take(4, IntegerToken) },
          ]),
        )
        if (!this.RECORDING_PHASE) this.setCopyOption(options, name, value)
      },
    })
    this.CONSUME(RParen)
  })

  /** `CSV HEADER DELIMITER AS '|' NULL AS ''`, as before PostgreSQL 9. */
  private readonly legacyCopyOption = this.RULE('legacyCopyOption', (options: WritableCopyOptions): void => {
    const name = this.take(1, Label)
    const flag = ['csv', 'header', 'binary', 'freeze'].includes(name.name)
    if (name.value === 'binary' || name.value === 'force') this.refuse(`COPY ${name.value.toUpperCase()}`, 0)
    const value = this.OPTION1({
      GATE: () => !flag,
      DEF: () => {
        this.OPTION2(() => this.CONSUME(As))
        return this.take(2, StringToken)
      },
    })
    if (this.RECORDING_PHASE) return
    if (name.value === 'csv') options.format = 'csv'
    else if (!flag && value === undefined) this.fail()
    else this.setCopyOption(options, name, value)
  })

  private setCopyOption(options: WritableCopyOptions, option: Token, value: Token | undefined): void {
    if (value !== undefined) this.pinToken(value)
    const name = option.name
    const at = option.startOffset
    switch (name) {
      case 'format': {
        const format = (value?.name ?? '').toLowerCase()
        if (format === 'binary') throw unsupportedSyntax('COPY in binary format', at)
        if (format !== 'csv' && format !== 'text') throw invalidCopyFormat(format, at)
        options.format = format
        return
      }
      case 'header': {
        const header = (value?.name ?? 'true').toLowerCase()
        if (header === 'match') throw unsupportedSyntax('HEADER MATCH', at)
        const on = ['true', 'on', '1'].includes(header)
        if (!on && !['false', 'off', '0'].includes(header))
          throw invalidSyntax('header requires a Boolean value or "match"', at)
        options.header = on
        return
      }
      case 'delimiter':
      case 'null':
      case 'quote':
      case 'escape':
        if (value === undefined) throw invalidSyntax(`${name} requires a parameter`, at)
        options[name] = value.name
        return
      case 'encoding':
        if (/^utf-?8$/i.test(value?.name ?? '')) return
        throw unsupportedSyntax('an encoding other than UTF8', at)
      case 'freeze':
      case 'force_not_null':
      case 'force_null':
      case 'force_quote':
      case 'default':
      case 'on_error':
      case 'log_verbosity':
      case 'reject_limit':
        throw unsupportedSyntax(`COPY (${name.toUpperCase()})`, at)
      default:
        throw invalidSyntax(`option "${name}" not recognized`, at)
    }
  }
}
