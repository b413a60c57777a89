/** The command line of `isolde`, read. */
import { parseArgs } from 'node:util'

export const usage = `isolde: a transactional SQL database with every isolation level

Usage: isolde [DIRECTORY]              a prompt on the database in DIRECTORY, or on one in memory
       isolde [DIRECTORY] < FILE       run the SQL of standard input
       isolde demo [NAME] …            watch anomalies happen and be prevented (isolde demo --help)

  -c, --command SQL      run SQL and end; may be given several times
  -f, --file FILE        run the file and end ("-" is standard input); may be given several times
      --format FORMAT    table (default), csv or json, for what is not a terminal
  -h, --help
  -V, --version

Data goes to standard output, everything else to standard error. The first error ends a run with exit code 3;
1 is a failure of isolde itself (a database that cannot be opened), 2 a wrong command line.
A directory named "demo" is written ./demo.
`

export type Format = 'table' | 'csv' | 'json'

export type Source =
  { readonly kind: 'command'; readonly sql: string } | { readonly kind: 'file'; readonly path: string }

export type Invocation =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'demo'; readonly args: readonly string[] }
  | {
      readonly kind: 'run'
      /** Null: in memory. */
      readonly directory: string | null
      /** Empty: a prompt on a terminal, else standard input. */
      readonly sources: readonly Source[]
      readonly format: Format
    }

/** A command line that makes no sense: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export function readCommandLine(args: readonly string[]): Invocation {
  if (args[0] === 'demo') return { kind: 'demo', args: args.slice(1) }
  const { values, positionals, tokens } = parse(args)
  if (values.help === true) return { kind: 'help' }
  if (values.version === true) return { kind: 'version' }
  const [directory, extra] = positionals
  if (directory === '') throw new UsageError('the name of the directory is empty')
  if (extra !== undefined) throw new UsageError(`unexpected argument "${extra}"`)
  const format = values.format ?? 'table'
  if (!isFormat(format)) throw new UsageError(`unknown format "${format}"; there are table, csv and json`)
  // In the order in which they were given, -c and -f mixed, as psql runs them.
  const sources = tokens.flatMap((token): Source[] => {
    if (token.kind !== 'option' || typeof token.value !== 'string') return []
    if (token.name === 'command') return [{ kind: 'command', sql: token.value }]
    return token.name === 'file' ? [{ kind: 'file', path: token.value }] : []
  })
  return { kind: 'run', directory: directory ?? null, sources, format }
}

const isFormat = (text: string): text is Format => ['table', 'csv', 'json'].includes(text)

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      tokens: true,
      options: {
        command: { type: 'string', short: 'c', multiple: true },
        file: { type: 'string', short: 'f', multiple: true },
        format: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean', short: 'V' },
      },
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}
