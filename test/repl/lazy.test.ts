import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'

// What a run does not need is not loaded: the prompt is on the screen before the engine, and a script knows no ink.

const root = resolve(import.meta.dirname, '../..')

/** The files that loading `entry` loads: its static imports, types aside, and theirs. */
function loaded(entry: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(entry)) return seen
  seen.add(entry)
  const text = readFileSync(join(root, entry), 'utf8')
  const imports = /^(?:import|export)\s+(?:([^'"=()]*?)\s+from\s+)?'([^']+)'/gm
  for (const [, names = '', specifier = ''] of text.matchAll(imports)) {
    if (/^type\b/.test(names)) continue
    if (specifier.startsWith('.')) loaded(join(entry, '..', specifier), seen)
    else seen.add(specifier)
  }
  return seen
}

test.each(['repl/cli.ts', 'repl/terminal.tsx', 'repl/script.ts', 'demos/command.ts'])(
  '%s does not load the engine',
  (entry) => {
    expect([...loaded(entry)].filter((file) => file.startsWith('src/'))).toEqual([])
  },
)

test('ink is loaded for a terminal only', () => {
  expect(loaded('repl/cli.ts')).not.toContain('ink')
  expect(loaded('repl/script.ts')).not.toContain('ink')
  expect(loaded('repl/terminal.tsx')).toContain('ink')
})

test('only client.ts and the runner of the demos load the engine', () => {
  const files = ['repl', 'demos'].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((file) => /\.tsx?$/.test(file))
      .map((file) => `${folder}/${file}`),
  )
  const loaders = files.filter((file) =>
    /import\('\.\.\/src\/index\.ts'\)|^import (?!type)[^']*'\.\.\/src\/index\.ts'/m.test(
      readFileSync(join(root, file), 'utf8'),
    ),
  )
  expect(loaders.sort()).toEqual(['demos/runner.ts', 'repl/client.ts'])
})
