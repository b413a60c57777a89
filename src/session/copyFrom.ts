/**
 * `copyFrom`: COPY … FROM STDIN with data that the caller hands over piece by piece. The next piece is asked for when
 * the one before has become rows, so memory stays bounded whatever the source's speed.
 */
import { copyNeedsStdin } from '../errors.ts'
import type { CopySource } from './copyRun.ts'
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
  const task = new StatementsTask(engine, state, source, defaultOutput, feed)
  feed.wake = () => engine.core.wake(task)
  task.onSettled(() => feed.settled())
  task.listenTo(signal)
  if (!task.settled) state.submit(task)
  try {
    await pump(data, feed)
  } catch (error) {
    task.fail(error instanceof Error ? error : new Error(String(error)))
  }
  if (task.error !== null) throw task.error
  return task.results[0]?.rowCount ?? 0
}

/** Gives the statement all pieces and then the end. Stops, without waiting for a slow source, when the statement is over. */
async function pump(data: CopyData, feed: Feed): Promise<void> {
  // A string alone is iterable too, by characters.
  const pieces = typeof data === 'string' ? [data] : data
  const iterator = Symbol.asyncIterator in pieces ? pieces[Symbol.asyncIterator]() : pieces[Symbol.iterator]()
  for (;;) {
    const result = await feed.orOver(iterator.next())
    if (feed.over) {
      void Promise.resolve(iterator.return?.()).catch(() => undefined)
      return
    }
    if (result === null || result.done === true) break
    await feed.give(typeof result.value === 'string' ? encoder.encode(result.value) : result.value)
  }
  await feed.give(null)
}

/** One piece of data at a time, between the caller who has it and the statement that wants it. */
class Feed implements CopySource {
  wake: () => void = () => undefined
  #piece: Uint8Array | null | 'wait' = 'wait'
  #taken: (() => void) | null = null
  #hungry = false
  #waitingForSource: (() => void) | null = null
  /** True when the statement has ended, well or not. */
  over = false

  /** The statement asks for data. */
  next(): Uint8Array | null | 'wait' {
    const piece = this.#piece
    if (piece === null) return null
    this.#piece = 'wait'
    this.#hungry = piece === 'wait'
    if (piece === 'wait') this.#release()
    return piece
  }

  close(): void {
    // The source is told by `pump`.
  }

  /** Resolves when the statement wants the next piece, or is over; null: there is no more, resolves when it is over. */
  give(piece: Uint8Array | null): Promise<void> {
    if (this.over) return Promise.resolve()
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
    this.over = true
    this.#release()
    this.#waitingForSource?.()
  }

  /** What the source gives; null if the statement is over before that. */
  async orOver<T>(next: T | Promise<T>): Promise<T | null> {
    if (this.over || !(next instanceof Promise)) return next
    return new Promise((resolve, reject) => {
      this.#waitingForSource = () => resolve(null)
      next.then(resolve, reject)
    })
  }

  #release(): void {
    const taken = this.#taken
    this.#taken = null
    taken?.()
  }
}
