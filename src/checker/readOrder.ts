/**
 * Phenomena that depend on the order of one transaction's reads, and of its snapshot.
 *
 * OTV, observed transaction vanishes (Bailis et al., Highly Available Transactions, VLDB 2014): T reads what U wrote, and
 * later reads another object in a version older than the one that U wrote: U was there, and is gone again.
 *
 * G-SIa and G-SIb (Adya, thesis, section 4.3): a transaction at SNAPSHOT depends on one that had not committed when it
 * began; or misses a write of one that had.
 */
import type { Edge, ItemRead, SerializationGraph } from './serializationGraph.ts'
import type { Version } from './versions.ts'

/** The wr and the rw edge of a transaction that vanished; null if none did. */
export function findVanished(graph: SerializationGraph): Edge[] | null {
  for (let node = 0; node < graph.size; node++) {
    const found = vanishedFor(graph, node)
    if (found !== null) return found
  }
  return null
}

function vanishedFor(graph: SerializationGraph, node: number): Edge[] | null {
  const reads = graph.reads[node]!
  /** By node that was observed: the first read that did. */
  const observed = new Map<number, ItemRead>()
  for (const read of reads)
    if (read.writer >= 0 && read.writer !== node && !observed.has(read.writer)) observed.set(read.writer, read)
  if (observed.size === 0) return null
  /** By object: the last read of it that met the oldest version. */
  const latest = new Map<string, ItemRead>()
  for (const read of reads) {
    const other = latest.get(read.object)
    if (other === undefined || read.version <= other.version) latest.set(read.object, read)
  }
  for (const [writer, seen] of observed) {
    const installed = graph.installed[writer]!
    const missed =
      installed.size < latest.size ? missedByInstalled(installed, latest, seen) : missedByReads(installed, latest, seen)
    if (missed !== null) return edgesOf(node, writer, seen, missed.read, missed.version)
  }
  return null
}

interface Missed {
  readonly read: ItemRead
  readonly version: Version
}

function missedByInstalled(
  installed: ReadonlyMap<string, Version>,
  latest: ReadonlyMap<string, ItemRead>,
  seen: ItemRead,
): Missed | null {
  for (const [object, version] of installed) {
    const read = latest.get(object)
    if (read !== undefined && read.event > seen.event && read.version < version.number) return { read, version }
  }
  return null
}

function missedByReads(
  installed: ReadonlyMap<string, Version>,
  latest: ReadonlyMap<string, ItemRead>,
  seen: ItemRead,
): Missed | null {
  for (const [object, read] of latest) {
    const version = installed.get(object)
    if (version !== undefined && read.event > seen.event && read.version < version.number) return { read, version }
  }
  return null
}

function edgesOf(node: number, writer: number, seen: ItemRead, read: ItemRead, missed: Version): Edge[] {
  const common = { predicate: false, lostUpdate: false }
  return [
    {
      ...common,
      kind: 'wr',
      from: writer,
      to: node,
      object: seen.object,
      fromVersion: seen.version,
      toVersion: seen.version,
      fromEvent: -1,
      toEvent: seen.event,
    },
    {
      ...common,
      kind: 'rw',
      from: node,
      to: writer,
      object: read.object,
      fromVersion: read.version,
      toVersion: missed.number,
      fromEvent: read.event,
      toEvent: missed.event,
    },
  ]
}

/** Edges that no snapshot can have. Transactions whose begin or commit the history does not tell are left out. */
export function findInterference(graph: SerializationGraph): { name: 'G-SIa' | 'G-SIb'; edge: Edge } | null {
  const { begunAt, committedAt, history } = graph
  const snapshot = (node: number): boolean =>
    history.transactions[node]!.level === 'snapshot' && begunAt[node]! >= 0 && graph.isCommitted(node)
  for (const edge of graph.edges) {
    const { kind, from, to } = edge
    if ((kind === 'ww' || kind === 'wr') && snapshot(to) && committedAt[from]! > begunAt[to]!)
      return { name: 'G-SIa', edge }
    if (kind === 'rw' && snapshot(from) && committedAt[to]! < begunAt[from]!) return { name: 'G-SIb', edge }
  }
  return null
}
