/** What must hold of every execution, whatever the program. Each function says what is wrong, in words, or null. */
import { check } from '../../src/index.ts'
import type { Verdict } from '../../src/index.ts'
import type { Engine } from '../../src/session/engine.ts'
import type { Executed, Outcome } from './performance.ts'
import { skipsLocked } from './programs.ts'
import type { Execution, World } from './worlds.ts'

/** Statements that end, with errors that a person may expect. */
export function misbehaved({ hanging, broken }: Execution): string | null {
  if (hanging.length > 0) return `never ended: ${hanging.join('; ')}`
  const [first] = broken
  return first === undefined ? null : `an error that no statement may have: ${first.stack ?? first.message}`
}

/** What the transactions' own levels proscribe. */
export function violated(verdict: Verdict): string | null {
  return verdict.ok ? null : verdict.describe()
}

/**
 * Runs the committed transactions in the checker's serial order: they must read and leave what they did when they ran
 * beside one another.
 */
export async function notSerial(
  world: World,
  execution: Execution,
  verdict: Verdict,
  where: 'here' | 'fork',
  undone: 'repeated' | 'left out',
): Promise<string | null> {
  if (verdict.serialOrder === null) return `no serial order: ${verdict.describe()}`
  const byId = new Map(execution.transactions.map((transaction) => [transaction.id, transaction]))
  const order = verdict.serialOrder
    .map((id) => byId.get(id))
    .filter((transaction): transaction is Executed => transaction?.committed === true)
    .map((transaction) => (undone === 'repeated' ? transaction : withoutUndone(transaction)))
  const replay = await world.replay(order, where)
  for (const [i, { id, outcomes }] of order.entries()) {
    const succeeded = outcomes.filter(({ error }) => error === null)
    for (const [j, { statement, result }] of succeeded.entries()) {
      const again = replay.results[i]![j]!
      if (again !== result && !(skipsLocked(statement) && isPart(result, again))) {
        const names = order.map((each) => `T${each.id}`).join(', ')
        return `in the serial order ${names}, T${id} gets ${again} from ${statement.sql} (${statement.values.join()}), where it got ${result}`
      }
    }
  }
  if (replay.final === execution.final) return null
  return `the serial order leaves ${replay.final}, where the execution left ${execution.final}`
}

/** True if `result` has no rows but those of `whole`. */
function isPart(result: string | null, whole: string | null): boolean {
  const rowsOf = (text: string | null): string[] => text?.split(' ').slice(2) ?? []
  const rows = new Set(['', ...rowsOf(whole)])
  return rowsOf(result).every((row) => rows.has(row))
}

/** Without the statements that it took back, by ROLLBACK TO. */
function withoutUndone(transaction: Executed): Executed {
  const outcomes: Outcome[] = []
  let savepoint = 0
  for (const outcome of transaction.outcomes) {
    const { sql } = outcome.statement
    if (outcome.error !== null) continue
    if (sql === 'SAVEPOINT s') savepoint = outcomes.length
    else if (sql === 'ROLLBACK TO s') outcomes.length = savepoint
    else outcomes.push(outcome)
  }
  return { ...transaction, outcomes }
}

/** A constraint that the rows break. */
export async function inconsistent(world: World): Promise<string | null> {
  const { primaryKey, valueIndex, child } = world.schema
  const questions = [
    ...(primaryKey ? ['SELECT k FROM t GROUP BY k HAVING count(*) > 1'] : []),
    ...(valueIndex === 'unique' ? ['SELECT v FROM t WHERE v IS NOT NULL GROUP BY v HAVING count(*) > 1'] : []),
    ...(child === 'none' ? [] : ['SELECT c.id FROM c LEFT JOIN t ON t.k = c.t WHERE c.t IS NOT NULL AND t.k IS NULL']),
  ]
  for (const sql of questions) {
    const broken = await world.rows(sql)
    if (broken !== '') return `${sql} gives ${broken}`
  }
  return null
}

/** Locks, views, versions and SIREADs that are still there though everybody is idle. */
export function leftBehind({ transactions, store }: Engine): string | null {
  if (transactions.active().length > 0) return 'a transaction is active'
  if (!transactions.locks.quiet) return 'a lock is held'
  if (transactions.locks.rowLockCount > 0) return 'a row is locked'
  if (transactions.kept.count > 0) return 'a published transaction has versions'
  if (transactions.snapshots.horizon !== Infinity) return 'a view is retained'
  if ([...transactions.conflicts.nodes()].length > 0) return 'the rw-graph has a node'
  for (const table of store.tables()) {
    if (table.sireads !== 0) return `${table.name} has SIREADs`
    if (table.rangeLocks !== 0) return `${table.name} has range locks`
    for (const page of table.pages) if (page !== null && page.undo !== null) return `${table.name} has versions`
    for (const index of table.indexes) {
      if (index.size !== table.liveCount) return `${index.name} has ${index.size} entries for ${table.liveCount} rows`
    }
  }
  return null
}

export interface Judgement {
  readonly execution: Execution
  readonly verdict: Verdict
}

export const judge = (execution: Execution): Judgement => ({ execution, verdict: check(execution.history) })
