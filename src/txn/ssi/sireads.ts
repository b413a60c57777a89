/**
 * SIREADs: what a transaction has read, kept so that whoever writes it later meets the reader. A footprint is what one
 * transaction read of one table:
 *
 *     rows      of look-ups by a whole unique key                 hang at the table, by RowId
 *     ranges    of every other read by an index, gaps included    hang at the index
 *     whole     a scan, or what became too much                   hangs at the table
 *
 * Memory is bounded by promotion to `whole`, which only adds readers that a writer may meet: more aborts, never fewer.
 * A footprint is promoted when it has too many rows or ranges; the largest of a transaction when it has too many SIREADs;
 * and when all together are too many, whatever is read next.
 */
import type { KeyRange } from '../../storage/row/keyRange.ts'
import type { Index } from '../../storage/row/index.ts'
import { Intervals } from '../../storage/row/intervals.ts'
import type { GuardedTable } from '../../storage/guardedTable.ts'
import type { ConflictNode, RangeSiread } from './node.ts'
import { Footprint, nodeOf } from './node.ts'
import type { ReadSet } from './readSet.ts'

export interface SireadLimits {
  /** Rows that one transaction reads by key in one table. */
  rowsOfTable: number
  rangesOfTable: number
  /** All that one transaction has. */
  ofTransaction: number
  /** All that all have. */
  all: number
  /** Ended transactions that are known one by one. */
  ended: number
}

export const defaultSireadLimits: SireadLimits = {
  rowsOfTable: 4096,
  rangesOfTable: 256,
  ofTransaction: 16_384,
  all: 262_144,
  ended: 4096,
}

/** All that a transaction has read, as far as it is known. */
export function readsOf(node: ConflictNode): ReadSet {
  const footprints: Footprint[] = []
  for (let each = node.footprints; each !== null; each = each.next) footprints.push(each)
  return {
    tables: () => footprints.filter(({ whole }) => whole).map(({ table }) => table),
    ranges: () =>
      footprints.flatMap(({ table, ranges }) =>
        (ranges ?? []).map(({ index, interval }) => ({ table, index, range: interval.range })),
      ),
    rows: function* () {
      for (const { table, rows } of footprints) {
        for (let read = rows; read !== null; read = read.next) {
          yield { table, rowId: read.rowId }
        }
      }
    },
  }
}

/** Ranges of the same footprint among which a new one is looked for before it is added. */
const RANGES_COMPARED = 8

export class Sireads {
  readonly limits: SireadLimits
  /** How many there are in all. */
  count = 0

  constructor(limits: SireadLimits) {
    this.limits = limits
  }

  readRow(node: ConflictNode, table: GuardedTable, rowId: number, statement: string | null): void {
    const footprint = footprintOf(node, table)
    if (footprint.whole) return
    const read = footprint.readers.addRow(rowId, node, statement)
    if (read === null) return
    read.next = footprint.rows
    footprint.rows = read
    this.#added(footprint, ++footprint.rowCount > this.limits.rowsOfTable, statement)
  }

  /** The range is kept. */
  readRange(node: ConflictNode, table: GuardedTable, index: Index, range: KeyRange, statement: string | null): void {
    const footprint = footprintOf(node, table)
    if (footprint.whole) return
    const ranges = (footprint.ranges ??= [])
    for (let i = ranges.length - 1; i >= 0 && i >= ranges.length - RANGES_COMPARED; i--) {
      if (ranges[i]!.index === index && sameRange(index, ranges[i]!.interval.range, range)) return
    }
    index.sireads ??= new Intervals(index.keys.order)
    ranges.push({ index, interval: index.sireads.add(range, { reader: node, statement }) })
    this.#added(footprint, ranges.length > this.limits.rangesOfTable, statement)
  }

  readTable(node: ConflictNode, table: GuardedTable, statement: string | null): void {
    const footprint = footprintOf(node, table)
    if (!footprint.whole) this.#promote(footprint, statement)
  }

  #added(footprint: Footprint, tooMany: boolean, statement: string | null): void {
    const { limits } = this
    const node = footprint.reader
    footprint.table.sireads++
    this.count++
    node.sireads++
    if (tooMany || this.count > limits.all) this.#promote(footprint, statement)
    if (node.sireads > limits.ofTransaction) this.#promote(largest(node), statement)
  }

  #promote(footprint: Footprint, statement: string | null): void {
    if (footprint.whole) return
    this.#forgetParts(footprint)
    footprint.whole = true
    footprint.statement = statement
    footprint.readers.addWhole(footprint)
    footprint.table.sireads++
    this.count++
    footprint.reader.sireads++
  }

  #forgetParts(footprint: Footprint): void {
    const { ranges, readers } = footprint
    const count = footprint.rowCount + (ranges === null ? 0 : ranges.length)
    for (let read = footprint.rows; read !== null; read = read.next) readers.removeRow(read)
    footprint.rows = null
    footprint.rowCount = 0
    if (ranges !== null) for (const range of ranges) removeRange(range)
    footprint.ranges = null
    footprint.table.sireads -= count
    this.count -= count
    footprint.reader.sireads -= count
  }

  /** All that the transaction has. */
  release(node: ConflictNode): void {
    for (let footprint = node.footprints; footprint !== null; footprint = footprint.next) {
      if (footprint.rows !== null || footprint.ranges !== null) this.#forgetParts(footprint)
      if (footprint.whole) {
        footprint.readers.removeWhole(footprint)
        footprint.table.sireads--
        this.count--
        node.sireads--
      }
    }
    node.footprints = null
  }

  /** What `node` has becomes `heir`'s, once each. */
  bequeath(node: ConflictNode, heir: ConflictNode): void {
    for (let footprint = node.footprints; footprint !== null; footprint = footprint.next) {
      const { table } = footprint
      if (footprint.whole) this.readTable(heir, table, footprint.statement)
      for (const { index, interval } of footprint.ranges ?? []) {
        this.readRange(heir, table, index, interval.range, interval.owner.statement)
      }
      this.#bequeathRows(footprint, heir)
    }
    this.release(node)
  }

  #bequeathRows(footprint: Footprint, heir: ConflictNode): void {
    const inherited = footprintOf(heir, footprint.table)
    const { limits } = this
    if (inherited.whole) return
    for (let read = footprint.rows; read !== null;) {
      const { next } = read
      // The ended readers of a row are its oldest.
      const known = read.olderOfRow?.reader === heir
      if (known) footprint.readers.removeRow(read)
      else {
        read.reader = heir
        read.next = inherited.rows
        inherited.rows = read
        inherited.rowCount++
        heir.sireads++
      }
      footprint.reader.sireads--
      footprint.rowCount--
      if (known) {
        footprint.table.sireads--
        this.count--
      }
      read = next
    }
    footprint.rows = null
    if (inherited.rowCount > limits.ofTransaction) this.#promote(inherited, null)
  }

  /** An index goes, and with it the place where writers meet its readers: they have read the whole table from now on. */
  forgetIndex(table: GuardedTable, index: Index): void {
    const { sireads } = index
    if (sireads === null || sireads.size === 0) return
    const readers = new Set<ConflictNode>()
    sireads.overlapping({ low: null, high: null, bounds: 0 }, ({ owner }) => readers.add(nodeOf(owner.reader)))
    for (const reader of readers) this.readTable(reader, table, null)
  }
}

function footprintOf(node: ConflictNode, table: GuardedTable): Footprint {
  for (let at = node.footprints; at !== null; at = at.next) if (at.table === table) return at
  return new Footprint(node, table)
}

function largest(node: ConflictNode): Footprint {
  let found = node.footprints!
  for (let at = found.next; at !== null; at = at.next) if (at.count > found.count) found = at
  return found
}

function removeRange({ index, interval }: RangeSiread): void {
  index.sireads!.remove(interval)
  if (index.sireads!.size === 0) index.sireads = null
}

function sameRange(index: Index, a: KeyRange, b: KeyRange): boolean {
  return a.bounds === b.bounds && sameKey(index, a.low, b.low) && sameKey(index, a.high, b.high)
}

function sameKey(index: Index, a: KeyRange['low'], b: KeyRange['low']): boolean {
  if (typeof a === 'number' || typeof b === 'number') return a === b
  const columns = Array.isArray(a) ? a.length : 1
  return columns === (Array.isArray(b) ? b.length : 1) && index.keys.order(a, b) === 0
}
