/** What must hold of a table after every step, whatever happened. */
import { expect } from 'vitest'
import type { Index } from '../../src/storage/row/index.ts'
import type { Key } from '../../src/storage/row/keyTree.ts'
import type { RowTable } from '../../src/storage/row/table.ts'
import type { RowPage, UndoEntry } from '../../src/storage/undo.ts'
import type { TransactionManager } from '../../src/txn/manager.ts'
import { Decimal } from '../../src/types/decimal.ts'
import type { Value } from '../../src/types/value.ts'

/** The keys of all versions of all rows, from the pages and chains alone; `text` sorts and compares. */
function keysOfVersions(table: RowTable, index: Index): string[] {
  const keys = new Set<string>()
  for (const page of table.pages) {
    if (page === null) continue
    for (let slot = 0; slot < page.used; slot++) {
      const row: Value[] = Array.from({ length: table.columnCount }, (_, column) => page.read(column, slot))
      const note = (): void => {
        keys.add(
          entryText(
            index.columns.length === 1 ? row[index.columns[0]!]! : index.columns.map((c) => row[c]!),
            page.baseRowId + slot,
          ),
        )
      }
      if (page.exists(slot)) note()
      for (let entry = page.undo?.[slot] ?? null; entry !== null; entry = entry.older) {
        entry.columns.forEach((column, i) => {
          if (entry.before !== null) row[column] = entry.before[i]!
        })
        if (entry.existed) note()
      }
    }
  }
  return [...keys].sort()
}

function entryText(key: Key, rowId: number): string {
  const values = Array.isArray(key) ? (key as readonly Value[]) : [key as Value]
  return `${values.map(keyText).join()} @ ${rowId}`
}

/** Equal values, and only those, have equal texts: 1.0 is 1. */
function keyText(value: Value): string {
  return value instanceof Decimal ? `decimal ${value.hashKey()}` : `${typeof value} ${String(value)}`
}

export function checkTable(table: RowTable, manager: TransactionManager): void {
  for (const index of table.indexes) {
    const entries = [...index.keys.entries()]
    expect(entries.map(([key, rowId]) => entryText(key, rowId)).sort()).toEqual(keysOfVersions(table, index))
    expect(index.size).toBe(entries.length)
    for (let i = 1; i < entries.length; i++) {
      const order = index.keys.order(entries[i - 1]![0], entries[i]![0])
      expect(order < 0 || (order === 0 && entries[i - 1]![1] < entries[i]![1])).toBe(true)
    }
  }
  let live = 0
  for (const page of table.pages) {
    if (page === null) continue
    let liveHere = 0
    let chains = 0
    for (let slot = 0; slot < page.used; slot++) {
      if (page.exists(slot)) liveHere++
      const head = page.undo?.[slot] ?? null
      if (head !== null) chains++
      checkChain(head, table, manager)
      checkRuns(page, slot)
    }
    expect(page.liveCount).toBe(liveHere)
    expect(page.undoCount).toBe(chains)
    expect(page.undo === null).toBe(chains === 0)
    live += liveHere
  }
  expect(table.liveCount).toBe(live)
}

/**
 * Unpublished entries lie on top and are of one writer; the published ones are there because a view is older, or because
 * the page is shared with the table that this one was forked from.
 */
function checkChain(head: UndoEntry | null, table: RowTable, manager: TransactionManager): void {
  let entry = head
  for (; entry !== null && !entry.writer.published; entry = entry.older) expect(entry.writer).toBe(head!.writer)
  let newer = Infinity
  for (; entry !== null; entry = entry.older) {
    expect(entry.writer.published).toBe(true)
    expect(entry.wrote).toBe(true)
    expect(entry.unlinked).toBe(false)
    if (entry.table === table) expect(entry.writer.commitTimestamp).toBeGreaterThan(manager.snapshots.horizon)
    expect(entry.writer.commitTimestamp).toBeLessThanOrEqual(newer)
    newer = entry.writer.commitTimestamp
  }
}

/** An entry stands in the chain of its slot only; a run, unpublished, at the head of each of the slots up to its own. */
function checkRuns({ undo }: RowPage, slot: number): void {
  const head = undo?.[slot] ?? null
  for (let entry = head; entry !== null; entry = entry.older) {
    if (entry.rows === 1) expect(entry.slot).toBe(slot)
    else {
      expect(entry).toBe(head)
      expect(entry.writer.published || entry.existed || entry.older !== null).toBe(false)
      const from = entry.slot - entry.rows + 1
      expect(slot >= from && slot <= entry.slot).toBe(true)
      for (let at = from; at <= entry.slot; at++) expect(undo![at] === entry).toBe(true)
    }
  }
}

/** Nobody is at it: nothing is locked, and no version is kept but the newest. */
export function checkQuiet(table: RowTable, manager: TransactionManager): void {
  expect(manager.active()).toEqual([])
  expect(manager.locks.quiet).toBe(true)
  expect(manager.locks.rowLockCount).toBe(0)
  expect(manager.kept.count).toBe(0)
  expect(manager.snapshots.horizon).toBe(Infinity)
  for (const page of table.pages) expect(page === null ? null : page.undo).toBeNull()
  for (const index of table.indexes) expect(index.size).toBe(table.liveCount)
}
