import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { plain } from '../../demos/paint.ts'
import { openClient, type Client } from '../../repl/client.ts'
import { Console } from '../../repl/console.ts'
import { History } from '../../repl/history.ts'

// The conversation without a terminal, on a real database in memory.

let client: Client
let console_: Console
let screen: string
let exitCode: number | null

beforeEach(async () => {
  screen = ''
  exitCode = null
  client = await openClient(null)
  console_ = new Console({
    client: Promise.resolve(client),
    history: new History(null),
    paint: plain,
    print: (text) => (screen += text),
    clearScreen: () => (screen = ''),
    exit: (code) => (exitCode = code),
  })
  type('\\timing')
  await rest()
  screen = ''
})

afterEach(() => client.close())

/** The keys of a line and Enter after it. */
function type(line: string): void {
  insert(line)
  console_.press({ kind: 'enter' })
}

const insert = (text: string): void => console_.press({ kind: 'edit', command: { kind: 'insert', text } })

const rest = (): Promise<void> => vi.waitFor(() => expect(console_.state.running).toBe(false), 20_000)

async function say(...lines: string[]): Promise<string> {
  screen = ''
  for (const line of lines) {
    type(line)
    await rest()
  }
  return '\n' + screen
}

test('a statement may take several lines, and its answer stands below it', async () => {
  expect(await say('SELECT 1 AS one,', "  'a", "b' AS two;")).toBe(`
isolde=> SELECT 1 AS one,
isolde->   'a
isolde'> b' AS two;
 one | two
-----+-----
   1 | a  +
     | b
(1 row)

`)
})

test('the prompt tells the state of the transaction', async () => {
  expect(await say('BEGIN;', 'SELECT nme;', 'SELECT 1;', 'ROLLBACK;', '')).toBe(`
isolde=> BEGIN;
BEGIN
isolde=*> SELECT nme;
ERROR:  column "nme" does not exist
LINE 1: SELECT nme;
               ^
isolde=!> SELECT 1;
ERROR:  current transaction is aborted, commands ignored until end of transaction block
isolde=!> ROLLBACK;
ROLLBACK
isolde=> 
`)
})

test('of several statements each is tried', async () => {
  const out = await say(
    'CREATE TABLE t (x int); INSERT INTO t VALUES (1); SELECT nme; INSERT INTO t VALUES (2) RETURNING x;',
  )
  expect(out).toMatch(/CREATE TABLE\nINSERT 0 1\nERROR: .*\n.*\n.*\n x\n---\n 2\n\(1 row\) INSERT 0 1\n\n$/)
})

test('notices are shown', async () => {
  expect(await say('COMMIT;')).toContain('WARNING:  there is no transaction in progress\nCOMMIT\n')
})

test('Ctrl-C clears what is typed, and Ctrl-D quits on an empty line only', () => {
  insert('SELECT')
  console_.press({ kind: 'end' })
  expect(exitCode).toBeNull()
  console_.press({ kind: 'interrupt' })
  expect(console_.state.editor.text).toBe('')
  expect(screen).toBe('isolde=> SELECT^C\n')
  console_.press({ kind: 'end' })
  expect(exitCode).toBe(0)
})

test.each(['\\q', 'quit', 'EXIT', 'SELECT 1\n\\q'])('%j quits', async (text) => {
  type(text)
  await rest()
  expect(exitCode).toBe(0)
})

test('a command below a statement that goes on runs, and the statement stays', async () => {
  expect(await say('SELECT (1', '\\pset null ∅', ') AS a;')).toBe(`
isolde=> SELECT (1
isolde(> \\pset null ∅
Null display is "∅".
isolde=> SELECT (1
isolde(> ) AS a;
 a
---
 1
(1 row)

`)
  expect(await say("SELECT '", '\\x', "' AS b;")).toContain('\\x')
  expect(await say('\\x maybe')).toContain('\\x: unrecognized value "maybe"')
})

test('\\r forgets what is typed', async () => {
  expect(await say('SELECT (', '\\r', 'SELECT 1 AS a;')).toContain('reset')
  expect(screen).toContain('(1 row)')
})

test('Ctrl-C cancels the statement that runs, and what was typed ahead', async () => {
  await say(
    'CREATE TABLE t (x int);',
    `INSERT INTO t VALUES ${Array.from({ length: 1000 }, (_, i) => `(${String(i)})`).join()};`,
  )
  screen = ''
  type('SELECT count(*) FROM t a, t b, t c;')
  type('SELECT 1 AS typed_ahead;')
  await new Promise((resolve) => setImmediate(resolve))
  expect(console_.state.running).toBe(true)
  console_.press({ kind: 'interrupt' })
  await rest()
  expect(screen).toContain('ERROR:  canceling statement due to user request\n')
  expect(screen).not.toContain('typed_ahead')
})

test('what is typed while a statement runs comes after it', async () => {
  type('SELECT 1 AS first;')
  type('SELECT 2 AS second;')
  await vi.waitFor(() => expect(screen).toContain('second\n--------'), 20_000)
  expect(screen.indexOf('first')).toBeLessThan(screen.indexOf('second'))
})

test('the history gives statements back', async () => {
  await say('SELECT 1,', '  2;', 'SELECT 3;')
  const press = (kind: 'up' | 'down'): void => console_.press({ kind: 'edit', command: { kind } })
  press('up')
  expect(console_.state.editor.text).toBe('SELECT 3;')
  press('up')
  expect(console_.state.editor.text).toBe('SELECT 1,\n  2;')
})

describe('commands', () => {
  test('describe tables, and suggest', async () => {
    expect(await say('\\d')).toContain('Did not find any relations.')
    await say('CREATE TABLE Accounts (id int PRIMARY KEY); CREATE TABLE "Odd ""one" (x text);')
    expect(await say('\\d')).toContain(' public | accounts | table | 1\n')
    expect(await say('\\d ACCOUNTS')).toContain('"accounts_pkey" PRIMARY KEY, btree (id)')
    expect(await say('\\d public."Odd ""one"')).toContain(' x      | text | ')
    expect(await say('\\d acounts')).toContain('Did not find any relation named "acounts".\nDid you mean "accounts"?')
    expect(await say('\\di')).toContain(' public | accounts_pkey | accounts | yes    | id\n')
  })

  test('change the output', async () => {
    await say('\\pset null ∅', '\\x')
    expect(await say('SELECT NULL AS a;')).toContain('-[ RECORD 1 ]\na | ∅\n')
    expect(await say('\\timing')).toContain('Timing is on.')
    expect(await say('SELECT 1 AS a;')).toMatch(/\(1 row\) {2}\d+(\.\d+)? m?s\n/)
  })

  test('that do not exist are named', async () => {
    expect(await say('\\foo')).toContain('invalid command \\foo\nTry \\? for help.')
    expect(await say('\\?')).toContain('list tables')
    expect(await say('help')).toContain('list tables')
  })

  test('include files, load data, and go on after a failure', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'isolde-console-'))
    try {
      const file = join(folder, "it's.sql")
      writeFileSync(
        file,
        "CREATE TABLE t (x int, y text);\nSELECT nme;\nCOPY t FROM STDIN WITH (FORMAT csv);\n1,a\n\\.\nINSERT INTO t VALUES (2, 'b');\n",
      )
      writeFileSync(join(folder, 'rows.csv'), '3|c\n')
      const out = await say(
        `\\i '${file.replace("'", "''")}'`,
        `\\copy t from ${folder}/rows.csv with (format csv, delimiter '|')`,
        'SELECT * FROM t ORDER BY x;',
      )
      expect(out).toContain('CREATE TABLE\nERROR:  column "nme" does not exist\n')
      expect(out).toContain('\nCOPY 1\nINSERT 0 1\n')
      expect(out).toContain(' 1 | a\n 2 | b\n 3 | c\n(3 rows)\n')
      expect(await say('\\i /no/such/file')).toContain('/no/such/file: ENOENT')
      expect(await say('COPY t FROM STDIN;')).toContain('\\copy TABLE FROM')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
