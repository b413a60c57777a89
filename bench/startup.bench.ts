/** `npm run bench -- startup [--rounds N]`: from nothing to the first answer and to the prompt, in whole processes, from the packed tarball. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installTarball, pack } from '../scripts/pack.ts'
import { machine, median, table } from './harness.ts'

export const what = 'open() and the first query from the packed tarball, and the prompt of the REPL'

/** Milliseconds: the first query above a bare process; the prompt in all. */
const bars = { query: 150, prompt: 400 }

/** The library, with the moments at which its parts were done, in milliseconds since the process began. */
const program = `
  const moments = [performance.now()]
  const { open } = await import('isolde-db')
  moments.push(performance.now())
  const db = await open()
  moments.push(performance.now())
  const { rows } = await db.query('SELECT 1 AS one')
  moments.push(performance.now())
  if (rows[0].one !== 1) throw new Error('a wrong answer')
  await db.close()
  process.stdout.write(JSON.stringify(moments))
`

interface Round {
  readonly bare: number
  readonly query: number
  readonly moments: readonly number[]
  readonly command: number
  readonly prompt: number
  readonly promptAnswer: number
}

export async function run(args: readonly string[]): Promise<boolean> {
  const at = args.indexOf('--rounds')
  const rounds = at < 0 ? 11 : Number(args[at + 1])
  const folder = mkdtempSync(join(tmpdir(), 'isolde-startup-'))
  try {
    const project = installTarball(folder, await pack(folder))
    writeFileSync(join(project, 'program.mjs'), program)
    await round(project)
    const samples: Round[] = []
    for (let n = 0; n < rounds; n++) samples.push(await round(project))
    return report(samples)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function round(project: string): Promise<Round> {
  const cli = join(project, 'node_modules/isolde-db/dist/cli.js')
  const bare = timed(project, ['-e', '0'])
  const query = timed(project, ['program.mjs'])
  const command = timed(project, [cli, '-c', 'SELECT 1'])
  const terminal = await inTerminal(project, cli)
  return {
    bare: bare.millis,
    query: query.millis,
    moments: JSON.parse(query.stdout) as number[],
    command: command.millis,
    ...terminal,
  }
}

function timed(cwd: string, args: readonly string[]): { readonly millis: number; readonly stdout: string } {
  const start = performance.now()
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' })
  const millis = performance.now() - start
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${String(status)}: ${stderr}`)
  return { millis, stdout }
}

/** The REPL in a pseudo terminal: when its prompt stands, and when `SELECT 41 + 1;`, typed at that moment, is answered. */
async function inTerminal(
  cwd: string,
  cli: string,
): Promise<{ readonly prompt: number; readonly promptAnswer: number }> {
  const start = performance.now()
  const command = `stty cols 100 rows 30; exec '${process.execPath}' '${cli}'`
  const child = spawn('script', ['-qec', command, '/dev/null'], { cwd, stdio: ['pipe', 'pipe', 'inherit'] })
  let screen = ''
  let prompt = 0
  const answered = new Promise<number>((resolve, reject) => {
    const limit = setTimeout(
      () => reject(new Error(`no prompt, or no answer, within 10 s: ${JSON.stringify(screen)}`)),
      10_000,
    )
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      screen += text
      if (prompt === 0 && /isolde.*[>#]/s.test(screen)) {
        prompt = performance.now() - start
        child.stdin.write('SELECT 41 + 1;\r')
      } else if (prompt !== 0 && /\b42\b/.test(screen)) {
        clearTimeout(limit)
        resolve(performance.now() - start - prompt)
      }
    })
  })
  try {
    return { promptAnswer: await answered, prompt }
  } finally {
    child.stdin.write('\\q\r')
    child.stdin.end()
    await new Promise((resolve) => child.once('exit', resolve))
  }
}

function report(samples: readonly Round[]): boolean {
  const of = (value: (sample: Round) => number): number => median(samples.map(value))
  const part = (index: number): number => of(({ moments }) => moments[index]! - moments[index - 1]!)
  const above = of(({ query, bare }) => query - bare)
  const prompt = of((sample) => sample.prompt)
  const queryMet = above < bars.query
  const promptMet = prompt < bars.prompt
  const millis = (value: number): string => value.toFixed(1)
  const rows = [
    ['node -e 0', millis(of(({ bare }) => bare)), ''],
    ['open() and the first query, whole process', millis(of(({ query }) => query)), ''],
    ['  above node -e 0', millis(above), `${queryMet ? '✓' : '✗'} under ${String(bars.query)}`],
    ['  import', millis(part(1)), ''],
    ['  open()', millis(part(2)), ''],
    ['  the first query', millis(part(3)), ''],
    ["isolde -c 'SELECT 1', whole process", millis(of(({ command }) => command)), ''],
    ['isolde in a terminal, until its prompt', millis(prompt), `${promptMet ? '✓' : '✗'} under ${String(bars.prompt)}`],
    ['  from the prompt to the first answer', millis(of(({ promptAnswer }) => promptAnswer)), ''],
  ]
  console.log(`Start-up from the packed tarball. ${machine()}. Medians of ${String(samples.length)} rounds, ms.\n`)
  console.log(table(['', 'ms', 'bar'], rows))
  return queryMet && promptMet
}
