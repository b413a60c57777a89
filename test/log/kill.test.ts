import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { long } from '../support/runs.ts'
import { killLoop } from './killLoop.ts'

const kills = long ? 50 : 4

test(`kill -9 during the commits of four sessions, ${kills} times: every acknowledged transaction is there, whole`, async () => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'isolde-kill-'))
  try {
    const report = await killLoop(path.join(root, 'db'), kills)
    expect(report.kills).toBe(kills)
    expect(report.acknowledged).toBeGreaterThanOrEqual(kills)
    console.log(
      `killed ${report.kills} times: ${report.acknowledged} acknowledged, ${report.unacknowledged} more found`,
    )
  } finally {
    fs.rmSync(root, { recursive: true, force: true })
  }
}, 600_000)
