/**
 * The dangerous structure T1 → T2 → T3 as a predicate of two edges, and the folding of edges to committed transactions.
 *
 *     T3 committed (or is prepared, and may be the first to commit), before T2 and before T1 comes last:
 *         first(T3) < commit(T2)      and      first(T3) <= limit(T1)
 *
 * where +Infinity stands for the commit of who is open. The limit of a T1 that only reads is its snapshot (Ports and
 * Grittner 2012, theorem 3: such a T1 is dangerous only if it sees T3). T1 and T3 may be one transaction: write skew.
 */
import type { ConflictNode } from './node.ts'
import type { Edge } from './node.ts'

/** `fromT1` ends where `toT3` begins. */
export function isDangerous(fromT1: Edge, toT3: Edge): boolean {
  const first = toT3.writer.firstTimestamp
  return first < toT3.reader.commitTimestamp && first <= fromT1.reader.limit
}

/** The edge to the T3 that comes first; null if none of those it points to has committed or is prepared. */
export function firstOutOf(node: ConflictNode): Edge | null {
  let first = node.firstOut
  for (let edge = node.outs; edge !== null; edge = edge.nextOut) {
    if (edge.writer.state !== 'prepared') continue
    if (first === null || edge.writer.firstTimestamp < first.writer.firstTimestamp) first = edge
  }
  return first
}

/** An edge T1 → T2 that is dangerous together with `toT3`. */
export function dangerousIn(pivot: ConflictNode, toT3: Edge): Edge | null {
  if (pivot.lastIn !== null && isDangerous(pivot.lastIn, toT3)) return pivot.lastIn
  for (let edge = pivot.ins; edge !== null; edge = edge.nextIn) if (isDangerous(edge, toT3)) return edge
  return null
}

/**
 * Edges to the pivot that are dangerous if `committing` commits now: from open T1 that may write, or from itself. Of a pivot
 * that will be the victim one is enough; a prepared one is none, and then every T1 has to be, or T3.
 */
export function worstIns(pivot: ConflictNode, committing: ConflictNode): readonly Edge[] {
  const found: Edge[] = []
  for (let edge = pivot.ins; edge !== null; edge = edge.nextIn) {
    const { reader } = edge
    if (reader.limit < Infinity) continue
    // One whose T1 can be no victim goes before others.
    if (found.length === 0 || pivot.state !== 'active') found.push(edge)
    else if (reader === committing || reader.state === 'prepared') found[0] = edge
  }
  return found
}

/** The writer has committed: the reader keeps the edge if no other of its writers committed earlier. */
export function foldOut(edge: Edge): void {
  const { reader, writer } = edge
  if (writer.commitTimestamp < reader.firstOutTimestamp) reader.firstOut = edge
}

/** The reader has committed: the writer keeps the edge if no other of its readers comes later. */
export function foldIn(edge: Edge): void {
  const { reader, writer } = edge
  if (writer.lastIn === null || reader.limit > writer.lastIn.reader.limit) writer.lastIn = edge
}
