import type { Expression, Select } from '../../src/parser/index.ts'
import { DatabaseError } from '../../src/errors.ts'
import { parseStatement } from '../../src/parser/index.ts'

/** The only item of `SELECT …`. */
export function expressionOf(sql: string): Expression {
  const { statement } = parseStatement(`SELECT ${sql}`)
  const item = (statement as Select).items[0]
  if (item === undefined || item.expression.kind === 'star') throw new Error(`no expression: ${sql}`)
  return item.expression
}

/** A tree without positions and slots: what two texts of the same meaning share. */
export const meaning = (tree: unknown): unknown =>
  JSON.parse(
    JSON.stringify(tree, (key, value: unknown) => {
      if (key === 'position' || key === 'slot') return undefined
      return typeof value === 'bigint' ? `${value.toString()}n` : value
    }),
  )

/** The error that `run` throws; whatever is no DatabaseError is thrown on. */
export function errorOf(run: () => unknown): DatabaseError {
  try {
    run()
  } catch (error) {
    if (error instanceof DatabaseError) return error
    throw error
  }
  throw new Error('no error')
}
