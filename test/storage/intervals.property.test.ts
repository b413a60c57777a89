/** The set of intervals against a list: whole keys and ranges meet exactly the intervals that a test of each key says. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { KeyRange } from '../../src/storage/row/keyRange.ts'
import type { Interval } from '../../src/storage/row/intervals.ts'
import { Intervals } from '../../src/storage/row/intervals.ts'
import type { Key, KeyOrder } from '../../src/storage/row/keyTree.ts'
import { Bound } from '../../src/storage/row/treeCursor.ts'
import { runs } from '../support/runs.ts'

const prefixOrder: KeyOrder = (a, b) => {
  const left = [a].flat() as number[]
  const right = [b].flat() as number[]
  for (let i = 0; i < Math.min(left.length, right.length); i++) if (left[i] !== right[i]) return left[i]! - right[i]!
  return 0
}

/** Halves between the bounds stand for the keys that lie in open gaps. */
const halves = [-0.5, 0, 0.5, 1, 1.5, 2, 2.5]
const whole = fc.integer({ min: 0, max: 2 })

interface Kind {
  readonly bound: fc.Arbitrary<Key>
  readonly keys: readonly Key[]
}

const numbers: Kind = { bound: whole, keys: halves }
const pairs: Kind = {
  bound: fc.array(whole, { minLength: 1, maxLength: 2 }),
  keys: halves.flatMap((first) => halves.map((second) => [first, second])),
}

function contains({ low, high, bounds }: KeyRange, key: Key): boolean {
  const fromLow = prefixOrder(key, low)
  const fromHigh = prefixOrder(key, high)
  const aboveLow = (bounds & Bound.LOW) === 0 || fromLow > 0 || (fromLow === 0 && (bounds & Bound.LOW_INCLUSIVE) !== 0)
  const belowHigh =
    (bounds & Bound.HIGH) === 0 || fromHigh < 0 || (fromHigh === 0 && (bounds & Bound.HIGH_INCLUSIVE) !== 0)
  return aboveLow && belowHigh
}

function range(kind: Kind): fc.Arbitrary<KeyRange> {
  return fc.record({ low: kind.bound, high: kind.bound, bounds: fc.integer({ min: 0, max: 15 }) })
}

type Step = { readonly add: KeyRange } | { readonly remove: number }

function steps(kind: Kind): fc.Arbitrary<Step[]> {
  const add = range(kind).map((added) => ({ add: added }))
  const remove = fc.nat(100).map((position) => ({ remove: position }))
  return fc.array(fc.oneof({ weight: 3, arbitrary: add }, { weight: 2, arbitrary: remove }), { maxLength: 60 })
}

function check(kind: Kind, script: readonly Step[], probed: readonly KeyRange[]): void {
  const intervals = new Intervals<number>(prefixOrder)
  const model: Interval<number>[] = []
  script.forEach((step, number) => {
    if ('add' in step) model.push(intervals.add(step.add, number))
    else if (model.length > 0) intervals.remove(model.splice(step.remove % model.length, 1)[0]!)
  })
  expect(intervals.size).toBe(model.length)
  const owners = (visit: (visitor: (interval: Interval<number>) => void) => void): number[] => {
    const met: number[] = []
    visit((interval) => met.push(interval.owner))
    return met.sort((a, b) => a - b)
  }
  for (const key of kind.keys) {
    const expected = model.filter((each) => contains(each.range, key)).map(({ owner }) => owner)
    expect(owners((visitor) => intervals.stab(key, visitor))).toEqual(expected)
  }
  for (const probe of probed) {
    const expected = model.filter((each) => kind.keys.some((key) => contains(each.range, key) && contains(probe, key)))
    expect(owners((visitor) => intervals.overlapping(probe, visitor))).toEqual(expected.map(({ owner }) => owner))
  }
}

test.each([
  ['numbers', numbers],
  ['composite keys and their prefixes', pairs],
])('a key and a range meet exactly the intervals that contain it: %s', (_name, kind) => {
  fc.assert(
    fc.property(steps(kind), fc.array(range(kind), { maxLength: 5 }), (script, probed) => check(kind, script, probed)),
    { numRuns: runs(500) },
  )
})

test('many intervals of one point, added in order, are found without a walk over all of them', () => {
  let comparisons = 0
  const intervals = new Intervals<number>((a, b) => {
    comparisons++
    return prefixOrder(a, b)
  })
  const text = (key: number): Key => [key]
  const added = Array.from({ length: 20_000 }, (_, key) =>
    intervals.add({ low: text(key), high: text(key), bounds: 15 }, key),
  )
  comparisons = 0
  const met: number[] = []
  for (let key = 0; key < 20_000; key += 100) intervals.stab(text(key), ({ owner }) => met.push(owner))
  expect(met.length).toBe(200)
  expect(comparisons / 200).toBeLessThan(200)
  for (const interval of added) intervals.remove(interval)
  expect(intervals.size).toBe(0)
})
