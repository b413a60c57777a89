/**
 * Without a terminal: SQL from -c, -f or standard input; data to standard output, everything else to standard error.
 * The first error ends the run with exit code 3, as psql does with ON_ERROR_STOP.
 */
import { createReadStream } from 'node:fs'
import type { DatabaseError } from '../src/index.ts'
import { isCopyFromStdin, type Client } from './client.ts'
import { errorReport } from './errorReport.ts'
import { LineSource } from './lineSource.ts'
import { runMetaCommand, type DisplaySettings } from './metaCommands.ts'
import type { Format, Source } from './options.ts'
import {
  alignedTable,
  commandTag,
  csv,
  expandedTable,
  hasRows,
  json,
  rowCountText,
  writesRows,
  type TextResult,
  visible,
} from './resultFormat.ts'
import { StatementReader, type Input } from './statementReader.ts'

export interface ScriptStreams {
  readonly stdin: AsyncIterable<string | Uint8Array>
  /** Resolves when more can be written. */
  readonly out: (text: string) => Promise<void>
  readonly err: (text: string) => Promise<void>
}

export const exitCodes = { success: 0, ownFailure: 1, usage: 2, sqlError: 3 } as const

/** Ends a script; what was wrong has been said. */
class ScriptFailure extends Error {
  readonly exitCode: number

  constructor(exitCode: number) {
    super('the script has failed')
    this.exitCode = exitCode
  }
}

/** `\q` ends the run of all sources. */
class ScriptEnd extends Error {}

const includeDepthMax = 16

export class Script {
  readonly #client: Client
  readonly #streams: ScriptStreams
  readonly #format: Format
  readonly #settings: DisplaySettings = { nullText: '', expanded: false, timing: false }
  readonly #stdin: LineSource
  #includeDepth = 0

  constructor(client: Client, streams: ScriptStreams, format: Format) {
    this.#client = client
    this.#streams = streams
    this.#format = format
    this.#stdin = new LineSource(streams.stdin)
    // A client has one listener at a time; standard error is told in the order in which things happen.
    client.onNotice = ({ severity, message }) => void streams.err(`${severity}:  ${message}\n`)
    client.onNotification = (line) => void streams.err(`${visible(line)}\n`)
  }

  /** Resolves to the exit code. */
  async run(sources: readonly Source[]): Promise<number> {
    try {
      for (const source of sources) {
        if (source.kind === 'command') await this.#command(source.sql)
        else await this.#file(source.path)
      }
      return exitCodes.success
    } catch (error) {
      if (error instanceof ScriptEnd) return exitCodes.success
      if (error instanceof ScriptFailure) return error.exitCode
      throw error
    }
  }

  /** Several statements in one -c are one transaction, as in psql. */
  async #command(text: string): Promise<void> {
    const reader = new StatementReader()
    const inputs = [...text.split(/(?<=\n)/).flatMap((line) => reader.push(line)), ...reader.end()]
    const together =
      inputs.length > 1 && inputs.every((input) => input.kind === 'statement' && !isCopyFromStdin(input.sql))
    if (!together) {
      for (const input of inputs) await this.#input(input, this.#stdin, '')
      return
    }
    try {
      for (const result of await this.#client.exec(text)) await this.#print(result)
    } catch (error) {
      if (!this.#client.isDatabaseError(error)) throw error
      for (const result of this.#client.resultsBefore(error)) await this.#print(result)
      await this.#fail(error, text, '')
    }
  }

  async #file(path: string): Promise<void> {
    if (path === '-') await this.#lines(this.#stdin, '<stdin>')
    else await this.#lines(new LineSource(createReadStream(path)), path)
  }

  async #lines(lines: LineSource, name: string): Promise<void> {
    const reader = new StatementReader()
    try {
      for (let line = await lines.next(); line !== null; line = await lines.next()) {
        for (const input of reader.push(line)) {
          await this.#input(input, lines, where(name, input, lines))
        }
      }
      for (const input of reader.end()) await this.#input(input, lines, where(name, input, lines))
    } catch (error) {
      if (!isFileError(error)) throw error
      await this.#streams.err(`isolde: ${name}: ${error.message}\n`)
      throw new ScriptFailure(exitCodes.ownFailure)
    }
  }

  async #input(input: Input, lines: LineSource, at: string): Promise<void> {
    const sql = input.kind === 'statement' ? input.sql : input.text
    const before = performance.now()
    try {
      if (input.kind === 'command') await this.#meta(input.text, at)
      else if (isCopyFromStdin(sql)) {
        const count = await this.#client.copy(sql, lines.copyData())
        await lines.endCopyData()
        await this.#streams.err(`COPY ${String(count)}\n`)
      } else await this.#print(await this.#client.query(sql))
      if (this.#settings.timing && (input.kind === 'statement' || /^\\copy\b/.test(sql))) {
        await this.#streams.err(`Time: ${(performance.now() - before).toFixed(3)} ms\n`)
      }
    } catch (error) {
      if (!this.#client.isDatabaseError(error)) throw error
      await this.#fail(error, sql, at)
    }
  }

  async #meta(text: string, at: string): Promise<void> {
    const outcome = await runMetaCommand(text, this.#client, this.#settings)
    switch (outcome.kind) {
      case 'output':
        await this.#streams.out(outcome.text)
        break
      case 'message':
        await this.#streams.err(outcome.text)
        break
      case 'failure':
        await this.#streams.err(at + outcome.text)
        throw new ScriptFailure(exitCodes.sqlError)
      case 'include':
        await this.#include(outcome.path, at)
        break
      case 'quit':
        throw new ScriptEnd()
    }
  }

  async #include(path: string, at: string): Promise<void> {
    if (this.#includeDepth === includeDepthMax) {
      await this.#streams.err(`${at}\\i goes deeper than ${String(includeDepthMax)} files\n`)
      throw new ScriptFailure(exitCodes.sqlError)
    }
    this.#includeDepth++
    await this.#file(path)
    this.#includeDepth--
  }

  async #fail(error: DatabaseError, sql: string, at: string): Promise<never> {
    await this.#streams.err(at + errorReport(error, sql))
    throw new ScriptFailure(exitCodes.sqlError)
  }

  async #print(result: TextResult): Promise<void> {
    const rows = hasRows(result)
    if (rows) await this.#streams.out(this.#formatted(result))
    if (!rows || writesRows(result)) await this.#streams.err(`${commandTag(result)}\n`)
  }

  #formatted(result: TextResult): string {
    switch (this.#format) {
      case 'table':
        if (this.#settings.expanded) return expandedTable(result, this.#settings) + '\n'
        return `${alignedTable(result, this.#settings)}${rowCountText(result.rows.length)}\n\n`
      case 'csv':
        return csv(result)
      case 'json':
        return json(result)
    }
  }
}

/** The file and the line in it; the lines that the data of a COPY took belong to the file too. */
const where = (name: string, input: Input, lines: LineSource): string =>
  `isolde:${name}:${String(input.line + lines.dataLines)}: `

const isFileError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error && 'code' in error
