/**
 * The script format of SQLite's sqllogictest: records apart by blank lines, each a statement that succeeds or fails, or
 * a query with the values it gives. https://www.sqlite.org/sqllogictest/doc/trunk/about.wiki
 */

export type SortMode = 'nosort' | 'rowsort' | 'valuesort'

interface Located {
  /** Of the record's first line, from 1. */
  readonly line: number
  readonly sql: string
}

export interface StatementRecord extends Located {
  readonly kind: 'statement'
  readonly succeeds: boolean
}

export interface QueryRecord extends Located {
  readonly kind: 'query'
  /** A letter a column: I integer, R real (three decimals), T text. */
  readonly types: string
  readonly sort: SortMode
  /** The values, one a line, or a single line `30 values hashing to <md5>`. */
  readonly expected: readonly string[]
}

export type ScriptRecord = StatementRecord | QueryRecord

/** The records that `engine` runs, by `skipif`, `onlyif` and `halt`. */
export function parseScript(text: string, engine: string): readonly ScriptRecord[] {
  const records: ScriptRecord[] = []
  const lines = text.split('\n')
  for (let at = 0; at < lines.length;) {
    const start = at
    const block: string[] = []
    for (; at < lines.length && lines[at]?.trim() !== ''; at++) block.push((lines[at] ?? '').replace(/\r$/, ''))
    at++
    const record = parseRecord(block, start + 1, engine)
    if (record === 'halt') break
    if (record !== null) records.push(record)
  }
  return records
}

function parseRecord(block: readonly string[], line: number, engine: string): ScriptRecord | 'halt' | null {
  let runs = true
  for (const [i, text] of block.entries()) {
    if (text.startsWith('#')) continue
    const [word, first = '', second = 'nosort'] = text.trim().split(/\s+/)
    if (word === 'skipif') runs &&= first !== engine
    else if (word === 'onlyif') runs &&= first === engine
    else if (!runs || word === 'hash-threshold') return null
    else if (word === 'halt') return 'halt'
    else if (word === 'statement') {
      return { kind: 'statement', line, sql: block.slice(i + 1).join('\n'), succeeds: first === 'ok' }
    } else if (word === 'query') {
      const end = block.indexOf('----')
      const sql = block.slice(i + 1, end < 0 ? undefined : end).join('\n')
      const expected = end < 0 ? [] : block.slice(end + 1)
      return { kind: 'query', line, sql, types: first, sort: sortMode(second), expected }
    } else throw new Error(`line ${line + i}: unknown record ${text}`)
  }
  return null
}

function sortMode(word: string): SortMode {
  if (word === 'nosort' || word === 'rowsort' || word === 'valuesort') return word
  throw new Error(`unknown sort mode ${word}`)
}
