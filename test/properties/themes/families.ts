/** Parents that go, or are replaced by others under their keys, while children come to refer to them. */
import fc from 'fast-check'
import type { Program } from '../programs.ts'
import { fill } from '../programs.ts'
import type { Kind } from './theme.ts'
import { increaseRow, lookUpRow, play, rollbackTo, savepoint, script, session, some, ssi, twoPhase } from './theme.ts'

const levels = ['read committed', 'repeatable read', 'serializable using ssi', 'serializable using 2pl'] as const

const parent = fc.integer({ min: 2, max: 3 })
const child = fc.integer({ min: 3, max: 4 })
const refer = [
  fill('INSERT INTO c VALUES ($1, $2)', child, parent),
  fill('UPDATE c SET t = $2 WHERE id = $1', child, parent),
]
const leave = [
  fill('UPDATE c SET t = NULL WHERE id = $1', child),
  fill('UPDATE c SET t = $2 WHERE id = $1', child, parent),
  fill('DELETE FROM c WHERE id = $1', child),
]
const ofChildren: Kind = { levels, statements: some(2, 5, [...refer, ...leave, savepoint, rollbackTo]) }
/** Refers to a row, does so no more, and takes that back: the row must still be there. */
const ofTwoMinds: Kind = { levels, statements: script(refer, [savepoint], leave, [rollbackTo]) }
const ofParents: Kind = {
  levels,
  statements: some(1, 2, [
    fill('DELETE FROM t WHERE k = $1', parent),
    fill('DELETE FROM t WHERE k = $1', parent),
    fill('UPDATE t SET k = 7 WHERE k = $1', parent),
    fill('SELECT k, v FROM t WHERE k = $1', parent),
  ]),
}

export const families: fc.Arbitrary<Program> = fc
  .constantFrom('no action' as const, 'cascade' as const, 'set null' as const)
  .chain((child) =>
    play(
      { primaryKey: true, valueIndex: 'none', child },
      session([ofTwoMinds, ofChildren], 1, 2),
      session([ofTwoMinds, ofChildren, ofParents], 1, 2),
      session([ofParents], 1, 2),
    ),
  )

const serializable = [...ssi, ...ssi, ...twoPhase]

/** Takes its snapshot before others replace the parent. */
const referring: Kind = { levels: serializable, statements: script([lookUpRow(1)], refer) }
const removing: Kind = { levels: serializable, statements: script([fill('DELETE FROM t WHERE k = $1', parent)]) }
const replacing: Kind = {
  levels: serializable,
  statements: script([fill('INSERT INTO t VALUES ($1, $1 + 4, 0)', parent)], [increaseRow(1), lookUpRow(1)]),
}

export const replacedParents: fc.Arbitrary<Program> = fc
  .constantFrom('no action' as const, 'cascade' as const, 'set null' as const)
  .chain((child) =>
    play(
      { primaryKey: true, valueIndex: 'none', child },
      session([referring], 1, 2),
      session([removing, removing, referring], 1, 2),
      session([replacing, replacing, removing], 1, 2),
    ),
  )
