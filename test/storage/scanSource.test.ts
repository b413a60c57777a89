/**
 * One script for every source of rows: a row table, rows that were computed, and a double that makes its rows up as they
 * are asked for. The executor must not be able to tell them apart.
 */
import { expect, test } from 'vitest'
import { ReadView } from '../../src/storage/readView.ts'
import { RowsSource } from '../../src/storage/rowsSource.ts'
import type { ColumnArray, ColumnDescription, Morsel, ScanSource, SourceScan } from '../../src/storage/scanSource.ts'
import type { Value } from '../../src/types/value.ts'
import { descriptor, TestDatabase } from '../txn/database.ts'

const rowOf = (i: number): Value[] => [i, i % 3 === 0 ? null : i % 7, i % 5 === 0 ? null : `row ${i}`]

const columns: ColumnDescription[] = descriptor(1).columns.map(({ type, notNull }) => ({ type, nullable: !notNull }))

/** Rows come ten a morsel, in arrays of their own. */
class DoubleSource implements ScanSource {
  readonly columnCount = 3
  readonly #count: number

  constructor(count: number) {
    this.#count = count
  }

  column(ordinal: number): ColumnDescription {
    return columns[ordinal]!
  }

  estimatedRows(): number {
    return this.#count
  }

  scan(): SourceScan {
    const layout = { signature: 'iiv' }
    const count = this.#count
    const morsel: Morsel = { layout, columns: [], nulls: [], live: null, start: 0, end: 0, baseRowId: 0 }
    const lend = (from: number, to: number): boolean => {
      if (from >= count || from < 0) return false
      const rows = Array.from({ length: Math.min(to, count) - from }, (_, i) => rowOf(from + i))
      const ks = rows.map(([, k]) => k!)
      morsel.columns = [
        Int32Array.from(rows, ([id]) => id as number),
        Int32Array.from(ks, (k) => (k ?? 0) as number),
        rows.map(([, , s]) => s!),
      ] satisfies ColumnArray[]
      morsel.nulls = [null, Uint8Array.from(ks, (k) => (k === null ? 1 : 0)), null]
      morsel.start = 0
      morsel.end = rows.length
      morsel.baseRowId = from
      return true
    }
    return { morsel, next: (from) => lend(from, from + 10), fetch: (rowId) => lend(rowId, rowId + 1) }
  }
}

function tableOf(count: number): ScanSource {
  const database = new TestDatabase()
  const table = database.createTable(descriptor(1, []))
  const transaction = database.begin()
  transaction.beginStatement()
  for (let i = 0; i < count; i++) transaction.insert(table, rowOf(i))
  transaction.endStatement()
  database.manager.commit(transaction)
  return table
}

const sources: Record<string, (count: number) => ScanSource> = {
  'a row table': tableOf,
  'computed rows': (count) =>
    new RowsSource(
      columns,
      Array.from({ length: count }, (_, i) => rowOf(i)),
    ),
  'a double': (count) => new DoubleSource(count),
}

function read(morsel: Morsel, slot: number): Value[] {
  return morsel.columns.map((column, i) => (morsel.nulls[i]?.[slot] === 1 ? null : column[slot]!))
}

for (const [name, make] of Object.entries(sources)) {
  for (const count of [0, 1, 25, 3000]) {
    test(`${name} of ${count} rows is scanned and fetched`, () => {
      const source = make(count)
      const view = new ReadView()
      view.timestamp = Infinity
      expect(source.columnCount).toBe(3)
      expect(source.estimatedRows()).toBe(count)
      const scan = source.scan([0, 1, 2])
      const { morsel } = scan
      for (const start of [0, 13, 1024, 2999]) {
        const rows: Value[][] = []
        for (let from = start; scan.next(from, view); from = morsel.baseRowId + morsel.end) {
          expect(morsel.end - morsel.start).toBeLessThanOrEqual(1024)
          for (let slot = morsel.start; slot < morsel.end; slot++) rows.push(read(morsel, slot))
        }
        expect(rows).toEqual(Array.from({ length: Math.max(count - start, 0) }, (_, i) => rowOf(start + i)))
      }
      for (const rowId of [0, 24, 1024, 2999, 3000, 9999]) {
        const there = scan.fetch(rowId, view)
        expect(there).toBe(rowId < count)
        if (!there) continue
        expect(morsel.end).toBe(morsel.start + 1)
        expect(read(morsel, morsel.start)).toEqual(rowOf(rowId))
      }
    })
  }
}
