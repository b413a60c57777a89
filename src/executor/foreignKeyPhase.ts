/**
 * The last phase of a statement that writes tables with foreign keys: all its rows stand, and their undo entries say what
 * it did to each. They are the work list.
 *
 *     statement's writes ──► wave 1: RESTRICT is checked; CASCADE and SET NULL write the rows that refer
 *      (command n)             (command n + 1) ──► wave 2 … until a wave writes nothing
 *                                                      │
 *                                                      ▼
 *                     unique keys of what was written; then, over the entries of all waves: does each new key refer
 *                     to a row, and is each key that went (NO ACTION) referred to by none?
 *
 * Each wave is a command of its own, so that a row which two waves write has an entry for each, and a wave judges rows as
 * it found them: with ON UPDATE CASCADE, keys that change places (1 ⇄ 2) do not follow each other. A wave looks for the
 * rows of all its keys at once: by an index of the referencing table key by key, else in one scan of it.
 *
 * The work is a generator: its state outlives a step, and holds entries and RowIds, nothing of a page.
 */
import { assert } from '../assert.ts'
import type { ReferentialAction } from '../catalog/index.ts'
import { referenceMissing, statementTooComplex, stillReferenced } from '../errors.ts'
import type { UndoEntry } from '../storage/undo.ts'
import { valuesAfter, valuesBefore, valuesInPlace } from '../storage/row/versionValues.ts'
import { Probe, probeUnique } from '../storage/row/uniqueProbe.ts'
import { lockReferenced, NONE } from '../txn/foreignKeys.ts'
import { Outcome, type Transaction } from '../txn/transaction.ts'
import { describeValues } from '../txn/uniqueKeys.ts'
import type { Value } from '../types/value.ts'
import type { ForeignKeyEdge, ForeignKeyPlan, TableForeignKeys } from './foreignKeyPlan.ts'
import { Step, stepOf } from './outcome.ts'
import { indexKey, keyText, referencedKey } from './referenceKeys.ts'
import { actOn } from './referentialActions.ts'
import { searchReferencing, type WantedKey } from './referencingRows.ts'
import type { Phase, Run, Work } from './run.ts'

/** Only keys of one table that change in circles could make more: each wave follows a foreign key to another table. */
const mostUpdateWaves = 1000
const entryBytes = 16

export class ForeignKeyPhase implements Phase {
  readonly #plan: ForeignKeyPlan
  readonly #hasIncoming: boolean

  constructor(plan: ForeignKeyPlan) {
    this.#plan = plan
    this.#hasIncoming = [...plan.tables.values()].some(({ incoming }) => incoming.length > 0)
  }

  start(run: Run): void {
    run.work = null
  }

  step(run: Run): Step {
    const transaction = run.transaction
    assert(transaction !== null, 'what writes has a transaction')
    run.work ??= this.#work(run, transaction)
    const { done, value } = run.work.next()
    return done === true ? stepOf(value) : Step.YIELD
  }

  *#work(run: Run, transaction: Transaction): Work {
    const { command } = transaction
    if (this.#hasIncoming) {
      const outcome = yield* this.#act(run, transaction)
      if (outcome !== Outcome.DONE) return outcome
    }
    const entries = this.#written(run, transaction, transaction.statementStart)
    const outcome = yield* this.#checkReferences(run, transaction, entries, command)
    if (outcome !== Outcome.DONE || !this.#hasIncoming) return outcome
    for (const table of this.#plan.tables.values()) {
      for (const edge of table.incoming) {
        const gone = this.#gone(entries, table, edge, (action) => action === 'no action')
        const unprovided = gone.filter(({ old }) => !isProvided(transaction, edge, old))
        const found = yield* searchReferencing(run, transaction, edge, unprovided, Infinity, (_rowId, key) => {
          throw violation(edge, key.old)
        })
        if (found !== Outcome.DONE) return found
      }
    }
    return Outcome.DONE
  }

  /** The statement's writes behind `start`, the oldest first. */
  #written(run: Run, transaction: Transaction, start: UndoEntry | null): UndoEntry[] {
    const entries: UndoEntry[] = []
    for (let entry = transaction.lastEntry; entry !== start; entry = entry.previous) {
      assert(entry !== null, 'a statement begins somewhere in the list of its writer')
      if (entry.wrote && this.#plan.tables.has(entry.table)) entries.push(entry)
    }
    run.memory.charge(entries.length * entryBytes)
    return entries.reverse()
  }

  // ------------------------------------------------------------------------------------------------------ actions

  *#act(run: Run, transaction: Transaction): Work {
    let wave = this.#written(run, transaction, transaction.statementStart)
    let acted = false
    for (let updates = 0; ;) {
      const start = transaction.lastEntry
      transaction.command++
      const outcome = yield* this.#actOnWave(run, transaction, wave)
      if (outcome !== Outcome.DONE) return outcome
      wave = this.#written(run, transaction, start)
      if (wave.length === 0) return acted ? transaction.finishWrites() : Outcome.DONE
      acted = true
      // Rows that are deleted are fewer each time.
      if (wave.every(({ page, slot }) => page.exists(slot)) && ++updates > mostUpdateWaves) {
        throw statementTooComplex()
      }
    }
  }

  *#actOnWave(run: Run, transaction: Transaction, wave: readonly UndoEntry[]): Work {
    for (const table of this.#plan.tables.values()) {
      for (const edge of table.incoming) {
        const gone = this.#gone(wave, table, edge, (action) => action !== 'no action')
        const target = this.#plan.tables.get(edge.referencing)
        const visit = (rowId: number, key: WantedKey): Outcome => {
          const action = key.next === null ? edge.onDelete : edge.onUpdate
          if (action === 'restrict' || action === 'no action') throw violation(edge, key.old)
          return actOn(transaction, edge, target?.checks ?? [], rowId, action, key.next)
        }
        const outcome = yield* searchReferencing(run, transaction, edge, gone, transaction.command, visit)
        if (outcome !== Outcome.DONE) return outcome
      }
    }
    return Outcome.DONE
  }

  /** The keys that these entries took away, of those whose action is asked for. */
  #gone(
    entries: readonly UndoEntry[],
    { table }: TableForeignKeys,
    edge: ForeignKeyEdge,
    isAskedFor: (action: ReferentialAction) => boolean,
  ): WantedKey[] {
    if (!isAskedFor(edge.onDelete) && !isAskedFor(edge.onUpdate)) return []
    const keys: WantedKey[] = []
    for (const entry of entries) {
      if (entry.table !== table) continue
      const before = valuesBefore(table, entry, edge.referencedColumns)
      if (!before.exists || before.values.includes(null)) continue
      const after = valuesAfter(table, entry, edge.referencedColumns)
      if (!isAskedFor(after.exists ? edge.onUpdate : edge.onDelete)) continue
      const text = keyText(edge, before.values)
      if (after.exists && !after.values.includes(null) && keyText(edge, after.values) === text) continue
      keys.push({ old: before.values, text, next: after.exists ? after.values : null })
    }
    return keys
  }

  // ------------------------------------------------------------------------------------------------------- checks

  /** `command`: the statement's own. What an action has written is looked up even if it is what it was: a cast may have rounded it. */
  *#checkReferences(run: Run, transaction: Transaction, entries: readonly UndoEntry[], command: number): Work {
    for (const entry of entries) {
      if (run.budget-- <= 0) yield
      const { table, outgoing } = this.#plan.tables.get(entry.table)!
      for (const edge of outgoing) {
        const now = valuesInPlace(table, entry.rowId, edge.columns)
        if (!now.exists || now.values.includes(null)) continue
        const isSame = entry.existed && sameValues(valuesBefore(table, entry, edge.columns).values, now.values)
        if (isSame && entry.command === command) continue
        const key = referencedKey(edge, now.values)
        const answer =
          key === null ? NONE : lockReferenced(transaction, edge.referenced, edge.index, indexKey(edge, key))
        if (answer === NONE) {
          const shown = describeValues(table, edge.columns, now.values)
          throw referenceMissing(table.name, edge.name, shown, edge.referenced.name)
        }
        if (answer !== Outcome.DONE) return answer
      }
    }
    return Outcome.DONE
  }
}

/** True if some row has the key again: a key that changed places is not gone. */
function isProvided(transaction: Transaction, edge: ForeignKeyEdge, key: readonly Value[]): boolean {
  const { index, referenced } = edge
  return probeUnique(index, referenced.pages, indexKey(edge, key), transaction, -1).probe === Probe.EQUAL
}

const sameValues = (a: readonly Value[], b: readonly Value[]): boolean => a.every((value, i) => value === b[i])

function violation({ referenced, referencedColumns, name, referencing }: ForeignKeyEdge, key: readonly Value[]): Error {
  return stillReferenced(referenced.name, name, describeValues(referenced, referencedColumns, key), referencing.name)
}
