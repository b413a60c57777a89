/**
 * The `sql` template tag: what stands between the backticks is SQL, what stands in `${…}` is data. A value becomes a
 * parameter ($1, $2 …) and can never change the statement; a nested fragment is spliced with its own values; a name
 * goes through `sql.ident`, which quotes it.
 */
import { quoteIdentifier } from '../parser/index.ts'
import type { ObjectRow, QueryResult } from './result.ts'

const fragmentBrand: unique symbol = Symbol('isolde sql fragment')

/** A piece of SQL with the values of its parameters. */
export interface SqlFragment {
  readonly [fragmentBrand]: true
  readonly strings: readonly string[]
  readonly values: readonly unknown[]
}

export interface SqlStatement {
  readonly text: string
  readonly values: readonly unknown[]
}

export function isFragment(value: unknown): value is SqlFragment {
  return typeof value === 'object' && value !== null && fragmentBrand in value
}

export function fragment(strings: readonly string[], values: readonly unknown[]): SqlFragment {
  return { [fragmentBrand]: true, strings, values }
}

/** A name as SQL: `ident('order')` is "order"; `ident('public', 'order')` is public."order". */
export function ident(...names: readonly string[]): SqlFragment {
  return fragment([names.map(quoteIdentifier).join('.')], [])
}

/** Flattens a fragment into a text with `$n` parameters and their values in order. */
export function statementOf(root: SqlFragment): SqlStatement {
  const parts: string[] = []
  const values: unknown[] = []
  const write = (piece: SqlFragment): void => {
    piece.strings.forEach((text, i) => {
      parts.push(text)
      if (i >= piece.values.length) return
      const value = piece.values[i]
      if (isFragment(value)) write(value)
      else parts.push(`$${values.push(value)}`)
    })
  }
  write(root)
  return { text: parts.join(''), values }
}

/** What `db.sql` and `session.sql` are. */
export interface SqlTag {
  <Row = ObjectRow>(strings: TemplateStringsArray, ...values: readonly unknown[]): SqlQuery<Row>
  /** A quoted name. */
  ident(...names: readonly string[]): SqlFragment
}

/** A template that is a promise of its result when it is awaited, and a fragment when it is nested in another one. */
export interface SqlQuery<Row> extends SqlFragment, PromiseLike<QueryResult<Row>> {}

export function sqlTag(run: <Row>(text: string, values: readonly unknown[]) => Promise<QueryResult<Row>>): SqlTag {
  const tag = <Row>(strings: TemplateStringsArray, ...values: readonly unknown[]): SqlQuery<Row> => {
    const piece = fragment(strings, values)
    return {
      ...piece,
      then(onFulfilled, onRejected) {
        const { text, values: parameters } = statementOf(piece)
        return run<Row>(text, parameters).then(onFulfilled, onRejected)
      },
    }
  }
  return Object.assign(tag, { ident })
}
