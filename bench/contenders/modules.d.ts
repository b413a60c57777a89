// What the benchmarks use of their peers. The root of the project type-checks without the peers being installed.

declare module 'better-sqlite3' {
  export interface Statement {
    get(...parameters: readonly unknown[]): unknown
    all(...parameters: readonly unknown[]): readonly unknown[]
    run(...parameters: readonly unknown[]): unknown
  }
  export default class Database {
    constructor(path: string)
    prepare(sql: string): Statement
    exec(sql: string): void
    transaction<A extends readonly unknown[]>(body: (...values: A) => void): (...values: A) => void
    close(): void
  }
}

declare module '@electric-sql/pglite' {
  export interface Queryable {
    query(sql: string, parameters?: readonly unknown[]): Promise<{ rows: Readonly<Record<string, unknown>>[] }>
    exec(sql: string): Promise<unknown>
  }
  export class PGlite implements Queryable {
    static create(): Promise<PGlite>
    clone(): Promise<PGlite>
    query(sql: string, parameters?: readonly unknown[]): Promise<{ rows: Readonly<Record<string, unknown>>[] }>
    exec(sql: string): Promise<unknown>
    transaction<T>(body: (tx: Queryable) => Promise<T>): Promise<T>
    close(): Promise<void>
  }
}
