/** Builds and packs the package aside, and installs it in an empty folder from the tarball alone: what a user gets. */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { bundle, declarations } from './build.ts'

const root = resolve(import.meta.dirname, '..')

/** Builds into `folder` and gives the path of the tarball; the checkout and its dist/ are left alone. */
export async function pack(folder: string): Promise<string> {
  const source = join(folder, 'source')
  mkdirSync(source)
  for (const name of ['package.json', 'README.md', 'CHANGELOG.md', 'LICENSE']) {
    cpSync(join(root, name), join(source, name))
  }
  await bundle(join(source, 'dist'))
  declarations(join(source, 'dist'))
  const packed = npm(source, ['pack', '--json', '--pack-destination', folder])
  // npm gives a list, or from npm 12 on an object by package name.
  const [about] = Object.values(JSON.parse(packed) as Record<string, { filename: string }>)
  return join(folder, about!.filename)
}

/** Makes an empty project in `folder` and installs the tarball there without the network. */
export function installTarball(folder: string, tarball: string): string {
  const project = join(folder, 'project')
  mkdirSync(project)
  writeFileSync(join(project, 'package.json'), '{ "name": "a-user", "private": true, "type": "module" }')
  npm(project, ['install', '--offline', '--no-audit', '--no-fund', tarball])
  return project
}

function npm(cwd: string, args: readonly string[]): string {
  return execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}
