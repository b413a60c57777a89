import { defineConfig } from 'vitest/config'

/** `npm run test:long` is the same tests with more runs of every property (see test/support/runs.ts). */
export default defineConfig(({ mode }) => ({
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    env: mode === 'long' ? { ISOLDE_LONG: '1' } : {},
    pool: 'threads',
    maxWorkers: 2,
    testTimeout: mode === 'long' ? 3_600_000 : 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 10_000,
  },
}))
