/** `node scripts/kill.ts [times]`: kills a process with SIGKILL during its commits and checks what is left; 50 times by default. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { killLoop } from '../test/log/killLoop.ts'

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'isolde-kill-'))
try {
  const times = Number(process.argv[2] ?? 50)
  const report = await killLoop(path.join(root, 'db'), times, (line) => console.log(line))
  console.log(
    `${report.kills} kills: ${report.acknowledged} transactions acknowledged, none lost; ` +
      `${report.unacknowledged} more were on their way and are there whole; indexes agree with their tables`,
  )
} finally {
  fs.rmSync(root, { recursive: true, force: true })
}
