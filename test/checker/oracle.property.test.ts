/**
 * The checker against brute force: small random histories, judged by trying every serial order, and by closing the graph of
 * all conflicts step by step. No history of transactions that ran one after the other holds any phenomenon.
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { HistoryData, HistoryEvent, PhenomenonName } from '../../src/index.ts'
import { check, History } from '../../src/index.ts'
import { runs } from '../support/runs.ts'

const objects = ['x', 'y', 'z'] as const

/** Draws of one transaction's operation. */
interface Draw {
  readonly transaction: number
  readonly object: number
  readonly kind: 'read' | 'write' | 'predicate'
  /** Which version a read meets: how far behind the newest. */
  readonly behind: number
}

const draws = fc.array(
  fc.record({
    transaction: fc.integer({ min: 1, max: 4 }),
    object: fc.nat({ max: objects.length - 1 }),
    kind: fc.constantFrom('read' as const, 'read' as const, 'write' as const, 'predicate' as const),
    behind: fc.nat({ max: 2 }),
  }),
  { minLength: 2, maxLength: 14 },
)

/** A predicate is satisfied by a version if this bit of the mask is set: the mask is drawn with the history. */
const matchingOf = (mask: number, versions: number): number[] =>
  Array.from({ length: versions + 1 }, (_, version) => version).filter((version) => ((mask >> version) & 1) === 1)

/**
 * Each transaction writes an object once at most and reads it only before, so that there are neither intermediate versions
 * nor own reads; all commit.
 */
function build(drawn: readonly Draw[], mask: number): HistoryData {
  const newest = objects.map(() => 0)
  const wrote = new Set<string>()
  const planned: (readonly [Draw, number])[] = []
  for (const draw of drawn) {
    const name = `${draw.transaction} ${draw.object}`
    if (wrote.has(name)) continue
    const last = newest[draw.object]!
    if (draw.kind === 'write') {
      wrote.add(name)
      newest[draw.object] = last + 1
      planned.push([draw, last + 1])
    } else planned.push([draw, Math.max(0, last - draw.behind)])
  }
  const events = planned.map(([{ transaction, object: ordinal, kind }, version]): HistoryEvent => {
    const object = objects[ordinal]!
    if (kind === 'read') return { kind, transaction, object, version }
    if (kind === 'write') return { kind, transaction, object, version, operation: 'update' }
    const over = [{ object, version, matching: matchingOf(mask, newest[ordinal]!) }]
    return { kind: 'predicate read', transaction, predicate: 'P', over }
  })
  const ids = [...new Set(drawn.map(({ transaction }) => transaction))]
  return {
    format: 'isolde-history/1',
    transactions: ids.map((id) => ({ id, level: 'serializable', status: 'committed' })),
    events: [...events, ...ids.map((transaction): HistoryEvent => ({ kind: 'commit', transaction }))],
  }
}

function permutations(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]]
  return items.flatMap((item) => permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]))
}

/** How often what a predicate matches has changed up to a version. */
const changesUpTo = (matching: readonly number[], version: number): number => {
  let changes = 0
  for (let v = 1; v <= version; v++) if (matching.includes(v) !== matching.includes(v - 1)) changes++
  return changes
}

/** True if the transactions, run in this order, would read and write what they did. */
function explains(order: readonly number[], { events }: HistoryData): boolean {
  const state = new Map<string, number>(objects.map((object) => [object, 0]))
  for (const id of order) {
    for (const event of events) {
      if (event.transaction !== id) continue
      if (event.kind === 'read' && state.get(event.object) !== event.version) return false
      if (event.kind === 'predicate read') {
        const { object, version, matching } = event.over[0]!
        if (changesUpTo(matching, state.get(object)!) !== changesUpTo(matching, version)) return false
      }
    }
    for (const event of events) {
      if (event.transaction !== id || event.kind !== 'write') continue
      if (state.get(event.object) !== event.version - 1) return false
      state.set(event.object, event.version)
    }
  }
  return true
}

/** All conflicts by definition, and what follows from them, by closing relations over the four transactions. */
function classes({ events }: HistoryData): { single: boolean; dirty: boolean; cyclic: boolean } {
  const flow = new Set<string>()
  const anti = new Set<string>()
  const writes = events.filter((event) => event.kind === 'write')
  for (const write of writes) {
    for (const event of events) {
      const [from, to] = [write.transaction, event.transaction]
      if (from === to) continue
      if (event.kind === 'write' && event.object === write.object && event.version > write.version)
        flow.add(`${from}${to}`)
      if (event.kind === 'read' && event.object === write.object) {
        if (write.version <= event.version) flow.add(`${from}${to}`)
        else if (write.version === event.version + 1) anti.add(`${to}${from}`)
      }
      if (event.kind === 'predicate read' && event.over[0]!.object === write.object) {
        const { version, matching } = event.over[0]!
        if (matching.includes(write.version) === matching.includes(write.version - 1)) continue
        if (write.version <= version) flow.add(`${from}${to}`)
        else if (changesUpTo(matching, write.version) === changesUpTo(matching, version) + 1) anti.add(`${to}${from}`)
      }
    }
  }
  const flows = closure(flow)
  const all = closure(new Set([...flow, ...anti]))
  const reversed = (pair: string): string => `${pair[1]}${pair[0]}`
  return {
    dirty: [...flows].some((pair) => pair[0] === pair[1]),
    single: [...anti].some((pair) => flows.has(reversed(pair))),
    cyclic: [...all].some((pair) => pair[0] === pair[1]),
  }
}

function closure(pairs: ReadonlySet<string>): Set<string> {
  const closed = new Set(pairs)
  for (const k of '1234') {
    for (const i of '1234') {
      for (const j of '1234') if (closed.has(i + k) && closed.has(k + j)) closed.add(i + j)
    }
  }
  return closed
}

const cycles: readonly PhenomenonName[] = ['G0', 'G1c', 'P4', 'G-single', 'PMP', 'G2-item', 'G2']

it('a history has a serial order if, and only if, the checker finds no cycle; and the classes of cycles are right', () => {
  let cyclic = 0
  fc.assert(
    fc.property(draws, fc.nat({ max: 255 }), (drawn, mask) => {
      const data = build(drawn, mask)
      const verdict = check(new History(data))
      const ids = data.transactions.map(({ id }) => id)
      const serializable = permutations(ids).some((order) => explains(order, data))
      const found = cycles.filter((name) => verdict.phenomena.some((each) => each.name === name))
      expect(verdict.serialOrder !== null).toBe(serializable)
      expect(found.length === 0).toBe(serializable)
      expect(verdict.ok).toBe(serializable)
      if (verdict.serialOrder !== null) expect(explains(verdict.serialOrder, data)).toBe(true)
      else cyclic++
      const expected = classes(data)
      expect(expected.cyclic).toBe(!serializable)
      expect(found.includes('G0') || found.includes('G1c')).toBe(expected.dirty)
      expect(found.some((name) => ['P4', 'G-single', 'PMP'].includes(name))).toBe(expected.single)
    }),
    { numRuns: runs(2000) },
  )
  expect(cyclic).toBeGreaterThan(100)
})

it('what ran one after the other holds no phenomenon', () => {
  fc.assert(
    fc.property(draws, fc.nat({ max: 255 }), (drawn, mask) => {
      const serial = [...drawn].sort((a, b) => a.transaction - b.transaction).map((draw) => ({ ...draw, behind: 0 }))
      const verdict = check(new History(build(serial, mask)))
      expect(verdict.phenomena).toEqual([])
      expect(verdict.ok).toBe(true)
    }),
    { numRuns: runs(500) },
  )
})

it('every witness is a cycle of conflicts, each of which the history holds', () => {
  fc.assert(
    fc.property(draws, fc.nat({ max: 255 }), (drawn, mask) => {
      for (const { conflicts, name } of check(new History(build(drawn, mask))).phenomena) {
        for (const [i, conflict] of conflicts.entries()) {
          expect(conflict.to).toBe(conflicts[(i + 1) % conflicts.length]!.from)
        }
        const antidependencies = conflicts.filter(({ kind }) => kind === 'rw').length
        if (name === 'G0' || name === 'G1c') expect(antidependencies).toBe(0)
        else if (name === 'G2' || name === 'G2-item') expect(antidependencies).toBeGreaterThan(1)
        else expect(antidependencies).toBe(1)
      }
    }),
    { numRuns: runs(500) },
  )
})
