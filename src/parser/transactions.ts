/** The grammar of transaction statements. Their words are unreserved, so the rules compare them by value. */
import type { TokenType } from 'chevrotain'
import type { Begin, IsolationLevel, SerializableMethod, SetTransaction, Statement, TransactionModes } from './ast.ts'
import { ManipulationGrammar } from './manipulation.ts'
import { ColumnId, Comma, Label, NumberJunk, ReservedWord, Word, keyword } from './tokens.ts'

const And = keyword('and')
const Commit = keyword('commit')
const Not = keyword('not')
const Only = keyword('only')
const Rollback = keyword('rollback')
const SetWord = keyword('set')
const Start = keyword('start')
const SavepointWord = keyword('savepoint')
const To = keyword('to')
const Transaction = keyword('transaction')
const Using = keyword('using')
const Work = keyword('work')

type WritableModes = { -readonly [K in keyof TransactionModes]: TransactionModes[K] }

export abstract class TransactionGrammar extends ManipulationGrammar {
  readonly begin = this.RULE('begin', (): Begin => {
    const position = this.LA(1).startOffset
    const command = this.at(Start) ? 'START TRANSACTION' : 'BEGIN'
    this.OR([
      {
        ALT: () => {
          this.CONSUME(keyword('begin'))
          this.noise()
        },
      },
      {
        ALT: () => {
          this.CONSUME(Start)
          this.CONSUME9(Transaction)
        },
      },
    ])
    const modes = this.SUBRULE(this.modes)
    return { kind: 'begin', command, modes, position }
  })

  /** WORK or TRANSACTION, which say nothing. */
  private noise(): void {
    this.option(8, () => this.or(8, [{ ALT: () => this.CONSUME8(Work) }, { ALT: () => this.CONSUME8(Transaction) }]))
  }

  /** SET TRANSACTION, SET SESSION CHARACTERISTICS AS TRANSACTION. */
  readonly setTransaction = this.RULE('setTransaction', (): SetTransaction => {
    const position = this.CONSUME(SetWord).startOffset
    const scope = this.atWord('session') ? 'session' : 'transaction'
    this.OPTION(() => {
      this.takeWord(1, 'session')
      this.takeWord(2, 'characteristics')
      this.CONSUME(keyword('as'))
    })
    this.CONSUME(Transaction)
    if (this.atWord('snapshot')) this.refuse('SET TRANSACTION SNAPSHOT')
    const modes = this.SUBRULE(this.modes)
    if (!this.RECORDING_PHASE && Object.values(modes).every((mode) => mode === null)) this.fail()
    return { kind: 'set_transaction', scope, modes, position }
  })

  /** Later modes win over earlier ones; a comma may stand between them. */
  private readonly modes = this.RULE('modes', (): TransactionModes => {
    const modes: WritableModes = { isolation: null, method: null, readOnly: null, deferrable: null }
    this.MANY({
      GATE: () => ['isolation', 'read', 'not', 'deferrable'].some((word) => this.atWord(word)),
      DEF: () => {
        this.SUBRULE(this.mode, { ARGS: [modes] })
        this.OPTION(() => this.CONSUME(Comma))
        if (this.LA(0).tokenTypeIdx === Comma.tokenTypeIdx && !this.atMode() && !this.RECORDING_PHASE) this.fail()
      },
    })
    return modes
  })

  private atMode(): boolean {
    return ['isolation', 'read', 'not', 'deferrable'].some((word) => this.atWord(word))
  }

  private readonly mode = this.RULE('mode', (modes: WritableModes): void => {
    const isolation = this.atWord('isolation')
    this.OR([
      { GATE: () => isolation, ALT: () => this.SUBRULE(this.isolationLevel, { ARGS: [modes] }) },
      { ALT: () => this.readMode(modes) },
      { ALT: () => this.deferrable(modes) },
    ])
  })

  private readMode(modes: WritableModes): void {
    this.takeWord(1, 'read')
    const only = this.at(Only)
    this.OR1([{ ALT: () => this.CONSUME(Only) }, { ALT: () => this.takeWord(2, 'write') }])
    if (!this.RECORDING_PHASE) modes.readOnly = only
  }

  private deferrable(modes: WritableModes): void {
    const negated = this.OPTION(() => this.CONSUME(Not)) !== undefined
    if (!this.RECORDING_PHASE && !this.atWord('deferrable')) this.fail()
    this.take(3, ReservedWord)
    if (!this.RECORDING_PHASE) modes.deferrable = !negated
  }

  private readonly isolationLevel = this.RULE('isolationLevel', (modes: WritableModes): void => {
    this.takeWord(1, 'isolation')
    this.takeWord(2, 'level')
    const first = this.valueAt(1)
    let level: IsolationLevel | null = null
    if (first === 'serializable') level = 'serializable'
    if (first === 'snapshot') level = 'repeatable read'
    const twoWords = first === 'read' || first === 'repeatable'
    if (!this.RECORDING_PHASE && level === null && !twoWords) this.fail()
    this.take(3, Word)
    this.OPTION1({
      GATE: () => twoWords,
      DEF: () => {
        const second = this.valueAt(1)
        if (first === 'repeatable' && second === 'read') level = 'repeatable read'
        if (first === 'read' && second === 'committed') level = 'read committed'
        if (first === 'read' && second === 'uncommitted') level = 'read uncommitted'
        if (!this.RECORDING_PHASE && level === null) this.fail()
        this.take(4, Word)
      },
    })
    let method: SerializableMethod | null = null
    this.OPTION2({ GATE: () => first === 'serializable', DEF: () => (method = this.serializableMethod()) })
    if (this.RECORDING_PHASE) return
    if (level === null) this.fail()
    modes.isolation = level
    modes.method = method
  })

  private serializableMethod(): SerializableMethod | null {
    this.CONSUME(Using)
    const word = this.valueAt(1)
    const method = word === 'ssi' || word === '2pl' || word === 'serial' ? word : null
    if (!this.RECORDING_PHASE && method === null) this.fail()
    this.OR3([{ ALT: () => this.CONSUME(NumberJunk) }, { ALT: () => this.take(5, Label) }])
    return method
  }

  // ------------------------------------------------------------------------------------------------------- ending

  readonly commit = this.RULE('commit', (): Statement => {
    const position = this.LA(1).startOffset
    this.OR([{ ALT: () => this.CONSUME(Commit) }, { ALT: () => this.CONSUME(keyword('end')) }])
    const gid = this.preparedGid(Commit)
    if (gid !== null) return { kind: 'commit_prepared', gid, position }
    this.noise()
    return { kind: 'commit', chain: this.chain(), position }
  })

  readonly prepareTransaction = this.RULE('prepareTransaction', (): Statement => {
    const position = this.CONSUME(keyword('prepare')).startOffset
    this.CONSUME(Transaction)
    return { kind: 'prepare_transaction', gid: this.pinnedString(1).value, position }
  })

  /** `PREPARED 'gid'` behind COMMIT or ROLLBACK, though not behind their other names; null if it is not there. */
  private preparedGid(behind: TokenType): string | null {
    const gid = this.OPTION5({
      GATE: () => this.LA(0).tokenTypeIdx === behind.tokenTypeIdx && this.atWord('prepared'),
      DEF: () => {
        this.takeWord(4, 'prepared')
        return this.pinnedString(1).value
      },
    })
    return gid === undefined || this.RECORDING_PHASE ? null : gid
  }

  /** `AND NO CHAIN` is the default. */
  private chain(): boolean {
    const chained = this.option(7, () => {
      this.CONSUME7(And)
      const chains = !this.atWord('no')
      this.OPTION6({ GATE: () => !chains, DEF: () => this.takeWord(7, 'no') })
      this.takeWord(6, 'chain')
      return chains
    })
    return chained === true
  }

  readonly rollback = this.RULE('rollback', (): Statement => {
    const position = this.LA(1).startOffset
    this.OR([{ ALT: () => this.CONSUME(Rollback) }, { ALT: () => this.CONSUME(keyword('abort')) }])
    const gid = this.preparedGid(Rollback)
    if (gid !== null) return { kind: 'rollback_prepared', gid, position }
    this.noise()
    const name = this.OPTION(() => {
      this.CONSUME(To)
      return this.SUBRULE(this.savepointName)
    })
    if (name !== undefined && !this.RECORDING_PHASE) return { kind: 'rollback_to', name, position }
    return { kind: 'rollback', chain: this.chain(), position }
  })

  private readonly savepointName = this.RULE('savepointName', (): string => {
    const bare = this.take(1, ColumnId)
    const named = this.OPTION({
      GATE: () => bare.tokenTypeIdx === SavepointWord.tokenTypeIdx,
      DEF: () => this.take(2, ColumnId),
    })
    return (named ?? bare).name
  })

  readonly savepoint = this.RULE('savepoint', (): Statement => {
    const position = this.CONSUME(SavepointWord).startOffset
    return { kind: 'savepoint', name: this.take(1, ColumnId).name, position }
  })

  readonly release = this.RULE('release', (): Statement => {
    const position = this.CONSUME(keyword('release')).startOffset
    return { kind: 'release', name: this.SUBRULE(this.savepointName), position }
  })
}
