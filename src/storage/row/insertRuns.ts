/**
 * Runs: rows that one transaction has inserted side by side, a statement each, share one undo entry.
 *
 * A bulk load by a prepared INSERT writes a hundred thousand rows in one transaction, and each has an entry that says "there
 * was no row". An entry a row would live until the commit: it is what the collector copies, and most of what it costs. So when
 * a statement has ended that has only inserted a row next to one that the statement before it inserted, its entry goes
 * and the older one stands at both heads. Nothing leads to the entry that goes, so the next insert writes it anew.
 *
 *     slot     …   7     8     9             slot     …   7     8     9
 *     heads        A     A     B   newest    heads        A     A     A      A: slot 9 is its newest, rows = 3
 *     writer's list:  … ← A ← B              writer's list:  … ← A
 *
 * - A run is unpublished, and at the head of each of its rows: it is spread into entries of their own as soon as one of its
 *   rows is written or locked again, anything of it is undone, or its versions outlive their transaction.
 * - It has the command of its oldest row. No statement can tell: a row joins when the statement that inserted it has ended, and
 *   those that follow see all of them.
 * - A savepoint stands behind an entry, and what comes later must not become part of that.
 */
import { assert } from '../../assert.ts'
import type { RowMode, RowPage, VersionedTable, Writer } from '../undo.ts'
import { UndoEntry } from '../undo.ts'

/** The entry of a row in a new slot: the one that went when the row before it joined a run, if there is one. */
export function entryOfInsert(
  writer: Writer,
  table: VersionedTable,
  page: RowPage,
  slot: number,
  mode: RowMode,
): UndoEntry {
  const spare = writer.spareEntry
  if (spare?.page !== page) return new UndoEntry(writer, table, page, slot, null, false, true, mode)
  writer.spareEntry = null
  spare.renew(slot, mode)
  return spare
}

/** The statement that has ended wrote `entry` only, and before it the writer's newest was `older`: makes one of both, if it may. */
export function joinInserts(older: UndoEntry, entry: UndoEntry): void {
  const { page, slot, writer } = entry
  if (older.page !== page || older.slot !== slot - 1 || !isInsert(older) || !isInsert(entry)) return
  const heads = page.undo
  if (older.isMarked || heads === null || heads[slot] !== entry || heads[slot - 1] !== older) return
  assert(entry.rows === 1 && older.writer === writer, 'a statement makes no runs, and a head has one open writer')
  older.extend()
  heads[slot] = older
  writer.lastEntry = older
  entry.noteUnlinked()
  writer.spareEntry = entry
}

const isInsert = (entry: UndoEntry): boolean => entry.wrote && !entry.existed && entry.older === null

/** Gives each row of a run an entry of its own again; in its writer's list they stand behind it. */
export function spread(run: UndoEntry): void {
  const { page, slot, rows } = run
  const heads = page.undo!
  let { previous } = run
  for (let at = slot - rows + 1; at < slot; at++) {
    assert(heads[at] === run, 'a run is at the head of each of its rows')
    previous = heads[at] = run.ofRow(at, previous)
  }
  run.previous = previous
  run.rows = 1
}
