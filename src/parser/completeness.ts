/** Does a text that somebody is typing end a statement? */
import { DatabaseError } from '../errors.ts'
import { isUnterminated, tokenise } from './lexer.ts'
import { LParen, RParen, Semicolon } from './tokens.ts'

/**
 * True if the text ends in a semicolon (white space and comments may follow) that stands outside of strings, quoted
 * names, comments and parentheses, as in psql. A text that no further input can mend counts as complete if a semicolon
 * ends it, so that its error is shown.
 */
export function isComplete(sql: string): boolean {
  let complete = false
  try {
    let depth = 0
    for (const { tokenType } of tokenise(sql, true)) {
      if (tokenType === LParen) depth++
      else if (tokenType === RParen && depth > 0) depth--
      complete = tokenType === Semicolon && depth === 0
    }
    return complete
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error
    return !isUnterminated(error) && sql.trimEnd().endsWith(';')
  }
}
