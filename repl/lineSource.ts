/** Lines of a stream, each with its line end; and the data lines of a COPY among them, up to `\.`, as one stream. */
export class LineSource {
  readonly #chunks: AsyncIterator<string | Uint8Array>
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: false })
  /** Whole lines that were read and not taken; the last one may lack its line end until the stream is over. */
  #lines: string[] = []
  #at = 0
  #rest = ''
  #ended = false
  #dataLines = 0
  #inData = false

  constructor(stream: AsyncIterable<string | Uint8Array>) {
    this.#chunks = stream[Symbol.asyncIterator]()
  }

  /** Null at the end. */
  async next(): Promise<string | null> {
    while (this.#at === this.#lines.length) if (!(await this.#read())) return null
    return this.#lines[this.#at++]!
  }

  /** Lines that `next` did not give because they were the data of a COPY. */
  get dataLines(): number {
    return this.#dataLines
  }

  /** The lines up to `\.`, or to the end. */
  async *copyData(): AsyncGenerator<string, void, undefined> {
    this.#inData = true
    while (this.#inData) {
      const lines: string[] = []
      while (this.#at < this.#lines.length) {
        const line = this.#lines[this.#at++]!
        this.#dataLines++
        if (/^\\\.\r?\n?$/.test(line)) {
          this.#inData = false
          break
        }
        lines.push(line)
      }
      if (lines.length > 0) yield lines.join('')
      if (this.#inData && this.#at === this.#lines.length && !(await this.#read())) this.#inData = false
    }
  }

  async #read(): Promise<boolean> {
    if (this.#ended) return false
    const next = await this.#chunks.next()
    if (next.done === true) {
      this.#ended = true
      this.#rest += this.#decoder.decode()
      this.#lines = this.#rest === '' ? [] : [this.#rest]
      this.#rest = ''
    } else {
      const { value } = next
      const text = this.#rest + (typeof value === 'string' ? value : this.#decoder.decode(value, { stream: true }))
      const lines = text.split(/(?<=\n)/)
      this.#rest = lines.at(-1)?.endsWith('\n') === true ? '' : (lines.pop() ?? '')
      this.#lines = lines
    }
    this.#at = 0
    return true
  }

  /** Skips what a COPY left of its data, if it failed or stopped early. */
  async endCopyData(): Promise<void> {
    if (!this.#inData) return
    for await (const _skipped of this.copyData());
  }
}
