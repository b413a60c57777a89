import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { installTarball, pack } from '../../scripts/pack.ts'
import { consoles, programs } from './readme.ts'

// What a user gets: the package is built, packed, and installed into an empty folder from the tarball alone, with the
// network off. It is used there from TypeScript, from JavaScript and as a command, and judged by publint and attw.

const root = resolve(import.meta.dirname, '../..')
const bin = join(root, 'node_modules/.bin')
const environment = { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}`, FORCE_COLOR: '0' }

let temporary: string
let tarball: string
let project: string

beforeAll(async () => {
  temporary = mkdtempSync(join(tmpdir(), 'isolde-package-'))
  tarball = await pack(temporary)
  project = installTarball(temporary, tarball)
}, 240_000)

afterAll(() => rmSync(temporary, { recursive: true, force: true }))

function run(cwd: string, command: string, args: readonly string[]): string {
  return execFileSync(command, args, { cwd, env: environment, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

test('the package needs no other package', () => {
  expect(readdirSync(join(project, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual(['isolde-db'])
})

test('it ships the licences of what is bundled, and no source or test', () => {
  const installed = join(project, 'node_modules/isolde-db')
  expect(readdirSync(installed).sort()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'package.json'])
  const licenses = readFileSync(join(installed, 'dist/third-party-licenses.txt'), 'utf8')
  expect(licenses).toContain('chevrotain')
  expect(licenses).toContain('Permission is hereby granted')
})

test('it works from JavaScript', () => {
  const program = `
    import { open, openSync, DatabaseError } from 'isolde-db'
    const db = await open()
    await db.exec('CREATE TABLE t (id int PRIMARY KEY, name text)')
    await db.query('INSERT INTO t VALUES ($1, $2)', [1, 'one'])
    const { rows } = await db.query('SELECT id, name FROM t')
    const failure = await db.query('SELECT nonsense').catch((error) => error)
    await db.close()
    const sync = openSync()
    const sum = sync.prepare('SELECT 1 + 1 AS two').get()
    console.log(JSON.stringify({ rows, code: failure.code, isOurs: failure instanceof DatabaseError, sum }))
  `
  writeFileSync(join(project, 'use.mjs'), program)
  expect(JSON.parse(run(project, process.execPath, ['use.mjs']))).toEqual({
    rows: [{ id: 1, name: 'one' }],
    code: '42703',
    isOurs: true,
    sum: { two: 2 },
  })
})

test('its types compile under a strict consumer that checks declarations too', () => {
  const program = `
    import { open, type Database, type DatabaseError, type Session } from 'isolde-db'
    export async function use(): Promise<unknown> {
      const db: Database = await open('./somewhere', { durability: 'relaxed' })
      const session: Session = await db.connect()
      const result = await session.query('SELECT 1 AS one', [])
      const count: number | null = result.rowCount
      await db.transaction(async (tx) => { await tx.query('SELECT 1') }, { isolation: 'snapshot', retries: 3 })
      // @ts-expect-error a level that SQL does not name
      await db.transaction(async (tx) => { await tx.query('SELECT 1') }, { isolation: 'sloppy' })
      return [count, result.fields[0]?.name, (null as DatabaseError | null)?.retryable]
    }
  `
  writeFileSync(join(project, 'use.ts'), program)
  const config = {
    compilerOptions: {
      strict: true,
      noEmit: true,
      skipLibCheck: false,
      target: 'ES2024',
      lib: ['ES2024', 'ESNext.Disposable'],
      module: 'NodeNext',
      moduleResolution: 'NodeNext',
      typeRoots: [join(root, 'node_modules/@types')],
      types: ['node'],
    },
    files: ['use.ts'],
  }
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(config))
  const compiled = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', project], {
    encoding: 'utf8',
  })
  expect(compiled.stdout).toBe('')
  expect(compiled.status).toBe(0)
})

test('it has the command isolde: data on stdout, exit code 3 after an error', () => {
  expect(run(project, 'npx', ['isolde', '--format', 'csv', '-c', 'SELECT 1 AS one'])).toBe('one\n1\n')
  const failed = spawnSync('npx', ['isolde', '-c', 'SELEC 1'], {
    cwd: project,
    env: environment,
    encoding: 'utf8',
  })
  expect(failed.status).toBe(3)
  expect(failed.stdout).toBe('')
  expect(failed.stderr).toContain('SELEC')
})

describe('the README says what happens', () => {
  test.each(programs().map((example, i) => [i + 1, example] as const))('program %i', (i, { code, prints }) => {
    const name = `readme-${String(i)}.mjs`
    writeFileSync(join(project, name), code)
    expect(run(project, process.execPath, [name]).trimEnd().split('\n')).toEqual(prints)
  })

  test.each(consoles().map((example) => [example.command, example] as const))('$ %s', (_, { command, output }) => {
    const path = `${join(project, 'node_modules/.bin')}:${environment.PATH}`
    const { stdout, stderr } = spawnSync('bash', ['-c', command], {
      cwd: project,
      env: { ...environment, PATH: path, NO_COLOR: '1', COLUMNS: '100' },
      encoding: 'utf8',
    })
    const trimmed = (text: string): string => text.replace(/[ \t]+$/gm, '').trim()
    expect(trimmed(stdout + stderr)).toBe(trimmed(output))
  })
})

test('publint and attw are content', () => {
  expect(run(temporary, join(bin, 'publint'), ['run', tarball, '--strict'])).toContain('All good')
  run(temporary, join(bin, 'attw'), [tarball, '--profile', 'esm-only', '--no-emoji'])
})
