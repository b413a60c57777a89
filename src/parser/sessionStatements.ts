/** The grammar of LOCK TABLE, LISTEN, UNLISTEN, NOTIFY and CALL. */
import type { Call, Expression, Listen, LockTable, Notify, TableName, Unlisten } from './ast.ts'
import { TableLockModes } from './ast.ts'
import { SettingGrammar } from './settings.ts'
import { ColumnId, Comma, LParen, Label, NonReserved, RParen, Star, StringToken, keyword } from './tokens.ts'

export abstract class SessionStatementGrammar extends SettingGrammar {
  readonly lockTable = this.RULE('lockTable', (): LockTable => {
    const position = this.CONSUME(keyword('lock')).startOffset
    this.OPTION1(() => this.CONSUME(keyword('table')))
    const tables: TableName[] = []
    this.AT_LEAST_ONE_SEP({
      SEP: Comma,
      DEF: () => {
        this.OPTION2(() => this.CONSUME(keyword('only')))
        tables.push(this.SUBRULE(this.tableName))
        this.OPTION3(() => this.CONSUME(Star))
      },
    })
    const mode = this.OPTION4(() => {
      this.CONSUME(keyword('in'))
      return this.SUBRULE(this.lockMode)
    })
    const nowait = this.OPTION5({ GATE: () => this.atWord('nowait'), DEF: () => this.take(1, Label) }) !== undefined
    return { kind: 'lock_table', tables, mode: mode ?? 'access exclusive', nowait, position }
  })

  private readonly lockMode = this.RULE('lockMode', (): LockTable['mode'] => {
    const words: string[] = []
    this.AT_LEAST_ONE({ GATE: () => !this.atWord('mode'), DEF: () => words.push(this.take(1, Label).name) })
    const mode = TableLockModes.find((each) => each === words.join(' '))
    if (mode === undefined && !this.RECORDING_PHASE) this.fail()
    this.takeWord(2, 'mode')
    return mode ?? 'access exclusive'
  })

  readonly listen = this.RULE('listen', (): Listen => {
    const position = this.CONSUME(keyword('listen')).startOffset
    return { kind: 'listen', channel: this.take(1, ColumnId).name, position }
  })

  readonly unlisten = this.RULE('unlisten', (): Unlisten => {
    const position = this.CONSUME(keyword('unlisten')).startOffset
    const channel = this.OR([
      {
        ALT: (): string | null => {
          this.CONSUME(Star)
          return null
        },
      },
      { ALT: (): string | null => this.take(1, ColumnId).name },
    ])
    return { kind: 'unlisten', channel, position }
  })

  readonly notify = this.RULE('notify', (): Notify => {
    const position = this.CONSUME(keyword('notify')).startOffset
    const channel = this.take(1, ColumnId).name
    const payload = this.OPTION(() => {
      this.CONSUME(Comma)
      const token = this.take(2, StringToken)
      this.pinToken(token)
      return token.name
    })
    return { kind: 'notify', channel, payload: payload ?? '', position }
  })

  readonly callProcedure = this.RULE('callProcedure', (): Call => {
    this.CONSUME(keyword('call'))
    const procedure = this.take(1, NonReserved)
    const args: Expression[] = []
    this.CONSUME(LParen)
    this.MANY_SEP({ SEP: Comma, DEF: () => args.push(this.whole(1)) })
    this.CONSUME(RParen)
    return { kind: 'call', name: procedure.name, arguments: args, position: procedure.startOffset }
  })
}
