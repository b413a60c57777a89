/**
 * Was an abort needed? The aborted transaction is put back as if it had committed where it stood: with what it had read and
 * written by then, each of its versions right behind the one that it overwrote. If no cycle of conflicts runs through it
 * and those that finally committed, the abort was false: all of them together are serializable.
 *
 * Those who began when it was over cannot be taken as they were: they read past its versions, because those had been taken
 * back. They would have met them, so an rw edge from one of them to it stands for a wr edge the other way.
 *
 * Some could commit only because it was aborted: those who waited for a row of it and then overwrote the version before. Had it
 * committed, the first updater would have won. If all its cycles run through such ones, the abort has taken another one's place.
 *
 * Cahill calls these aborts false positives (thesis, section 6.1.5): SSI looks for two rw edges in a row, not for cycles.
 */
import { Digraph } from './digraph.ts'
import type { HistoryData } from './model.ts'
import type { Edge } from './serializationGraph.ts'
import { SerializationGraph } from './serializationGraph.ts'

/** `another's`: without it, somebody else had been aborted, who waited for it. */
export type Judgement = 'needed' | "another's" | 'false'

export class Hindsight {
  readonly #history: HistoryData
  /** Of all that committed. */
  readonly #edges: readonly Edge[]

  constructor(history: HistoryData) {
    this.#history = history
    this.#edges = new SerializationGraph(history).edges
  }

  judge(transaction: number): Judgement {
    const graph = new SerializationGraph(this.#putBack(transaction))
    const node = graph.node(transaction)!
    const over = graph.committedAt[node]!
    const own: Edge[] = []
    const heirs = new Set<number>()
    for (const edge of graph.edges) {
      if (edge.from === node) {
        own.push(edge)
        if (edge.kind === 'ww' && graph.begunAt[edge.to]! < over) heirs.add(edge.to)
      } else if (edge.to === node)
        own.push(edge.kind === 'rw' && graph.begunAt[edge.from]! > over ? reversed(edge) : edge)
    }
    const all = new Digraph(graph.size, [...this.#edges, ...own])
    if (all.shortestPath(node, node, () => true) === null) return 'false'
    return all.shortestPath(node, node, (each) => !heirs.has(each)) === null ? "another's" : 'needed'
  }

  #putBack(transaction: number): HistoryData {
    const { transactions, events } = this.#history
    return {
      ...this.#history,
      transactions: transactions.map((each) => (each.id === transaction ? { ...each, status: 'committed' } : each)),
      events: events.map((event) =>
        event.kind === 'abort' && event.transaction === transaction ? { ...event, kind: 'commit' } : event,
      ),
    }
  }
}

/** The version of `to`, read by `from`. */
function reversed({ from, to, predicate, object, toVersion, fromEvent, toEvent }: Edge): Edge {
  const versions = { fromVersion: toVersion, toVersion, fromEvent: toEvent, toEvent: fromEvent }
  return { kind: 'wr', from: to, to: from, predicate, object, ...versions, lostUpdate: false }
}
