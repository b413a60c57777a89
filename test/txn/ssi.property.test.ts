/** Random schedules of serializable transactions: what commits is serializable, and nothing of the graph stays behind. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Isolations } from '../../src/txn/isolation.ts'
import { runs } from '../support/runs.ts'
import type { Operation, Script } from './ssiSchedule.ts'
import { runSchedule } from './ssiSchedule.ts'

const id = fc.integer({ min: 1, max: 5 })
/** Never deleted: a blind write to it reads nothing. */
const lasting = fc.integer({ min: 1, max: 2 })
const k = fc.integer({ min: 1, max: 5 })

const read: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('get' as const), id }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('range' as const), from: k, to: k }) },
  { weight: 1, arbitrary: fc.constant<Operation>({ kind: 'scan' }) },
)
const put = fc.record({ kind: fc.constant('put' as const), id: lasting })
const write: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: put },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('move' as const), id, k }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('moveRange' as const), from: k, to: k, k }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('insert' as const), id, k }) },
  { weight: 1, arbitrary: fc.integer({ min: 3, max: 5 }).map((gone) => ({ kind: 'delete' as const, id: gone })) },
)
const savepoint = fc.constantFrom<Operation>({ kind: 'savepoint' }, { kind: 'rollbackTo' })

const commits = fc.integer({ min: 0, max: 9 }).map((number) => number > 0)

const readWrite: fc.Arbitrary<Script> = fc.record({
  isolation: fc.constant(Isolations.ssi),
  readOnly: fc.constant(false),
  operations: fc.array(
    fc.oneof({ weight: 5, arbitrary: read }, { weight: 4, arbitrary: write }, { weight: 1, arbitrary: savepoint }),
    { minLength: 1, maxLength: 5 },
  ),
  commits,
})
const readOnly: fc.Arbitrary<Script> = fc.record({
  isolation: fc.constant(Isolations.ssi),
  readOnly: fc.constant(true),
  operations: fc.array(read, { minLength: 1, maxLength: 3 }),
  commits,
})
/** A writer below SERIALIZABLE that reads nothing: it has its place in the order, too. */
const blind: fc.Arbitrary<Script> = fc.record({
  isolation: fc.constantFrom(Isolations.readCommitted, Isolations.readUncommitted),
  readOnly: fc.constant(false),
  operations: fc.array(put, { minLength: 1, maxLength: 3 }),
  commits,
})

const script = fc.oneof(
  { weight: 6, arbitrary: readWrite },
  { weight: 1, arbitrary: readOnly },
  { weight: 1, arbitrary: blind },
)
const scripts = fc.array(script, { minLength: 2, maxLength: 5, size: 'max' })
const turns = fc.array(fc.nat(59), { minLength: 10, maxLength: 40, size: 'max' })
const few = fc.integer({ min: 0, max: 3 })

test('what commits is serializable', () => {
  fc.assert(
    fc.property(scripts, turns, (all, order) => void runSchedule(all, order, {})),
    { numRuns: runs(3000) },
  )
})

test('it is with few SIREADs and few ended transactions, too: they are promoted and summarised', () => {
  const limits = fc.record({ rangesOfTable: few, ofTransaction: few, all: few, ended: few })
  fc.assert(
    fc.property(scripts, turns, limits, (all, order, bounds) => void runSchedule(all, order, bounds)),
    { numRuns: runs(2000) },
  )
})

test('snapshots alone are not serializable: the judge sees it', () => {
  const details = fc.check(
    fc.property(scripts, turns, (all, order) => {
      const snapshots = all.map((each) => ({ ...each, isolation: withoutSireads(each) }))
      runSchedule(snapshots, order, {})
    }),
    { numRuns: 3000 },
  )
  expect(details.failed).toBe(true)
})

const withoutSireads = ({ isolation }: Script): Script['isolation'] =>
  isolation === Isolations.ssi ? { ...Isolations.repeatableRead, method: 'ssi' } : isolation
