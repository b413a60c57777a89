/** Aborts judged in hindsight: T1 is the victim. */
import { describe, expect, it } from 'vitest'
import { Hindsight } from '../../src/checker/hindsight.ts'
import type { Judgement } from '../../src/checker/hindsight.ts'
import { historyOf } from './notation.ts'

const cases: readonly { readonly title: string; readonly history: string; readonly judgement: Judgement }[] = [
  {
    title: 'a write skew with one that committed',
    history: 'b1 b2 r1(x0) r1(y0) r2(x0) r2(y0) w2(y1) c2 w1(x1) a1',
    judgement: 'needed',
  },
  {
    title: 'the pivot of T2 → T1 → T3, where T2 comes before T3 in no way: two edges in a row and no cycle',
    history: 'b1 b2 b3 r1(y0) w3(y1) c3 r2(x0) w1(x1) a1 w2(z1) c2',
    judgement: 'false',
  },
  {
    title: 'the same, and T2 has read what T3 wrote: the read-only anomaly',
    history: 'b1 b3 r1(y0) w3(y1) c3 b2 r2(x0) r2(y1) c2 w1(x1) a1',
    judgement: 'needed',
  },
  {
    title: 'the other one of the write skew was aborted, too',
    history: 'b1 b2 r1(x0) r1(y0) r2(x0) r2(y0) w2(y1) a2 w1(x1) a1',
    judgement: 'false',
  },
  {
    title: 'a new attempt overwrites what the victim had overwritten, and would have met its version',
    history: 'b1 r1(x0) w1(x1) a1 b2 r2(x0) w2(x2) c2',
    judgement: 'false',
  },
  {
    title: 'one that waited for the victim overwrites what it had overwritten',
    history: 'b1 b2 r1(x0) w1(x1) a1 r2(x0) w2(x2) c2',
    judgement: "another's",
  },
  {
    title: 'one that waited, and a write skew besides',
    history: 'b1 b2 b3 r1(x0) r1(y0) r3(x0) w3(y1) c3 w1(x1) a1 r2(x0) w2(x2) c2',
    judgement: 'needed',
  },
  {
    title: 'a cycle over two others, one of them later than the victim',
    history: 'b1 b3 r1(x0) r3(z0) w1(z1) a1 b2 r2(y0) w2(x1) c2 w3(y1) c3',
    judgement: 'needed',
  },
]

describe('an abort', () => {
  it.each(cases)('$judgement: $title', ({ history, judgement }) => {
    expect(new Hindsight(historyOf(history)).judge(1)).toBe(judgement)
  })
})
