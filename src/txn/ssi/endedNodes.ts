/**
 * Committed transactions whose SIREADs an open one may still meet, in the order of their ends. When they are too many (one
 * transaction stays open for long while others come and go), the oldest are summarised: one node inherits their SIREADs,
 * each row and range once, and stands as T1 where the last of them does. That only makes T1 later, so it adds aborts and
 * hides none. (Ports and Grittner 2012, section 6.2; what PostgreSQL keeps of a summarised *writer*, the earliest commit to
 * which it has an edge, stays with the versions that lead to it.)
 */
import type { Sireads } from './sireads.ts'
import type { ConflictNode } from './node.ts'
import { Edge } from './node.ts'

export class EndedNodes {
  count = 0
  #first: ConflictNode | null = null
  #last: ConflictNode | null = null
  /** Stands for all that were too many. */
  #summary: ConflictNode | null = null
  readonly #sireads: Sireads
  readonly #forget: (node: ConflictNode) => void

  constructor(sireads: Sireads, forget: (node: ConflictNode) => void) {
    this.#sireads = sireads
    this.#forget = forget
  }

  append(node: ConflictNode): void {
    if (this.#last === null) this.#first = node
    else this.#last.newer = node
    this.#last = node
    this.count++
    const { limits } = this.#sireads
    while (this.count > limits.ended || (this.count > 1 && this.#sireads.count > limits.all)) this.#summarise()
  }

  /** Nobody open, or to come, has a snapshot older than `oldest`. */
  forgetUpTo(oldest: number): void {
    while (this.#first !== null && this.#first.limit <= oldest) this.#forget(this.#shift())
    if (this.#summary !== null && this.#summary.limit <= oldest) {
      this.#forget(this.#summary)
      this.#summary = null
    }
  }

  *[Symbol.iterator](): Generator<ConflictNode> {
    if (this.#summary !== null) yield this.#summary
    for (let node = this.#first; node !== null; node = node.newer) yield node
  }

  #shift(): ConflictNode {
    const node = this.#first!
    this.#first = node.newer
    if (this.#first === null) this.#last = null
    node.newer = null
    this.count--
    return node
  }

  #summarise(): void {
    const node = this.#shift()
    const summary = (this.#summary ??= node.summary())
    summary.limit = Math.max(summary.limit, node.limit)
    this.#sireads.bequeath(node, summary)
    // Readers may still pass over its versions; what hangs behind its edge is nobody's concern.
    const { firstOut } = node
    if (firstOut !== null) node.firstOut = new Edge(node, firstOut.writer.bare(), firstOut.meeting)
    node.lastIn = null
  }
}
