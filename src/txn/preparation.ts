/** What a transaction is once it is prepared, besides a transaction. */
export interface Preparation {
  /** The global identifier: the name by which it is decided, unique among the prepared transactions of a database. */
  readonly gid: string
  /** The session that prepared it: of this process, or of one that is gone. */
  readonly session: number
  /** Microseconds since 1970. */
  readonly preparedMicros: number
}
