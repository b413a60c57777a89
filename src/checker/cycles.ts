/**
 * Cycles of conflicts, by what they are made of. The classes are disjoint, each named by the weakest level that excludes it
 * (the names are Adya's and Elle's):
 *
 *     G0        ww only                                          dirty write
 *     G1c       ww and wr, at least one wr                       circular information flow
 *     P4        one rw, and ww back, over one object             lost update
 *     G-single  one rw, by an item                               read skew
 *     PMP       one rw, by a predicate                           predicate-many-preceders: a phantom
 *     G2-item   two or more rw, all by items                     write skew
 *     G2        two or more rw, some by a predicate              phantom write skew
 *
 * An rw edge is *single* if there is a way back without another rw edge: only of the other rw edges G2 cycles are made, so a
 * read skew is not reported as a write skew, too.
 *
 * Nothing of it costs more than the strongly connected components of the graph, unless there is a cycle: ways back are
 * looked for within a component only. Where conflicts other than rw follow the order of the commits, as in every engine
 * that shows committed data only, a way back stays between the two commits, and is found or refuted near them; and where
 * many rw edges share an end, one search answers for all.
 */
import type { Arc } from './digraph.ts'
import { Digraph } from './digraph.ts'
import type { Edge, SerializationGraph } from './serializationGraph.ts'

export type CycleName = 'G0' | 'G1c' | 'P4' | 'G-single' | 'PMP' | 'G2-item' | 'G2'

export interface Cycle {
  readonly name: CycleName
  readonly edges: readonly Edge[]
}

/** Ways back that are searched in the hope for a shorter one, once one has been found. */
const mostTries = 64

/**
 * For each class that the edges have a cycle of: one, the shortest that was met. `single` tells which rw edges count for the
 * classes with one rw (all of them, unless said otherwise), `several` which for the others.
 */
export function findCycles(graph: SerializationGraph, edges: readonly Edge[]): Cycle[] {
  const { size } = graph
  const flow = edges.filter(({ kind }) => kind === 'ww' || kind === 'wr')
  const order = new FlowOrder(graph, flow)
  const found = [
    ...findDirty(size, flow),
    ...findSingle(
      order,
      edges.filter(({ kind }) => kind === 'rw'),
    ),
  ]
  const several = findSeveral(size, edges, order)
  return [...found, ...several]
}

/** G0 and G1c. */
function findDirty(size: number, flow: readonly Edge[]): Cycle[] {
  const cycles: Cycle[] = []
  const writes = flow.filter(({ kind }) => kind === 'ww')
  const dirtyWrite = shortestThrough(size, writes, () => true)
  if (dirtyWrite !== null) cycles.push({ name: 'G0', edges: dirtyWrite })
  const circular = shortestThrough(size, flow, ({ kind }) => kind === 'wr')
  if (circular !== null) cycles.push({ name: 'G1c', edges: circular })
  return cycles
}

/** A shortest of the cycles through an edge that `start` picks; the first few are tried. */
function shortestThrough(size: number, edges: readonly Edge[], start: (edge: Edge) => boolean): Edge[] | null {
  const graph = new Digraph(size, edges)
  const { of, sizes } = graph.components()
  let best: Edge[] | null = null
  let tries = 0
  for (const edge of edges) {
    if (of[edge.from] !== of[edge.to] || sizes[of[edge.from]!] === 1 || !start(edge)) continue
    const component = of[edge.from]
    const back = graph.shortestPath(edge.to, edge.from, (node) => of[node] === component)
    if (back !== null && (best === null || back.length + 1 < best.length)) best = [edge, ...back]
    if (best?.length === 2 || ++tries >= mostTries) break
  }
  return best
}

/**
 * Finds ways over ww and wr edges. Whether rw edges have a way back is answered together for all that end, or all that begin,
 * at the same transaction: many may have missed the same version, and one that is open for long may have missed many.
 */
export class FlowOrder {
  readonly #flow: Digraph<Edge>
  readonly #against: Digraph<Arc>
  /** No edge leads to a smaller rank. */
  readonly #rank: ArrayLike<number>
  /** By node: the other ends of the rw edges from it, and to it. */
  readonly #missed: Ends
  readonly #missedBy: Ends
  /** By node where rw edges end: which of those who missed it can be reached from it; and by node where they begin, the reverse. */
  readonly #reached = new Map<number, ReadonlySet<number>>()
  readonly #reachedFrom = new Map<number, ReadonlySet<number>>()

  constructor(graph: SerializationGraph, flow: readonly Edge[]) {
    this.#flow = new Digraph(graph.size, flow)
    this.#against = new Digraph(
      graph.size,
      flow.map(({ from, to }) => ({ from: to, to: from })),
    )
    const antidependencies = graph.edges.filter(({ kind }) => kind === 'rw')
    this.#missed = endsOf(antidependencies, 'from', 'to')
    this.#missedBy = endsOf(antidependencies, 'to', 'from')
    const { committedAt } = graph
    if (flow.every(({ from, to }) => committedAt[from]! <= committedAt[to]!)) this.#rank = committedAt
    else this.#rank = this.#flow.components().of.map((component) => -component)
  }

  /** True if an rw edge has a way back. */
  returns({ from, to }: Edge): boolean {
    const rank = this.#rank
    if (rank[to]! > rank[from]!) return false
    const readers = this.#missedBy.get(to)!
    const writers = this.#missed.get(from)!
    if (readers.length >= writers.length) {
      let reached = this.#reached.get(to)
      if (reached === undefined) {
        const end = readers.reduce((last, reader) => Math.max(last, rank[reader]!), 0)
        reached = this.#flow.reachable(to, readers, (node) => rank[node]! <= end)
        this.#reached.set(to, reached)
      }
      return reached.has(from)
    }
    let reached = this.#reachedFrom.get(from)
    if (reached === undefined) {
      const start = writers.reduce((first, writer) => Math.min(first, rank[writer]!), Infinity)
      reached = this.#against.reachable(from, writers, (node) => rank[node]! >= start)
      this.#reachedFrom.set(from, reached)
    }
    return reached.has(to)
  }

  /** The way back of an rw edge; null if there is none. */
  wayBack(edge: Edge): Edge[] | null {
    if (!this.returns(edge)) return null
    const rank = this.#rank
    const end = rank[edge.from]!
    return this.#flow.shortestPath(edge.to, edge.from, (node) => rank[node]! <= end)
  }
}

type Ends = ReadonlyMap<number, readonly number[]>

function endsOf(edges: readonly Edge[], of: 'from' | 'to', other: 'from' | 'to'): Ends {
  const ends = new Map<number, number[]>()
  for (const edge of edges) {
    const known = ends.get(edge[of])
    if (known === undefined) ends.set(edge[of], [edge[other]])
    else known.push(edge[other])
  }
  return ends
}

/** P4, G-single and PMP: cycles with exactly one of these rw edges, and otherwise flow. */
export function findSingle(order: FlowOrder, antidependencies: readonly Edge[]): Cycle[] {
  const best = new Map<CycleName, Edge[]>()
  const tries = new Map<CycleName, number>()
  for (const edge of antidependencies) {
    const name = edge.lostUpdate ? 'P4' : edge.predicate ? 'PMP' : 'G-single'
    const shortest = best.get(name)
    if (shortest !== undefined && (shortest.length === 2 || tries.get(name)! >= mostTries)) continue
    const back = order.wayBack(edge)
    if (back === null) continue
    tries.set(name, (tries.get(name) ?? 0) + 1)
    if (shortest === undefined || back.length + 1 < shortest.length) best.set(name, [edge, ...back])
  }
  return [...best].map(([name, edges]) => ({ name, edges }))
}

/** G2-item and G2. */
function findSeveral(size: number, edges: readonly Edge[], order: FlowOrder): Cycle[] {
  const cycles: Cycle[] = []
  const items = edges.filter(({ kind, predicate }) => kind !== 'rw' || !predicate)
  const writeSkew = severalThrough(size, items, order, () => true)
  if (writeSkew !== null) cycles.push({ name: 'G2-item', edges: writeSkew })
  const phantomSkew = severalThrough(size, edges, order, ({ predicate }) => predicate)
  if (phantomSkew !== null) cycles.push({ name: 'G2', edges: phantomSkew })
  return cycles
}

/** A cycle through an rw edge that is not single. */
function severalThrough(
  size: number,
  edges: readonly Edge[],
  order: FlowOrder,
  start: (edge: Edge) => boolean,
): Edge[] | null {
  const graph = new Digraph(size, edges)
  const { of, sizes } = graph.components()
  let best: Edge[] | null = null
  let tries = 0
  for (const edge of edges) {
    if (edge.kind !== 'rw' || of[edge.from] !== of[edge.to] || sizes[of[edge.from]!] === 1 || !start(edge)) continue
    if (order.returns(edge)) continue
    const component = of[edge.from]
    const back = graph.shortestPath(edge.to, edge.from, (node) => of[node] === component)
    if (back !== null && (best === null || back.length + 1 < best.length)) best = [edge, ...back]
    if (best?.length === 2 || ++tries >= mostTries) break
  }
  return best
}
