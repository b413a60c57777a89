/**
 * Each phenomenon by a history of the literature, and beside it the nearest history that does not hold it. Sources: Adya's
 * thesis (chapters 3 and 4), Berenson et al. 1995 (H1 to H5), Bailis et al. 2014 (OTV), Fekete, O'Neil, O'Neil 2004.
 */
import { describe, expect, it } from 'vitest'
import { check } from '../../src/index.ts'
import type { Level, PhenomenonName } from '../../src/index.ts'
import type { NotationOptions } from './notation.ts'
import { historyOf } from './notation.ts'

const phenomena = (text: string, options?: NotationOptions): PhenomenonName[] =>
  check(historyOf(text, options)).phenomena.map(({ name }) => name)

const violations = (text: string, level: NotationOptions['level'], more: NotationOptions = {}): string[] =>
  check(historyOf(text, { ...more, level: level! })).violations.map(
    ({ level, phenomenon }) => `${level}: ${phenomenon.name}`,
  )

interface Case {
  readonly title: string
  readonly history: string
  readonly predicates?: Readonly<Record<string, string>>
  readonly found: readonly PhenomenonName[]
  /** The weakest level that proscribes it; null: none does. */
  readonly proscribed: Level | null
}

const cases: readonly Case[] = [
  { title: 'a serial history', history: 'r1(x0) w1(x1) c1 r2(x1) w2(x2) c2', found: [], proscribed: null },
  {
    title: 'G0: two writers overwrite one another (Adya 4.1)',
    history: 'w1(x1) w2(x2) w2(y1) c2 w1(y2) c1',
    found: ['G0'],
    proscribed: 'read uncommitted',
  },
  { title: 'two writers in one order', history: 'w1(x1) w2(x2) w1(y1) c1 w2(y2) c2', found: [], proscribed: null },
  {
    title: 'G1a: a read of what was rolled back',
    history: 'w1(x1) r2(x1) a1 c2',
    found: ['G1a'],
    proscribed: 'read committed',
  },
  { title: 'an aborted reader read nothing', history: 'w1(x1) r2(x1) a1 a2', found: [], proscribed: null },
  {
    title: 'G1a by a predicate',
    history: 'w1(x1) p2(P: x1) a1 c2',
    predicates: { P: 'x1' },
    found: ['G1a'],
    proscribed: 'read committed',
  },
  {
    title: 'a predicate met what was rolled back, and it did not matter',
    history: 'w1(x1) p2(P: x1) a1 c2',
    predicates: { P: 'x0 x1' },
    found: [],
    proscribed: null,
  },
  {
    title: 'G1a of a write that was undone by its own transaction',
    history: 'u1(x1) r2(x1) c1 c2',
    found: ['G1a'],
    proscribed: 'read committed',
  },
  {
    title: 'G1b: a read of what was overwritten later by its writer',
    history: 'w1(x1) r2(x1) w1(x2) c1 c2',
    found: ['G1b', 'G-single'],
    proscribed: 'read committed',
  },
  {
    title: 'G1c: each reads what the other wrote',
    history: 'w1(x1) w2(y1) r1(y1) r2(x1) c1 c2',
    found: ['G1c'],
    proscribed: 'read committed',
  },
  { title: 'a dirty read that went well', history: 'w1(x1) r2(x1) c1 c2', found: [], proscribed: null },
  {
    title: 'OTV: a transaction was there, and is gone again',
    history: 'w1(x1) w1(y1) c1 r3(x1) r3(y0) c3',
    found: ['OTV', 'G-single'],
    proscribed: 'snapshot',
  },
  {
    title: 'a transaction came between two reads: no OTV',
    history: 'r3(y0) w1(x1) w1(y1) c1 r3(x1) c3',
    found: ['G-single'],
    proscribed: 'snapshot',
  },
  {
    title: 'P4: lost update (Berenson H4)',
    history: 'r1(x0) r2(x0) w2(x1) c2 w1(x2) c1',
    found: ['P4'],
    proscribed: 'snapshot',
  },
  {
    title: 'an update of what was read last',
    history: 'r1(x0) r2(x0) w2(x1) c2 r1(x1) w1(x2) c1',
    found: ['P4'],
    proscribed: 'snapshot',
  },
  {
    title: 'G-single: read skew (Berenson H2, A5A)',
    history: 'r1(x0) r2(x0) w2(x1) r2(y0) w2(y1) c2 r1(y1) c1',
    found: ['G-single'],
    proscribed: 'snapshot',
  },
  {
    title: 'the reader of a snapshot',
    history: 'r1(x0) r2(x0) w2(x1) r2(y0) w2(y1) c2 r1(y0) c1',
    found: [],
    proscribed: null,
  },
  {
    title: 'PMP: a phantom between two looks (Berenson H3)',
    history: 'p1(P: y0) w2(y1) c2 p1(P: y1) c1',
    predicates: { P: 'y1' },
    found: ['PMP'],
    proscribed: 'snapshot',
  },
  {
    title: 'a write that changes nothing of what matches',
    history: 'p1(P: y0) w2(y1) c2 p1(P: y1) c1',
    predicates: { P: 'y0 y1' },
    found: [],
    proscribed: null,
  },
  {
    title: 'G2-item: write skew (Berenson H5, A5B)',
    history: 'r1(x0) r1(y0) r2(x0) r2(y0) w1(y1) w2(x1) c1 c2',
    found: ['G2-item'],
    proscribed: 'repeatable read',
  },
  {
    title: 'one of the two saw what the other wrote',
    history: 'r1(x0) r1(y0) w1(y1) c1 r2(x0) r2(y1) w2(x1) c2',
    found: [],
    proscribed: null,
  },
  {
    title: 'G2: two meetings are booked, each into an empty room',
    history: 'p1(P: x0 y0) p2(P: x0 y0) w1(x1) w2(y1) c1 c2',
    predicates: { P: 'x1 y1' },
    found: ['G2'],
    proscribed: 'serializable',
  },
  {
    title: 'the read-only anomaly (Fekete, O’Neil, O’Neil 2004)',
    history: 'r2(x0) r2(y0) r1(y0) w1(y1) c1 r3(x0) r3(y1) c3 w2(x1) c2',
    found: ['G2-item'],
    proscribed: 'repeatable read',
  },
  {
    title: 'the same without the reader has a serial order',
    history: 'r2(x0) r2(y0) r1(y0) w1(y1) c1 w2(x1) c2',
    found: [],
    proscribed: null,
  },
  {
    title: 'a transaction misses its own write',
    history: 'w1(x1) r1(x0) c1',
    found: ['internal'],
    proscribed: 'read committed',
  },
]

const levels: readonly Level[] = ['read uncommitted', 'read committed', 'snapshot', 'repeatable read', 'serializable']

/** Snapshot isolation and PL-2.99 exclude neither less than the other: a level that excludes all that `weaker` does. */
function atLeast(level: Level, weaker: Level): boolean {
  if (weaker === 'repeatable read') return level === 'repeatable read' || level === 'serializable'
  if (weaker === 'snapshot' && level === 'repeatable read') return false
  return levels.indexOf(level) >= levels.indexOf(weaker)
}

describe('phenomena of the literature', () => {
  for (const { title, history, predicates = {}, found, proscribed } of cases) {
    it(title, () => {
      expect(phenomena(history, { predicates })).toEqual(found)
      for (const level of levels) {
        // Whether PL-2.99 excludes a phenomenon of SNAPSHOT depends on its edges being of items.
        if (level === 'repeatable read' && proscribed === 'snapshot') continue
        const violated = violations(history, level, { predicates }).length > 0
        expect(`${level}: ${String(violated)}`).toBe(
          `${level}: ${String(proscribed !== null && atLeast(level, proscribed))}`,
        )
      }
    })
  }

  it('REPEATABLE READ, as PL-2.99, excludes read skew by items and permits phantoms', () => {
    expect(violations('r1(x0) w2(x1) w2(y1) c2 r1(y1) c1', 'repeatable read')).toEqual(['repeatable read: G-single'])
    const predicates = { P: 'y1' }
    expect(violations('p1(P: y0) w2(y1) c2 p1(P: y1) c1', 'repeatable read', { predicates })).toEqual([])
  })

  it('a snapshot depends on nothing that was committed after it was taken, and misses nothing from before', () => {
    expect(violations('b1 w2(x1) c2 r1(x1) c1', 'snapshot')).toEqual(['snapshot: G-SIa'])
    expect(violations('w2(x1) c2 b1 r1(x0) c1', 'snapshot')).toEqual(['snapshot: G-SIb'])
    expect(violations('b1 w2(x1) c2 r1(x0) c1', 'snapshot')).toEqual([])
  })

  it('a case of one phenomenon is a case of what includes it', () => {
    const verdict = check(historyOf('r1(x0) r2(x0) w2(x1) c2 w1(x2) c1'))
    expect(['P4', 'G-single', 'G2-item', 'G2'].map((name) => verdict.has(name as PhenomenonName))).toEqual([
      true,
      true,
      true,
      true,
    ])
    expect(verdict.has('G1c')).toBe(false)
  })
})

describe('mixed levels', () => {
  const skew = 'r1(x0) r1(y0) r2(x0) r2(y0) w1(y1) w2(x1) c1 c2'

  it('write skew between two that do not exclude it is no violation, whoever else is serializable', () => {
    expect(violations(skew, { 1: 'snapshot', 2: 'snapshot', 3: 'serializable' })).toEqual([])
  })

  it('write skew between a serializable transaction and a weaker one: only one of the two edges counts', () => {
    expect(violations(skew, { 1: 'serializable', 2: 'snapshot' })).toEqual([])
  })

  it('a cycle over a weaker writer breaks the promise to the serializable reader', () => {
    const text = 'r1(x0) w2(x1) w2(y1) c2 r1(y1) c1'
    expect(violations(text, { 1: 'serializable', 2: 'read committed' })).toEqual(['serializable: G-single'])
    expect(violations(text, { 1: 'read committed', 2: 'serializable' })).toEqual([])
  })

  it('a dirty read is a violation only for a reader that was promised otherwise', () => {
    expect(violations('w1(x1) r2(x1) a1 c2', { 2: 'read uncommitted' })).toEqual([])
    expect(violations('w1(x1) r2(x1) a1 c2', { 1: 'read uncommitted', 2: 'read committed' })).toEqual([
      'read committed: G1a',
    ])
  })
})

describe('the verdict', () => {
  it('gives a serial order that explains the reads', () => {
    expect(check(historyOf('r1(x0) w2(x1) c2 c1')).serialOrder).toEqual([1, 2])
    expect(check(historyOf('w1(x1) c1 r2(x1) c2 w3(y1) c3')).serialOrder).toEqual([1, 2, 3])
    expect(check(historyOf('r1(x0) r2(y0) w1(y1) w2(x1) c1 c2')).serialOrder).toBeNull()
  })

  it('says in words what happened', () => {
    const verdict = check(historyOf('r1(x0) r2(x0) w2(x1) r2(y0) w2(y1) c2 r1(y1) c1', { level: 'snapshot' }))
    expect(verdict.describe()).toBe(
      [
        'SNAPSHOT was violated: G-single (read skew): T1 →rw T2 →wr T1',
        '  T1 read version 0 of x; T2 wrote version 1 of x',
        '  T2 wrote version 1 of y; T1 read it',
        'No serial order explains this history.',
      ].join('\n'),
    )
  })
})
