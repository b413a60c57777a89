/** Foreign keys are in the log: what a reopened database refuses and does is what it refused and did. */
import { expect, test } from 'vitest'
import { Database } from '../../src/session/database.ts'
import { openEngine } from '../../src/session/open.ts'
import { Disk } from '../simulation/disk.ts'
import { SimulatedEnv } from '../simulation/env.ts'

const code = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no error',
    (error: unknown) => (error as { code?: string }).code,
  )

test('constraints, their actions and what was dropped survive', async () => {
  const disk = new Disk()
  const reopen = (): Database => new Database(openEngine(new SimulatedEnv(disk, { seed: 1 }), 'db', {}))
  let db = reopen()
  await db.exec(`
    CREATE TABLE p (id int PRIMARY KEY);
    CREATE TABLE q (id int PRIMARY KEY);
    CREATE TABLE c (id int PRIMARY KEY, p int REFERENCES p ON DELETE CASCADE, q int REFERENCES q, up int REFERENCES c);
    INSERT INTO p VALUES (1), (2);
    INSERT INTO q VALUES (1);
    INSERT INTO c VALUES (1, 1, 1, NULL), (2, 2, 1, 1)`)
  await db.exec('BEGIN; DROP TABLE q CASCADE; ROLLBACK')
  await db.close()

  db = reopen()
  expect(await code(db.query('INSERT INTO c VALUES (3, 9, 1, 1)'))).toBe('23503')
  expect(await code(db.query('DELETE FROM q'))).toBe('23503')
  expect(await code(db.query('DELETE FROM p WHERE id = 1'))).toBe('23503')
  expect(await code(db.query('DROP TABLE q'))).toBe('2BP01')
  await db.exec('DELETE FROM p WHERE id = 2; DROP TABLE q CASCADE')
  await db.close()

  db = reopen()
  expect((await db.query('SELECT * FROM c')).rows).toEqual([{ id: 1, p: 1, q: 1, up: null }])
  expect(await code(db.query('INSERT INTO c VALUES (3, 1, 7, 1)'))).toBe('no error')
  expect(await code(db.query('INSERT INTO c VALUES (4, 1, 7, 9)'))).toBe('23503')
  expect((await db.query('DELETE FROM p')).rowCount).toBe(1)
  expect((await db.query('SELECT * FROM c')).rows).toEqual([])
  await db.close()
})
