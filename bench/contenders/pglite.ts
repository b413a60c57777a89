import { PGlite } from '@electric-sql/pglite'
import {
  accountCount,
  item,
  itemCount,
  keyOf,
  payee,
  payer,
  rangeRows,
  rangeStart,
  schema,
  type Contender,
} from '../workload.ts'

const db = await PGlite.create()
await db.exec(schema.items('items', 'INTEGER', 'DOUBLE PRECISION') + schema.accounts('INTEGER'))

const insertItem = 'INSERT INTO items VALUES ($1, $2, $3, $4, $5, $6)'
const select = 'SELECT id, name, price FROM items WHERE id = $1'
const update = 'UPDATE items SET stock = $1 WHERE id = $2'
const range = 'SELECT id, name, price FROM items WHERE rank >= $1 AND rank < $2'
const move = 'UPDATE accounts SET balance = balance + $1 WHERE id = $2'

export const contender: Contender = {
  name: 'PGlite',
  async load() {
    await db.query(`INSERT INTO items SELECT g, (g::bigint * 7919 % 100000)::int, 'item number ' || g, (g % 10000) / 100.0, g % 500,
      CASE WHEN g % 3 = 0 THEN NULL ELSE 'a note about ' || g END FROM generate_series(0, ${String(itemCount - 1)}) g`)
    await db.query(`INSERT INTO accounts SELECT g, 1000 FROM generate_series(0, ${String(accountCount - 1)}) g`)
    await db.exec('ANALYZE')
  },
  loops: {
    'point select': async (count, first) => {
      for (let n = first; n < first + count; n++) await db.query(select, [keyOf(n)])
    },
    'point update': async (count, first) => {
      for (let n = first; n < first + count; n++) await db.query(update, [n % 500, keyOf(n)])
    },
    insert: async (count, first) => {
      for (let n = first; n < first + count; n++) await db.query(insertItem, item(itemCount + n))
    },
    'range of 100': async (count, first) => {
      for (let n = first; n < first + count; n++) {
        const from = rangeStart(n)
        const { rows } = await db.query(range, [from, from + rangeRows])
        if (rows.length !== rangeRows) throw new Error('a range of another size')
      }
    },
    transfer: async (count, first) => {
      for (let n = first; n < first + count; n++) {
        await db.transaction(async (tx) => {
          await tx.query(move, [-1, payer(n)])
          await tx.query(move, [1, payee(n)])
        })
      }
    },
    'bulk insert': async (count) => {
      await db.transaction(async (tx) => {
        for (let id = 0; id < count; id++) await tx.query('INSERT INTO bulk VALUES ($1, $2, $3, $4, $5, $6)', item(id))
      })
    },
    'ad-hoc select': async (count, first) => {
      for (let n = first; n < first + count; n++) {
        await db.query(`SELECT id, name, price FROM items WHERE id = ${String(keyOf(n))}`)
      }
    },
  },
  async beforeBulk() {
    await db.exec('DROP TABLE IF EXISTS bulk;' + schema.items('bulk', 'INTEGER', 'DOUBLE PRECISION'))
  },
  async afterInserts() {
    await db.query('DELETE FROM items WHERE id >= $1', [itemCount])
  },
  value: async (sql) => Object.values((await db.query(sql)).rows[0]!)[0],
}
