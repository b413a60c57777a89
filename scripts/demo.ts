/**
 * `npm run demo`: the tour. Without arguments it shows two anomalies happen and be prevented, then the matrix of all;
 * with arguments it is `isolde demo` with them.
 */
import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'

const cli = join(resolve(import.meta.dirname, '..'), 'dist/cli.js')
const args = process.argv.slice(2)

const tour: readonly (readonly string[])[] = [
  ['lost-update', '--level', 'read-committed'],
  ['lost-update', '--level', 'snapshot'],
  ['write-skew', '--level', 'snapshot'],
  ['--all'],
]

for (const step of args.length > 0 ? [args] : tour) {
  if (args.length === 0)
    console.log(`\n$ isolde demo ${step.map((word) => (word.includes(' ') ? `'${word}'` : word)).join(' ')}\n`)
  const { status } = spawnSync(process.execPath, [cli, 'demo', ...step], { stdio: 'inherit' })
  if (status !== 0) {
    process.exitCode = status ?? 1
    break
  }
}
