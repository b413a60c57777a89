/** Orders what a pipeline has put into a sorter, a bounded number of moves a step. */
import { CodeWriter, instantiate } from './codeWriter.ts'
import { generateOrder } from './compileSink.ts'
import { Step } from './outcome.ts'
import type { Sort } from './plan.ts'
import type { Phase, Run } from './run.ts'
import type { Sorter } from './sorter.ts'
import { type RowOrder } from './sorter.ts'

type OrderFactory = (buffer: Sorter) => RowOrder

/** The generated order of a sort node's keys. */
export class SortOrder {
  readonly text: string
  readonly make: OrderFactory

  constructor(node: Sort) {
    const writer = new CodeWriter()
    this.text = generateOrder(writer, node)
    this.make = instantiate(this.text, writer.slots.values) as OrderFactory
  }
}

export class SortPhase implements Phase {
  readonly #buffer: number

  constructor(buffer: number) {
    this.#buffer = buffer
  }

  start(): void {
    // The sorter knows where it stands.
  }

  step(run: Run): Step {
    const sorter = run.buffers[this.#buffer] as Sorter
    const left = sorter.finish(run.budget)
    run.budget = left
    return left === 0 ? Step.YIELD : Step.DONE
  }
}
