import { describe, expect, test } from 'vitest'
import { demo } from '../../demos/command.ts'
import { levels } from '../../demos/levels.ts'
import { plain } from '../../demos/paint.ts'
import { parseScenario } from '../../demos/scenario.ts'
import { loadScenarios } from '../../demos/scenarios.ts'
import { runScenario } from '../../demos/runner.ts'

// The demos are tests: every scenario, at every level, ends as its file says; and the pictures are reviewed as files.
// `npx vitest run test/demos -u` writes the pictures again.

const scenarios = loadScenarios()

async function isolde(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const written = { out: '', err: '' }
  const code = await demo(args, {
    width: 100,
    paint: plain,
    out: (text) => (written.out += text),
    err: (text) => (written.err += text),
  })
  return { code, ...written }
}

describe.each(levels)('at $title', (level) => {
  test.each(scenarios)('$name ends as expected', async (scenario) => {
    const { outcome, by } = await runScenario(scenario, level)
    expect({ outcome, by }).toEqual(scenario.expected.get(level.name))
  })
})

test.each(['lost-update', 'write-skew', 'dirty-write'])('the timelines of %s', async (name) => {
  const { out } = await isolde(name)
  await expect(out).toMatchFileSnapshot(`golden/${name}.txt`)
})

test('the matrix', async () => {
  const { out } = await isolde('--all')
  await expect(out).toMatchFileSnapshot('golden/matrix.txt')
})

test('the list of scenarios names every file', async () => {
  const { out, code } = await isolde()
  for (const { name } of scenarios) expect(out).toContain(`  ${name} `)
  expect(code).toBe(0)
})

test('a run is always the same', async () => {
  const [first, second] = [
    await isolde('lost-update', '--format', 'json'),
    await isolde('lost-update', '--format', 'json'),
  ]
  expect(first).toEqual(second)
})

test('JSON says what happened', async () => {
  const { out } = await isolde('lost-update', '--level', 'snapshot', '--format', 'json')
  const [run, ...others] = JSON.parse(out) as Record<string, unknown>[]
  expect(others).toEqual([])
  expect(run).toMatchObject({
    scenario: 'lost-update',
    level: 'repeatable read',
    outcome: 'prevented',
    by: 'abort 40001',
    finally: [{ result: { rows: [['120']] } }],
  })
  const steps = run!['steps'] as { session: string; waitedFor: unknown; error: unknown }[]
  expect(steps.map(({ session }) => session).join('')).toBe('ABABABA')
  expect(steps[5]).toMatchObject({ waitedFor: { holders: ['A'] }, error: { code: '40001' } })
})

test('levels have many names', async () => {
  for (const name of ['READ_COMMITTED', 'read committed', 'rc', 'Read-Committed']) {
    const { out } = await isolde('dirty-read', '--level', name, '--format', 'json')
    expect(JSON.parse(out)).toMatchObject([{ level: 'read committed' }])
  }
})

test.each([
  [['wirte-skew'], 'there is no scenario "wirte-skew"; did you mean "write-skew"?'],
  [
    ['write-skew', '--level', 'serialisable'],
    'there is no isolation level "serialisable"; did you mean "serializable"?',
  ],
  [['write-skew', '--level', 'snapshto'], 'there is no isolation level "snapshto"; did you mean "snapshot"?'],
  [['--level', 'rc'], '--level needs the name of a scenario, or --all'],
  [['write-skew', '--all'], '--all runs every scenario; leave the name away'],
  [['write-skew', 'x'], 'unexpected argument "x"'],
  [['--format', 'xml', '--all'], 'unknown format "xml"; there are text and json'],
  [['--levle', 'x'], "Unknown option '--levle'"],
])('isolde demo %j is refused', async (args, message) => {
  const { code, out, err } = await isolde(...args)
  expect(err).toContain(message)
  expect([code, out]).toEqual([2, ''])
})

describe('a file that cannot be run to its end says why', () => {
  const file = (steps: string): string =>
    `# T\nText.\nsource: S\nsetup\n  CREATE TABLE t (x int);\n  INSERT INTO t VALUES (1);\nsteps\n${steps}\noccurs when\n  A committed\n  because: b\nexpected\n  ru: occurs\n`

  test.each([
    ['A: SELECT y FROM t;', '"SELECT y FROM t" of A failed: 42703'],
    ['A: BEGIN;', 'the transaction of A is still open at the end'],
    [
      'A: BEGIN;\n  A: UPDATE t SET x = 2;\n  B: UPDATE t SET x = 3;',
      'B still waits in "UPDATE t SET x = 3" when the steps are over',
    ],
  ])('%j', async (steps, message) => {
    const scenario = parseScenario('t', file(`  ${steps}`))
    await expect(runScenario(scenario, levels[1]!)).rejects.toThrow(`t at READ COMMITTED: ${message}`)
  })
})

test('a deadlock is solved, and the picture shows both waits', async () => {
  const deadlock = parseScenario(
    'deadlock',
    `# Deadlock
Two transfers lock the same accounts in opposite order.
source: none
setup
  CREATE TABLE t (id int PRIMARY KEY, x int);
  INSERT INTO t VALUES (1, 0), (2, 0);
steps
  A: BEGIN;
  B: BEGIN;
  A: UPDATE t SET x = 1 WHERE id = 1;
  B: UPDATE t SET x = 2 WHERE id = 2;
  A: UPDATE t SET x = 1 WHERE id = 2;
  B: UPDATE t SET x = 2 WHERE id = 1;
  A: COMMIT;
  B: COMMIT;
occurs when
  A committed and B committed
  because: x
expected
  rc: prevented by abort 40P01
`,
  )
  const run = await runScenario(deadlock, levels[1]!)
  expect(run.by).toBe('abort 40P01')
  // The younger one is the victim.
  expect([...run.endings]).toEqual(
    expect.arrayContaining([
      ['A', 'committed'],
      ['B', 'rolled back'],
    ]),
  )
})
