/** Two-phase locking gives up nothing before the end: neither at ROLLBACK TO, nor when a statement runs again. */
import fc from 'fast-check'
import type { Program } from '../programs.ts'
import { fill } from '../programs.ts'
import type { Kind } from './theme.ts'
import {
  anyRow,
  increase,
  lookUp,
  oneOfTwo,
  plain,
  play,
  rollbackTo,
  savepoint,
  script,
  session,
  some,
  times,
  twoPhase,
} from './theme.ts'

const inValues = 'WHERE v >= $1 AND v <= $2'
const readRange = fill(`SELECT k, v FROM t ${inValues}`, oneOfTwo, anyRow)
const insert = fill('INSERT INTO t VALUES ($1, $1, 0)', fc.integer({ min: 3, max: 4 }))

const undone: Kind = {
  levels: twoPhase,
  statements: some(3, 6, [
    ...times(2, savepoint),
    ...times(2, rollbackTo),
    ...times(2, lookUp(oneOfTwo)),
    increase(oneOfTwo),
    insert,
    readRange,
    fill(`UPDATE t SET g = 1 - g ${inValues}`, oneOfTwo, anyRow),
    fill('DELETE FROM t WHERE k = $1', oneOfTwo),
  ]),
}
const uses = [...times(2, lookUp(oneOfTwo)), increase(oneOfTwo), readRange]
const retracted: Kind = { levels: twoPhase, statements: script([savepoint], uses, [rollbackTo], uses) }
/** The UPDATE may have to wait for a reader of a row, and runs again behind it. */
const again: Kind = {
  levels: twoPhase,
  statements: script([fill('UPDATE t SET g = 1 - g WHERE v <= 4')], [fill('SELECT k, v FROM t WHERE v <= 4')]),
}
const others: Kind = {
  levels: [...twoPhase, ...twoPhase, 'read committed'],
  statements: some(1, 2, [increase(oneOfTwo), ...times(2, lookUp(oneOfTwo)), insert]),
}

export const lockedToTheEnd: fc.Arbitrary<Program> = play(
  { ...plain, valueIndex: 'plain' },
  session([undone, retracted, again], 1, 2),
  session([undone, retracted, again, others], 1, 2),
  ...times(2, session([others], 1, 2)),
)
