/** Unique keys, taken and given up again. */
import fc from 'fast-check'
import type { Program, Schema } from '../programs.ts'
import { fill } from '../programs.ts'
import type { Kind } from './theme.ts'
import { anyRow, lookUp, play, rollbackTo, savepoint, script, session, some, ssi, times, twoPhase } from './theme.ts'

const schema: Schema = { primaryKey: true, valueIndex: 'unique', child: 'none' }
const levels = [...ssi, ...ssi, ...twoPhase]

const key = fc.integer({ min: 3, max: 5 })
/** Not `v`, which is a key. */
const change = (k: fc.Arbitrary<number>) => fill('UPDATE t SET g = 1 - g WHERE k = $1', k)

const takes = [
  fill('INSERT INTO t VALUES ($1, $1, 0)', key),
  fill('INSERT INTO t VALUES ($1, $2, 0)', key, key),
  ...times(2, fill('UPDATE t SET v = $2 WHERE k = $1', anyRow, key)),
]
const uses = [
  ...takes,
  lookUp(key),
  lookUp(anyRow),
  fill('SELECT k, v FROM t WHERE v = $1', key),
  fill('INSERT INTO t VALUES ($1, $2, 0) ON CONFLICT DO NOTHING', key, key),
  fill('DELETE FROM t WHERE k = $1', key),
  change(anyRow),
]
const takers: Kind = { levels, statements: some(2, 4, [...uses, savepoint, rollbackTo]) }
const givers: Kind = {
  levels,
  statements: fc.oneof(script([savepoint], takes, [rollbackTo], uses, uses), script(takes, takes, uses)),
}

const various = play(schema, ...times(3, session([takers, givers], 1, 2)))

const one = fc.constant(1)
const two = fc.constant(2)
const three = fc.constant(3)

/** Takes a key in vain, … */
const insert = fill('INSERT INTO t VALUES (4, 4, 0)')
const vain: Kind = {
  levels,
  statements: fc.oneof(
    script([lookUp(one)], [insert], [fill('DELETE FROM t WHERE k = 4')]),
    script([lookUp(one)], [insert], [fill('UPDATE t SET k = 5, v = 5 WHERE k = 4')]),
    script([lookUp(one)], [savepoint], [insert], [rollbackTo]),
  ),
}
/** … and this one takes it behind that, though it looked before at a row that was replaced in between. */
const earnest: Kind = { levels: ssi, statements: script([lookUp(one)], [lookUp(one)], [insert]) }
const inBetween: Kind = { levels: ssi, statements: script([change(one)]), ends: ['autocommit'] }

const inVain = play(schema, session([earnest]), session([vain]), session([inBetween]))

/** Takes a key that another has given free, and that it has still seen. */
const heir: Kind = { levels: ssi, statements: script([lookUp(three)], [fill('INSERT INTO t VALUES (3, 3, 0)')]) }
const giver: Kind = { levels, statements: script([fill('DELETE FROM t WHERE k = 3')]), ends: ['autocommit'] }

const inherited = play(schema, session([heir]), session([giver]), session([takers]))

/** Moves a row to a key that another has given free, and looks the key up: its snapshot shows two rows with it. */
const mover: Kind = {
  levels: ssi,
  statements: script([lookUp(three)], [fill('UPDATE t SET k = 2 WHERE k = 1')], [lookUp(two), lookUp(one)]),
}
/** … and this one comes before it, having seen that row where it was. */
const predecessor: Kind = { levels: ssi, statements: script([lookUp(one)], [fill('DELETE FROM t WHERE k = 2')]) }

const takenOver = play(schema, session([mover]), session([predecessor]))

export const uniqueKeys: fc.Arbitrary<Program> = fc.oneof(various, inVain, inherited, takenOver)
