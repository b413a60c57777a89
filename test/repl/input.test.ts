import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { History } from '../../repl/history.ts'
import { LineSource } from '../../repl/lineSource.ts'
import { readCommandLine, UsageError } from '../../repl/options.ts'

const folder = mkdtempSync(join(tmpdir(), 'isolde-history-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the command line', () => {
  test('keeps -c and -f in their order', () => {
    expect(readCommandLine(['-c', 'a', '-f', 'b', 'dir', '--command=c', '--format', 'csv'])).toEqual({
      kind: 'run',
      directory: 'dir',
      format: 'csv',
      sources: [
        { kind: 'command', sql: 'a' },
        { kind: 'file', path: 'b' },
        { kind: 'command', sql: 'c' },
      ],
    })
  })

  test('hands everything after demo on', () => {
    expect(readCommandLine(['demo', 'x', '--all'])).toEqual({ kind: 'demo', args: ['x', '--all'] })
  })

  test.each([[['a', 'b']], [['--format', 'xml']], [['--nonsense']], [['-c']], [['']]])('refuses %j', (args) => {
    expect(() => readCommandLine(args)).toThrow(UsageError)
  })
})

describe('lines of a stream', () => {
  async function* chunks(...pieces: (string | Uint8Array)[]): AsyncGenerator<string | Uint8Array> {
    yield* pieces
  }

  async function rest(source: LineSource): Promise<string[]> {
    const lines: string[] = []
    for (let line = await source.next(); line !== null; line = await source.next()) lines.push(line)
    return lines
  }

  test('do not depend on how it is cut, not even within a character', async () => {
    const bytes = new TextEncoder().encode('é日\nb\r\n\nlast')
    for (let at = 0; at <= bytes.length; at++) {
      const source = new LineSource(chunks(bytes.slice(0, at), bytes.slice(at)))
      expect(await rest(source)).toEqual(['é日\n', 'b\r\n', '\n', 'last'])
    }
  })

  test('give the data of a COPY up to its end mark', async () => {
    const text = 'COPY t FROM STDIN;\n1,a\n2,b\n\\.\nSELECT 1;\n'
    for (let at = 0; at <= text.length; at++) {
      const source = new LineSource(chunks(text.slice(0, at), text.slice(at)))
      expect(await source.next()).toBe('COPY t FROM STDIN;\n')
      let data = ''
      for await (const piece of source.copyData()) data += piece
      await source.endCopyData()
      expect(data).toBe('1,a\n2,b\n')
      expect(source.dataLines).toBe(3)
      expect(await rest(source)).toEqual(['SELECT 1;\n'])
    }
  })

  test('skip the data that a failed COPY left', async () => {
    const source = new LineSource(chunks('1\n', '2\n\\.\nSELECT 1;\n'))
    for await (const _first of source.copyData()) break
    await source.endCopyData()
    expect(await rest(source)).toEqual(['SELECT 1;\n'])
  })
})

describe('the history', () => {
  test('is kept in a file of its owner, statements of several lines whole', () => {
    const path = join(folder, 'history')
    const first = new History(path)
    for (const entry of ['select 1;', 'select 1;', ' secret', 'a\nb;  ', '']) first.add(entry)
    expect(first.entries).toEqual(['select 1;', 'a\nb;'])
    expect(new History(path).entries).toEqual(['select 1;', 'a\nb;'])
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  test('is bounded, in memory and in the file', () => {
    const path = join(folder, 'long')
    writeFileSync(path, Array.from({ length: 2500 }, (_, entry) => `"${String(entry)}"\n`).join('') + 'not json\n')
    expect(new History(path).entries).toHaveLength(1000)
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(1001)
  })

  test('that cannot be written is forgotten, and nothing else', () => {
    const history = new History(join(folder, 'no', 'such', 'folder'))
    history.add('select 1;')
    expect(history.entries).toEqual(['select 1;'])
  })
})
