/**
 * Whatever sessions do at whatever levels, each state that is committed has no orphan: every key of a referencing row is
 * null or the key of a row. And when all is over, nothing is left.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Session } from '../../src/index.ts'
import { DatabaseError, nodeEnv } from '../../src/index.ts'
import { Database } from '../../src/session/database.ts'
import { openEngine } from '../../src/session/open.ts'
import { SeededScheduler } from '../properties/seededScheduler.ts'
import { runs } from '../support/runs.ts'
import { checkQuiet, checkTable } from '../txn/invariants.ts'

const levels = [
  'READ UNCOMMITTED',
  'READ COMMITTED',
  'REPEATABLE READ',
  'SERIALIZABLE',
  'SERIALIZABLE USING 2PL',
  'SERIALIZABLE USING SERIAL',
]
const actions = ['NO ACTION', 'RESTRICT', 'CASCADE', 'SET NULL']

/** a ← b ← c, a ← c, and b refers to itself. */
const edges: readonly (readonly [table: string, column: string, referenced: string])[] = [
  ['b', 'a', 'a'],
  ['b', 'up', 'b'],
  ['c', 'a', 'a'],
  ['c', 'b', 'b'],
]

interface Schema {
  /** By edge: on delete, on update; whether the column has an index. */
  readonly rules: readonly (readonly [string, string, boolean])[]
}

interface Act {
  readonly session: number
  readonly kind: number
  readonly x: number
  readonly y: number
  readonly z: number
}

const schemas: fc.Arbitrary<Schema> = fc.record({
  rules: fc.array(fc.tuple(fc.constantFrom(...actions), fc.constantFrom(...actions), fc.boolean()), {
    minLength: edges.length,
    maxLength: edges.length,
  }),
})

const key = fc.integer({ min: 1, max: 3 })
const acts: fc.Arbitrary<readonly Act[]> = fc.array(
  fc.record({ session: fc.nat(2), kind: fc.nat(999), x: key, y: key, z: key }),
  { minLength: 60, maxLength: 120, size: 'max' },
)

function ddl({ rules }: Schema): string {
  const clause = (edge: number): string => {
    const [onDelete, onUpdate] = rules[edge]!
    return `int REFERENCES ${edges[edge]![2]} ON DELETE ${onDelete} ON UPDATE ${onUpdate}`
  }
  const indexes = edges.flatMap(([table, column], i) => (rules[i]![2] ? [`CREATE INDEX ON ${table} (${column})`] : []))
  return [
    'CREATE TABLE a (id int PRIMARY KEY, n int)',
    `CREATE TABLE b (id int PRIMARY KEY, a ${clause(0)}, up ${clause(1)})`,
    `CREATE TABLE c (id int PRIMARY KEY, a ${clause(2)}, b ${clause(3)})`,
    ...indexes,
    'INSERT INTO a VALUES (1, 0), (2, 0), (3, 0)',
    'INSERT INTO b VALUES (1, 1, NULL), (2, 1, 1), (3, 2, 3)',
    'INSERT INTO c VALUES (1, 1, 1), (2, 2, 2), (3, NULL, 3)',
  ].join(';')
}

/** `fresh`: a key that no row has had. */
function sqlOf({ kind, x, y, z }: Act, status: string, fresh: number): string {
  if (status === 'failed') return kind % 10 === 0 ? 'ROLLBACK' : 'ROLLBACK TO s'
  if (status === 'idle' && kind % 5 > 0) return `BEGIN ISOLATION LEVEL ${levels[kind % levels.length]!}`
  if (status !== 'idle' && kind % 9 === 0) return kind % 4 === 0 ? 'ROLLBACK' : 'COMMIT'
  const statement = statementOf(kind, x, y, z, fresh)
  return status === 'idle' ? statement : `SAVEPOINT s; ${statement}`
}

function statementOf(kind: number, x: number, y: number, z: number, fresh: number): string {
  const statements = [
    `INSERT INTO a VALUES (${x}, 0)`,
    `INSERT INTO b VALUES (${x}, ${y}, NULL)`,
    `INSERT INTO b VALUES (${fresh}, ${y}, ${z})`,
    `INSERT INTO c VALUES (${fresh}, ${y}, NULL)`,
    `INSERT INTO c VALUES (${fresh}, NULL, ${z})`,
    `INSERT INTO c VALUES (${fresh}, ${y}, ${z})`,
    `INSERT INTO c SELECT id + ${fresh * 100}, a, id FROM b WHERE id <= ${y}`,
    `UPDATE a SET n = n + 1 WHERE id = ${x}`,
    `UPDATE a SET id = ${y} WHERE id = ${x}`,
    'UPDATE a SET id = CASE id WHEN 1 THEN 2 WHEN 2 THEN 1 ELSE id END',
    `UPDATE b SET id = ${y} WHERE id = ${x}`,
    `UPDATE b SET a = ${y} WHERE id = ${x}`,
    `UPDATE b SET up = ${y} WHERE id = ${x}`,
    `UPDATE c SET a = ${y} WHERE b = ${x}`,
    `UPDATE c SET b = ${y} WHERE a = ${x}`,
    `UPDATE c SET b = NULL WHERE b = ${x}`,
    `DELETE FROM a WHERE id = ${x}`,
    `DELETE FROM a WHERE id >= ${x}`,
    `DELETE FROM b WHERE id = ${x}`,
    `DELETE FROM b WHERE a = ${x}`,
    `DELETE FROM c WHERE a = ${x}`,
    `DELETE FROM c WHERE b = ${x}`,
    `SELECT count(*) FROM b WHERE a = ${x}`,
  ]
  return statements[kind % statements.length]!
}

const orphans = edges.map(
  ([table, column, referenced]) =>
    `SELECT r.id, r.${column} FROM ${table} r LEFT JOIN ${referenced} o ON r.${column} = o.id
     WHERE r.${column} IS NOT NULL AND o.id IS NULL`,
)

async function run(schema: Schema, all: readonly Act[], seed: number): Promise<void> {
  const scheduler = new SeededScheduler()
  scheduler.restart(seed)
  const engine = openEngine(nodeEnv, undefined, { scheduler, stepBudget: 1 + (Math.abs(seed) % 3) })
  const db = new Database(engine)
  await db.exec(ddl(schema))
  const checks = orphans.map((sql) => db.prepare(sql))
  const sessions: Session[] = [0, 1, 2].map(() => db.connectSync())
  const calls: Promise<unknown>[] = []
  const unexpected: unknown[] = []
  const log: string[] = []
  const call = (session: Session, sql: string): void => {
    log.push(`${sessions.indexOf(session)}> ${sql}`)
    const done = session.exec(sql).then(
      () => log.push(`${sessions.indexOf(session)}: ${sql} → done`),
      (error: unknown) => {
        log.push(`${sessions.indexOf(session)}: ${sql} → ${String(error)}`)
        if (!(error instanceof DatabaseError) || error.code.startsWith('XX')) unexpected.push(error)
      },
    )
    calls.push(done)
  }
  const check = (): void => {
    for (const [i, each] of checks.entries()) {
      const found = each.all()
      if (found.length > 0) throw new Error(`orphans ${orphans[i]}: ${JSON.stringify(found)}\n${log.join('\n')}`)
    }
  }
  for (const [i, act] of all.entries()) {
    const session = sessions[act.session]!
    if (session.state === 'idle') call(session, sqlOf(act, session.transactionStatus, 10 + i))
    if (i % 2 === 0) await new Promise((resolve) => setImmediate(resolve))
    check()
  }
  for (const session of sessions) session.close()
  await Promise.all(calls)
  check()
  expect(unexpected).toEqual([])
  for (const table of engine.store.tables()) {
    checkTable(table, engine.transactions)
    checkQuiet(table, engine.transactions)
  }
  await db.close()
}

test('no committed state has an orphan, whatever the levels', async () => {
  await fc.assert(
    fc.asyncProperty(schemas, acts, fc.integer(), (schema, all, seed) => run(schema, all, seed)),
    { numRuns: runs(200) },
  )
}, 600_000)
