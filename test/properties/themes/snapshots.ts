/** Serializable snapshots: rows looked up and written by their keys. */
import type fc from 'fast-check'
import type { Program } from '../programs.ts'
import type { Kind } from './theme.ts'
import {
  anyRow,
  increase,
  increaseAbove,
  increaseRow,
  lookUp,
  lookUpRow,
  plain,
  play,
  readAll,
  rollbackTo,
  savepoint,
  script,
  session,
  some,
  ssi,
  times,
} from './theme.ts'

const atPoints: Kind = {
  levels: ssi,
  statements: some(2, 4, [lookUp(anyRow), increase(anyRow)]),
  ends: [...times(6, 'COMMIT' as const), 'ROLLBACK'],
}
const readers: Kind = { levels: ssi, access: 'READ ONLY', statements: some(1, 2, [lookUp(anyRow), readAll]) }

/** Reads by writing, in vain: what it reads so counts, too. */
const undoing: Kind = {
  levels: ssi,
  statements: script(
    [savepoint],
    [increase(anyRow)],
    [rollbackTo],
    [increase(anyRow), lookUp(anyRow), increaseAbove(anyRow)],
  ),
}
const undemanding: Kind = { levels: ssi, statements: some(1, 3, [increaseAbove(anyRow), increase(anyRow)]) }

/** Four sessions, of which some only read. */
export const points: fc.Arbitrary<Program> = play(
  plain,
  ...times(3, session([atPoints, atPoints, readers, undoing, undemanding], 1, 2)),
  session([atPoints, readers], 1, 2),
)

const weaker: Kind = {
  levels: ['read committed', 'repeatable read', 'read uncommitted'],
  statements: some(1, 2, [increase(anyRow)]),
  ends: ['autocommit', 'COMMIT'],
}

/** Writers of weaker levels are in the rw-graph too, as T3 only. */
export const besideWeaker: fc.Arbitrary<Program> = play(
  plain,
  session([atPoints], 1, 2),
  session([atPoints, readers], 1, 2),
  session([weaker], 2, 3),
)

const beginning = [lookUpRow(3), increaseRow(2)]
const long: Kind = {
  levels: ssi,
  statements: script(beginning, beginning, [increaseRow(2), lookUpRow(1)], [lookUpRow(1)]),
}
const glance: Kind = { levels: ssi, statements: some(1, 1, [readAll]), ends: ['COMMIT', 'autocommit'] }
const touch: Kind = {
  levels: ['serializable using ssi', 'read committed'],
  statements: some(1, 1, [...times(3, increaseRow(1)), increaseRow(2)]),
  ends: ['autocommit'],
}

/** While one transaction is open others replace the same row again and again: what is pruned of its chain. */
export const longBesideShort: fc.Arbitrary<Program> = play(
  plain,
  session([long]),
  session([touch], 2, 3),
  session([glance, glance, touch], 2, 4),
)
