/** The commands that begin with a backslash, after psql's. */
import { createReadStream } from 'node:fs'
import { closest } from '../demos/suggestion.ts'
import type { Client } from './client.ts'
import { alignedTable, rowCountText, type TextResult } from './resultFormat.ts'
import type { TableDescription } from '../src/index.ts'

/** What a session of the prompt can change about its own output. */
export interface DisplaySettings {
  nullText: string
  expanded: boolean
  timing: boolean
}

export type MetaOutcome =
  | { readonly kind: 'output'; readonly text: string }
  | { readonly kind: 'message'; readonly text: string }
  | { readonly kind: 'failure'; readonly text: string }
  | { readonly kind: 'include'; readonly path: string }
  | { readonly kind: 'quit' }

export const metaHelp = String.raw`\d            list tables
\d NAME       describe a table: columns, indexes, constraints
\di           list indexes
\copy TABLE FROM 'FILE' [WITH (…)]   load a file, with the options of COPY
\i FILE       run the SQL in a file
\x            expanded output: a line a column (toggle)
\timing       show how long each statement took (toggle)
\pset null TEXT   show NULL as TEXT
\r            forget what is typed so far (or Ctrl-C)
\?            this help
\q            quit (or Ctrl-D)

Statements end with ";" and may take several lines. Arrow keys walk through the history, Ctrl-C clears
the line or cancels what runs. A prompt with * stands in a transaction, one with ! in a failed one.
`

/** @throws DatabaseError what a \copy throws */
export async function runMetaCommand(
  text: string,
  client: Client,
  settings: DisplaySettings,
  signal?: AbortSignal,
): Promise<MetaOutcome> {
  const [, name = '', rest = ''] = /^\\(\S*)\s*([\s\S]*?)\s*;?$/.exec(text) ?? []
  switch (name) {
    case 'q':
    case 'quit':
      return { kind: 'quit' }
    case '?':
    case 'h':
    case 'help':
      return { kind: 'message', text: metaHelp }
    case 'd':
    case 'dt':
      return rest === '' ? listTables(client) : describe(client, rest)
    case 'di':
      return listIndexes(client)
    case 'copy':
      return copy(client, rest, signal)
    case 'i':
    case 'include':
      return rest === '' ? failure('\\i needs the name of a file') : { kind: 'include', path: unquoted(rest) }
    case 'x':
      return toggle(settings, 'expanded', 'Expanded display', name, rest)
    case 'timing':
      return toggle(settings, 'timing', 'Timing', name, rest)
    case 'pset':
      return pset(settings, rest)
    default:
      return unknown(name)
  }
}

const message = (text: string): MetaOutcome => ({ kind: 'message', text: text + '\n' })
const failure = (text: string): MetaOutcome => ({ kind: 'failure', text: text + '\n' })

function toggle(
  settings: DisplaySettings,
  setting: 'expanded' | 'timing',
  title: string,
  command: string,
  argument: string,
): MetaOutcome {
  if (!['', 'on', 'off'].includes(argument)) {
    return failure(`\\${command}: unrecognized value "${argument}": there are on and off`)
  }
  settings[setting] = argument === '' ? !settings[setting] : argument === 'on'
  return message(`${title} is ${settings[setting] ? 'on' : 'off'}.`)
}

function pset(settings: DisplaySettings, rest: string): MetaOutcome {
  const [, option = '', value = ''] = /^(\S*)\s*([\s\S]*)$/.exec(rest) ?? []
  if (option !== 'null') return failure(`\\pset: unknown option: ${option === '' ? '(none); there is null' : option}`)
  settings.nullText = unquoted(value)
  return message(`Null display is "${settings.nullText}".`)
}

function unknown(name: string): MetaOutcome {
  const names = ['q', 'd', 'dt', 'di', 'copy', 'i', 'x', 'timing', 'pset']
  const near = name.length > 1 ? closest(name, names) : undefined
  const hint = near === undefined ? String.raw`Try \? for help.` : `Did you mean \\${near}?`
  return failure(`invalid command \\${name}\n${hint}`)
}

/** 'a b' → a b, with '' as one quote. */
const unquoted = (text: string): string =>
  /^'(?:[^']|'')*'$/.test(text) ? text.slice(1, -1).replaceAll("''", "'") : text

// ------------------------------------------------------------------------------------------------------- \d

const textType = 25

function table(title: string, heads: readonly string[], rows: readonly (readonly (string | null)[])[]): string {
  const result: TextResult = {
    command: 'SELECT',
    rowCount: rows.length,
    fields: heads.map((name) => ({ name, dataTypeID: textType })),
    rows,
  }
  const body = alignedTable(result, { nullText: '' })
  const width = Math.max(...body.split('\n').map((line) => line.length))
  return `${' '.repeat(Math.max(0, Math.floor((width - title.length) / 2)))}${title}\n${body}`
}

function listTables(client: Client): MetaOutcome {
  const tables = client.describe()
  if (tables.length === 0) return { kind: 'message', text: 'Did not find any relations.\n' }
  const rows = tables.map(({ schema, name, columns }) => [schema, name, 'table', String(columns.length)])
  const text = table('List of relations', ['Schema', 'Name', 'Type', 'Columns'], rows)
  return { kind: 'output', text: `${text}${rowCountText(rows.length)}\n\n` }
}

function listIndexes(client: Client): MetaOutcome {
  const rows = client
    .describe()
    .flatMap(({ schema, name, indexes }) =>
      indexes.map((index) => [schema, index.name, name, index.unique ? 'yes' : 'no', index.columns.join(', ')]),
    )
  if (rows.length === 0) return { kind: 'message', text: 'Did not find any indexes.\n' }
  const text = table('List of indexes', ['Schema', 'Name', 'Table', 'Unique', 'Columns'], rows)
  return { kind: 'output', text: `${text}${rowCountText(rows.length)}\n\n` }
}

function describe(client: Client, argument: string): MetaOutcome {
  const name = relationName(argument)
  const [found] = client.describe(name)
  if (found !== undefined) return { kind: 'output', text: description(found) }
  const near = closest(
    name,
    client.describe().map((candidate) => candidate.name),
  )
  const hint = near === undefined ? '' : `\nDid you mean "${near}"?`
  return failure(`Did not find any relation named "${name}".${hint}`)
}

/** Folded to lower case unless quoted, without the schema. */
function relationName(argument: string): string {
  const last = /(?:^|\.)("(?:[^"]|"")*"|[^".]*)$/.exec(argument)?.[1] ?? argument
  return last.startsWith('"') ? last.slice(1, -1).replaceAll('""', '"') : last.toLowerCase()
}

function description({ schema, name, columns, indexes, checks }: TableDescription): string {
  const rows = columns.map((column) => [column.name, column.type, column.nullable ? '' : 'not null', column.default])
  const parts = [table(`Table "${schema}.${name}"`, ['Column', 'Type', 'Nullable', 'Default'], rows)]
  if (indexes.length > 0) parts.push('Indexes:\n')
  for (const index of indexes) {
    const kind = index.primaryKey ? 'PRIMARY KEY, ' : index.unique ? 'UNIQUE, ' : ''
    parts.push(`    "${index.name}" ${kind}btree (${index.columns.join(', ')})\n`)
  }
  if (checks.length > 0) parts.push('Check constraints:\n')
  for (const check of checks) parts.push(`    "${check.name}" CHECK (${check.expression})\n`)
  return parts.join('') + '\n'
}

// ---------------------------------------------------------------------------------------------------- \copy

async function copy(client: Client, rest: string, signal: AbortSignal | undefined): Promise<MetaOutcome> {
  const [, target, path, options] = /^([\s\S]+?)\s+from\s+('(?:[^']|'')*'|\S+)\s*([\s\S]*)$/i.exec(rest) ?? []
  if (target === undefined || path === undefined) {
    return failure(
      String.raw`\copy needs a table and a file: \copy accounts FROM 'accounts.csv' WITH (FORMAT csv, HEADER)`,
    )
  }
  try {
    const data = createReadStream(unquoted(path))
    const count = await client.copy(`COPY ${target} FROM STDIN ${options ?? ''}`, data, signal)
    return { kind: 'message', text: `COPY ${String(count)}\n` }
  } catch (error) {
    if (client.isDatabaseError(error) || !(error instanceof Error)) throw error
    return failure(`${unquoted(path)}: ${error.message}`)
  }
}
