/**
 * What was typed before, the newest last. It is kept in a file that only its owner may read, a JSON string a line, so
 * that statements of several lines come back whole. What begins with a blank is not kept (as with a shell's
 * `ignorespace`). A file that cannot be read or written costs the memory of earlier sessions, and nothing else.
 */
import { appendFileSync, chmodSync, readFileSync, writeFileSync } from 'node:fs'

const entriesMax = 1000
const entryLengthMax = 100_000

export class History {
  readonly #path: string | null
  readonly #entries: string[]

  /** `path` null: remembered in this process only. */
  constructor(path: string | null) {
    this.#path = path
    this.#entries = path === null ? [] : load(path)
  }

  get entries(): readonly string[] {
    return this.#entries
  }

  add(entry: string): void {
    const text = entry.trimEnd()
    if (text === '' || /^\s/.test(text) || text.length > entryLengthMax || text === this.#entries.at(-1)) return
    this.#entries.push(text)
    if (this.#entries.length > entriesMax) this.#entries.shift()
    if (this.#path !== null) append(this.#path, text)
  }
}

function load(path: string): string[] {
  try {
    const lines = readFileSync(path, 'utf8').split('\n')
    const entries = lines.flatMap((line): string[] => {
      const entry = parseLine(line)
      return entry === null ? [] : [entry]
    })
    const kept = entries.slice(-entriesMax)
    // The file only grows while it is used; here it is cut back.
    if (entries.length > 2 * entriesMax) rewrite(path, kept)
    return kept
  } catch {
    return []
  }
}

function parseLine(line: string): string | null {
  try {
    const entry: unknown = JSON.parse(line)
    return typeof entry === 'string' ? entry : null
  } catch {
    return null
  }
}

function rewrite(path: string, entries: readonly string[]): void {
  writeFileSync(path, entries.map((entry) => JSON.stringify(entry) + '\n').join(''), { mode: 0o600 })
  chmodSync(path, 0o600)
}

function append(path: string, entry: string): void {
  try {
    appendFileSync(path, JSON.stringify(entry) + '\n', { mode: 0o600 })
  } catch {
    // The history is a convenience: a read-only home directory is no reason to complain at every statement.
  }
}
