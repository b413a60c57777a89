/**
 * Stored procedures: functions that run as one SERIALIZABLE USING SERIAL transaction, from begin to end without anybody
 * between, in one step of the core. The fast path of H-Store and VoltDB (Stonebraker et al., *The End of an Architectural
 * Era*, VLDB 2007; Kallman et al., *H-Store*, VLDB 2008): where nobody interleaves there is nothing to wait for, so a
 * procedure needs no lock but the database's, no queue, no snapshot and no promise until its end.
 *
 * What follows from that: it waits before it starts, for those who write or have locked what they read, and never again.
 * So what could wait within it is refused: DDL, LOCK TABLE, COPY, advisory locks, transaction control; and the function is
 * synchronous. A statement of it that fails has no effect, and the function may catch its error; what the function
 * throws rolls all of it back.
 */
import { undefinedProcedure } from '../errors.ts'
import type { CachedStatement } from '../planner/index.ts'
import type { ObjectRow, QueryResult } from './result.ts'

/** A stored procedure. It is called with a transaction of its own, and must not return a promise. */
export type Procedure = (tx: ProcedureTransaction, ...args: never[]) => unknown

/** What a procedure does to the database: like a prepared statement's methods, with the text in front. */
export interface ProcedureTransaction {
  /** The first row; undefined if there is none. @throws DatabaseError what the statement throws */
  get<Row = ObjectRow>(sql: string, ...parameters: unknown[]): QueryResult<Row>['rows'][number] | undefined
  /** All rows. @throws DatabaseError as `get` */
  all<Row = ObjectRow>(sql: string, ...parameters: unknown[]): Row[]
  /** Runs it for its effect, and gives the number of rows that it inserted, updated or deleted. @throws DatabaseError as `get` */
  run(sql: string, ...parameters: unknown[]): number
  /** @throws DatabaseError as `get` */
  query<Row = ObjectRow>(sql: string, parameters?: readonly unknown[]): QueryResult<Row>
  /** Notifies when the procedure has committed. @throws DatabaseError 22023 */
  notify(channel: string, payload?: string): void
  /** Another procedure, within this one. @throws DatabaseError 42883, and what it throws */
  call(name: string, ...args: unknown[]): unknown
}

/** A procedure that puts its values into the text makes a new statement each time. */
const mostStatements = 1000

/** The procedures of one database, and the statements that they have used. procedureRun.ts runs them. */
export class Procedures {
  readonly #byName = new Map<string, Procedure>()
  readonly #statements = new Map<string, CachedStatement>()

  /** For a fork: the procedures that this one has now. */
  copyTo(other: Procedures): void {
    for (const [name, procedure] of this.#byName) other.set(name, procedure)
  }

  /** Null takes the procedure away. */
  set(name: string, procedure: Procedure | null): void {
    if (procedure === null) this.#byName.delete(name)
    else this.#byName.set(name, procedure)
  }

  /** Throws 42883. `position`: of the name in a CALL. */
  find(name: string, position: number | null = null): Procedure {
    const procedure = this.#byName.get(name)
    if (procedure === undefined) throw undefinedProcedure(name, position)
    return procedure
  }

  /** The statement of a text that `keepStatement` was given; undefined if there is none. */
  statement(sql: string): CachedStatement | undefined {
    return this.#statements.get(sql)
  }

  keepStatement(sql: string, statement: CachedStatement): void {
    if (this.#statements.size >= mostStatements) this.#statements.clear()
    this.#statements.set(sql, statement)
  }
}
