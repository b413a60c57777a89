/** Transactions that are prepared, and decided when others have gone on. */
import fc from 'fast-check'
import type { Program } from '../programs.ts'
import type { Kind } from './theme.ts'
import {
  anyRow,
  increase,
  increaseRow,
  lookUp,
  lookUpRow,
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

const doubtful: Kind = {
  levels: ssi,
  statements: script([lookUp(anyRow)], [increase(anyRow)]),
  ends: [...times(3, 'PREPARE, COMMIT' as const), 'PREPARE, ROLLBACK'],
}
const certain: Kind = {
  levels: [...ssi, ...ssi, ...twoPhase],
  statements: script([lookUp(anyRow)], [lookUp(anyRow), increase(anyRow)]),
}
const readers: Kind = { levels: ssi, access: 'READ ONLY', statements: some(1, 2, [lookUp(anyRow), readAll]) }

const various = play(
  plain,
  ...times(2, session([doubtful, certain], 1, 2)),
  ...times(2, session([certain, readers], 1, 2)),
)

/** A circle: each reads what the next one writes, and the first one is long in doubt. The last one sees what the third wrote. */
const circle = play(
  plain,
  session([{ levels: ssi, statements: script([lookUpRow(2)], [increaseRow(1)]), ends: ['PREPARE, COMMIT'] }]),
  session([{ levels: ssi, statements: script([lookUpRow(1)], [increaseRow(3)]) }]),
  session([{ levels: ssi, statements: script([increaseRow(2)]), ends: ['autocommit'] }]),
  session([{ levels: ssi, statements: script([lookUpRow(2)], [lookUpRow(3)]) }]),
)

const undecided = (program: fc.Arbitrary<Program>, fewest: number, most: number): fc.Arbitrary<Program> =>
  fc.tuple(program, fc.integer({ min: fewest, max: most })).map(([made, indecision]) => ({ ...made, indecision }))

export const inDoubt: fc.Arbitrary<Program> = fc.oneof(undecided(various, 0, 30), undecided(circle, 10, 40))
