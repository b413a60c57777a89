/** A COMMIT in the middle of a text, on a disk that takes its time; and a log that fails while others wait. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { Database, QueryResult, Session } from '../../src/index.ts'
import { open } from '../../src/index.ts'
import { errorOf, settle } from '../api/fakeEnv.ts'
import { Disk } from '../simulation/disk.ts'
import { SimulatedEnv } from '../simulation/env.ts'

const disk = { held: [] as (() => void)[], slow: false }
let db: Database
let session: Session

beforeEach(async () => {
  disk.held = []
  disk.slow = false
  const deliver = (complete: () => void): void => {
    if (disk.slow) disk.held.push(complete)
    else setImmediate(complete)
  }
  db = await open('db', { env: new SimulatedEnv(new Disk(), { seed: 1, deliver }) })
  await db.exec('CREATE TABLE t (id int PRIMARY KEY)')
  session = await db.connect()
})

function syncsEnd(): void {
  disk.slow = false
  for (const complete of disk.held.splice(0)) complete()
}

const ids = async () => (await db.query('SELECT id FROM t ORDER BY id', [], { rowMode: 'array' })).rows.flat()
const twoTransactions = 'BEGIN; INSERT INTO t VALUES (1); COMMIT; BEGIN; INSERT INTO t VALUES (2)'

describe('a COMMIT in the middle of a text', () => {
  it('is followed by what the text says behind it', async () => {
    const results = await session.exec(`${twoTransactions}; COMMIT; INSERT INTO t VALUES (3)`)
    expect(results.map(({ command }: QueryResult) => command)).toEqual([
      'BEGIN',
      'INSERT',
      'COMMIT',
      'BEGIN',
      'INSERT',
      'COMMIT',
      'INSERT',
    ])
    expect(await ids()).toEqual([1, 2, 3])
  })

  it('stands when the call is cancelled meanwhile; what comes behind it does not run', async () => {
    disk.slow = true
    const controller = new AbortController()
    const call = session.exec(twoTransactions, { signal: controller.signal })
    await settle()
    controller.abort()
    syncsEnd()
    const error = await errorOf(call)
    expect(error).toMatchObject({ code: '57014' })
    expect((error['results'] as QueryResult[]).map(({ command }) => command)).toEqual(['BEGIN', 'INSERT', 'COMMIT'])
    expect(session.transactionStatus).toBe('idle')
    expect(await ids()).toEqual([1])
  })

  it('leaves nothing open behind a session that was closed meanwhile', async () => {
    disk.slow = true
    const call = session.exec(twoTransactions)
    await settle()
    session.close()
    syncsEnd()
    expect(await errorOf(call)).toMatchObject({ code: '08003' })
    await db.query('DROP TABLE t')
  })
})

describe('a log that fails', () => {
  /** A database whose next sync behind `setUp` fails. */
  async function failsAtNextSync(setUp: string): Promise<Database> {
    const trial = new SimulatedEnv(new Disk(), { seed: 1 })
    const first = await open('db', { env: trial })
    await first.exec(setUp)
    const before = trial.operations.length
    await first.query('INSERT INTO t VALUES (-1, 0)')
    const at = trial.operations.findIndex((name, index) => index >= before && name.startsWith('sync')) + 1
    const failing = await open('db', {
      env: new SimulatedEnv(new Disk(), { seed: 1, fault: { at, kind: 'EIO', fate: 'lost' } }),
    })
    await failing.exec(setUp)
    return failing
  }

  it('ends the waits for transactions whose fate is unknown, and refuses the commits to come', async () => {
    db = await failsAtNextSync('CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 0), (2, 0)')
    const [a, b, c, d] = [await db.connect(), await db.connect(), await db.connect(), await db.connect()]
    await c.query('BEGIN')
    await d.exec('BEGIN; INSERT INTO t VALUES (3, 0)')
    const commit = errorOf(a.query('UPDATE t SET v = 1 WHERE id = 1'))
    const waiting = errorOf(b.query('UPDATE t SET v = 2 WHERE id = 1'))
    expect(await commit).toMatchObject({ code: '08007' })
    expect(await waiting).toMatchObject({ code: '58030' })
    // Waiting for what is locked for ever would never end; and what commits now has certainly not happened.
    expect(await errorOf(c.query('UPDATE t SET v = 3 WHERE id = 1'))).toMatchObject({ code: '58030' })
    expect(await errorOf(d.query('COMMIT'))).toMatchObject({ code: '58030' })
    expect(d.transactionStatus).toBe('idle')
  })
})
