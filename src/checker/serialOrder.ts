/** A serial order of the committed transactions in which every conflict points forward; null if there is none. */
import type { SerializationGraph } from './serializationGraph.ts'

/**
 * Their ids. Where conflicts leave the choice, the transaction that committed first comes first, so that an execution that
 * was serial keeps its order. (Kahn's algorithm, with a heap.)
 */
export function serialOrder(graph: SerializationGraph): readonly number[] | null {
  const { size, edges, committedAt, history } = graph
  const waits = new Int32Array(size)
  const successors: number[][] = Array.from({ length: size }, () => [])
  for (const { from, to } of edges) {
    waits[to]!++
    successors[from]!.push(to)
  }
  const ready = new Heap((a, b) => committedAt[a]! - committedAt[b]! || a - b)
  let count = 0
  for (let node = 0; node < size; node++) {
    if (!graph.isCommitted(node)) continue
    count++
    if (waits[node] === 0) ready.push(node)
  }
  const order: number[] = []
  for (let node = ready.pop(); node !== undefined; node = ready.pop()) {
    order.push(history.transactions[node]!.id)
    for (const next of successors[node]!) if (--waits[next]! === 0) ready.push(next)
  }
  return order.length === count ? order : null
}

class Heap {
  readonly #items: number[] = []
  readonly #compare: (a: number, b: number) => number

  constructor(compare: (a: number, b: number) => number) {
    this.#compare = compare
  }

  push(item: number): void {
    const items = this.#items
    let at = items.push(item) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (this.#compare(items[parent]!, items[at]!) <= 0) break
      ;[items[parent], items[at]] = [items[at]!, items[parent]!]
      at = parent
    }
  }

  pop(): number | undefined {
    const items = this.#items
    const top = items[0]
    const last = items.pop()
    if (items.length === 0 || last === undefined) return top
    items[0] = last
    for (let at = 0; ;) {
      let least = 2 * at + 1
      if (least >= items.length) return top
      if (least + 1 < items.length && this.#compare(items[least + 1]!, items[least]!) < 0) least++
      if (this.#compare(items[at]!, items[least]!) <= 0) return top
      ;[items[at], items[least]] = [items[least]!, items[at]!]
      at = least
    }
  }
}
