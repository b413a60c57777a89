/** The grammar of what follows a query: ORDER BY, LIMIT, OFFSET, FETCH. */
import { invalidSyntax } from '../errors.ts'
import type { Expression, OrderItem } from './ast.ts'
import { OperandGrammar } from './operands.ts'
import { bindingPower } from './precedence.ts'
import { Comma, keyword } from './tokens.ts'

const All = keyword('all')
const By = keyword('by')
const Order = keyword('order')
const Using = keyword('using')
const With = keyword('with')

/** ORDER BY … OFFSET of a query. */
export interface QueryTail {
  readonly orderBy: readonly OrderItem[]
  readonly limit: Expression | null
  readonly offset: Expression | null
}

const isLiteral = (expression: Expression): boolean =>
  expression.kind === 'integer' || expression.kind === 'numeric' || expression.kind === 'string'

export abstract class QueryTailGrammar extends OperandGrammar {
  protected readonly queryTail = this.RULE('queryTail', (grouped: boolean): QueryTail => {
    let orderBy: readonly OrderItem[] = []
    let limited = false
    let limit: Expression | null = null
    let offset: Expression | null = null
    this.OPTION1(() => (orderBy = this.SUBRULE(this.orderBy, { ARGS: [grouped] })))
    const mark = this.literalCount()
    this.MANY(() =>
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
      ]),
    )
    this.pinSince(mark)
    if (this.at(keyword('for'))) this.refuse(`FOR ${this.upperAt(2)}`)
    return { orderBy, limit, offset }
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
}
