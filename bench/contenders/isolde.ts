/** Isolde by its synchronous interface; `options` say at which level. */
import type { OpenOptions } from '../../src/index.ts'
import { openSync } from '../../src/index.ts'
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

export async function isolde(name: string, options: OpenOptions = {}): Promise<Contender> {
  const db = openSync(undefined, options)
  const session = db.connectSync()
  await db.exec(schema.items('items', 'INTEGER', 'DOUBLE PRECISION') + schema.accounts('INTEGER'))
  const insertItem = session.prepare('INSERT INTO items VALUES ($1, $2, $3, $4, $5, $6)')
  const select = session.prepare('SELECT id, name, price FROM items WHERE id = $1')
  const update = session.prepare('UPDATE items SET stock = $1 WHERE id = $2')
  const range = session.prepare('SELECT id, name, price FROM items WHERE rank >= $1 AND rank < $2')
  const move = session.prepare('UPDATE accounts SET balance = balance + $1 WHERE id = $2')
  return {
    name,
    load() {
      session.transactionSync(() => {
        for (let id = 0; id < itemCount; id++) insertItem.run(...item(id))
        const insertAccount = session.prepare('INSERT INTO accounts VALUES ($1, 1000)')
        for (let id = 0; id < accountCount; id++) insertAccount.run(id)
      })
    },
    loops: {
      'point select': (count, first) => {
        for (let n = first; n < first + count; n++) select.get(keyOf(n))
      },
      'point update': (count, first) => {
        for (let n = first; n < first + count; n++) update.run(n % 500, keyOf(n))
      },
      insert: (count, first) => {
        for (let n = first; n < first + count; n++) {
          const row = item(itemCount + n)
          insertItem.run(row[0], row[1], row[2], row[3], row[4], row[5])
        }
      },
      'range of 100': (count, first) => {
        for (let n = first; n < first + count; n++) {
          const from = rangeStart(n)
          if (range.all(from, from + rangeRows).length !== rangeRows) throw new Error('a range of another size')
        }
      },
      transfer: (count, first) => {
        for (let n = first; n < first + count; n++) {
          session.transactionSync(() => {
            move.run(-1, payer(n))
            move.run(1, payee(n))
          })
        }
      },
      'bulk insert': (count) => {
        const insert = session.prepare('INSERT INTO bulk VALUES ($1, $2, $3, $4, $5, $6)')
        session.transactionSync(() => {
          for (let id = 0; id < count; id++) {
            const row = item(id)
            insert.run(row[0], row[1], row[2], row[3], row[4], row[5])
          }
        })
      },
      'ad-hoc select': (count, first) => {
        for (let n = first; n < first + count; n++) {
          db.prepare(`SELECT id, name, price FROM items WHERE id = ${String(keyOf(n))}`).get()
        }
      },
    },
    async beforeBulk() {
      await db.exec('DROP TABLE IF EXISTS bulk;' + schema.items('bulk', 'INTEGER', 'DOUBLE PRECISION'))
    },
    afterInserts() {
      session.prepare('DELETE FROM items WHERE id >= $1').run(itemCount)
    },
    value: (sql) => Object.values(db.prepare(sql).get() as Record<string, unknown>)[0],
  }
}
