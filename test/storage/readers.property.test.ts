/** The readers of a table against a model: of each row a list, the newest first. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Reader, RowRead } from '../../src/storage/row/readers.ts'
import { TableReaders } from '../../src/storage/row/readers.ts'
import { runs } from '../support/runs.ts'

const people: Reader[] = [1, 2, 3].map((id) => ({ id }))
/** Few enough for several readers a row, and a page apart: neighbours and equal low bits. */
const rowIds = fc.oneof(
  fc.nat(7),
  fc.nat(400),
  fc.nat(40).map((page) => page * 4096),
)

const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('add' as const), rowId: rowIds, by: fc.nat(2) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), at: fc.nat() }) },
    // More than there are buckets at first, so that they grow; and none left, so that they shrink again.
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('many' as const), from: fc.nat(1000), by: fc.nat(2) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const) }) },
  ),
  { maxLength: 60 },
)

interface Table {
  sireads: number
}

function readersOf(readers: TableReaders<Table>, rowId: number): RowRead<Table>[] {
  const found: RowRead<Table>[] = []
  for (let read = readers.row(rowId); read !== null; read = read.olderOfRow) found.push(read)
  return found
}

test('who has read a row is found, the newest first, however the buckets grow and shrink', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const readers = new TableReaders<Table>({ sireads: 0 })
      const model = new Map<number, RowRead<Table>[]>()
      const alive: RowRead<Table>[] = []
      const add = (rowId: number, reader: Reader): void => {
        const before = model.get(rowId) ?? []
        const read = readers.addRow(rowId, reader, null)
        expect(read === null).toBe(before[0]?.reader === reader)
        if (read === null) return
        model.set(rowId, [read, ...before])
        alive.push(read)
      }
      const remove = (read: RowRead<Table>): void => {
        readers.removeRow(read)
        const before = model.get(read.rowId)!
        model.set(
          read.rowId,
          before.filter((each) => each !== read),
        )
      }
      for (const step of all) {
        if (step.kind === 'add') add(step.rowId, people[step.by]!)
        else if (step.kind === 'many') for (let i = 0; i < 100; i++) add(step.from + i, people[step.by]!)
        else if (step.kind === 'clear') alive.splice(0).forEach(remove)
        else if (alive.length > 0) alive.splice(step.at % alive.length, 1).forEach(remove)
        for (const [rowId, expected] of model) {
          const found = readersOf(readers, rowId)
          expect(found.length).toBe(expected.length)
          found.forEach((read, i) => expect(read === expected[i]).toBe(true))
        }
      }
      expect(readers.row(1_000_000)).toBe(null)
    }),
    { numRuns: runs(300) },
  )
})
