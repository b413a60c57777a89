/**
 * Finds the rows that refer to any of some keys: by an index whose first columns are those of the foreign key, if there is
 * one, else in one scan of the table for all keys.
 */
import type { Index } from '../storage/row/index.ts'
import { PAGE_ROWS } from '../storage/ids.ts'
import { awaitGuard, judgeReferencing, NONE, noteRange, noteTable } from '../txn/foreignKeys.ts'
import { Outcome, type Transaction } from '../txn/transaction.ts'
import type { Value } from '../types/value.ts'
import type { ForeignKeyEdge } from './foreignKeyPlan.ts'
import { keyText, referencedKey } from './referenceKeys.ts'
import type { Run, Work } from './run.ts'
import { IndexCursor } from '../storage/row/cursor.ts'

/** A key that is referred to no more by the row that had it. */
export interface WantedKey {
  /** In the order of `referencedColumns`. */
  readonly old: readonly Value[]
  /** `keyText` of it. */
  readonly text: string
  /** The key that the row has now; null if it was deleted. */
  readonly next: readonly Value[] | null
}

const keyBytes = 96

type Visit = (rowId: number, key: WantedKey) => Outcome

/** Calls `visit` for each row; versions since command `since` of the transaction do not count. */
export function* searchReferencing(
  run: Run,
  transaction: Transaction,
  edge: ForeignKeyEdge,
  wanted: readonly WantedKey[],
  since: number,
  visit: Visit,
): Work {
  if (wanted.length === 0) return Outcome.DONE
  const index = edge.toReferenced === null ? indexFor(edge) : null
  return index === null
    ? yield* scan(run, transaction, edge, wanted, since, visit)
    : yield* lookUp(run, transaction, edge, index, wanted, since, visit)
}

/** The narrowest index that begins with the foreign key's columns, in any order. */
function indexFor({ referencing, columns }: ForeignKeyEdge): Index | null {
  let best: Index | null = null
  for (const index of referencing.indexes) {
    if (!index.enforced) continue
    if (!index.columns.slice(0, columns.length).every((column) => columns.includes(column))) continue
    if (index.columns.length < columns.length) continue
    if (best === null || index.columns.length < best.columns.length) best = index
  }
  return best
}

function* lookUp(
  run: Run,
  transaction: Transaction,
  edge: ForeignKeyEdge,
  index: Index,
  wanted: readonly WantedKey[],
  since: number,
  visit: Visit,
): Work {
  const { referencing, columns } = edge
  const order = index.columns.slice(0, columns.length).map((column) => columns.indexOf(column))
  const cursor = new IndexCursor(index)
  for (const key of wanted) {
    const values = order.map((at) => key.old[at]!)
    if (!noteRange(transaction, referencing, index, index.columns.length === 1 ? values[0]! : values)) {
      return awaitGuard(transaction)
    }
    const refers = (row: readonly Value[]): boolean => textOf(edge, row) === key.text
    cursor.seekEquals(values)
    for (let rowId = cursor.nextEntry(); rowId >= 0; rowId = cursor.nextEntry()) {
      if (run.budget-- <= 0) yield
      const answer = judgeReferencing(transaction, referencing, rowId, columns, refers, since)
      const outcome = answer === Outcome.DONE ? visit(rowId, key) : answer
      if (outcome !== Outcome.DONE && outcome !== NONE) return outcome
    }
    if (run.budget-- <= 0) yield
  }
  return Outcome.DONE
}

function* scan(
  run: Run,
  transaction: Transaction,
  edge: ForeignKeyEdge,
  wanted: readonly WantedKey[],
  since: number,
  visit: Visit,
): Work {
  const { referencing, columns } = edge
  run.memory.charge(wanted.length * keyBytes)
  const keys = new Map(wanted.map((key) => [key.text, key]))
  const isWanted = (values: readonly Value[]): boolean => {
    const text = textOf(
      edge,
      columns.map((column) => values[column] ?? null),
    )
    return text !== null && keys.has(text)
  }
  if (!noteTable(transaction, referencing, isWanted)) return awaitGuard(transaction)
  let key: WantedKey | undefined
  const refers = (row: readonly Value[]): boolean => {
    const text = textOf(edge, row)
    const found = text === null ? undefined : keys.get(text)
    if (found !== undefined) key = found
    return found !== undefined
  }
  for (let number = 0; number < referencing.pages.length; number++) {
    for (let slot = 0; ; slot++) {
      const page = referencing.pages[number]
      if (page === null || page === undefined || slot >= page.used) break
      if (run.budget-- <= 0) yield
      const rowId = number * PAGE_ROWS + slot
      const answer = judgeReferencing(transaction, referencing, rowId, columns, refers, since)
      const outcome = answer === Outcome.DONE ? visit(rowId, key!) : answer
      if (outcome !== Outcome.DONE && outcome !== NONE) return outcome
    }
  }
  return Outcome.DONE
}

function textOf(edge: ForeignKeyEdge, row: readonly Value[]): string | null {
  if (row.includes(null)) return null
  const key = referencedKey(edge, row)
  return key === null ? null : keyText(edge, key)
}
