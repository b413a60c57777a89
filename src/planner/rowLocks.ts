/**
 * FOR UPDATE, NO KEY UPDATE, SHARE and KEY SHARE: which tables of a query's FROM they lock, how strongly, and where they
 * are not allowed. PostgreSQL's rules: a clause without OF speaks of every table; a table that several clauses speak of
 * is locked as the strongest of them says, and NOWAIT wins over SKIP LOCKED, which wins over waiting; a clause that speaks
 * of a derived table speaks of all tables within.
 */
import { lockingNotAllowed, lockingNotApplicable, lockingUnknownRelation } from '../errors.ts'
import type { FromItem, LockingClause, Query, Select, Statement } from '../parser/ast.ts'
import type { Get, RowLock } from './logical.ts'

const strengths: readonly LockingClause['strength'][] = ['key share', 'share', 'no key update', 'update']
const waits: readonly LockingClause['wait'][] = ['wait', 'skip locked', 'nowait']

/** What FROM calls something, and what it is. */
export interface NamedItem {
  readonly name: string
  readonly kind: FromItem['kind'] | 'system view'
}

/** `FOR UPDATE`, for messages. */
export const lockingWords = (strength: LockingClause['strength']): string => `FOR ${strength.toUpperCase()}`

/** The clauses that speak of the item of this name. */
export function clausesFor(clauses: readonly LockingClause[], name: string): readonly LockingClause[] {
  return clauses.filter(({ of }) => of.length === 0 || of.some((column) => column.name === name))
}

/** The lock on the rows of a table that these clauses, at least one, speak of together. */
export function rowLock(get: Get, clauses: readonly LockingClause[]): RowLock {
  const strongest = <T>(order: readonly T[], of: (clause: LockingClause) => T): T =>
    order[Math.max(...clauses.map((clause) => order.indexOf(of(clause))))]!
  return {
    get,
    strength: strongest(strengths, (clause) => clause.strength),
    wait: strongest(waits, (clause) => clause.wait),
  }
}

/** Throws 0A000 where a row of the result is not a row of a table. `clauses` are the query's own and those from around it. */
export function checkLockedQuery(select: Select, clauses: readonly LockingClause[], hasAggregates: boolean): void {
  const [clause] = clauses
  if (clause === undefined) return
  const refuse = (what: string): never => {
    throw lockingNotAllowed(lockingWords(clause.strength), what, clause.position)
  }
  if (select.distinct) refuse('DISTINCT clause')
  if (select.groupBy.length > 0) refuse('GROUP BY clause')
  if (select.having !== null) refuse('HAVING clause')
  if (hasAggregates) refuse('aggregate functions')
}

/** Throws 42P01 for a name behind OF that FROM does not have, 0A000 for what has no rows to lock. */
export function checkLockedNames(clauses: readonly LockingClause[], items: readonly NamedItem[]): void {
  for (const { strength, of } of clauses) {
    for (const { name, position } of of) {
      const item = items.find((candidate) => candidate.name === name)
      const words = lockingWords(strength)
      if (item === undefined) throw lockingUnknownRelation(words, name, position)
      if (item.kind === 'table' || item.kind === 'derived') continue
      throw lockingNotApplicable(words, item.kind === 'table_function' ? 'a function' : `a ${item.kind}`, position)
    }
  }
}

/** True if the statement is a query that locks rows, itself or in a derived table. */
export function locksRows(statement: Statement): boolean {
  return (statement.kind === 'select' || statement.kind === 'values') && queryLocks(statement)
}

function queryLocks(query: Query): boolean {
  return query.locking.length > 0 || (query.kind === 'select' && query.from.some(itemLocks))
}

function itemLocks(item: FromItem): boolean {
  if (item.kind === 'join') return itemLocks(item.left) || itemLocks(item.right)
  return item.kind === 'derived' && queryLocks(item.query)
}
