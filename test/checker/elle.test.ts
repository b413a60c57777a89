/** Elle's list-append histories: the examples of its paper and manual, and a table of lists that is recorded and exported. */
import { describe, expect, it } from 'vitest'
import { readEdn, writeEdn } from '../../src/checker/elle/edn.ts'
import { check, checkListAppend, openSync } from '../../src/index.ts'
import type { Level } from '../../src/index.ts'

/** Completed transactions, each of a process of its own; `!` fails, `?` is nobody knows. */
const history = (...transactions: string[]): string =>
  transactions
    .map((value, process) => {
      const type = value.startsWith('!') ? 'fail' : value.startsWith('?') ? 'info' : 'ok'
      return `{:type :${type}, :f :txn, :process ${process}, :value ${value.replace(/^[!?]/, '')}}`
    })
    .join('\n')

const anomalies = (source: string, level?: Level): readonly string[] => [...checkListAppend(source, level).anomalies]

describe('EDN', () => {
  it('reads what Jepsen writes', () => {
    const text =
      '#jepsen.history.Op{:index 0, :time 3.5e6, :type :ok, :value [[:r 1 nil] (:append "a\\n" -2)] #_ :no} ; end'
    expect(readEdn(text).map(writeEdn)).toEqual([
      '{:index 0, :time 3500000, :type :ok, :value [[:r 1 nil] [:append "a\\n" -2]]}',
    ])
  })

  it('complains with the line', () => {
    for (const text of ['[1 2', '{:a}', '"abc', '\n ]', '"\\q"']) expect(() => readEdn(text)).toThrow(/line \d/)
    expect(() => readEdn('['.repeat(1000))).toThrow(/deep/)
  })

  it('discards any number of forms, one after the other', () => {
    const many = '#_ #_ 1 2 '.repeat(50_000)
    expect(readEdn(`${many}[${many}3 ${many}]${many}`)).toEqual([[3]])
    for (const text of ['#_', '[#_]', '[#_ 1']) expect(() => readEdn(text)).toThrow(/line 1/)
    expect(() => readEdn('#_ '.repeat(1000))).toThrow(/deep/)
  })
})

describe('list-append', () => {
  it('nothing is wrong with what ran one after the other', () => {
    const verdict = checkListAppend(history('[[:append :x 1]]', '[[:r :x [1]] [:append :x 2]]', '[[:r :x [1 2]]]'))
    expect(verdict.valid).toBe(true)
    expect(verdict.anomalies).toEqual([])
    expect(verdict.verdict.serialOrder).toEqual([1, 2, 3])
  })

  it('refuses a level that is none, and what is no text', () => {
    expect(() => checkListAppend('', 'serialisable' as Level)).toThrow(/option "level": serialisable/)
    for (const source of [null, undefined, 5, []]) {
      expect(() => checkListAppend(source as unknown as string)).toThrow(/EDN is a text/)
    }
  })

  it('an operation without an end may have happened, though its process began another', () => {
    const invoke = '{:type :invoke, :f :txn, :process 0, :value [[:append :x 1]]}'
    expect(anomalies(`${invoke} {:type :invoke, :f :txn, :process 0, :value []} ${history('[[:r :x [1]]]')}`)).toEqual(
      [],
    )
  })

  it('a list may have many elements', () => {
    const elements = Array.from({ length: 20_000 }, (_, i) => i)
    const { valid, verdict } = checkListAppend(
      history(...elements.map((n) => `[[:append :x ${n}]]`), `[[:r :x [${elements.join(' ')}]]]`, '![[:append :x -1]]'),
    )
    expect(valid).toBe(true)
    expect(verdict.serialOrder).toHaveLength(20_001)
  })

  it('G0', () => {
    const source = history(
      '[[:append :x 1] [:append :y 1]]',
      '[[:append :x 2] [:append :y 2]]',
      '[[:r :x [1 2]] [:r :y [2 1]]]',
    )
    expect(anomalies(source)).toContain('G0')
    expect(checkListAppend(source, 'read uncommitted').valid).toBe(false)
  })

  it('G1a: a read of what failed', () => {
    expect(anomalies(history('![[:append :x 1]]', '[[:r :x [1]]]'))).toEqual(['G1a'])
  })

  it('G1b: a read of an intermediate state', () => {
    expect(anomalies(history('[[:append :x 1] [:append :x 2]]', '[[:r :x [1]]]', '[[:r :x [1 2]]]'))).toContain('G1b')
  })

  it('G1c', () => {
    const source = history('[[:append :x 1] [:r :y [1]]]', '[[:append :y 1] [:r :x [1]]]')
    expect(anomalies(source)).toEqual(['G1c'])
    expect(checkListAppend(source, 'read uncommitted').valid).toBe(true)
  })

  it('G-single, the example of the paper (TiDB): reads [2 1] and [2], and both appended', () => {
    const source = history(
      '[[:r :x [1 2]] [:append :y 3]]',
      '[[:append :x 2] [:append :y 2] [:r :y [1 2]]]',
      '[[:append :x 1] [:append :y 1]]',
      '[[:r :x [1]] [:r :y [1 2]]]',
      '[[:r :y [1 2 3]]]',
    )
    expect(anomalies(source)).toEqual(['G-single'])
  })

  it('lost update', () => {
    const source = history('[[:r :x []] [:append :x 1]]', '[[:r :x []] [:append :x 2]]', '[[:r :x [1 2]]]')
    expect(anomalies(source)).toEqual(['lost-update', 'G-single'])
    expect(checkListAppend(source, 'read committed').valid).toBe(true)
    expect(checkListAppend(source, 'snapshot').valid).toBe(false)
  })

  it('G2-item: write skew', () => {
    const source = history('[[:r :x []] [:append :y 1]]', '[[:r :y []] [:append :x 1]]', '[[:r :x [1]] [:r :y [1]]]')
    expect(anomalies(source)).toEqual(['G2-item'])
    expect(checkListAppend(source, 'snapshot').valid).toBe(true)
    expect(checkListAppend(source).valid).toBe(false)
  })

  it('incompatible-order', () => {
    const source = history('[[:append :x 1]]', '[[:append :x 2]]', '[[:r :x [1 2]]]', '[[:r :x [2 1]]]')
    expect(anomalies(source)).toEqual(['incompatible-order'])
  })

  it('duplicate-elements, garbage, internal', () => {
    expect(anomalies(history('[[:append :x 1]]', '[[:r :x [1 1]]]'))).toEqual(['duplicate-elements'])
    expect(anomalies(history('[[:r :x [9]]]'))).toEqual(['garbage'])
    expect(anomalies(history('[[:append :x 1] [:r :x []]]'))).toContain('internal')
    expect(anomalies(history('[[:r :x nil] [:r :x [1]]]', '[[:append :x 1]]'))).not.toContain('garbage')
  })

  it('what nobody knows the fate of counts if it was seen', () => {
    expect(anomalies(history('?[[:append :x 1]]', '[[:r :x [1]]]'))).toEqual([])
    const open = '{:type :invoke, :f :txn, :process 7, :value [[:append :x 1]]}\n'
    expect(checkListAppend(open + history('[[:r :x [1]]]')).verdict.serialOrder).toHaveLength(2)
  })

  it('one vector of operations is the same as one a line', () => {
    const source = history('[[:append :x 1] [:r :y [1]]]', '[[:append :y 1] [:r :x [1]]]')
    expect(anomalies(`[${source}]`)).toEqual(anomalies(source))
  })
})

describe('a table of lists', () => {
  it('is exported so that Elle finds in it what the recording holds', async () => {
    const db = openSync()
    await db.exec(
      "CREATE TABLE lists (id int PRIMARY KEY, elements text NOT NULL); INSERT INTO lists VALUES (1, ''), (2, '')",
    )
    const recording = db.history.record()
    const [a, b] = [db.connectSync(), db.connectSync()]
    const append = (list: number, element: number): string =>
      `UPDATE lists SET elements = CASE WHEN elements = '' THEN '${element}' ELSE elements || ',${element}' END WHERE id = ${list}`
    const read = (list: number): string => `SELECT elements FROM lists WHERE id = ${list}`
    await a.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
    await b.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
    await a.query(read(1))
    await b.query(read(2))
    await a.query(append(2, 1))
    await b.query(append(1, 2))
    await a.query('COMMIT')
    await b.query('COMMIT')
    await a.query(append(1, 3))
    await a.query('BEGIN')
    await a.query(append(1, 4))
    await a.query('ROLLBACK')
    await a.query(read(1))
    await a.query(read(2))
    const recorded = recording.stop()
    await db.close()
    const edn = recorded.toElle({ table: 'lists', key: 'id', elements: 'elements' })
    expect(edn.split('\n')[0]).toBe('{:index 0, :type :invoke, :f :txn, :process 2, :value [[:r 1 nil] [:append 2 1]]}')
    expect(edn).toContain(':type :fail, :f :txn, :process 2, :value [[:append 1 4]]')
    expect(edn).toContain(':value [[:r 1 [2 3]]]')
    expect(anomalies(edn)).toEqual(['G2-item'])
    expect(check(recorded).phenomena.map(({ name }) => name)).toEqual(['G2-item'])
  })

  it('is exported in a time that its size explains', async () => {
    const db = openSync()
    await db.exec("CREATE TABLE lists (id int PRIMARY KEY, elements text NOT NULL); INSERT INTO lists VALUES (1, '0')")
    const recording = db.history.record()
    const set = db.prepare('UPDATE lists SET elements = $1 WHERE id = 1')
    for (let list = '0', n = 1; n < 1000; n++) set.run((list += `,${n}`))
    const edn = recording.stop().toElle({ table: 'lists', key: 'id', elements: 'elements' })
    expect(edn.split('\n').at(-2)).toContain(':value [[:append 1 999]]')
  })
})
