import { PassThrough } from 'node:stream'
import { expect, test, vi } from 'vitest'
import { runTerminal } from '../../repl/terminal.tsx'

// ink itself, on streams that say they are a terminal.

class Keyboard extends PassThrough {
  readonly isTTY = true
  raw = false
  setRawMode(raw: boolean): this {
    this.raw = raw
    return this
  }
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }
}

class Screen extends PassThrough {
  readonly isTTY = true
  readonly columns = 80
  readonly rows = 24
  text = ''
  override write(chunk: unknown, ...rest: unknown[]): boolean {
    this.text += String(chunk)
    const done = rest.at(-1)
    if (typeof done === 'function') (done as () => void)()
    return true
  }
}

/** Without the terminal's own language. */
const plainText = (text: string): string => text.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '').replaceAll('\r', '')

function start(directory: string | null = null) {
  const [stdin, stdout] = [new Keyboard(), new Screen()]
  const ended = runTerminal({
    directory,
    version: '0.0.0',
    historyPath: null,
    stdin,
    stdout,
  })
  const shows = (text: string): Promise<void> =>
    vi.waitFor(() => expect(plainText(stdout.text)).toContain(text), 20_000)
  return { stdin, stdout, ended, shows }
}

test('a prompt, a statement, an answer, the end', async () => {
  const { stdin, stdout, ended, shows } = start()
  await shows('isolde=>')
  stdin.write('SELECT 1 AS one')
  await shows('isolde=> SELECT 1 AS one')
  stdin.write(';\r')
  await shows(' one\n-----\n   1\n(1 row)')
  stdin.write('BEGIN;\r')
  await shows('isolde=*>')
  stdin.write('\u0004')
  expect(await ended).toBe(0)
  expect(stdin.raw).toBe(false)
  expect(plainText(stdout.text)).toContain('isolde 0.0.0, on a database in memory')
})

test('a paste of several lines is looked at first, and runs on Enter', async () => {
  const { stdin, ended, shows } = start()
  await shows('isolde=>')
  stdin.write('\u001b[200~SELECT 1 AS a;\nSELECT 2 AS b;\u001b[201~')
  await shows('isolde-> SELECT 2 AS b;')
  stdin.write('\r')
  await shows(' b\n---\n 2\n')
  stdin.write('\\q\r')
  expect(await ended).toBe(0)
})

test('a directory that cannot be opened ends it with the error', async () => {
  const { ended } = start(import.meta.filename)
  await expect(ended).rejects.toThrow()
})
