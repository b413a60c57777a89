/**
 * After SIBENCH: Cahill, Serializable Isolation for Snapshot Databases (PhD thesis, Sydney 2009), section 5.2. One table;
 * a query finds the item with the smallest value by reading all of them, an update changes one item: every query has an
 * rw-antidependency to every update beside it, and none of them makes a cycle.
 */
import type { Body, Choice, Random, Workload } from './workload.ts'

function* smallest(): Body {
  yield { statement: 0, parameters: [] }
}

function* increment(id: number): Body {
  yield { statement: 1, parameters: [id] }
}

export const sibench: Workload = {
  name: 'SIBENCH',
  statements: ['SELECT id FROM item ORDER BY value LIMIT 1', 'UPDATE item SET value = value + 1 WHERE id = $1'],
  schema: 'CREATE TABLE item (id integer PRIMARY KEY, value integer NOT NULL)',
  fill: (rows) =>
    Array.from({ length: rows }, (_, id) => ({ sql: 'INSERT INTO item VALUES ($1, 0)', parameters: [id] })),
  transactions: { smallest, increment },
  next(random: Random, rows: number): Choice {
    const id = random.below(rows)
    return random.below(2) === 0 ? { name: 'smallest', parameters: [] } : { name: 'increment', parameters: [id] }
  },
}
