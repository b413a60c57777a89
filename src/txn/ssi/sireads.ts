/**
 * SIREADs: what a transaction has read, kept so that whoever writes it later meets the reader.
 *
 *     rows      of look-ups by a whole unique key                 hang at the table, by RowId
 *     ranges    of every other read by an index, gaps included    hang at the index
 *     whole     a scan, or what became too much                   hangs at the table
 *
 * Memory is bounded by promotion to `whole`, which only adds readers that a writer may meet: more aborts, never fewer.
 * A table is promoted when one transaction has too many ranges in it; the one of which it has read most when it has too many
 * SIREADs in all; and when those of all transactions are too many, whatever is read next. Most transactions read a few rows
 * by key, and for those nothing is allocated but the SIREADs themselves.
 */
import type { KeyRange } from '../../storage/row/keyRange.ts'
import type { Index } from '../../storage/row/index.ts'
import { Intervals } from '../../storage/row/intervals.ts'
import type { RowRead } from '../../storage/row/readers.ts'
import { TableReaders } from '../../storage/row/readers.ts'
import type { GuardedTable } from '../../storage/guardedTable.ts'
import type { ConflictNode, RangeSiread } from './node.ts'
import { Footprint, nodeOf } from './node.ts'
import type { ReadSet } from './readSet.ts'

export interface SireadLimits {
  rangesOfTable: number
  /** All that one transaction has. */
  ofTransaction: number
  /** All that all have. */
  all: number
  /** Ended transactions that are known one by one. */
  ended: number
}

export const defaultSireadLimits: SireadLimits = {
  rangesOfTable: 256,
  ofTransaction: 8192,
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
      for (let read = node.rows; read !== null; read = read.next) {
        yield { table: read.readers.table, rowId: read.rowId }
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
    if (node.footprints !== null && hasReadWhole(node, table)) return
    const read = (table.readers ??= new TableReaders(table)).addRow(rowId, node, statement)
    if (read === null) return
    read.next = node.rows
    node.rows = read
    this.#added(node, table, false, statement)
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
    this.#added(node, table, ranges.length > this.limits.rangesOfTable, statement)
  }

  readTable(node: ConflictNode, table: GuardedTable, statement: string | null): void {
    const footprint = footprintOf(node, table)
    if (!footprint.whole) this.#promote(footprint, statement)
  }

  #added(node: ConflictNode, table: GuardedTable, tooMany: boolean, statement: string | null): void {
    const { limits } = this
    this.#count(node, table, 1)
    if (tooMany || this.count > limits.all) this.#promote(footprintOf(node, table), statement)
    if (node.sireads > limits.ofTransaction) {
      const most = mostRead(node)
      if (most !== null) this.#promote(footprintOf(node, most), statement)
    }
  }

  #count(node: ConflictNode, table: GuardedTable, more: number): void {
    table.sireads += more
    this.count += more
    node.sireads += more
  }

  #promote(footprint: Footprint, statement: string | null): void {
    const { reader, table } = footprint
    if (footprint.whole) return
    this.#forgetRanges(footprint)
    this.#forgetRowsOf(reader, table)
    footprint.whole = true
    footprint.statement = statement
    ;(table.readers ??= new TableReaders(table)).addWhole(footprint)
    this.#count(reader, table, 1)
  }

  #forgetRanges(footprint: Footprint): void {
    const { reader, table, ranges } = footprint
    if (ranges === null) return
    for (const range of ranges) removeRange(range)
    footprint.ranges = null
    this.#count(reader, table, -ranges.length)
  }

  #forgetRowsOf(node: ConflictNode, table: GuardedTable): void {
    let read = node.rows
    node.rows = null
    while (read !== null) {
      const { next } = read
      if (read.readers.table === table) this.#removeRow(node, read)
      else {
        read.next = node.rows
        node.rows = read
      }
      read = next
    }
  }

  #removeRow(node: ConflictNode, read: RowRead<GuardedTable>): void {
    read.readers.removeRow(read)
    this.#count(node, read.readers.table, -1)
  }

  /** All that the transaction has. */
  release(node: ConflictNode): void {
    let rows = 0
    for (let read = node.rows; read !== null; read = read.next, rows++) {
      const { readers } = read
      readers.removeRow(read)
      readers.table.sireads--
    }
    node.rows = null
    this.count -= rows
    node.sireads -= rows
    for (let footprint = node.footprints; footprint !== null; footprint = footprint.next) {
      const { table } = footprint
      this.#forgetRanges(footprint)
      if (!footprint.whole) continue
      table.readers!.removeWhole(footprint)
      this.#count(node, table, -1)
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
    }
    let read = node.rows
    node.rows = null
    while (read !== null) {
      const { next } = read
      // The ended readers of a row are its oldest.
      if (read.olderOfRow?.reader === heir || hasReadWhole(heir, read.readers.table)) this.#removeRow(node, read)
      else {
        node.sireads--
        heir.sireads++
        read.reader = heir
        read.next = heir.rows
        heir.rows = read
      }
      read = next
    }
    this.release(node)
    for (let most = mostRead(heir); most !== null && heir.sireads > this.limits.ofTransaction; most = mostRead(heir)) {
      this.#promote(footprintOf(heir, most), null)
    }
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
  return findFootprint(node, table) ?? new Footprint(node, table)
}

function findFootprint(node: ConflictNode, table: GuardedTable): Footprint | null {
  let at = node.footprints
  while (at !== null && at.table !== table) at = at.next
  return at
}

const hasReadWhole = (node: ConflictNode, table: GuardedTable): boolean => findFootprint(node, table)?.whole === true

/** The table that has most of its SIREADs on rows and ranges; null if it has none of those. */
function mostRead(node: ConflictNode): GuardedTable | null {
  const counts = new Map<GuardedTable, number>()
  const count = (table: GuardedTable, more: number): unknown => counts.set(table, (counts.get(table) ?? 0) + more)
  for (let read = node.rows; read !== null; read = read.next) count(read.readers.table, 1)
  for (let at = node.footprints; at !== null; at = at.next) if (at.ranges !== null) count(at.table, at.ranges.length)
  let most: GuardedTable | null = null
  for (const [table, n] of counts) if (n > (most === null ? 0 : counts.get(most)!)) most = table
  return most
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
