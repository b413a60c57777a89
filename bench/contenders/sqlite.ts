/** The two SQLite contenders have one interface, but each its own copy of the loops: see workload.ts on call sites. */
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

export interface SqliteStatement {
  get(...parameters: (string | number | null)[]): unknown
  all(...parameters: (string | number | null)[]): readonly unknown[]
  run(...parameters: (string | number | null)[]): unknown
}

export interface SqliteDatabase {
  prepare(sql: string): SqliteStatement
  exec(sql: string): void
}

/** `transaction` is the library's own wrapper where it has one; else BEGIN and COMMIT, prepared. */
export function sqlite(
  name: string,
  db: SqliteDatabase,
  transaction: (body: (...values: number[]) => void) => (...values: number[]) => void,
): Contender {
  db.exec(schema.items('items', 'INTEGER', 'REAL') + schema.accounts('INTEGER'))
  const insertItem = db.prepare('INSERT INTO items VALUES (?, ?, ?, ?, ?, ?)')
  const select = db.prepare('SELECT id, name, price FROM items WHERE id = ?')
  const update = db.prepare('UPDATE items SET stock = ? WHERE id = ?')
  const range = db.prepare('SELECT id, name, price FROM items WHERE rank >= ? AND rank < ?')
  const move = db.prepare('UPDATE accounts SET balance = balance + ? WHERE id = ?')
  const transfer = transaction((from, to, amount) => {
    move.run(-amount, from)
    move.run(amount, to)
  })
  return {
    name,
    load() {
      db.exec('BEGIN')
      for (let id = 0; id < itemCount; id++) insertItem.run(...item(id))
      const insertAccount = db.prepare('INSERT INTO accounts VALUES (?, 1000)')
      for (let id = 0; id < accountCount; id++) insertAccount.run(id)
      db.exec('COMMIT')
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
        for (let n = first; n < first + count; n++) transfer(payer(n), payee(n), 1)
      },
      'bulk insert': (count) => {
        const insert = db.prepare('INSERT INTO bulk VALUES (?, ?, ?, ?, ?, ?)')
        db.exec('BEGIN')
        for (let id = 0; id < count; id++) {
          const row = item(id)
          insert.run(row[0], row[1], row[2], row[3], row[4], row[5])
        }
        db.exec('COMMIT')
      },
      'ad-hoc select': (count, first) => {
        for (let n = first; n < first + count; n++) {
          db.prepare(`SELECT id, name, price FROM items WHERE id = ${String(keyOf(n))}`).get()
        }
      },
    },
    beforeBulk() {
      db.exec('DROP TABLE IF EXISTS bulk;' + schema.items('bulk', 'INTEGER', 'REAL'))
    },
    afterInserts() {
      db.exec(`DELETE FROM items WHERE id >= ${String(itemCount)}`)
    },
    value: (sql) => Object.values(db.prepare(sql).get() as Record<string, unknown>)[0],
  }
}
