import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { afterEach, expect, test } from 'vitest'

// The rule that fails the build when an import points upwards or in a circle, proved on planted trees: every pair of
// layers is imported both ways round, and exactly the forbidden ones must be found.

const root = resolve(import.meta.dirname, '../..')

/** One file of every layer, from the top to the bottom. The parser and the planner stand side by side in the picture; the planner reads the AST. */
const layers = [
  'repl/a.ts',
  'demos/a.ts',
  'src/index.ts',
  'src/session/a.ts',
  'src/planner/a.ts',
  'src/parser/a.ts',
  'src/executor/a.ts',
  'src/txn/a.ts',
  'src/storage/a.ts',
  'src/catalog/a.ts',
  'src/types/a.ts',
  'src/checker/a.ts',
  'src/env/a.ts',
]

/** Imports that point downwards and are forbidden all the same. */
const notThroughHere = (from: string, to: string): boolean =>
  (/^(repl|demos)\//.test(from) && /^src\/[a-z]+\//.test(to)) ||
  (from.startsWith('src/checker/') && to.startsWith('src/')) ||
  (from.startsWith('src/parser/') && /^src\/(executor|txn|storage|catalog)\//.test(to))

interface Violation {
  readonly from: string
  readonly to: string
  readonly rule: { readonly name: string }
}

let tree: string | undefined

afterEach(() => {
  if (tree !== undefined) rmSync(tree, { recursive: true, force: true })
})

/** Writes the files and gives what the rules say about them. */
function violations(files: Readonly<Record<string, string>>): readonly Violation[] {
  const cwd = mkdtempSync(join(tmpdir(), 'isolde-layers-'))
  tree = cwd
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(cwd, dirname(name)), { recursive: true })
    writeFileSync(join(cwd, name), text)
  }
  const folders = ['repl', 'demos', 'src'].filter((folder) => existsSync(join(cwd, folder)))
  const cruiser = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs')
  const config = join(root, '.dependency-cruiser.cjs')
  let report: string
  try {
    report = execFileSync(process.execPath, [cruiser, '--config', config, '--output-type', 'json', ...folders], {
      cwd,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  } catch (error) {
    report = (error as { stdout: string }).stdout
  }
  return (JSON.parse(report) as { summary: { violations: Violation[] } }).summary.violations
}

const specifier = (from: string, to: string): string => {
  const path = relative(dirname(from), to)
  return path.startsWith('.') ? path : `./${path}`
}

function treeWith(edges: readonly (readonly [string, string])[]): Record<string, string> {
  const files: Record<string, string> = {}
  for (const name of layers) {
    const imports = edges
      .filter(([from]) => from === name)
      .map(([, to]) => `import type { T as T${String(layers.indexOf(to))} } from '${specifier(name, to)}'`)
    files[name] = [...imports, 'export type T = 1', ''].join('\n')
  }
  return files
}

const pairs = layers.flatMap((upper, index) => layers.slice(index + 1).map((lower) => [upper, lower] as const))

test('downward imports pass, but for the REPL reaching past the public door and the parser reaching into the engine', () => {
  const found = violations(treeWith(pairs)).map(({ from, to }) => `${from} → ${to}`)
  const expected = pairs.filter(([from, to]) => notThroughHere(from, to)).map(([from, to]) => `${from} → ${to}`)
  expect([...new Set(found)].sort()).toEqual(expected.sort())
})

test('every upward import fails, type-only ones too', () => {
  const found = violations(treeWith(pairs.map(([upper, lower]) => [lower, upper])))
  const caught = new Set(found.map(({ from, to }) => `${from} → ${to}`))
  expect(pairs.map(([upper, lower]) => `${lower} → ${upper}`).filter((edge) => !caught.has(edge))).toEqual([])
})

test('a circle within one layer fails', () => {
  const found = violations({
    'src/storage/a.ts': "import type { B } from './b.ts'\nexport type A = B | 1\n",
    'src/storage/b.ts': "import type { A } from './a.ts'\nexport type B = A | 2\n",
  })
  expect(found.map(({ rule }) => rule.name)).toContain('no-circle')
})

test('a runtime dependency fails outside the parser', () => {
  const found = violations({
    'src/storage/a.ts': "import 'chevrotain'\n",
    'src/parser/a.ts': "import 'chevrotain'\n",
    'node_modules/chevrotain/package.json': '{ "name": "chevrotain", "main": "index.js" }',
    'node_modules/chevrotain/index.js': '',
    'package.json': '{ "devDependencies": { "chevrotain": "*" } }',
  })
  expect(found.map(({ rule, from }) => [rule.name, from])).toEqual([['no-runtime-dependency', 'src/storage/a.ts']])
})
