/** Results as text: psql's aligned and expanded tables, CSV, and JSON. All of them work on PostgreSQL's text forms. */
import { displayWidth } from '../demos/layout.ts'

export interface TextResult {
  readonly command: string
  readonly rowCount: number | null
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[]
  readonly rows: readonly (readonly (string | null)[])[]
}

export interface TableOptions {
  /** How NULL is shown. */
  readonly nullText: string
}

/** OIDs of the types whose values stand at the right of their column. */
const numericTypes: ReadonlySet<number> = new Set([20, 21, 23, 26, 700, 701, 790, 1700])
const booleanType = 16
const jsonTypes: ReadonlySet<number> = new Set([114, 3802])

/** The tag that psql prints for a command: `INSERT 0 3`, `UPDATE 2`, `CREATE TABLE`. */
export function commandTag({ command, rowCount }: TextResult): string {
  if (rowCount === null) return command
  return command === 'INSERT' ? `INSERT 0 ${String(rowCount)}` : `${command} ${String(rowCount)}`
}

/** True for a statement that writes and returns rows: it has a table and a tag. */
export const writesRows = ({ command }: TextResult): boolean => /^(INSERT|UPDATE|DELETE|MERGE)$/.test(command)

/** A SELECT has rows even if it has no columns. */
export const hasRows = ({ fields, command }: TextResult): boolean => fields.length > 0 || command === 'SELECT'

export const rowCountText = (count: number): string => (count === 1 ? '(1 row)' : `(${String(count)} rows)`)

/** psql's aligned format without the line that counts the rows. Every line ends with a line end. */
export function alignedTable({ fields, rows }: TextResult, { nullText }: TableOptions): string {
  if (fields.length === 0) return '--\n'
  const cells = rows.map((row) => row.map((value) => cellLines(value ?? nullText)))
  const heads = fields.map(({ name }) => cellLines(name).join(' '))
  const widths = heads.map((head, column) => {
    let widest = displayWidth(head)
    for (const row of cells) for (const line of row[column]!) widest = Math.max(widest, displayWidth(line))
    return widest
  })
  const right = fields.map(({ dataTypeID }) => numericTypes.has(dataTypeID))
  const out = [
    heads.map((head, column) => ` ${centred(head, widths[column]!)} `).join('|'),
    widths.map((width) => '-'.repeat(width + 2)).join('+'),
  ]
  for (const row of cells) {
    const height = Math.max(...row.map((lines) => lines.length))
    for (let line = 0; line < height; line++) {
      const parts = row.map((lines, column) => {
        const text = aligned(lines[line] ?? '', widths[column]!, right[column]!)
        // A cell that goes on below is marked as psql marks it.
        return ` ${text}${line < lines.length - 1 ? '+' : ' '}`
      })
      out.push(parts.join('|'))
    }
  }
  return out.map((line) => line.trimEnd() + '\n').join('')
}

/** psql's expanded format: a line a column. */
export function expandedTable({ fields, rows }: TextResult, { nullText }: TableOptions): string {
  const heads = fields.map(({ name }) => cellLines(name).join(' '))
  const width = Math.max(0, ...heads.map((head) => displayWidth(head)))
  const records = rows.map((row, index) => {
    const lines = row.map((value, column) => {
      const [first, ...more] = cellLines(value ?? nullText)
      const below = more.map((line) => `${' '.repeat(width)} | ${line}`)
      return [`${aligned(heads[column]!, width, false)} | ${first!}`, ...below].join('\n')
    })
    return [`-[ RECORD ${String(index + 1)} ]`.padEnd(width + 4, '-'), ...lines].join('\n') + '\n'
  })
  return records.join('')
}

/** Control characters made visible, line ends aside, so that nothing a table holds can move the cursor. */
export const visible = (text: string): string =>
  text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, (character) =>
    character === '\r' ? '\\r' : `\\x${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )

const cellLines = (value: string): string[] => visible(value).split('\n')

function aligned(text: string, width: number, right: boolean): string {
  const blanks = ' '.repeat(Math.max(0, width - displayWidth(text)))
  return right ? blanks + text : text + blanks
}

function centred(text: string, width: number): string {
  const blanks = Math.max(0, width - displayWidth(text))
  const before = Math.floor(blanks / 2)
  return ' '.repeat(before) + text + ' '.repeat(blanks - before)
}

/** CSV with a header line, as COPY writes it: NULL is empty, an empty string is quoted. */
export function csv({ fields, rows }: TextResult): string {
  const lines = [fields.map(({ name }) => csvField(name)).join(',')]
  for (const row of rows) lines.push(row.map(csvField).join(','))
  return lines.map((line) => line + '\n').join('')
}

function csvField(value: string | null): string {
  if (value === null) return ''
  return value === '' || value === '\\.' || /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value
}

/** One JSON array of objects, a row a line. Numbers keep all their digits; NaN and infinity are strings, as JSON has none. */
export function json({ fields, rows }: TextResult): string {
  const keys = fields.map(({ name }) => JSON.stringify(name))
  const objects = rows.map((row) => {
    const members = row.map((value, column) => `${keys[column]!}:${jsonValue(value, fields[column]!.dataTypeID)}`)
    return `{${members.join(',')}}`
  })
  return `[${objects.join(',\n ')}]\n`
}

function jsonValue(value: string | null, type: number): string {
  if (value === null) return 'null'
  if (type === booleanType) return value === 't' || value === 'true' ? 'true' : 'false'
  if (jsonTypes.has(type)) return value
  if (numericTypes.has(type) && /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(value)) return value
  return JSON.stringify(value)
}
