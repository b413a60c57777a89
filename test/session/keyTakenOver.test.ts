/**
 * Two rows with one unique key. A snapshot shows them: the transaction's own, and the one of a commit behind the snapshot that
 * gave the key up. So does READ UNCOMMITTED for a moment, in the midst of a statement.
 */
import { expect, it } from 'vitest'
import { open, openSync } from '../../src/index.ts'

it('who looks up a key that it has taken over itself has passed over the row that had it', async () => {
  const db = await open()
  await db.exec(`
    CREATE TABLE t (k int PRIMARY KEY, v int);
    INSERT INTO t VALUES (1, 10), (2, 20);
    CREATE TABLE other (k int PRIMARY KEY)`)
  const [a, b] = [await db.connect(), await db.connect()]
  await a.query('BEGIN ISOLATION LEVEL SERIALIZABLE')
  await a.query('SELECT k FROM other WHERE k = 1')
  await b.query('BEGIN ISOLATION LEVEL SERIALIZABLE')
  // B comes before A …
  await b.query('SELECT v FROM t WHERE k = 1')
  await b.query('DELETE FROM t WHERE k = 2')
  await b.query('COMMIT')
  await a.query('UPDATE t SET k = 2 WHERE k = 1')
  // … and A, which still sees the row that B has deleted, before B.
  await expect(a.query('SELECT v FROM t WHERE k = 2')).rejects.toMatchObject({ code: '40001' })
  await db.close()
})

it('READ UNCOMMITTED looks up what it finds by a scan, in the midst of a statement that moves keys', async () => {
  const db = openSync(undefined, { stepBudget: 1 })
  const rows = Array.from({ length: 2000 }, (_, i) => `(${i}, ${i})`)
  await db.exec(`CREATE TABLE t (k int PRIMARY KEY, v int); INSERT INTO t VALUES ${rows.join()}`)
  const reader = await db.connect()
  await reader.query('BEGIN ISOLATION LEVEL READ UNCOMMITTED')
  const twice = reader.prepare<{ k: number }>('SELECT k FROM t GROUP BY k HAVING count(*) > 1')
  const byIndex = reader.prepare('SELECT v FROM t WHERE k = $1 ORDER BY v')
  let met = 0
  let running = true
  const moving = db.query('UPDATE t SET k = k + 1').finally(() => (running = false))
  while (running) {
    await new Promise((resolve) => setImmediate(resolve))
    for (const { k } of twice.all()) {
      expect(byIndex.all(k)).toEqual([{ v: k - 1 }, { v: k }])
      met++
    }
  }
  await moving
  expect(met).toBeGreaterThan(0)
  await db.close()
})

it('under 2PL who has found its row by a key waits for nobody who had the key once, recorded or not', async () => {
  for (const recorded of [false, true]) {
    const db = openSync()
    await db.exec('CREATE TABLE t (k int PRIMARY KEY, v int); INSERT INTO t VALUES (3, 0), (1, 0)')
    if (recorded) db.history.record()
    const [old, writer, reader] = [await db.connect(), await db.connect(), await db.connect()]
    await old.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
    await old.query('SELECT * FROM t')
    await db.query('UPDATE t SET k = 5 WHERE k = 1')
    await writer.query('BEGIN')
    await writer.query('UPDATE t SET v = 1 WHERE k = 5')
    await reader.query('BEGIN ISOLATION LEVEL SERIALIZABLE USING 2PL')
    await reader.query('UPDATE t SET k = 1 WHERE k = 3')
    expect(reader.prepare('SELECT * FROM t WHERE k = 1').all()).toEqual([{ k: 1, v: 0 }])
    await db.close()
  }
})
