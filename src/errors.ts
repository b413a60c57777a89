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
  declare detail?: string
  declare hint?: string
  declare position?: number
  declare where?: string
  declare schema?: string
  declare table?: string
  declare column?: string
  declare dataType?: string
  declare constraint?: string
  /** Of `exec`: the results of the statements before the one that failed. */
  declare results?: readonly unknown[]

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

export const notBoolean = (name: string): DatabaseError =>
  new DatabaseError('22023', `parameter "${name}" requires a Boolean value`)

/** `hint` says what would be accepted. */
export const invalidSetting = (name: string, value: string, hint: string): DatabaseError =>
  new DatabaseError('22023', `invalid value for parameter "${name}": "${value}"`, { hint })

export const settingOutOfRange = (name: string, value: string, least: number, most: number): DatabaseError =>
  new DatabaseError('22023', `${value} is outside the valid range for parameter "${name}" (${least} ms .. ${most} ms)`)

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

export const undefinedType = (name: string): DatabaseError =>
  new DatabaseError('42704', `type "${name}" does not exist`)

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

export const parameterlessAggregate = (name: string, at: number): DatabaseError =>
  new DatabaseError('42809', `${name}(*) must be used to call a parameterless aggregate function`, { position: at + 1 })

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

// Foreign keys: their definition, and rows that break them.

export const undefinedForeignKeyColumn = (name: string, at: number): DatabaseError =>
  new DatabaseError('42703', `column "${name}" referenced in foreign key constraint does not exist`, place(at))

export const noPrimaryKeyToReference = (table: string, at: number): DatabaseError =>
  new DatabaseError('42704', `there is no primary key for referenced table "${table}"`, place(at))

/** 42830: number of columns, or no unique key on those that are referenced. */
export const invalidForeignKey = (message: string, at: number): DatabaseError =>
  new DatabaseError('42830', message, place(at))

export const noUniqueKeyToReference = (table: string, at: number): DatabaseError =>
  invalidForeignKey(`there is no unique constraint matching given keys for referenced table "${table}"`, at)

export const foreignKeyTypeMismatch = (
  constraint: string,
  columns: readonly [referencing: string, referenced: string],
  types: readonly [referencing: string, referenced: string],
  at: number,
): DatabaseError =>
  new DatabaseError('42804', `foreign key constraint "${constraint}" cannot be implemented`, {
    detail: `Key columns "${columns[0]}" and "${columns[1]}" are of incompatible types: ${types[0]} and ${types[1]}.`,
    ...place(at),
  })

/** DROP of a table, index or constraint that foreign keys need. `dependents` are told one a line. */
export const dependentObjects = (what: string, dependents: readonly string[], at: number): DatabaseError =>
  new DatabaseError('2BP01', `cannot drop ${what} because other objects depend on it`, {
    detail: dependents.map((dependent) => `${dependent} depends on ${what}`).join('\n'),
    hint: 'Use DROP ... CASCADE to drop the dependent objects too.',
    ...place(at),
  })

/** `key`: `(a)=(1)`. */
export const referenceMissing = (table: string, constraint: string, key: string, referenced: string): DatabaseError =>
  new DatabaseError('23503', `insert or update on table "${table}" violates foreign key constraint "${constraint}"`, {
    detail: `Key ${key} is not present in table "${referenced}".`,
    schema: 'public',
    table,
    constraint,
  })

export const stillReferenced = (table: string, constraint: string, key: string, referencing: string): DatabaseError =>
  new DatabaseError(
    '23503',
    `update or delete on table "${table}" violates foreign key constraint "${constraint}" on table "${referencing}"`,
    {
      detail: `Key ${key} is still referenced from table "${referencing}".`,
      schema: 'public',
      table: referencing,
      constraint,
    },
  )

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
  const place =
    near === null ? 'at end of input' : `at or near "${near.length > 200 ? `${near.slice(0, 200)}…` : near}"`
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

// ------------------------------------------------------------------------------------------- catalog and binder
// `at` is a 0-based offset into the text, null where the text is not the user's; the error's position counts from 1.

const place = (at: number | null): { readonly position?: number } => (at === null ? {} : { position: at + 1 })
const hinted = (hint: string | null): { readonly hint?: string } => (hint === null ? {} : { hint })
const didYouMean = (name: string | null): string | null =>
  name === null ? null : `Perhaps you meant to reference the table "${name}".`

export const undefinedTable = (name: string, similar: string | null, at: number | null): DatabaseError =>
  new DatabaseError('42P01', `relation "${name}" does not exist`, { ...hinted(didYouMean(similar)), ...place(at) })

export const undefinedRelationToDrop = (kind: 'table' | 'index', name: string, at: number): DatabaseError =>
  new DatabaseError(kind === 'table' ? '42P01' : '42704', `${kind} "${name}" does not exist`, place(at))

export const undefinedSchema = (name: string, at: number): DatabaseError =>
  new DatabaseError('3F000', `schema "${name}" does not exist`, { hint: 'The only schema is public.', ...place(at) })

export const wrongRelationKind = (name: string, expected: 'a table' | 'an index', at: number): DatabaseError =>
  new DatabaseError('42809', `"${name}" is not ${expected}`, place(at))

export const duplicateTable = (name: string, at: number | null): DatabaseError =>
  new DatabaseError('42P07', `relation "${name}" already exists`, place(at))

export const duplicateColumn = (name: string, at: number): DatabaseError =>
  new DatabaseError('42701', `column "${name}" specified more than once`, place(at))

export const duplicateConstraint = (table: string, name: string, at: number): DatabaseError =>
  new DatabaseError('42710', `constraint "${name}" for relation "${table}" already exists`, place(at))

export const invalidTableDefinition = (message: string, at: number): DatabaseError =>
  new DatabaseError('42P16', message, place(at))

export const conflictingColumnConstraints = (message: string, at: number): DatabaseError =>
  new DatabaseError('42601', message, place(at))

export const duplicateKeyColumn = (name: string, kind: 'primaryKey' | 'unique', at: number): DatabaseError => {
  const constraint = kind === 'unique' ? 'unique' : 'primary key'
  return new DatabaseError('42701', `column "${name}" appears twice in ${constraint} constraint`, place(at))
}

/** PostgreSQL counts sort and group keys as entries of the target list too. */
export const tooManyTargets = (most: number, at: number): DatabaseError =>
  new DatabaseError('54011', `target lists can have at most ${most} entries`, place(at))

export const tooManyColumns = (what: 'a table' | 'an index', most: number, at: number): DatabaseError => {
  const message =
    what === 'a table' ? `tables can have at most ${most} columns` : `cannot use more than ${most} columns in an index`
  return new DatabaseError('54011', message, place(at))
}

export const undefinedAccessMethod = (name: string, at: number): DatabaseError =>
  new DatabaseError('42704', `access method "${name}" does not exist`, place(at))

export const undefinedKeyColumn = (name: string, at: number): DatabaseError =>
  new DatabaseError('42703', `column "${name}" named in key does not exist`, place(at))

export const indexBelongsToConstraint = (index: string, table: string, at: number): DatabaseError =>
  new DatabaseError('2BP01', `cannot drop index ${index} because constraint ${index} on table ${table} requires it`, {
    ...place(at),
  })

export const undefinedColumn = (
  table: string | null,
  name: string,
  similar: string | null,
  at: number | null,
): DatabaseError => {
  const hint = similar === null ? null : `Perhaps you meant to reference the column "${similar}".`
  const shown = table === null ? `"${name}"` : `${table}.${name}`
  return new DatabaseError('42703', `column ${shown} does not exist`, { ...hinted(hint), ...place(at) })
}

export const undefinedTargetColumn = (
  table: string,
  name: string,
  similar: string | null,
  at: number | null,
): DatabaseError => {
  const hint = similar === null ? null : `Perhaps you meant to reference the column "${table}.${similar}".`
  const message = `column "${name}" of relation "${table}" does not exist`
  return new DatabaseError('42703', message, { ...hinted(hint), ...place(at) })
}

export const ambiguousColumn = (name: string, at: number): DatabaseError =>
  new DatabaseError('42702', `column reference "${name}" is ambiguous`, place(at))

export const missingFromEntry = (table: string, similar: string | null, at: number): DatabaseError => {
  const hint = similar === null ? null : `Perhaps you meant to reference the table alias "${similar}".`
  const message = `missing FROM-clause entry for table "${table}"`
  return new DatabaseError('42P01', message, { ...hinted(hint), ...place(at) })
}

/** The table is there, but a JOIN condition sees only the two sides of its join. */
export const invalidFromReference = (table: string, at: number): DatabaseError =>
  new DatabaseError('42P01', `invalid reference to FROM-clause entry for table "${table}"`, {
    detail: `There is an entry for table "${table}", but it cannot be referenced from this part of the query.`,
    ...place(at),
  })

/** The table is there under another name. */
export const aliasedFromReference = (table: string, alias: string, at: number): DatabaseError =>
  new DatabaseError('42P01', `invalid reference to FROM-clause entry for table "${table}"`, {
    hint: `Perhaps you meant to reference the table alias "${alias}".`,
    ...place(at),
  })

export const duplicateAlias = (name: string, at: number): DatabaseError =>
  new DatabaseError('42712', `table name "${name}" specified more than once`, place(at))

export const tooManyColumnAliases = (table: string, columns: number, aliases: number, at: number): DatabaseError => {
  const message = `table "${table}" has ${columns} columns available but ${aliases} columns specified`
  return new DatabaseError('42P10', message, place(at))
}

export const usingColumnMissing = (name: string, side: 'left' | 'right', at: number): DatabaseError =>
  new DatabaseError('42703', `column "${name}" specified in USING clause does not exist in ${side} table`, place(at))

export const usingColumnAmbiguous = (name: string, side: 'left' | 'right', at: number): DatabaseError =>
  new DatabaseError('42702', `common column name "${name}" appears more than once in ${side} table`, place(at))

export const usingColumnTwice = (name: string, at: number): DatabaseError =>
  new DatabaseError('42701', `column name "${name}" appears more than once in USING clause`, place(at))

export const starWithoutTables = (at: number): DatabaseError =>
  new DatabaseError('42601', 'SELECT * with no tables specified is not valid', place(at))

/** An ordinal of ORDER BY or GROUP BY beyond the select list. */
export const noSuchOutputColumn = (clause: string, ordinal: number | bigint, at: number): DatabaseError =>
  new DatabaseError('42P10', `${clause} position ${ordinal} is not in select list`, place(at))

export const constantInClause = (clause: string, at: number): DatabaseError =>
  new DatabaseError('42601', `non-integer constant in ${clause}`, place(at))

export const ambiguousOutputName = (clause: string, name: string, at: number): DatabaseError =>
  new DatabaseError('42702', `${clause} "${name}" is ambiguous`, place(at))

export const orderByNotInDistinct = (at: number): DatabaseError =>
  new DatabaseError('42P10', 'for SELECT DISTINCT, ORDER BY expressions must appear in select list', place(at))

export const ungroupedColumn = (name: string, at: number | null): DatabaseError =>
  new DatabaseError(
    '42803',
    `column "${name}" must appear in the GROUP BY clause or be used in an aggregate function`,
    place(at),
  )

/** `clause` is FOR UPDATE or one of its kin. */
export const lockingNotAllowed = (clause: string, what: string, at: number): DatabaseError =>
  new DatabaseError('0A000', `${clause} is not allowed with ${what}`, { position: at + 1 })

export const lockingNotApplicable = (clause: string, what: string, at: number | null): DatabaseError =>
  new DatabaseError('0A000', `${clause} cannot be applied to ${what}`, at === null ? {} : { position: at + 1 })

export const systemTimeNotConstant = (at: number): DatabaseError =>
  new DatabaseError('42601', 'AS OF SYSTEM TIME takes a timestamp or a commit, as a constant or a parameter', {
    position: at + 1,
  })

export const lockingUnknownRelation = (clause: string, name: string, at: number): DatabaseError =>
  new DatabaseError('42P01', `relation "${name}" in ${clause} clause not found in FROM clause`, { position: at + 1 })

export const aggregateNotAllowed = (clause: string, at: number): DatabaseError =>
  new DatabaseError('42803', `aggregate functions are not allowed in ${clause}`, place(at))

export const nestedAggregate = (at: number): DatabaseError =>
  new DatabaseError('42803', 'aggregate function calls cannot be nested', place(at))

export const notAnAggregate = (what: string, name: string, at: number): DatabaseError =>
  new DatabaseError('42809', `${what} specified, but ${name} is not an aggregate function`, place(at))

/** `clause` is WHERE, HAVING, CASE/WHEN, an operator such as AND …. */
export const wrongArgumentType = (clause: string, expected: string, actual: string, at: number): DatabaseError =>
  new DatabaseError('42804', `argument of ${clause} must be type ${expected}, not type ${actual}`, place(at))

export const forbiddenColumn = (message: string, at: number): DatabaseError =>
  new DatabaseError('0A000', message, place(at))

/** LIMIT and OFFSET. */
export const columnReferenceNotAllowed = (clause: string, at: number): DatabaseError =>
  new DatabaseError('42P10', `argument of ${clause} must not contain variables`, place(at))

export const assignmentTypeMismatch = (column: string, target: string, actual: string, at: number): DatabaseError =>
  new DatabaseError('42804', `column "${column}" is of type ${target} but expression is of type ${actual}`, {
    hint: 'You will need to rewrite or cast the expression.',
    ...place(at),
  })

export const defaultTypeMismatch = (column: string, target: string, actual: string, at: number): DatabaseError =>
  new DatabaseError('42804', `column "${column}" is of type ${target} but default expression is of type ${actual}`, {
    hint: 'You will need to rewrite or cast the expression.',
    ...place(at),
  })

export const insertColumnCount = (which: 'expressions' | 'target columns', at: number): DatabaseError => {
  const other = which === 'expressions' ? 'target columns' : 'expressions'
  return new DatabaseError('42601', `INSERT has more ${which} than ${other}`, place(at))
}

export const affectedTwice = (): DatabaseError =>
  new DatabaseError('21000', 'ON CONFLICT DO UPDATE command cannot affect row a second time', {
    hint: 'Ensure that no rows proposed for insertion within the same command have duplicate constrained values.',
  })

export const conflictTargetMissing = (at: number): DatabaseError =>
  new DatabaseError('42601', 'ON CONFLICT DO UPDATE requires inference specification or constraint name', {
    position: at + 1,
    hint: 'For example, ON CONFLICT (column_name).',
  })

export const noConflictArbiter = (at: number): DatabaseError =>
  new DatabaseError('42P10', 'there is no unique or exclusion constraint matching the ON CONFLICT specification', {
    position: at + 1,
  })

export const undefinedConstraint = (name: string, table: string, at: number): DatabaseError =>
  new DatabaseError('42704', `constraint "${name}" for table "${table}" does not exist`, { position: at + 1 })

export const notAnArbiter = (at: number): DatabaseError =>
  new DatabaseError('42809', 'constraint in ON CONFLICT clause has no associated index', { position: at + 1 })

export const assignedTwice = (column: string, at: number): DatabaseError =>
  new DatabaseError('42601', `multiple assignments to same column "${column}"`, place(at))

/** Two uses of one parameter ask for different types. */
export const inconsistentParameterType = (index: number, first: string, second: string, at: number): DatabaseError =>
  new DatabaseError('42P08', `inconsistent types deduced for parameter $${index}`, {
    detail: `${first} versus ${second}`,
    ...place(at),
  })

export const parameterCountMismatch = (given: number, needed: number): DatabaseError =>
  new DatabaseError(
    '08P01',
    `bind message supplies ${given} parameter${given === 1 ? '' : 's'}, but the statement requires ${needed}`,
  )

// ---------------------------------------------------------------------------------------------------- sessions

/** A synchronous call met a lock that no step of this process can free. `wait` names the lock and its holder. */
export const lockNotAvailable = (wait: string): DatabaseError =>
  new DatabaseError('55P03', `could not obtain lock: ${wait}`, {
    hint: 'A synchronous call cannot wait. End the other transaction first, or use the asynchronous API.',
  })

export const couldNotLockRow = (table: string): DatabaseError =>
  new DatabaseError('55P03', `could not obtain lock on row in relation "${table}"`)

export const couldNotLockTable = (table: string): DatabaseError =>
  new DatabaseError('55P03', `could not obtain lock on relation "${table}"`)

export const channelNameEmpty = (): DatabaseError => new DatabaseError('22023', 'channel name cannot be empty')

export const channelNameTooLong = (): DatabaseError => new DatabaseError('22023', 'channel name too long')

export const payloadTooLong = (): DatabaseError => new DatabaseError('22023', 'payload string too long')

export const tooManyNotifications = (): DatabaseError =>
  new DatabaseError('54000', 'too many notifications in the NOTIFY queue', {
    hint: 'A session that listens has not left its transaction for long, or this transaction notifies too much.',
  })

// Stored procedures.

export const undefinedProcedure = (name: string, at: number | null): DatabaseError =>
  new DatabaseError('42883', `procedure ${name} does not exist`, {
    hint: 'Procedures are functions of the program: register it with db.procedure(name, function).',
    ...(at !== null && { position: at + 1 }),
  })

/** `what` could have to wait, and a procedure does not. */
export const notInProcedure = (what: string): DatabaseError =>
  featureNotSupported(`${what} in a stored procedure`, {
    hint: 'A procedure runs to its end without waiting: SELECT, VALUES, INSERT, UPDATE and DELETE are what it can do.',
  })

export const transactionControlInProcedure = (command: string): DatabaseError =>
  new DatabaseError('2D000', `${command} is not allowed in a stored procedure`, {
    hint: 'A procedure is one transaction. Throw an error to roll it back.',
  })

export const procedureIsAsync = (): DatabaseError =>
  new DatabaseError('0A000', 'a stored procedure must not return a promise', {
    hint: 'It runs to its end within one step. Use transaction() for asynchronous work.',
  })

/** CALL within a transaction that is not alone. */
export const procedureNeedsSerial = (level: string): DatabaseError =>
  new DatabaseError('25001', `CALL cannot run in a ${level} transaction`, {
    detail:
      'A procedure runs without anybody beside it, and this transaction may already have read or written beside others.',
    hint: 'Begin with ISOLATION LEVEL SERIALIZABLE USING SERIAL, or CALL outside of a transaction block.',
  })

export const inFailedTransaction = (): DatabaseError =>
  new DatabaseError('25P02', 'current transaction is aborted, commands ignored until end of transaction block')

export const noActiveTransaction = (): DatabaseError =>
  new DatabaseError('25P01', 'there is no transaction in progress')

export const outsideBlock = (command: string): DatabaseError =>
  new DatabaseError('25P01', `${command} can only be used in transaction blocks`)

export const noSuchSavepoint = (name: string): DatabaseError =>
  new DatabaseError('3B001', `savepoint "${name}" does not exist`)

export const invalidCopyFormat = (format: string, at: number): DatabaseError =>
  new DatabaseError('22023', `COPY format "${format}" not recognized`, { position: at + 1 })

export const commandsInPreparedStatement = (at: number): DatabaseError =>
  new DatabaseError('42601', 'cannot insert multiple commands into a prepared statement', { position: at + 1 })

export const sessionBusy = (): DatabaseError =>
  new DatabaseError('55006', 'the session is busy with another statement', {
    hint: 'A session runs one statement at a time. Await the one before, or use another session.',
  })

export const synchronousReentry = (): DatabaseError =>
  new DatabaseError('55006', 'the database cannot be called from within one of its own steps', {
    hint: 'A trace listener or a type parser has called it; do so after the call instead.',
  })

export const sessionClosed = (): DatabaseError => new DatabaseError('08003', 'the session is closed')

export const databaseClosed = (): DatabaseError => new DatabaseError('08003', 'the database is closed')

export const handleClosed = (what: 'session' | 'transaction'): DatabaseError =>
  new DatabaseError('08003', `the ${what} is closed`)

export const statementCancelled = (): DatabaseError =>
  new DatabaseError('57014', 'canceling statement due to user request')

export const statementTimeout = (): DatabaseError =>
  new DatabaseError('57014', 'canceling statement due to statement timeout')

export const lockTimeout = (): DatabaseError => new DatabaseError('55P03', 'canceling statement due to lock timeout')

export const idleInTransactionTimeout = (): DatabaseError =>
  new DatabaseError('25P03', 'terminating transaction due to idle-in-transaction timeout')

export const transactionTimeout = (): DatabaseError =>
  new DatabaseError('25P04', 'terminating transaction due to transaction timeout')

export const readOnlyTransaction = (command: string): DatabaseError =>
  new DatabaseError('25006', `cannot execute ${command} in a read-only transaction`)

/** SET TRANSACTION behind the first statement, or behind a savepoint (`nested`), to which a rollback could not take it back. */
export const isolationIsFixed = (nested: boolean): DatabaseError =>
  new DatabaseError(
    '25001',
    `SET TRANSACTION ISOLATION LEVEL must ${nested ? 'not be called in a subtransaction' : 'be called before any query'}`,
  )

export const deferrableIsFixed = (nested: boolean): DatabaseError =>
  new DatabaseError(
    '25001',
    nested
      ? 'SET TRANSACTION [NOT] DEFERRABLE cannot be called within a subtransaction'
      : 'SET TRANSACTION [NOT] DEFERRABLE must be called before any query',
  )

export const readOnlyIsFixed = (nested: boolean): DatabaseError =>
  new DatabaseError(
    '25001',
    nested
      ? 'cannot set transaction read-write mode inside a read-only transaction'
      : 'transaction read-write mode must be set before any query',
  )

export const statementNotPreparable = (statements: number): DatabaseError =>
  statements !== 1
    ? statements === 0
      ? emptyQuery()
      : severalStatements()
    : new DatabaseError(
        '0A000',
        'only SELECT, VALUES, INSERT, UPDATE and DELETE, and in a session BEGIN, COMMIT and their kin, can be prepared',
        {
          hint: 'Run other statements with exec().',
        },
      )

export const severalStatements = (): DatabaseError =>
  new DatabaseError('42601', 'cannot insert multiple commands into a prepared statement', {
    hint: 'Use exec() to run several statements.',
  })

export const emptyQuery = (): DatabaseError => new DatabaseError('42601', 'the text holds no statement')

export const loneTransactionControl = (command: string): DatabaseError =>
  new DatabaseError('0A000', `${command} has no effect here: each call of the database is a session of its own`, {
    hint: 'Use db.transaction(async (tx) => …), or const session = await db.connect().',
  })

export const transactionLeftOpen = (): DatabaseError =>
  new DatabaseError('25000', 'the text begins a transaction and does not end it, so it was rolled back', {
    hint: 'End it with COMMIT, or leave BEGIN out: the statements of one exec() are one transaction.',
  })

export const callbackIsAsync = (): DatabaseError =>
  new DatabaseError('0A000', 'the callback of transactionSync must not return a promise', {
    hint: 'Use transaction() for asynchronous work.',
  })

export const callbackEndedTransaction = (): DatabaseError =>
  new DatabaseError('25P01', 'the callback has ended the transaction itself', {
    hint: 'Leave COMMIT and ROLLBACK to transaction(); throw an error to roll back.',
  })

export const transactionHadFailed = (): DatabaseError =>
  new DatabaseError('25P02', 'a statement of the transaction failed, so it was rolled back', {
    hint: 'The callback caught the error and went on. Let it pass, or wrap the statement in a nested transaction().',
  })

export const copyNeedsStdin = (): DatabaseError =>
  new DatabaseError('42601', 'COPY … FROM STDIN stands alone, in a call of copyFrom()')

export const fileNotFound = (path: string): DatabaseError =>
  new DatabaseError('58P01', `could not open file "${path}" for reading: No such file or directory`)

// ------------------------------------------------------------------------------ storage and transactions

export const isolationLevelNotSupported = (level: string): DatabaseError =>
  featureNotSupported(`isolation level ${level}`, {
    hint: 'READ UNCOMMITTED, READ COMMITTED and REPEATABLE READ (which is SNAPSHOT) are there.',
  })

export const unknownIsolationLevel = (level: string): DatabaseError =>
  new DatabaseError('22023', `unknown isolation level: "${level}"`)

export const uniqueViolation = (table: string, constraint: string, key: string): DatabaseError =>
  new DatabaseError('23505', `duplicate key value violates unique constraint "${constraint}"`, {
    detail: `Key ${key} already exists.`,
    schema: 'public',
    table,
    constraint,
  })

export const cannotCreateUniqueIndex = (table: string, index: string, key: string): DatabaseError =>
  new DatabaseError('23505', `could not create unique index "${index}"`, {
    detail: `Key ${key} is duplicated.`,
    schema: 'public',
    table,
    constraint: index,
  })

export const concurrentUpdate = (what: 'update' | 'delete', table: string): DatabaseError =>
  new DatabaseError('40001', `could not serialize access due to concurrent ${what}`, {
    detail: 'Another transaction has committed a newer version of a row since this transaction took its snapshot.',
    hint: 'Run the transaction again.',
    table,
  })

/** `detail`: the reads and writes of the dangerous structure; `hint`: why a new attempt gets further. */
export const serializationFailure = (detail: string, hint: string): DatabaseError =>
  new DatabaseError('40001', 'could not serialize access due to read/write dependencies among transactions', {
    detail,
    hint,
  })

export const tooManyVersions = (): DatabaseError =>
  new DatabaseError('40001', 'could not serialize access because too many versions are kept for the snapshot', {
    hint: 'The transaction has been open for long while others wrote. Run it again.',
  })

export const concurrentCatalogChange = (): DatabaseError =>
  new DatabaseError('40001', 'could not serialize access due to concurrent change of the catalog', {
    hint: 'Run the transaction again.',
  })

export const deadlockDetected = (detail: string): DatabaseError =>
  new DatabaseError('40P01', 'deadlock detected', { detail, hint: 'Run the transaction again.' })

/** A method was named with a level that has none. */
export const methodWithoutSerializable = (level: string): DatabaseError =>
  new DatabaseError('22023', `isolation level ${level} has no method`, {
    hint: 'Methods (ssi, 2pl, serial) are of SERIALIZABLE only.',
  })

export const invalidOption = (name: string, value: unknown): DatabaseError =>
  new DatabaseError('22023', `invalid value for option "${name}": ${String(value)}`)

/** An argument of the library that is of another kind than its type says. */
export const wrongArgument = (what: string, wanted: string, value: unknown): DatabaseError =>
  new DatabaseError('22023', `${what} must be ${wanted}, not ${value === null ? 'null' : typeof value}`)

export const invalidHistory = (message: string): DatabaseError =>
  new DatabaseError('22023', `invalid history: ${message}`)

export const historyTooLong = (limit: number): DatabaseError =>
  new DatabaseError('54000', `the recording has more than ${limit} events`, {
    hint: 'Raise "limit", or record less.',
  })

// ------------------------------------------------------------------------------------ prepared transactions

export const gidTooLong = (gid: string): DatabaseError =>
  new DatabaseError('22023', `transaction identifier "${gid}" is too long`)

export const gidInUse = (gid: string): DatabaseError =>
  new DatabaseError('42710', `transaction identifier "${gid}" is already in use`)

export const noSuchPrepared = (gid: string): DatabaseError =>
  new DatabaseError('42704', `prepared transaction with identifier "${gid}" does not exist`)

export const preparedBusy = (gid: string): DatabaseError =>
  new DatabaseError('55000', `prepared transaction with identifier "${gid}" is busy`)

export const cannotPrepare = (what: string): DatabaseError =>
  new DatabaseError('0A000', `cannot PREPARE a transaction that has ${what}`)

export const cannotPrepareMixedLocks = (): DatabaseError =>
  new DatabaseError(
    '0A000',
    'cannot PREPARE while holding both session-level and transaction-level locks on the same object',
  )

export const notInTransactionBlock = (command: string): DatabaseError =>
  new DatabaseError('25001', `${command} cannot run inside a transaction block`)

export const recordingRuns = (): DatabaseError =>
  new DatabaseError('55006', 'a recording of the history is already running')

export const coordinatorClosed = (): DatabaseError => new DatabaseError('08003', 'the coordinator is closed')

export const databaseTwice = (): DatabaseError =>
  new DatabaseError('22023', 'a database takes part in a distributed transaction once')

export const coordinatedByMemory = (): DatabaseError =>
  new DatabaseError('55000', 'a coordinator in memory cannot commit over a durable database', {
    detail: 'Its decisions would not survive the process, and what is prepared in the database would stay so.',
    hint: 'Give openCoordinator() a directory of its own.',
  })

/** The coordinator's log failed while the decision was on its way. */
export const coordinatorOutcomeUnknown = (cause: unknown): DatabaseError =>
  new DatabaseError('08007', 'the outcome of the distributed transaction is unknown', {
    detail: `The coordinator could not make its decision durable: ${cause instanceof Error ? cause.message : String(cause)}`,
    hint: 'Its databases have it prepared. Open the coordinator again and call recover() with them.',
  })

/** A database lost its disk while it prepared: it does not know what happened, the coordinator does. */
export const participantFailed = (cause: DatabaseError): DatabaseError =>
  new DatabaseError('40000', 'the distributed transaction was rolled back, because a database could not be prepared', {
    detail: cause.detail ?? cause.message,
  })

export const decidedButNotTold = (gid: string, cause: Error): DatabaseError =>
  new DatabaseError('08007', 'the distributed transaction is committed, but not yet in all of its databases', {
    detail: `Transaction "${gid}" is still prepared where this happened: ${cause.message}`,
    hint: 'Open that database again if it failed, and call recover() of the coordinator with it. Do not run the transaction again.',
  })

// Time travel.

const retentionHint = 'Open the database with the option `retention`: the milliseconds of history that are kept.'

export const historyNotRetained = (): DatabaseError =>
  new DatabaseError('22023', 'AS OF SYSTEM TIME needs a database that keeps its history', { hint: retentionHint })

export const momentInTheFuture = (): DatabaseError =>
  new DatabaseError('22023', 'AS OF SYSTEM TIME cannot specify a moment in the future')

/** `oldestMicros`: microseconds since 1970-01-01 UTC. */
export const momentNotRetained = (oldestMicros: number): DatabaseError =>
  new DatabaseError('22023', 'AS OF SYSTEM TIME specifies a moment before the oldest one that is retained', {
    detail: `History is retained from ${new Date(Math.ceil(oldestMicros / 1000)).toISOString()} on.`,
    hint: retentionHint,
  })
