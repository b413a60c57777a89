/**
 * The texts of a transaction's statements, for the error that explains a serialization failure. A read is noted together
 * with its statement; who wrote a version is known by the command, so of the statements that are over only those that
 * wrote are kept, and of those the last ones.
 */
import type { Writer } from '../../storage/undo.ts'

export interface StatementNote {
  /** Of the statement's first writes; what it wrote belongs to this one or to later ones. */
  readonly command: number
  readonly sql: string
  readonly count: number
  readonly previous: StatementNote | null
}

/** What a transaction knows of its statements. */
export interface StatementNotes extends Writer {
  /** The text of the one that runs, or ran last; null if nobody keeps track. */
  statement: string | null
  /** Its first command. */
  statementCommand: number
  /** Earlier ones that wrote. */
  note: StatementNote | null
}

/** At most about as many statements' texts are known of a transaction. */
const NOTES_KEPT = 64

/** The text of the statement that begins next. */
export function noteStatement(notes: StatementNotes, sql: string): void {
  const { statement, statementCommand, lastEntry, note } = notes
  if (statement !== null && lastEntry !== null && lastEntry.command >= statementCommand) {
    const count = note === null ? 1 : note.count + 1
    const previous = count % NOTES_KEPT === 0 ? null : note
    notes.note = { command: statementCommand, sql: statement, count, previous }
  }
  notes.statement = sql
  notes.statementCommand = notes.command + 1
}

/** The text of the statement to which a command belongs: the last one that had begun by then. */
export function statementOf(notes: StatementNotes, command: number): string | null {
  if (notes.statementCommand <= command) return notes.statement
  let at = notes.note
  while (at !== null && at.command > command) at = at.previous
  return at === null ? null : at.sql
}
