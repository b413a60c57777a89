/**
 * Every error that a user can cause, one constructor function a situation, beside each other so that they speak with
 * one voice (D13): PostgreSQL's SQLSTATE and PostgreSQL's manner of wording. An internal error is never made here.
 */

/** The fields of an error as node-postgres reports them. `position` counts characters of the statement from 1. */
export interface ErrorFields {
  readonly detail?: string
  readonly hint?: string
  readonly position?: number
  readonly where?: string
  readonly schema?: string
  readonly table?: string
  readonly column?: string
  readonly dataType?: string
  readonly constraint?: string
}

export class DatabaseError extends Error {
  override readonly name = 'DatabaseError'
  readonly severity = 'ERROR'
  /** The SQLSTATE, five characters. */
  readonly code: string
  detail?: string
  hint?: string
  position?: number
  where?: string
  schema?: string
  table?: string
  column?: string
  dataType?: string
  constraint?: string

  constructor(code: string, message: string, fields: ErrorFields = {}) {
    super(message)
    this.code = code
    Object.assign(this, fields)
  }

  /** True for what `transaction()` retries: serialization failures and deadlocks. */
  get retryable(): boolean {
    return this.code === '40001' || this.code === '40P01'
  }
}

/** A statement or clause of PostgreSQL that is known here and not built. */
export const featureNotSupported = (what: string, fields?: ErrorFields): DatabaseError =>
  new DatabaseError('0A000', `${what} is not supported`, fields)

// ---------------------------------------------------------------------------------------------------- COPY

export const invalidCopyOption = (message: string): DatabaseError => new DatabaseError('22023', message)

export const unterminatedCsvQuote = (): DatabaseError => new DatabaseError('22P04', 'unterminated CSV quoted field')

export const copyRecordTooLong = (bytes: number): DatabaseError =>
  new DatabaseError('54000', `a record of COPY data is longer than ${bytes} bytes`)

export const missingCopyColumn = (column: string): DatabaseError =>
  new DatabaseError('22P04', `missing data for column "${column}"`)

export const extraCopyData = (): DatabaseError => new DatabaseError('22P04', 'extra data after last expected column')

// ---------------------------------------------------------------------------------------------------- settings

export const unknownSetting = (name: string): DatabaseError =>
  new DatabaseError('42704', `unrecognized configuration parameter "${name}"`)

export const cannotChangeSetting = (name: string): DatabaseError =>
  new DatabaseError('55P02', `parameter "${name}" cannot be changed`)

export const invalidSetting = (name: string, value: string, hint: string): DatabaseError =>
  new DatabaseError('22023', `invalid value for parameter "${name}": "${value}"`, { hint })

export const settingNotSupported = (name: string, value: string, accepted: readonly string[]): DatabaseError =>
  new DatabaseError('0A000', `parameter "${name}" cannot be set to "${value}"`, {
    hint: `The only value here is ${accepted[0] ?? ''}.`,
  })

// ------------------------------------------------------------------------------------------- types and values

export const invalidTextRepresentation = (type: string, text: string): DatabaseError =>
  new DatabaseError('22P02', `invalid input syntax for type ${type}: "${text}"`)

/** The result of an operation does not fit its type: `integer out of range`. */
export const outOfRange = (type: string): DatabaseError => new DatabaseError('22003', `${type} out of range`)

/** A text is well formed but its value does not fit the type. */
export const valueOutOfRange = (type: string, text: string): DatabaseError =>
  new DatabaseError('22003', `value "${text}" is out of range for type ${type}`)

/** A text is a number that float8 cannot hold. */
export const textOutOfRange = (type: string, text: string): DatabaseError =>
  new DatabaseError('22003', `"${text}" is out of range for type ${type}`)

export const floatOverflow = (): DatabaseError => new DatabaseError('22003', 'value out of range: overflow')

export const floatUnderflow = (): DatabaseError => new DatabaseError('22003', 'value out of range: underflow')

export const divisionByZero = (): DatabaseError => new DatabaseError('22012', 'division by zero')

/** More digits than the type numeric has at all. */
export const numericFormatOverflow = (): DatabaseError => new DatabaseError('22003', 'value overflows numeric format')

/** More digits before the point than numeric(precision, scale) allows. */
export const numericFieldOverflow = (precision: number, scale: number): DatabaseError =>
  new DatabaseError('22003', 'numeric field overflow', {
    detail:
      `A field with precision ${precision}, scale ${scale} must round to an absolute value less than ` +
      `${precision === scale ? '1' : `10^${precision - scale}`}.`,
  })

export const invalidDatetimeFormat = (type: string, text: string): DatabaseError =>
  new DatabaseError('22007', `invalid input syntax for type ${type}: "${text}"`)

export const datetimeFieldOverflow = (text: string): DatabaseError =>
  new DatabaseError('22008', `date/time field value out of range: "${text}"`)

/** A date or timestamp beyond the calendar of its type; `text` as written, or null for a computed value. */
export const datetimeOutOfRange = (type: 'date' | 'timestamp', text: string | null): DatabaseError =>
  new DatabaseError('22008', text === null ? `${type} out of range` : `${type} out of range: "${text}"`)

export const cannotSubtractInfiniteDates = (): DatabaseError =>
  new DatabaseError('22008', 'cannot subtract infinite dates')

export const stringTooLong = (type: string): DatabaseError =>
  new DatabaseError('22001', `value too long for type ${type}`)

/** NUL or a lone surrogate: neither exists in UTF-8 text. `bytes` as PostgreSQL writes them, `0x00`. */
export const invalidTextEncoding = (bytes: string): DatabaseError =>
  new DatabaseError('22021', `invalid byte sequence for encoding "UTF8": ${bytes}`)

export const undefinedType = (name: string): DatabaseError => new DatabaseError('42704', `type "${name}" does not exist`)

export const invalidTypeModifier = (message: string): DatabaseError => new DatabaseError('22023', message)

export const cannotCast = (source: string, target: string): DatabaseError =>
  new DatabaseError('42846', `cannot cast type ${source} to ${target}`)

/** `construct` is the form whose branches have no common type: CASE, UNION, VALUES, COALESCE …. */
export const typesCannotBeMatched = (construct: string, left: string, right: string): DatabaseError =>
  new DatabaseError('42804', `${construct} types ${left} and ${right} cannot be matched`)

const addCasts = 'You might need to add explicit type casts.'

export const undefinedOperator = (signature: string): DatabaseError =>
  new DatabaseError('42883', `operator does not exist: ${signature}`, {
    hint: `No operator matches the given name and argument types. ${addCasts}`,
  })

export const ambiguousOperator = (signature: string): DatabaseError =>
  new DatabaseError('42725', `operator is not unique: ${signature}`, {
    hint: 'Could not choose a best candidate operator. You might need to add explicit type casts.',
  })

export const undefinedFunction = (signature: string): DatabaseError =>
  new DatabaseError('42883', `function ${signature} does not exist`, {
    hint: `No function matches the given name and argument types. ${addCasts}`,
  })

export const ambiguousFunction = (signature: string): DatabaseError =>
  new DatabaseError('42725', `function ${signature} is not unique`, {
    hint: `Could not choose a best candidate function. ${addCasts}`,
  })

/** A parameter of the API that no SQL value corresponds to: `undefined`, an object, a symbol, a function. */
export const unsupportedParameter = (message: string, hint: string): DatabaseError =>
  new DatabaseError('22023', message, { hint })

/** An argument outside a function's domain; each has an SQLSTATE of its own in class 22. */
export const invalidArgument = (code: `22${string}`, message: string, hint?: string): DatabaseError =>
  new DatabaseError(code, message, hint === undefined ? {} : { hint })

export const resultTooLarge = (): DatabaseError => new DatabaseError('54000', 'requested length too large')

// ---------------------------------------------------------------------------------------------------- execution

export const statementTooComplex = (): DatabaseError =>
  new DatabaseError('54001', 'statement is too complex', { hint: 'An expression or a query is nested too deeply.' })

export const memoryLimitExceeded = (limitBytes: number): DatabaseError =>
  new DatabaseError('53200', 'out of memory', {
    detail: `The statement needs more than its memory limit of ${limitBytes} bytes.`,
    hint: 'Raise memoryLimit, read the result as a stream, or narrow the query.',
  })

export const negativeLimit = (): DatabaseError => new DatabaseError('2201W', 'LIMIT must not be negative')

export const negativeOffset = (): DatabaseError => new DatabaseError('2201X', 'OFFSET must not be negative')

/** `row` is the new row in PostgreSQL's form, `(1, null, x)`. */
export const notNullViolation = (table: string, column: string, row: string): DatabaseError =>
  new DatabaseError('23502', `null value in column "${column}" of relation "${table}" violates not-null constraint`, {
    detail: `Failing row contains ${row}.`,
    schema: 'public',
    table,
    column,
  })

export const checkViolation = (table: string, constraint: string, row: string): DatabaseError =>
  new DatabaseError('23514', `new row for relation "${table}" violates check constraint "${constraint}"`, {
    detail: `Failing row contains ${row}.`,
    schema: 'public',
    table,
    constraint,
  })

// Files, the log, recovery.

/** A file operation that the operating system refused. 53100 disk full, 42501 no permission, else 58030. */
export const fileFailed = (action: string, path: string, cause: unknown): DatabaseError => {
  const reason = cause instanceof Error ? cause.message : String(cause)
  const errno = cause instanceof Error && 'code' in cause ? cause.code : undefined
  const full = errno === 'ENOSPC' || errno === 'EDQUOT'
  const code = full ? '53100' : errno === 'EACCES' || errno === 'EPERM' || errno === 'EROFS' ? '42501' : '58030'
  return new DatabaseError(code, `could not ${action} "${path}": ${reason}`)
}

export const databaseInUse = (directory: string, here: boolean): DatabaseError =>
  new DatabaseError('55006', `database directory "${directory}" is in use`, {
    hint: here
      ? 'This process has it open: use that Database, or close it first.'
      : 'Another process, or another worker thread, has it open. Only one can open a database directory at a time.',
  })

export const notADatabaseDirectory = (directory: string, file: string): DatabaseError =>
  new DatabaseError('55000', `directory "${directory}" is not empty and holds no Isolde database`, {
    detail: `It contains "${file}".`,
    hint: 'Name an empty directory, or one that does not exist yet.',
  })

export const logDamaged = (path: string, offset: number, what: string): DatabaseError =>
  new DatabaseError('XX001', `log file "${path}" is damaged at offset ${offset}: ${what}`, {
    hint: 'Nothing was repaired or cut off. Restore the database directory from a backup.',
  })

export const logVersionUnknown = (path: string, found: number, known: number): DatabaseError =>
  new DatabaseError('22023', `log file "${path}" has format version ${found}; this Isolde knows version ${known}`)

export const logHasForeignEpoch = (path: string): DatabaseError =>
  new DatabaseError('58030', `log file "${path}" was opened by somebody else: this handle must not write any more`, {
    hint: 'The lock of the database directory was lost, as when the directory is copied file by file from this process, or lies on a network file system.',
  })

export const logClosed = (path: string): DatabaseError => new DatabaseError('58030', `log file "${path}" is closed`)

/** What a session hears whose commit was under way when the log failed. Not retryable: it may have happened. */
export const commitOutcomeUnknown = (cause: DatabaseError): DatabaseError =>
  new DatabaseError('08007', 'the outcome of the commit is unknown: its bytes may or may not have reached the disk', {
    detail: cause.message,
    hint: 'Close and open the database: after recovery the transaction is there whole, or not at all.',
  })

// ------------------------------------------------------------------------------------------------------- parser
// `at` is a 0-based offset into the text; the error's position counts from 1.

/** `problem` as PostgreSQL words it, "syntax error" for one of the grammar; `near` null is the end of the text. */
export const syntaxError = (
  problem: string,
  near: string | null,
  at: number,
  fields: { readonly detail?: string; readonly hint?: string } = {},
): DatabaseError => {
  const place = near === null ? 'at end of input' : `at or near "${near.length > 200 ? `${near.slice(0, 200)}…` : near}"`
  return new DatabaseError('42601', `${problem} ${place}`, { ...fields, position: at + 1 })
}

/** A syntax error that PostgreSQL words without naming a token. */
export const invalidSyntax = (message: string, at: number, hint?: string): DatabaseError =>
  new DatabaseError('42601', message, { position: at + 1, ...(hint === undefined ? {} : { hint }) })

export const unsupportedSyntax = (what: string, at: number): DatabaseError =>
  featureNotSupported(what, { position: at + 1 })

/** A number literal with more digits than numeric holds. */
export const numberTooLarge = (at: number): DatabaseError =>
  new DatabaseError('22003', 'value overflows numeric format', { position: at + 1 })

export const parameterNumberTooLarge = (near: string, at: number): DatabaseError =>
  new DatabaseError('42601', `parameter number too large at or near "${near.slice(0, 30)}"`, { position: at + 1 })

export const noSuchParameter = (index: number, at: number): DatabaseError =>
  new DatabaseError('42P02', `there is no parameter $${index}`, { position: at + 1 })

/** A character that text cannot hold: NUL, half a surrogate pair, bytes that are not UTF-8. */
export const invalidEncoding = (what: string, at: number): DatabaseError =>
  new DatabaseError('22021', `invalid byte sequence for encoding "UTF8": ${what}`, { position: at + 1 })

export const invalidEscape = (message: string, at: number, hint: string): DatabaseError =>
  new DatabaseError('22025', message, { hint, position: at + 1 })

// ---------------------------------------------------------------------------------------------------- sessions

/** A synchronous call met a lock that no step of this process can free. `wait` names the lock and its holder. */
export const lockNotAvailable = (wait: string): DatabaseError =>
  new DatabaseError('55P03', `could not obtain lock: ${wait}`, {
    hint: 'A synchronous call cannot wait. End the other transaction first, or use the asynchronous API.',
  })

export const inFailedTransaction = (): DatabaseError =>
  new DatabaseError('25P02', 'current transaction is aborted, commands ignored until end of transaction block')

export const noActiveTransaction = (): DatabaseError => new DatabaseError('25P01', 'there is no transaction in progress')

export const savepointOutsideBlock = (command: string): DatabaseError =>
  new DatabaseError('25P01', `${command} can only be used in transaction blocks`)

export const noSuchSavepoint = (name: string): DatabaseError =>
  new DatabaseError('3B001', `savepoint "${name}" does not exist`)
