import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseScenario } from '../../demos/scenario.ts'

const good = `# Dirty read

A reads what B
takes back.

source: Berenson et al. 1995

setup
  CREATE TABLE t (x int);
  INSERT INTO t VALUES (1);

steps
  A: BEGIN;
  B: UPDATE t SET x = 2
     WHERE x = 1;
  A: SELECT x FROM t;   => seen
  A: COMMIT;

finally
  SELECT x FROM t;      => left

occurs when
  seen = 2 and left = 1
  because: it never was

expected
  read-uncommitted: occurs
  snapshot: prevented by abort 40001
`

describe('a scenario file', () => {
  test('becomes data', () => {
    const scenario = parseScenario('x', good)
    expect(scenario.title).toBe('Dirty read')
    expect(scenario.explanation).toBe('A reads what B takes back.')
    expect(scenario.source).toBe('Berenson et al. 1995')
    expect(scenario.setup).toBe('CREATE TABLE t (x int);\nINSERT INTO t VALUES (1);')
    expect(scenario.sessions).toEqual(['A', 'B'])
    expect(scenario.steps).toEqual([
      { session: 'A', sql: 'BEGIN', name: null },
      { session: 'B', sql: 'UPDATE t SET x = 2 WHERE x = 1', name: null },
      { session: 'A', sql: 'SELECT x FROM t', name: 'seen' },
      { session: 'A', sql: 'COMMIT', name: null },
    ])
    expect(scenario.finally).toEqual([{ sql: 'SELECT x FROM t', name: 'left' }])
    expect(scenario.because).toBe('it never was')
    expect([...scenario.expected]).toEqual([
      ['read uncommitted', { outcome: 'occurs', by: null }],
      ['repeatable read', { outcome: 'prevented', by: 'abort 40001' }],
    ])
  })

  test('may have Windows line ends', () => {
    expect(parseScenario('x', good.replaceAll('\n', '\r\n'))).toEqual(parseScenario('x', good))
  })

  const faults: readonly (readonly [why: string, from: string, to: string, message: string])[] = [
    ['no title', '# Dirty read', 'Dirty read', 'x: line 1: a scenario begins with "# " and its title'],
    ['no source', 'source: B', 'by: B', 'x: a line "source: …" is missing'],
    [
      'a missing section',
      'expected\n  read-uncommitted: occurs\n  snapshot: prevented by abort 40001\n',
      '',
      'x: the section "expected" is missing',
    ],
    ['a section twice', 'finally\n', 'steps\n', 'x: line 19: there is a second section "steps"'],
    [
      'a misspelt section',
      'finally\n',
      'final\n',
      'x: line 19: "final" is not a section; the lines of a section are indented',
    ],
    [
      'a step of nobody',
      'A: BEGIN',
      'BEGIN',
      'x: line 13: a step begins with the name of its session, as in "A: BEGIN;"',
    ],
    [
      'a statement without end',
      'SELECT x FROM t;   =>',
      'SELECT x FROM t   =>',
      'x: line 16: a statement ends with ";", then perhaps "=> name"',
    ],
    ['a name twice', '=> left', '=> seen', 'x: two results are named "seen"'],
    ['an unknown result', 'left = 1', 'lift = 1', 'x: line 23: no step is named "lift"'],
    ['an unknown session', 'left = 1', 'C committed', 'x: line 23: there is no session "C"'],
    [
      'half a condition',
      'and left = 1',
      'and',
      `x: line 23: a name, a number or a 'text' was expected, the condition ends there`,
    ],
    ['no comparison', 'left = 1', 'left', 'x: line 23: a comparison (=, <>, <, <=, >, >=) was expected'],
    ['an unknown level', 'snapshot:', 'sometimes:', 'x: line 28: "sometimes" is not an isolation level'],
    ['a level twice', 'snapshot:', 'ru:', 'x: line 28: read uncommitted stands there twice'],
    [
      'an unknown outcome',
      'by abort 40001',
      'by luck',
      'x: line 28: an outcome is "occurs", or "prevented by" and "wait", "snapshot" or "abort 40001"',
    ],
  ]
  test.each(faults)('is refused with %s', (_why, from, to, message) => {
    expect(good).toContain(from)
    expect(() => parseScenario('x', good.replace(from, to))).toThrow(message)
  })
})

test('the example of docs/demos.md is a scenario that is there', () => {
  const root = resolve(import.meta.dirname, '../..')
  const example = /```\n(# [\s\S]*?)```/.exec(readFileSync(join(root, 'docs/demos.md'), 'utf8'))?.[1]
  expect(example).toBe(readFileSync(join(root, 'demos/scenarios/lost-update.demo'), 'utf8'))
})
