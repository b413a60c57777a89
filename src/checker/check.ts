/**
 * The checker: which phenomena a history holds, and which of them the transactions' own levels proscribe.
 *
 *     level               proscribes
 *     read uncommitted    G0
 *     read committed      G0, G1a, G1b, G1c                                              (PL-2)
 *     snapshot            … and every cycle with one rw edge of its own, G-SIa, G-SIb    (PL-SI)
 *     repeatable read     … and every cycle over rw edges by items                       (PL-2.99)
 *     serializable        … and every cycle                                              (PL-3)
 *
 * Where levels are mixed, each transaction is held to its own: the *mixed serialization graph* has all ww edges, the wr
 * edges into readers at READ COMMITTED and above, and the rw edges of readers whose level excludes them. The history is
 * mixing-correct if that graph has no cycle, and nobody at READ COMMITTED or above made a wrong read (Adya, Liskov, O'Neil:
 * Generalized Isolation Level Definitions, ICDE 2000, section 5.5). For SNAPSHOT, whose rw edges may be on cycles unless
 * they are the only ones, the cycles with one rw edge are looked for in the same way.
 */
import { findCycles, findSingle, FlowOrder } from './cycles.ts'
import { History } from './history.ts'
import type { HistoryData, Level } from './model.ts'
import { findInterference, findVanished } from './readOrder.ts'
import type { Edge } from './serializationGraph.ts'
import { SerializationGraph } from './serializationGraph.ts'
import { serialOrder } from './serialOrder.ts'
import type { Phenomenon, PhenomenonName, Violation } from './verdict.ts'
import { Verdict } from './verdict.ts'
import { Witnesses } from './witness.ts'

/** `source`: a recording's history, or the documented JSON form as text or data. @throws DatabaseError 22023 */
export function check(source: History | HistoryData | string): Verdict {
  const history = source instanceof History ? source : History.fromJSON(source)
  const graph = new SerializationGraph(history)
  const witnesses = new Witnesses(graph)
  return new Verdict(findPhenomena(graph, witnesses), findViolations(graph, witnesses), serialOrder(graph))
}

/** Whatever the levels. */
function findPhenomena(graph: SerializationGraph, witnesses: Witnesses): Phenomenon[] {
  const found: Phenomenon[] = []
  for (const name of ['G1a', 'G1b', 'internal'] as const) {
    const wrong = graph.wrongReads.find((each) => each.name === name)
    if (wrong !== undefined) found.push(witnesses.phenomenon(name, [wrong.edge]))
  }
  for (const { name, edges } of findCycles(graph, graph.edges)) found.push(witnesses.phenomenon(name, edges))
  const vanished = findVanished(graph)
  if (vanished !== null) found.push(witnesses.phenomenon('OTV', vanished))
  return found.sort((a, b) => rankOf(a.name) - rankOf(b.name))
}

const ranks: readonly PhenomenonName[] = [
  'internal',
  'G0',
  'G1a',
  'G1b',
  'G1c',
  'OTV',
  'P4',
  'G-single',
  'PMP',
  'G-SIa',
  'G-SIb',
  'G2-item',
  'G2',
]
const rankOf = (name: PhenomenonName): number => ranks.indexOf(name)

function findViolations(graph: SerializationGraph, witnesses: Witnesses): Violation[] {
  const { transactions } = graph.history
  const levelOf = (node: number): Level => transactions[node]!.level
  const found: Violation[] = []
  const report = (name: PhenomenonName, edges: readonly Edge[], level: Level): void => {
    found.push({ level, phenomenon: witnesses.phenomenon(name, edges) })
  }
  for (const name of ['G1a', 'G1b', 'internal'] as const) {
    const wrong = graph.wrongReads.find((each) => each.name === name && levelOf(each.edge.to) !== 'read uncommitted')
    if (wrong !== undefined) report(name, [wrong.edge], levelOf(wrong.edge.to))
  }
  const obligatory = graph.edges.filter((edge) => isObligatory(edge, levelOf))
  for (const { name, edges } of findCycles(graph, obligatory)) report(name, edges, strongest(edges, levelOf))
  const order = new FlowOrder(
    graph,
    obligatory.filter(({ kind }) => kind === 'ww' || kind === 'wr'),
  )
  const ofSnapshots = graph.edges.filter(({ kind, from }) => kind === 'rw' && levelOf(from) === 'snapshot')
  for (const { name, edges } of findSingle(order, ofSnapshots)) report(name, edges, 'snapshot')
  const interference = findInterference(graph)
  if (interference !== null) report(interference.name, [interference.edge], 'snapshot')
  return found
}

/** True for the edges of the mixed serialization graph. */
function isObligatory({ kind, from, to, predicate }: Edge, levelOf: (node: number) => Level): boolean {
  switch (kind) {
    case 'ww':
      return true
    case 'wr':
      return levelOf(to) !== 'read uncommitted'
    case 'rw':
      return levelOf(from) === 'serializable' || (levelOf(from) === 'repeatable read' && !predicate)
    case 'key':
      return levelOf(from) === 'serializable' && levelOf(to) === 'serializable'
  }
}

/** The level that a cycle of obligatory edges breaks: the strongest that made one of its edges obligatory. */
function strongest(edges: readonly Edge[], levelOf: (node: number) => Level): Level {
  const levels: readonly Level[] = ['read uncommitted', 'read committed', 'snapshot', 'repeatable read', 'serializable']
  let rank = 0
  for (const { kind, from } of edges) {
    if (kind === 'rw' || kind === 'key') rank = Math.max(rank, levels.indexOf(levelOf(from)))
    else if (kind === 'wr') rank = Math.max(rank, 1)
  }
  return levels[rank]!
}
