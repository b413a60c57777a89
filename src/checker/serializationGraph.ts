/**
 * The direct serialization graph of a history (Adya, thesis, definitions 7 to 13): a node for every committed transaction,
 * an edge for every direct conflict.
 *
 *     ww   T1 installs a version of an object, T2 the next one
 *     wr   T2 reads a version that T1 installed; by predicate: T1 is the last that changed what T2's predicate matches
 *     rw   T1 reads a version, T2 installs the next one; by predicate: T2 is the next that changes what T1's matches
 *     key  T1 gave a unique key free, T2 took it: an order that every serial execution keeps, but no read and no write
 *
 * Of the conflicts of one predicate read with one object, only the nearest on either side get an edge: the others follow
 * from it by ww edges. Reads that are wrong in themselves (G1a, G1b, a transaction that misses its own write) come out of
 * the same walk.
 */
import type { HistoryData, PredicateObject, PredicateReadEvent, ReadEvent } from './model.ts'
import type { Chain, Version } from './versions.ts'
import { chainsOf, changesMatch, State } from './versions.ts'

export type EdgeKind = 'ww' | 'wr' | 'rw' | 'key'

export interface Edge {
  readonly kind: EdgeKind
  readonly from: number
  readonly to: number
  /** True if a predicate met the object, or missed it. */
  readonly predicate: boolean
  /** The object, or the key. */
  readonly object: string
  /** The versions: of ww the two written, of wr the written and the read one, of rw the read and the written one. */
  readonly fromVersion: number
  readonly toVersion: number
  /** Events behind its ends; -1 if there is none. */
  readonly fromEvent: number
  readonly toEvent: number
  /** Of an item rw edge: the reader itself installs a later version than the one that it missed (P4). */
  readonly lostUpdate: boolean
}

/** A read that no committed transaction above READ UNCOMMITTED may make, as a wr edge from the version's writer. */
export interface WrongRead {
  readonly name: 'G1a' | 'G1b' | 'internal'
  readonly edge: Edge
}

/** A read of a committed transaction, for what depends on the order of its reads. */
export interface ItemRead {
  readonly event: number
  readonly object: string
  readonly version: number
  /** The node that wrote the version; -1 if it is older than the history, or was not installed. */
  readonly writer: number
}

export class SerializationGraph {
  readonly history: HistoryData
  /** Transactions, by node: all of the history, whatever became of them. */
  readonly size: number
  readonly edges: Edge[] = []
  readonly wrongReads: WrongRead[] = []
  /** By node. */
  readonly reads: ItemRead[][]
  /** By node: the versions that it installed, by object. */
  readonly installed: Map<string, Version>[]
  /** By node: where its commit stands among the events; of a transaction without one, behind all. */
  readonly committedAt: Float64Array
  /** By node: where it began; -1 if the history does not say. */
  readonly begunAt: Float64Array
  readonly chains: ReadonlyMap<string, Chain>
  readonly #nodeOf = new Map<number, number>()
  readonly #known = new Set<number>()

  constructor(history: HistoryData) {
    this.history = history
    const { transactions, events } = history
    this.size = transactions.length
    for (const [node, { id }] of transactions.entries()) this.#nodeOf.set(id, node)
    this.reads = transactions.map(() => [])
    this.installed = transactions.map(() => new Map<string, Version>())
    this.committedAt = new Float64Array(this.size).fill(events.length)
    this.begunAt = new Float64Array(this.size).fill(-1)
    this.chains = chainsOf(history, this.#nodeOf)
    for (const chain of this.chains.values()) this.#addWrites(chain)
    this.#addEvents()
    for (const { key, transactions } of history.keys ?? []) this.#addKey(key, transactions)
  }

  isCommitted(node: number): boolean {
    return this.history.transactions[node]!.status === 'committed'
  }

  node(transaction: number): number | undefined {
    return this.#nodeOf.get(transaction)
  }

  // Writes.

  #addWrites(chain: Chain): void {
    const { installed } = chain
    for (let i = 0; i < installed.length; i++) {
      const version = installed[i]!
      this.installed[version.writer]!.set(chain.object, version)
      if (i > 0) this.#add('ww', installed[i - 1]!, version, false, false)
    }
  }

  #addKey(key: string, transactions: readonly number[]): void {
    const nodes = transactions.map((id) => this.#nodeOf.get(id)).filter((node) => node !== undefined)
    const committed = nodes.filter((node) => this.isCommitted(node))
    for (let i = 1; i < committed.length; i++) {
      const [from, to] = [committed[i - 1]!, committed[i]!]
      if (from === to) continue
      const none = { fromVersion: i - 1, toVersion: i, fromEvent: -1, toEvent: -1, lostUpdate: false }
      this.edges.push({ kind: 'key', from, to, predicate: false, object: key, ...none })
    }
  }

  // Reads.

  #addEvents(): void {
    const { events } = this.history
    /** By object: the transaction's own newest write so far. */
    const own = Array.from({ length: this.size }, () => new Map<string, { version: number; event: number }>())
    for (let at = 0; at < events.length; at++) {
      const event = events[at]!
      const node = this.#nodeOf.get(event.transaction)!
      switch (event.kind) {
        case 'begin':
          this.begunAt[node] = at
          break
        case 'commit':
          this.committedAt[node] = at
          break
        case 'write':
          if (event.undone !== true) own[node]!.set(event.object, { version: event.version, event: at })
          break
        case 'read':
          if (this.isCommitted(node)) this.#addRead(node, at, event, own[node]!)
          break
        case 'predicate read':
          if (this.isCommitted(node)) this.#addPredicateRead(node, at, event)
          break
        default:
          break
      }
    }
  }

  #addRead(
    node: number,
    at: number,
    event: ReadEvent,
    own: ReadonlyMap<string, { version: number; event: number }>,
  ): void {
    const chain = this.chains.get(event.object)
    const version = chain?.find(event.version)
    const writer = version === undefined || version.state !== State.INSTALLED ? -1 : version.writer
    this.reads[node]!.push({ event: at, object: event.object, version: event.version, writer })
    if (chain === undefined) return
    const read: Version = { object: event.object, number: event.version, writer: node, event: at, state: State.OPEN }
    const mine = own.get(event.object)
    if (mine !== undefined && event.version < mine.version && this.#isLaterStatement(mine.event, at)) {
      const missed: Version = { ...read, number: mine.version, event: mine.event }
      this.wrongReads.push({ name: 'internal', edge: edgeOf('wr', missed, read, false, false) })
    }
    if (version !== undefined && version.writer !== node) this.#addSource(version, read, false)
    const next = chain.firstBehind(event.version)
    const overwriting = chain.installed[next]
    if (overwriting === undefined || overwriting.writer === node) return
    const mineLater = this.installed[node]!.get(event.object)
    this.#add('rw', read, overwriting, false, mineLater !== undefined && mineLater.number > overwriting.number)
  }

  /** A statement does not see what it writes itself. */
  #isLaterStatement(write: number, read: number): boolean {
    const { events } = this.history
    const [a, b] = [events[write]!, events[read]!]
    const statement = 'statement' in a ? a.statement : undefined
    return statement === undefined || !('statement' in b) || b.statement !== statement
  }

  #addPredicateRead(node: number, at: number, event: PredicateReadEvent): void {
    for (const over of event.over) {
      const chain = this.chains.get(over.object)
      if (chain === undefined) continue
      const read: Version = { object: over.object, number: over.version, writer: node, event: at, state: State.OPEN }
      this.#addPredicateSource(chain, over, read)
      this.#addPredicateOverwrite(chain, over, read)
    }
  }

  #addPredicateSource(chain: Chain, over: PredicateObject, read: Version): void {
    const met = chain.find(over.version)
    if (met !== undefined && met.state !== State.INSTALLED) {
      if (met.writer !== read.writer && changesMatch(chain, over, met, chain.before(met)))
        this.#addSource(met, read, true)
      return
    }
    const { installed } = chain
    for (let i = chain.firstBehind(over.version) - 1; i >= 0; i--) {
      const version = installed[i]!
      if (!changesMatch(chain, over, version, installed[i - 1])) continue
      if (version.writer !== read.writer) this.#addSource(version, read, true)
      return
    }
  }

  #addPredicateOverwrite(chain: Chain, over: PredicateObject, read: Version): void {
    const { installed } = chain
    for (let i = chain.firstBehind(over.version); i < installed.length; i++) {
      const version = installed[i]!
      if (!changesMatch(chain, over, version, installed[i - 1])) continue
      if (version.writer !== read.writer) this.#add('rw', read, version, true, false)
      return
    }
  }

  /** The version that a read of another transaction met. */
  #addSource(version: Version, read: Version, predicate: boolean): void {
    const { state } = version
    if (state === State.VANISHED || state === State.INTERMEDIATE) {
      const name = state === State.VANISHED ? 'G1a' : 'G1b'
      this.wrongReads.push({ name, edge: edgeOf('wr', version, read, predicate, false) })
    }
    if (state === State.INSTALLED || state === State.INTERMEDIATE) this.#add('wr', version, read, predicate, false)
  }

  #add(kind: 'ww' | 'wr' | 'rw', from: Version, to: Version, predicate: boolean, lostUpdate: boolean): void {
    if (from.writer === to.writer) return
    const bits = (kind === 'ww' ? 0 : kind === 'wr' ? 1 : 2) + (predicate ? 4 : 0) + (lostUpdate ? 8 : 0)
    const name = (from.writer * this.size + to.writer) * 16 + bits
    if (this.#known.has(name)) return
    this.#known.add(name)
    this.edges.push(edgeOf(kind, from, to, predicate, lostUpdate))
  }
}

function edgeOf(kind: EdgeKind, from: Version, to: Version, predicate: boolean, lostUpdate: boolean): Edge {
  return {
    kind,
    from: from.writer,
    to: to.writer,
    predicate,
    object: from.object,
    fromVersion: from.number,
    toVersion: to.number,
    fromEvent: from.event,
    toEvent: to.event,
    lostUpdate,
  }
}
