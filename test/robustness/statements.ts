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

type Kind = 'number' | 'text' | 'date' | 'timestamp' | 'boolean'

const tables = {
  customer: { id: 'number', name: 'text', balance: 'number', since: 'date', vip: 'boolean' },
  product: { code: 'text', price: 'number', weight: 'number', stock: 'number' },
  sale: { id: 'number', customer_id: 'number', code: 'text', quantity: 'number', at: 'timestamp' },
} as const satisfies Record<string, Record<string, Kind>>

type Table = keyof typeof tables
const tableNames = Object.keys(tables) as Table[]

const typeNames: Readonly<Record<Kind, readonly string[]>> = {
  number: ['int', 'smallint', 'bigint', 'int8', 'numeric', 'numeric(6,2)', 'float8', 'double precision'],
  text: ['text', 'varchar(5)', 'varchar'],
  date: ['date'],
  timestamp: ['timestamp'],
  boolean: ['boolean'],
}
const kinds = Object.keys(typeNames) as Kind[]

const literals: Readonly<Record<Kind, readonly string[]>> = {
  number: [
    '0', '1', '2', '-1', '7', '100', '2147483647', '2147483648', '-9223372036854775808', '9223372036854775807', '1e308', '1e-400',
    '0.1', '.5', '12.', '99999999999999999999.999', '0x1F', '1_000', "'1'", "float8 'NaN'", 'NULL',
  ],
  text: ["''", "'x'", "'1'", "'it''s'", "E'\\n\\u00e9'", "U&'d\\0061t'", '$$dollar$$', "'A1'", "'Ada'", "'😀'", 'NULL'],
  date: ["date '2024-02-29'", "'2024-01-31'", "date '0001-01-01'", "date 'infinity'", "'2024-02-30'", 'NULL'],
  timestamp: ["timestamp '2024-02-29 12:34:56.789'", "'2024-03-01'", "timestamp '2024-02-29 23:59:60'", "'-infinity'", 'NULL'],
  boolean: ['true', 'false', 'NULL', "'yes'", "boolean 'f'"],
} // prettier-ignore

const functions: Readonly<Record<Kind, readonly string[]>> = {
  number: ['abs', 'round', 'floor', 'ceil', 'sqrt', 'sign', 'trunc'],
  text: ['lower', 'upper', 'trim', 'reverse'],
  date: ['coalesce'],
  timestamp: ['coalesce'],
  boolean: ['coalesce'],
}

/** The columns in scope, as text, with their kinds. */
type Scope = readonly { readonly text: string; readonly kind: Kind }[]

/**
 * Writes statements over the schema. Most are well typed and run, so that the executor is reached; one operand in forty
 * is of any kind, so that the binder has something to refuse too.
 */
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
    if (kind < 92) return this.#definition()
    return this.#other()
  }

  #select(depth: number, columns?: readonly Kind[]): string {
    const random = this.#random
    const from = random.several(1, depth === 0 ? 3 : 1, () => random.pick(tableNames))
    const scope = from.flatMap((table, i) => scopeOf(table, `${'abc'[i]!}.`))
    const keys = columns === undefined && random.chance(25) ? random.several(1, 2, () => random.pick(scope)) : []
    const items =
      columns?.map((kind) => this.#value(kind, scope, 1)) ??
      random.several(1, 4, () =>
        keys.length > 0 ? this.#grouped(keys, scope) : this.#value(random.pick(kinds), scope, 2),
      )
    const named = items.map((text, i) => text + (random.chance(30) ? ` AS c${String(i)}` : ''))
    const star = columns === undefined && keys.length === 0 && random.chance(15)
    const parts = [
      `SELECT ${random.chance(10) ? 'DISTINCT ' : ''}${star ? '*' : named.join(', ')}`,
      `FROM ${this.#from(from, scope)}`,
    ]
    if (random.chance(60)) parts.push(`WHERE ${this.#condition(scope, 2)}`)
    if (keys.length > 0) parts.push(`GROUP BY ${keys.map(({ text }) => text).join(', ')}`)
    if (keys.length > 0 && random.chance(30))
      parts.push(`HAVING count(*) ${random.pick(['>', '<', '='])} ${random.pick(['1', '2'])}`)
    if (random.chance(40))
      parts.push(`ORDER BY ${random.pick(['1', '1', '2'])} ${random.pick(['', 'DESC', 'NULLS FIRST'])}`)
    if (random.chance(25)) parts.push(`LIMIT ${random.pick(['0', '1', '5', 'ALL', '-1', '$1', "'2'"])}`)
    if (random.chance(10)) parts.push(`OFFSET ${random.pick(['0', '1', '100'])}`)
    return parts.join(' ')
  }

  #from(names: readonly Table[], scope: Scope): string {
    let text = `${names[0]!} a`
    let inScope = Object.keys(tables[names[0]!]).length
    for (const [i, name] of names.entries()) {
      if (i === 0) continue
      inScope += Object.keys(tables[name]).length
      const join = this.#random.pick([', ', ' JOIN ', ' LEFT JOIN ', ' CROSS JOIN '])
      text += `${join}${name} ${'abc'[i]!}`
      // A comma starts anew: its left side is not in the scope of the joins after it.
      if (join === ' JOIN ' || join === ' LEFT JOIN ')
        text += ` ON ${this.#condition(text.includes(', ') ? scope.slice(inScope - Object.keys(tables[name]).length, inScope) : scope.slice(0, inScope), 1)}`
    }
    return text
  }

  /** An expression of this kind, and now and then of another. */
  #value(kind: Kind, scope: Scope, depth: number): string {
    const random = this.#random
    if (random.below(40) === 0) kind = random.pick(kinds)
    const columns = scope.filter((column) => column.kind === kind)
    if (depth === 0 || random.chance(30)) {
      return columns.length > 0 && random.chance(65) ? random.pick(columns).text : random.pick(literals[kind])
    }
    const operand = (of: Kind): string => this.#value(of, scope, depth - 1)
    switch (random.below(9)) {
      case 0:
        return `coalesce(${operand(kind)}, ${operand(kind)})`
      case 1:
        return `CASE WHEN ${this.#condition(scope, depth - 1)} THEN ${operand(kind)} ELSE ${operand(kind)} END`
      case 2:
        return `CAST(${operand(random.chance(80) ? kind : 'text')} AS ${random.pick(typeNames[kind])})`
      case 3:
        return `${operand(kind)}::${random.pick(typeNames[kind])}`
      case 4:
        return `${random.pick(random.chance(3) ? ['no_such_function', 'greatest', 'nullif'] : functions[kind])}(${operand(kind)})`
      default:
        return this.#operation(kind, scope, depth)
    }
  }

  #operation(kind: Kind, scope: Scope, depth: number): string {
    const operand = (of: Kind): string => this.#value(of, scope, depth - 1)
    switch (kind) {
      case 'number':
        return this.#random.chance(15)
          ? `length(${operand('text')})`
          : `(${operand(kind)} ${this.#random.pick(['+', '-', '*', '/', '%'])} ${operand(kind)})`
      case 'text':
        return `(${operand(kind)} || ${operand(this.#random.chance(80) ? kind : 'number')})`
      case 'date':
        return `(${operand(kind)} ${this.#random.pick(['+', '-'])} ${this.#random.pick(['1', '30', '-365', '2147483647'])})`
      case 'timestamp':
        return `CAST(${operand('date')} AS timestamp)`
      case 'boolean':
        return `(${this.#condition(scope, depth)})`
    }
  }

  #condition(scope: Scope, depth: number): string {
    const random = this.#random
    const kind = random.pick(kinds)
    const operand = (): string => this.#value(kind, scope, Math.max(0, depth - 1))
    const inner = (): string => this.#condition(scope, depth - 1)
    if (depth <= 0) return `${random.pick(scope).text} IS NOT NULL`
    switch (random.below(9)) {
      case 0:
        return `(${inner()} AND ${inner()})`
      case 1:
        return `(${inner()} OR NOT ${inner()})`
      case 2:
        return `${operand()} IS ${random.pick(['NULL', 'NOT NULL'])}`
      case 3:
        return `${operand()} ${random.pick(['', 'NOT '])}IN (${random.several(1, 4, () => random.pick(literals[kind])).join(', ')})`
      case 4:
        return `${operand()} BETWEEN ${operand()} AND ${operand()}`
      case 5:
        return `${this.#value('text', scope, 0)} ${random.pick(['LIKE', 'NOT LIKE'])} ${random.pick(["'%a%'", "'_'", "''", "'\\\\%'", "'A1'"])}`
      case 6:
        return `${operand()} IS DISTINCT FROM ${operand()}`
      default:
        return `${operand()} ${random.pick(['=', '<', '>', '<>', '>=', '<='])} ${operand()}`
    }
  }

  #grouped(keys: Scope, scope: Scope): string {
    const random = this.#random
    if (random.chance(40)) return random.pick(keys).text
    if (random.chance(25)) return 'count(*)'
    const aggregate = random.pick(['count', 'sum', 'avg', 'min', 'max'])
    const kind =
      aggregate === 'sum' || aggregate === 'avg' ? 'number' : random.pick(['number', 'text', 'date'] as const)
    return `${aggregate}(${random.chance(10) ? 'DISTINCT ' : ''}${this.#value(kind, scope, 1)})`
  }

  #insert(): string {
    const random = this.#random
    const table = random.pick(tableNames)
    const columns = Object.entries(tables[table]) as [string, Kind][]
    const named = random.chance(50) ? ` (${columns.map(([name]) => name).join(', ')})` : ''
    const fresh = (kind: Kind): string =>
      kind === 'number' && random.chance(70)
        ? String(random.below(100_000))
        : kind === 'text' && random.chance(70)
          ? `'n${String(random.below(100_000))}'`
          : random.pick([...literals[kind], 'DEFAULT'])
    const row = (): string => `(${columns.map(([, kind]) => fresh(kind)).join(', ')})`
    const source = random.chance(80)
      ? `VALUES ${random.several(1, 3, row).join(', ')}`
      : this.#select(
          1,
          columns.map(([, kind]) => kind),
        )
    return `INSERT INTO ${table}${named} ${source}${random.chance(20) ? ' RETURNING *' : ''}`
  }

  #update(): string {
    const random = this.#random
    const table = random.pick(tableNames)
    const scope = scopeOf(table, '')
    const assignments = random
      .several(1, 2, () => random.pick(scope))
      .map(({ text, kind }) => `${text} = ${this.#value(kind, scope, 2)}`)
    const where = random.chance(80) ? ` WHERE ${this.#condition(scope, 1)}` : ''
    return `UPDATE ${table} SET ${assignments.join(', ')}${where}${random.chance(20) ? ' RETURNING *' : ''}`
  }

  #delete(): string {
    const table = this.#random.pick(tableNames)
    return `DELETE FROM ${table} WHERE ${this.#condition(scopeOf(table, ''), 2)} AND ${this.#random.pick(Object.keys(tables[table]))} IS NULL`
  }

  #definition(): string {
    const random = this.#random
    const name = `t${String(random.below(4))}`
    const column = (n: number): string => {
      const kind = random.pick(kinds)
      const constraint = random.pick([
        '',
        '',
        ' NOT NULL',
        ' PRIMARY KEY',
        ' UNIQUE',
        ` DEFAULT ${random.pick(literals[kind])}`,
        ' CHECK (1 > 0)',
      ])
      return `c${String(random.chance(3) ? 0 : n)} ${random.pick(typeNames[kind])}${constraint}`
    }
    return random.pick([
      `CREATE TABLE ${random.pick(['', 'IF NOT EXISTS '])}${name} (${[0, 1, 2]
        .slice(0, 1 + random.below(3))
        .map(column)
        .join(', ')})`,
      `DROP TABLE ${random.pick(['', 'IF EXISTS '])}${name}`,
      `CREATE ${random.pick(['', 'UNIQUE '])}INDEX i${String(random.below(3))} ON ${name} (c0${random.pick(['', ', c1'])})`,
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
      "SELECT 'a' LIKE 'a\\'", 'SELECT 1 / 0', "SELECT 'x'::int", 'SELECT $1 + 1', 'SELECT count(*) FROM sale, sale', 'SELECT * FROM nowhere',
    ]) // prettier-ignore
  }
}

const scopeOf = (table: Table, prefix: string): Scope =>
  (Object.entries(tables[table]) as [string, Kind][]).map(([name, kind]) => ({ text: prefix + name, kind }))

const fragments = [
  'SELECT', 'FROM', 'WHERE', 'GROUP BY', '(', ')', ',', ';', "'", '"', '$$', '/*', '*/', '--', '\n', '::', '.', '*', '$1', '$0',
  '$99999999999', "E'\\", "U&'\\", 'NULL', '1e', '0x', '||', '<', '>', '=', '@', '\\', '\u0000', '\ud83d', '\u2028', '`', '${1}',
  'CASE', 'WHEN', 'END', 'AS', 'JOIN', 'ON', 'NOT', 'BETWEEN', 'IN', 'LIKE', 'VALUES', 'DEFAULT', 'DISTINCT', 'ORDER BY', 'LIMIT',
] // prettier-ignore

/** Nearly SQL: words changed for other words, or pieces deleted, doubled, moved, inserted and overwritten. */
export function mutate(random: RandomSource, text: string): string {
  return random.chance(50) ? mutateWords(random, text) : mutateCharacters(random, text)
}

function mutateWords(random: RandomSource, text: string): string {
  const words = text.split(' ')
  for (let n = 1 + random.below(2); n > 0; n--) {
    const at = random.below(words.length)
    const replacement = random.chance(60) ? random.pick(words) : random.pick(fragments)
    words.splice(at, random.below(2), ...(random.chance(80) ? [replacement] : []))
  }
  return words.join(' ')
}

function mutateCharacters(random: RandomSource, text: string): string {
  let mutant = text
  for (let n = 1 + random.below(3); n > 0; n--) {
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
