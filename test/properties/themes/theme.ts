/**
 * Programs on one theme: a few kinds of transactions that meet in two or three rows, again and again. Programs of everything
 * seldom come to the one interleaving in which a rare rule matters; here a good part of them do.
 */
import fc from 'fast-check'
import type { End, Program, ProgramLevel, Schema, Statement, Transaction } from '../programs.ts'
import { fill, sensible } from '../programs.ts'

// What stands twice in a list comes twice as often.

/** One kind of transaction. */
export interface Kind {
  readonly levels: readonly ProgramLevel[]
  readonly access?: Transaction['access']
  readonly ends?: readonly End[]
  readonly statements: fc.Arbitrary<Statement[]>
}

export const times = <T>(n: number, value: T): T[] => Array.from({ length: n }, () => value)

/** So many statements, at least and at most. */
export const some = (fewest: number, most: number, of: readonly fc.Arbitrary<Statement>[]): fc.Arbitrary<Statement[]> =>
  fc.array(fc.oneof(...of), { minLength: fewest, maxLength: most, size: 'max' })

/** One of each in turn. */
export const script = (...of: readonly (readonly fc.Arbitrary<Statement>[])[]): fc.Arbitrary<Statement[]> =>
  fc.tuple(...of.map((choice) => fc.oneof(...choice)))

const transaction = ({ levels, access = 'READ WRITE', ends = ['COMMIT'], statements }: Kind) =>
  fc
    .record<Transaction>({
      level: fc.constantFrom(...levels),
      access: fc.constant(access),
      statements,
      end: fc.constantFrom(...ends),
    })
    .map(sensible)

/** A session's transactions: how many, and of which kinds. */
export const session = (kinds: readonly Kind[], fewest = 1, most = fewest): fc.Arbitrary<Transaction[]> =>
  fc.array(fc.oneof(...kinds.map(transaction)), { minLength: fewest, maxLength: most, size: 'max' })

/** Modulo up to six tasks the last one: who has just made a step is ready again behind the others, and goes on. */
const GOES_ON = 59

/** Others often come and go while one is between two statements. */
const picks = fc.array(fc.oneof(fc.nat({ max: 5 }), fc.constant(GOES_ON)), {
  minLength: 20,
  maxLength: 60,
  size: 'max',
})

export const play = (schema: Schema, ...sessions: readonly fc.Arbitrary<Transaction[]>[]): fc.Arbitrary<Program> =>
  fc.record<Program>({
    schema: fc.constant(schema),
    sessions: fc.tuple(...sessions),
    picks,
    onlooker: fc.constant(false),
    closed: fc.constant(null),
  })

/** `k` is the primary key, and there is nothing else. */
export const plain: Schema = { primaryKey: true, valueIndex: 'none', child: 'none' }
export const ssi = ['serializable using ssi'] as const
export const twoPhase = ['serializable using 2pl'] as const

// Statements of many themes. In the beginning there are the rows 1, 2 and 3, of which `v` is what `k` is.

const numbered = (k: number): fc.Arbitrary<number> => fc.constant(k)
export const anyRow = fc.integer({ min: 1, max: 3 })
export const oneOfTwo = fc.integer({ min: 1, max: 2 })

export const lookUp = (k: fc.Arbitrary<number>): fc.Arbitrary<Statement> => fill('SELECT k, v FROM t WHERE k = $1', k)
export const lookUpRow = (k: number): fc.Arbitrary<Statement> => lookUp(numbered(k))
export const increase = (k: fc.Arbitrary<number>): fc.Arbitrary<Statement> =>
  fill('UPDATE t SET v = v + 1 WHERE k = $1', k)
export const increaseRow = (k: number): fc.Arbitrary<Statement> => increase(numbered(k))
/** What it turns down it has read. */
export const increaseAbove = (k: fc.Arbitrary<number>): fc.Arbitrary<Statement> =>
  fill('UPDATE t SET v = v + 1 WHERE k = $1 AND v > $2', k, anyRow)
export const readAll = fill('SELECT k, v, g FROM t ORDER BY v, k')

export const savepoint = fill('SAVEPOINT s')
export const rollbackTo = fill('ROLLBACK TO s')
