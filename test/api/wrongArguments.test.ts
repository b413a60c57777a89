/** Plain JavaScript has no compiler to tell it: what is of a wrong kind is 22023, named, and leaves everything as it was. */
import { afterAll, describe, expect, it } from 'vitest'
import { openSync } from '../../src/index.ts'

const db = openSync()
await db.exec('CREATE TABLE t (k int PRIMARY KEY); INSERT INTO t VALUES (1)')
afterAll(() => db.close())

/** As it is seen by who has no types. */
type Untyped = Record<string, (...args: unknown[]) => unknown>
const untyped = db as unknown as Untyped
const open = openSync as unknown as (...args: unknown[]) => unknown
const nothing = (): number => 1

const symbol = Symbol('s')
const calls: readonly (readonly [name: string, call: () => unknown, message: string])[] = [
  ['a path', () => open(5), 'path must be a string, not number'],
  ['isolation', () => open(undefined, { isolation: 5 }), 'option "isolation" must be a string, not number'],
  ['method', () => open(undefined, { method: null }), 'option "method" must be a string, not null'],
  ['stepBudget', () => open(undefined, { stepBudget: symbol }), 'invalid value for option "stepBudget": Symbol(s)'],
  ['retention', () => open(undefined, { retention: 1n }), 'invalid value for option "retention": 1'],
  ['memoryLimit', () => open(undefined, { memoryLimit: 'x' }), 'invalid value for option "memoryLimit": x'],
  ['a text', () => untyped['query']!(null), 'the SQL text must be a string, not null'],
  ['a script', () => untyped['exec']!(['SELECT 1']), 'the SQL text must be a string, not object'],
  ['a text to prepare', () => untyped['prepare']!(5), 'the SQL text must be a string, not number'],
  ['parameters', () => untyped['query']!('SELECT $1::int', 5), 'the parameters must be an array, not number'],
  ['no parameters', () => untyped['query']!('SELECT * FROM t', null), 'the parameters must be an array, not null'],
  [
    'rowMode',
    () => untyped['query']!('SELECT 1', [], { rowMode: symbol }),
    'invalid value for option "rowMode": Symbol(s)',
  ],
  ['a body', () => untyped['transaction']!(null), 'the body of a transaction must be a function, not null'],
  [
    'a synchronous body',
    () => untyped['transactionSync']!('x'),
    'the body of a transaction must be a function, not string',
  ],
  [
    'a level',
    () => untyped['transaction']!(nothing, { isolation: 5 }),
    'option "isolation" must be a string, not number',
  ],
  [
    'a method',
    () => untyped['transaction']!(nothing, { method: symbol }),
    'invalid value for option "method": Symbol(s)',
  ],
  [
    'a signal',
    () => untyped['transaction']!(nothing, { signal: {} }),
    'option "signal" must be an AbortSignal, not object',
  ],
  ['retries', () => untyped['transaction']!(nothing, { retries: NaN }), 'invalid value for option "retries": NaN'],
  [
    'a limit',
    () => db.history.record({ limit: symbol as unknown as number }),
    'invalid value for option "limit": Symbol(s)',
  ],
]

describe('of a wrong kind', () => {
  it.each(calls)('%s', async (_, call, message) => {
    await expect((async () => call())()).rejects.toMatchObject({ code: '22023', message })
    expect((await db.query('SELECT k FROM t')).rows).toEqual([{ k: 1 }])
    expect((await db.query('SELECT count(*) AS n FROM isolde_locks')).rows).toEqual([{ n: 0 }])
  })
})
