/** How statements take turns: the scheduler's picks, exclusive runs, waiting in order. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Database, Scheduler, TaskInfo } from '../../src/index.ts'
import { openSync } from '../../src/index.ts'
import { settle } from '../api/fakeEnv.ts'

let db: Database
let pick: (ready: readonly TaskInfo[]) => number
const scheduler: Scheduler = { pick: (ready) => pick(ready) }

beforeEach(async () => {
  pick = () => 0
  db = openSync(undefined, { stepBudget: 1, scheduler })
  await db.exec('CREATE TABLE t (id int PRIMARY KEY, v int NOT NULL)')
  await db.exec(`INSERT INTO t VALUES ${Array.from({ length: 20 }, (_, i) => `(${i}, 0)`).join(', ')}`)
})
afterEach(() => db.close())

/** The sessions of three equal reads in the order in which they end. */
async function endings(): Promise<number[]> {
  const order: number[] = []
  const read = async (n: number) => {
    await db.query('SELECT sum(v) FROM t')
    order.push(n)
  }
  await Promise.all([0, 1, 2].map(read))
  return order
}

describe('the scheduler', () => {
  it('is asked which statement steps next', async () => {
    expect(await endings()).toEqual([0, 1, 2])
    pick = (ready) => ready.length - 1
    // The newest runs to its end before the one before it steps again.
    expect(await endings()).toEqual([2, 1, 0])
  })

  it('is told session and text, in the order of arrival, and never an empty queue', async () => {
    const seen: TaskInfo[][] = []
    pick = (ready) => {
      seen.push(ready.map(({ session, sql }) => ({ session, sql })))
      return 0
    }
    const [a, b] = [db.connectSync(), db.connectSync()]
    await Promise.all([a.query('SELECT sum(v) FROM t'), b.query('SELECT sum(id) FROM t')])
    expect(seen.every((ready) => ready.length > 0)).toBe(true)
    expect(seen[0]).toEqual([
      { session: a.id, sql: 'SELECT sum(v) FROM t' },
      { session: b.id, sql: 'SELECT sum(id) FROM t' },
    ])
  })

  it('the same picks give the same run', async () => {
    const run = async () => {
      const own = openSync(undefined, {
        stepBudget: 1,
        scheduler: { pick: (ready) => (ready.length * 7 + 3) % ready.length },
      })
      const events: string[] = []
      await own.exec('CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 0), (2, 0), (3, 0)')
      own.trace.listen((event) => events.push(JSON.stringify(event)))
      await Promise.all([
        own.query('UPDATE t SET v = v + 1'),
        own.query('UPDATE t SET v = v * 2'),
        own.query('SELECT * FROM t'),
        own.query('DELETE FROM t WHERE v = 1'),
      ])
      await own.close()
      return events
    }
    const first = await run()
    expect(first.length).toBeGreaterThan(10)
    expect(await run()).toEqual(first)
  })
})

describe('statements that chase each other', () => {
  it('all end, and no increment is lost, whatever the scheduler picks', async () => {
    for (const rule of [
      () => 0,
      (ready: readonly TaskInfo[]) => ready.length - 1,
      (ready: readonly TaskInfo[]) => ready.length >> 1,
    ]) {
      pick = rule
      await db.query('UPDATE t SET v = 0')
      await Promise.all([
        db.query('UPDATE t SET v = v + 1'),
        db.query('UPDATE t SET v = v + 1 WHERE id >= 0'),
        db.query('UPDATE t SET v = v + 1 WHERE v >= 0'),
        ...Array.from({ length: 20 }, (_, id) => db.query('UPDATE t SET v = v + 1 WHERE id = $1', [19 - id])),
      ])
      expect((await db.query('SELECT min(v) AS least, max(v) AS most FROM t')).rows).toEqual([{ least: 4, most: 4 }])
    }
  })

  it('a reader sees no half of a statement, while writers run', async () => {
    const sums = Promise.all(Array.from({ length: 10 }, () => db.query<{ s: number }>('SELECT sum(v) AS s FROM t')))
    const writes = Promise.all([db.query('UPDATE t SET v = v + 1'), db.query('UPDATE t SET v = v + 1')])
    const more = Promise.all(Array.from({ length: 10 }, () => db.query<{ s: number }>('SELECT sum(v) AS s FROM t')))
    await writes
    for (const { rows } of [...(await sums), ...(await more)]) expect([0, 20, 40]).toContain(rows[0]?.s)
  })

  it('in an exclusive run writers hold back and readers read on', async () => {
    const [holder, writer, other] = [db.connectSync(), db.connectSync(), db.connectSync()]
    await holder.query('BEGIN')
    await holder.query('UPDATE t SET v = 5 WHERE id = 19')
    const update = writer.query('UPDATE t SET v = v + 1')
    await settle()
    expect(writer.state).toBe('waiting')
    let reads = 0
    const commit = holder.query('COMMIT')
    const second = other.query('UPDATE t SET v = v * 10 WHERE id = 0')
    const read = db.query('SELECT sum(v) FROM t').then(() => reads++)
    await Promise.all([commit, update, second, read])
    expect(reads).toBe(1)
    expect((await db.query('SELECT v FROM t WHERE id IN (0, 19) ORDER BY id')).rows).toEqual([
      { v: expect.any(Number) },
      { v: 6 },
    ])
    expect([1, 10]).toContain((await db.query<{ v: number }>('SELECT v FROM t WHERE id = 0')).rows[0]?.v)
  })
})

describe('waiting', () => {
  it('is first come, first served', async () => {
    const holder = db.connectSync()
    await holder.query('BEGIN')
    await holder.query('UPDATE t SET v = 1 WHERE id = 0')
    const order: number[] = []
    const waiting = [1, 2, 3, 4].map((n) =>
      db.query('UPDATE t SET v = v * 10 + $1 WHERE id = 0', [n]).then(() => order.push(n)),
    )
    await settle()
    await holder.query('COMMIT')
    await Promise.all(waiting)
    expect(order).toEqual([1, 2, 3, 4])
    expect((await db.query('SELECT v FROM t WHERE id = 0')).rows).toEqual([{ v: 11234 }])
  })

  it('one that is cancelled leaves the others in their order', async () => {
    const holder = db.connectSync()
    await holder.query('BEGIN')
    await holder.query('UPDATE t SET v = 1 WHERE id = 0')
    const controller = new AbortController()
    const first = db.query('UPDATE t SET v = v * 10 + 2 WHERE id = 0', [], { signal: controller.signal })
    const second = db.query('UPDATE t SET v = v * 10 + 3 WHERE id = 0')
    await settle()
    controller.abort()
    await expect(first).rejects.toMatchObject({ code: '57014' })
    await holder.query('COMMIT')
    await second
    expect((await db.query('SELECT v FROM t WHERE id = 0')).rows).toEqual([{ v: 13 }])
  })
})
