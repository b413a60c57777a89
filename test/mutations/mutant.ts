/**
 * An engine with one mistake in it: the properties are bundled together with the sources, of which one place is replaced on
 * the way, so that nothing on the disk changes and the rest of the run keeps its sound engine.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, type Plugin } from 'esbuild'

const root = resolve(import.meta.dirname, '../..')

export interface Mutation {
  /** What is wrong with the engine, in words. */
  readonly name: string
  /** The source file, from the root of the repository. */
  readonly file: string
  /** A text that stands there exactly once, … */
  readonly find: string
  /** … and what stands in its place. */
  readonly replace: string
}

/** The source with the mistake; throws unless the text to replace stands there exactly once. */
export function mutate({ name, file, find, replace }: Mutation): string {
  const source = readFileSync(join(root, file), 'utf8')
  const parts = source.split(find)
  if (parts.length !== 2) {
    throw new Error(`"${name}": ${file} has ${String(parts.length - 1)} places that read ${JSON.stringify(find)}`)
  }
  return parts.join(replace)
}

/** Calls `use` with the exports of `entry`, a file of the repository, over an engine with the mistake; null: without one. */
export async function withMutant<Result>(
  mutation: Mutation | null,
  entry: string,
  use: (module: unknown) => Promise<Result>,
): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'isolde-mutant-'))
  try {
    const outfile = join(folder, 'mutant.mjs')
    await build({
      entryPoints: [join(root, entry)],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node22',
      logLevel: 'silent',
      // Bundled CommonJS asks for `require`.
      banner: { js: `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);` },
      plugins: mutation === null ? [] : [replacing(mutation)],
    })
    return await use(await import(pathToFileURL(outfile).href))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function replacing(mutation: Mutation): Plugin {
  const path = join(root, mutation.file)
  return {
    name: 'mutation',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, (args) => (args.path === path ? { contents: mutate(mutation), loader: 'ts' } : null))
    },
  }
}
