/** From what the executor hands out to what the caller sees: row forms, fields, command tags. */
import type { CompiledStatement, Converter, Execution, OutputForm } from '../executor/index.ts'
import { invalidOption } from '../errors.ts'
import { defaultForm } from '../executor/index.ts'
import type { Statement } from '../parser/ast.ts'
import { typeOid } from '../types/registry.ts'
import type { SqlType } from '../types/sqlType.ts'
import { formatValue, textFormatter } from '../types/textOutput.ts'
import type { Field, QueryOptions, QueryResult, RunResult, TypeParser } from './result.ts'

/** How a caller wants rows: gives the executor's form of a statement's rows, the same object each time. */
export interface OutputChoice {
  /** True if rows are arrays. */
  readonly arrays: boolean
  /** True if making a row calls functions of the caller's. */
  readonly callsBack: boolean
  formOf(compiled: CompiledStatement): OutputForm
}

type FormMaker = (compiled: CompiledStatement) => OutputForm

function choice(arrays: boolean, make: FormMaker, callsBack = false): OutputChoice {
  const forms = new WeakMap<CompiledStatement, OutputForm>()
  let lastCompiled: CompiledStatement | null = null
  let lastForm: OutputForm | null = null
  return {
    arrays,
    callsBack,
    formOf(compiled) {
      // A prepared statement asks for the same one each time: spare it the look-up.
      if (compiled === lastCompiled && lastForm !== null) return lastForm
      let form = forms.get(compiled)
      if (form === undefined) {
        form = make(compiled)
        forms.set(compiled, form)
      }
      lastCompiled = compiled
      lastForm = form
      return form
    },
  }
}

const textConverter = (type: SqlType): Converter =>
  type.kind === 'text' || type.kind === 'varchar' ? null : textFormatter(type)

const byMode = {
  object: choice(false, (compiled) => defaultForm(compiled.fields, 'objects')),
  array: choice(true, (compiled) => defaultForm(compiled.fields, 'arrays')),
  text: choice(true, ({ fields }) => ({ mode: 'arrays', converters: fields.map(({ type }) => textConverter(type)) })),
}

export const defaultOutput = byMode.object

/** For rows that nobody looks at. */
export const noOutput: OutputForm = { mode: 'values', converters: [] }

export function outputChoice({ rowMode = 'object', types }: Pick<QueryOptions, 'rowMode' | 'types'>): OutputChoice {
  if (!Object.hasOwn(byMode, rowMode)) throw invalidOption('rowMode', rowMode)
  if (types === undefined || rowMode === 'text') return byMode[rowMode]
  const mode = rowMode === 'array' ? 'arrays' : 'objects'
  const make: FormMaker = ({ fields }) => {
    const { converters } = defaultForm(fields, mode)
    return { mode, converters: converters.map((converter, i) => override(fields[i]?.type, types) ?? converter) }
  }
  return choice(rowMode === 'array', make, true)
}

function override(type: SqlType | undefined, types: Readonly<Record<number, TypeParser>>): Converter {
  const parser = type === undefined ? undefined : types[typeOid(type)]
  if (type === undefined || parser === undefined) return null
  return (value) => parser(formatValue(type, value))
}

const fieldsByStatement = new WeakMap<CompiledStatement, readonly Field[]>()

export function fieldsOf(compiled: CompiledStatement): readonly Field[] {
  let fields = fieldsByStatement.get(compiled)
  if (fields === undefined) {
    fields = compiled.fields.map(({ name, type }) => ({ name, dataTypeID: typeOid(type) }))
    fieldsByStatement.set(compiled, fields)
  }
  return fields
}

const commands = { select: 'SELECT', insert: 'INSERT', update: 'UPDATE', delete: 'DELETE' } as const

/** What a finished execution did; gives the execution back. */
export function resultOf(compiled: CompiledStatement, execution: Execution): QueryResult<unknown> {
  const rows = execution.take()
  const rowCount = compiled.target === null ? rows.length : execution.rowCount
  execution.release()
  return { rows, fields: fieldsOf(compiled), rowCount, command: commands[compiled.plan.kind] }
}

/** What a finished execution did, for who does not look at its rows; gives the execution back. */
export function effectOf(compiled: CompiledStatement, execution: Execution): RunResult {
  const rowCount = compiled.target === null ? execution.take().length : execution.rowCount
  execution.release()
  return { rowCount, command: commands[compiled.plan.kind] }
}

/** The result of a statement that has none but its tag. */
export function emptyResult(command: string): QueryResult<unknown> {
  return { rows: [], fields: [], rowCount: null, command }
}

const textOid = 25

/** Rows of one text column, made by hand: EXPLAIN's lines. */
export function textRows(
  column: string,
  lines: readonly string[],
  command: string,
  output: OutputChoice,
): QueryResult<unknown> {
  return {
    rows: lines.map((line) => (output.arrays ? [line] : { [column]: line })),
    fields: [{ name: column, dataTypeID: textOid }],
    rowCount: lines.length,
    command,
  }
}

/** PostgreSQL's tag of a statement that is not planned. */
export function commandOf(statement: Statement): string {
  return statement.kind.replaceAll('_', ' ').toUpperCase()
}
