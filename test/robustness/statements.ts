import type { RandomSource } from './random.ts'

/** The schema that generated statements speak about: small tables, so that a cross join of all of them stays small. */
export const schema = `
  CREATE TABLE customer (id int PRIMARY KEY, name text NOT NULL, balance numeric(12,2) DEFAULT 0, since date, vip boolean);
  CREATE TABLE product (code varchar(8) PRIMARY KEY, price numeric(10,2) NOT NULL CHECK (price >= 0), weight float8, stock int8);
  CREATE TABLE sale (id int PRIMARY KEY, customer_id int, code varchar(8), quantity int2 NOT NULL, at timestamp);
  CREATE INDEX sale_customer ON sale (customer_id);
  CREATE UNIQUE INDEX customer_name ON customer (name);
  INSERT INTO customer VALUES (1, 'Ada', 10.50, '2024-01-31', true), (2, 'Béla', NULL, NULL, false),
    (3, 'Čapek', -3.25, '1999-12-31', NULL), (4, '', 0, '2024-02-29', true);
  INSERT INTO product VALUES ('A1', 9.99, 1.5, 10), ('B2', 0, NULL, 9007199254740993), ('C3', 123456.78, 'NaN', -1);
  INSERT INTO sale VALUES (1, 1, 'A1', 2, '2024-03-01 12:00:00'), (2, 1, 'B2', 1, NULL), (3, 2, 'A1', 32767, '2024-03-02'),
    (4, NULL, NULL, 0, 'infinity'), (5, 3, 'C3', -5, '1970-01-01 00:00:00.000001');
`

const tables = {
  customer: ['id', 'name', 'balance', 'since', 'vip'],
  product: ['code', 'price', 'weight', 'stock'],
  sale: ['id', 'customer_id', 'code', 'quantity', 'at'],
} as const

type Table = keyof typeof tables
const tableNames = Object.keys(tables) as Table[]

const types = [
  'int', 'smallint', 'bigint', 'int8', 'numeric', 'numeric(6,2)', 'float8', 'double precision', 'text', 'varchar(5)',
  'boolean', 'date', 'timestamp',
] // prettier-ignore

const literals = [
  '0', '1', '-1', '2147483647', '2147483648', '-9223372036854775808', '9223372036854775807', '1e308', '1e-400', '0.1',
  '.5', '12.', '99999999999999999999.999', "''", "'1'", "'x'", "'it''s'", "E'\\n\\u00e9'", "U&'d\\0061t'", '$$dollar$$',
  "'2024-02-30'", "date '2024-02-29'", "timestamp '2024-02-29 23:59:60'", "'infinity'", "'NaN'", 'NULL', 'true', 'false',
  'DEFAULT', '$1', "'A1'", "'Ada'", "'😀'", '0x1F', '1_000',
] // prettier-ignore

const operators = [
  '+',
  '-',
  '*',
  '/',
  '%',
  '^',
  '||',
  '=',
  '<>',
  '<',
  '<=',
  '>',
  '>=',
  'AND',
  'OR',
  'IS DISTINCT FROM',
  'LIKE',
  '~',
]
const functions = [
  'abs', 'round', 'floor', 'ceil', 'length', 'lower', 'upper', 'coalesce', 'nullif', 'greatest', 'least', 'substring',
  'count', 'sum', 'avg', 'min', 'max', 'no_such_function', 'now', 'random', 'sqrt', 'power', 'trim', 'concat',
] // prettier-ignore

/** Writes statements over the schema: most of them bind, some of them run, all of them are shaped like SQL. */
export class StatementWriter {
  readonly #random: RandomSource

  constructor(random: RandomSource) {
    this.#random = random
  }

  statement(): string {
    const kind = this.#random.below(100)
    if (kind < 50) return this.#select(0)
    if (kind < 62) return this.#insert()
    if (kind < 74) return this.#update()
    if (kind < 82) return this.#delete()
    if (kind < 86) return `EXPLAIN ${this.#random.chance(30) ? '(CODE) ' : ''}${this.#select(0)}`
    if (kind < 92) return this.#ddl()
    return this.#other()
  }

  #select(depth: number): string {
    const random = this.#random
    const from = random.several(1, depth === 0 ? 3 : 1, () => random.pick(tableNames))
    const aliases = from.map((_, i) => 'abc'[i]!)
    const column = (): string => {
      const i = random.below(from.length)
      return `${random.chance(95) ? aliases[i]! + '.' : ''}${random.pick(tables[from[i]!])}`
    }
    const grouped = random.chance(25)
    const keys = grouped ? random.several(1, 2, column) : []
    const item = (): string => (grouped ? this.#aggregate(column, keys) : this.#expression(column, 2))
    const parts = [
      `SELECT ${random.chance(10) ? 'DISTINCT ' : ''}${
        random.chance(15) && !grouped
          ? '*'
          : random
              .several(1, 4, item)
              .map((text, i) => text + (random.chance(30) ? ` AS c${String(i)}` : ''))
              .join(', ')
      }`,
      `FROM ${this.#from(from, aliases, column)}`,
    ]
    if (random.chance(60)) parts.push(`WHERE ${this.#condition(column, 2)}`)
    if (grouped) parts.push(`GROUP BY ${keys.join(', ')}`)
    if (grouped && random.chance(30)) parts.push(`HAVING ${this.#aggregate(column, keys)} > ${this.#literal()}`)
    if (random.chance(40))
      parts.push(
        `ORDER BY ${random.pick(['1', '2', grouped ? keys[0]! : column()])} ${random.pick(['', 'DESC', 'NULLS FIRST'])}`,
      )
    if (random.chance(25)) parts.push(`LIMIT ${random.pick(['0', '1', '5', 'ALL', '-1', '$1', "'2'"])}`)
    if (random.chance(10)) parts.push(`OFFSET ${random.pick(['0', '1', '100'])}`)
    return parts.join(' ')
  }

  #from(names: readonly Table[], aliases: readonly string[], column: () => string): string {
    let text = `${names[0]!} ${aliases[0]!}`
    for (let i = 1; i < names.length; i++) {
      const join = this.#random.pick([',', 'JOIN', 'LEFT JOIN', 'CROSS JOIN'])
      text += `${join === ',' ? '' : ' '}${join} ${names[i]!} ${aliases[i]!}`
      if (join.endsWith('JOIN') && join !== 'CROSS JOIN') text += ` ON ${this.#condition(column, 1)}`
    }
    return text
  }

  #expression(column: () => string, depth: number): string {
    const random = this.#random
    if (depth === 0 || random.chance(35)) return random.chance(60) ? column() : this.#literal()
    const operand = (): string => this.#expression(column, depth - 1)
    switch (random.below(7)) {
      case 0:
      case 1:
        return `(${operand()} ${random.pick(operators)} ${operand()})`
      case 2:
        return `${random.pick(functions)}(${random.several(0, 2, operand).join(', ')})`
      case 3:
        return `CAST(${operand()} AS ${random.pick(types)})`
      case 4:
        return `${operand()}::${random.pick(types)}`
      case 5:
        return `CASE WHEN ${this.#condition(column, depth - 1)} THEN ${operand()} ELSE ${operand()} END`
      default:
        return `${random.pick(['-', 'NOT ', '+'])}${operand()}`
    }
  }

  #condition(column: () => string, depth: number): string {
    const random = this.#random
    const operand = (): string => this.#expression(column, depth - 1)
    if (depth === 0) return `${column()} = ${this.#literal()}`
    switch (random.below(8)) {
      case 0:
        return `(${this.#condition(column, depth - 1)} AND ${this.#condition(column, depth - 1)})`
      case 1:
        return `(${this.#condition(column, depth - 1)} OR NOT ${this.#condition(column, depth - 1)})`
      case 2:
        return `${operand()} IS ${random.pick(['NULL', 'NOT NULL', 'TRUE', 'UNKNOWN'])}`
      case 3:
        return `${operand()} ${random.pick(['', 'NOT '])}IN (${random.several(1, 4, () => this.#literal()).join(', ')})`
      case 4:
        return `${operand()} BETWEEN ${operand()} AND ${operand()}`
      case 5:
        return `${column()} = ${column()}`
      default:
        return `${operand()} ${random.pick(['=', '<', '>', '<>', '>='])} ${operand()}`
    }
  }

  #aggregate(column: () => string, keys: readonly string[]): string {
    const random = this.#random
    if (random.chance(40)) return random.pick(keys)
    if (random.chance(20)) return 'count(*)'
    return `${random.pick(['count', 'sum', 'avg', 'min', 'max'])}(${random.chance(10) ? 'DISTINCT ' : ''}${this.#expression(column, 1)})`
  }

  #literal(): string {
    return this.#random.pick(literals)
  }

  #insert(): string {
    const random = this.#random
    const table = random.pick(tableNames)
    const columns = tables[table]
    const named = random.chance(50) ? ` (${columns.join(', ')})` : ''
    const row = (): string =>
      `(${columns.map(() => (random.chance(40) ? String(random.below(1000)) : this.#literal())).join(', ')})`
    const source = random.chance(75) ? `VALUES ${random.several(1, 3, row).join(', ')}` : this.#select(1)
    return `INSERT INTO ${table}${named} ${source}${random.chance(20) ? ' RETURNING *' : ''}`
  }

  #update(): string {
    const random = this.#random
    const table = random.pick(tableNames)
    const column = (): string => random.pick(tables[table])
    const assignments = random.several(1, 2, () => `${column()} = ${this.#expression(column, 2)}`)
    const where = random.chance(80) ? ` WHERE ${this.#condition(column, 1)}` : ''
    return `UPDATE ${table} SET ${assignments.join(', ')}${where}${random.chance(20) ? ' RETURNING *' : ''}`
  }

  #delete(): string {
    const table = this.#random.pick(tableNames)
    return `DELETE FROM ${table} WHERE ${this.#condition(() => this.#random.pick(tables[table]), 2)}`
  }

  #ddl(): string {
    const random = this.#random
    const name = `t${String(random.below(4))}`
    const column = (): string =>
      `c${String(random.below(3))} ${random.pick(types)}${random.pick(['', ' NOT NULL', ' PRIMARY KEY', ' UNIQUE', ` DEFAULT ${this.#literal()}`, ' CHECK (1 > 0)'])}`
    return random.pick([
      `CREATE TABLE ${random.pick(['', 'IF NOT EXISTS '])}${name} (${random.several(1, 3, column).join(', ')})`,
      `DROP TABLE ${random.pick(['', 'IF EXISTS '])}${name}`,
      `CREATE ${random.pick(['', 'UNIQUE '])}INDEX i${String(random.below(3))} ON ${random.pick([name, ...tableNames])} (c0, c1)`,
      `DROP INDEX IF EXISTS i${String(random.below(3))}`,
      `CREATE INDEX ON sale (quantity, at DESC)`,
    ])
  }

  #other(): string {
    return this.#random.pick([
      'BEGIN', 'BEGIN ISOLATION LEVEL REPEATABLE READ', 'COMMIT', 'ROLLBACK', 'SAVEPOINT a', 'ROLLBACK TO a', 'RELEASE a',
      'START TRANSACTION READ ONLY', 'SHOW server_version', 'SHOW no_such_setting', "SET TimeZone = 'UTC'", 'SET x TO 1',
      'VALUES (1, 2), (3, NULL)', 'VALUES (1), (2, 3)', "COPY sale FROM STDIN (FORMAT csv)", 'SELECT', 'SELECT 1; SELECT 2',
      'WITH x AS (SELECT 1) SELECT * FROM x', 'SELECT 1 UNION SELECT 2', 'MERGE INTO sale USING product ON true', 'TRUNCATE sale',
      'ALTER TABLE sale ADD COLUMN x int', 'SELECT row_number() OVER () FROM sale', 'BEGIN ISOLATION LEVEL SERIALIZABLE USING 2PL',
      'PREPARE p AS SELECT 1', 'LISTEN x', 'VACUUM', 'GRANT ALL ON sale TO nobody', 'SELECT (SELECT 1)', 'SELECT ARRAY[1, 2]',
    ]) // prettier-ignore
  }
}

const fragments = [
  'SELECT', 'FROM', 'WHERE', 'GROUP BY', '(', ')', ',', ';', "'", '"', '$$', '/*', '*/', '--', '\n', '::', '.', '*', '$1', '$0',
  '$99999999999', "E'\\", "U&'\\", 'NULL', '1e', '0x', '||', '<', '>', '=', '@', '\\', '\u0000', '\ud83d', '\u2028', '`', '${1}',
  'CASE', 'WHEN', 'END', 'AS', 'JOIN', 'ON', 'NOT', 'BETWEEN', 'IN', 'LIKE', 'VALUES', 'DEFAULT', 'DISTINCT', 'ORDER BY', 'LIMIT',
] // prettier-ignore

/** Deletes, doubles, swaps, inserts and replaces pieces of a statement: nearly SQL. */
export function mutate(random: RandomSource, text: string): string {
  let mutant = text
  for (let n = 1 + random.below(4); n > 0; n--) {
    const from = random.below(mutant.length + 1)
    const to = Math.min(mutant.length, from + random.below(12))
    const piece = mutant.slice(from, to)
    const elsewhere = random.below(mutant.length + 1)
    switch (random.below(5)) {
      case 0:
        mutant = mutant.slice(0, from) + mutant.slice(to)
        break
      case 1:
        mutant = mutant.slice(0, to) + piece + mutant.slice(to)
        break
      case 2:
        mutant = mutant.slice(0, elsewhere) + piece + mutant.slice(elsewhere)
        break
      case 3:
        mutant = `${mutant.slice(0, from)} ${random.pick(fragments)} ${mutant.slice(from)}`
        break
      default:
        mutant = mutant.slice(0, from) + String.fromCharCode(random.below(128)) + mutant.slice(to)
    }
  }
  return mutant
}

/** Bytes as they come: ASCII soup, any UTF-16 units, or UTF-8 decoded with its errors. */
export function noise(random: RandomSource): string {
  const length = random.below(random.chance(5) ? 2000 : 120)
  const limit = random.pick([128, 256, 0x1_0000])
  if (random.chance(33)) {
    return new TextDecoder().decode(Uint8Array.from({ length }, () => random.below(256)))
  }
  return String.fromCharCode(...Array.from({ length }, () => random.below(limit)))
}
