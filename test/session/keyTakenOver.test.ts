/**
 * A snapshot that shows two rows with one unique key: the transaction's own, and the one of a commit behind the snapshot that
 * gave the key up.
 */
import { expect, it } from 'vitest'
import { open } from '../../src/index.ts'

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
