/** Recordings of the well-known schedules name exactly the phenomena that they show. */
import { describe, expect, it } from 'vitest'
import type { Database, History, IsolationName, PhenomenonName, Session } from '../../src/index.ts'
import { check, DatabaseError, History as HistoryForm, openSync } from '../../src/index.ts'

/** `a: sql` steps of sessions named by letters; an error ends its session's transaction, and is no failure. */
async function record(steps: string, isolation: IsolationName, setup = accounts): Promise<History> {
  const db = openSync()
  await db.exec(setup)
  const recording = db.history.record()
  await perform(db, steps, isolation)
  const history = recording.stop()
  await db.close()
  return history
}

async function perform(db: Database, steps: string, isolation: IsolationName): Promise<void> {
  const sessions = new Map<string, Session>()
  const running: Promise<unknown>[] = []
  for (const step of steps.trim().split('\n')) {
    const [name = '', sql = ''] = step.trim().split(/:\s*/)
    let session = sessions.get(name)
    if (session === undefined) {
      session = db.connectSync()
      sessions.set(name, session)
      await session.query(`BEGIN ISOLATION LEVEL ${isolation.toUpperCase()}`)
    }
    const call = session.query(sql).catch((error: unknown) => {
      if (!(error instanceof DatabaseError)) throw error
    })
    running.push(call)
    do await new Promise((resolve) => setImmediate(resolve))
    while (session.state === 'active')
  }
  await Promise.all(running)
  for (const session of sessions.values()) session.close()
}

/** What a transaction read: objects and versions, in order. */
const readsOf = (history: History, transaction: number | undefined): (readonly [string, number])[] =>
  history.events.flatMap((event) =>
    event.kind === 'read' && event.transaction === transaction ? [[event.object, event.version] as const] : [],
  )

const accounts = `CREATE TABLE account (id int PRIMARY KEY, balance int NOT NULL);
  INSERT INTO account VALUES (1, 100), (2, 100)`

const schedules = {
  'dirty read': `
    a: UPDATE account SET balance = 0 WHERE id = 1
    b: SELECT balance FROM account WHERE id = 1
    a: ROLLBACK
    b: COMMIT`,
  'intermediate read': `
    a: UPDATE account SET balance = 0 WHERE id = 1
    b: SELECT balance FROM account WHERE id = 1
    a: UPDATE account SET balance = 50 WHERE id = 1
    a: COMMIT
    b: COMMIT`,
  'circular information flow': `
    a: UPDATE account SET balance = 1 WHERE id = 1
    b: UPDATE account SET balance = 2 WHERE id = 2
    a: SELECT balance FROM account WHERE id = 2
    b: SELECT balance FROM account WHERE id = 1
    a: COMMIT
    b: COMMIT`,
  'lost update': `
    a: SELECT balance FROM account WHERE id = 1
    b: SELECT balance FROM account WHERE id = 1
    a: UPDATE account SET balance = 110 WHERE id = 1
    a: COMMIT
    b: UPDATE account SET balance = 120 WHERE id = 1
    b: COMMIT`,
  'read skew': `
    a: SELECT balance FROM account WHERE id = 1
    b: UPDATE account SET balance = 90 WHERE id = 1
    b: UPDATE account SET balance = 110 WHERE id = 2
    b: COMMIT
    a: SELECT balance FROM account WHERE id = 2
    a: COMMIT`,
  phantom: `
    a: SELECT count(*) FROM account WHERE balance > 50
    b: INSERT INTO account VALUES (3, 70)
    b: COMMIT
    a: SELECT count(*) FROM account WHERE balance > 50
    a: COMMIT`,
  'no phantom': `
    a: SELECT count(*) FROM account WHERE balance > 50
    b: INSERT INTO account VALUES (3, 7)
    b: COMMIT
    a: SELECT count(*) FROM account WHERE balance > 50
    a: COMMIT`,
  'write skew': `
    a: SELECT balance FROM account WHERE id IN (1, 2)
    b: SELECT balance FROM account WHERE id IN (1, 2)
    a: UPDATE account SET balance = -100 WHERE id = 1
    b: UPDATE account SET balance = -100 WHERE id = 2
    a: COMMIT
    b: COMMIT`,
  'phantom write skew': `
    a: SELECT count(*) FROM account WHERE balance > 1000
    b: SELECT count(*) FROM account WHERE balance > 1000
    a: INSERT INTO account VALUES (3, 2000)
    b: INSERT INTO account VALUES (4, 2000)
    a: COMMIT
    b: COMMIT`,
  'read-only anomaly': `
    b: SELECT balance FROM account WHERE id = 1
    b: SELECT balance FROM account WHERE id = 2
    a: UPDATE account SET balance = 120 WHERE id = 2
    a: COMMIT
    c: SELECT balance FROM account WHERE id = 1
    c: SELECT balance FROM account WHERE id = 2
    c: COMMIT
    b: UPDATE account SET balance = 89 WHERE id = 1
    b: COMMIT`,
} as const

type ScheduleName = keyof typeof schedules

const expected: readonly (readonly [ScheduleName, IsolationName, readonly PhenomenonName[]])[] = [
  ['dirty read', 'read uncommitted', ['G1a']],
  ['dirty read', 'read committed', []],
  ['intermediate read', 'read uncommitted', ['G1b', 'G-single']],
  ['intermediate read', 'read committed', []],
  ['circular information flow', 'read uncommitted', ['G1c']],
  ['circular information flow', 'read committed', ['G2-item']],
  ['lost update', 'read uncommitted', ['P4']],
  ['lost update', 'read committed', ['P4']],
  ['lost update', 'snapshot', []],
  ['read skew', 'read uncommitted', ['G-single']],
  ['read skew', 'read committed', ['G-single']],
  ['read skew', 'snapshot', []],
  ['phantom', 'read committed', ['PMP']],
  ['phantom', 'snapshot', []],
  ['no phantom', 'read committed', []],
  ['write skew', 'read committed', ['G2-item']],
  ['write skew', 'snapshot', ['G2-item']],
  ['phantom write skew', 'snapshot', ['G2']],
  ['read-only anomaly', 'snapshot', ['G2-item']],
]

describe('recordings of well-known schedules', () => {
  for (const [name, isolation, phenomena] of expected) {
    it(`${name} at ${isolation}: ${phenomena.join(', ') || 'nothing'}`, async () => {
      const verdict = check(await record(schedules[name], isolation))
      expect(verdict.phenomena.map(({ name }) => name)).toEqual(phenomena)
      expect(verdict.violations).toEqual([])
    })
  }
})

describe('a recording', () => {
  it('names the statements behind a conflict', async () => {
    const [phenomenon] = check(await record(schedules['lost update'], 'read committed')).phenomena
    expect(
      phenomenon?.conflicts.map(({ kind, fromStatement, toStatement }) => [kind, fromStatement?.sql, toStatement?.sql]),
    ).toEqual([
      ['rw', 'SELECT balance FROM account WHERE id = 1', 'UPDATE account SET balance = 110 WHERE id = 1'],
      ['ww', 'UPDATE account SET balance = 110 WHERE id = 1', 'UPDATE account SET balance = 120 WHERE id = 1'],
    ])
  })

  it('goes through JSON and back', async () => {
    const history = await record(schedules['phantom write skew'], 'snapshot')
    const copy = HistoryForm.fromJSON(JSON.stringify(history))
    expect(copy).toEqual(history)
    expect(check(JSON.stringify(history)).describe()).toBe(check(history).describe())
  })

  it('drops what an abandoned run read, and keeps the last', async () => {
    const history = await record(
      `
      a: UPDATE account SET balance = 1 WHERE id = 1
      b: UPDATE account SET balance = balance + 1 WHERE balance < 1000
      a: COMMIT
      b: COMMIT`,
      'read committed',
    )
    const [, b] = history.transactions
    expect(readsOf(history, b?.id)).toEqual([
      ['account/0', 1],
      ['account/1', 0],
    ])
    expect(check(history).phenomena).toEqual([])
  })

  it('finds who changed what a predicate matches, though an abandoned run had written the same before', async () => {
    const history = await record(
      `
      reader: SELECT id FROM account WHERE balance = 0
      writer: SELECT balance FROM account WHERE id = 3
      other: INSERT INTO account VALUES (4, 100, 12)
      writer: UPDATE account SET balance = 0, code = code + 10 WHERE id <= 2
      other: ROLLBACK
      writer: COMMIT
      reader: UPDATE account SET balance = 1 WHERE id = 3
      reader: COMMIT`,
      'snapshot',
      `CREATE TABLE account (id int PRIMARY KEY, balance int NOT NULL, code int UNIQUE);
        INSERT INTO account VALUES (1, 100, 1), (2, 100, 2), (3, 100, 3)`,
    )
    const [reader, writer] = history.transactions
    const written = history.events.flatMap((event) =>
      event.kind === 'write' && event.transaction === writer?.id ? [[event.object, event.version]] : [],
    )
    // The first versions are the abandoned run's, which waited for the code 12.
    expect(written).toEqual([
      ['account/0', 2],
      ['account/1', 2],
    ])
    const { phenomena } = check(history)
    expect(phenomena.map(({ name }) => name)).toEqual(['G2'])
    expect(phenomena[0]?.transactions).toEqual(expect.arrayContaining([reader?.id, writer?.id]))
  })

  it('marks what a transaction took back', async () => {
    const history = await record(
      `
      a: SAVEPOINT s
      a: UPDATE account SET balance = 1 WHERE id = 1
      a: ROLLBACK TO s
      a: SELECT balance FROM account WHERE id = 1
      a: UPDATE account SET balance = 2 WHERE id = 1
      a: COMMIT`,
      'read committed',
    )
    const writes = history.events.filter((event) => event.kind === 'write')
    expect(writes.map(({ version, undone }) => [version, undone ?? false])).toEqual([
      [1, true],
      [2, false],
    ])
    const reads = history.events.filter((event) => event.kind === 'read')
    expect(reads.map(({ version }) => version)).toEqual([0, 0, 0])
  })

  it('holds both rows that a look-up finds by a key which its transaction has taken over', async () => {
    const steps = (query: string): string => `
      a: DELETE FROM account WHERE id = 1
      b: INSERT INTO account VALUES (1, 50)
      a: COMMIT
      b: ${query}
      b: COMMIT`
    for (const query of ['SELECT * FROM account WHERE id = 1', 'SELECT * FROM account WHERE id < 2']) {
      const history = await record(steps(query), 'snapshot')
      const [, b] = history.transactions
      expect(readsOf(history, b?.id)).toEqual([
        ['account/0', 0],
        // The run that had to wait had begun row 2.
        ['account/3', 1],
      ])
      expect(check(history).violations).toEqual([])
    }
  })

  it('keeps what each statement of a deferrable transaction read', async () => {
    const history = await record(
      `
      writer: UPDATE account SET balance = 1 WHERE id = 1
      reader: SET TRANSACTION READ ONLY DEFERRABLE
      reader: SELECT balance FROM account WHERE id = 1
      reader: SELECT balance FROM account WHERE id = 2
      reader: COMMIT
      writer: COMMIT`,
      'serializable',
    )
    const reads = history.events.filter((event) => event.kind === 'read' && event.transaction === 4)
    expect(reads.map((read) => 'object' in read && read.object)).toEqual(['account/0', 'account/1'])
    expect(check(history).serialOrder).toEqual([4, 2])
  })

  it('is one at a time, and bounded', async () => {
    const db = openSync()
    await db.exec(accounts)
    for (const limit of [0, -1, NaN]) {
      expect(() => db.history.record({ limit })).toThrow(expect.objectContaining({ code: '22023' }))
    }
    const recording = db.history.record({ limit: 3 })
    expect(() => db.history.record()).toThrow(expect.objectContaining({ code: '55006' }))
    await db.query('SELECT * FROM account')
    await db.query('SELECT * FROM account')
    expect(() => recording.stop()).toThrow(expect.objectContaining({ code: '54000' }))
    const second = db.history.record()
    await db.query('SELECT * FROM account')
    expect(check(second.stop()).ok).toBe(true)
    await db.close()
  })
})

it.each(['2pl', 'serial'] as const)('a reference checked under %s comes behind the key it found', async (method) => {
  const db = openSync()
  await db.exec('CREATE TABLE t (k int PRIMARY KEY); CREATE TABLE c (id int PRIMARY KEY, t int REFERENCES t)')
  await db.exec('INSERT INTO t VALUES (3)')
  const recording = db.history.record()
  const reader = await db.connect()
  await reader.query('BEGIN ISOLATION LEVEL SERIALIZABLE')
  await reader.query('SELECT k FROM t')
  await db.transaction((tx) => tx.query('UPDATE t SET k = 4'), { isolation: 'serializable' })
  await db.transaction((tx) => tx.query('INSERT INTO c VALUES (5, 4)'), { method })
  await reader.query('COMMIT')
  const history = recording.stop()
  const ids = history.transactions.map(({ id }) => id)
  const [first, update, insert] = ids
  expect(check(history).serialOrder).toEqual([first, update, insert])
})
