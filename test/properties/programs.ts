/**
 * Random programs of concurrent transactions over random schemas: what each session does, statement by statement, and in which
 * order the core steps them. A program is data: it can be shrunk, printed, and run again.
 */
import fc from 'fast-check'

/** What of a table there is; keys and values are small, so that transactions meet. */
export interface Schema {
  /** `k` is a primary key; else nothing keeps keys apart. */
  readonly primaryKey: boolean
  /** Over `v`. */
  readonly valueIndex: 'none' | 'plain' | 'composite' | 'unique'
  /** A table `c` whose `t` refers to `t.k`. */
  readonly child: 'none' | 'no action' | 'cascade' | 'set null'
}

export const levels = [
  'read uncommitted',
  'read committed',
  'repeatable read',
  'serializable using ssi',
  'serializable using 2pl',
  'serializable using serial',
] as const
export type ProgramLevel = (typeof levels)[number]

export const serializableLevels = levels.slice(3)

export interface Statement {
  readonly sql: string
  readonly values: readonly (number | null)[]
  /** How many events it waits for a lock before its caller cancels it; null: for ever. */
  readonly patience: number | null
}

/** How a transaction ends, and what becomes of it if it is prepared. 'autocommit': each statement is one, in no block. */
export type End = 'COMMIT' | 'ROLLBACK' | 'PREPARE, COMMIT' | 'PREPARE, ROLLBACK' | 'autocommit'

export interface Transaction {
  readonly level: ProgramLevel
  readonly access: 'READ WRITE' | 'READ ONLY' | 'READ ONLY DEFERRABLE'
  readonly statements: readonly Statement[]
  readonly end: End
}

export interface Program {
  readonly schema: Schema
  /** By session: its transactions, one after the other. */
  readonly sessions: readonly (readonly Transaction[])[]
  /** Which of the ready statements steps next, modulo their number; when they are used up, the longest waiting. */
  readonly picks: readonly number[]
  /** For how many events what is prepared stays undecided; else for none. */
  readonly indecision?: number
  /** A transaction at REPEATABLE READ that reads everything before the others begin and when they are done. */
  readonly onlooker: boolean
  /** The session that is closed after so many events, whatever it does then. */
  readonly closed: { readonly session: number; readonly after: number } | null
}

// Schemas.

export const schemas: fc.Arbitrary<Schema> = fc
  .record({
    primaryKey: fc.boolean(),
    valueIndex: fc.constantFrom('none', 'plain', 'composite', 'unique'),
    child: fc.constantFrom('none', 'none', 'no action', 'cascade', 'set null'),
  } as const)
  // A foreign key needs a key to refer to.
  .map((schema) => (schema.primaryKey ? schema : { ...schema, child: 'none' }))

export function schemaName({ primaryKey, valueIndex, child }: Schema): string {
  return `${primaryKey ? 'key' : 'no key'}, ${valueIndex} index, ${child} child`
}

export function createTables({ primaryKey, valueIndex, child }: Schema): string {
  const index = {
    none: '',
    plain: 'CREATE INDEX t_v ON t (v);',
    composite: 'CREATE INDEX t_gv ON t (g, v);',
    unique: 'CREATE UNIQUE INDEX t_v ON t (v);',
  }[valueIndex]
  const children = `CREATE TABLE c (id int PRIMARY KEY, t int REFERENCES t (k) ON DELETE ${child} ON UPDATE ${child});`
  return `CREATE TABLE t (k int ${primaryKey ? 'PRIMARY KEY' : 'NOT NULL'}, v int, g int NOT NULL); ${index}
    ${child === 'none' ? '' : children}`
}

/** Rows of the beginning, in a transaction of their own. */
export function fillTables({ child }: Schema): string[] {
  return [
    ...(child === 'none' ? [] : ['DELETE FROM c']),
    'DELETE FROM t',
    'INSERT INTO t VALUES (1, 1, 0), (2, 2, 0), (3, 3, 1)',
    ...(child === 'none' ? [] : ['INSERT INTO c VALUES (1, 1), (2, 2), (3, NULL)']),
  ]
}

// Statements.

const key = fc.integer({ min: 1, max: 5 })
const newKey = fc.integer({ min: 3, max: 9 })
const value = fc.integer({ min: 0, max: 6 })
const group = fc.nat({ max: 1 })

/** Mostly null: once in `rarity`. */
const seldom = <T>(rarity: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: rarity - 1, arbitrary: fc.constant(null) }, { weight: 1, arbitrary })

const patience = seldom(12, fc.nat({ max: 12 }))

export const fill = (sql: string, ...values: readonly fc.Arbitrary<number>[]): fc.Arbitrary<Statement> =>
  fc.tuple(patience, ...values).map(([patience, ...values]) => ({ sql, values, patience }))

const reads: readonly fc.Arbitrary<Statement>[] = [
  fill('SELECT k, v FROM t WHERE k = $1', key),
  fill('SELECT k, v FROM t WHERE k = $1', key),
  fill('SELECT k, v FROM t WHERE k = $1 AND v > $2', key, value),
  fill('SELECT k, v FROM t WHERE k >= $1 AND k < $2', key, key),
  fill('SELECT k, v FROM t WHERE v = $1', value),
  fill('SELECT count(*) AS n, sum(v) AS s FROM t WHERE v >= $1', value),
  fill('SELECT k FROM t WHERE g = $1 AND v > $2', group, value),
  fill('SELECT k, v, g FROM t ORDER BY v, k'),
  fill('SELECT a.k, b.k AS l FROM t a JOIN t b ON a.v = b.k WHERE a.g = $1', group),
]

const writes: readonly fc.Arbitrary<Statement>[] = [
  fill('UPDATE t SET v = v + 1 WHERE k = $1', key),
  fill('UPDATE t SET v = $2 WHERE k = $1', key, value),
  fill('UPDATE t SET v = $2 WHERE v = $1', value, value),
  fill('UPDATE t SET v = v + 1 WHERE g = $1', group),
  fill('UPDATE t SET g = 1 - g WHERE v > $1', value),
  fill('UPDATE t SET k = k + 1 WHERE k >= $1', key),
  fill('UPDATE t SET k = $2 WHERE k = $1', key, key),
  fill('INSERT INTO t VALUES ($1, $2, $3)', newKey, newKey, group),
  fill('INSERT INTO t VALUES ($1, $2, $3)', newKey, value, group),
  fill('INSERT INTO t SELECT k + 3, v + 3, g FROM t WHERE v = $1', value),
  fill('DELETE FROM t WHERE k = $1', key),
  fill('DELETE FROM t WHERE v = $1', value),
  fill('UPDATE t SET v = v + 1 WHERE k < $1 RETURNING k, v', key),
  fill('DELETE FROM t WHERE k = $1 RETURNING v, g', key),
]

/** ON CONFLICT names a unique index, and there must be one. */
function upserts({ primaryKey, valueIndex }: Schema): readonly fc.Arbitrary<Statement>[] {
  const insert = 'INSERT INTO t VALUES ($1, $2, $3) ON CONFLICT'
  return [
    fill(`${insert} DO NOTHING`, key, newKey, group),
    fill('INSERT INTO t SELECT k + 1, v + 1, g FROM t WHERE v = $1 ON CONFLICT DO NOTHING', value),
    ...(primaryKey
      ? [
          fill(`${insert} (k) DO NOTHING RETURNING k`, key, newKey, group),
          fill(`${insert} (k) DO UPDATE SET v = t.v + 1`, key, newKey, group),
          fill(`${insert} (k) DO UPDATE SET v = excluded.v WHERE t.g = 0 RETURNING k, v`, key, value, group),
        ]
      : []),
    ...(valueIndex === 'unique'
      ? [fill(`${insert} (v) DO UPDATE SET g = 1 - t.g, k = excluded.k`, key, key, group)]
      : []),
  ]
}

const locks: readonly fc.Arbitrary<Statement>[] = [
  fill('SELECT k, v FROM t WHERE k = $1 FOR UPDATE', key),
  fill('SELECT k, v FROM t WHERE v > $1 FOR SHARE', value),
  fill('SELECT k, v FROM t WHERE k = $1 FOR KEY SHARE', key),
  fill('SELECT k, v FROM t WHERE g = $1 FOR NO KEY UPDATE', group),
  fill('SELECT k, v FROM t WHERE k = $1 FOR UPDATE NOWAIT', key),
  fill('SELECT k, v FROM t WHERE v > $1 FOR SHARE NOWAIT', value),
  fill('SELECT k, v FROM t WHERE k <= $1 FOR UPDATE SKIP LOCKED', key),
  fill('SELECT k, v FROM t WHERE v = $1 FOR SHARE SKIP LOCKED', value),
]

/** True if what it delivers depends on who holds locks: any part of what it would deliver alone. */
export const skipsLocked = ({ sql }: Statement): boolean => sql.endsWith('SKIP LOCKED')

/** They end with the transaction, and are nothing outside of a block. */
const tableLocks: readonly fc.Arbitrary<Statement>[] = [
  'ACCESS SHARE',
  'ROW SHARE',
  'ROW EXCLUSIVE',
  'SHARE',
  'SHARE ROW EXCLUSIVE',
  'EXCLUSIVE',
  'ACCESS EXCLUSIVE',
].flatMap((mode) => [fill(`LOCK TABLE t IN ${mode} MODE`), fill(`LOCK TABLE t IN ${mode} MODE NOWAIT`)])

const ofChildren: readonly fc.Arbitrary<Statement>[] = [
  fill('SELECT id, t FROM c WHERE t = $1', key),
  fill('SELECT c.id, t.v FROM c JOIN t ON t.k = c.t WHERE t.v >= $1', value),
  fill('INSERT INTO c VALUES ($1, $2)', key, key),
  fill('UPDATE c SET t = $2 WHERE id = $1', key, key),
  fill('DELETE FROM c WHERE t = $1', key),
  fill('INSERT INTO c VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET t = excluded.t', key, key),
]

const control: readonly fc.Arbitrary<Statement>[] = [
  fill('SAVEPOINT s'),
  fill('SAVEPOINT s'),
  fill('ROLLBACK TO s'),
  fill('ROLLBACK TO s'),
  fill('ROLLBACK TO s'),
  fill('SET LOCAL lock_timeout = 3'),
]

const ofBlocks = /^(SAVEPOINT|ROLLBACK|SET|LOCK)/

const weigh = (weight: number, of: readonly fc.Arbitrary<Statement>[]): fc.WeightedArbitrary<Statement> => ({
  weight,
  arbitrary: fc.oneof(...of),
})

function statements(schema: Schema): fc.Arbitrary<Statement> {
  return fc.oneof(
    weigh(16, reads),
    weigh(16, writes),
    weigh(5, upserts(schema)),
    weigh(3, locks),
    weigh(3, control),
    weigh(1, tableLocks),
    ...(schema.child === 'none' ? [] : [weigh(12, ofChildren)]),
  )
}

// Programs.

export interface ProgramSize {
  readonly levels: readonly ProgramLevel[]
  /** At most. */
  readonly sessions: number
  readonly transactions: number
  readonly statements: number
}

/** What makes no sense is not there: rollbacks before the savepoint, and what only a block has. */
export function sensible(transaction: Transaction): Transaction {
  const first = transaction.statements.findIndex(({ sql }) => sql === 'SAVEPOINT s')
  const statements = transaction.statements.filter(({ sql }, i) =>
    transaction.end === 'autocommit' ? !ofBlocks.test(sql) : sql !== 'ROLLBACK TO s' || (first >= 0 && i > first),
  )
  return { ...transaction, access: statements.every(isRead) ? transaction.access : 'READ WRITE', statements }
}

/**
 * Half of the programs choose among a few statements only (swarm testing: Groce, Zhang, Eide, Chen, Regehr, ISSTA 2012), so
 * that their transactions meet in the same rows and ranges again and again.
 */
function statementsOfProgram(schema: Schema): fc.Arbitrary<fc.Arbitrary<Statement>> {
  const all = statements(schema)
  const few = fc.tuple(
    fc.array(all, { minLength: 1, maxLength: 3, size: 'max' }),
    fc.array(fc.oneof(...writes), { minLength: 1, maxLength: 2, size: 'max' }),
    fc.array(fc.oneof(...reads), { minLength: 1, maxLength: 2, size: 'max' }),
  )
  return fc.oneof(
    fc.constant(all),
    few.map((some) =>
      fc.oneof(
        { weight: 9, arbitrary: fc.constantFrom(...some.flat()) },
        { weight: 2, arbitrary: fc.oneof(...control) },
      ),
    ),
  )
}

/** A transaction that is refused at its first write would say little. */
const isRead = ({ sql }: Statement): boolean => /^(SELECT|SAVEPOINT|ROLLBACK|SET)/.test(sql) && !/ FOR /.test(sql)

const times = <T>(n: number, value: T): T[] => Array.from({ length: n }, () => value)

export function programs(size: ProgramSize): fc.Arbitrary<Program> {
  return schemas
    .chain((schema) => fc.tuple(fc.constant(schema), statementsOfProgram(schema)))
    .chain(([schema, statement]) => {
      const transaction = fc
        .record<Transaction>({
          level: fc.constantFrom(...size.levels),
          access: fc.constantFrom(...times(8, 'READ WRITE' as const), 'READ ONLY', 'READ ONLY DEFERRABLE'),
          statements: fc.array(statement, { minLength: 1, maxLength: size.statements, size: 'max' }),
          end: fc.constantFrom(
            ...times(20, 'COMMIT' as const),
            ...times(2, 'ROLLBACK' as const),
            ...times(2, 'autocommit' as const),
            ...times(2, 'PREPARE, COMMIT' as const),
            'PREPARE, ROLLBACK',
          ),
        })
        .map(sensible)
      const session = fc.array(transaction, { minLength: 1, maxLength: size.transactions })
      return fc.record({
        schema: fc.constant(schema),
        sessions: fc.array(session, { minLength: 2, maxLength: size.sessions }),
        picks: fc.array(fc.nat({ max: 5 }), { maxLength: 60, size: 'max' }),
        onlooker: fc.constantFrom(false, false, false, true),
        closed: seldom(16, fc.record({ session: fc.nat({ max: size.sessions - 1 }), after: fc.nat({ max: 60 }) })),
      })
    })
}

/** As a person reads it. */
export function describeProgram({ schema, sessions, picks, indecision = 0, onlooker, closed }: Program): string {
  const lines = [`schema: ${schemaName(schema)}`]
  for (const [i, transactions] of sessions.entries()) {
    for (const { level, access, statements, end } of transactions) {
      const name = 'ABCDEF'[i] ?? '?'
      const modes = `${level} ${access.toLowerCase()}`
      lines.push(end === 'autocommit' ? `${name}: each alone at ${modes}` : `${name}: BEGIN ${modes}`)
      for (const { sql, values, patience } of statements) {
        const cancelled = patience === null ? '' : `  (waits for ${patience} events)`
        lines.push(`     ${sql}${values.length === 0 ? '' : `  -- ${values.join()}`}${cancelled}`)
      }
      if (end !== 'autocommit') lines.push(`     ${end}`)
    }
  }
  if (indecision > 0) lines.push(`what is prepared is decided ${indecision} events later`)
  if (onlooker) lines.push('an onlooker at REPEATABLE READ from the beginning to the end')
  if (closed !== null) lines.push(`${'ABCDEF'[closed.session] ?? '?'} is closed after ${closed.after} events`)
  lines.push(`picks: ${picks.join(' ')}`)
  return lines.join('\n')
}
