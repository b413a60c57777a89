/** The grammar of DDL and utility statements. Built on first use: a program that only queries never pays for it. */
import type {
  ColumnConstraint,
  ColumnDefinition,
  CreateIndex,
  CreateTable,
  DropIndex,
  DropTable,
  IndexColumn,
  ReferentialAction,
  References,
  Statement,
  TableConstraint,
  TableName,
  Truncate,
} from './ast.ts'
import { SessionStatementGrammar } from './sessionStatements.ts'
import { ColumnId, Comma, LParen, RParen, Word, keyword } from './tokens.ts'

const Check = keyword('check')
const Constraint = keyword('constraint')
const Default = keyword('default')
const Delete = keyword('delete')
const Drop = keyword('drop')
const Exists = keyword('exists')
const Foreign = keyword('foreign')
const If = keyword('if')
const Index = keyword('index')
const Key = keyword('key')
const Not = keyword('not')
const Null = keyword('null')
const On = keyword('on')
const Primary = keyword('primary')
const ReferencesWord = keyword('references')
const Table = keyword('table')
const Unique = keyword('unique')
const Update = keyword('update')
const Using = keyword('using')
const With = keyword('with')

export class UtilityGrammar extends SessionStatementGrammar {
  constructor(validate: boolean) {
    super(validate)
    this.performSelfAnalysis()
  }

  readonly statement = this.RULE('statement', (): Statement =>
    this.OR([
      { ALT: () => this.SUBRULE(this.create) },
      { ALT: () => this.SUBRULE(this.drop) },
      { ALT: () => this.SUBRULE(this.copy) },
      { ALT: () => this.SUBRULE(this.set) },
      { ALT: () => this.SUBRULE(this.show) },
      { ALT: () => this.SUBRULE(this.resetVariable) },
      { ALT: () => this.SUBRULE(this.truncate) },
      { ALT: () => this.SUBRULE(this.lockTable) },
      { ALT: () => this.SUBRULE(this.listen) },
      { ALT: () => this.SUBRULE(this.unlisten) },
      { ALT: () => this.SUBRULE(this.notify) },
      { ALT: () => this.SUBRULE(this.callProcedure) },
    ]),
  )

  private readonly create = this.RULE('create', (): Statement => {
    const position = this.CONSUME(keyword('create')).startOffset
    return this.OR([
      { ALT: (): Statement => ({ ...this.SUBRULE(this.createTable), position }) },
      { ALT: (): Statement => ({ ...this.SUBRULE(this.createIndex), position }) },
    ])
  })

  private ifNotExists(): boolean {
    return (
      this.option(9, () => {
        this.CONSUME9(If)
        this.CONSUME9(Not)
        this.CONSUME9(Exists)
        return true
      }) ?? false
    )
  }

  // ------------------------------------------------------------------------------------------------- CREATE TABLE

  private readonly createTable = this.RULE('createTable', (): Omit<CreateTable, 'position'> => {
    this.CONSUME(Table)
    const ifNotExists = this.ifNotExists()
    const table = this.SUBRULE(this.tableName)
    if (this.at(keyword('as'))) this.refuse('CREATE TABLE AS')
    if (this.atWord('of')) this.refuse('CREATE TABLE … OF')
    if (this.atWord('partition')) this.refuse('PARTITION OF')
    const columns: ColumnDefinition[] = []
    const constraints: TableConstraint[] = []
    this.CONSUME(LParen)
    this.refuseTableElement()
    this.MANY_SEP({
      SEP: Comma,
      DEF: () => {
        this.refuseTableElement()
        this.OR([
          { ALT: () => columns.push(this.SUBRULE(this.columnDefinition)) },
          { ALT: () => constraints.push(this.SUBRULE(this.tableConstraint)) },
        ])
      },
    })
    this.CONSUME(RParen)
    this.refuseTableOptions()
    const using = this.OPTION(() => {
      this.CONSUME(Using)
      return this.take(1, ColumnId).name
    })
    this.refuseTableOptions()
    return { kind: 'create_table', table, ifNotExists, columns, constraints, using: using ?? null }
  })

  private refuseTableElement(): void {
    if (this.at(keyword('like'))) this.refuse('CREATE TABLE (LIKE …)')
    if (this.atWord('exclude') && (this.at(Using, 2) || this.at(LParen, 2))) this.refuse('EXCLUDE')
  }

  private refuseTableOptions(): void {
    if (this.atWord('inherits')) this.refuse('INHERITS')
    if (this.atWord('partition')) this.refuse('PARTITION BY')
    if (this.at(With)) this.refuse('WITH (…) behind CREATE TABLE')
    if (this.atWord('without')) this.refuse('WITHOUT OIDS')
    if (this.at(On)) this.refuse('ON COMMIT')
    if (this.atWord('tablespace')) this.refuse('TABLESPACE')
    if (this.at(keyword('as'))) this.refuse('CREATE TABLE AS')
  }

  private readonly columnDefinition = this.RULE('columnDefinition', (): ColumnDefinition => {
    const { name, position } = this.columnName(1)
    const type = this.SUBRULE(this.typeName)
    const constraints: ColumnConstraint[] = []
    this.refuseColumnOption()
    this.MANY(() => {
      constraints.push(this.SUBRULE(this.columnConstraint))
      this.refuseColumnOption()
    })
    return { name, type, constraints, position }
  })

  private refuseColumnOption(): void {
    if (this.at(keyword('collate'))) this.refuse('COLLATE')
    if (this.atWord('generated')) this.refuse('GENERATED')
    this.refuseConstraintOption()
    for (const word of ['compression', 'storage']) if (this.atWord(word)) this.refuse(word.toUpperCase())
  }

  private refuseConstraintOption(): void {
    const ahead = this.at(Not) ? 2 : 1
    for (const word of ['deferrable', 'initially', 'valid', 'enforced']) {
      if (this.atWord(word, ahead)) this.refuse(`${ahead === 2 ? 'NOT ' : ''}${word.toUpperCase()}`)
    }
    if (this.atWord('no') && this.atWord('inherit', 2)) this.refuse('NO INHERIT')
    if (this.atWord('include')) this.refuse('INCLUDE')
    if (this.at(With)) this.refuse('WITH (…) behind a constraint')
    if (this.at(Using) && this.at(Index, 2)) this.refuse('USING INDEX')
  }

  private constraintName(): string | null {
    return (
      this.option(9, () => {
        this.CONSUME9(Constraint)
        return this.take(9, ColumnId).name
      }) ?? null
    )
  }

  private readonly columnConstraint = this.RULE('columnConstraint', (): ColumnConstraint => {
    const position = this.LA(1).startOffset
    const name = this.constraintName()
    return this.OR([
      {
        ALT: (): ColumnConstraint => {
          this.CONSUME1(Not)
          this.CONSUME1(Null)
          return { kind: 'not_null', name, position }
        },
      },
      {
        ALT: (): ColumnConstraint => {
          this.CONSUME2(Null)
          return { kind: 'null', name, position }
        },
      },
      {
        ALT: (): ColumnConstraint => {
          this.CONSUME(Default)
          return { kind: 'default', name, expression: this.restrictedExpression(1), position }
        },
      },
      {
        ALT: (): ColumnConstraint => {
          this.CONSUME(Primary)
          this.CONSUME(Key)
          return { kind: 'primary_key', name, position }
        },
      },
      {
        ALT: (): ColumnConstraint => {
          this.CONSUME(Unique)
          this.refuseNulls()
          return { kind: 'unique', name, position }
        },
      },
      {
        ALT: (): ColumnConstraint => {
          this.CONSUME(Check)
          return { kind: 'check', name, expression: this.parenthesisedCheck(), position }
        },
      },
      {
        ALT: (): ColumnConstraint => ({ kind: 'foreign_key', name, ...this.SUBRULE(this.references), position }),
      },
    ])
  })

  private readonly references = this.RULE('references', (): References => {
    this.CONSUME(ReferencesWord)
    const table = this.SUBRULE(this.tableName)
    const referenced = this.OPTION1(() => this.SUBRULE(this.columnNames))
    if (this.atWord('match')) {
      if (!this.atWord('simple', 2)) this.refuse(`MATCH ${this.upperAt(2)}`)
      this.takeWord(1, 'match')
      this.takeWord(2, 'simple')
    }
    let onDelete: ReferentialAction | null = null
    let onUpdate: ReferentialAction | null = null
    this.MANY(() => {
      this.CONSUME(On)
      this.OR([
        {
          GATE: () => onDelete === null,
          ALT: () => {
            this.CONSUME(Delete)
            onDelete = this.SUBRULE1(this.referentialAction)
          },
        },
        {
          GATE: () => onUpdate === null,
          ALT: () => {
            this.CONSUME(Update)
            onUpdate = this.SUBRULE2(this.referentialAction)
          },
        },
      ])
    })
    return {
      table,
      referenced: referenced ?? null,
      onDelete: onDelete ?? 'no action',
      onUpdate: onUpdate ?? 'no action',
    }
  })

  private readonly referentialAction = this.RULE('referentialAction', (): ReferentialAction =>
    this.OR([
      {
        ALT: (): ReferentialAction => {
          this.takeWord(1, 'no')
          this.takeWord(2, 'action')
          return 'no action'
        },
      },
      {
        ALT: (): ReferentialAction => {
          this.CONSUME(keyword('restrict'))
          return 'restrict'
        },
      },
      {
        ALT: (): ReferentialAction => {
          this.CONSUME(keyword('cascade'))
          return 'cascade'
        },
      },
      {
        ALT: (): ReferentialAction => {
          if (this.at(Default, 2)) this.refuse('SET DEFAULT')
          this.CONSUME(keyword('set'))
          this.CONSUME(Null)
          if (this.at(LParen)) this.refuse('SET NULL (…)')
          return 'set null'
        },
      },
    ]),
  )

  private refuseNulls(): void {
    if (this.at(keyword('nulls'))) this.refuse('NULLS [NOT] DISTINCT')
  }

  private parenthesisedCheck(): ReturnType<typeof this.restrictedExpression> {
    this.CONSUME(LParen)
    const expression = this.whole(2)
    this.CONSUME(RParen)
    return expression
  }

  private readonly tableConstraint = this.RULE('tableConstraint', (): TableConstraint => {
    const position = this.LA(1).startOffset
    const name = this.constraintName()
    if (this.atWord('exclude')) this.refuse('EXCLUDE')
    const constraint = this.OR([
      {
        ALT: (): TableConstraint => {
          this.CONSUME(Primary)
          this.CONSUME(Key)
          if (this.at(Using)) this.refuse('USING INDEX')
          return { kind: 'primary_key', name, columns: this.SUBRULE1(this.columnNames), position }
        },
      },
      {
        ALT: (): TableConstraint => {
          this.CONSUME(Unique)
          this.refuseNulls()
          if (this.at(Using)) this.refuse('USING INDEX')
          return { kind: 'unique', name, columns: this.SUBRULE2(this.columnNames), position }
        },
      },
      {
        ALT: (): TableConstraint => {
          this.CONSUME(Check)
          return { kind: 'check', name, expression: this.parenthesisedCheck(), position }
        },
      },
      {
        ALT: (): TableConstraint => {
          this.CONSUME(Foreign)
          this.CONSUME3(Key)
          const columns = this.SUBRULE3(this.columnNames)
          return { kind: 'foreign_key', name, columns, ...this.SUBRULE(this.references), position }
        },
      },
    ])
    this.refuseConstraintOption()
    return constraint
  })

  // ------------------------------------------------------------------------------------------------- CREATE INDEX

  private readonly createIndex = this.RULE('createIndex', (): Omit<CreateIndex, 'position'> => {
    const unique = this.OPTION1(() => this.CONSUME(Unique)) !== undefined
    this.CONSUME(Index)
    if (this.atWord('concurrently')) this.refuse('CONCURRENTLY')
    const ifNotExists = this.ifNotExists()
    // With IF NOT EXISTS the name is needed: a name that the engine chooses never exists.
    const name = this.OPTION2({
      GATE: () => ifNotExists || !this.at(On),
      DEF: () => this.take(1, ColumnId).name,
    })
    this.CONSUME(On)
    if (this.at(keyword('only'))) this.refuse('ONLY')
    const table = this.SUBRULE(this.tableName)
    this.OPTION3(() => {
      this.CONSUME(Using)
      if (!this.RECORDING_PHASE && !this.atWord('btree')) this.refuse(`access method ${this.LA(1).image}`)
      this.take(2, ColumnId)
    })
    const columns: IndexColumn[] = []
    this.CONSUME(LParen)
    this.AT_LEAST_ONE_SEP({ SEP: Comma, DEF: () => columns.push(this.SUBRULE(this.indexColumn)) })
    this.CONSUME(RParen)
    this.refuseNulls()
    if (this.atWord('include')) this.refuse('INCLUDE')
    if (this.at(With)) this.refuse('WITH (…) behind CREATE INDEX')
    if (this.at(keyword('where'))) this.refuse('a partial index')
    return { kind: 'create_index', unique, name: name ?? null, ifNotExists, table, columns }
  })

  private readonly indexColumn = this.RULE('indexColumn', (): IndexColumn => {
    if (this.at(LParen) || this.at(LParen, 2)) this.refuse('an index on an expression')
    const { name, position } = this.columnName(1)
    if (this.at(keyword('collate'))) this.refuse('COLLATE')
    if (this.at(Word)) this.refuse('an operator class')
    const { descending, nullsFirst } = this.SUBRULE(this.ordering)
    return { name, descending, nullsFirst, position }
  })

  // ----------------------------------------------------------------------------------------------- DROP, TRUNCATE

  private readonly drop = this.RULE('drop', (): DropTable | DropIndex => {
    const position = this.CONSUME(Drop).startOffset
    const tables = this.at(Table)
    this.OR1([{ ALT: () => this.CONSUME(Table) }, { ALT: () => this.CONSUME(Index) }])
    if (this.atWord('concurrently')) this.refuse('CONCURRENTLY')
    const ifExists =
      this.OPTION1(() => {
        this.CONSUME(If)
        this.CONSUME(Exists)
        return true
      }) ?? false
    const names: TableName[] = []
    this.AT_LEAST_ONE_SEP({ SEP: Comma, DEF: () => names.push(this.SUBRULE(this.tableName)) })
    const cascade = this.cascade()
    return tables
      ? { kind: 'drop_table', tables: names, ifExists, cascade, position }
      : { kind: 'drop_index', indexes: names, ifExists, cascade, position }
  })

  private cascade(): boolean {
    const cascade = this.at(keyword('cascade'))
    this.option(9, () =>
      this.or(9, [{ ALT: () => this.CONSUME(keyword('cascade')) }, { ALT: () => this.CONSUME(keyword('restrict')) }]),
    )
    return cascade
  }

  private readonly truncate = this.RULE('truncate', (): Truncate => {
    const position = this.CONSUME(keyword('truncate')).startOffset
    this.OPTION(() => this.CONSUME(Table))
    if (this.at(keyword('only'))) this.refuse('ONLY')
    const tables: TableName[] = []
    this.AT_LEAST_ONE_SEP({ SEP: Comma, DEF: () => tables.push(this.SUBRULE(this.tableName)) })
    if (this.atWord('restart')) this.refuse('RESTART IDENTITY')
    this.OPTION1({
      GATE: () => this.atWord('continue') && this.atWord('identity', 2),
      DEF: () => {
        this.takeWord(1, 'continue')
        this.takeWord(2, 'identity')
      },
    })
    if (this.cascade()) this.refuse('TRUNCATE … CASCADE', 0)
    return { kind: 'truncate', tables, position }
  })
}
