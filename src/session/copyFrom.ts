/**
 * `copyFrom`: COPY … FROM STDIN with data that the caller hands over piece by piece. The next piece is asked for when
 * the one before has become rows, so memory stays bounded whatever the source's speed.
 */
import { copyNeedsStdin } from '../errors.ts'
import type { Engine } from './engine.ts'
import { defaultOutput } from './output.ts'
import type { SessionState } from './sessionState.ts'
import { StatementsTask } from './statementsTask.ts'

/** Text or bytes, cut anywhere: an array, a generator, a Node stream, a file's lines. */
export type CopyData = AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>

const encoder = new TextEncoder()

export async function copyInto(
  engine: Engine,
  state: SessionState,
  sql: string,
  data: CopyData,
  signal: AbortSignal | undefined,
): Promise<number> {
  const { statements } = engine.plans.find(sql).text
  const [cached] = statements
  if (statements.length !== 1 || cached?.statement.kind !== 'copy' || cached.statement.file !== null)
    throw copyNeedsStdin()
  const feed = new Feed()
  const source = { sql, statements, literals: null, single: true, parameters: [] }
  const task = new StatementsTask(engine, state, source, defaultOutput, feed.next)
  feed.wake = () => engine.core.wake(task)
  task.onSettled(() => feed.settled())
  task.listenTo(signal)
  if (!task.settled) state.submit(task)
  try {
    // A string alone is iterable too, by characters.
    for await (const piece of typeof data === 'string' ? [data] : data) {
      if (task.settled) break
      await feed.give(typeof piece === 'string' ? encoder.encode(piece) : piece)
    }
    await feed.give(null)
  } catch (error) {
    task.fail(error instanceof Error ? error : new Error(String(error)))
  }
  if (task.error !== null) throw task.error
  return task.results[0]?.rowCount ?? 0
}

/** One piece of data at a time, between the caller who has it and the statement that wants it. */
class Feed {
  wake: () => void = () => undefined
  #piece: Uint8Array | null | 'wait' = 'wait'
  #taken: (() => void) | null = null
  #hungry = false
  #over = false

  /** The statement asks for data. */
  readonly next = (): Uint8Array | null | 'wait' => {
    const piece = this.#piece
    if (piece === null) return null
    this.#piece = 'wait'
    this.#hungry = piece === 'wait'
    if (piece === 'wait') this.#release()
    return piece
  }

  /** Resolves when the statement wants the next piece, or is over; null: there is no more, resolves when it is over. */
  give(piece: Uint8Array | null): Promise<void> {
    if (this.#over) return Promise.resolve()
    this.#piece = piece
    return new Promise((resolve) => {
      this.#taken = resolve
      if (this.#hungry) {
        this.#hungry = false
        this.wake()
      }
    })
  }

  settled(): void {
    this.#over = true
    this.#release()
  }

  #release(): void {
    const taken = this.#taken
    this.#taken = null
    taken?.()
  }
}
