/**
 * The nine anomalies that random search finds by itself: what people may do in each story, and by which phenomenon of the
 * checker it is recognized. Nothing here says in which order anything happens.
 */
import type { Phenomenon, Verdict } from '../../../src/index.ts'
import { check, History } from '../../../src/index.ts'

/** One thing that a person may do at any time. The first ones of a story are its simplest. */
export interface Act {
  readonly kind: 'read' | 'write' | 'commit' | 'rollback'
  /** `:new` is a number that no other act of the schedule has. */
  readonly sql: string
  /** It writes back what was computed from that read of its own transaction: without the read there is nothing to write. */
  readonly after?: string
}

export interface Anomaly {
  /** The demo that tells the same story. */
  readonly name: string
  readonly title: string
  /** The strongest level that lets it through, and the next one, which does not. */
  readonly level: string
  readonly stoppedAt: string
  readonly people: number
  readonly setup: string
  readonly acts: readonly Act[]
  readonly finally: readonly string[]
  /** What went wrong, whoever did it. */
  readonly because: string
  readonly recognize: (verdict: Verdict, history: History) => Phenomenon | null
  /** How small it is when nothing can be left out. */
  readonly minimal: { readonly transactions: number; readonly reads: number; readonly writes: number }
}

const read = (sql: string): Act => ({ kind: 'read', sql })
const write = (sql: string, after?: string): Act => ({ kind: 'write', sql, ...(after === undefined ? {} : { after }) })
const commit: Act = { kind: 'commit', sql: 'COMMIT' }
const rollback: Act = { kind: 'rollback', sql: 'ROLLBACK' }

type Name = Phenomenon['name']
const named = (verdict: Verdict, ...names: Name[]): Phenomenon | null =>
  verdict.phenomena.find(({ name }) => names.includes(name)) ?? null

const objects = ({ conflicts }: Phenomenon): number => new Set(conflicts.map(({ object }) => object)).size

const accounts = `CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL);
  INSERT INTO accounts VALUES (1, 100), (2, 100);`
const balanceOf = (id: number): string => `SELECT balance FROM accounts WHERE id = ${id}`

const onCall = 'SELECT count(*) FROM doctors WHERE on_call'
const meetingsAt = (hour: number): string => `SELECT count(*) FROM meetings WHERE room = 1 AND hour = ${hour}`
const wealth = 'SELECT sum(balance) FROM accounts'

export const dirtyWrite: Anomaly = {
  name: 'dirty-write',
  title: 'Dirty write',
  level: 'read uncommitted',
  stoppedAt: 'read uncommitted',
  people: 2,
  setup: `CREATE TABLE listings (car int PRIMARY KEY, changes int NOT NULL);
    CREATE TABLE invoices (car int PRIMARY KEY, changes int NOT NULL);
    INSERT INTO listings VALUES (7, 0);
    INSERT INTO invoices VALUES (7, 0);`,
  acts: [
    write('UPDATE listings SET changes = :new WHERE car = 7'),
    write('UPDATE invoices SET changes = :new WHERE car = 7'),
    commit,
  ],
  finally: ['SELECT changes FROM listings WHERE car = 7', 'SELECT changes FROM invoices WHERE car = 7'],
  because: 'the listing went to one person and the invoice to the other',
  recognize: (verdict) => named(verdict, 'G0'),
  minimal: { transactions: 2, reads: 0, writes: 4 },
}

export const anomalies: readonly Anomaly[] = [
  {
    name: 'dirty-read',
    title: 'Dirty read',
    level: 'read uncommitted',
    stoppedAt: 'read committed',
    people: 2,
    setup: accounts,
    acts: [read(balanceOf(1)), write('UPDATE accounts SET balance = 500 WHERE id = 1'), rollback, commit],
    finally: [balanceOf(1)],
    because: 'somebody acted on a balance that never was',
    recognize: (verdict) => named(verdict, 'G1a'),
    minimal: { transactions: 2, reads: 1, writes: 1 },
  },
  {
    name: 'non-repeatable-read',
    title: 'Non-repeatable read',
    level: 'read committed',
    stoppedAt: 'repeatable read',
    people: 2,
    setup: `CREATE TABLE products (id int PRIMARY KEY, price int NOT NULL);
      INSERT INTO products VALUES (1, 20);`,
    acts: [
      read('SELECT price FROM products WHERE id = 1'),
      write('UPDATE products SET price = 25 WHERE id = 1'),
      commit,
      rollback,
    ],
    finally: [],
    because: 'the same row was read twice and had two prices',
    recognize: (verdict) => named(verdict, 'G-single'),
    minimal: { transactions: 2, reads: 2, writes: 1 },
  },
  {
    name: 'read-skew',
    title: 'Read skew',
    level: 'read committed',
    stoppedAt: 'repeatable read',
    people: 2,
    setup: accounts,
    acts: [
      read(balanceOf(1)),
      read(balanceOf(2)),
      write('UPDATE accounts SET balance = balance - 50 WHERE id = 1'),
      write('UPDATE accounts SET balance = balance + 50 WHERE id = 2'),
      commit,
    ],
    finally: [],
    because: 'the two balances that were read never existed together',
    recognize(verdict, history) {
      const found = named(verdict, 'G-single')
      const reader = found?.conflicts.find(({ kind }) => kind === 'rw')?.from
      return found !== null && objects(found) > 1 && !writersOf(history).has(reader) ? found : null
    },
    minimal: { transactions: 2, reads: 2, writes: 2 },
  },
  {
    name: 'lost-update',
    title: 'Lost update',
    level: 'read committed',
    stoppedAt: 'repeatable read',
    people: 2,
    setup: accounts,
    acts: [
      read(balanceOf(1)),
      write('UPDATE accounts SET balance = 120 WHERE id = 1', balanceOf(1)),
      read(balanceOf(2)),
      write('UPDATE accounts SET balance = 120 WHERE id = 2', balanceOf(2)),
      commit,
    ],
    finally: [],
    because: 'two deposits of 20 were committed, and one of them is lost',
    recognize: (verdict) => named(verdict, 'P4'),
    minimal: { transactions: 2, reads: 2, writes: 2 },
  },
  {
    name: 'phantom',
    title: 'Phantom read',
    level: 'read committed',
    stoppedAt: 'repeatable read',
    people: 2,
    setup: `CREATE TABLE bookings (id int PRIMARY KEY, room int NOT NULL);
      INSERT INTO bookings VALUES (1, 1), (2, 2);`,
    acts: [
      read('SELECT count(*) FROM bookings WHERE room = 1'),
      write('INSERT INTO bookings VALUES (:new, 1)'),
      read('SELECT count(*) FROM bookings WHERE room = 2'),
      write('INSERT INTO bookings VALUES (:new, 2)'),
      commit,
    ],
    finally: [],
    because: 'the same question was asked twice, and a new row had appeared',
    recognize: (verdict) => named(verdict, 'PMP'),
    minimal: { transactions: 2, reads: 2, writes: 1 },
  },
  {
    name: 'write-skew',
    title: 'Write skew',
    level: 'repeatable read',
    stoppedAt: 'serializable',
    people: 2,
    setup: `CREATE TABLE doctors (name text PRIMARY KEY, on_call boolean NOT NULL);
      INSERT INTO doctors VALUES ('Alice', true), ('Bob', true);`,
    acts: [
      read(onCall),
      write("UPDATE doctors SET on_call = false WHERE name = 'Alice'", onCall),
      write("UPDATE doctors SET on_call = false WHERE name = 'Bob'", onCall),
      commit,
      rollback,
    ],
    finally: [onCall],
    because: 'each relied on the other one, and nobody is on call',
    recognize: (verdict) => named(verdict, 'G2-item'),
    minimal: { transactions: 2, reads: 2, writes: 2 },
  },
  {
    name: 'write-skew-phantom',
    title: 'Write skew by phantoms',
    level: 'repeatable read',
    stoppedAt: 'serializable',
    people: 2,
    setup: `CREATE TABLE meetings (id int PRIMARY KEY, room int NOT NULL, hour int NOT NULL);
      INSERT INTO meetings VALUES (1, 1, 8);`,
    acts: [
      read(meetingsAt(9)),
      write('INSERT INTO meetings VALUES (:new, 1, 9)', meetingsAt(9)),
      read(meetingsAt(10)),
      write('INSERT INTO meetings VALUES (:new, 1, 10)', meetingsAt(10)),
      commit,
    ],
    finally: [meetingsAt(9)],
    because: 'each found the room free, and two meetings are in it',
    recognize: (verdict) => named(verdict, 'G2'),
    minimal: { transactions: 2, reads: 2, writes: 2 },
  },
  {
    name: 'read-only-anomaly',
    title: 'Read-only anomaly',
    level: 'repeatable read',
    stoppedAt: 'serializable',
    people: 3,
    setup: `CREATE TABLE accounts (name text PRIMARY KEY, balance int NOT NULL);
      INSERT INTO accounts VALUES ('checking', 0), ('savings', 0);`,
    acts: [
      read(wealth),
      write("UPDATE accounts SET balance = balance + 20 WHERE name = 'savings'"),
      write("UPDATE accounts SET balance = balance - 11 WHERE name = 'checking'", wealth),
      commit,
    ],
    finally: ['SELECT name, balance FROM accounts'],
    because: 'the two that wrote have a serial order, and the one that only read has seen another',
    recognize(verdict, history) {
      if (verdict.serialOrder !== null || check(withoutReaders(history)).serialOrder === null) return null
      return named(verdict, 'G2-item', 'G2')
    },
    minimal: { transactions: 3, reads: 2, writes: 2 },
  },
]

/** The history as if nobody had been there who wrote nothing. */
function withoutReaders(history: History): History {
  const writers = writersOf(history)
  const data = history.toJSON()
  return History.fromJSON({
    ...data,
    transactions: data.transactions.filter(({ id }) => writers.has(id)),
    events: data.events.filter(({ transaction }) => writers.has(transaction)),
  })
}

const writersOf = ({ events }: History): ReadonlySet<number | undefined> =>
  new Set(events.filter(({ kind }) => kind === 'write').map(({ transaction }) => transaction))
