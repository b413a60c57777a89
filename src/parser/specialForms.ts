/** Expressions with a syntax of their own: CASE, CAST, and calls such as EXTRACT (… FROM …) and TRIM (BOTH … FROM …). */
import type { CaseBranch, Expression, StringLiteral } from './ast.ts'
import { ExpressionGrammar } from './expressions.ts'
import {
  Comma,
  LParen,
  NonReserved,
  RParen,
  ReservedWord,
  SpecialForm,
  StringToken,
  Token,
  Word,
  keyword,
} from './tokens.ts'

const For = keyword('for')
const From = keyword('from')

export abstract class SpecialFormGrammar extends ExpressionGrammar {
  protected stringLiteral(index: number): StringLiteral {
    const token = this.take(index, StringToken)
    return { kind: 'string', value: token.name, slot: token.slot, position: token.startOffset }
  }

  /** A string whose value belongs to the plan. */
  protected pinnedString(index: number): StringLiteral {
    const token = this.take(index, StringToken)
    this.pinToken(token)
    return { kind: 'string', value: token.name, slot: null, position: token.startOffset }
  }

  protected call(schema: string | null, name: Token, args: readonly Expression[]): Expression {
    const position = name.startOffset
    return {
      kind: 'function',
      schema,
      name: name.name,
      arguments: args,
      distinct: false,
      star: false,
      position,
    }
  }

  protected readonly cast = this.RULE('cast', (): Expression => {
    const position = this.CONSUME(keyword('cast')).startOffset
    this.CONSUME(LParen)
    const operand = this.whole(1)
    this.CONSUME(keyword('as'))
    const type = this.SUBRULE(this.typeName)
    this.CONSUME(RParen)
    this.height++
    return { kind: 'cast', operand, type, position }
  })

  protected readonly caseExpression = this.RULE('caseExpression', (): Expression => {
    const position = this.CONSUME(keyword('case')).startOffset
    const branches: CaseBranch[] = []
    let height = 0
    const read = (index: number): Expression => {
      const expression = this.whole(index)
      height = Math.max(height, this.height)
      return expression
    }
    const operand = this.OPTION1(() => read(1)) ?? null
    this.AT_LEAST_ONE(() => {
      this.CONSUME(keyword('when'))
      const condition = read(2)
      this.CONSUME(keyword('then'))
      branches.push({ condition, result: read(3) })
    })
    const otherwise =
      this.OPTION2(() => {
        this.CONSUME(keyword('else'))
        return read(4)
      }) ?? null
    this.CONSUME(keyword('end'))
    this.height = height + 1
    return { kind: 'case', operand, branches, otherwise, position }
  })

  // ------------------------------------------------------------------------------------------------- special forms

  protected readonly specialForm = this.RULE('specialForm', (): Expression => {
    const word = this.valueAt(1)
    return this.OR([
      { GATE: () => word === 'extract', ALT: () => this.SUBRULE(this.extract) },
      { GATE: () => word === 'position', ALT: () => this.SUBRULE(this.positionOf) },
      { GATE: () => word === 'trim', ALT: () => this.SUBRULE(this.trim) },
      { GATE: () => word === 'substring', ALT: () => this.SUBRULE(this.substring) },
      { ALT: () => this.unbuiltForm() },
    ])
  })

  private unbuiltForm(): Expression {
    if (!this.RECORDING_PHASE) this.refuse(`${this.upperAt(1)} (…)`)
    this.take(6, SpecialForm)
    return this.left
  }

  private readonly extract = this.RULE('extract', (): Expression => {
    const name = this.take(1, SpecialForm)
    this.CONSUME(LParen)
    const field: Expression = this.OR([
      {
        ALT: () => {
          const word = this.take(2, NonReserved)
          return { kind: 'string', value: word.name, slot: null, position: word.startOffset } as const
        },
      },
      { ALT: () => this.pinnedString(1) },
    ])
    this.CONSUME(From)
    const source = this.whole(1)
    this.CONSUME(RParen)
    this.height++
    return this.call(null, name, [field, source])
  })

  private readonly positionOf = this.RULE('positionOf', (): Expression => {
    const name = this.take(1, SpecialForm)
    this.CONSUME(LParen)
    const part = this.restrictedExpression(1)
    const height = this.height
    this.CONSUME(keyword('in'))
    const text = this.restrictedExpression(2)
    this.CONSUME(RParen)
    this.height = 1 + Math.max(height, this.height)
    return this.call(null, name, [text, part])
  })

  /** `TRIM ([BOTH | LEADING | TRAILING] [characters] FROM text)`, or `TRIM (text [, characters])`. */
  private readonly trim = this.RULE('trim', (): Expression => {
    const name = this.take(1, SpecialForm)
    this.CONSUME(LParen)
    const side = ['leading', 'trailing', 'both'].find((word) => this.atWord(word))
    this.OPTION1({ GATE: () => side !== undefined, DEF: () => this.take(2, ReservedWord) })
    let args: Expression[] = []
    let height = 0
    const read = (index: number): void => {
      args.push(this.whole(index))
      height = Math.max(height, this.height)
    }
    this.OPTION2(() => this.AT_LEAST_ONE_SEP1({ SEP: Comma, DEF: () => read(1) }))
    this.OPTION3(() => {
      this.CONSUME(From)
      const characters = args
      args = []
      this.AT_LEAST_ONE_SEP2({ SEP: Comma, DEF: () => read(2) })
      args.push(...characters)
    })
    this.CONSUME(RParen)
    if (args.length === 0 && !this.RECORDING_PHASE) this.fail()
    this.height = height + 1
    const called = side === 'leading' ? 'ltrim' : side === 'trailing' ? 'rtrim' : 'btrim'
    return this.call(null, new Token(name.text, name.startOffset, name.endOffset + 1, Word, called), args)
  })

  /** `SUBSTRING (text [FROM start] [FOR length])` in either order, or a plain call. */
  private readonly substring = this.RULE('substring', (): Expression => {
    const name = this.take(1, SpecialForm)
    this.CONSUME(LParen)
    const args: Expression[] = []
    let height = 0
    const read = (index: number): Expression => {
      const expression = this.whole(index)
      height = Math.max(height, this.height)
      return expression
    }
    let from: Expression | undefined
    let length: Expression | undefined
    this.AT_LEAST_ONE_SEP({ SEP: Comma, DEF: () => args.push(read(1)) })
    if (this.atWord('similar')) this.refuse('SUBSTRING (… SIMILAR …)')
    this.MANY(() =>
      this.OR([
        {
          ALT: () => {
            if (from !== undefined && !this.RECORDING_PHASE) this.fail()
            this.CONSUME(From)
            from = read(2)
          },
        },
        {
          ALT: () => {
            if (length !== undefined && !this.RECORDING_PHASE) this.fail()
            this.CONSUME(For)
            length = read(3)
          },
        },
      ]),
    )
    this.CONSUME(RParen)
    this.height = height + 1
    if (from !== undefined || length !== undefined) {
      args.push(from ?? { kind: 'integer', type: 'int4', value: 1, slot: null, position: name.startOffset })
    }
    if (length !== undefined) args.push(length)
    return this.call(null, name, args)
  })
}
