/** `npm run bench` lists the benchmarks; `npm run bench -- NAME [options]` runs one. Exit code 1: a bar was missed. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { installPeers } from './peers.ts'

interface Benchmark {
  /** One line for the list. */
  readonly what: string
  /** True if it compares with the packages of bench/package.json. */
  readonly peers?: boolean
  /** Gives false if a bar was missed. */
  run(args: readonly string[]): Promise<boolean>
}

const suffix = '.bench.ts'
const names = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith(suffix))
  .map((name) => name.slice(0, -suffix.length))
const [name, ...args] = process.argv.slice(2)
const load = async (which: string): Promise<Benchmark> =>
  (await import(join(import.meta.dirname, which + suffix))) as Benchmark

if (name === undefined || !names.includes(name)) {
  if (name !== undefined) console.error(`There is no benchmark "${name}".\n`)
  console.log('npm run bench -- NAME\n')
  for (const each of names) console.log(`  ${each.padEnd(10)} ${(await load(each)).what}`)
  process.exitCode = name === undefined ? 0 : 2
} else {
  const benchmark = await load(name)
  if (benchmark.peers === true) installPeers()
  process.exitCode = (await benchmark.run(args)) ? 0 : 1
}
