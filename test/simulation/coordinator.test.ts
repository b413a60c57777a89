import { describe, expect, test, vi } from 'vitest'
import { long } from '../support/runs.ts'
import type { Fate } from './disk.ts'
import { Transfers } from './transfers.ts'

const fates: readonly Fate[] = ['kept', 'lost', 'torn', 'mixed']
const seeds = Array.from({ length: long ? 20 : 1 }, (_, seed) => seed + 1)
/** Of several ways to fail, all by `npm run test:long`, and by default the two whose turn it is at this operation. */
function turnsAt<T>(at: number, ways: readonly T[]): readonly T[] {
  return long ? ways : ways.filter((_, way) => (way + at) % Math.ceil(ways.length / 2) === 0)
}

async function operationsOf(seed: number): Promise<readonly string[]> {
  const world = new Transfers(seed)
  await world.run()
  expect(world.errors).toEqual([])
  expect(world.acknowledged.size).toBe(9)
  const operations = [...world.env.operations]
  await world.check()
  await world.close()
  return operations
}

vi.setConfig({ testTimeout: 600_000 })

describe('transfers over two databases and a coordinator, three logs on disks that forget', () => {
  test.each(seeds)('are in both or in neither, wherever the power is cut (seed %i)', async (seed) => {
    const operations = await operationsOf(seed)
    for (let at = 1; at <= operations.length; at++) {
      for (const fate of turnsAt(at, fates)) {
        const world = new Transfers(seed, { at, kind: 'power cut', fate })
        await world.run()
        expect(world.env.isOff).toBe(true)
        await world.restart('power cut', fate)
        await world.check()
      }
    }
  })

  test.each(seeds)('also when the power is cut again during the recovery (seed %i)', async (seed) => {
    const operations = await operationsOf(seed)
    for (let at = 12; at <= operations.length; at += 5) {
      for (let during = 1; during <= 16; during += 3) {
        const fate = fates[(at + during) % 4]!
        const world = new Transfers(seed, { at, kind: 'power cut', fate: 'kept' })
        await world.run()
        await world.restart('power cut', fate, { at: during, kind: 'power cut', fate })
        await world.restart('kill', fate)
        await world.check()
      }
    }
  })

  test.each(seeds)('also when one disk fails and the rest lives on (seed %i)', async (seed) => {
    const operations = await operationsOf(seed)
    const codes = new Set<string>()
    for (let at = 20; at <= operations.length; at++) {
      for (const kind of turnsAt(at, ['EIO', 'writeback', 'short write', 'ENOSPC'] as const)) {
        const world = new Transfers(seed, { at, kind, fate: fates[at % 4]! })
        await world.run()
        for (const { code } of world.errors) codes.add(code)
        await world.reopenWhatFailed()
        await world.check()
        await world.close()
      }
    }
    expect([...codes].sort()).toEqual(expect.arrayContaining(['08007', '40000', '58030']))
  })
})
