import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openSync, type Database } from '../../src/index.ts'
import { runs } from '../support/runs.ts'

// The optimiser changes no answer. Random joins — inner, left, cross, nested, over derived tables — with random
// conditions are run, and computed once more in JavaScript: nested loops in the order in which they are written, with
// three-valued logic, nothing moved.

const columns = ['k', 'a', 'b'] as const
type Column = (typeof columns)[number]
type Cell = number | null
type Row = Readonly<Record<Column, Cell>>
/** By alias; a row of nulls where a left join found none. */
type Tuple = ReadonlyMap<string, Row>

// k is the primary key, a has an index, b has none.
const tables: Readonly<Record<string, readonly Row[]>> = {
  t: Array.from({ length: 40 }, (_, k) => ({ k, a: k % 7 === 0 ? null : k % 5, b: k % 4 === 0 ? null : k % 3 })),
  u: Array.from({ length: 12 }, (_, k) => ({ k, a: k % 3 === 0 ? null : k % 4, b: k % 6 })),
}

async function makeTables(): Promise<Database> {
  const db = openSync()
  for (const [name, rows] of Object.entries(tables)) {
    await db.exec(`CREATE TABLE ${name} (k int PRIMARY KEY, a int, b int); CREATE INDEX ON ${name} (a)`)
    const insert = db.prepare(`INSERT INTO ${name} VALUES ($1, $2, $3)`)
    for (const { k, a, b } of rows) insert.run(k, a, b)
  }
  return db
}

// ------------------------------------------------------------------------------------------------- conditions

interface Reference {
  readonly alias: string
  readonly column: Column
}

type Condition =
  | {
      readonly kind: 'compare'
      readonly left: Reference
      readonly operator: string
      readonly right: Reference | number
    }
  | { readonly kind: 'null'; readonly of: Reference; readonly negated: boolean }
  | { readonly kind: 'in'; readonly of: Reference; readonly list: readonly Cell[]; readonly negated: boolean }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }

const operators = ['=', '=', '=', '<', '<=', '>', '>=', '<>']
const small = fc.integer({ min: 0, max: 6 })

function reference(aliases: readonly string[]): fc.Arbitrary<Reference> {
  return fc.record({ alias: fc.constantFrom(...aliases), column: fc.constantFrom(...columns) })
}

function simple(aliases: readonly string[]): fc.Arbitrary<Condition> {
  const of = reference(aliases)
  return fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('compare' as const),
        left: of,
        operator: fc.constantFrom(...operators),
        right: fc.oneof(of, of, small),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('null' as const), of, negated: fc.boolean() }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('in' as const),
        of,
        list: fc.array(fc.option(small, { nil: null, freq: 5 }), { minLength: 1, maxLength: 4 }),
        negated: fc.boolean(),
      }),
    },
  )
}

function condition(aliases: readonly string[]): fc.Arbitrary<Condition> {
  const parts = fc.array(simple(aliases), { minLength: 1, maxLength: 3 })
  const branch: fc.Arbitrary<Condition> = fc.record({ kind: fc.constant('and' as const), parts })
  return fc.oneof(
    { weight: 4, arbitrary: branch },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('or' as const),
        parts: fc.array(branch, { minLength: 2, maxLength: 3 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('not' as const), of: branch }) },
  )
}

const name = ({ alias, column }: Reference): string => `${alias}.${column}`

function sqlOf(c: Condition): string {
  switch (c.kind) {
    case 'compare':
      return `${name(c.left)} ${c.operator} ${typeof c.right === 'number' ? c.right : name(c.right)}`
    case 'null':
      return `${name(c.of)} IS ${c.negated ? 'NOT ' : ''}NULL`
    case 'in':
      return `${name(c.of)} ${c.negated ? 'NOT ' : ''}IN (${c.list.map((cell) => cell ?? 'NULL').join(', ')})`
    case 'and':
    case 'or':
      return `(${c.parts.map(sqlOf).join(c.kind === 'and' ? ' AND ' : ' OR ')})`
    case 'not':
      return `NOT ${sqlOf(c.of)}`
  }
}

const tests: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '=': (a, b) => a === b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '<>': (a, b) => a !== b,
}

function holds(c: Condition, tuple: Tuple): boolean | null {
  const valueOf = ({ alias, column }: Reference): Cell => tuple.get(alias)![column]
  switch (c.kind) {
    case 'compare': {
      const [a, b] = [valueOf(c.left), typeof c.right === 'number' ? c.right : valueOf(c.right)]
      return a === null || b === null ? null : tests[c.operator]!(a, b)
    }
    case 'null':
      return (valueOf(c.of) === null) !== c.negated
    case 'in': {
      const value = valueOf(c.of)
      const found = value === null ? null : c.list.includes(value) ? true : c.list.includes(null) ? null : false
      return found === null ? null : found !== c.negated
    }
    case 'and':
    case 'or': {
      const results = c.parts.map((part) => holds(part, tuple))
      const decisive = c.kind === 'or'
      if (results.includes(decisive)) return decisive
      return results.includes(null) ? null : !decisive
    }
    case 'not': {
      const result = holds(c.of, tuple)
      return result === null ? null : !result
    }
  }
}

// ------------------------------------------------------------------------------------------------------- FROM

type From =
  | { readonly kind: 'table'; readonly table: string; readonly alias: string }
  | { readonly kind: 'derived'; readonly table: string; readonly alias: string; readonly where: Condition }
  | {
      readonly kind: 'join'
      readonly join: 'inner' | 'left' | 'cross'
      readonly left: From
      readonly right: From
      readonly on: Condition | null
    }

const aliasesOf = (from: From): readonly string[] =>
  from.kind === 'join' ? [...aliasesOf(from.left), ...aliasesOf(from.right)] : [from.alias]

function leaf(alias: string): fc.Arbitrary<From> {
  const table = fc.constantFrom(...Object.keys(tables))
  return fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('table' as const), table, alias: fc.constant(alias) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('derived' as const),
        table,
        alias: fc.constant(alias),
        where: condition(['x']),
      }),
    },
  )
}

function joinOf(left: From, right: From): fc.Arbitrary<From> {
  const on = condition([...aliasesOf(left), ...aliasesOf(right)])
  return fc
    .record({ join: fc.constantFrom('inner' as const, 'inner' as const, 'left' as const, 'cross' as const), on })
    .map((made) => ({
      kind: 'join' as const,
      left,
      right,
      join: made.join,
      on: made.join === 'cross' ? null : made.on,
    }))
}

const from: fc.Arbitrary<From> = fc.oneof(
  leaf('p'),
  fc.tuple(leaf('p'), leaf('q')).chain(([p, q]) => joinOf(p, q)),
  fc
    .tuple(leaf('p'), leaf('q'), leaf('r'), fc.boolean())
    .chain(([p, q, r, toTheRight]) =>
      toTheRight ? joinOf(q, r).chain((right) => joinOf(p, right)) : joinOf(p, q).chain((left) => joinOf(left, r)),
    ),
)

function sqlOfFrom(f: From): string {
  switch (f.kind) {
    case 'table':
      return `${f.table} ${f.alias}`
    case 'derived':
      return `(SELECT x.b AS b, x.k AS k, x.a AS a FROM ${f.table} x WHERE ${sqlOf(f.where)}) ${f.alias}`
    case 'join': {
      const on = f.on === null ? '' : ` ON ${sqlOf(f.on)}`
      const right = f.right.kind === 'join' ? `(${sqlOfFrom(f.right)})` : sqlOfFrom(f.right)
      return `${sqlOfFrom(f.left)} ${f.join.toUpperCase()} JOIN ${right}${on}`
    }
  }
}

const nulls: Row = { k: null, a: null, b: null }

function tuplesOf(f: From): readonly Tuple[] {
  if (f.kind === 'table') return tables[f.table]!.map((row) => new Map([[f.alias, row]]))
  if (f.kind === 'derived') {
    return tables[f.table]!.filter((row) => holds(f.where, new Map([['x', row]])) === true).map(
      (row) => new Map([[f.alias, row]]),
    )
  }
  const right = tuplesOf(f.right)
  return tuplesOf(f.left).flatMap((outer) => {
    const matches = right
      .map((inner): Tuple => new Map([...outer, ...inner]))
      .filter((tuple) => f.on === null || holds(f.on, tuple) === true)
    if (matches.length > 0 || f.join !== 'left') return matches
    return [new Map([...outer, ...aliasesOf(f.right).map((alias) => [alias, nulls] as const)])]
  })
}

// ---------------------------------------------------------------------------------------------------- the property

const query = from.chain((f) =>
  fc.record({ from: fc.constant(f), where: fc.option(condition(aliasesOf(f)), { nil: null }) }),
)

test('the optimiser changes no answer', async () => {
  using db = await makeTables()
  fc.assert(
    fc.property(query, ({ from: f, where }) => {
      const aliases = aliasesOf(f)
      const list = aliases.flatMap((alias) => columns.map((column) => `${alias}.${column}`))
      const condition = where === null ? '' : ` WHERE ${sqlOf(where)}`
      const sql = `SELECT ${list.join(', ')} FROM ${sqlOfFrom(f)}${condition}`
      const got = db
        .prepare<unknown[]>(sql, { rowMode: 'array' })
        .all()
        .map((row) => row.join())
        .sort()
      const expected = tuplesOf(f)
        .filter((tuple) => where === null || holds(where, tuple) === true)
        .map((tuple) => aliases.flatMap((alias) => columns.map((column) => tuple.get(alias)![column])).join())
        .sort()
      expect(got).toEqual(expected)
    }),
    { numRuns: runs(400) },
  )
})
