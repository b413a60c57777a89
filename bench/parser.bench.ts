/** `npm run bench -- parser`: what a statement costs before it is planned, and what the first one costs in a new process. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { normalise, parseStatement } from '../src/parser/index.ts'
import { machine, median, table } from './harness.ts'

export const what = 'parsing and normalising statements; building the grammars in a new process'

/** Milliseconds of processor time: import, first query's grammar and parse, bundled as it is shipped. */
const startupBar = 40

const statements = {
  'point select': 'SELECT id, name, balance FROM accounts WHERE id = 17',
  update: 'UPDATE accounts SET balance = balance - 10 WHERE id = 3',
  insert: "INSERT INTO t (a, b, c) VALUES (1, 'x', 2.5)",
  'TPC-H 1': `SELECT l_returnflag, l_linestatus, sum(l_quantity) AS sum_qty, sum(l_extendedprice * (1 - l_discount)) AS d,
    avg(l_tax) AS a, count(*) AS c FROM lineitem WHERE l_shipdate <= date '1998-09-02'
    GROUP BY l_returnflag, l_linestatus ORDER BY l_returnflag, l_linestatus`,
}

const program = `
  const moments = []
  const tick = () => { const { user, system } = process.cpuUsage(); moments.push((user + system) / 1000) }
  tick()
  const { parseStatement } = await import('./parser.js')
  tick()
  parseStatement('SELECT a FROM t WHERE k = 1')
  tick()
  parseStatement('CREATE TABLE t (a int)')
  tick()
  console.log(JSON.stringify(moments))
`

export async function run(args: readonly string[]): Promise<boolean> {
  const at = args.indexOf('--rounds')
  const rounds = at < 0 ? 11 : Number(args[at + 1])
  console.log(machine())
  console.log(
    table(
      ['µs', 'parse', 'normalise'],
      Object.entries(statements).map(([name, sql]) => [
        name,
        micros(rounds, () => parseStatement(sql)).toFixed(2),
        micros(rounds, () => normalise(sql)).toFixed(2),
      ]),
    ),
  )
  const [imported, query, ddl] = await startup(rounds)
  const parts = [imported, query, ddl].map((part) => part.toFixed(1))
  console.log(table(['ms of processor time', 'import', 'first query', 'first DDL'], [['start-up', ...parts]]))
  return imported + query < startupBar
}

function micros(rounds: number, call: () => unknown): number {
  const calls = 20_000
  const samples: number[] = []
  for (let round = 0; round < rounds; round++) {
    const start = performance.now()
    for (let i = 0; i < calls; i++) call()
    samples.push(((performance.now() - start) * 1000) / calls)
  }
  return median(samples)
}

async function startup(rounds: number): Promise<readonly [number, number, number]> {
  const folder = mkdtempSync(join(tmpdir(), 'isolde-parser-'))
  try {
    const entryPoints = { parser: join(import.meta.dirname, '../src/parser/index.ts') }
    const shape = { bundle: true, format: 'esm', platform: 'node', minifySyntax: true, minifyWhitespace: true } as const
    await build({ entryPoints, outdir: folder, outExtension: { '.js': '.js' }, ...shape })
    const samples: number[][] = []
    for (let round = 0; round < rounds; round++) {
      const options = { cwd: folder, encoding: 'utf8' } as const
      const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], options)
      const moments = JSON.parse(stdout) as number[]
      samples.push(moments.slice(1).map((moment, i) => moment - (moments[i] ?? 0)))
    }
    const part = (i: number): number => median(samples.map((sample) => sample[i] ?? 0))
    return [part(0), part(1), part(2)]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
