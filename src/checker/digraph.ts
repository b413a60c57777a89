/**
 * Directed graphs over numbered nodes: strongly connected components (Tarjan, SIAM Journal on Computing 1972, with a stack
 * of its own, so that long paths do no harm) and shortest paths.
 */
export interface Arc {
  readonly from: number
  readonly to: number
}

export class Digraph<E extends Arc> {
  readonly size: number
  /** Arcs of node `n`: `#arcs[#first[n]]` to `#arcs[#first[n + 1] - 1]`. */
  readonly #first: Int32Array
  readonly #arcs: readonly E[]
  readonly #reachedBy: Int32Array
  readonly #via: (E | null)[]
  #search = 0

  constructor(size: number, arcs: readonly E[]) {
    this.size = size
    this.#first = new Int32Array(size + 1)
    for (const { from } of arcs) this.#first[from + 1]!++
    for (let node = 0; node < size; node++) this.#first[node + 1]! += this.#first[node]!
    const next = this.#first.slice()
    const sorted = [...arcs]
    for (const arc of arcs) sorted[next[arc.from]!++] = arc
    this.#arcs = sorted
    this.#reachedBy = new Int32Array(size)
    this.#via = Array.from<E | null>({ length: size }).fill(null)
  }

  /** By node: its component. Components are numbered against the arcs: an arc never leads to a greater number. */
  components(): { readonly of: Int32Array; readonly sizes: readonly number[] } {
    const of = new Int32Array(this.size).fill(-1)
    const sizes: number[] = []
    const index = new Int32Array(this.size).fill(-1)
    const low = new Int32Array(this.size)
    const next = this.#first.slice()
    const open: number[] = []
    const path: number[] = []
    let count = 0
    for (let root = 0; root < this.size; root++) {
      if (index[root] !== -1) continue
      path.push(root)
      while (path.length > 0) {
        const node = path[path.length - 1]!
        if (index[node] === -1) {
          index[node] = low[node] = count++
          open.push(node)
        }
        if (next[node]! < this.#first[node + 1]!) {
          const { to } = this.#arcs[next[node]!++]!
          if (index[to] === -1) path.push(to)
          else if (of[to] === -1) low[node] = Math.min(low[node]!, index[to]!)
          continue
        }
        path.pop()
        if (low[node] === index[node]) sizes.push(close(node, open, of, sizes.length))
        const parent = path[path.length - 1]
        if (parent !== undefined) low[parent] = Math.min(low[parent]!, low[node]!)
      }
    }
    return { of, sizes }
  }

  /** The arcs of a shortest path over nodes that `within` allows; null if there is none. From a node to itself: a cycle. */
  shortestPath(from: number, to: number, within: (node: number) => boolean): E[] | null {
    const search = ++this.#search
    const queue = [from]
    for (let head = 0; head < queue.length; head++) {
      const node = queue[head]!
      for (let i = this.#first[node]!; i < this.#first[node + 1]!; i++) {
        const arc = this.#arcs[i]!
        if (this.#reachedBy[arc.to] === search || !within(arc.to)) continue
        this.#reachedBy[arc.to] = search
        this.#via[arc.to] = arc
        if (arc.to === to) return this.#pathTo(from, to)
        queue.push(arc.to)
      }
    }
    return null
  }

  /** Which of the targets can be reached by a path of at least one arc over nodes that `within` allows. */
  reachable(from: number, targets: readonly number[], within: (node: number) => boolean): Set<number> {
    const search = ++this.#search
    const wanted = new Set(targets)
    const found = new Set<number>()
    const queue = [from]
    for (let head = 0; head < queue.length && found.size < wanted.size; head++) {
      const node = queue[head]!
      for (let i = this.#first[node]!; i < this.#first[node + 1]!; i++) {
        const { to } = this.#arcs[i]!
        if (this.#reachedBy[to] === search || !within(to)) continue
        this.#reachedBy[to] = search
        if (wanted.has(to)) found.add(to)
        queue.push(to)
      }
    }
    return found
  }

  #pathTo(from: number, to: number): E[] {
    const path: E[] = []
    let node = to
    do {
      const arc: E = this.#via[node]!
      path.push(arc)
      node = arc.from
    } while (node !== from)
    return path.reverse()
  }
}

/** Takes a finished component off the stack; returns its size. */
function close(root: number, open: number[], of: Int32Array, component: number): number {
  let size = 0
  let node: number
  do {
    node = open.pop()!
    of[node] = component
    size++
  } while (node !== root)
  return size
}
