/**
 * What a statement gives back, in the form of node-postgres' results.
 */
export interface Field {
  readonly name: string
  /** The OID of the column's type, as PostgreSQL numbers it. */
  readonly dataTypeID: number
}

/** A row as an object of its columns, the default form. Of columns that share a name, the last wins. */
export type ObjectRow = Record<string, unknown>

export interface QueryResult<Row = ObjectRow> {
  readonly rows: Row[]
  readonly fields: readonly Field[]
  /** Rows returned, inserted, updated or deleted; null for a statement that counts none (CREATE TABLE, BEGIN …). */
  readonly rowCount: number | null
  /** The command's name as in PostgreSQL's tag: SELECT, INSERT, CREATE TABLE … */
  readonly command: string
}

/** What a statement did, for who does not look at its rows. */
export type RunResult = Pick<QueryResult, 'rowCount' | 'command'>

/** Turns PostgreSQL's text form of a value, as `psql` would print it, into what the caller wants. */
export type TypeParser = (text: string) => unknown

export interface QueryOptions {
  /**
   * 'object' (default): rows are objects; 'array': rows are arrays of the same values; 'text': rows are arrays of
   * PostgreSQL's text forms, and nulls.
   */
  readonly rowMode?: 'object' | 'array' | 'text'
  /** A parser for each type OID whose values the caller wants in another form. */
  readonly types?: Readonly<Record<number, TypeParser>>
  /** Cancels the statement: error 57014. */
  readonly signal?: AbortSignal
}

/** What the engine wants to tell the person beside a result: PostgreSQL's NOTICE and WARNING. */
export interface Notice {
  readonly severity: 'NOTICE' | 'WARNING'
  readonly code: string
  readonly message: string
}
