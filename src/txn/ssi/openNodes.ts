/** Open serializable transactions in the order of their snapshots, which is the order in which they took them. */
import { assert } from '../../assert.ts'
import type { ConflictNode } from './node.ts'

export class OpenNodes {
  oldest: ConflictNode | null = null
  #newest: ConflictNode | null = null

  append(node: ConflictNode): void {
    const newest = this.#newest
    assert(newest === null || newest.snapshot <= node.snapshot, 'a snapshot is never older than the ones before it')
    node.older = newest
    if (newest === null) this.oldest = node
    else newest.newer = node
    this.#newest = node
  }

  remove(node: ConflictNode): void {
    const { older, newer } = node
    if (older === null) {
      if (this.oldest !== node) return
      this.oldest = newer
    } else older.newer = newer
    if (newer === null) this.#newest = older
    else newer.older = older
    node.older = null
    node.newer = null
  }

  *[Symbol.iterator](): Generator<ConflictNode> {
    for (let node = this.oldest; node !== null; node = node.newer) yield node
  }
}
