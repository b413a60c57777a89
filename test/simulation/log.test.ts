import { describe, expect, test, vi } from 'vitest'
import { long } from '../support/runs.ts'
import type { Fate } from './disk.ts'
import type { FaultKind } from './env.ts'
import { LogWorld } from './logWorld.ts'

const STEPS = 30
const seeds = Array.from({ length: long ? 40 : 3 }, (_, seed) => seed + 1)
const fates: readonly Fate[] = ['kept', 'lost', 'torn', 'mixed']

/** The names of the numbered operations of a run without faults. */
async function operationsOf(seed: number): Promise<readonly string[]> {
  const world = new LogWorld(seed)
  await world.run(STEPS)
  return world.env.operations
}

/** The database goes on after recovery: more commits, a kill in the midst of them, another recovery, a clean close. */
async function liveOn(world: LogWorld): Promise<void> {
  for (let i = 0; i < 3; i++) world.appendOne()
  world.log!.syncNow()
  world.appendOne()
  world.recoverAndCheck('power cut', 'mixed')
  world.appendOne()
  world.closeAndCheck()
}

async function failAt(seed: number, at: number, kind: FaultKind, fate: Fate): Promise<LogWorld> {
  const world = new LogWorld(seed, { at, kind, fate })
  await world.run(STEPS)
  return world
}

// Thousands of small databases: on a slow machine a minute is not enough.
vi.setConfig({ testTimeout: 600_000 })

describe('the log on a disk that forgets', () => {
  test.each(seeds)(
    'holds every durable transaction and nothing half-done, wherever the power is cut (seed %i)',
    async (seed) => {
      const operations = await operationsOf(seed)
      expect(operations.length).toBeGreaterThan(10)
      for (let at = 1; at <= operations.length; at++) {
        for (const fate of fates) {
          const world = await failAt(seed, at, 'power cut', fate)
          expect(world.env.isOff).toBe(true)
          world.recoverAndCheck('power cut', fate)
          await liveOn(world)
        }
      }
    },
  )

  test.each(seeds)('recovers from a recovery that was itself cut off (seed %i)', async (seed) => {
    const operations = await operationsOf(seed)
    for (let at = 8; at <= operations.length; at += 3) {
      for (let during = 1; during <= 3; during++) {
        const world = await failAt(seed, at, 'power cut', 'mixed')
        world.interruptRecovery({ at: during, kind: 'power cut', fate: fates[(at + during) % 4]! })
        world.recoverAndCheck('power cut', 'mixed')
        await liveOn(world)
      }
    }
  })

  test.each(seeds)('stops for good when any one operation fails, and recovers from that (seed %i)', async (seed) => {
    const operations = await operationsOf(seed)
    for (let at = 1; at <= operations.length; at++) {
      for (const kind of ['EIO', 'ENOSPC', 'short write', 'writeback'] as const) {
        for (const how of ['kill', 'power cut'] as const) {
          const world = await failAt(seed, at, kind, fates[(at + seed) % 4]!)
          expect(world.failures.length).toBeLessThanOrEqual(1)
          if (world.failures.length === 1)
            expect(() => world.log!.append(1e9, () => undefined)).toThrow(world.failures[0])
          world.recoverAndCheck(how, 'mixed')
          await liveOn(world)
        }
      }
    }
  })

  test('refuses everything after a failed fsync, and says so once', async () => {
    const operations = await operationsOf(1)
    const syncs = operations.flatMap((name, index) => (name === 'sync' || name === 'syncAsync' ? [index + 1] : []))
    expect(syncs.length).toBeGreaterThan(5)
    let failed = 0
    for (const at of syncs) {
      const world = await failAt(1, at, 'EIO', 'lost')
      for (const error of world.failures) expect(error.code).toBe('58030')
      failed += world.failures.length
    }
    expect(failed).toBeGreaterThan(0)
  })

  test('does not believe what a failed fsync left in the page cache', () => {
    const world = new LogWorld(3, undefined)
    void world.run(0)
    const before = world.env.operations.length
    world.log!.close()
    // Append one transaction, let its fsync fail and lose the bytes; the page cache still shows them to the next opener.
    const second = new LogWorld(3, { at: before + 4, kind: 'EIO', fate: 'lost' })
    void second.run(0)
    second.appendOne()
    second.appendOne()
    second.appendOne()
    expect(() => second.log!.syncNow()).toThrow(/EIO/)
    second.recoverAndCheck('kill', 'lost')
    expect(second.appended).toHaveLength(3)
    second.recoverAndCheck('power cut', 'lost')
    expect(second.appended).toHaveLength(3)
  })
})
