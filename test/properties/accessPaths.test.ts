/**
 * By whichever way a query goes to its rows, it finds the same ones. While random programs run, open transactions of every
 * level are asked in pairs: once in words that an index serves, once in words that only a scan does. Between the two nothing
 * happens; around them, rows and keys are half written, moved, given up, taken over and undone.
 *
 * After Rigger and Su, Detecting Optimization Bugs in Database Engines via Non-optimizing Reference Engine Construction
 * (ESEC/FSE 2020), where the second form keeps the optimiser out; here it keeps the indexes out.
 */
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import type { Database, Session } from '../../src/index.ts'
import { DatabaseError, openSync } from '../../src/index.ts'
import { runs } from '../support/runs.ts'
import { turn } from './performance.ts'
import type { Program, ProgramLevel, Schema } from './programs.ts'
import { createTables, fill, fillTables, levels, programs, schemaName } from './programs.ts'
import { SeededScheduler } from './seededScheduler.ts'
import { increase, oneOfTwo, play, rollbackTo, savepoint, session, some, times } from './themes/theme.ts'
import type { Way } from './twins.ts'
import { callsOf, expectSame } from './twins.ts'

interface Pair {
  readonly byIndex: string
  readonly byScan: string
  readonly parameters: number
  /** The order of the rows is compared, too. */
  readonly ordered?: boolean
}

const ofKeys: readonly Pair[] = [
  { byIndex: 'SELECT * FROM t WHERE k = $1', byScan: 'SELECT * FROM t WHERE k + 0 = $1', parameters: 1 },
  {
    byIndex: 'SELECT * FROM t WHERE k = $1 AND v > $2',
    byScan: 'SELECT * FROM t WHERE k + 0 = $1 AND v > $2',
    parameters: 2,
  },
  { byIndex: 'SELECT * FROM t WHERE k IN ($1, $2)', byScan: 'SELECT * FROM t WHERE k + 0 IN ($1, $2)', parameters: 2 },
  {
    byIndex: 'SELECT k FROM t WHERE k >= $1 ORDER BY k DESC',
    byScan: 'SELECT k FROM t WHERE k + 0 >= $1 ORDER BY k + 0 DESC',
    parameters: 1,
    ordered: true,
  },
  { byIndex: 'SELECT count(*) FROM t WHERE k = $1', byScan: 'SELECT count(*) FROM t WHERE k + 0 = $1', parameters: 1 },
  {
    byIndex: 'SELECT a.k, b.k AS l, b.v FROM t a JOIN t b ON b.k = a.v WHERE a.k = $1',
    byScan: 'SELECT a.k, b.k AS l, b.v FROM t a JOIN t b ON b.k + 0 = a.v + 0 WHERE a.k + 0 = $1',
    parameters: 1,
  },
]

const ofValues: readonly Pair[] = [
  { byIndex: 'SELECT * FROM t WHERE v = $1', byScan: 'SELECT * FROM t WHERE v + 0 = $1', parameters: 1 },
  {
    byIndex: 'SELECT k FROM t WHERE v >= $1 AND v <= $2',
    byScan: 'SELECT k FROM t WHERE v + 0 >= $1 AND v + 0 <= $2',
    parameters: 2,
  },
]

const ofGroups: readonly Pair[] = [
  {
    byIndex: 'SELECT * FROM t WHERE g = $1 AND v = $2',
    byScan: 'SELECT * FROM t WHERE g + 0 = $1 AND v + 0 = $2',
    parameters: 2,
  },
  { byIndex: 'SELECT * FROM t WHERE g = $1', byScan: 'SELECT * FROM t WHERE g + 0 = $1', parameters: 1 },
]

const ofChildren: readonly Pair[] = [
  { byIndex: 'SELECT * FROM c WHERE id = $1', byScan: 'SELECT * FROM c WHERE id + 0 = $1', parameters: 1 },
  {
    byIndex: 'SELECT c.id, t.v FROM c JOIN t ON t.k = c.t WHERE c.id = $1',
    byScan: 'SELECT c.id, t.v FROM c JOIN t ON t.k + 0 = c.t + 0 WHERE c.id + 0 = $1',
    parameters: 1,
  },
]

/** Those for which the schema has an index. */
const pairsOf = ({ primaryKey, valueIndex, child }: Schema): readonly Pair[] => [
  ...(primaryKey ? ofKeys : []),
  ...(valueIndex === 'plain' || valueIndex === 'unique' ? ofValues : []),
  ...(valueIndex === 'composite' ? ofGroups : []),
  ...(child === 'none' ? [] : ofChildren),
]

interface Place {
  readonly db: Database
  readonly scheduler: SeededScheduler
  /** How many programs it may still serve: pages keep empty places, and scans grow long. */
  left: number
}

const places = new Map<string, Place>()

async function placeOf(schema: Schema): Promise<Place> {
  const name = schemaName(schema)
  let place = places.get(name)
  if (place === undefined || place.left === 0) {
    await place?.db.close()
    const scheduler = new SeededScheduler()
    place = { db: openSync(undefined, { stepBudget: 1, scheduler }), scheduler, left: 100 }
    places.set(name, place)
    await place.db.exec(createTables(schema))
  }
  place.left--
  return place
}

afterAll(async () => {
  for (const { db } of places.values()) await db.close()
})

/** The rows, or null where the query has to wait or is refused: its transaction has failed then. */
function ask(session: Session, sql: string, values: readonly number[]): string[] | null {
  try {
    return session
      .prepare(sql)
      .all(...values)
      .map((row) => JSON.stringify(row))
  } catch (error) {
    if (error instanceof DatabaseError) return null
    throw error
  }
}

/** Asks both ways; true if both were answered. */
function compare(
  session: Session,
  { byIndex, byScan, parameters, ordered }: Pair,
  numbers: readonly number[],
): boolean {
  const values = numbers.slice(0, parameters)
  const found = ask(session, byIndex, values)
  const expected = found === null ? null : ask(session, byScan, values)
  if (found === null || expected === null) return false
  if (ordered !== true) for (const rows of [found, expected]) rows.sort()
  expect(found, `${byIndex}  -- ${values.join()}`).toEqual(expected)
  return true
}

const everything = programs({ levels, sessions: 3, transactions: 3, statements: 5 })

/** Two keys that are given up and taken over: where a snapshot shows two rows with one key. */
const takeoverAt = (levels: readonly ProgramLevel[]) =>
  play(
    { primaryKey: true, valueIndex: 'unique', child: 'none' },
    ...times(
      3,
      session(
        [
          {
            levels: [...times(4, 'repeatable read' as const), ...levels],
            statements: some(1, 4, [
              ...times(2, fill('INSERT INTO t VALUES ($1, $2, 0)', oneOfTwo, oneOfTwo)),
              ...times(2, fill('DELETE FROM t WHERE k = $1', oneOfTwo)),
              fill('UPDATE t SET k = $2, v = $2 WHERE k = $1', oneOfTwo, fc.integer({ min: 1, max: 5 })),
              increase(oneOfTwo),
              savepoint,
              rollbackTo,
            ]),
          },
        ],
        1,
        3,
      ),
    ),
  )

interface Question {
  readonly pair: number
  readonly numbers: readonly number[]
  /** Turns of the event loop before it; statements may be under way then. */
  readonly pause: number
}

const questions = fc.array(
  fc.record({
    pair: fc.nat({ max: 20 }),
    numbers: fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 2, maxLength: 2 }),
    pause: fc.nat({ max: 3 }),
  }),
  { minLength: 1, maxLength: 20, size: 'max' },
)

/** Runs the program with the questions in between; returns how many were answered. */
async function perform(program: Program, asked: readonly Question[], seed: number): Promise<number> {
  const { schema } = program
  const { db, scheduler } = await placeOf(schema)
  for (const sql of fillTables(schema)) await db.query(sql)
  scheduler.restart(seed)
  const pairs = pairsOf(schema)
  const left = program.sessions.map((transactions) => transactions.flatMap((each) => callsOf(each)))
  const sessions = left.map(() => db.connectSync())
  let answered = 0
  try {
    for (let round = 0, idle = 0; left.some((calls) => calls.length > 0) && idle < 100; round++) {
      const ready = left.flatMap((calls, i) => (calls.length > 0 && sessions[i]!.state === 'idle' ? [i] : []))
      const question = asked[round % asked.length]!
      if (ready.length === 0) idle++
      else {
        const number = ready[(program.picks[round] ?? round) % ready.length]!
        const { sql, values } = left[number]!.shift()!
        sessions[number]!.query(sql, values).catch((error: unknown) => {
          if (!(error instanceof DatabaseError)) throw error
        })
        idle = 0
      }
      for (let i = 0; i < question.pause; i++) await turn()
      const pair = pairs[question.pair % pairs.length]
      for (const session of sessions) {
        if (pair === undefined || session.state !== 'idle' || session.transactionStatus !== 'transaction') continue
        if (compare(session, pair, question.numbers)) answered++
      }
    }
    return answered
  } finally {
    for (const session of sessions) session.close()
    await turn()
  }
}

describe('an index finds what a scan finds', () => {
  it('the one is planned with an index, the other without', async () => {
    const schema: Schema = { primaryKey: true, valueIndex: 'plain', child: 'no action' }
    const composite: Schema = { ...schema, valueIndex: 'composite' }
    for (const [each, pairs] of [
      [schema, pairsOf(schema)],
      [composite, ofGroups],
    ] as const) {
      const { db } = await placeOf(each)
      for (const { byIndex, byScan } of pairs) {
        const plan = async (sql: string): Promise<string> =>
          JSON.stringify((await db.query(`EXPLAIN ${sql.replaceAll(/\$\d/g, '1')}`)).rows)
        expect(await plan(byIndex)).toMatch(/index/i)
        expect(await plan(byScan)).not.toMatch(/index/i)
      }
    }
  })

  it.each([
    ['at every level, whatever others have half done', runs(600), everything],
    ['of keys that are taken over', runs(2000), takeoverAt(levels)],
  ] as const)('%s', async (_, numRuns, of) => {
    let answers = 0
    await fc.assert(
      fc.asyncProperty(of, questions, fc.nat(), async (program, asked, seed) => {
        answers += await perform(program, asked, seed)
      }),
      { numRuns },
    )
    expect(answers).toBeGreaterThan(2 * numRuns)
  })
})

/** A write that finds its row by a key goes another way than one that scans: it locks, evaluates and writes at once. */
it('a write by a key does what a write by a scan does', async () => {
  const byIndex: Way = { traced: false, words: (sql) => sql }
  const byScan: Way = { traced: false, words: (sql) => sql.replace('WHERE k = $1', 'WHERE k + 0 = $1') }
  const numRuns = runs(1000)
  // Above REPEATABLE READ a scan locks the table, or leaves an SIREAD for it: that is no way to the same.
  const weaker = levels.slice(0, 3)
  const { calls, waits } = await expectSame({
    title: 'by index and by scan',
    ways: [byIndex, byScan],
    programs: fc.oneof(
      programs({ levels: weaker, sessions: 3, transactions: 3, statements: 5 }),
      ...times(3, takeoverAt(weaker)),
    ),
    numRuns,
  })
  expect(waits).toBeGreaterThan(numRuns / 25)
  expect(calls).toBeGreaterThan(5 * numRuns)
})
