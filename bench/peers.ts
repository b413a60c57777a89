/** Installs the peers on the first run of a benchmark that wants them: they are no business of those who only use or test Isolde. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const here = import.meta.dirname

export function installPeers(): void {
  if (existsSync(join(here, 'node_modules/better-sqlite3/package.json'))) return
  console.log('Installing the peers …')
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: here, stdio: 'inherit' })
}
