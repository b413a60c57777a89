/**
 * The conversation at the prompt, without a terminal: keys go in, text comes out, and `state` says what the last lines of
 * the screen show. Statements run one after another in one session. Keys that come while a statement runs are kept, and
 * work when it is over; only Ctrl-C works at once.
 */
import { createReadStream } from 'node:fs'
import type { Paint } from '../demos/paint.ts'
import { isCopyFromStdin, type Client, type TransactionStatus } from './client.ts'
import { errorReport } from './errorReport.ts'
import type { History } from './history.ts'
import type { KeyMeaning } from './keys.ts'
import { edited, emptyEditor, type Editor } from './lineEditor.ts'
import { LineSource } from './lineSource.ts'
import { metaHelp, runMetaCommand, type DisplaySettings } from './metaCommands.ts'
import { promptLines } from './promptView.ts'
import {
  alignedTable,
  commandTag,
  expandedTable,
  hasRows,
  rowCountText,
  writesRows,
  type TextResult,
  visible,
} from './resultFormat.ts'
import { StatementReader, type Input, type Pending } from './statementReader.ts'

export interface ConsoleState {
  readonly editor: Editor
  readonly status: TransactionStatus
  /** A statement runs: there is no prompt. */
  readonly running: boolean
  /** The conversation is over: there will be none. */
  readonly ended: boolean
}

export interface ConsoleParts {
  /** Called at once; statements wait for it. */
  readonly client: Promise<Client>
  readonly history: History
  readonly paint: Paint
  /** Writes above the prompt; the text is whole lines. */
  readonly print: (text: string) => void
  readonly clearScreen: () => void
  readonly exit: (exitCode: number) => void
}

export class Console {
  #state: ConsoleState = { editor: emptyEditor, status: 'idle', running: false, ended: false }
  readonly #parts: ConsoleParts
  readonly #settings: DisplaySettings = { nullText: '', expanded: false, timing: true }
  readonly #listeners = new Set<() => void>()
  readonly #kept: KeyMeaning[] = []
  #abort: AbortController | null = null

  constructor(parts: ConsoleParts) {
    this.#parts = parts
  }

  get state(): ConsoleState {
    return this.#state
  }

  /** For React's useSyncExternalStore. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  press(meaning: KeyMeaning): void {
    if (this.#state.ended) return
    if (this.#state.running) {
      if (meaning.kind === 'interrupt') this.#cancel()
      else this.#kept.push(meaning)
      return
    }
    switch (meaning.kind) {
      case 'edit':
        this.#set({ editor: edited(this.#state.editor, meaning.command, this.#parts.history.entries) })
        break
      case 'enter':
        this.#enter()
        break
      case 'interrupt':
        this.#echo('^C')
        this.#set({ editor: emptyEditor })
        break
      case 'end':
        if (this.#state.editor.text === '') this.#quit()
        else this.press({ kind: 'edit', command: { kind: 'delete after' } })
        break
      case 'clear screen':
        this.#parts.clearScreen()
        break
    }
  }

  /** Ctrl-C while something runs: it is cancelled, and so is what was typed ahead. */
  #cancel(): void {
    this.#kept.length = 0
    this.#abort?.abort()
  }

  #quit(): void {
    this.#echo('')
    this.#end(0)
  }

  #end(exitCode: number): void {
    this.#set({ ended: true })
    this.#parts.exit(exitCode)
  }

  /** Runs the text if it is complete; else it goes on in a new line. */
  #enter(): void {
    const { text } = this.#state.editor
    const lastLine = text.slice(text.lastIndexOf('\n') + 1).trim()
    if (/^(quit|exit)$/i.test(text.trim()) || /^\\q(uit)?$/.test(lastLine)) {
      this.#quit()
      return
    }
    if (lastLine === '\\r') {
      this.#submit([], 'Query buffer reset (cleared).\n')
      return
    }
    if (/^help;?$/i.test(text.trim())) {
      this.#submit([], metaHelp)
      return
    }
    if (lastLine.startsWith('\\') && this.#enterCommand(lastLine)) return
    const { inputs, pending } = read(text)
    if (pending === '=') this.#submit(inputs, '')
    else this.press({ kind: 'edit', command: { kind: 'insert', text: '\n' } })
  }

  /** A command below lines of a statement that goes on: it runs, and they stay. False: a string or a comment goes on, or nothing does. */
  #enterCommand(command: string): boolean {
    const { text } = this.#state.editor
    const lines = text.slice(0, text.lastIndexOf('\n') + 1)
    const { pending } = read(lines)
    if (pending !== '-' && pending !== '(') return false
    this.#submit([{ kind: 'command', text: command, line: 1 }], '', lines)
    return true
  }

  #submit(inputs: readonly Input[], answer: string, left = ''): void {
    const { history, print } = this.#parts
    this.#echo('')
    if (left === '') history.add(this.#state.editor.text)
    this.#set({ editor: { ...emptyEditor, killed: this.#state.editor.killed, text: left, cursor: left.length } })
    if (answer !== '') print(answer)
    if (inputs.length > 0) void this.#run(inputs)
  }

  /** What was typed stays on the screen, with its prompts. */
  #echo(mark: string): void {
    const { paint, print } = this.#parts
    const lines = promptLines(this.#state.editor.text, this.#state.status)
    print(lines.map(({ prompt, text }) => paint.bold(prompt) + text).join('\n') + mark + '\n')
  }

  async #run(inputs: readonly Input[]): Promise<void> {
    this.#set({ running: true })
    const abort = new AbortController()
    this.#abort = abort
    let goesOn = true
    try {
      const client = await this.#parts.client
      client.onNotice = ({ severity, message }) => this.#parts.print(`${severity}:  ${message}\n`)
      client.onNotification = (line) => this.#parts.print(`${visible(line)}\n`)
      for (const input of inputs) {
        if (!goesOn || abort.signal.aborted) break
        goesOn = await this.#input(client, input, abort.signal)
      }
      this.#set({ status: client.transactionStatus })
    } catch (error) {
      // Not the person's doing, but a prompt survives it: the session may hold work that is worth saving.
      this.#failure(`isolde: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
    }
    this.#abort = null
    this.#set({ running: false })
    if (!goesOn) this.#end(0)
    while (this.#kept.length > 0 && !this.#state.running) this.press(this.#kept.shift()!)
  }

  /** False if it ends the conversation. Every statement is tried, whatever became of the one before it. */
  async #input(client: Client, input: Input, signal: AbortSignal): Promise<boolean> {
    const sql = input.kind === 'statement' ? input.sql : input.text
    try {
      if (input.kind === 'command') return await this.#meta(client, input.text, signal)
      if (isCopyFromStdin(sql)) {
        this.#failure(
          String.raw`COPY FROM STDIN takes its data from a script; here there is \copy TABLE FROM 'FILE'.` + '\n',
        )
        return true
      }
      const before = performance.now()
      const result = await client.query(sql, signal)
      this.#parts.print(this.#formatted(result, performance.now() - before))
    } catch (error) {
      if (!client.isDatabaseError(error)) throw error
      this.#failure(errorReport(error, sql))
    }
    return true
  }

  async #meta(client: Client, text: string, signal: AbortSignal): Promise<boolean> {
    const outcome = await runMetaCommand(text, client, this.#settings, signal)
    switch (outcome.kind) {
      case 'output':
      case 'message':
        this.#parts.print(outcome.text)
        return true
      case 'failure':
        this.#failure(outcome.text)
        return true
      case 'include':
        return await this.#include(client, outcome.path, signal)
      case 'quit':
        return false
    }
  }

  /** The statements of a file, as if typed; a file that includes files may do so to the depth of one. */
  async #include(client: Client, path: string, signal: AbortSignal): Promise<boolean> {
    const reader = new StatementReader()
    const lines = new LineSource(createReadStream(path))
    try {
      for (let line = await lines.next(); line !== null && !signal.aborted; line = await lines.next()) {
        for (const input of reader.push(line)) await this.#included(client, input, lines, signal)
      }
      for (const input of reader.end()) await this.#included(client, input, lines, signal)
    } catch (error) {
      if (!(error instanceof Error) || !('syscall' in error)) throw error
      this.#failure(`${path}: ${error.message}\n`)
    }
    return true
  }

  async #included(client: Client, input: Input, lines: LineSource, signal: AbortSignal): Promise<void> {
    if (input.kind === 'command') {
      if (/^\\i(nclude)?\b/.test(input.text)) this.#failure(`${input.text}: files do not include files here\n`)
      else await this.#meta(client, input.text, signal)
    } else if (isCopyFromStdin(input.sql)) {
      await this.#copyData(client, input.sql, lines, signal)
    } else await this.#input(client, input, signal)
  }

  async #copyData(client: Client, sql: string, lines: LineSource, signal: AbortSignal): Promise<void> {
    try {
      this.#parts.print(`COPY ${String(await client.copy(sql, lines.copyData(), signal))}\n`)
    } catch (error) {
      if (!client.isDatabaseError(error)) throw error
      this.#failure(errorReport(error, sql))
    }
    await lines.endCopyData()
  }

  #formatted(result: TextResult, millis: number): string {
    const { paint } = this.#parts
    const time = this.#settings.timing ? paint.dim(`  ${durationText(millis)}`) : ''
    if (!hasRows(result)) return `${commandTag(result)}${time}\n`
    const rows = this.#settings.expanded ? expandedTable(result, this.#settings) : alignedTable(result, this.#settings)
    const tag = writesRows(result) ? ` ${commandTag(result)}` : ''
    const counted = rowCountText(result.rows.length) + tag
    return `${rows}${counted}${time}\n\n`
  }

  #failure(text: string): void {
    const { paint, print } = this.#parts
    const [first = '', ...rest] = text.split('\n')
    print([paint.red(first), ...rest].join('\n'))
  }

  #set(change: Partial<ConsoleState>): void {
    this.#state = { ...this.#state, ...change }
    for (const listener of this.#listeners) listener()
  }
}

/** The statements and commands of a text, and what is open at its end. */
function read(text: string): { readonly inputs: readonly Input[]; readonly pending: Pending } {
  const reader = new StatementReader()
  const inputs = text.split(/(?<=\n)/).flatMap((line) => reader.push(line))
  return { inputs, pending: reader.pending }
}

const durationText = (millis: number): string =>
  millis < 1000 ? `${millis.toFixed(millis < 10 ? 2 : 1)} ms` : `${(millis / 1000).toFixed(2)} s`
