/** The grammar of what follows a query: ORDER BY, LIMIT, OFFSET, FETCH, and the clauses that lock rows. */
import { invalidSyntax } from '../errors.ts'
import type { ColumnName, Expression, LockingClause, LockStrength, OrderItem } from './ast.ts'
import { OperandGrammar } from './operands.ts'
import { bindingPower } from './precedence.ts'
import { ColumnId, Comma, Dot, keyword } from './tokens.ts'

const All = keyword('all')
const By = keyword('by')
const For = keyword('for')
const Key = keyword('key')
const Only = keyword('only')
const Order = keyword('order')
const Update = keyword('update')
const Using = keyword('using')
const With = keyword('with')

/** ORDER BY … FOR UPDATE of a query. */
export interface QueryTail {
  readonly orderBy: readonly OrderItem[]
  readonly limit: Expression | null
  readonly offset: Expression | null
  readonly locking: readonly LockingClause[]
}

const isLiteral = (expression: Expression): boolean =>
  expression.kind === 'integer' || expression.kind === 'numeric' || expression.kind === 'string'

export abstract class QueryTailGrammar extends OperandGrammar {
  protected readonly queryTail = this.RULE('queryTail', (grouped: boolean): QueryTail => {
    let orderBy: readonly OrderItem[] = []
    let limited = false
    let limit: Expression | null = null
    let offset: Expression | null = null
    const locking: LockingClause[] = []
    // LIMIT and OFFSET stand together, before or behind the locking clauses.
    let turns = 0
    let inLocking = false
    const turn = (toLocking: boolean): void => {
      if (toLocking !== inLocking && ++turns > 1 && !this.RECORDING_PHASE) this.fail()
      inLocking = toLocking
    }
    this.OPTION1(() => (orderBy = this.SUBRULE(this.orderBy, { ARGS: [grouped] })))
    const mark = this.literalCount()
    this.MANY(() => {
      const locks = this.at(For)
      if (limited || offset !== null || locking.length > 0) turn(locks)
      else inLocking = locks
      this.OR([
        {
          ALT: () => {
            if (limited && !this.RECORDING_PHASE) this.fail()
            limited = true
            limit = this.OR1([{ ALT: () => this.SUBRULE(this.limit) }, { ALT: () => this.SUBRULE(this.fetch) }])
          },
        },
        {
          ALT: () => {
            if (offset !== null && !this.RECORDING_PHASE) this.fail()
            offset = this.SUBRULE(this.offset)
          },
        },
        {
          ALT: () => {
            const clause = this.SUBRULE(this.lockingClause)
            if (clause !== null && !this.RECORDING_PHASE) locking.push(clause)
          },
        },
      ])
    })
    this.pinSince(mark)
    return { orderBy, limit, offset, locking }
  })

  private readonly orderBy = this.RULE('orderBy', (grouped: boolean): readonly OrderItem[] => {
    const items: OrderItem[] = []
    this.CONSUME(Order)
    this.CONSUME(By)
    this.AT_LEAST_ONE_SEP({
      SEP: Comma,
      DEF: () => {
        const mark = this.literalCount()
        const expression = this.whole(1)
        if (grouped || isLiteral(expression)) this.pinSince(mark)
        if (this.at(Using)) this.refuse('ORDER BY … USING')
        const { descending, nullsFirst } = this.SUBRULE(this.ordering)
        items.push({ expression, descending, nullsFirst, position: expression.position })
      },
    })
    return items
  })

  private readonly limit = this.RULE('limit', (): Expression | null => {
    this.CONSUME(keyword('limit'))
    const limit = this.OR([{ ALT: () => this.noLimit() }, { ALT: () => this.whole(1) }])
    if (this.at(Comma)) {
      const message = 'LIMIT #,# syntax is not supported'
      throw invalidSyntax(message, this.LA(1).startOffset, 'Use separate LIMIT and OFFSET clauses.')
    }
    return limit !== null && limit.kind === 'null' ? null : limit
  })

  private noLimit(): null {
    this.CONSUME(All)
    return null
  }

  private readonly offset = this.RULE('offset', (): Expression => {
    this.CONSUME(keyword('offset'))
    const offset = this.whole(1)
    this.OPTION(() => this.rowWord())
    return offset
  })

  private rowWord(): void {
    this.OR9([{ ALT: () => this.CONSUME(keyword('row')) }, { ALT: () => this.CONSUME(keyword('rows')) }])
  }

  /** FETCH FIRST n ROWS ONLY; n is one operand, 1 if it is left out. */
  private readonly fetch = this.RULE('fetch', (): Expression => {
    const position = this.CONSUME(keyword('fetch')).startOffset
    this.OR1([{ ALT: () => this.CONSUME(keyword('first')) }, { ALT: () => this.CONSUME(keyword('next')) }])
    const count = this.OPTION({
      GATE: () => !this.at(keyword('row')) && !this.at(keyword('rows')),
      DEF: () => this.operand(1, bindingPower.primary),
    })
    this.rowWord()
    if (this.at(With)) this.refuse('WITH TIES')
    this.CONSUME(keyword('only'))
    return count ?? { kind: 'integer', type: 'int4', value: 1, slot: null, position }
  })

  // ------------------------------------------------------------------------------------------------ locking clauses

  /** Null for FOR READ ONLY, which says nothing. */
  private readonly lockingClause = this.RULE('lockingClause', (): LockingClause | null => {
    const position = this.CONSUME(For).startOffset
    const isWord = (word: string) => (): boolean => this.atWord(word)
    const strength = this.OR([
      { ALT: (): LockStrength | null => this.forUpdate() },
      { ALT: () => this.forKeyShare() },
      { GATE: isWord('no'), ALT: () => this.forNoKeyUpdate() },
      { GATE: isWord('share'), ALT: () => this.forShare() },
      { GATE: isWord('read'), ALT: () => this.forReadOnly() },
    ])
    if (strength === null && !this.RECORDING_PHASE) return null
    const of: ColumnName[] = []
    this.OPTION1({
      GATE: () => this.atWord('of'),
      DEF: () => {
        this.takeWord(6, 'of')
        this.AT_LEAST_ONE_SEP({ SEP: Comma, DEF: () => of.push(this.lockedName(strength ?? 'update')) })
      },
    })
    let wait: LockingClause['wait'] = 'wait'
    this.OPTION2({
      GATE: () => this.atWord('nowait') || this.atWord('skip'),
      DEF: () => {
        wait = this.OR2([
          { GATE: isWord('nowait'), ALT: (): LockingClause['wait'] => this.noWait() },
          { GATE: isWord('skip'), ALT: () => this.skipLocked() },
        ])
      },
    })
    return { kind: 'locking', strength: strength ?? 'update', of, wait, position }
  })

  private forUpdate(): LockStrength {
    this.CONSUME1(Update)
    return 'update'
  }

  private forKeyShare(): LockStrength {
    this.CONSUME1(Key)
    this.takeWord(1, 'share')
    return 'key share'
  }

  private forNoKeyUpdate(): LockStrength {
    this.takeWord(2, 'no')
    this.CONSUME2(Key)
    this.CONSUME2(Update)
    return 'no key update'
  }

  private forShare(): LockStrength {
    this.takeWord(3, 'share')
    return 'share'
  }

  private forReadOnly(): null {
    this.takeWord(4, 'read')
    this.CONSUME(Only)
    return null
  }

  private noWait(): 'nowait' {
    this.takeWord(7, 'nowait')
    return 'nowait'
  }

  private skipLocked(): 'skip locked' {
    this.takeWord(8, 'skip')
    this.takeWord(9, 'locked')
    return 'skip locked'
  }

  private lockedName(strength: LockStrength): ColumnName {
    const { name, startOffset } = this.take(5, ColumnId)
    if (this.at(Dot)) {
      throw invalidSyntax(`FOR ${strength.toUpperCase()} must specify unqualified relation names`, startOffset)
    }
    return { name, position: startOffset }
  }
}
