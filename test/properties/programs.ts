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
}

export interface Transaction {
  readonly level: ProgramLevel
  readonly readOnly: boolean
  readonly statements: readonly Statement[]
  readonly end: 'COMMIT' | 'ROLLBACK'
}

export interface Program {
  readonly schema: Schema
  /** By session: its transactions, one after the other. */
  readonly sessions: readonly (readonly Transaction[])[]
  /** Which of the ready statements steps next, modulo their number; when they are used up, the longest waiting. */
  readonly picks: readonly number[]
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

const fill = (sql: string, ...values: readonly fc.Arbitrary<number>[]): fc.Arbitrary<Statement> =>
  fc.tuple(...values).map((values) => ({ sql, values }))

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
]

const locks: readonly fc.Arbitrary<Statement>[] = [
  fill('SELECT k, v FROM t WHERE k = $1 FOR UPDATE', key),
  fill('SELECT k, v FROM t WHERE v > $1 FOR SHARE', value),
]

const ofChildren: readonly fc.Arbitrary<Statement>[] = [
  fill('SELECT id, t FROM c WHERE t = $1', key),
  fill('SELECT c.id, t.v FROM c JOIN t ON t.k = c.t WHERE t.v >= $1', value),
  fill('INSERT INTO c VALUES ($1, $2)', key, key),
  fill('UPDATE c SET t = $2 WHERE id = $1', key, key),
  fill('DELETE FROM c WHERE t = $1', key),
]

const control: readonly fc.Arbitrary<Statement>[] = [fill('SAVEPOINT s'), fill('ROLLBACK TO s'), fill('ROLLBACK TO s')]

const weigh = (weight: number, of: readonly fc.Arbitrary<Statement>[]): fc.WeightedArbitrary<Statement> => ({
  weight,
  arbitrary: fc.oneof(...of),
})

function statements(schema: Schema): fc.Arbitrary<Statement> {
  return fc.oneof(
    weigh(8, reads),
    weigh(8, writes),
    weigh(1, locks),
    weigh(1, control),
    ...(schema.child === 'none' ? [] : [weigh(6, ofChildren)]),
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

/** Without those that stand before a savepoint. */
function withoutStrayRollbacks(statements: readonly Statement[]): readonly Statement[] {
  const first = statements.findIndex(({ sql }) => sql === 'SAVEPOINT s')
  return statements.filter(({ sql }, i) => sql !== 'ROLLBACK TO s' || (first >= 0 && i > first))
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
      fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...some.flat()) }, { weight: 2, arbitrary: fc.oneof(...control) }),
    ),
  )
}

const isRead = ({ sql }: Statement): boolean => sql.startsWith('SELECT') && !/ FOR (UPDATE|SHARE)$/.test(sql)

export function programs(size: ProgramSize): fc.Arbitrary<Program> {
  return schemas
    .chain((schema) => fc.tuple(fc.constant(schema), statementsOfProgram(schema)))
    .chain(([schema, statement]) => {
      const transaction = fc
        .record({
          level: fc.constantFrom(...size.levels),
          readOnly: fc.constantFrom(false, false, false, false, true),
          statements: fc
            .array(statement, { minLength: 1, maxLength: size.statements, size: 'max' })
            .map(withoutStrayRollbacks),
          end: fc.constantFrom(...Array.from({ length: 9 }, () => 'COMMIT' as const), 'ROLLBACK' as const),
        })
        // One that is refused at its first write would say little.
        .map((each) => ({ ...each, readOnly: each.readOnly && each.statements.every(isRead) }))
      const session = fc.array(transaction, { minLength: 1, maxLength: size.transactions })
      return fc.record({
        schema: fc.constant(schema),
        sessions: fc.array(session, { minLength: 2, maxLength: size.sessions }),
        picks: fc.array(fc.nat({ max: 5 }), { maxLength: 60, size: 'max' }),
      })
    })
}

/** As a person reads it. */
export function describeProgram({ schema, sessions, picks }: Program): string {
  const lines = [`schema: ${schemaName(schema)}`]
  for (const [i, transactions] of sessions.entries()) {
    for (const { level, readOnly, statements, end } of transactions) {
      lines.push(`${'ABCDEF'[i] ?? '?'}: BEGIN ${level}${readOnly ? ' read only' : ''}`)
      for (const { sql, values } of statements)
        lines.push(`     ${sql}${values.length === 0 ? '' : `  -- ${values.join()}`}`)
      lines.push(`     ${end}`)
    }
  }
  lines.push(`picks: ${picks.join(' ')}`)
  return lines.join('\n')
}
