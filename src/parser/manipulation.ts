/** The grammar of INSERT, UPDATE and DELETE. */
import { invalidSyntax } from '../errors.ts'
import type {
  Assignment,
  ColumnName,
  DefaultMarker,
  Delete,
  Expression,
  Insert,
  InsertDefaults,
  InsertValues,
  OnConflict,
  Query,
  SelectItem,
  Update,
} from './ast.ts'
import { QueryGrammar } from './queries.ts'
import { ColumnId, Comma, Dot, Equal, LBracket, LParen, ReservedWord, RParen, keyword } from './tokens.ts'

const As = keyword('as')
const Default = keyword('default')
const From = keyword('from')
const Into = keyword('into')
const On = keyword('on')
const Returning = keyword('returning')
const Row = keyword('row')
const Select = keyword('select')
const Set = keyword('set')
const Using = keyword('using')
const ValuesWord = keyword('values')

export abstract class ManipulationGrammar extends QueryGrammar {
  readonly insert = this.RULE('insert', (): Insert => {
    const position = this.CONSUME(keyword('insert')).startOffset
    this.CONSUME(Into)
    const table = this.SUBRULE(this.tableName)
    const alias = this.OPTION1(() => {
      this.CONSUME(As)
      return this.take(1, ColumnId).name
    })
    const columns = this.OPTION2({
      GATE: () => !this.atParenthesisedQuery(),
      DEF: () => this.SUBRULE(this.columnNames),
    })
    if (this.atWord('overriding')) this.refuse('OVERRIDING')
    const source: Insert['source'] = this.OR([
      { ALT: () => this.defaultValues() },
      { ALT: () => this.SUBRULE(this.insertValues), IGNORE_AMBIGUITIES: true },
      { ALT: () => this.SUBRULE(this.query) },
    ])
    const onConflict = this.OPTION4(() => this.SUBRULE(this.onConflict)) ?? null
    const returning = this.OPTION3(() => this.SUBRULE(this.returning)) ?? []
    const into = { table, alias: alias ?? null, columns: columns ?? null }
    return { kind: 'insert', ...into, source, onConflict, returning, position }
  })

  /** `INSERT INTO t (SELECT …)`: the parenthesis holds no column names. */
  private atParenthesisedQuery(): boolean {
    let ahead = 1
    while (this.at(LParen, ahead)) ahead++
    return [Select, ValuesWord, keyword('with'), keyword('table')].some((word) => this.at(word, ahead))
  }

  private defaultValues(): InsertDefaults {
    const position = this.CONSUME(Default).startOffset
    this.CONSUME(ValuesWord)
    return { kind: 'default_values', position }
  }

  /** VALUES of an INSERT; with ORDER BY or LIMIT behind it, it is an ordinary query. */
  private readonly insertValues = this.RULE('insertValues', (): InsertValues | Query => {
    const position = this.CONSUME(ValuesWord).startOffset
    const rows: (Expression | DefaultMarker)[][] = []
    this.AT_LEAST_ONE_SEP1({
      SEP: Comma,
      DEF: () => {
        const row: (Expression | DefaultMarker)[] = []
        this.CONSUME(LParen)
        this.AT_LEAST_ONE_SEP2({ SEP: Comma, DEF: () => row.push(this.or(1, this.insertValue)) })
        this.CONSUME(RParen)
        rows.push(row)
      },
    })
    this.requireSameLength(rows)
    this.refuseAfterQuery()
    const hasTail = ['order', 'limit', 'offset', 'fetch', 'for'].some((word) => this.at(keyword(word)))
    const tail = this.SUBRULE(this.queryTail, { ARGS: [false] })
    if (!hasTail) return { kind: 'insert_values', rows, position }
    const plain = (value: Expression | DefaultMarker): Expression => {
      if (value.kind !== 'default') return value
      throw invalidSyntax('DEFAULT is not allowed in this context', value.position)
    }
    return { kind: 'values', rows: rows.map((row) => row.map(plain)), ...tail, position }
  })

  private readonly insertValue = [{ ALT: () => this.defaultMarker() }, { ALT: () => this.whole(1) }]

  private defaultMarker(): DefaultMarker {
    return { kind: 'default', position: this.take(9, Default).startOffset }
  }

  // ------------------------------------------------------------------------------------------------- ON CONFLICT

  private readonly onConflict = this.RULE('onConflict', (): OnConflict => {
    const position = this.CONSUME(On).startOffset
    this.takeWord(1, 'conflict')
    const target = this.OPTION1(() =>
      this.OR1([{ ALT: () => this.conflictColumns() }, { ALT: () => this.conflictConstraint() }]),
    )
    this.reservedWord(2, 'do')
    const update = this.OR2([
      { GATE: () => this.atWord('nothing'), ALT: () => this.doNothing() },
      { ALT: () => this.SUBRULE(this.doUpdate) },
    ])
    return { kind: 'on_conflict', target: target ?? null, update, position }
  })

  private conflictColumns(): OnConflict['target'] {
    this.CONSUME(LParen)
    const columns: ColumnName[] = []
    this.AT_LEAST_ONE_SEP({
      SEP: Comma,
      DEF: () => {
        if (this.at(LParen) || this.at(LParen, 2)) this.refuse('an expression in ON CONFLICT')
        columns.push(this.columnName(3))
        if (this.at(keyword('collate'))) this.refuse('COLLATE')
      },
    })
    this.CONSUME(RParen)
    if (this.at(keyword('where'))) this.refuse('ON CONFLICT (…) WHERE')
    return { kind: 'columns', columns }
  }

  private conflictConstraint(): OnConflict['target'] {
    this.CONSUME1(On)
    this.CONSUME(keyword('constraint'))
    return { kind: 'constraint', constraint: this.columnName(4) }
  }

  private doNothing(): null {
    this.takeWord(5, 'nothing')
    return null
  }

  private readonly doUpdate = this.RULE('doUpdate', (): OnConflict['update'] => {
    const assignments: (readonly Assignment[])[] = []
    this.CONSUME(keyword('update'))
    this.CONSUME(Set)
    this.AT_LEAST_ONE_SEP({ SEP: Comma, DEF: () => assignments.push(this.SUBRULE(this.assignment)) })
    const where = this.OPTION(() => this.SUBRULE(this.where)) ?? null
    return { assignments: assignments.flat(), where }
  })

  private reservedWord(index: number, word: string): void {
    if (!this.RECORDING_PHASE && !this.atWord(word)) this.fail()
    this.take(index, ReservedWord)
  }

  private readonly returning = this.RULE('returning', (): readonly SelectItem[] => {
    const items: SelectItem[] = []
    this.CONSUME(Returning)
    if (this.at(keyword('with'))) this.refuse('RETURNING WITH')
    this.AT_LEAST_ONE_SEP({ SEP: Comma, DEF: () => items.push(this.SUBRULE(this.selectItem)) })
    return items
  })

  // ----------------------------------------------------------------------------------------------- UPDATE, DELETE

  readonly update = this.RULE('update', (): Update => {
    const position = this.CONSUME(keyword('update')).startOffset
    if (this.at(keyword('only'))) this.refuse('ONLY')
    const table = this.SUBRULE(this.tableName)
    const alias = this.OPTION1({ GATE: () => !this.at(Set), DEF: () => this.SUBRULE(this.targetAlias) }) ?? null
    this.CONSUME(Set)
    const assignments: (readonly Assignment[])[] = []
    this.AT_LEAST_ONE_SEP({ SEP: Comma, DEF: () => assignments.push(this.SUBRULE(this.assignment)) })
    if (this.at(From)) this.refuse('UPDATE … FROM')
    const where = this.OPTION2(() => this.SUBRULE(this.where)) ?? null
    const returning = this.OPTION3(() => this.SUBRULE(this.returning)) ?? []
    return { kind: 'update', table, alias, assignments: assignments.flat(), where, returning, position }
  })

  private readonly targetAlias = this.RULE('targetAlias', (): string => {
    this.OPTION(() => this.CONSUME(As))
    return this.take(1, ColumnId).name
  })

  private readonly assignment = this.RULE('assignment', (): readonly Assignment[] =>
    this.OR([
      {
        ALT: (): readonly Assignment[] => {
          const { name, position } = this.columnName(1)
          if (this.at(Dot)) this.refuse('a field of a composite value')
          if (this.at(LBracket)) this.refuse('an array subscript')
          this.CONSUME1(Equal)
          const value = this.OR1([{ ALT: () => this.defaultMarker() }, { ALT: () => this.whole(1) }])
          return [{ column: name, value, position }]
        },
      },
      {
        ALT: (): readonly Assignment[] => {
          const columns = this.SUBRULE(this.columnNames)
          this.CONSUME2(Equal)
          const values = this.SUBRULE(this.assignedRow)
          return this.ACTION(() => this.paired(columns, values))
        },
      },
    ]),
  )

  private readonly assignedRow = this.RULE('assignedRow', (): readonly (Expression | DefaultMarker)[] => {
    const values: (Expression | DefaultMarker)[] = []
    this.OPTION(() => this.CONSUME(Row))
    this.CONSUME(LParen)
    this.refuseSubquery()
    this.AT_LEAST_ONE_SEP({ SEP: Comma, DEF: () => values.push(this.or(1, this.insertValue)) })
    this.CONSUME(RParen)
    return values
  })

  private paired(
    columns: readonly ColumnName[],
    values: readonly (Expression | DefaultMarker)[],
  ): readonly Assignment[] {
    return columns.map(({ name, position }, i) => {
      const value = values[i]
      if (value === undefined || values.length !== columns.length) {
        throw invalidSyntax('number of columns does not match number of values', position)
      }
      return { column: name, value, position }
    })
  }

  readonly delete = this.RULE('delete', (): Delete => {
    const position = this.CONSUME(keyword('delete')).startOffset
    this.CONSUME(From)
    if (this.at(keyword('only'))) this.refuse('ONLY')
    const table = this.SUBRULE(this.tableName)
    const alias = this.OPTION1(() => this.SUBRULE(this.targetAlias)) ?? null
    if (this.at(Using)) this.refuse('DELETE … USING')
    const where = this.OPTION2(() => this.SUBRULE(this.where)) ?? null
    const returning = this.OPTION3(() => this.SUBRULE(this.returning)) ?? []
    return { kind: 'delete', table, alias, where, returning, position }
  })
}
