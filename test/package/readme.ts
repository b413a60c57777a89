import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

/** The examples of the README, as the tests run them. */

export interface ProgramExample {
  readonly code: string
  /** What it prints: the texts behind `// →`, in order. */
  readonly prints: readonly string[]
}

export interface ConsoleExample {
  readonly command: string
  readonly output: string
}

function blocks(language: string): string[] {
  const text = readFileSync(resolve(import.meta.dirname, '../../README.md'), 'utf8')
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter(([, name]) => name === language)
    .map(([, , body]) => body!)
}

/** Blocks marked `js`: whole programs. */
export function programs(): readonly ProgramExample[] {
  return blocks('js').map((code) => ({ code, prints: [...code.matchAll(/\/\/ → (.*)$/gm)].map(([, text]) => text!) }))
}

/** Blocks marked `console`: a line `$ command`, and below it what the command prints. */
export function consoles(): readonly ConsoleExample[] {
  return blocks('console').flatMap((body) =>
    body
      .split(/^\$ /m)
      .slice(1)
      .map((example) => {
        const end = example.indexOf('\n')
        return { command: example.slice(0, end), output: example.slice(end + 1) }
      }),
  )
}
