/** Errors that show the row which broke a constraint, as PostgreSQL does: `Failing row contains (1, null, x).` */
import { checkViolation, type DatabaseError, notNullViolation } from '../errors.ts'
import type { SqlType } from '../types/sqlType.ts'
import { formatValue } from '../types/textOutput.ts'
import type { Value } from '../types/value.ts'

interface TableColumn {
  readonly name: string
  readonly type: SqlType
}

/** PostgreSQL cuts each value of the detail after 64 bytes. */
const longestShown = 64

function rowText(columns: readonly TableColumn[], row: readonly Value[]): string {
  const cells = columns.map(({ type }, i) => {
    const value = row[i] ?? null
    const text = value === null ? 'null' : formatValue(type, value)
    return text.length > longestShown ? `${text.slice(0, longestShown)}...` : text
  })
  return `(${cells.join(', ')})`
}

export const notNullFailure =
  (table: string, columns: readonly TableColumn[], column: number) =>
  (...row: Value[]): DatabaseError =>
    notNullViolation(table, columns[column]!.name, rowText(columns, row))

export const checkFailure =
  (table: string, columns: readonly TableColumn[], constraint: string) =>
  (...row: Value[]): DatabaseError =>
    checkViolation(table, constraint, rowText(columns, row))
