/**
 * The prompt on a terminal, drawn by ink. Only the lines that are being written are drawn again and again; everything
 * else is written once, as it is, and belongs to the terminal's own scrollback. The engine is loaded when the first
 * prompt stands on the screen.
 */
import { Box, render, Text, useCursor, useInput, usePaste, useStdout, useWindowSize } from 'ink'
import { existsSync } from 'node:fs'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { paintFor, type Paint } from '../demos/paint.ts'
import { openClient, type Client } from './client.ts'
import { Console } from './console.ts'
import { History } from './history.ts'
import { meanings } from './keys.ts'
import { promptView } from './promptView.ts'

export interface TerminalOptions {
  /** Null: in memory. */
  readonly directory: string | null
  readonly version: string
  readonly historyPath: string | null
  readonly stdin?: NodeJS.ReadableStream
  readonly stdout?: NodeJS.WritableStream & { readonly isTTY?: boolean }
}

/** A statement that takes longer than this is worth a word. */
const noteAfterMillis = 300

/** Resolves to the exit code when the person quits. @throws what opening the database throws */
export async function runTerminal(options: TerminalOptions): Promise<number> {
  const { directory, version, historyPath, stdin = process.stdin, stdout = process.stdout } = options
  const paint = paintFor(stdout, process.env)
  stdout.write(
    `${paint.bold(`isolde ${version}`)}, on ${placeText(directory)}. ${String.raw`\? for help, \q to quit.`}\n\n`,
  )

  const loading = Promise.withResolvers<Client>()
  // Whoever needs the client awaits it; a failure that nobody has met yet is not unhandled.
  loading.promise.catch(() => undefined)
  let exitCode = 0
  const conversation = new Console({
    client: loading.promise,
    history: new History(historyPath),
    paint,
    print: (text) => screen.print(text),
    clearScreen: () => screen.clear(),
    exit: (code) => {
      exitCode = code
      // The last frame stays on the screen: it must be the empty one.
      void app.waitUntilRenderFlush().then(() => app.unmount())
    },
  })
  const screen: Screen = { print: (text) => stdout.write(text), clear: () => undefined }
  const app = render(<Prompt conversation={conversation} screen={screen} paint={paint} />, {
    stdin,
    stdout,
    exitOnCtrlC: false,
    patchConsole: false,
    interactive: true,
    maxFps: 120,
  })
  await app.waitUntilRenderFlush()
  load(directory).then(
    (client) => loading.resolve(client),
    (error: unknown) => {
      loading.reject(error)
      app.clear()
      app.unmount()
    },
  )
  await app.waitUntilExit()
  const client = await loading.promise
  await client.close()
  return exitCode
}

/** A directory that is not there yet may be a misspelt one. */
function placeText(directory: string | null): string {
  if (directory === null) return 'a database in memory: nothing is kept'
  return `${existsSync(directory) ? 'the' : 'a new'} database in ${directory}`
}

async function load(directory: string | null): Promise<Client> {
  const client = await openClient(directory)
  await client.warmUp()
  return client
}

/** Where whole lines go while the prompt is drawn below them. */
interface Screen {
  print: (text: string) => void
  clear: () => void
}

interface PromptProps {
  readonly conversation: Console
  readonly screen: Screen
  readonly paint: Paint
}

function Prompt({ conversation, screen }: PromptProps) {
  const { editor, status, running, ended } = useSyncExternalStore(conversation.subscribe, () => conversation.state)
  const { write } = useStdout()
  const { columns, rows } = useWindowSize()
  const { setCursorPosition } = useCursor()
  screen.print = write
  screen.clear = () => write('\u001b[2J\u001b[3J\u001b[H')

  useInput((input, key) => {
    for (const meaning of meanings(input, key)) conversation.press(meaning)
  })
  usePaste((text) => conversation.press({ kind: 'edit', command: { kind: 'insert', text } }))

  if (ended) return null
  if (running) {
    setCursorPosition(undefined)
    return <Running />
  }
  const view = promptView(editor.text, editor.cursor, status, { width: columns, height: Math.max(1, rows - 1) })
  setCursorPosition(view.cursor)
  return (
    <Box flexDirection="column">
      {view.rows.map(({ prompt, text }, index) => (
        <Text key={index} wrap="truncate">
          <Text bold>{prompt}</Text>
          {text}
        </Text>
      ))}
    </Box>
  )
}

function Running() {
  const [noted, note] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => note(true), noteAfterMillis)
    return () => clearTimeout(timer)
  }, [])
  return <Text dimColor>{noted ? 'running … (Ctrl-C cancels)' : ''}</Text>
}
