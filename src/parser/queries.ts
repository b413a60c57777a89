/** The grammar of queries: SELECT, VALUES, TABLE, what stands in FROM, and their ORDER BY … OFFSET. */
import { EOF } from 'chevrotain'
import { invalidSyntax, statementTooComplex } from '../errors.ts'
import { maxExpressionDepth } from './ast.ts'
import type {
  DerivedTable,
  Expression,
  FromItem,
  Join,
  Query,
  Select,
  SelectItem,
  Star,
  TableFunction,
  TableItem,
  Values,
} from './ast.ts'
import { QueryTailGrammar } from './queryTail.ts'
import type { QueryTail } from './queryTail.ts'
import {
  BareLabel,
  ColumnId,
  Comma,
  Dot,
  LParen,
  Label,
  NonReserved,
  RParen,
  Star as StarToken,
  TypeWord,
  Word,
  keyword,
} from './tokens.ts'

const As = keyword('as')
const By = keyword('by')
const From = keyword('from')
const Where = keyword('where')
const SelectWord = keyword('select')
const ValuesWord = keyword('values')
const TableWord = keyword('table')
const With = keyword('with')
const All = keyword('all')
const JoinWord = keyword('join')
const On = keyword('on')
const Using = keyword('using')

interface Alias {
  readonly alias: string | null
  readonly columnAliases: readonly string[]
}

const noAlias: Alias = { alias: null, columnAliases: [] }

/** What goes on with a query behind its closing parenthesis. */
const afterQuery = ['union', 'intersect', 'except', 'order', 'limit', 'offset', 'fetch', 'for'].map(keyword)

export abstract class QueryGrammar extends QueryTailGrammar {
  /** The AS OF SYSTEM TIME that was read last, and where it ended. */
  private lastAsOf: { readonly moment: Expression; readonly end: number | undefined } | null = null

  /** A query with its ORDER BY, LIMIT and OFFSET. */
  readonly query = this.RULE('query', (): Query => {
    this.enter()
    const body: Query = this.OR([
      { ALT: () => this.SUBRULE(this.select) },
      { ALT: () => this.SUBRULE(this.values) },
      { ALT: () => this.SUBRULE(this.tableQuery) },
      { ALT: () => this.nestedQuery() },
      { ALT: () => this.withQuery() },
    ])
    this.refuseAfterQuery()
    const grouped = body.kind === 'select' && !this.RECORDING_PHASE && (body.distinct || body.groupBy.length > 0)
    const tail = this.SUBRULE(this.queryTail, { ARGS: [grouped] })
    this.leave()
    return this.ACTION(() => this.withTail(body, tail))
  })

  private nestedQuery(): Query {
    this.CONSUME1(LParen)
    const inner = this.SUBRULE1(this.query)
    this.CONSUME1(RParen)
    return inner
  }

  private withQuery(): Query {
    if (!this.RECORDING_PHASE) this.refuse('WITH')
    this.CONSUME(With)
    return this.SUBRULE2(this.query)
  }

  /** Parentheses around a query change nothing, but neither part may be said twice. */
  private withTail(body: Query, tail: QueryTail): Query {
    const { orderBy, limit, offset, locking } = tail
    if (orderBy.length === 0 && limit === null && offset === null && locking.length === 0) return body
    const twice = (what: string): never => {
      throw invalidSyntax(`multiple ${what} clauses not allowed`, body.position)
    }
    if (orderBy.length > 0 && body.orderBy.length > 0) twice('ORDER BY')
    if (limit !== null && body.limit !== null) twice('LIMIT')
    if (offset !== null && body.offset !== null) twice('OFFSET')
    return {
      ...body,
      orderBy: orderBy.length > 0 ? orderBy : body.orderBy,
      limit: limit ?? body.limit,
      offset: offset ?? body.offset,
      locking: [...body.locking, ...locking],
    }
  }

  /** What stands between two queries. */
  protected refuseAfterQuery(): void {
    for (const word of ['union', 'intersect', 'except', 'window']) {
      if (this.at(keyword(word))) this.refuse(word.toUpperCase())
    }
  }

  // ------------------------------------------------------------------------------------------------------- SELECT

  private readonly select = this.RULE('select', (): Select => {
    const position = this.CONSUME(SelectWord).startOffset
    const distinct = this.OPTION1(() => this.quantifier()) ?? false
    const itemsMark = this.literalCount()
    const items: SelectItem[] = []
    this.MANY_SEP({ SEP: Comma, DEF: () => items.push(this.SUBRULE(this.selectItem)) })
    const itemsEnd = this.literalCount()
    if (this.at(keyword('into'))) this.refuse('SELECT INTO')
    const from: FromItem[] = []
    let asOf: Expression | null = null
    this.OPTION2(() => {
      this.CONSUME(From)
      this.refuseFromItem()
      this.AT_LEAST_ONE_SEP({ SEP: Comma, DEF: () => from.push(this.SUBRULE(this.fromItem)) })
      // What stands behind the last table is the end of FROM, too.
      if (this.lastAsOf !== null && this.lastAsOf.end === this.LA(0).endOffset) asOf = this.lastAsOf.moment
      this.OPTION6({ GATE: () => this.atAsOf(), DEF: () => (asOf = this.SUBRULE(this.asOf)) })
      this.lastAsOf = null
    })
    const where = this.OPTION3(() => this.SUBRULE(this.where)) ?? null
    const groupMark = this.literalCount()
    const groupBy = this.OPTION4(() => this.SUBRULE(this.groupBy)) ?? []
    const having = this.OPTION5(() => {
      this.CONSUME(keyword('having'))
      return this.whole(1)
    })
    if (!this.RECORDING_PHASE && (distinct || groupBy.length > 0)) {
      // Items, GROUP BY and HAVING are compared with each other: literals in them are part of the plan.
      this.pinSince(itemsMark, itemsEnd)
      this.pinSince(groupMark)
    }
    const tail = { orderBy: [], limit: null, offset: null, locking: [] }
    return { kind: 'select', distinct, items, from, asOf, where, groupBy, having: having ?? null, ...tail, position }
  })

  private quantifier(): boolean {
    const distinct = this.at(keyword('distinct'))
    this.OR1([{ ALT: () => this.CONSUME(All) }, { ALT: () => this.CONSUME(keyword('distinct')) }])
    if (distinct && this.at(On)) this.refuse('DISTINCT ON', 0)
    return distinct
  }

  readonly where = this.RULE('where', (): Expression => {
    this.CONSUME(Where)
    if (this.atWord('current') && this.atWord('of', 2)) this.refuse('WHERE CURRENT OF')
    return this.whole(1)
  })

  private readonly groupBy = this.RULE('groupBy', (): readonly Expression[] => {
    const items: Expression[] = []
    this.CONSUME(keyword('group'))
    this.CONSUME(By)
    if (this.at(All) || this.at(keyword('distinct'))) this.refuse(`GROUP BY ${this.upperAt(1)}`)
    this.AT_LEAST_ONE_SEP({
      SEP: Comma,
      DEF: () => {
        if (this.at(LParen) && this.at(RParen, 2)) this.refuse('GROUP BY ()')
        if (this.atWord('grouping') && this.atWord('sets', 2)) this.refuse('GROUPING SETS')
        for (const word of ['rollup', 'cube']) {
          if (this.atWord(word) && this.at(LParen, 2)) this.refuse(word.toUpperCase())
        }
        items.push(this.whole(1))
      },
    })
    return items
  })

  readonly selectItem = this.RULE('selectItem', (): SelectItem => {
    const position = this.LA(1).startOffset
    const star = this.OPTION1({ GATE: () => this.atQualifiedStar(), DEF: () => this.SUBRULE(this.qualifiedStar) })
    if (star !== undefined && !this.RECORDING_PHASE) return { expression: star, alias: null, position }
    return this.OR([
      {
        ALT: () => {
          this.CONSUME(StarToken)
          return { expression: { kind: 'star', schema: null, table: null, position } as const, alias: null, position }
        },
      },
      {
        ALT: () => {
          const expression = this.whole(1)
          const alias = this.OPTION2(this.itemAlias) ?? null
          return { expression, alias, position }
        },
      },
    ])
  })

  private readonly itemAlias = (): string => this.OR1(this.itemAliases)

  private readonly itemAliases = [
    {
      ALT: (): string => {
        this.CONSUME(As)
        return this.take(1, Label).name
      },
    },
    { ALT: (): string => this.take(2, BareLabel).name },
  ]

  private atQualifiedStar(): boolean {
    if (!this.at(Dot, 2)) return false
    return this.at(StarToken, 3) || (this.at(Dot, 4) && this.at(StarToken, 5))
  }

  private readonly qualifiedStar = this.RULE('qualifiedStar', (): Star => {
    const first = this.take(1, NonReserved)
    this.CONSUME1(Dot)
    const second = this.OPTION(() => {
      const name = this.take(2, Label)
      this.CONSUME2(Dot)
      return name
    })
    this.CONSUME(StarToken)
    const schema = second === undefined ? null : first.name
    return { kind: 'star', schema, table: (second ?? first).name, position: first.startOffset }
  })

  // --------------------------------------------------------------------------------------------------------- FROM

  /** An item and the joins behind it. A join's right side reads on until its ON, as in `a JOIN b JOIN c ON … ON …`. */
  private readonly fromItem = this.RULE('fromItem', (): FromItem => {
    this.enter()
    let item = this.SUBRULE1(this.fromPrimary)
    let joins = 0
    if (this.at(keyword('natural'))) this.refuse('NATURAL JOIN')
    this.MANY(() => {
      if (++joins > maxExpressionDepth) throw statementTooComplex()
      item = this.SUBRULE(this.join, { ARGS: [item] })
      if (this.at(keyword('natural'))) this.refuse('NATURAL JOIN')
    })
    for (const word of ['right', 'full']) if (this.at(keyword(word))) this.refuse(`${word.toUpperCase()} JOIN`)
    this.leave()
    return item
  })

  private readonly join = this.RULE('join', (left: FromItem): Join => {
    const position = this.LA(1).startOffset
    return this.OR([
      {
        ALT: (): Join => {
          this.CONSUME(keyword('cross'))
          this.CONSUME1(JoinWord)
          const right = this.SUBRULE(this.fromPrimary)
          return { kind: 'join', type: 'cross', left, right, on: null, using: [], position }
        },
      },
      {
        ALT: (): Join => {
          const type = this.at(keyword('left')) ? 'left' : 'inner'
          this.OPTION1(() =>
            this.OR1([
              { ALT: () => this.CONSUME(keyword('inner')) },
              {
                ALT: () => {
                  this.CONSUME(keyword('left'))
                  this.OPTION2(() => this.CONSUME(keyword('outer')))
                },
              },
            ]),
          )
          this.CONSUME2(JoinWord)
          const right = this.SUBRULE(this.fromItem)
          const { on, using } = this.SUBRULE(this.joinCondition)
          return { kind: 'join', type, left, right, on, using, position }
        },
      },
    ])
  })

  private readonly joinCondition = this.RULE('joinCondition', () =>
    this.OR([
      {
        ALT: (): Pick<Join, 'on' | 'using'> => {
          this.CONSUME(On)
          return { on: this.whole(1), using: [] }
        },
      },
      {
        ALT: (): Pick<Join, 'on' | 'using'> => {
          this.CONSUME(Using)
          const using = this.SUBRULE(this.columnNames)
          if (this.at(As)) this.refuse('JOIN … USING … AS')
          return { on: null, using }
        },
      },
    ]),
  )

  private readonly fromPrimary = this.RULE('fromPrimary', (): FromItem => {
    this.refuseFromItem()
    const nested = this.at(LParen) && !this.atDerivedTable()
    return this.OR([
      { ALT: () => this.SUBRULE(this.tableItem) },
      { GATE: () => nested, ALT: () => this.SUBRULE(this.nestedJoin) },
      { ALT: () => this.SUBRULE(this.derivedTable) },
    ])
  })

  private refuseFromItem(): void {
    for (const word of ['lateral', 'only']) if (this.at(keyword(word))) this.refuse(word.toUpperCase())
    if (this.at(keyword('rows')) && this.at(From, 2)) this.refuse('ROWS FROM')
  }

  private readonly nestedJoin = this.RULE('nestedJoin', (): FromItem => {
    this.CONSUME(LParen)
    const item = this.SUBRULE(this.fromItem)
    this.CONSUME(RParen)
    if (item.kind !== 'join' && !this.RECORDING_PHASE) this.fail()
    if (this.at(As) || this.at(Word)) this.refuse('an alias of a join')
    return item
  })

  private readonly tableItem = this.RULE('tableItem', (): TableItem | TableFunction => {
    const table = this.SUBRULE(this.tableName)
    const args = this.OPTION1({ GATE: () => this.at(LParen), DEF: () => this.SUBRULE(this.functionArguments) })
    const asOf = this.OPTION3({ GATE: () => this.atAsOf(), DEF: () => this.SUBRULE(this.asOf) }) ?? null
    const { alias, columnAliases } = this.OPTION2(() => this.SUBRULE(this.tableAlias)) ?? noAlias
    if (args !== undefined && !this.RECORDING_PHASE) {
      return { kind: 'table_function', name: table, arguments: args, alias, columnAliases, position: table.position }
    }
    if (this.at(keyword('tablesample'))) this.refuse('TABLESAMPLE')
    return { kind: 'table', table, asOf, alias, columnAliases, position: table.position }
  })

  /** `AS of` alone is an alias. */
  private atAsOf(): boolean {
    return this.at(As) && this.atWord('of', 2) && this.atWord('system', 3) && this.atWord('time', 4)
  }

  /** The plan depends on the moment: its literals belong to the plan. */
  private readonly asOf = this.RULE('asOf', (): Expression => {
    const mark = this.literalCount()
    this.CONSUME(As)
    this.takeWord(1, 'of')
    this.takeWord(2, 'system')
    this.take(3, TypeWord)
    this.inMoment = true
    let moment: Expression
    try {
      moment = this.whole(1)
    } finally {
      this.inMoment = false
    }
    this.pinSince(mark)
    if (!this.RECORDING_PHASE) this.lastAsOf = { moment, end: this.LA(0).endOffset }
    return moment
  })

  private readonly functionArguments = this.RULE('functionArguments', (): readonly Expression[] => {
    const list: Expression[] = []
    this.CONSUME(LParen)
    this.MANY_SEP({ SEP: Comma, DEF: () => list.push(this.whole(1)) })
    this.CONSUME(RParen)
    if (this.at(With)) this.refuse('WITH ORDINALITY')
    return list
  })

  private readonly derivedTable = this.RULE('derivedTable', (): DerivedTable => {
    const position = this.CONSUME(LParen).startOffset
    const query = this.SUBRULE(this.query)
    this.CONSUME(RParen)
    const named = { GATE: () => !this.atAsOf(), DEF: () => this.SUBRULE(this.tableAlias) }
    const { alias, columnAliases } = this.OPTION(named) ?? noAlias
    return { kind: 'derived', query, alias, columnAliases, position }
  })

  private readonly tableAlias = this.RULE('tableAlias', (): Alias => {
    this.OPTION1(() => this.CONSUME(As))
    const alias = this.take(1, ColumnId).name
    const columns = this.OPTION2(() => this.SUBRULE(this.columnNames)) ?? []
    return { alias, columnAliases: this.RECORDING_PHASE ? [] : columns.map((column) => column.name) }
  })

  /**
   * Whether a parenthesis in FROM opens a query, not a join. Behind several, the innermost query decides by what
   * follows its own parenthesis: another one, or the rest of a query, if the outer ones enclose a query as well.
   */
  private atDerivedTable(): boolean {
    let opened = 1
    while (this.at(LParen, opened + 1)) opened++
    if (![SelectWord, ValuesWord, TableWord, With].some((word) => this.at(word, opened + 1))) return false
    if (opened === 1) return true
    let depth = 1
    let ahead = opened + 1
    for (; depth > 0; ahead++) {
      if (this.at(LParen, ahead)) depth++
      else if (this.at(RParen, ahead)) depth--
      else if (this.LA(ahead).tokenTypeIdx === EOF.tokenTypeIdx) return true
    }
    return this.at(RParen, ahead) || afterQuery.some((word) => this.at(word, ahead))
  }

  // ------------------------------------------------------------------------------------------------ VALUES, TABLE

  private readonly values = this.RULE('values', (): Values => {
    const position = this.CONSUME(ValuesWord).startOffset
    const rows: Expression[][] = []
    this.AT_LEAST_ONE_SEP1({
      SEP: Comma,
      DEF: () => {
        const row: Expression[] = []
        this.CONSUME(LParen)
        this.AT_LEAST_ONE_SEP2({ SEP: Comma, DEF: () => row.push(this.whole(1)) })
        this.CONSUME(RParen)
        rows.push(row)
      },
    })
    this.requireSameLength(rows)
    return { kind: 'values', rows, orderBy: [], limit: null, offset: null, locking: [], position }
  })

  protected requireSameLength(rows: readonly (readonly { readonly position: number }[])[]): void {
    const length = rows[0]?.length
    for (const row of rows) {
      if (row.length === length) continue
      throw invalidSyntax('VALUES lists must all be the same length', row[0]?.position ?? 0)
    }
  }

  private readonly tableQuery = this.RULE('tableQuery', (): Select => {
    const position = this.CONSUME(TableWord).startOffset
    const table = this.SUBRULE(this.tableName)
    const named = { table, asOf: null, alias: null, columnAliases: [] }
    const item: FromItem = { kind: 'table', ...named, position: table.position }
    const star: SelectItem = {
      expression: { kind: 'star', schema: null, table: null, position },
      alias: null,
      position,
    }
    const rest = { where: null, groupBy: [], having: null, orderBy: [], limit: null, offset: null, locking: [] }
    return { kind: 'select', distinct: false, items: [star], from: [item], asOf: null, ...rest, position }
  })
}
