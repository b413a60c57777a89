/**
 * One typed stream of events about what the engine does (D16): panels, demos, statistics and tests all read it. With no
 * listener an event costs one branch: `if (trace.on) trace.emit({ … })`.
 *
 * Reads are not in it: they belong to the recording of histories, which wraps the read protocols.
 */
export type TraceEvent =
  | { readonly kind: 'begin'; readonly transaction: number; readonly session: number; readonly level: string }
  | { readonly kind: 'statement'; readonly session: number; readonly transaction: number | null; readonly sql: string }
  | { readonly kind: 'done'; readonly session: number; readonly rowCount: number | null }
  | { readonly kind: 'error'; readonly session: number; readonly code: string; readonly message: string }
  | {
      readonly kind: 'write'
      readonly transaction: number
      readonly table: string
      readonly rowId: number
      readonly operation: 'insert' | 'update' | 'delete'
    }
  | { readonly kind: 'wait'; readonly transaction: number; readonly lock: string; readonly holders: readonly number[] }
  | { readonly kind: 'grant'; readonly transaction: number; readonly lock: string }
  | {
      readonly kind: 'restart'
      readonly session: number
      readonly run: number
      readonly cause: 'lock' | 'newer version'
    }
  | {
      /** A serializable transaction read what the other wrote, and did not see it. */
      readonly kind: 'edge'
      readonly reader: number
      readonly writer: number
      readonly table: string
      readonly rowId: number
    }
  | { readonly kind: 'abort'; readonly transaction: number; readonly cause: string }
  | { readonly kind: 'prepare'; readonly transaction: number; readonly gid: string }
  | { readonly kind: 'commit'; readonly transaction: number; readonly timestamp: number }
  | { readonly kind: 'publish'; readonly transaction: number; readonly timestamp: number }

export type TraceListener = (event: TraceEvent) => void

export class Trace {
  /** True while somebody listens. Check it before building an event. */
  on = false
  /** True while a listener is being called: it must not call the engine, which is in the middle of something. */
  emitting = false
  readonly #listeners = new Set<TraceListener>()

  /** Returns the function that ends the subscription. */
  listen(listener: TraceListener): () => void {
    this.#listeners.add(listener)
    this.on = true
    return () => {
      this.#listeners.delete(listener)
      this.on = this.#listeners.size > 0
    }
  }

  /** What a listener throws is its author's mistake and must not break a statement: it surfaces as an uncaught error. */
  emit(event: TraceEvent): void {
    const nested = this.emitting
    this.emitting = true
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch (error) {
        queueMicrotask(() => {
          throw error
        })
      }
    }
    this.emitting = nested
  }
}
