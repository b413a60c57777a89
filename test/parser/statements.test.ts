import { describe, expect, test } from 'vitest'
import { parseStatement, parseStatements } from '../../src/parser/index.ts'
import { errorOf } from './trees.ts'

const tree = (sql: string): unknown => parseStatement(sql).statement

describe('queries', () => {
  test('every clause', () => {
    expect(
      tree(`SELECT DISTINCT a AS x, t.*, 1 y FROM t, s.u AS v (p, q) WHERE a > 1 GROUP BY a, 2 HAVING count(*) > 1
            ORDER BY 1 DESC, b NULLS FIRST, c ASC LIMIT 5 OFFSET 2`),
    ).toMatchObject({
      kind: 'select',
      distinct: true,
      items: [{ alias: 'x' }, { expression: { kind: 'star', table: 't' } }, { alias: 'y' }],
      from: [
        { kind: 'table', table: { schema: null, name: 't' }, alias: null },
        { kind: 'table', table: { schema: 's', name: 'u' }, alias: 'v', columnAliases: ['p', 'q'] },
      ],
      where: { operator: '>' },
      groupBy: [{ name: 'a' }, { kind: 'integer' }],
      having: { left: { kind: 'function', name: 'count', star: true } },
      orderBy: [
        { descending: true, nullsFirst: true },
        { descending: false, nullsFirst: true },
        { descending: false, nullsFirst: false },
      ],
      limit: { value: 5 },
      offset: { value: 2 },
    })
  })

  test('locking clauses, before or behind LIMIT', () => {
    expect(tree('SELECT a FROM t FOR NO KEY UPDATE OF t, u NOWAIT FOR KEY SHARE SKIP LOCKED LIMIT 1')).toMatchObject({
      limit: { value: 1 },
      locking: [
        { strength: 'no key update', of: [{ name: 't' }, { name: 'u' }], wait: 'nowait' },
        { strength: 'key share', of: [], wait: 'skip locked' },
      ],
    })
    expect(tree('SELECT a FROM t LIMIT 1 OFFSET 2 FOR UPDATE FOR SHARE')).toMatchObject({
      offset: { value: 2 },
      locking: [
        { strength: 'update', of: [], wait: 'wait' },
        { strength: 'share', of: [], wait: 'wait' },
      ],
    })
    expect(tree('(SELECT a FROM t FOR SHARE) FOR UPDATE')).toMatchObject({ locking: { length: 2 } })
    expect(tree('SELECT a FROM t FOR READ ONLY')).toMatchObject({ locking: [] })
    expect(errorOf(() => tree('SELECT 1 LIMIT 1 FOR SHARE OFFSET 2')).message).toBe('syntax error at or near "OFFSET"')
    expect(errorOf(() => tree('SELECT 1 FROM t FOR UPDATE OF s.t')).message).toBe(
      'FOR UPDATE must specify unqualified relation names',
    )
  })

  test('joins associate to the left, and nest where ON says so', () => {
    expect(tree('SELECT * FROM a JOIN b ON x LEFT JOIN c USING (k, l) CROSS JOIN d')).toMatchObject({
      from: [
        {
          type: 'cross',
          left: { type: 'left', left: { type: 'inner' }, using: [{ name: 'k' }, { name: 'l' }] },
          right: { table: { name: 'd' } },
        },
      ],
    })
    expect(tree('SELECT * FROM a JOIN b JOIN c ON x ON y')).toMatchObject({
      from: [{ left: { table: { name: 'a' } }, right: { kind: 'join', on: { name: 'x' } }, on: { name: 'y' } }],
    })
  })

  test('functions in FROM', () => {
    expect(tree("SELECT * FROM f(), s.g('x', 1 + 2) AS h (a), i()")).toMatchObject({
      from: [
        { kind: 'table_function', name: { name: 'f' }, arguments: [], alias: null },
        { kind: 'table_function', name: { schema: 's' }, arguments: { length: 2 }, alias: 'h', columnAliases: ['a'] },
        { kind: 'table_function' },
      ],
    })
  })

  test('derived tables and parentheses', () => {
    expect(tree('SELECT * FROM (SELECT 1) AS a, ((VALUES (1))) b(x), (c JOIN d ON true)')).toMatchObject({
      from: [
        { kind: 'derived', query: { kind: 'select' }, alias: 'a' },
        { kind: 'derived', query: { kind: 'values' }, columnAliases: ['x'] },
        { kind: 'join' },
      ],
    })
    expect(tree('SELECT * FROM ((SELECT 1) a CROSS JOIN b)')).toMatchObject({ from: [{ type: 'cross' }] })
    expect(tree('((SELECT 1) ORDER BY 1) LIMIT 1')).toMatchObject({ orderBy: { length: 1 }, limit: { value: 1 } })
    expect(errorOf(() => tree('(SELECT 1 LIMIT 1) LIMIT 2')).message).toBe('multiple LIMIT clauses not allowed')
  })

  test('FETCH, TABLE, VALUES, the empty select list', () => {
    expect(tree('SELECT FROM t FETCH FIRST ROW ONLY')).toMatchObject({ items: [], limit: { value: 1 } })
    expect(tree('SELECT a FROM t OFFSET 3 ROWS FETCH NEXT 2 ROWS ONLY')).toMatchObject({ limit: { value: 2 } })
    expect(tree('SELECT a FROM t LIMIT ALL')).toMatchObject({ limit: null })
    expect(tree('TABLE t')).toMatchObject({ kind: 'select', items: [{ expression: { kind: 'star' } }] })
    expect(tree('VALUES (1, 2), (3, 4) ORDER BY 1')).toMatchObject({ rows: { length: 2 }, orderBy: { length: 1 } })
    expect(errorOf(() => tree('VALUES (1, 2), (3)')).message).toBe('VALUES lists must all be the same length')
    expect(errorOf(() => tree('SELECT 1 LIMIT 1, 2')).hint).toBe('Use separate LIMIT and OFFSET clauses.')
  })

  test('functions with a syntax of their own arrive as PostgreSQL calls them', () => {
    expect(
      tree(`SELECT substring(a FROM 2 FOR 3), substring(a FOR 3), trim(LEADING 'x' FROM a), trim(a), position(a IN b),
            extract(YEAR FROM d), current_date, timestamp '2020-01-01', a::numeric(5, 2), double precision '1'`),
    ).toMatchObject({
      items: [
        { name: 'substring', arguments: { length: 3 } },
        { name: 'substring', arguments: [{}, { value: 1 }, { value: 3 }] },
        { name: 'ltrim', arguments: [{ name: 'a' }, { value: 'x' }] },
        { name: 'btrim', arguments: [{ name: 'a' }] },
        { name: 'position', arguments: [{ name: 'b' }, { name: 'a' }] },
        { name: 'extract', arguments: [{ value: 'year' }, { name: 'd' }] },
        { name: 'current_date', arguments: [] },
        { kind: 'cast', type: { name: 'timestamp' }, operand: { value: '2020-01-01' } },
        { kind: 'cast', type: { name: 'numeric', modifiers: [5, 2] } },
        { kind: 'cast', type: { name: 'float8' } },
      ].map((expression) => ({ expression })),
    })
  })

  test('ON CONFLICT', () => {
    expect(tree('INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING')).toMatchObject({
      onConflict: { target: null, update: null },
      returning: [],
    })
    expect(
      tree(`INSERT INTO t SELECT 1 FROM u ON CONFLICT (a, b) DO UPDATE SET a = excluded.a, (b, c) = (1, DEFAULT)
            WHERE t.a > 1 RETURNING a`),
    ).toMatchObject({
      source: { kind: 'select' },
      onConflict: {
        target: { kind: 'columns', columns: [{ name: 'a' }, { name: 'b' }] },
        update: {
          assignments: [
            { column: 'a', value: { kind: 'column', table: 'excluded' } },
            { column: 'b' },
            { column: 'c', value: { kind: 'default' } },
          ],
          where: { operator: '>' },
        },
      },
      returning: { length: 1 },
    })
    expect(tree('INSERT INTO t DEFAULT VALUES ON CONFLICT ON CONSTRAINT k DO NOTHING')).toMatchObject({
      onConflict: { target: { kind: 'constraint', constraint: { name: 'k' } } },
    })
    expect(errorOf(() => tree('INSERT INTO t VALUES (1) ON CONFLICT DO DELETE')).code).toBe('42601')
  })
})

describe('DML', () => {
  test('INSERT', () => {
    expect(tree('INSERT INTO t AS x (a, b) VALUES (1, DEFAULT), (2, 3) RETURNING a, *')).toMatchObject({
      alias: 'x',
      columns: [{ name: 'a' }, { name: 'b' }],
      source: { kind: 'insert_values', rows: [[{ value: 1 }, { kind: 'default' }], { length: 2 }] },
      returning: { length: 2 },
    })
    expect(tree('INSERT INTO t DEFAULT VALUES')).toMatchObject({ columns: null, source: { kind: 'default_values' } })
    expect(tree('INSERT INTO t (SELECT 1)')).toMatchObject({ columns: null, source: { kind: 'select' } })
    expect(tree('INSERT INTO t VALUES (2), (1) ORDER BY 1')).toMatchObject({ source: { kind: 'values' } })
  })

  test('UPDATE and DELETE', () => {
    expect(tree('UPDATE t u SET a = a + 1, (b, c) = (2, DEFAULT) WHERE u.k = 1 RETURNING *')).toMatchObject({
      alias: 'u',
      assignments: [
        { column: 'a', value: { kind: 'binary' } },
        { column: 'b', value: { value: 2 } },
        { column: 'c', value: { kind: 'default' } },
      ],
      where: { operator: '=' },
    })
    expect(tree('DELETE FROM t AS u WHERE u.k = 1')).toMatchObject({ alias: 'u', returning: [] })
    expect(errorOf(() => tree('UPDATE t SET (a, b) = (1)')).message).toBe(
      'number of columns does not match number of values',
    )
  })
})

describe('DDL', () => {
  test('CREATE TABLE', () => {
    expect(
      tree(`CREATE TABLE IF NOT EXISTS s.t (
              id bigint PRIMARY KEY, name character varying(20) NOT NULL DEFAULT 'x' || 'y' UNIQUE,
              price decimal(10, 2) CONSTRAINT positive CHECK (price > 0), d timestamp without time zone NULL,
              CONSTRAINT k UNIQUE (id, name), PRIMARY KEY (id), CHECK (id <> 0)) USING ROW`),
    ).toMatchObject({
      table: { schema: 's', name: 't' },
      ifNotExists: true,
      using: 'row',
      columns: [
        { name: 'id', type: { name: 'int8' }, constraints: [{ kind: 'primary_key' }] },
        {
          type: { name: 'varchar', modifiers: [20] },
          constraints: [{ kind: 'not_null' }, { kind: 'default', expression: { operator: '||' } }, { kind: 'unique' }],
        },
        { type: { name: 'numeric', modifiers: [10, 2] }, constraints: [{ kind: 'check', name: 'positive' }] },
        { type: { name: 'timestamp' }, constraints: [{ kind: 'null' }] },
      ],
      constraints: [
        { kind: 'unique', name: 'k', columns: [{ name: 'id' }, { name: 'name' }] },
        { kind: 'primary_key', name: null },
        { kind: 'check' },
      ],
    })
  })

  test('foreign keys of columns and tables', () => {
    expect(
      tree(`CREATE TABLE t (a int CONSTRAINT k REFERENCES p ON DELETE CASCADE NOT NULL, b int REFERENCES s.p (x) MATCH SIMPLE,
              FOREIGN KEY (a, b) REFERENCES q (y, z) ON UPDATE SET NULL ON DELETE NO ACTION)`),
    ).toMatchObject({
      columns: [
        {
          constraints: [
            { kind: 'foreign_key', name: 'k', table: { name: 'p' }, referenced: null, onDelete: 'cascade' },
            { kind: 'not_null' },
          ],
        },
        {
          constraints: [
            { table: { schema: 's' }, referenced: [{ name: 'x' }], onDelete: 'no action', onUpdate: 'no action' },
          ],
        },
      ],
      constraints: [
        {
          kind: 'foreign_key',
          name: null,
          columns: [{ name: 'a' }, { name: 'b' }],
          referenced: [{ name: 'y' }, { name: 'z' }],
          onDelete: 'no action',
          onUpdate: 'set null',
        },
      ],
    })
    for (const twice of [
      'ON DELETE CASCADE ON DELETE RESTRICT',
      'ON UPDATE CASCADE ON UPDATE CASCADE',
      'ON INSERT CASCADE',
    ]) {
      expect(() => tree(`CREATE TABLE t (a int REFERENCES p ${twice})`)).toThrow(/syntax error/)
    }
  })

  test('indexes and DROP', () => {
    expect(tree('CREATE UNIQUE INDEX i ON t USING btree (a, b DESC NULLS LAST)')).toMatchObject({
      unique: true,
      name: 'i',
      columns: [
        { name: 'a', descending: false, nullsFirst: false },
        { descending: true, nullsFirst: false },
      ],
    })
    expect(tree('CREATE INDEX ON t (a)')).toMatchObject({ name: null })
    expect(tree('DROP TABLE IF EXISTS a, s.b CASCADE')).toMatchObject({
      ifExists: true,
      cascade: true,
      tables: { length: 2 },
    })
    expect(tree('DROP INDEX i RESTRICT')).toMatchObject({ kind: 'drop_index', cascade: false })
    expect(tree('TRUNCATE TABLE a, b')).toMatchObject({ tables: { length: 2 } })
  })
})

describe('transactions', () => {
  const none = { isolation: null, method: null, readOnly: null, deferrable: null }
  const cases: readonly (readonly [string, object])[] = [
    ['BEGIN', none],
    ['BEGIN WORK ISOLATION LEVEL READ UNCOMMITTED', { ...none, isolation: 'read uncommitted' }],
    [
      'START TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE',
      { ...none, isolation: 'read committed', readOnly: false },
    ],
    ['BEGIN ISOLATION LEVEL REPEATABLE READ', { ...none, isolation: 'repeatable read' }],
    ['BEGIN ISOLATION LEVEL SNAPSHOT', { ...none, isolation: 'repeatable read' }],
    ['BEGIN ISOLATION LEVEL SERIALIZABLE', { ...none, isolation: 'serializable' }],
    ['BEGIN ISOLATION LEVEL SERIALIZABLE USING SSI', { ...none, isolation: 'serializable', method: 'ssi' }],
    ['BEGIN ISOLATION LEVEL SERIALIZABLE USING 2PL', { ...none, isolation: 'serializable', method: '2pl' }],
    ['BEGIN ISOLATION LEVEL SERIALIZABLE USING SERIAL', { ...none, isolation: 'serializable', method: 'serial' }],
    [
      'BEGIN ISOLATION LEVEL SERIALIZABLE, READ ONLY, DEFERRABLE',
      { isolation: 'serializable', method: null, readOnly: true, deferrable: true },
    ],
    ['BEGIN NOT DEFERRABLE READ ONLY', { ...none, readOnly: true, deferrable: false }],
  ]
  test.each(cases)('%s', (sql, modes) => {
    expect(tree(sql)).toMatchObject({ kind: 'begin', modes })
  })

  test('the others', () => {
    expect(tree('SET TRANSACTION READ ONLY')).toMatchObject({ kind: 'set_transaction', scope: 'transaction' })
    expect(tree('SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY')).toMatchObject({ scope: 'session' })
    for (const sql of ['COMMIT', 'COMMIT WORK', 'END', 'END TRANSACTION', 'COMMIT AND NO CHAIN']) {
      expect(tree(sql)).toMatchObject({ kind: 'commit', chain: false })
    }
    for (const sql of ['ROLLBACK', 'ABORT', 'ROLLBACK TRANSACTION'])
      expect(tree(sql)).toMatchObject({ kind: 'rollback', chain: false })
    expect(tree('END WORK AND CHAIN')).toMatchObject({ kind: 'commit', chain: true })
    expect(tree('ABORT AND CHAIN')).toMatchObject({ kind: 'rollback', chain: true })
    expect(tree("PREPARE TRANSACTION 'It''s'")).toMatchObject({ kind: 'prepare_transaction', gid: "It's" })
    expect(tree("COMMIT PREPARED 'g'")).toMatchObject({ kind: 'commit_prepared', gid: 'g' })
    expect(tree("ROLLBACK PREPARED 'g'")).toMatchObject({ kind: 'rollback_prepared', gid: 'g' })
    for (const sql of ["END PREPARED 'g'", "ABORT PREPARED 'g'", 'COMMIT PREPARED g', 'PREPARE TRANSACTION']) {
      expect(() => tree(sql)).toThrow('syntax error')
    }
    expect(tree('SAVEPOINT a')).toMatchObject({ kind: 'savepoint', name: 'a' })
    for (const sql of ['ROLLBACK TO a', 'ROLLBACK WORK TO SAVEPOINT a']) {
      expect(tree(sql)).toMatchObject({ kind: 'rollback_to', name: 'a' })
    }
    for (const sql of ['RELEASE a', 'RELEASE SAVEPOINT a'])
      expect(tree(sql)).toMatchObject({ kind: 'release', name: 'a' })
    expect(tree('ROLLBACK TO savepoint')).toMatchObject({ name: 'savepoint' })
  })
})

describe('utility statements', () => {
  test('SET, SHOW, RESET', () => {
    expect(tree('SET a = 1')).toMatchObject({ name: 'a', values: ['1'], local: false })
    expect(tree("SET LOCAL x.y TO b, 'C'")).toMatchObject({ name: 'x.y', values: ['b', 'C'], local: true })
    expect(tree('SET a TO DEFAULT')).toMatchObject({ values: null })
    expect(tree('SET b = -1.50')).toMatchObject({ values: ['-1.50'] })
    expect(tree("SET TIME ZONE 'UTC'")).toMatchObject({ name: 'timezone', values: ['UTC'] })
    expect(tree('SHOW TRANSACTION ISOLATION LEVEL')).toMatchObject({ name: 'transaction_isolation' })
    expect(tree('SHOW ALL')).toMatchObject({ kind: 'show', name: null })
    expect(tree('RESET a')).toMatchObject({ kind: 'reset', name: 'a' })
  })

  test('COPY, in both notations', () => {
    const options = { format: 'csv', delimiter: '|', header: true, null: '', quote: '"', escape: null }
    for (const sql of [
      `COPY t (a, b) FROM STDIN WITH (FORMAT csv, DELIMITER '|', HEADER, NULL '', QUOTE '"')`,
      `COPY t (a, b) FROM STDIN WITH CSV HEADER DELIMITER AS '|' NULL '' QUOTE '"'`,
      `COPY t (a, b) FROM STDIN DELIMITER '|' CSV QUOTE '"' HEADER NULL AS ''`,
    ]) {
      expect(tree(sql)).toMatchObject({ columns: [{ name: 'a' }, { name: 'b' }], file: null, options })
    }
    expect(tree("COPY t FROM 'a.txt'")).toMatchObject({ file: 'a.txt', options: { format: 'text', header: false } })
  })

  test('EXPLAIN', () => {
    expect(tree('EXPLAIN SELECT 1')).toMatchObject({ analyze: false, code: false, statement: { kind: 'select' } })
    expect(tree('EXPLAIN ANALYZE DELETE FROM t')).toMatchObject({ analyze: true, statement: { kind: 'delete' } })
    expect(tree('EXPLAIN (ANALYZE, CODE) (SELECT 1)')).toMatchObject({ analyze: true, code: true })
    expect(tree('EXPLAIN (CODE off) SELECT 1')).toMatchObject({ code: false })
    expect(errorOf(() => tree('EXPLAIN (COLOUR) SELECT 1')).message).toBe('unrecognized EXPLAIN option "colour"')
  })
})

describe('several statements', () => {
  test('each with its range; empty ones are skipped', () => {
    const sql = `;; SELECT ';' ; /* ; */ COMMIT -- ;\n;`
    const statements = parseStatements(sql)
    expect(statements.map(({ start, end }) => sql.slice(start, end))).toEqual([`SELECT ';'`, 'COMMIT'])
    expect(parseStatements(' -- nothing')).toEqual([])
  })

  test('parseStatement wants exactly one', () => {
    expect(errorOf(() => parseStatement('COMMIT; COMMIT')).code).toBe('42601')
    expect(errorOf(() => parseStatement(' ;')).message).toBe('syntax error at end of input')
    expect(parseStatement('COMMIT;').statement.kind).toBe('commit')
  })

  test('parameters are counted', () => {
    expect(parseStatement('SELECT $2, $1').parameterCount).toBe(2)
    expect(parseStatement('SELECT 1').parameterCount).toBe(0)
  })

  test('positions count from the start of the whole text', () => {
    const [, second] = parseStatements('COMMIT; SELECT a')
    expect(second?.statement).toMatchObject({ position: 8, items: [{ expression: { position: 15 } }] })
  })
})

describe('statements of the session', () => {
  test('LOCK TABLE names tables, a mode and NOWAIT', () => {
    expect(tree('LOCK a')).toMatchObject({ kind: 'lock_table', tables: [{ name: 'a' }], mode: 'access exclusive' })
    expect(tree('LOCK TABLE ONLY s.a, b * IN SHARE ROW EXCLUSIVE MODE NOWAIT')).toMatchObject({
      tables: [{ schema: 's', name: 'a' }, { name: 'b' }],
      mode: 'share row exclusive',
      nowait: true,
    })
    for (const sql of ['LOCK', 'LOCK a IN MODE', 'LOCK a IN SHARE SHARE MODE', 'LOCK a NOWAIT b']) {
      expect(errorOf(() => tree(sql)).code, sql).toBe('42601')
    }
  })

  test('LISTEN, UNLISTEN, NOTIFY, CALL', () => {
    expect(tree('LISTEN "A"')).toMatchObject({ kind: 'listen', channel: 'A' })
    expect(tree('UNLISTEN *')).toMatchObject({ kind: 'unlisten', channel: null })
    expect(tree("NOTIFY Jobs, 'x'")).toMatchObject({ kind: 'notify', channel: 'jobs', payload: 'x' })
    expect(tree('CALL f()')).toMatchObject({ kind: 'call', name: 'f', arguments: [] })
    expect(tree("CALL f(1 + $1, 'x')")).toMatchObject({ arguments: [{ kind: 'binary' }, { kind: 'string' }] })
    expect(errorOf(() => tree('CALL f((SELECT 1))')).code).toBe('0A000')
    // None of the words is reserved.
    expect(tree('SELECT call, lock, notify FROM listen')).toMatchObject({ from: [{ table: { name: 'listen' } }] })
  })
})
