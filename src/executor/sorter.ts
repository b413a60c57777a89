/**
 * A stable sort that can stop at any row: rows lie in columns, the sort permutes their numbers. Runs of 1,024 are sorted
 * whole, then merged bottom-up, so many moves a step. With a limit it is a heap of the best k rows instead, the worst on top;
 * a new row is written to a spare slot and changes places with the worst if it is better.
 */
import type { MemoryAccount } from './memoryAccount.ts'
import { RowBuffer } from './rowBuffer.ts'

const runLength = 1024
/** Above this a limit is served by sorting all rows: a heap of random access would be slower. */
const longestHeap = 16_384

export type RowOrder = (a: number, b: number) => number

export class Sorter extends RowBuffer {
  /** The generated order of the sort keys, over `columns`. */
  compare: RowOrder = () => 0
  /** After `finish`: the rows in their order. */
  order: Uint32Array = new Uint32Array(0)
  /** The slot to which the next row is to be written; then `accept`. */
  slot = 0
  readonly #limit: number
  /** The heap of slots; the worst row first. */
  readonly #heap: number[] = []
  /** By slot: when the row came, so that equal rows keep their order. */
  readonly #arrival: number[] = []
  #arrivals = 0
  #scratch: Uint32Array = new Uint32Array(0)
  #phase: 'input' | 'runs' | 'merge' = 'input'
  #width = runLength
  #left = 0
  #i = 0
  #j = 0
  #out = 0

  constructor(width: number, memory: MemoryAccount, limit: number | null) {
    super(width, memory, 8)
    this.#limit = limit === null || limit > longestHeap ? Number.POSITIVE_INFINITY : limit
  }

  /** The row in `slot` is complete. */
  accept(): void {
    if (this.#limit === Number.POSITIVE_INFINITY) {
      this.slot = this.add() + 1
      return
    }
    this.#arrival[this.slot] = this.#arrivals++
    if (this.#heap.length < this.#limit) {
      this.add()
      this.#heap.push(this.slot)
      this.#siftUp(this.#heap.length - 1)
      this.slot = this.#heap.length
    } else if (this.#limit > 0 && this.#inOrder(this.slot, this.#heap[0]!) < 0) {
      const worst = this.#heap[0]!
      this.#heap[0] = this.slot
      this.slot = worst
      this.#siftDown(0)
    }
  }

  /** Works on the order of the rows, at most `budget` moves; returns what is left of it, 0 if the sort is not finished. */
  finish(budget: number): number {
    if (this.#phase === 'input') {
      if (this.#limit !== Number.POSITIVE_INFINITY) {
        this.order = Uint32Array.from(this.#heap).sort((a, b) => this.#inOrder(a, b))
        return Math.max(budget, 1)
      }
      this.order = new Uint32Array(this.count)
      for (let row = 0; row < this.count; row++) this.order[row] = row
      this.#phase = 'runs'
    }
    let left = budget
    while (this.#phase === 'runs') {
      if (left <= 0) return 0
      const end = Math.min(this.#left + runLength, this.count)
      this.order.subarray(this.#left, end).sort(this.compare)
      left -= end - this.#left
      this.#left = end
      if (end === this.count) this.#beginMerge()
    }
    return this.#merge(left)
  }

  #beginMerge(): void {
    this.#phase = 'merge'
    this.#scratch = new Uint32Array(this.count > runLength ? this.count : 0)
    this.#beginPair(0)
  }

  #beginPair(left: number): void {
    this.#left = left
    this.#i = left
    this.#j = Math.min(left + this.#width, this.count)
    this.#out = left
  }

  #merge(budget: number): number {
    const { count, compare } = this
    let left = budget
    while (this.#width < count) {
      const middle = Math.min(this.#left + this.#width, count)
      const end = Math.min(this.#left + 2 * this.#width, count)
      const { order } = this
      const scratch = this.#scratch
      let [i, j, out] = [this.#i, this.#j, this.#out]
      while (out < end && left > 0) {
        left--
        const takeLeft = i < middle && (j >= end || compare(order[i]!, order[j]!) <= 0)
        scratch[out++] = takeLeft ? order[i++]! : order[j++]!
      }
      ;[this.#i, this.#j, this.#out] = [i, j, out]
      if (out < end) return 0
      if (end < count) {
        this.#beginPair(end)
      } else {
        ;[this.order, this.#scratch] = [scratch, order]
        this.#width *= 2
        this.#beginPair(0)
      }
    }
    return Math.max(left, 1)
  }

  #inOrder(a: number, b: number): number {
    const order = this.compare(a, b)
    return order === 0 ? this.#arrival[a]! - this.#arrival[b]! : order
  }

  #siftUp(start: number): void {
    const heap = this.#heap
    let at = start
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (this.#inOrder(heap[at]!, heap[parent]!) <= 0) return
      ;[heap[at], heap[parent]] = [heap[parent]!, heap[at]!]
      at = parent
    }
  }

  #siftDown(start: number): void {
    const heap = this.#heap
    let at = start
    for (;;) {
      const left = 2 * at + 1
      if (left >= heap.length) return
      const right = left + 1
      const child = right < heap.length && this.#inOrder(heap[right]!, heap[left]!) > 0 ? right : left
      if (this.#inOrder(heap[child]!, heap[at]!) <= 0) return
      ;[heap[at], heap[child]] = [heap[child]!, heap[at]!]
      at = child
    }
  }
}
