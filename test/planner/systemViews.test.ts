import { beforeEach, expect, test } from 'vitest'
import { CatalogRoot } from '../../src/catalog/index.ts'
import { DatabaseError } from '../../src/errors.ts'
import { MemoryAccount, Step } from '../../src/executor/index.ts'
import { parseStatements } from '../../src/parser/index.ts'
import type { SystemView } from '../../src/planner/index.ts'
import { PlanCache, planDdl } from '../../src/planner/index.ts'
import { ReadView } from '../../src/storage/readView.ts'
import { Store } from '../../src/storage/store.ts'
import { INT8, TEXT } from '../../src/types/registry.ts'
import type { Value } from '../../src/types/value.ts'

let root: CatalogRoot
let store: Store
let cache: PlanCache
let computed: (string | null)[]
let rowsOfView: Value[][]

beforeEach(() => {
  root = CatalogRoot.empty
  store = new Store()
  computed = []
  rowsOfView = [
    ['a', 1],
    ['b', null],
  ]
  const columns = [
    { name: 'name', type: TEXT },
    { name: 'size', type: INT8 },
  ]
  const rows = (argument: string | null): Value[][] => {
    computed.push(argument)
    return rowsOfView
  }
  const views: readonly SystemView[] = [
    { name: 'isolde_things', columns, rows },
    { name: 'isolde_parts', columns, parameter: 'thing', rows },
  ]
  const view = (name: string): SystemView | null => views.find((candidate) => candidate.name === name) ?? null
  cache = new PlanCache({ table: (id) => store.table(id), view }, { maxBytes: 1 << 20 })
})

function define(sql: string): void {
  for (const { statement } of parseStatements(sql)) {
    for (const change of planDdl(statement, root).changes) {
      root = root.apply(change)
      store.apply(change)
    }
  }
}

function query(sql: string, values: readonly unknown[] = [], budget = 1000): unknown[] {
  const { text, literals } = cache.find(sql)
  const planned = text.statements[0]!.plan(root, values)
  const context = { transaction: null, view: new ReadView(), memory: new MemoryAccount() }
  const execution = planned.compiled.start({ ...context, parameters: planned.bind(values, literals) }, 'arrays')
  while (execution.step(budget) !== Step.DONE);
  const rows = execution.take()
  execution.release()
  return rows
}

function errorOf(sql: string): string {
  try {
    query(sql)
  } catch (error) {
    if (error instanceof DatabaseError) return `${error.code} ${error.message}`
    throw error
  }
  return 'none'
}

test('the rows are computed each time that a scan starts, and not again while it goes on', () => {
  expect(query('SELECT * FROM isolde_things', [], 1)).toEqual([
    ['a', 1],
    ['b', null],
  ])
  expect(computed).toEqual([null])
  rowsOfView = [['c', 3]]
  expect(query('SELECT size + 1, name FROM isolde_things AS t WHERE t.name > $1', ['b'])).toEqual([[4, 'c']])
  expect(query('SELECT * FROM isolde_things')).toEqual([['c', 3]])
  expect(query('SELECT x.name FROM isolde_things x JOIN isolde_things y ON x.name = y.name')).toEqual([['c']])
  expect(computed).toHaveLength(5)
})

test('a page whose numbers are too large for doubles is read by other code, of the same rows', () => {
  rowsOfView = [['a', 2n ** 60n]]
  expect(query('SELECT size FROM isolde_things')).toEqual([[2n ** 60n]])
  expect(computed).toHaveLength(1)
})

test('a table function takes its argument anew at each execution', () => {
  query("SELECT * FROM isolde_parts('x')")
  query("SELECT * FROM isolde_parts('y')")
  query('SELECT * FROM isolde_parts($1)', ['z'])
  expect(computed).toEqual(['x', 'y', 'z'])
})

test('a view and a function are not each other, and both are not written', () => {
  expect(errorOf('SELECT * FROM isolde_parts')).toBe('42P01 relation "isolde_parts" does not exist')
  expect(errorOf('SELECT * FROM isolde_things()')).toBe('42883 function isolde_things() does not exist')
  expect(errorOf('SELECT * FROM isolde_parts(1, true)')).toBe(
    '42883 function isolde_parts(integer, boolean) does not exist',
  )
  expect(errorOf('SELECT * FROM generate_series(1, 2)')).toBe('0A000 a function in FROM is not supported')
  expect(errorOf('DELETE FROM isolde_things')).toBe('42809 "isolde_things" is not a table')
  expect(errorOf('SELECT * FROM isolde_things FOR UPDATE OF isolde_things')).toBe(
    '0A000 FOR UPDATE cannot be applied to a system view',
  )
})

test('a table of the same name hides the view, also from a plan that is cached', () => {
  query('SELECT * FROM isolde_things')
  define('CREATE TABLE isolde_things (a int)')
  expect(query('SELECT * FROM isolde_things')).toEqual([])
  define('DROP TABLE isolde_things')
  expect(query('SELECT * FROM isolde_things')).toHaveLength(2)
  expect(computed).toHaveLength(2)
})
