/** Every program in docs/*.md runs, and prints what it says. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const library = pathToFileURL(join(root, 'src/index.ts')).href
let directory: string

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'isolde-docs-'))
})
afterAll(() => rmSync(directory, { recursive: true }))

for (const page of readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'))) {
  const text = readFileSync(join(root, 'docs', page), 'utf8')
  const programs = [...text.matchAll(/^```js\n(.*?)^```$/gms)].map(([, body]) => body ?? '')
  if (programs.length === 0) continue
  describe(page, () => {
    programs.forEach((program, number) => {
      it(`program ${number + 1}`, () => {
        const file = join(directory, `${page}-${number + 1}.mjs`)
        writeFileSync(file, program.replaceAll("'isolde-db'", `'${library}'`))
        const printed = execFileSync(process.execPath, ['--no-warnings', file], { cwd: directory, encoding: 'utf8' })
        const expected = [...program.matchAll(/\/\/ → (.*)$/gm)].map(([, line]) => line)
        expect(printed.trimEnd().split('\n')).toEqual(expected)
      })
    })
  })
}
