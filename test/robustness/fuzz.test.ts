import { expect, test } from 'vitest'
import { DatabaseError, open, type Database } from '../../src/index.ts'
import { parseStatements } from '../../src/parser/index.ts'
import { runs } from '../support/runs.ts'
import { RandomSource } from './random.ts'
import { mutate, noise, schema, StatementWriter } from './statements.ts'

// Whatever the text, the parser and `query` answer or throw a DatabaseError: no internal error, no crash, no flood of rows.

/** A cross join of three of the small tables with a few rows added; nothing generated may give more. */
const rowBudget = 100_000

/** A database is thrown away after so many statements: they drop its tables and fill it. */
const statementsPerDatabase = 400

const kinds = {
  'random bytes': (random: RandomSource): string => noise(random),
  mutants: (random: RandomSource): string => mutate(random, new StatementWriter(random).statement()),
  generated: (random: RandomSource): string => new StatementWriter(random).statement(),
}

async function fresh(): Promise<Database> {
  const db = await open(undefined, { memoryLimit: 64 * 1024 * 1024 })
  await db.exec(schema)
  return db
}

/** What is wrong with this error, or null if a user may see it. */
const complaint = (error: unknown, during: string, text: string): string | null =>
  error instanceof DatabaseError && /^[0-9A-Z]{5}$/.test(error.code) && error.code !== 'XX000'
    ? null
    : `${during}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\nin: ${JSON.stringify(text)}`

test.each(Object.entries(kinds))('%s: nothing but results and DatabaseErrors', async (kind, make) => {
  const statements = runs(Math.ceil(20_000 / Object.keys(kinds).length))
  const random = new RandomSource(kind.length * 7919)
  const complaints: string[] = []
  let executed = 0
  let parsed = 0
  let db = await fresh()
  for (let n = 0; n < statements; n++) {
    if (n > 0 && n % statementsPerDatabase === 0) {
      await db.close()
      db = await fresh()
    }
    const text = make(random)
    try {
      parseStatements(text)
      parsed++
    } catch (error) {
      const what = complaint(error, 'parse', text)
      if (what !== null) complaints.push(what)
    }
    try {
      const { rows } = await db.query(text, text.includes('$1') ? [1] : [])
      executed++
      if (rows.length > rowBudget) complaints.push(`${String(rows.length)} rows\nin: ${text}`)
    } catch (error) {
      const what = complaint(error, 'query', text)
      if (what !== null) complaints.push(what)
    }
  }
  await db.close()
  console.log(`${kind}: ${String(statements)} statements, ${String(parsed)} parsed, ${String(executed)} executed`)
  expect(complaints.slice(0, 5).join('\n\n')).toBe('')
  // The generator must not degenerate into a list of errors: that would prove nothing.
  if (kind === 'generated') expect(executed).toBeGreaterThan(statements / 5)
})
