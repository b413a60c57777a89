#!/usr/bin/env node
/**
 * The command `isolde`. What a run does not need is not loaded: ink only for a prompt, the engine only when there is
 * something to run (the prompt is on the screen first), the demos only for `isolde demo`.
 */
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { readCommandLine, usage, UsageError, type Invocation } from './options.ts'

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  // An older one would fail anywhere, by the name of whatever it lacks.
  const needed = about().engines.node.slice('>='.length)
  if (process.versions.node.localeCompare(needed, 'en', { numeric: true }) < 0) {
    await write(process.stderr, `isolde: needs Node ${needed} or newer, and this is ${process.versions.node}\n`)
    return 1
  }
  // A reader that has gone (`isolde … | head`) is no error.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      process.exit(0)
    })
  }
  try {
    return await perform(readCommandLine(args))
  } catch (error) {
    if (error instanceof UsageError) {
      await write(process.stderr, `isolde: ${error.message}\nTry "isolde --help".\n`)
      return 2
    }
    await write(process.stderr, `isolde: ${failureText(error)}\n`)
    return 1
  }
}

async function perform(invocation: Invocation): Promise<number> {
  switch (invocation.kind) {
    case 'help':
      await write(process.stdout, usage)
      return 0
    case 'version':
      await write(process.stdout, `isolde ${version()}\n`)
      return 0
    case 'demo':
      return await runDemo(invocation.args)
    case 'run': {
      const { directory, sources, format } = invocation
      if (sources.length === 0 && process.stdin.isTTY && process.stdout.isTTY) {
        // At once, so that keys that are pressed while ink is loaded reach the prompt as keys.
        process.stdin.setRawMode(true)
        const { runTerminal } = await import('./terminal.tsx')
        return await runTerminal({ directory, version: version(), historyPath: historyPath() })
      }
      return await runScript(directory, sources.length === 0 ? [{ kind: 'file', path: '-' }] : sources, format)
    }
  }
}

async function runScript(
  directory: string | null,
  sources: Extract<Invocation, { kind: 'run' }>['sources'],
  format: Extract<Invocation, { kind: 'run' }>['format'],
): Promise<number> {
  const [{ openClient }, { Script }] = await Promise.all([import('./client.ts'), import('./script.ts')])
  const client = await openClient(directory)
  try {
    const streams = {
      stdin: process.stdin,
      out: (text: string) => write(process.stdout, text),
      err: (text: string) => write(process.stderr, text),
    }
    return await new Script(client, streams, format).run(sources)
  } finally {
    await client.close()
    // A script that ended before its input did must not wait for the rest of it.
    process.stdin.destroy()
  }
}

async function runDemo(args: readonly string[]): Promise<number> {
  const [{ demo }, { paintFor }] = await Promise.all([import('../demos/command.ts'), import('../demos/paint.ts')])
  const pieces: { stream: NodeJS.WriteStream; text: string }[] = []
  const exitCode = await demo(args, {
    width: process.stdout.columns ?? 100,
    paint: paintFor(process.stdout, process.env),
    out: (text) => pieces.push({ stream: process.stdout, text }),
    err: (text) => pieces.push({ stream: process.stderr, text }),
  })
  for (const { stream, text } of pieces) await write(stream, text)
  return exitCode
}

/** Resolves when the stream takes more. */
function write(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((resolve) => {
    if (stream.write(text)) resolve()
    else stream.once('drain', resolve)
  })
}

/** package.json lies above this file, in the source and in the package. */
function about(): { readonly version: string; readonly engines: { readonly node: string } } {
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as ReturnType<typeof about>
}

function version(): string {
  return about().version
}

/** ISOLDE_HISTORY names the file; empty, nothing is kept. */
function historyPath(): string | null {
  const path = process.env['ISOLDE_HISTORY'] ?? join(homedir(), '.isolde_history')
  return path === '' ? null : path
}

/** Errors of the person or of the system speak for themselves; an internal one is a bug, and shows where. */
function failureText(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const known = error.name === 'DatabaseError' || error.name === 'ScenarioError' || 'syscall' in error
  const hint = 'hint' in error && typeof error.hint === 'string' ? `\nHINT:  ${error.hint}` : ''
  return known ? error.message + hint : (error.stack ?? error.message)
}
