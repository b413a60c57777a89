/** More reads, and more who have read, than are remembered one by one: to be played where memory is little. */
import fc from 'fast-check'
import type { Program } from '../programs.ts'
import { fill } from '../programs.ts'
import type { Kind } from './theme.ts'
import {
  anyRow,
  increase,
  increaseRow,
  lookUp,
  lookUpRow,
  oneOfTwo,
  plain,
  play,
  readAll,
  script,
  session,
  some,
  ssi,
  times,
  twoPhase,
} from './theme.ts'

const looks = [...times(2, lookUp(oneOfTwo)), fill('SELECT k, v FROM t WHERE v >= $1 AND v <= $2', oneOfTwo, anyRow)]
const changes = [...times(2, increase(oneOfTwo)), fill('DELETE FROM t WHERE k = $1', oneOfTwo)]
const lasting: Kind = { levels: ssi, statements: script(looks, [...looks, ...changes], looks, changes) }
const passing: Kind = {
  levels: [...ssi, ...ssi, ...ssi, ...twoPhase],
  statements: script(looks, [...looks, ...changes]),
}
const brief: Kind = { levels: ssi, statements: some(1, 1, [...looks, increase(oneOfTwo)]), ends: ['autocommit'] }

const promoted = play(
  { ...plain, valueIndex: 'plain' },
  session([lasting]),
  session([passing, brief], 2, 3),
  session([passing, brief], 2, 3),
)

/** Has looked at row 2 when the others come, and has to do with row 1 when they have ended. */
const lingering: Kind = {
  levels: ssi,
  statements: script([lookUpRow(2)], [lookUpRow(2)], [lookUpRow(1), increaseRow(1)]),
}
const crossing: Kind = { levels: ssi, statements: script([lookUpRow(2)], [increaseRow(1)]) }
const ending: Kind = {
  levels: ssi,
  statements: some(1, 1, [readAll, increaseRow(2), increaseRow(3)]),
  ends: ['autocommit'],
}

const summarised = play(plain, session([lingering]), session([crossing, ending, ending], 2, 4), session([ending], 3, 5))

export const manyReads: fc.Arbitrary<Program> = fc.oneof(promoted, summarised)
