/** READ ONLY DEFERRABLE: the first statement waits for a safe snapshot, and the transaction then never fails. */
import { describe, expect, it } from 'vitest'
import { openSync } from '../../src/index.ts'
import { errorOf, settle } from '../api/fakeEnv.ts'

async function openBank() {
  const db = openSync()
  await db.exec('CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 0), (2, 0)')
  return { db, writer: db.connectSync(), other: db.connectSync(), reader: db.connectSync() }
}

const deferrable = 'BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE'
const sum = 'SELECT sum(v)::int AS sum FROM t'

describe('deferrable', () => {
  it('starts at once where nobody writes serializably', async () => {
    const { writer, reader } = await openBank()
    await writer.exec('BEGIN; UPDATE t SET v = 1 WHERE id = 1')
    await reader.query(deferrable)
    expect((await reader.query(sum)).rows).toEqual([{ sum: 0 }])
    await reader.query('COMMIT')
  })

  it('waits for the writers that were open, and reads the snapshot it waited with', async () => {
    const { db, writer, reader } = await openBank()
    await writer.exec('BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT * FROM t WHERE id = 1')
    await db.query('UPDATE t SET v = 5 WHERE id = 2')
    await reader.query(deferrable)
    const read = reader.query(sum)
    await settle()
    expect(reader.state).toBe('waiting')
    await writer.exec('UPDATE t SET v = 1 WHERE id = 1; COMMIT')
    expect((await read).rows).toEqual([{ sum: 5 }])
    expect(reader.state).toBe('idle')
  })

  it('takes another snapshot when one turns out to be unsafe', async () => {
    const { writer, other, reader } = await openBank()
    // The batch of the read-only anomaly: `writer` reads 2, which `other` changes and commits first.
    await writer.exec('BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT * FROM t WHERE id = 2')
    await other.exec('BEGIN ISOLATION LEVEL SERIALIZABLE; UPDATE t SET v = 10 WHERE id = 2; COMMIT')
    await reader.query(deferrable)
    const read = reader.query(sum)
    await settle()
    expect(reader.state).toBe('waiting')
    await writer.exec('UPDATE t SET v = 1 WHERE id = 1; COMMIT')
    expect((await read).rows).toEqual([{ sum: 11 }])
    await reader.query('COMMIT')
  })

  it('is cancelled like any wait, and refused to a synchronous call', async () => {
    const { db, writer, reader } = await openBank()
    await writer.exec('BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT * FROM t')
    await db.query('UPDATE t SET v = 5 WHERE id = 2')
    await reader.query(deferrable)
    const read = errorOf(reader.query(sum))
    reader.cancel()
    expect(await read).toMatchObject({ code: '57014' })
    await reader.query('ROLLBACK')
    await reader.query(deferrable)
    expect(() => reader.prepare(sum).get()).toThrow(expect.objectContaining({ code: '55P03' }))
    await reader.query('ROLLBACK')
    await writer.query('COMMIT')
  })

  it('is given to transaction() too', async () => {
    const { db } = await openBank()
    const options = { isolation: 'serializable', readOnly: true, deferrable: true } as const
    const { rows } = await db.transaction((tx) => tx.query(sum), options)
    expect(rows).toEqual([{ sum: 0 }])
  })
})
