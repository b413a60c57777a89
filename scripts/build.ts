/**
 * Builds what is shipped, into dist/:
 *
 *   index.js   the library: one ES module without dependencies, what is needed late in chunks of their own
 *   cli.js     the command `isolde`; it shows its prompt before it loads the engine
 *   scenarios/ the texts of the demos
 *   types/     the declarations
 *
 * `--bundles-only` leaves the declarations out: what `npm start` needs, in a fraction of a second.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build, type Metafile, type Plugin } from 'esbuild'

const root = resolve(import.meta.dirname, '..')

if (import.meta.main) {
  const dist = join(root, 'dist')
  await bundle(dist)
  if (!process.argv.includes('--bundles-only')) declarations(dist)
}

export async function bundle(dist: string): Promise<void> {
  rmSync(dist, { recursive: true, force: true })
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { index: 'src/index.ts', cli: 'repl/cli.ts' },
    outdir: dist,
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node22.13',
    jsx: 'automatic',
    // Names stay, for stack traces; blanks and dead branches go, for start-up.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    metafile: true,
    define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
    plugins: [withoutDevtools()],
    // Packages in CommonJS that end up inside an ES module ask for `require` of Node's own modules (ink's signal handling does).
    banner: {
      js: "import { createRequire as isoldeCreateRequire } from 'node:module'; const require = isoldeCreateRequire(import.meta.url);",
    },
    logLevel: 'warning',
  })
  chmodSync(join(dist, 'cli.js'), 0o755)
  cpSync(join(root, 'demos/scenarios'), join(dist, 'scenarios'), { recursive: true })
  writeFileSync(join(dist, 'third-party-licenses.txt'), licenses(metafile))
}

export function declarations(dist: string): void {
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const project = join(root, 'tsconfig.build.json')
  execFileSync(process.execPath, [compiler, '-p', project, '--outDir', join(dist, 'types')], { stdio: 'inherit' })
}

/** ink opens a line to React's developer tools when DEV=true; nothing of that is shipped. */
function withoutDevtools(): Plugin {
  return {
    name: 'without-devtools',
    setup(builder) {
      builder.onResolve({ filter: /^react-devtools-core$/ }, ({ path }) => ({ path, namespace: 'absent' }))
      builder.onLoad({ filter: /.*/, namespace: 'absent' }, () => ({ contents: 'export default {}' }))
    },
  }
}

/** The licences of the packages whose code is in the bundles, each once, as those licences ask. */
function licenses(metafile: Metafile): string {
  const folders = new Map<string, string>()
  for (const input of Object.keys(metafile.inputs)) {
    const at = input.lastIndexOf('node_modules/')
    if (at < 0) continue
    const [first = '', second = ''] = input.slice(at + 'node_modules/'.length).split('/')
    const name = first.startsWith('@') ? `${first}/${second}` : first
    folders.set(name, join(root, input.slice(0, at), 'node_modules', name))
  }
  const chapters = [...folders].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, folder]) => chapter(name, folder))
  return ['This distribution contains code of these packages.', ...chapters].join(`\n\n${'-'.repeat(80)}\n\n`) + '\n'
}

function chapter(name: string, folder: string): string {
  const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string; license?: string }
  const file = ['LICENSE', 'license', 'LICENSE.md', 'LICENSE.txt', 'licence', 'LICENCE']
    .map((candidate) => join(folder, candidate))
    .find((candidate) => existsSync(candidate))
  const text = file === undefined ? '' : `\n\n${readFileSync(file, 'utf8').trim()}`
  return `${name} ${about.version} (${about.license ?? 'see its source'})${text}`
}
