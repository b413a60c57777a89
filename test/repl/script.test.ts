import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'

// The command itself, as a process, without a terminal.

const cli = resolve(import.meta.dirname, '../../repl/cli.ts')
const folder = mkdtempSync(join(tmpdir(), 'isolde-script-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The processes share what they compile. */
const env = { ...process.env, NODE_COMPILE_CACHE: join(folder, 'compiled') }

interface Outcome {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function isolde(args: readonly string[], stdin = ''): Promise<Outcome> {
  return new Promise((resolve_, reject) => {
    const child = spawn(process.execPath, [cli, ...args], { cwd: folder, env })
    let [out, err] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
    child.on('error', reject)
    child.on('close', (code) => resolve_({ code, out, err }))
    // A child that ended before it read its input is part of some tests.
    child.stdin.on('error', () => undefined)
    child.stdin.end(stdin)
  })
}

const script = `CREATE TABLE people (id int PRIMARY KEY, name text, score numeric(5,2));
INSERT INTO people VALUES (1, 'Alice', 1.50), (2, 'Bob', NULL),
  (3, '', -2);
SELECT * FROM people ORDER BY id;
`

describe('output', () => {
  test('data to stdout, everything else to stderr', async () => {
    expect(await isolde([], script)).toEqual({
      code: 0,
      err: 'CREATE TABLE\nINSERT 0 3\n',
      out: ` id | name  | score
----+-------+-------
  1 | Alice |  1.50
  2 | Bob   |
  3 |       | -2.00
(3 rows)

`,
    })
  })

  test('notifications are told as psql tells them', async () => {
    const { err } = await isolde([], "LISTEN news;\nNOTIFY news, 'x';\nSELECT 1;\nSELECT 2;\nNOTIFY news;\nSELECT 3;\n")
    expect(err).toContain('Asynchronous notification "news" with payload "x" received from session 1.\n')
    expect(err).toContain('Asynchronous notification "news" received from session 1.\n')
  })

  test('as CSV', async () => {
    const { out } = await isolde(['--format', 'csv'], script)
    expect(out).toBe('id,name,score\n1,Alice,1.50\n2,Bob,\n3,"",-2.00\n')
  })

  test('as JSON, an array for each result', async () => {
    const { out } = await isolde(['--format', 'json'], `${script}SELECT true AS yes;\n`)
    expect(out).toBe(
      '[{"id":1,"name":"Alice","score":1.50},\n {"id":2,"name":"Bob","score":null},\n {"id":3,"name":"","score":-2.00}]\n[{"yes":true}]\n',
    )
  })

  test('a RETURNING has rows and a tag', async () => {
    const { out, err } = await isolde(
      ['--format', 'csv'],
      'CREATE TABLE t (x int);INSERT INTO t VALUES (7) RETURNING x;',
    )
    expect([out, err]).toEqual(['x\n7\n', 'CREATE TABLE\nINSERT 0 1\n'])
  })
})

describe('errors', () => {
  test('the first one ends the run with exit code 3, and names file and line', async () => {
    const { code, out, err } = await isolde([], 'SELECT 1 AS a;\n\nSELECT\n  nme;\nSELECT 2;\n')
    expect(code).toBe(3)
    expect(out).toBe(' a\n---\n 1\n(1 row)\n\n')
    expect(err).toBe('isolde:<stdin>:3: ERROR:  column "nme" does not exist\nLINE 2:   nme;\n          ^\n')
  })

  test('a wrong command line is 2', async () => {
    const { code, out, err } = await isolde(['--nonsense'])
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(/^isolde: Unknown option '--nonsense'/)
  })

  test('what is not about SQL is 1', async () => {
    writeFileSync(join(folder, 'file'), 'not a directory')
    expect((await isolde(['file', '-c', 'SELECT 1'])).code).toBe(1)
    const missing = await isolde(['-f', 'missing.sql'])
    expect(missing.code).toBe(1)
    expect(missing.err).toContain('missing.sql')
  })

  test('a command that does not exist is 3', async () => {
    const { code, err } = await isolde([], '\\timng\n')
    expect([code, err]).toEqual([3, 'isolde:<stdin>:1: invalid command \\timng\nDid you mean \\timing?\n'])
  })
})

describe('-c and -f', () => {
  test('run in their order, in one session', async () => {
    writeFileSync(join(folder, 'insert.sql'), 'INSERT INTO t VALUES (2)')
    const { code, out } = await isolde(
      ['--format', 'csv', '-c', 'CREATE TABLE t (x int)', '-c', 'BEGIN', '-f', 'insert.sql', '-c', 'SELECT x FROM t'],
      'SELECT 99;',
    )
    expect([code, out]).toEqual([0, 'x\n2\n'])
  })

  test('several statements in one -c are one transaction', async () => {
    const data = join(folder, 'one-transaction')
    const failed = await isolde([data, '-c', 'CREATE TABLE t (x int)', '-c', 'INSERT INTO t VALUES (1); SELECT 1/0'])
    expect([failed.code, failed.err]).toEqual([3, 'CREATE TABLE\nINSERT 0 1\nERROR:  division by zero\n'])
    const { out } = await isolde([data, '--format', 'csv', '-c', 'SELECT count(*) AS n FROM t'])
    expect(out).toBe('n\n0\n')
  })

  test('- is standard input', async () => {
    expect((await isolde(['--format', 'csv', '-f', '-', '-c', 'SELECT 2 AS b'], 'SELECT 1 AS a')).out).toBe(
      'a\n1\nb\n2\n',
    )
  })
})

describe('data', () => {
  const table = 'CREATE TABLE t (id int, name text);\n'

  test('follows its COPY, up to the end mark, and lines are counted through it', async () => {
    const { code, out, err } = await isolde(
      ['--format', 'csv'],
      `${table}COPY t FROM STDIN WITH (FORMAT csv);\n1,"a;b"\n2,'c\n\\.\nSELECT * FROM t ORDER BY id;\nSELECT nme;\n`,
    )
    expect(out).toBe("id,name\n1,a;b\n2,'c\n")
    expect(err).toMatch(/^CREATE TABLE\nCOPY 2\nisolde:<stdin>:7: ERROR: {2}column "nme" does not exist\n/)
    expect(code).toBe(3)
  })

  test('comes from a file by \\copy', async () => {
    writeFileSync(join(folder, 'rows.csv'), 'id,name\n1,x\n2,y\n')
    const copied = await isolde(
      ['--format', 'csv'],
      `${table}\\copy t FROM 'rows.csv' WITH (FORMAT csv, HEADER)\nSELECT count(*) AS n FROM t;`,
    )
    expect([copied.out, copied.err]).toEqual(['n\n2\n', 'CREATE TABLE\nCOPY 2\n'])
    const missing = await isolde([], `${table}\\copy t FROM 'none.csv'\n`)
    expect([missing.code, missing.out]).toEqual([3, ''])
    expect(missing.err).toContain('none.csv')
  })
})

test('\\i includes a file, and one that includes itself ends', async () => {
  writeFileSync(join(folder, 'inner.sql'), 'SELECT 1 AS inner_one;\n')
  writeFileSync(join(folder, 'itself.sql'), '\\i itself.sql\n')
  expect((await isolde(['--format', 'csv'], '\\i inner.sql\n')).out).toBe('inner_one\n1\n')
  const endless = await isolde(['-f', 'itself.sql'])
  expect([endless.code, endless.err]).toEqual([3, 'isolde:itself.sql:1: \\i goes deeper than 16 files\n'])
})

test('\\d describes tables', async () => {
  const { out } = await isolde(
    [],
    `CREATE TABLE accounts (id int PRIMARY KEY, owner text NOT NULL DEFAULT 'me', balance numeric(12,2) CHECK (balance >= 0));
CREATE INDEX by_owner ON accounts (owner);
\\d
\\d accounts
`,
  )
  await expect(out).toMatchFileSnapshot('golden/describe.txt')
})

test('a reader that goes away is no error', async () => {
  const many =
    'CREATE TABLE t (x text);\n' +
    `INSERT INTO t VALUES ('${'x'.repeat(5000)}');\n`.repeat(200) +
    'SELECT * FROM t;\n'.repeat(5)
  const child = spawn(process.execPath, [cli], { cwd: folder, stdio: ['pipe', 'pipe', 'pipe'] })
  let err = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  child.stdin.on('error', () => undefined)
  child.stdin.end(many)
  child.stdout.once('data', () => child.stdout.destroy())
  const code = await new Promise((resolve_) => child.on('close', resolve_))
  expect(err).not.toMatch(/EPIPE|Error/)
  expect(code).toBe(0)
})

test('--help and --version', async () => {
  expect((await isolde(['--help'])).out).toMatch(/^isolde: a transactional SQL database/)
  expect((await isolde(['--version'])).out).toMatch(/^isolde \d+\.\d+\.\d+\n$/)
})

test('demo is a command of it', async () => {
  const { code, out } = await isolde(['demo', 'write-skew', '--level', 'snapshot'])
  expect(code).toBe(0)
  expect(out).toContain('✗ Write skew occurred at REPEATABLE READ (SNAPSHOT)')
  expect((await isolde(['demo', 'nonsense'])).code).toBe(2)
})
