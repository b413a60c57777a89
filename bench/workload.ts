/**
 * The OLTP workload, the same for every contender: 100,000 items with a primary key and a secondary index on `rank` (a
 * permutation of 0 … 99,999, so that neighbours by rank are strangers in the table), and 10,000 accounts.
 *
 * Each contender writes its loops out by itself, in its own process: no call site is shared, so none is slower for the
 * company it keeps. A loop gets the number of operations and the number of the first; keys follow from the latter alone,
 * so every contender does the very same operations.
 */
export const itemCount = 100_000
export const accountCount = 10_000
export const rangeRows = 100

export const cases = [
  { name: 'point select', what: 'SELECT of a row by primary key, prepared' },
  { name: 'point update', what: 'UPDATE of a row by primary key, prepared, a transaction each' },
  { name: 'insert', what: 'INSERT of a row, prepared, a transaction each' },
  { name: 'range of 100', what: 'SELECT of 100 rows by a range of the secondary index, prepared' },
  { name: 'transfer', what: 'BEGIN, two UPDATEs by primary key, COMMIT' },
  { name: 'bulk insert', what: '100,000 rows by one prepared INSERT a row, in one transaction; per row' },
  { name: 'ad-hoc select', what: 'SELECT of a row by primary key, the key written into a fresh text each time' },
] as const

export type CaseName = (typeof cases)[number]['name']

/** One database under test. A synchronous contender returns nothing; an asynchronous one a promise, awaited once a loop. */
export interface Contender {
  readonly name: string
  load(): void | Promise<void>
  /** Runs operations `first` … `first + count - 1`. `bulk insert` counts rows. */
  readonly loops: Readonly<Record<CaseName, (count: number, first: number) => void | Promise<void>>>
  /** Makes the empty table that `bulk insert` fills, untimed. */
  beforeBulk(): void | Promise<void>
  /** Undoes what `insert` added, untimed, so that every round meets a table of the same size. */
  afterInserts(): void | Promise<void>
  /** The one value of a query's one row: for the numbers over the whole state in which all contenders must agree. */
  value(sql: string): unknown
}

export const checksums = [
  'SELECT sum(stock) FROM items',
  'SELECT sum(rank) FROM items',
  'SELECT count(*) FROM items',
  'SELECT sum(balance) FROM accounts',
  'SELECT count(*) FROM bulk',
]

export const schema = {
  /** `int` as SQLite writes it makes the key its row id, which is the fastest thing it has. */
  items: (table: string, int: string, double: string): string =>
    `CREATE TABLE ${table} (id ${int} PRIMARY KEY, rank ${int} NOT NULL, name TEXT NOT NULL, price ${double} NOT NULL,
       stock ${int} NOT NULL, note TEXT);
     CREATE INDEX ${table}_rank ON ${table} (rank);`,
  accounts: (int: string): string => `CREATE TABLE accounts (id ${int} PRIMARY KEY, balance ${int} NOT NULL);`,
}

export type ItemRow = [id: number, rank: number, name: string, price: number, stock: number, note: string | null]

export const item = (id: number): ItemRow => [
  id,
  rankOf(id),
  `item number ${String(id)}`,
  (id % 10_000) / 100,
  id % 500,
  id % 3 === 0 ? null : `a note about ${String(id)}`,
]

/** 7,919 has no factor in common with 100,000: a permutation. */
export const rankOf = (id: number): number => (id * 7919) % itemCount

/** A key that jumps about: the `n`th of a fixed sequence that visits all keys. */
export const keyOf = (n: number): number => (n * 48_271) % itemCount

export const rangeStart = (n: number): number => (n * 48_271) % (itemCount - rangeRows)
export const payer = (n: number): number => (n * 7919) % accountCount
export const payee = (n: number): number => (n * 7919 + 4321) % accountCount
