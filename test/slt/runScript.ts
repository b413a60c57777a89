/** Runs a script of sqllogictest against a fresh database in memory, and compares. */
import { createHash } from 'node:crypto'
import { DatabaseError, openSync } from '../../src/index.ts'
import type { QueryResult, Session } from '../../src/index.ts'
import type { QueryRecord, ScriptRecord } from './scriptFile.ts'

export interface ScriptOutcome {
  passed: number
  /** Records that need what is not built (0A000) or is SQLite's own, and those that follow from them. */
  skipped: number
  readonly failures: string[]
}

/** `every`: of the queries, each so-many-th runs; all statements do. */
export async function runScript(records: readonly ScriptRecord[], every = 1): Promise<ScriptOutcome> {
  const db = openSync()
  const session = db.connectSync()
  const outcome: ScriptOutcome = { passed: 0, skipped: 0, failures: [] }
  const missing = new Set<string>()
  let queries = 0
  for (const record of records) {
    if (record.kind === 'query' && queries++ % every !== 0) continue
    const difference = await runRecord(session, record, missing)
    if (difference === null) outcome.passed++
    else if (difference === 'skipped') outcome.skipped++
    else outcome.failures.push(`line ${record.line}: ${record.sql}\n${difference}`)
  }
  db.closeSync()
  return outcome
}

/** Null if it is as expected. `missing`: names that a statement which is not built would have made. */
async function runRecord(session: Session, record: ScriptRecord, missing: Set<string>): Promise<string | null> {
  let result: QueryResult<(string | null)[]>
  try {
    result = await session.query(record.sql, [], { rowMode: 'text' })
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error
    if (error.code === '0A000') {
      const made = /^\s*CREATE\s+(?:TEMP\s+)?(?:VIEW|TRIGGER)\s+(?:IF NOT EXISTS\s+)?(\w+)/i.exec(record.sql)
      if (made?.[1] !== undefined) missing.add(made[1])
      return 'skipped'
    }
    const relation = /^relation "(\w+)" does not exist$/.exec(error.message)?.[1]
    if (relation !== undefined && missing.has(relation)) return 'skipped'
    if (record.kind === 'statement' && !record.succeeds) return null
    // SQLite computes with texts, as `+ col2`, and neither PostgreSQL nor Isolde does.
    if (/^operator does not exist: .*\btext\b/.test(error.message)) return 'skipped'
    return `error ${error.code}: ${error.message}`
  }
  if (record.kind === 'statement') return record.succeeds ? null : 'succeeded, and should have failed'
  return compare(record, result)
}

function compare(record: QueryRecord, { rows, fields }: QueryResult<(string | null)[]>): string | null {
  if (fields.length !== record.types.length) return `${fields.length} columns instead of ${record.types.length}`
  const printed = rows.map((row) => row.map((value, i) => print(value, record.types[i] ?? 'T')))
  if (record.sort === 'rowsort') printed.sort((a, b) => byText(a.join('\n'), b.join('\n')))
  const values = printed.flat()
  if (record.sort === 'valuesort') values.sort(byText)
  const [first] = record.expected
  const hashed = /^(\d+) values hashing to ([0-9a-f]{32})$/.exec(first ?? '')
  if (hashed === null) {
    const actual = values.join('\n')
    return actual === record.expected.join('\n') ? null : `gives\n${actual}\ninstead of\n${record.expected.join('\n')}`
  }
  const hash = createHash('md5')
  for (const value of values) hash.update(`${value}\n`)
  const actual = `${values.length} values hashing to ${hash.digest('hex')}`
  return actual === first ? null : `gives ${actual} instead of ${first}\n${values.slice(0, 20).join('\n')}`
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function print(value: string | null, type: string): string {
  if (value === null) return 'NULL'
  switch (type) {
    case 'I':
      // SQLite has no booleans, and reads a text as the number that it begins with, or 0.
      return value === 't' ? '1' : value === 'f' ? '0' : String(BigInt(/^-?\d+/.exec(value)?.[0] ?? 0))
    case 'R':
      return Number(value).toFixed(3)
    default:
      return value === '' ? '(empty)' : value.replace(/[^ -~]/g, '@')
  }
}
