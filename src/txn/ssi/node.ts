/**
 * The nodes and edges of the rw-graph (docs/ssi.md).
 *
 * An edge R → W says that R read what W replaced, and did not see it: in every serial order with the same result R comes
 * before W. The test for a dangerous structure T1 → T2 → T3, in which T3 commits first, needs little of what is past:
 * - of the edges to committed writers only the one to the earliest commit (`firstOut`), as T3 can only be more dangerous
 *   the earlier it committed;
 * - of the edges from committed readers only the one whose reader comes last (`lastIn`), likewise for T1.
 * So only edges between two transactions that both are open stand in lists, and the commit of one folds them into these
 * two. A committed node has no edges that can grow; it keeps its SIREADs while others may still write what it read.
 */
import { assert } from '../../assert.ts'
import type { DatabaseError } from '../../errors.ts'
import type { Index } from '../../storage/row/index.ts'
import type { Interval } from '../../storage/row/intervals.ts'
import type { RangeRead, Reader, RowRead, TableRead } from '../../storage/row/readers.ts'
import type { GuardedTable } from '../../storage/guardedTable.ts'
import type { Writer } from '../../storage/undo.ts'
import type { Isolation } from '../isolation.ts'
import type { StatementNotes } from './statementNotes.ts'

/** A transaction as the rw-graph sees it. */
export interface ConflictOwner extends StatementNotes {
  readonly session: number
  readonly isolation: Isolation
  readonly readOnly: boolean
  readonly wrote: boolean
  /** Where it counts as committed from the moment when it is prepared; null before. */
  readonly preparedAt: number | null
  /** Null until it has a part in the graph. It stays behind the end for those who meet the versions. */
  conflicts: ConflictNode | null
  /** 40001 once it was chosen as a victim while another ran: its next step fails with it. */
  doomed: DatabaseError | null
}

/** Who it is, for people. */
interface NodeIdentity {
  readonly id: number
  readonly session: number
  readonly isolation: Isolation
  readonly readOnly: boolean
}

export type NodeState = 'active' | 'prepared' | 'committed' | 'ended'

export class ConflictNode implements Reader {
  readonly id: number
  readonly session: number
  /** A method of SERIALIZABLE, or a weaker level: those are T3 only. */
  readonly isolation: Isolation
  readonly readOnly: boolean
  /** What its reads see; -1 if it does not read by one snapshot. */
  readonly snapshot: number
  state: NodeState = 'active'
  /** True for the one that stands for many committed ones. */
  isSummary = false
  /** Null once it has ended. */
  owner: ConflictOwner | null
  /** -1 stands for +Infinity, so that both are small integers, which need no box. */
  #commitTimestamp = -1
  #limit: number
  /** Edges to and from transactions that are open, as this one is. */
  outs: Edge | null = null
  outCount = 0
  ins: Edge | null = null
  inCount = 0
  /** To the writer that committed first. */
  firstOut: Edge | null = null
  /** From the committed reader with the highest limit. */
  lastIn: Edge | null = null
  /** READ ONLY: the snapshot has turned out to be unsafe, and stays so. */
  unsafe = false
  /** READ ONLY DEFERRABLE: hears that the snapshot has turned out to be safe, or unsafe. */
  decided: (() => void) | null = null
  /** While it is prepared: just before the commits that could come now; it counts as the first of them. */
  preparedAt = 0
  /** A unique check told it of this commit, though its snapshot is older; -1 if none did. */
  toldOf = -1
  /** Its SIREADs: rows, … */
  rows: RowRead<GuardedTable> | null = null
  /** … and by table, ranges and what it has read as a whole. */
  footprints: Footprint | null = null
  /** How many there are. */
  sireads = 0
  /** The writer whose version it passed over last, so that many rows of one writer are one look. */
  passed: Writer | null = null
  /** Links of the list of open nodes, ascending by snapshot. */
  older: ConflictNode | null = null
  newer: ConflictNode | null = null

  constructor(owner: NodeIdentity, snapshot: number) {
    this.id = owner.id
    this.session = owner.session
    this.isolation = owner.isolation
    this.readOnly = owner.readOnly
    this.snapshot = snapshot
    this.owner = null
    this.#limit = owner.readOnly ? snapshot : -1
  }

  /** +Infinity until it is known. */
  get commitTimestamp(): number {
    return this.#commitTimestamp < 0 ? Infinity : this.#commitTimestamp
  }

  set commitTimestamp(timestamp: number) {
    this.#commitTimestamp = timestamp === Infinity ? -1 : timestamp
  }

  /**
   * As T1 it is dangerous with any T3 that committed up to here: its own commit, or its snapshot if it writes nothing
   * (a transaction that only reads comes right after those whom it sees); +Infinity while it is open and may write.
   */
  get limit(): number {
    return this.#limit < 0 ? Infinity : this.#limit
  }

  set limit(timestamp: number) {
    this.#limit = timestamp === Infinity ? -1 : timestamp
  }

  /** When it commits as T3, at the earliest that is known. */
  get firstTimestamp(): number {
    return this.state === 'prepared' ? this.preparedAt : this.commitTimestamp
  }

  get open(): boolean {
    return this.state === 'active' || this.state === 'prepared'
  }

  /** The commit of the T3 that committed first; +Infinity if there is none. */
  get firstOutTimestamp(): number {
    return this.firstOut === null ? Infinity : this.firstOut.writer.commitTimestamp
  }

  /** The same transaction without edges and SIREADs. */
  bare(): ConflictNode {
    const bare = new ConflictNode(this, this.snapshot)
    bare.state = 'committed'
    bare.commitTimestamp = this.commitTimestamp
    bare.limit = this.limit
    return bare
  }

  /** The heir of this one and of others. */
  summary(): ConflictNode {
    const summary = this.bare()
    summary.isSummary = true
    return summary
  }

  /** The edge to this writer, if it stands in a list. */
  edgeTo(writer: ConflictNode): Edge | null {
    if (this.outCount <= writer.inCount) {
      for (let edge = this.outs; edge !== null; edge = edge.nextOut) if (edge.writer === writer) return edge
    } else {
      for (let edge = writer.ins; edge !== null; edge = edge.nextIn) if (edge.reader === this) return edge
    }
    return null
  }
}

export interface RangeSiread {
  readonly index: Index
  readonly interval: Interval<RangeRead>
}

/** What one transaction has read of one table besides rows (sireads.ts). */
export class Footprint implements TableRead {
  readonly reader: ConflictNode
  readonly table: GuardedTable
  /** The statement that read the whole table. */
  statement: string | null = null
  whole = false
  /** Null until there is one. */
  ranges: RangeSiread[] | null = null
  /** The next table of the same reader. */
  next: Footprint | null
  /** Links among the readers of the whole table. */
  newer: TableRead | null = null
  older: TableRead | null = null

  constructor(reader: ConflictNode, table: GuardedTable) {
    this.reader = reader
    this.table = table
    this.next = reader.footprints
    reader.footprints = this
  }
}

/** What was read: a row, an interval of an index (`index`), or a whole table (both null). */
export interface Meeting {
  readonly table: GuardedTable
  /** The row that was written. */
  readonly rowId: number
  readonly index: Index | null
  readonly whole: boolean
  readonly readStatement: string | null
  readonly writeStatement: string | null
}

export class Edge {
  readonly reader: ConflictNode
  readonly writer: ConflictNode
  /** The read and the write that made it. */
  readonly meeting: Meeting | null
  linked = false
  nextOut: Edge | null = null
  previousOut: Edge | null = null
  nextIn: Edge | null = null
  previousIn: Edge | null = null

  /** `meeting` is null if it is not known: the edge was assumed when a prepared transaction was recovered. */
  constructor(reader: ConflictNode, writer: ConflictNode, meeting: Meeting | null) {
    this.reader = reader
    this.writer = writer
    this.meeting = meeting
  }

  link(): void {
    const { reader, writer } = this
    this.linked = true
    this.nextOut = reader.outs
    if (reader.outs !== null) reader.outs.previousOut = this
    reader.outs = this
    reader.outCount++
    this.nextIn = writer.ins
    if (writer.ins !== null) writer.ins.previousIn = this
    writer.ins = this
    writer.inCount++
  }

  unlink(): void {
    if (!this.linked) return
    const { reader, writer, nextOut, previousOut, nextIn, previousIn } = this
    this.linked = false
    if (nextOut !== null) nextOut.previousOut = previousOut
    if (previousOut !== null) previousOut.nextOut = nextOut
    else reader.outs = nextOut
    reader.outCount--
    if (nextIn !== null) nextIn.previousIn = previousIn
    if (previousIn !== null) previousIn.nextIn = nextIn
    else writer.ins = nextIn
    writer.inCount--
    this.nextOut = this.previousOut = this.nextIn = this.previousIn = null
  }
}

/** Every reader that storage knows is a node. */
export function nodeOf(reader: Reader): ConflictNode {
  assert(reader instanceof ConflictNode, 'only nodes leave SIREADs')
  return reader
}
