import { describe, expect, test, vi } from 'vitest'
import { long } from '../support/runs.ts'
import { Bank, type Durability } from './bank.ts'
import type { Fate } from './disk.ts'

const fates: readonly Fate[] = ['kept', 'lost', 'torn', 'mixed']
const seeds = Array.from({ length: long ? 30 : 3 }, (_, seed) => seed + 1)

async function operationsOf(seed: number, durability: Durability): Promise<readonly string[]> {
  const bank = new Bank(seed, durability)
  await bank.run()
  expect(bank.errors).toEqual([])
  await bank.close()
  expect(bank.acknowledged.size).toBe(12)
  const { operations } = bank.env
  await bank.reopenAndCheck('power cut', 'lost')
  return operations
}

// Thousands of small databases: on a slow machine a minute is not enough.
vi.setConfig({ testTimeout: 600_000 })

describe('the engine on a disk that forgets', () => {
  test.each(seeds)('keeps every acknowledged row, whole, wherever the power is cut (seed %i)', async (seed) => {
    const operations = await operationsOf(seed, 'full')
    for (let at = 1; at <= operations.length; at++) {
      for (const fate of fates) {
        const bank = new Bank(seed, 'full', { at, kind: 'power cut', fate })
        await bank.run()
        await bank.close()
        await bank.reopenAndCheck('power cut', fate)
      }
    }
    console.log(`${operations.length} file operations, ${operations.length * fates.length} power cuts, nothing lost`)
  })

  test.each(seeds)('keeps every acknowledged row when any one fsync fails (seed %i)', async (seed) => {
    const operations = await operationsOf(seed, 'full')
    const syncs = operations.flatMap((name, index) => (name.startsWith('sync') ? [index + 1] : []))
    expect(syncs.length).toBeGreaterThan(6)
    for (const at of syncs) {
      for (const how of ['kill', 'power cut'] as const) {
        const bank = new Bank(seed, 'full', { at, kind: 'EIO', fate: fates[at % 4]! })
        await bank.run()
        for (const error of bank.errors) expect(['58030', '08007']).toContain(error.code)
        if (how === 'kill') await bank.close()
        await bank.reopenAndCheck(how, 'mixed')
      }
    }
  })

  test.each(['relaxed', 'none'] as const)(
    'with durability %s survives the death of the process',
    async (durability) => {
      const operations = await operationsOf(1, durability)
      for (let at = 1; at <= operations.length; at++) {
        const bank = new Bank(1, durability, { at, kind: 'power cut', fate: 'kept' })
        await bank.run()
        await bank.reopenAndCheck('power cut', 'kept')
      }
    },
  )
})
