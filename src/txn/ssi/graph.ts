/**
 * Serializable snapshot isolation: the rw-graph of the transactions that run now or ran beside one of them (D7,
 * docs/ssi.md).
 *
 * Snapshot isolation goes wrong only in a cycle with two rw-edges in a row between concurrent transactions,
 *
 *     T1 ──rw──→ T2 ──rw──→ T3        T3 the first of the three to commit
 *
 * (Fekete, Liskov, O'Neil, O'Neil, Shasha, TODS 2005). So no cycle is searched: the structure is looked for whenever
 * its last part appears, and that is one of three moments:
 *
 * - an edge R → W is found, and W has an edge to somebody who committed:      R is T1, W is T2   (`#meet`)
 * - an edge R → W is found, W has committed, and R has an edge from somebody: R is T2, W is T3   (`#meet`)
 * - somebody commits, and an open transaction has an edge to it and one from somebody:  it is T3 (`beforeCommit`)
 *
 * Edges are found both ways: a reader passes over a version newer than its snapshot (`passedOver`), a writer meets a
 * SIREAD (`wrote`). The victim is T2 where it is still open, so that a new attempt meets T3 no more, else T1.
 *
 * Methods mixed. 2PL and SERIAL transactions read what is in place when they commit, so their effective snapshot is their
 * commit: what they read they leave as SIREADs then, and the timestamps alone say that they are never T2. Weaker levels
 * leave no SIREADs, so they are T3 only.
 *
 * Cahill, Röhm, Fekete: Serializable Isolation for Snapshot Databases (SIGMOD 2008, TODS 2009); Ports, Grittner:
 * Serializable Snapshot Isolation in PostgreSQL (VLDB 2012).
 */
import { assert } from '../../assert.ts'
import type { DatabaseError } from '../../errors.ts'
import type { ReadView } from '../../storage/readView.ts'
import type { Index } from '../../storage/row/index.ts'
import type { Interval } from '../../storage/row/intervals.ts'
import type { RangeRead, Reader } from '../../storage/row/readers.ts'
import type { GuardedTable } from '../../storage/guardedTable.ts'
import type { UndoEntry, Writer } from '../../storage/undo.ts'
import type { Trace } from '../../trace.ts'
import { ABSENT, versionKeys } from '../../storage/row/versions.ts'
import { explain, explainTold } from './explain.ts'
import type { SireadLimits } from './sireads.ts'
import { defaultSireadLimits, Sireads } from './sireads.ts'
import { EndedNodes } from './endedNodes.ts'
import type { ReadTracker } from './guard.ts'
import { SsiGuard } from './guard.ts'
import type { ConflictOwner, Meeting } from './node.ts'
import { ConflictNode, Edge, nodeOf } from './node.ts'
import { keysGivenUp } from './keysGivenUp.ts'
import { OpenNodes } from './openNodes.ts'
import type { ReadSet } from './readSet.ts'
import { statementOf } from './statementNotes.ts'
import { dangerousIn, firstOutOf, foldIn, foldOut, isDangerous, worstIns } from './structure.ts'

/** What the graph asks of the transaction manager. */
export interface ConflictHost {
  readonly trace: Trace
  /** The newest published timestamp. */
  readonly publishedTimestamp: number
  conflictOwner(writer: Writer): ConflictOwner
  /** The transaction is a victim: ends its wait, if it is in one. */
  doomed(owner: ConflictOwner, error: DatabaseError): void
}

export class ConflictGraph implements ReadTracker {
  readonly sireads: Sireads
  readonly #host: ConflictHost
  readonly #guard = new SsiGuard(this)
  /** Serializable transactions that may write, and have not been published or rolled back. */
  readonly #writers = new OpenNodes()
  /** READ ONLY ones whose snapshot is not known to be safe. */
  readonly #readers = new OpenNodes()
  readonly #ended: EndedNodes

  constructor(host: ConflictHost, limits: SireadLimits = defaultSireadLimits) {
    this.#host = host
    this.sireads = new Sireads({ ...limits })
    this.#ended = new EndedNodes(this.sireads, this.#forget)
  }

  // Begin.

  /** A transaction by SSI has taken its snapshot: `view` gets the guard of its reads, unless they need none. */
  begin(owner: ConflictOwner, view: ReadView): void {
    if (owner.readOnly && this.isSafe(view.timestamp)) return
    const node = new ConflictNode(owner, view.timestamp)
    node.owner = owner
    owner.conflicts = node
    if (owner.readOnly) this.#readers.append(node)
    else this.#writers.append(node)
    view.guard = this.#guard
  }

  /**
   * True if nothing that a transaction with this snapshot reads can be part of an anomaly as long as it writes nothing: only
   * a T2 that is open and older than a T3 which the snapshot sees could make it one.
   */
  isSafe(snapshot: number): boolean {
    for (let node = this.#writers.oldest; node !== null && node.snapshot < snapshot; node = node.newer) {
      // The edges from who is prepared to who has committed are all there.
      if (node.state !== 'prepared' || node.firstOutTimestamp <= snapshot) return false
    }
    return true
  }

  /** For reads in autocommit. */
  get isSafeNow(): boolean {
    return this.isSafe(this.#host.publishedTimestamp)
  }

  /**
   * The oldest snapshot by which somebody may still find edges; +Infinity if there is none. Versions newer than it are not
   * to be pruned between two snapshots: their writers may end edges.
   */
  get oldestSnapshot(): number {
    let writer = this.#writers.oldest
    // What is prepared reads no more.
    while (writer !== null && writer.state === 'prepared') writer = writer.newer
    return Math.min(writer === null ? Infinity : writer.snapshot, this.#readers.oldest?.snapshot ?? Infinity)
  }

  /** The owner of the oldest snapshot cannot go on: for its sake more versions are kept than can be borne. */
  giveUpOldest(error: DatabaseError): void {
    let oldest: ConflictNode | null = null
    for (const open of [this.#writers, this.#readers]) {
      let node = open.oldest
      while (node !== null && node.state !== 'active') node = node.newer
      if (node !== null && (oldest === null || node.snapshot < oldest.snapshot)) oldest = node
    }
    if (oldest !== null) this.#abort(oldest, error)
  }

  /** All that the graph knows: those that are open, then those that have ended. */
  *nodes(): Generator<ConflictNode> {
    yield* this.#writers
    yield* this.#readers
    yield* this.#ended
  }

  // Edges.

  conflictOwner(writer: Writer): ConflictOwner {
    return this.#host.conflictOwner(writer)
  }

  /** A reader found a version that it does not see. Throws 40001. */
  passedOver(node: ConflictNode, entry: UndoEntry, table: GuardedTable, rowId: number): void {
    const owner = this.#host.conflictOwner(entry.writer)
    const me = node.owner
    // Another's end has made the reader's snapshot safe, or will undo the version.
    if (me === null || owner.doomed !== null) return
    const writer = owner.conflicts
    if (owner.commitTimestamp < Infinity) {
      // It is no earlier T3, and no T2.
      if (owner.commitTimestamp >= node.firstOutTimestamp && (writer === null || writer.firstOut === null)) return
    } else if (writer !== null && node.edgeTo(writer) !== null) return
    this.#meet(node, writer ?? this.#enter(owner), {
      table,
      rowId,
      index: null,
      whole: false,
      readStatement: me.statement,
      writeStatement: statementOf(owner, entry.command),
    })
    if (me.doomed !== null) throw me.doomed
  }

  /** A row has been written and stands in place; the newest entry of its chain is the writer's. Throws 40001. */
  wrote(owner: ConflictOwner, table: GuardedTable, rowId: number): void {
    const { readers } = table
    if (owner.doomed !== null) throw owner.doomed
    if (readers !== null) {
      for (let read = readers.row(rowId); read !== null; read = read.olderOfRow) {
        this.#metRead(owner, read.reader, table, rowId, null, false, read.statement)
      }
      for (let read = readers.whole; read !== null; read = read.older) {
        this.#metRead(owner, read.reader, table, rowId, null, true, read.statement)
      }
    }
    const { indexes } = table
    for (let i = 0; i < indexes.length; i++) {
      if (indexes[i]!.sireads !== null) this.#probeRanges(owner, table, indexes[i]!, rowId)
    }
  }

  /** The version that stands and the one that it replaced, whether or not the key changed: a range covers rows, too. */
  #probeRanges(owner: ConflictOwner, table: GuardedTable, index: Index, rowId: number): void {
    const visit = ({ owner: read }: Interval<RangeRead>): void => {
      this.#metRead(owner, read.reader, table, rowId, index, false, read.statement)
    }
    const head = table.head(rowId)!
    const [now, before] = versionKeys(index, head.page, rowId - head.page.baseRowId, head)
    if (now !== undefined && now !== ABSENT) index.sireads!.stab(now, visit)
    if (before === undefined || before === ABSENT) return
    const changed = now === undefined || now === ABSENT || index.keys.order(now, before) !== 0
    if (changed) index.sireads?.stab(before, visit)
  }

  #metRead(
    owner: ConflictOwner,
    by: Reader,
    table: GuardedTable,
    rowId: number,
    index: Index | null,
    whole: boolean,
    readStatement: string | null,
  ): void {
    const reader = nodeOf(by)
    let writer = owner.conflicts
    if (reader === writer || reader.state === 'ended') return
    // Who had ended when the writer took its snapshot comes before it anyway; to a weaker writer only an open T2 matters.
    if (reader.limit < Infinity && (writer === null || !isPivot(writer) || reader.limit <= writer.snapshot)) return
    writer ??= this.#enter(owner)
    if (
      reader.open
        ? reader.edgeTo(writer) !== null
        : writer.lastIn !== null && writer.lastIn.reader.limit >= reader.limit
    ) {
      return
    }
    const writeStatement = owner.statement
    this.#meet(reader, writer, { table, rowId, index, whole, readStatement, writeStatement })
    if (owner.doomed !== null) throw owner.doomed
  }

  /**
   * A unique check looks at what stands now, not at the snapshot, and so tells the transaction of commits that it does not
   * see: it comes behind them from now on, and cannot come before them, or before one that committed earlier, for any
   * other reason. Throws 40001 if it must already. What it does see, it has read.
   */
  toldOfRow(owner: ConflictOwner, view: ReadView, table: GuardedTable, rowId: number): void {
    const node = owner.conflicts
    if (node === null) return
    for (let entry = table.head(rowId); entry !== null && !view.sees(entry); entry = entry.older) {
      const { commitTimestamp } = entry.writer
      if (entry.wrote && commitTimestamp < Infinity) node.toldOf = Math.max(node.toldOf, commitTimestamp)
    }
    this.sireads.readRow(node, table, rowId, owner.statement)
    if (node.firstOut !== null && node.firstOutTimestamp <= node.toldOf) {
      this.#abort(node, explainTold(node.firstOut))
      throw owner.doomed!
    }
  }

  /**
   * Before a row loses keys that this transaction has given it (it is deleted, moved or undone): that they were free was
   * read, and so far the row itself has kept others from taking them.
   */
  givesUpKeys(owner: ConflictOwner, table: GuardedTable, rowId: number): void {
    const node = owner.conflicts
    if (node === null) return
    for (const { index, range } of keysGivenUp(owner, table, rowId)) {
      this.sireads.readRange(node, table, index, range, owner.statement)
    }
  }

  /** A writer below SERIALIZABLE, by 2PL or by SERIAL has its part in the graph from its first edge on. */
  #enter(owner: ConflictOwner): ConflictNode {
    const node = new ConflictNode(owner, -1)
    node.owner = owner
    owner.conflicts = node
    if (owner.commitTimestamp < Infinity) {
      node.state = 'committed'
      node.commitTimestamp = node.limit = owner.commitTimestamp
    } else if (owner.preparedAt !== null) {
      node.state = 'prepared'
      node.preparedAt = owner.preparedAt
    }
    return node
  }

  /** A new edge: notes it, and looks whether it completes a dangerous structure. One of the two is running, and may be doomed behind it. */
  #meet(reader: ConflictNode, writer: ConflictNode, meeting: Meeting): void {
    const edge = new Edge(reader, writer, meeting)
    if (reader.open && writer.open) edge.link()
    else if (reader.open) foldOut(edge)
    else foldIn(edge)
    const { trace } = this.#host
    if (trace.on) {
      trace.emit({
        kind: 'edge',
        reader: reader.id,
        writer: writer.id,
        table: meeting.table.name,
        rowId: meeting.rowId,
      })
    }
    const toT3 = firstOutOf(writer)
    if (toT3 !== null && isDangerous(edge, toT3)) {
      const victim = writer.state === 'active' ? writer : reader
      this.#abort(victim, explain(victim, edge, toT3))
      return
    }
    if (!reader.open || writer.state === 'active') return
    const fromT1 = dangerousIn(reader, edge)
    if (fromT1 !== null) this.#abort(reader, explain(reader, fromT1, edge))
    else if (writer.commitTimestamp <= reader.toldOf) this.#abort(reader, explainTold(edge))
  }

  /** The victim fails at its next step. */
  #abort(victim: ConflictNode, error: DatabaseError): void {
    const owner = victim.owner!
    const { trace } = this.#host
    assert(victim.state === 'active', 'who has committed or is prepared is no victim')
    this.#drop(victim)
    owner.doomed = error
    if (trace.on) trace.emit({ kind: 'abort', transaction: owner.id, cause: 'dangerous structure' })
    this.#host.doomed(owner, error)
  }

  // The end.

  /**
   * A transaction of any level with a part in the graph is about to commit, or to be prepared: it may be T3. Throws 40001 if
   * it is a victim, or if T2 and T1 are prepared and cannot be any more.
   */
  beforeCommit(owner: ConflictOwner): void {
    if (owner.doomed !== null) throw owner.doomed
    const node = owner.conflicts
    if (node === null || !node.open) return
    let victims: [ConflictNode, Edge, Edge][] | null = null
    for (let toT3 = node.ins; toT3 !== null; toT3 = toT3.nextIn) {
      const pivot = toT3.reader
      for (const fromT1 of worstIns(pivot, node)) {
        const victim = pivot.state === 'active' ? pivot : fromT1.reader.state === 'active' ? fromT1.reader : node
        ;(victims ??= []).push([victim, fromT1, toT3])
      }
    }
    if (victims === null) return
    const own = victims.find(([victim]) => victim === node)
    if (own !== undefined) throw explain(...own)
    for (const [victim, fromT1, toT3] of victims) {
      if (victim.open) this.#abort(victim, explain(victim, fromT1, toT3))
    }
  }

  /** Behind `beforeCommit`: it may commit at any time, as the first of all who are open, and is no victim any more. */
  prepared(owner: ConflictOwner): void {
    const node = owner.conflicts
    if (node === null) return
    node.state = 'prepared'
    node.preparedAt = owner.preparedAt!
  }

  /**
   * A transaction by SSI that was prepared before a crash. Its edges of then are lost, so the worst is assumed, as in
   * PostgreSQL: that it has one to somebody who committed before all others, and one from somebody who never ends. So whoever
   * passes over what it wrote, or commits what it read in another version, gets 40001 until it is decided.
   */
  restored(owner: ConflictOwner, reads: ReadSet): void {
    const node = new ConflictNode(owner, 0)
    node.owner = owner
    owner.conflicts = node
    this.prepared(owner)
    this.#writers.append(node)
    const t3 = node.summary()
    t3.commitTimestamp = t3.limit = 0
    node.firstOut = new Edge(node, t3, null)
    const t1 = node.summary()
    t1.state = 'prepared'
    t1.limit = Infinity
    new Edge(t1, node, null).link()
    this.#note(node, reads)
  }

  /** The commit timestamp exists, and there is no way back: the node's edges are folded into those of its neighbours. */
  committing(owner: ConflictOwner): void {
    const node = owner.conflicts
    if (node === null) return
    assert(node.open, 'only an open transaction commits')
    node.state = 'committed'
    node.commitTimestamp = node.limit = owner.commitTimestamp
    this.#fold(node)
  }

  #fold(node: ConflictNode): void {
    for (let edge = node.ins; edge !== null; edge = node.ins) {
      edge.unlink()
      foldOut(edge)
    }
    for (let edge = node.outs; edge !== null; edge = node.outs) {
      edge.unlink()
      foldIn(edge)
    }
  }

  /**
   * What it wrote is visible to others, or it wrote nothing and has ended. `reads`: what a 2PL or SERIAL transaction has
   * read, while its locks still stand.
   */
  published(owner: ConflictOwner, reads: ReadSet | null): void {
    if (reads !== null && this.oldestSnapshot < this.#host.publishedTimestamp) this.#inherit(owner, reads)
    const node = owner.conflicts
    if (node === null || node.state === 'ended') return
    if (node.state !== 'committed') this.#endReader(node)
    this.#leave(node)
    if (isPivot(node) && node.commitTimestamp < Infinity && node.firstOut !== null) this.#makeUnsafe(node)
    const oldest = this.#settle()
    if (node.sireads > 0 && node.limit > oldest) this.#ended.append(node)
    else this.#forget(node)
  }

  /** It wrote nothing: as T1 it stands where its snapshot does, or behind the last commit that a unique check has told it of. */
  #endReader(node: ConflictNode): void {
    if (node.snapshot >= 0) node.limit = Math.max(node.snapshot, node.toldOf)
    node.state = 'committed'
    this.#fold(node)
  }

  /** Locks become SIREADs; 2PL and SERIAL stand where they commit. */
  #inherit(owner: ConflictOwner, reads: ReadSet): void {
    const node = owner.conflicts ?? this.#enter(owner)
    node.state = 'committed'
    node.limit = Math.min(node.commitTimestamp, this.#host.publishedTimestamp)
    this.#note(node, reads)
  }

  #note(node: ConflictNode, reads: ReadSet): void {
    const { sireads } = this
    for (const table of reads.tables()) sireads.readTable(node, table, null)
    for (const { table, index, range } of reads.ranges()) sireads.readRange(node, table, index, range, null)
    for (const { table, rowId } of reads.rows()) sireads.readRow(node, table, rowId, null)
  }

  rolledBack(owner: ConflictOwner): void {
    const node = owner.conflicts
    if (node === null || node.state === 'ended') return
    this.#drop(node)
  }

  /** Out of the graph, as if it had never been. */
  #drop(node: ConflictNode): void {
    this.#unlink(node)
    this.#leave(node)
    this.#forget(node)
    this.#settle()
  }

  #unlink(node: ConflictNode): void {
    for (let edge = node.ins; edge !== null; edge = node.ins) edge.unlink()
    for (let edge = node.outs; edge !== null; edge = node.outs) edge.unlink()
  }

  #leave(node: ConflictNode): void {
    if (!isPivot(node)) return
    if (node.readOnly) this.#readers.remove(node)
    else this.#writers.remove(node)
  }

  /** Nobody can meet it any more. */
  readonly #forget = (node: ConflictNode): void => {
    if (node.sireads > 0) this.sireads.release(node)
    if (node.owner !== null) node.owner.conflicts = null
    node.state = 'ended'
    node.owner = null
    node.firstOut = null
    node.lastIn = null
    node.passed = null
  }

  // READ ONLY transactions.

  /** A T2 with an edge to a T3 has committed: dangerous for whoever sees T3 and not T2. */
  #makeUnsafe(pivot: ConflictNode): void {
    for (const node of this.#readers) {
      if (node.unsafe || pivot.firstOutTimestamp > node.snapshot || node.snapshot >= pivot.commitTimestamp) continue
      node.unsafe = true
      node.decided?.()
    }
  }

  #becomeSafe(node: ConflictNode): void {
    const { decided } = node
    this.#unlink(node)
    this.#readers.remove(node)
    this.#forget(node)
    decided?.()
  }

  /** The open transactions that may still make a READ ONLY one's snapshot unsafe. */
  threatsTo(reader: ConflictNode): ConflictOwner[] {
    const threats: ConflictOwner[] = []
    for (const { snapshot, owner } of this.#writers) {
      if (snapshot < reader.snapshot && owner !== null) threats.push(owner)
    }
    return threats
  }

  /** The transaction gives up its snapshot and what it read by it, to take another. */
  restart(owner: ConflictOwner): void {
    if (owner.conflicts !== null) this.#drop(owner.conflicts)
  }

  /** An index goes, and with it the place where writers meet who read its ranges. */
  forgetIndex(table: GuardedTable | null, indexId: number): void {
    const index = table === null ? null : table.index(indexId)
    if (table !== null && index !== null) this.sireads.forgetIndex(table, index)
  }

  // What is past.

  /** Committed nodes up to here met everybody that they can meet. */
  get #oldest(): number {
    return Math.min(this.oldestSnapshot, this.#host.publishedTimestamp)
  }

  /** An open transaction has ended: READ ONLY ones may be safe now, and ended ones forgotten, up to the timestamp that is returned. */
  #settle(): number {
    for (let node = this.#readers.oldest; node !== null && this.isSafe(node.snapshot);) {
      const { newer } = node
      if (!node.unsafe) this.#becomeSafe(node)
      node = newer
    }
    const oldest = this.#oldest
    this.#ended.forgetUpTo(oldest)
    return oldest
  }
}

/** Only a transaction by SSI reads an older state than the one in which it commits: only it can be T2. */
function isPivot(node: ConflictNode): boolean {
  return node.isolation.tracksReads
}
