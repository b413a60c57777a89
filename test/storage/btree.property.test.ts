/** The B+tree against a sorted array: every operation, cursors in both directions, positions that survive changes. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Owners } from '../../src/storage/owner.ts'
import type { EntryArray, Tree } from '../../src/storage/row/btree.ts'
import { shiftEach, treeClass } from '../../src/storage/row/btree.ts'
import { compareNumbers, NumberTree } from '../../src/storage/row/keyTree.ts'
import { Bound, treeCursorClass } from '../../src/storage/row/treeCursor.ts'
import { runs } from '../support/runs.ts'

type Entry = readonly [key: number, rowId: number]

/** How many of the keys are below one, the slow way. */
function below<Key>(
  compare: (a: Key, b: Key) => number,
): (order: null, entries: EntryArray<Key>, count: number, key: Key) => number {
  return (_order, entries, count, key) => {
    let low = 0
    while (low < count && compare(entries[2 * low] as Key, key) < 0) low++
    return low
  }
}

const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
const TextTree = treeClass<string, null>(
  '',
  (length) => Array.from<string | number>({ length }).fill(''),
  shiftEach,
  (_order, a, b) => compareTexts(a, b),
  below(compareTexts),
)
const NumberCursor = treeCursorClass<number, null>(0, (_order, a, b) => compareNumbers(a, b))

const before = (a: Entry, b: Entry): number => compareNumbers(a[0], b[0]) || a[1] - b[1]

class SortedArray {
  entries: Entry[] = []

  add(entry: Entry): boolean {
    if (this.entries.some((other) => before(other, entry) === 0)) return false
    this.entries = [...this.entries, entry].sort(before)
    return true
  }

  remove(entry: Entry): boolean {
    const { length } = this.entries
    this.entries = this.entries.filter((other) => before(other, entry) !== 0)
    return this.entries.length < length
  }
}

function contents(tree: Tree<number>): Entry[] {
  const entries: Entry[] = []
  const leaves = [...tree.leaves()]
  for (const leaf of leaves) {
    expect(leaf.count > 0 || leaves.length === 1).toBe(true)
    for (let i = 0; i < leaf.count; i++) entries.push([leaf.keyAt(i), leaf.rowIdAt(i)])
  }
  expect(tree.first).toBe(leaves[0])
  expect(tree.last).toBe(leaves.at(-1))
  return entries
}

/** Runs of operations over few keys: splits need thousands of entries, empty leaves need runs of removals. */
const operations = fc.array(
  fc.record({
    kind: fc.constantFrom('fill', 'append', 'clear', 'add', 'addUnlessEqual', 'remove', 'fork'),
    /** Which of the trees that were forked so far. */
    side: fc.nat(5),
    key: fc.oneof(
      { weight: 9, arbitrary: fc.integer({ min: -50, max: 50 }) },
      { weight: 1, arbitrary: fc.constant(NaN) },
    ),
    rowId: fc.nat(20),
    count: fc.nat(400),
  }),
  { minLength: 1, maxLength: 30 },
)

test('a tree and its forks hold what sorted arrays hold', () => {
  fc.assert(
    fc.property(operations, (list) => {
      const owners = new Owners()
      const sides = [{ tree: new NumberTree(null), model: new SortedArray() }]
      for (const { kind, side, key, rowId, count } of list) {
        const { tree, model } = sides[side % sides.length]!
        if (kind === 'fork') {
          const copy = new SortedArray()
          copy.entries = [...model.entries]
          sides.push({ tree: tree.fork(owners.next(), owners.next()), model: copy })
        } else if (kind === 'fill') {
          for (let i = 0; i < count; i++) {
            const entry: Entry = [(i * 7919) % 101, rowId * 1000 + i]
            expect(tree.add(...entry)).toBe(model.add(entry))
          }
        } else if (kind === 'append') {
          const start = model.entries.at(-1)?.[0] ?? 0
          if (Number.isNaN(start)) continue
          for (let i = 0; i < count; i++)
            expect(tree.add(start + i, 100_000 + i)).toBe(model.add([start + i, 100_000 + i]))
        } else if (kind === 'clear') {
          for (const entry of model.entries.filter(([each]) => each >= key && each < key + count)) {
            expect(tree.remove(...entry)).toBe(true)
            model.remove(entry)
          }
        } else if (kind === 'add') expect(tree.add(key, rowId)).toBe(model.add([key, rowId]))
        else if (kind === 'remove') expect(tree.remove(key, rowId)).toBe(model.remove([key, rowId]))
        else {
          const free = model.entries.every((other) => compareNumbers(other[0], key) !== 0)
          expect(tree.addUnlessEqual(key, rowId)).toBe(free)
          if (free) model.add([key, rowId])
        }
        expect(tree.size).toBe(model.entries.length)
        expect(new NumberCursor(null).find(tree, key)).toBe(
          model.entries.find((entry) => compareNumbers(entry[0], key) === 0)?.[1] ?? -1,
        )
      }
      for (const { tree, model } of sides) expect(contents(tree)).toEqual(model.entries)
    }),
    { numRuns: runs(100) },
  )
})

test('a cursor yields its range, in both directions, whatever changes behind and before it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(300), fc.nat(3)), { minLength: 1, maxLength: 800, size: 'max' }),
      fc.nat(300),
      fc.nat(300),
      fc.nat(15),
      fc.boolean(),
      fc.array(fc.record({ at: fc.nat(500), key: fc.nat(300), add: fc.boolean() }), { maxLength: 20 }),
      (initial, low, high, bounds, descending, changes) => {
        const tree = new NumberTree(null)
        const model = new SortedArray()
        for (const entry of initial) {
          tree.add(...entry)
          model.add(entry)
        }
        const inRange = ([key]: Entry): boolean =>
          ((bounds & Bound.LOW) === 0 || key > low || (key === low && (bounds & Bound.LOW_INCLUSIVE) !== 0)) &&
          ((bounds & Bound.HIGH) === 0 || key < high || (key === high && (bounds & Bound.HIGH_INCLUSIVE) !== 0))
        const cursor = new NumberCursor(null)
        cursor.range(tree, low, high, bounds, descending)
        let last: Entry | null = null
        for (let step = 0; ; step++) {
          for (const { at, key, add } of changes) {
            if (at !== step) continue
            if (add) {
              tree.add(key, 9)
              model.add([key, 9])
            } else {
              tree.remove(key, 1)
              model.remove([key, 1])
            }
          }
          const sorted = descending ? model.entries.toReversed() : model.entries
          const expected = sorted.find(
            (entry) =>
              inRange(entry) && (last === null || (descending ? before(entry, last) < 0 : before(entry, last) > 0)),
          )
          expect(cursor.next()).toBe(expected?.[1] ?? -1)
          if (expected === undefined) break
          expect(cursor.key).toBe(expected[0])
          last = expected
        }
        expect(cursor.next()).toBe(-1)
      },
    ),
    { numRuns: runs(150) },
  )
})

test('a tree of texts grows and shrinks through every level', () => {
  const tree = new TextTree(null)
  const key = (i: number): string => String((i * 7919) % 40_000).padStart(6, '0')
  for (let i = 0; i < 40_000; i++) expect(tree.add(key(i), i)).toBe(true)
  let seen = 0
  for (const leaf of tree.leaves()) seen += leaf.count
  expect(seen).toBe(40_000)
  for (let i = 39_999; i >= 0; i--) expect(tree.remove(key(i), i)).toBe(true)
  expect(tree.size).toBe(0)
  expect(tree.first).toBe(tree.last)
  expect(tree.add('again', 1)).toBe(true)
  expect(tree.first.keyAt(0)).toBe('again')
})

test('a key comes back where its separator says, though its first entry has gone', () => {
  const tree = new NumberTree(null)
  for (let i = 0; i < 1000; i++) tree.add(i, i)
  for (const leaf of [...tree.leaves()].slice(1, -1)) {
    const key = leaf.keyAt(0)
    expect(tree.remove(key, key)).toBe(true)
    expect(tree.addUnlessEqual(key, key + 5000)).toBe(true)
    expect(tree.addUnlessEqual(key, key + 6000)).toBe(false)
    expect(tree.remove(key, key + 5000)).toBe(true)
    tree.add(key, key)
  }
  expect(contents(tree)).toEqual(Array.from({ length: 1000 }, (_, i) => [i, i]))
})
